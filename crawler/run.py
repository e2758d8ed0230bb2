"""One run at one site: what it asks for next, what to do with each answer, and its report."""

import logging
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from crawler.config import CrawlConfig
from crawler.discovery.dates import instant
from crawler.frontier import Due, Lane
from crawler.gate import Options
from crawler.health import health
from crawler.holding import Holding
from crawler.hosts import Hosts
from crawler.intake import REDIRECTS, WELL_KNOWN_SITEMAPS
from crawler.items import Capture, Link, RunReport, Site, Source
from crawler.politeness import (
    BACKOFF_SECONDS,
    MAX_ROBOTS_REDIRECTS,
    ROBOTS_MAX_AGE_SECONDS,
    Robots,
    patience_seconds,
)
from crawler.replay import ReadKnowing
from crawler.schedule import DAY, HOUR, MINUTE, next_missing_check
from crawler.state import BadState
from crawler.trust import AUDIT_EVERY
from crawler.urls import canonicalize, netloc, origin

log = logging.getLogger(__name__)

WINDOW = 8
"""Links of one site in hand at a time: being fetched, waiting for their turn, or being read."""
LEASES_AT_ONCE = 50
POLITE_WINDOW = 4
"""The same where there is a delay to keep."""
MAX_FAILURES_IN_A_ROW = 10
MIN_FAILED_INTERVAL_SECONDS, MAX_FAILED_INTERVAL_SECONDS = HOUR // 2, DAY
UNREACHABLE_INTERVAL_SECONDS = 15 * MINUTE
MAX_INHERITED_PAUSE_SECONDS = MINUTE
"""A pause that an earlier run was asked for is waited for if it is no longer; else the host is left for the next run."""
MAX_PAUSE_SECONDS = 7 * DAY
"""However long a host says it wants to be left alone."""
FREE_DISK_EVERY_PAGES = 50


class DiskFull(OSError):
    """Less space is left than the configuration wants kept free."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A request to make."""

    url: str
    due: Due | None
    """``None`` for robots.txt."""
    robots_of: str | None = None
    """The origin whose robots.txt is asked for."""
    hops: int = 0
    """Redirects that led from robots.txt here."""
    tries: int = 0
    """How often robots.txt was asked for in vain before."""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back for an `Ask`: a capture, or the reason why there is none."""

    capture: Capture | None = None
    failure: str | None = None
    lasting: bool = False
    """The failure would come again; do not try a second time."""


class Run:
    """One run at one site. It knows no Scrapy: it is asked what to fetch, and told what came back."""

    def __init__(
        self,
        site: Site,
        archive: Path,
        *,
        config: CrawlConfig,
        options: Options,
        read: ReadKnowing,
        now: Callable[[], datetime],
    ) -> None:
        """Open the frontier of *site*.

        *read* makes a reading of a capture; *now* gives the time in UTC. Raises `SiteBusy`, `BadState`, `OSError`.
        """
        self.site, self.archive, self.config, self.options = site, archive, config, options
        self._holding = Holding(site, archive, config=config, options=options, read=read, now=now())
        self.gate = self._holding.gate
        self.frontier = self._holding.frontier
        self.account = self._holding.account
        self.intake = self._holding.intake
        self.finished: str | None = None
        """Why nothing more is asked for."""
        self._failed = False
        self._now = now
        self._in_hand = 0
        self._not_asked = 0
        """Pages that came to an outcome without a request."""
        self._listings_in_hand = 0
        self._waiting: dict[str, list[Due]] = {}
        """Links that wait for the robots.txt of their origin."""
        self._tries: Counter[int] = Counter()
        self._failures_in_a_row = 0
        self._hosts: Hosts[Run, Ask] | None = None
        self._robots_until: dict[str, datetime] = {}
        """Until when the robots.txt known of each origin stands."""
        self._left: set[str] = set()
        """Hosts left for the next run: they ask for more patience than this one has."""

    @property
    def hosts(self) -> "Hosts[Run, Ask]":
        """The clocks of the hosts this run fetches from, known once it has begun."""
        assert self._hosts is not None
        return self._hosts

    def has_work(self) -> bool:
        """Whether anything is due or was cut short, or nothing is known yet."""
        now = self._now()
        paused = self.frontier.pauses(now)
        return self.frontier.was_cut_short() or self.frontier.has_due(now, **self._terms(paused))

    async def begin(self, hosts: "Hosts[Run, Ask]") -> None:
        """Put right what a kill left, then make due what this run is asked to look at."""
        self._hosts = hosts
        now = self._now()
        self.check_disk()
        if (newest := self.frontier.newest_fetch()) and newest > now + timedelta(minutes=5):
            log.warning(
                "%s: the clock stands before the last fetch of %s", self.site.name, newest.isoformat()
            )
        await self._holding.begin(now)
        self._inherit_pauses(now)
        self.frontier.add([Link(url=self.site.start, source=Source.START)], now)
        if self.options.poll:
            self.frontier.poll_listings(now)
        if self.options.recheck:
            self.frontier.recheck_articles(now)

    def _inherit_pauses(self, now: datetime) -> None:
        for host, until in self.frontier.pauses(now).items():
            seconds = (until - now).total_seconds()
            self.hosts.pause(host, seconds)
            if seconds > MAX_INHERITED_PAUSE_SECONDS:
                self._leave(host, f"{host} asked for nothing before {until:%Y-%m-%dT%H:%M:%SZ}", failed=False)

    def _leave(self, host: str, reason: str, *, failed: bool) -> None:
        """Leave *host* for the next run, and with it the site when it is its own."""
        self._left.add(host)
        if any(netloc(home).removeprefix("www.") == host.removeprefix("www.") for home in self.gate.homes):
            self.stop(reason, failed=failed)
        else:
            log.warning("%s: left for the next run: %s", self.site.name, reason)

    # What to ask for

    def asks(self) -> "list[Ask]":
        """Return what to request now; none means: wait for an answer or for `wakes_at`, or all is done."""
        now = self._now()
        self.finished = self.finished or self._limit_reached(now)
        if self.finished:
            return []
        asks: list[Ask] = []
        paused = self.hosts.paused()
        for _ in range(LEASES_AT_ONCE):  # what is refused costs no request; other sites have their turn, too
            if (room := self._room()) <= 0:
                break
            leased = self.frontier.lease(room, now, **self._terms(paused))
            if not leased:
                break
            asks += [ask for due in leased if (ask := self._ask(due, now))]
        return self._released(asks) if self.finished else asks

    def _terms(self, paused: Iterable[str]) -> dict[str, Any]:
        """Return what keeps links back, as `Frontier.lease` takes it."""
        hosts = _both_names([*paused, *self._left])
        # What is new stands in a listing: as long as one is in hand, old pages wait.
        backfill = not self._listings_in_hand
        return {"since": self.gate.since, "until": self.options.until, "paused": hosts, "backfill": backfill}

    def _room(self) -> int:
        window = WINDOW if self.gate.delay_seconds(self.gate.home) < 1 else POLITE_WINDOW
        room = min(window, self.config.max_pages - self._pages_asked) - self._in_hand
        if self.options.limit is not None:
            room = min(room, self.options.limit - self.account.written - self._in_hand)
        return room

    @property
    def _pages_asked(self) -> int:
        return self.account.pages - self._not_asked

    def _limit_reached(self, now: datetime) -> str | None:
        if self.options.limit is not None and self.account.written >= self.options.limit:
            return f"limit of {self.options.limit} articles"
        if self._pages_asked >= self.config.max_pages:
            return f"limit of {self.config.max_pages} pages (crawl.max_pages)"
        if self.account.received_bytes >= self.config.max_bytes:
            return f"limit of {self.config.max_bytes} bytes (crawl.max_bytes)"
        if now - self.account.started > timedelta(minutes=self.config.max_minutes):
            return f"limit of {self.config.max_minutes:g} minutes (crawl.max_minutes)"
        return None

    def _ask(self, due: Due, now: datetime) -> Ask | None:
        """Return the request for *due*, or ``None`` when it is refused or waits for robots.txt."""
        self._take_in_hand(due)
        if reason := self.gate.refusal(due.link):
            self._refuse(due, reason, next_missing_check(due.fails, now))
            return None
        host = origin(due.link.url)
        if now >= self._robots_until.get(host, now) and not self._remembers_robots(host, now):
            waiting = self._waiting.setdefault(host, [])
            waiting.append(due)
            return Ask(url=f"{host}/robots.txt", due=None, robots_of=host) if len(waiting) == 1 else None
        return self._permitted(due, now)

    def _take_in_hand(self, due: Due) -> None:
        self._in_hand += 1
        self._listings_in_hand += due.lane is Lane.LISTING

    def _let_go(self, due: Due) -> None:
        self._in_hand -= 1
        self._listings_in_hand -= due.lane is Lane.LISTING

    def _permitted(self, due: Due, now: datetime) -> Ask | None:
        if reason := self.gate.robots_refusal(due.link.url):
            forbidden = self.gate.robots[origin(due.link.url)].state == "rules"
            soon = now + timedelta(seconds=UNREACHABLE_INTERVAL_SECONDS)
            self._refuse(due, reason, next_missing_check(due.fails, now) if forbidden else soon)
            return None
        headers = {}
        if self._is_conditional(due):
            if due.etag:
                headers["If-None-Match"] = due.etag
            if due.last_modified:
                headers["If-Modified-Since"] = due.last_modified
        return Ask(url=due.link.url, due=due, headers=headers)

    def _is_conditional(self, due: Due) -> bool:
        """Whether an answer that *due* is as it was would be enough, and would be believed."""
        if (
            not due.digest
            or due.gone
            or self.intake.lacks_file(due)
            or not self.frontier.trust.sends_validators
        ):
            return False
        said_to_have_changed = (
            due.article_id is not None
            and due.fetched_at is not None
            and due.link.modified is not None
            and instant(due.link.modified) > due.fetched_at.timestamp()
        )
        # One article in some is asked for as if it were new, to see whether the conditions would be answered truly.
        is_audit = due.article_id is not None and due.id % AUDIT_EVERY == 0 and not self.options.recheck
        return not said_to_have_changed and not is_audit

    def _refuse(self, due: Due, reason: str, again: datetime) -> None:
        """End *due* without a request; it may be asked for *again* then."""
        self.frontier.done(
            due, None, self._now(), state="refused", reason=reason, next_check=again, missing=True
        )
        self.account.count(due.link.url, "refused", reason)
        self._not_asked += 1
        self._let_go(due)
        if due.link.source is Source.START:
            self.stop(f"{reason}: {due.link.url}")

    def is_done(self, wakes_at: datetime | None) -> bool:
        """Whether nothing is in hand and nothing more will be asked for; *wakes_at* as the method of that name gives it."""
        return not self._in_hand and (self.finished is not None or wakes_at is None)

    def wakes_at(self) -> datetime | None:
        """Return when there may be something to ask for without another answer, or ``None``."""
        now = self._now()
        if self.finished is not None or self._room() <= 0:
            return None
        paused = self.hosts.paused()
        if self.frontier.has_due(now, **self._terms(paused)):
            return now
        rests = [rest for rest in paused.values() if rest <= self.config.max_retry_after]
        if rests and self.frontier.has_due(now, **self._terms(paused.keys() - self._short(paused))):
            return now + timedelta(seconds=max(1, round(min(rests))))
        return self.frontier.next_try(_both_names(self._left))

    def _short(self, paused: Mapping[str, float]) -> set[str]:
        """Return those of the *paused* hosts that are waited for."""
        return {host for host, rest in paused.items() if rest <= self.config.max_retry_after}

    def stop(self, reason: str, *, failed: bool = True) -> None:
        """Ask for nothing more; *failed* when that is the site's fault."""
        self._failed = self._failed or (failed and self.finished is None)
        self.finished = self.finished or reason
        if self._hosts:
            self._released(self._hosts.withdraw(self))

    # What came back

    async def answered(self, ask: Ask, answer: Answer) -> "list[Ask]":
        """Store what *answer* brings; return requests that waited for it.

        Raises:
            OSError: the disk is full or not writable.
        """
        self.account.requests += 1
        try:
            if answer.capture:
                self.account.received_bytes += len(answer.capture.body)
                self._heed(ask, answer.capture)
        finally:
            self.hosts.answered(netloc(ask.url))
        if ask.due is None:
            return self._robots_answered(ask, answer)
        await self._page_answered(ask.due, answer)
        if self.account.pages % FREE_DISK_EVERY_PAGES == 0:
            self.check_disk()
        return []

    def _heed(self, ask: Ask, capture: Capture) -> None:
        """Let the host rest when it asks for patience; it does so for all that is asked of it."""
        wait = patience_seconds(capture.status, capture.header("Retry-After"), capture.captured)
        if wait is None:
            return
        host = netloc(ask.url)
        if wait > self.config.max_retry_after:
            wait = min(wait, MAX_PAUSE_SECONDS)
            self.hosts.pause(host, wait)
            self.frontier.keep_pause(host, self._now() + timedelta(seconds=wait))
            for run, waiting in self.hosts.clear(host):
                run._released([waiting])  # noqa: SLF001 (another run of this class)
            self._leave(host, f"asked to wait {wait:.0f} s, more than crawl.max_retry_after", failed=True)
            return
        # Our clock counts whole seconds: one more keeps the host from being asked too early.
        wait = (wait or (self._backoff_seconds(ask.due) if ask.due else 0.0)) + 1
        self.hosts.pause(host, wait)
        until = self._now() + timedelta(seconds=wait)
        self.frontier.keep_pause(host, until)
        log.info("%s asks for patience: nothing until %s", host, until.isoformat())

    async def _page_answered(self, due: Due, answer: Answer) -> None:
        if answer.capture is None:
            self._failures_in_a_row += 1
            self._try_again(due, answer.failure or "no answer", lasting=answer.lasting)
            if self._failures_in_a_row >= MAX_FAILURES_IN_A_ROW:
                self.stop(f"{MAX_FAILURES_IN_A_ROW} requests in a row failed, the last: {answer.failure}")
            return
        self._failures_in_a_row = 0
        try:
            retry = await self.intake.take(due, answer.capture, tries=self._tries[due.id])
        except (OSError, BadState, sqlite3.OperationalError, sqlite3.ProgrammingError):
            raise  # the last: another answer has broken the run off meanwhile
        except Exception as error:  # an error that is this one page's own is its outcome and stops nothing
            log.exception("%s", due.link.url)
            self._give_up(due, f"{type(error).__name__}: {error}")
            return
        if retry:
            left = netloc(due.link.url).removeprefix("www.") in {
                host.removeprefix("www.") for host in self._left
            }
            if retry.this_run and not self.finished and not left:
                self._try_again(due, retry.reason)
            else:
                self._give_up(due, retry.reason)
            return
        self._let_go(due)
        if self.account.pages == 1:
            self._holding.write_site_record()  # a run that is killed from here on leaves a site that is known
        if due.link.source is Source.START and answer.capture.status >= 400:
            self._start_failed(f"the start address gave HTTP {answer.capture.status}")

    def _try_again(self, due: Due, reason: str, *, lasting: bool = False) -> None:
        """Put *due* back for another try in this run, or when it had its tries, give it up."""
        if lasting or self._tries[due.id] >= len(BACKOFF_SECONDS):
            self._give_up(due, reason)
            return
        seconds = self._backoff_seconds(due)
        self._tries[due.id] += 1
        self.frontier.failed(due, reason, self._now() + timedelta(seconds=seconds), again=True)
        self._let_go(due)
        log.info("will try again in %.0f s (%s): %s", seconds, reason, due.link.url)

    def _backoff_seconds(self, due: Due) -> float:
        """Return the wait before the next try, shorter where the owner asked for a shorter delay."""
        delay = self.gate.delay_seconds(origin(due.link.url))
        return BACKOFF_SECONDS[min(self._tries[due.id], len(BACKOFF_SECONDS) - 1)] * min(1.0, delay)

    def _give_up(self, due: Due, reason: str) -> None:
        """Leave *due* for a later run: an outage of an hour should not cost a day, nor a dead page a try an hour."""
        seconds = min(MAX_FAILED_INTERVAL_SECONDS, MIN_FAILED_INTERVAL_SECONDS * 2 ** min(due.fails, 16))
        self.frontier.failed(due, reason, self._now() + timedelta(seconds=seconds), again=False)
        if due.link.source is Source.START:
            self._start_failed(f"the start address failed: {reason}")
        self.intake.fall_through(due, self._now())
        self.account.count(due.link.url, "failed", reason)
        self._let_go(due)

    def _start_failed(self, reason: str) -> None:
        """Somebody should look; what is held may still be reached by its feeds and sitemaps."""
        self._failed = True
        log.warning("%s: %s", self.site.name, reason)
        if not self.frontier.held_count():
            self.stop(reason)

    def check_disk(self) -> None:
        """Raise `DiskFull` when less is free than the configuration wants."""
        self.archive.mkdir(parents=True, exist_ok=True)
        free, wanted = shutil.disk_usage(self.archive).free, self.config.min_free_disk
        if free < wanted:
            raise DiskFull(
                f"{self.archive}: {free >> 20} MiB free; crawl.min_free_disk keeps {wanted >> 20} MiB"
            )

    # robots.txt

    def _remembers_robots(self, host: str, now: datetime) -> bool:
        """Whether an earlier run's robots.txt of the origin *host* is young enough to use."""
        kept = self.frontier.robots(host)
        if kept is None:
            return False
        fetched_at, status, body = kept
        robots = Robots.read(status or None, body)
        if robots.state == "unreachable" or now.timestamp() - fetched_at >= ROBOTS_MAX_AGE_SECONDS:
            return False
        self._know_robots(host, robots, datetime.fromtimestamp(fetched_at, UTC))
        return True

    def _robots_answered(self, ask: Ask, answer: Answer) -> list[Ask]:
        now, capture = self._now(), answer.capture
        host = ask.robots_of or origin(ask.url)
        status = capture.status if capture else None
        robots = Robots.read(status, capture.body if capture else b"")
        if again := self._robots_again(ask, capture, robots):
            if self.finished:
                return self._released([again])
            if netloc(again.url) not in _both_names(self._left):
                return [again]
        elif status in REDIRECTS:
            status, robots = 404, Robots.read(404, b"")  # RFC 9309, 2.3.1.2: then as if there were none
        place = None
        if capture and robots.state == "rules":
            place = self._holding.captures.response(capture)
            size = len(capture.body)
            self.frontier.fetched(
                None, now, status=capture.status, size=size, place=place, digest=None, read=True
            )
        self.frontier.keep_robots(host, now, status or 0, robots.body, place)
        self._know_robots(host, robots, now)
        if robots.state == "unreachable" and host == self.gate.home:
            self.stop(f"no answer: {answer.failure or f'robots.txt gave HTTP {status}'}")
        permitted = [self._permitted(due, now) for due in self._waiting.pop(host, [])]
        asks = [ask for ask in permitted if ask]
        is_left = netloc(host) in _both_names(self._left)
        return self._released(asks) if self.finished or is_left else asks

    def _robots_again(self, ask: Ask, capture: Capture | None, robots: Robots) -> Ask | None:
        """Return the request that is to follow *ask*, which *capture* and the *robots* read from it answered, if any."""
        if capture and capture.status in REDIRECTS:
            target = canonicalize(capture.header("Location") or "", capture.url)
            if target and ask.hops < MAX_ROBOTS_REDIRECTS and not self.gate.address_refusal(target):
                return replace(ask, url=target, hops=ask.hops + 1)
            return None
        host = ask.robots_of or origin(ask.url)
        known = self.gate.robots.get(host)
        if robots.state != "unreachable" or known is None or known.state == "unreachable":
            return None
        if ask.tries == len(BACKOFF_SECONDS):
            return None
        # It was there a day ago: a run of days is not to end for one answer that did not come.
        self.hosts.pause(
            netloc(ask.url), BACKOFF_SECONDS[ask.tries] * min(1.0, self.gate.delay_seconds(host))
        )
        return replace(ask, url=f"{host}/robots.txt", hops=0, tries=ask.tries + 1)

    def _released(self, asks: "Iterable[Ask]") -> "list[Ask]":
        """Give back the leases of *asks*, which will not be made."""
        for ask in asks:
            for due in [ask.due] if ask.due else self._waiting.pop(ask.robots_of or "", []):
                self.frontier.release(due)
                self._let_go(due)
        return []

    def _know_robots(self, host: str, robots: Robots, fetched: datetime) -> None:
        now, unreachable = self._now(), robots.state == "unreachable"
        age = UNREACHABLE_INTERVAL_SECONDS if unreachable else ROBOTS_MAX_AGE_SECONDS
        self._robots_until[host] = fetched + timedelta(seconds=age)
        self.gate.robots[host] = robots
        if host not in self.gate.homes or unreachable:
            return
        asked = self.gate.crawl_delay_seconds(host)
        if asked is not None and asked > self.config.max_crawl_delay:
            self.stop(f"robots.txt asks for {asked:g} s between requests, more than crawl.max_crawl_delay")
        named = [url for line in robots.sitemaps if (url := canonicalize(line, f"{host}/"))]
        source = Source.ROBOTS if named else Source.WELL_KNOWN
        urls = named or [host + path for path in WELL_KNOWN_SITEMAPS]
        self.frontier.add([Link(url=url, source=source, found_on=f"{host}/robots.txt") for url in urls], now)

    # The end

    async def remember(self) -> None:
        """Bring the site's memory up to date."""
        await self._holding.remember()

    def end(self) -> RunReport:
        """Close the run: what is known of the site and the report are written, the site is given back."""
        now = self._now()
        self._holding.captures.close()
        if self.account.pages:
            self._holding.write_site_record()
        report = self.account.report(
            self.site.name,
            ended=now,
            finished=self.finished,
            failed=self._failed,
            held=self.frontier.held_count(),
            waiting=self.frontier.waiting_count(),
            yields=self.frontier.yields(),
        )
        if self.finished != "stopped":
            told = health(report, self.frontier.history())
            report = replace(
                report, alarms=told.alarms, warnings=told.warnings, failed=report.failed or bool(told.alarms)
            )
        self.frontier.end(now, self._holding.corpus.write_run(report).name, report)
        self._holding.close()
        return report

    def break_off(self) -> None:
        """Ask for nothing more and give the site back, whose state turned out to be damaged."""
        self.hosts.withdraw(self)
        self.close()

    def close(self) -> None:
        """Give the site back without a report: nothing was to be done, or nothing can be stored."""
        self._holding.close()


def _both_names(hosts: Iterable[str]) -> set[str]:
    """Return *hosts* with and without ``www.``, which share a clock."""
    bare = {host.removeprefix("www.") for host in hosts}
    return bare | {f"www.{host}" for host in bare}


def utc_now() -> datetime:
    """Return the time, UTC, whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)

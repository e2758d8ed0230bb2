"""One run at one site: what it asks for next, what comes of each answer, and its report."""

import logging
import re
import shutil
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from crawler.captures import CaptureWriter, Place, cut_back, digest, read_capture
from crawler.config import CrawlConfig
from crawler.corpus import BadCorpusFile, Corpus
from crawler.frontier import (
    FAILED_INTERVAL_SECONDS,
    OTHER_INTERVAL_SECONDS,
    Due,
    Frontier,
    id_of,
    next_article_check,
    next_listing_check,
)
from crawler.items import (
    Article,
    Capture,
    Failure,
    Kind,
    Link,
    Notice,
    Reading,
    RunReport,
    Site,
    SiteRecord,
    Source,
)
from crawler.politeness import (
    BACKOFF_SECONDS,
    MAX_ROBOTS_REDIRECTS,
    ROBOTS_MAX_AGE_SECONDS,
    Robots,
    retry_after_seconds,
)
from crawler.resolver import refusal
from crawler.store import store
from crawler.urls import (
    DEFAULT_PORTS,
    canonicalize,
    identity,
    is_twin,
    netloc,
    origin,
    pattern,
    site_name,
    trap,
)
from crawler.workers import ReadingFailed

log = logging.getLogger(__name__)

MIN_DELAY_SECONDS = 1.0
"""Only an address the owner named with ``--allow-host`` may be asked more often."""
WINDOW = 8
"""Links of one site in hand at a time: being fetched, waiting for their turn, or being read."""
MAX_REDIRECTS = 8
MAX_BARREN_PAGES_PER_PATTERN = 200
"""Pages of one shape of address that gave neither an article nor a new link; more are a trap."""
MAX_FAILURES_IN_A_ROW = 10
MAX_FAILURES_REPORTED = 1_000
FREE_DISK_EVERY_PAGES = 50

WELL_KNOWN_SITEMAPS = ("/sitemap.xml", "/sitemap_index.xml", "/news-sitemap.xml", "/sitemap-news.xml")
WELL_KNOWN_FEEDS = ("/feed", "/rss", "/feed.xml", "/rss.xml", "/atom.xml", "/index.xml")

OUTCOMES = ("stored", "revised", "unchanged", "gone", "listing", "redirect", "copy", "refused", "failed")


class DiskFull(OSError):
    """Less space is left than the configuration wants kept free."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What this run is asked for, beyond the configuration."""

    since: date | None = None
    until: date | None = None
    limit: int | None = None
    """Articles stored by this run, at most."""
    recheck: bool = False
    """Every held article is due."""
    poll: bool = True
    """The site's listings are due now."""
    delay_seconds: float | None = None
    allowed_hosts: frozenset[str] = frozenset()
    """``host:port`` that may be fetched although they are not public."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A request to make."""

    url: str
    due: Due | None
    """``None`` for robots.txt."""
    robots_of: str | None = None
    """The origin whose robots.txt is asked for."""
    headers: dict[str, str] = field(default_factory=dict)
    hops: int = 0
    """Redirects that led from robots.txt here."""


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
        read: Callable[[Capture, Link], Awaitable[Reading]],
        now: Callable[[], datetime],
    ) -> None:
        """Open the frontier of *site*.

        *read* makes a reading of a capture; *now* gives the time in UTC. Raises `SiteBusy`, `BadState`, `OSError`.
        """
        self.site, self.archive, self.config, self.options = site, archive, config, options
        self.corpus = Corpus(archive)
        self._read, self._now = read, now
        self.frontier = Frontier(archive / "state" / f"{site.name}.sqlite")
        self._captures = CaptureWriter(archive / "captures", site.name)
        self._include = [re.compile(text) for text in site.include]
        self._exclude = [re.compile(text) for text in site.exclude]
        self._own = {site.name, *site.hosts}
        self._robots: dict[str, Robots] = {}
        self._waiting: dict[str, list[Due]] = {}
        self._in_hand = 0
        self._tries: Counter[int] = Counter()
        self._barren: Counter[str] = Counter()
        self._failures_in_a_row = 0
        self._paused_until: datetime | None = None
        self.started = now()
        self.finished: str | None = None
        self.failed = False
        self.outcomes: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.failures: list[Failure] = []
        self.requests = self.received_bytes = 0
        self._publishers: Counter[str] = Counter()
        self._notices: list[Notice] = []
        self._rights: set[str] = set()

    # Beginning

    async def begin(self) -> None:
        """Put right what a kill left, then make due what this run is asked to look at."""
        now = self._now()
        if (newest := self.frontier.newest_fetch()) and newest > now + timedelta(minutes=5):
            log.warning(
                "%s: the clock stands before the last fetch of %s", self.site.name, newest.isoformat()
            )
        cut_back(self.archive / "captures", self.site.name, self.frontier.warc_ends())
        self.frontier.begin(now)
        for fetch_id, due, place in self.frontier.unread():
            await self._recover(fetch_id, due, place)
        self.frontier.add([Link(url=self.site.start, source=Source.START)], now)
        if self.options.poll:
            self.frontier.poll_listings(now)
        if self.options.recheck:
            self.frontier.recheck_articles(now)

    async def _recover(self, fetch_id: int, due: Due, place: str) -> None:
        """Read again a capture that was kept when an earlier run was cut off."""
        try:
            capture = read_capture(self.archive / "captures", self.site.name, place)
        except (OSError, ValueError) as error:
            log.warning("%s: a capture is lost and will be fetched again: %s", due.link.url, error)
            self.frontier.forget_fetch(fetch_id)
            return
        await self._read_and_store(due, capture, fetch_id, place, changed=True)

    # What to ask for

    def asks(self) -> list[Ask]:
        """Return what to request now; an empty list means wait for an answer, for `wakes_at`, or that all is done."""
        now = self._now()
        if self.finished is None:
            self.finished = self._limit_reached(now)
        if self.finished or (self._paused_until and now < self._paused_until):
            return []
        asks: list[Ask] = []
        while (room := self._room()) > 0:
            leased = self.frontier.lease(room, now, since=self._since(), until=self.options.until)
            if not leased:
                break
            asks += [ask for due in leased if (ask := self._ask(due, now))]
        return asks

    def _room(self) -> int:
        room = WINDOW - self._in_hand
        if self.options.limit is not None:
            room = min(room, self.options.limit - self._count("stored", "revised") - self._in_hand)
        return min(room, self.config.max_pages - self.outcomes.total() - self._in_hand)

    def _limit_reached(self, now: datetime) -> str | None:
        limit = self.options.limit
        if limit is not None and self._count("stored", "revised") >= limit:
            return f"limit of {limit} articles"
        if self.outcomes.total() >= self.config.max_pages:
            return f"limit of {self.config.max_pages} pages"
        if now - self.started > timedelta(minutes=self.config.max_minutes):
            return f"limit of {self.config.max_minutes:g} minutes"
        return None

    def _ask(self, due: Due, now: datetime) -> Ask | None:
        """Return the request for *due*, or ``None`` when it is refused or waits for robots.txt."""
        self._in_hand += 1
        url = due.link.url
        if reason := self._refusal(due):
            self._end(
                due, "refused", reason, now, next_check=now + timedelta(seconds=FAILED_INTERVAL_SECONDS)
            )
            return None
        host = origin(url)
        robots = self._robots_known(host, now)
        if robots is None:
            waiting = self._waiting.setdefault(host, [])
            waiting.append(due)
            return Ask(url=f"{host}/robots.txt", due=None, robots_of=host) if len(waiting) == 1 else None
        return self._permitted(due, robots, now)

    def _permitted(self, due: Due, robots: Robots, now: datetime) -> Ask | None:
        if not robots.allows(due.link.url, self.config.user_agent):
            reason = "robots.txt forbids it" if robots.state == "rules" else "robots.txt cannot be read"
            self._end(
                due, "refused", reason, now, next_check=now + timedelta(seconds=FAILED_INTERVAL_SECONDS)
            )
            if due.link.source is Source.START:
                self.stop(f"{reason}: {due.link.url}")
            return None
        headers = {}
        if due.digest:
            if due.etag:
                headers["If-None-Match"] = due.etag
            if due.last_modified:
                headers["If-Modified-Since"] = due.last_modified
        return Ask(url=due.link.url, due=due, headers=headers)

    def _refusal(self, due: Due) -> str | None:
        """Return why *due* is not to be requested, robots.txt aside."""
        url = due.link.url
        parts = urlsplit(url)
        if due.link.source is not Source.START and any(rule.search(url) for rule in self._exclude):
            return "excluded by the configuration"
        if self._barren[pattern(url)] >= MAX_BARREN_PAGES_PER_PATTERN:
            return "a trap: too many pages of this shape gave nothing"
        return trap(url) or refusal(parts.scheme, parts.hostname or "", parts.port, self._allowed())

    def _allowed(self) -> frozenset[str]:
        """What the owner named: the hosts admitted, and the port of the start address when that is public."""
        parts = urlsplit(self.site.start)
        own_port = (
            {f"{parts.hostname}:{parts.port}"}
            if parts.port and refusal_of_host(parts.hostname or "") is None
            else set()
        )
        return self.options.allowed_hosts | own_port

    def _robots_known(self, host: str, now: datetime) -> Robots | None:
        if host not in self._robots and (kept := self.frontier.robots(host)):
            fetched_at, status, body = kept
            if status and now.timestamp() - fetched_at < ROBOTS_MAX_AGE_SECONDS:
                self._know_robots(host, Robots.read(status, body), now)
        return self._robots.get(host)

    def _know_robots(self, host: str, robots: Robots, now: datetime) -> None:
        self._robots[host] = robots
        asked = self._crawl_delay_seconds(host)
        if asked is not None and asked > self.config.max_crawl_delay and host == origin(self.site.start):
            self.stop(f"robots.txt asks for {asked:g} s between requests, more than crawl.max_crawl_delay")
        if host != origin(self.site.start) or robots.state == "unreachable":
            return
        named = [url for line in robots.sitemaps if (url := canonicalize(line, f"{host}/"))]
        source = Source.ROBOTS if named else Source.WELL_KNOWN
        urls = named or [host + path for path in WELL_KNOWN_SITEMAPS]
        self.frontier.add([Link(url=url, source=source, found_on=f"{host}/robots.txt") for url in urls], now)

    def _crawl_delay_seconds(self, host: str) -> float | None:
        robots = self._robots.get(host)
        return robots.crawl_delay_seconds(self.config.user_agent) if robots else None

    def delay_seconds(self, host: str) -> float:
        """Return the gap to keep between requests to the origin *host*: ours or what its robots.txt asks, the larger."""
        given = self.options.delay_seconds
        if given is None or (given < MIN_DELAY_SECONDS and not self._is_admitted(host)):
            given = self.site.delay_seconds or self.config.delay
        return max(given, self._crawl_delay_seconds(host) or 0.0)

    def _is_admitted(self, host: str) -> bool:
        """Whether the origin *host* is one the owner named with ``--allow-host``."""
        parts = urlsplit(host)
        return f"{parts.hostname}:{parts.port or DEFAULT_PORTS[parts.scheme]}" in self.options.allowed_hosts

    @property
    def is_done(self) -> bool:
        """Whether nothing is in hand and nothing more will be asked for."""
        if self._in_hand:
            return False
        return self.finished is not None or self.wakes_at() is None

    def wakes_at(self) -> datetime | None:
        """Return when there may be something to ask for although nothing is in hand, or ``None``."""
        now = self._now()
        if self.finished is not None:
            return None
        if self._paused_until and now < self._paused_until:
            return self._paused_until
        if self.frontier.due_count(now, since=self._since(), until=self.options.until):
            return now
        return self.frontier.next_due()

    def stop(self, reason: str, *, failed: bool = True) -> None:
        """Ask for nothing more; *failed* when that is the site's fault."""
        self.failed = self.failed or (failed and self.finished is None)
        self.finished = self.finished or reason

    # What came back

    async def answered(self, ask: Ask, answer: Answer) -> list[Ask]:
        """Store what *answer* brings; return requests that could not be made before (those that waited for robots.txt).

        Raises:
            OSError: the disk is full or not writable.
        """
        self.requests += 1
        now = self._now()
        if answer.capture:
            self.received_bytes += len(answer.capture.body)
        if ask.due is None:
            return self._robots_answered(ask, answer, now)
        if answer.capture is None:
            self._no_answer(ask.due, answer, now)
        else:
            self._failures_in_a_row = 0
            await self._captured_safely(ask.due, answer.capture)
        if self.outcomes.total() % FREE_DISK_EVERY_PAGES == 0:
            self.check_disk()
        return []

    async def _captured_safely(self, due: Due, capture: Capture) -> None:
        """Store what *capture* brings; an error that is this one page's own is its outcome and stops nothing."""
        counted = self.outcomes.total()
        try:
            await self._captured(due, capture)
        except (OSError, sqlite3.OperationalError):
            raise
        except Exception as error:
            log.exception("%s", due.link.url)
            if self.outcomes.total() == counted:
                later = capture.captured + timedelta(seconds=FAILED_INTERVAL_SECONDS)
                self.frontier.failed(due, f"{type(error).__name__}: {error}", later, again=False)
                self._count_outcome(due, "failed", f"{type(error).__name__}: {error}")

    def check_disk(self) -> None:
        """Raise `DiskFull` when less is free than the configuration wants."""
        free = shutil.disk_usage(self.archive).free
        if free < self.config.min_free_disk:
            raise DiskFull(
                f"{self.archive}: {free >> 20} MiB are free, less than the {self.config.min_free_disk >> 20} MiB to keep"
                " (crawl.min_free_disk)"
            )

    def _robots_answered(self, ask: Ask, answer: Answer, now: datetime) -> list[Ask]:
        host, capture = ask.robots_of or origin(ask.url), answer.capture
        status = capture.status if capture else None
        robots = Robots.read(status, capture.body if capture else b"")
        if capture and capture.status // 100 == 3 and (target := _location(capture)):
            # RFC 9309, 2.3.1.2: redirects are followed; each goes through the same gate as any request.
            parts = urlsplit(target)
            refused = refusal(parts.scheme, parts.hostname or "", parts.port, self._allowed())
            if ask.hops < MAX_ROBOTS_REDIRECTS and not refused:
                return [replace(ask, url=target, hops=ask.hops + 1)]
            robots = Robots.read(404, b"")
        place = None
        if capture and robots.state == "rules":
            place = self._captures.response(capture)
            self.frontier.fetched(
                None, now, status=capture.status, size=len(capture.body), place=place, digest=None, read=True
            )
        self.frontier.keep_robots(host, now, status or 0, robots.body, place)
        self._know_robots(host, robots, now)
        if robots.state == "unreachable" and host == origin(self.site.start):
            self.stop(f"no answer: {answer.failure or f'robots.txt gave HTTP {status}'}")
        waiting = self._waiting.pop(host, [])
        permitted = (self._permitted(due, robots, now) for due in waiting)
        return [further for further in permitted if further is not None]

    def _no_answer(self, due: Due, answer: Answer, now: datetime) -> None:
        self._failures_in_a_row += 1
        self._try_again(due, answer.failure or "no answer", now, lasting=answer.lasting)
        if self._failures_in_a_row >= MAX_FAILURES_IN_A_ROW:
            self.stop(f"{MAX_FAILURES_IN_A_ROW} requests in a row failed, the last: {answer.failure}")

    def _try_again(
        self, due: Due, reason: str, now: datetime, *, wait: float = 0.0, lasting: bool = False
    ) -> None:
        """Put *due* back for another try in this run, or when it had its tries, for the next."""
        tries = self._tries[due.id]
        self._tries[due.id] += 1
        if tries < len(BACKOFF_SECONDS) and not lasting:
            seconds = max(
                wait, BACKOFF_SECONDS[tries] * min(1.0, self.delay_seconds(origin(due.link.url)) / 2)
            )
            self.frontier.failed(due, reason, now + timedelta(seconds=seconds), again=True)
            self._in_hand -= 1
            log.info("will try again in %.0f s: %s (%s)", seconds, due.link.url, reason)
            return
        self.frontier.failed(due, reason, now + timedelta(seconds=FAILED_INTERVAL_SECONDS), again=False)
        self._count_outcome(due, "failed", reason)

    async def _captured(self, due: Due, capture: Capture) -> None:
        now, status = capture.captured, capture.status
        if status == 304 and due.digest and due.captured_at:
            self._unchanged(due, capture)
        elif status == 200:
            body_digest = digest(capture.body)
            if body_digest == due.digest and due.kind is not None:
                self._unchanged(due, capture)
                return
            place = self._captures.response(capture, due.link)
            fetch_id = self._fetched(due, capture, place, body_digest, read=False)
            await self._read_and_store(due, capture, fetch_id, str(place), changed=due.digest is not None)
        elif status in {301, 302, 303, 307, 308}:
            self._redirected(due, capture)
        elif status in {404, 410} and due.article_id:
            if not self._tries[due.id]:
                self._try_again(due, f"HTTP {status}, to be confirmed", now)
                return
            fetch_id = self._fetched(due, capture, self._captures.response(capture), None, read=True)
            assert due.stem
            self.corpus.mark_gone(due.stem, f"{now:%Y-%m-%d}")
            self._end(due, "gone", f"HTTP {status}", now, fetch_id=fetch_id, next_check=None, kept=True)
        elif status in {429, 500, 502, 503, 504}:
            self._overloaded(due, capture)
        else:
            fetch_id = self._fetched(due, capture, None, None, read=True)
            later = now + timedelta(seconds=OTHER_INTERVAL_SECONDS)
            self._end(due, "refused", f"HTTP {status}", now, fetch_id=fetch_id, next_check=later)
            if due.link.source is Source.START and not self.frontier.held_count():
                self.stop(f"the start address gave HTTP {status}")

    def _fetched(
        self, due: Due, capture: Capture, place: Place | None, body_digest: str | None, *, read: bool
    ) -> int:
        return self.frontier.fetched(
            due,
            capture.captured,
            status=capture.status,
            size=len(capture.body),
            place=place,
            digest=body_digest,
            etag=capture.header("ETag"),
            last_modified=capture.header("Last-Modified"),
            read=read,
        )

    def _unchanged(self, due: Due, capture: Capture) -> None:
        """End *due*, whose body is as it was, with a ``revisit`` record."""
        now = capture.captured
        assert due.digest and due.captured_at
        place = self._captures.revisit(capture, payload_digest=due.digest, refers_to=due.captured_at)
        fetch_id = self._fetched(due, capture, place, None, read=True)
        if due.kind is Kind.LISTING:
            check, interval = next_listing_check(due, due.form, now, changed=False)
            self._end(
                due, "listing", None, now, fetch_id=fetch_id, next_check=check, interval_seconds=interval
            )
            return
        if due.article_id:
            check_article = next_article_check(due.link.published, now, first_seen=due.captured_at)
            self._end(due, "unchanged", None, now, fetch_id=fetch_id, next_check=check_article)
            return
        later = now + timedelta(seconds=OTHER_INTERVAL_SECONDS)
        self._end(due, "refused", f"{due.kind or 'a page'}, as before", now, fetch_id=fetch_id, next_check=later)

    def _redirected(self, due: Due, capture: Capture) -> None:
        now, target = capture.captured, _location(capture)
        later = now + timedelta(seconds=OTHER_INTERVAL_SECONDS)
        if target is None or due.hops >= MAX_REDIRECTS:
            fetch_id = self._fetched(due, capture, None, None, read=True)
            reason = (
                "a redirect without a target" if target is None else f"more than {MAX_REDIRECTS} redirects"
            )
            self._end(due, "refused", reason, now, fetch_id=fetch_id, next_check=later)
            return
        fetch_id = self._fetched(due, capture, self._captures.response(capture), None, read=True)
        start = due.link.source is Source.START
        if start and not self._is_own(target):
            # The site lives elsewhere, e.g. the bare domain leads to its front page on another host.
            self._own.add(site_name(target))
        if (identity(target) == identity(due.link.url) or due.article_id) and self.frontier.readdress(
            due, target
        ):
            # Another scheme, ``www.``, or an article that moved: the link keeps its identity and is asked for there.
            self._count_outcome(due, "redirect", None)
            return
        if not self._is_own(target):
            self._end(due, "refused", "leads to another site", now, fetch_id=fetch_id, next_check=later)
            return
        link = replace(due.link, url=target)
        self._end(
            due,
            "redirect",
            None,
            now,
            fetch_id=fetch_id,
            next_check=later,
            links=[link],
            depth=due.depth,
            hops=due.hops + 1,
        )

    def _overloaded(self, due: Due, capture: Capture) -> None:
        """The server asks for patience: the whole host waits, not this page alone."""
        now = capture.captured
        self._fetched(due, capture, None, None, read=True)
        asked = retry_after_seconds(capture.header("Retry-After"), now)
        reason = f"HTTP {capture.status}"
        if asked is not None and asked > self.config.max_retry_after:
            self._try_again(due, reason, now, lasting=True)
            self.stop(f"asked to wait {asked:.0f} s, more than crawl.max_retry_after")
            return
        if asked is not None or capture.status in {429, 503}:
            pause = (
                asked
                if asked is not None
                else BACKOFF_SECONDS[0] * min(1.0, self.delay_seconds(origin(due.link.url)) / 2)
            )
            until = now + timedelta(seconds=pause)
            self._paused_until = max(until, self._paused_until or until)
            log.info("%s asks for patience: waiting %.0f s", netloc(due.link.url), pause)
        self._try_again(due, reason, now, wait=asked or 0.0)

    # What a capture says

    async def _read_and_store(
        self, due: Due, capture: Capture, fetch_id: int, place: str, *, changed: bool
    ) -> None:
        now = capture.captured
        try:
            reading = await self._read(capture, due.link)
        except ReadingFailed as error:
            later = now + timedelta(seconds=OTHER_INTERVAL_SECONDS)
            self._end(due, "failed", str(error), now, fetch_id=fetch_id, next_check=later)
            return
        links = self._wanted(reading.links)
        if reading.article is not None:
            self._article(due, reading, reading.article, capture, fetch_id, place, links)
        elif reading.kind is Kind.LISTING:
            check, interval = next_listing_check(due, reading.form, now, changed=changed)
            new = self._end(
                due, "listing", None, now, fetch_id=fetch_id, next_check=check, interval_seconds=interval,
                reading=reading, links=links, depth=due.depth + 1,
            )  # fmt: skip
            if changed:
                self.frontier.poll_sections_of(due.link.url, now)
            self._note_barren(due, new)
        else:
            later = now + timedelta(seconds=OTHER_INTERVAL_SECONDS)
            reason = f"{reading.kind}: {reading.reasons[0]}" if reading.reasons else str(reading.kind)
            new = self._end(
                due, "refused", reason, now, fetch_id=fetch_id, next_check=later, reading=reading, links=links,
                depth=due.depth + 1, kept=due.article_id is not None,
            )  # fmt: skip
            self._note_barren(due, new)
        if due.link.source is Source.START and not any(link.source is Source.AUTODISCOVERY for link in links):
            host = origin(capture.url)
            self.frontier.add(
                [
                    Link(url=host + path, source=Source.WELL_KNOWN, found_on=capture.url)
                    for path in WELL_KNOWN_FEEDS
                ],
                now,
            )

    def _article(
        self,
        due: Due,
        reading: Reading,
        article: Article,
        capture: Capture,
        fetch_id: int,
        place: str,
        links: list[Link],
    ) -> None:
        now = capture.captured
        never = now + timedelta(seconds=OTHER_INTERVAL_SECONDS)
        if reason := self._unwanted(article):
            self._end(
                due, "refused", reason, now, fetch_id=fetch_id, next_check=never, reading=reading, links=links
            )
            return
        claimed = article.canonical_url
        if (
            claimed
            and due.article_id is None
            and self._is_own(claimed)
            and identity(claimed) != identity(due.link.url)
        ):
            twin = self.frontier.holder(claimed)
            if twin is not None and twin.stem and self._same_text(twin.stem, article):
                self._end(
                    due,
                    "copy",
                    f"of {twin.article_id}",
                    now,
                    fetch_id=fetch_id,
                    next_check=never,
                    reading=reading,
                    links=links,
                )
                return
            if twin is None and is_twin(due.link.url, claimed) and not self.frontier.was_refused(claimed):
                # A print or AMP page: the article is read at the address it claims.
                links = [*links, replace(due.link, url=claimed)]
                self._end(
                    due,
                    "copy",
                    f"of {claimed}",
                    now,
                    fetch_id=fetch_id,
                    next_check=never,
                    reading=reading,
                    links=links,
                )
                return
        article = replace(
            article,
            site=self.site.name,
            id=id_of(due),
            url=due.link.url,
            captured=f"{capture.captured:%Y-%m-%dT%H:%M:%SZ}",
            warc=place,
            digest=digest(capture.body),
        )
        if due.article_id is None and (other := self.frontier.other_with_id(article.id, due)):
            raise BadCorpusFile(f"{identity(article.url)} and {other} have the same id {article.id}")
        stored = store(self.corpus, article, due)
        self._note_site(article, reading)
        check = next_article_check(article.date, now, first_seen=now)
        self._end(
            due, stored.outcome, stored.reason, now, fetch_id=fetch_id, next_check=check, reading=reading,
            links=links, held=stored.held, kept=True,
        )  # fmt: skip

    def _unwanted(self, article: Article) -> str | None:
        """Return why *article* is none this run or this site is to keep."""
        if self._include and not any(rule.search(article.url) for rule in self._include):
            return "not included by the configuration"
        if (
            self.site.languages
            and article.language
            and article.language[:2].lower() not in self.site.languages
        ):
            return f"language {article.language} is not wanted"
        day = date.fromisoformat(article.date[:10]) if article.date else None
        since, until = self._since(), self.options.until
        if day and ((since and day < since) or (until and day > until)):
            return "published outside the dates asked for"
        return None

    def _since(self) -> date | None:
        asked = [day for day in (self.options.since, self.site.since) if day]
        return max(asked, default=None)

    def _same_text(self, stem: str, article: Article) -> bool:
        try:
            return self.corpus.read(stem).body == article.body
        except (OSError, BadCorpusFile):
            return False

    def _wanted(self, links: Iterable[Link]) -> list[Link]:
        """Return those of *links* that are this site's to follow: its pages, and listings on any host it names."""
        return [link for link in links if link.source is Source.AUTODISCOVERY or self._is_own(link.url)]

    def _is_own(self, url: str) -> bool:
        return site_name(url) in self._own or netloc(url) in self._own

    # Accounts

    def _end(
        self,
        due: Due,
        outcome: str,
        reason: str | None,
        now: datetime,
        *,
        next_check: datetime | None,
        fetch_id: int | None = None,
        reading: Reading | None = None,
        links: Iterable[Link] = (),
        depth: int = 0,
        hops: int = 0,
        **more: object,
    ) -> int:
        kept = bool(more.pop("kept", False))
        state = (
            outcome
            if outcome in {"gone", "refused", "failed"} and not (kept and outcome != "gone")
            else "done"
        )
        new = self.frontier.done(
            due,
            fetch_id,
            now,
            state=state,
            reason=reason,
            kind=None if reading is None or (kept and reading.article is None) else reading.kind,
            form=reading.form if reading else None,
            next_check=next_check,
            links=links,
            links_depth=depth,
            links_hops=hops,
            **more,  # type: ignore[arg-type]
        )
        self._count_outcome(due, outcome, reason)
        return new

    def _count_outcome(self, due: Due, outcome: str, reason: str | None) -> None:
        self._in_hand -= 1
        self.outcomes[outcome] += 1
        url = due.link.url
        if outcome in {"refused", "failed"}:
            self.reasons[_general(reason or "")] += 1
        if outcome == "failed" and len(self.failures) < MAX_FAILURES_REPORTED:
            self.failures.append(Failure(url=url, reason=reason or ""))
        log.info("%s%s: %s", outcome, f" ({reason})" if reason else "", url)

    def _note_barren(self, due: Due, new_links: int) -> None:
        if not new_links:
            self._barren[pattern(due.link.url)] += 1

    def _note_site(self, article: Article, reading: Reading) -> None:
        if article.publisher:
            self._publishers[article.publisher] += 1
        self._notices += reading.notices
        self._rights.update(article.rights)

    def _count(self, *outcomes: str) -> int:
        return sum(self.outcomes[outcome] for outcome in outcomes)

    def end(self) -> RunReport:
        """Close the run: what is known of the site and the report are written, the site is given back."""
        now = self._now()
        self._captures.close()
        self._write_site_record()
        named, only = self.frontier.yields()
        held = self.frontier.held_count()
        report = RunReport(
            site=self.site.name,
            started=f"{self.started:%Y-%m-%dT%H:%M:%SZ}",
            ended=f"{now:%Y-%m-%dT%H:%M:%SZ}",
            finished=self.finished or ("done" if held else "done, but no article was found"),
            failed=self.failed or not held,
            pages=self.outcomes.total(),
            requests=self.requests,
            received_bytes=self.received_bytes,
            outcomes={name: self.outcomes[name] for name in OUTCOMES if self.outcomes[name]},
            sources=named,
            only=only,
            held=held,
            reasons=dict(sorted(self.reasons.items(), key=lambda entry: (-entry[1], entry[0]))),
            failures=tuple(self.failures),
        )
        path = self.corpus.write_run(report)
        self.frontier.end(now, path.name)
        self.frontier.close()
        return report

    def abandon(self) -> None:
        """Give the site back without a report, as after an error of the disk."""
        self.frontier.close()

    def _write_site_record(self) -> None:
        record = self.corpus.site_record(self.site.name) or SiteRecord(
            name=self.site.name, start=self.site.start
        )
        host = origin(self.site.start)
        robots = self._robots.get(host)
        publisher = max(
            self._publishers, key=lambda name: (self._publishers[name], name), default=record.publisher
        )
        record = replace(
            record,
            start=self.site.start,
            publisher=publisher,
            robots=robots.state if robots else record.robots,
            robots_warc=self.frontier.robots_warc(host),
            crawl_delay_seconds=self._crawl_delay_seconds(host),
            rights=tuple(sorted({*record.rights, *self._rights})),
        )
        if self.outcomes.total():
            self.corpus.write_site_record(self.corpus.add_notices(record, tuple(self._notices)))


def refusal_of_host(host: str) -> str | None:
    """Return why *host*, on the web's own port, may not be fetched, or ``None``."""
    return refusal("http", host, None, frozenset())


def _location(capture: Capture) -> str | None:
    location = capture.header("Location")
    return canonicalize(location, capture.url) if location else None


def _general(reason: str) -> str:
    """Return *reason* without what differs from page to page, for counting."""
    return (
        re.sub(r"https?://\S+", "…", re.sub(r"\d[\d,.]*", "#", reason))
        if not reason.startswith("HTTP")
        else reason
    )


def utc_now() -> datetime:
    """Return the time, UTC, whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)

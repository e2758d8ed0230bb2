"""What comes of an answer, in the order that survives a kill: capture, state, reading, files, state."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Protocol
from urllib.parse import urlsplit

from crawler.account import Account
from crawler.captures import Place, digest, read_capture
from crawler.corpus import BadCorpusFile, Corpus, file_digest
from crawler.discovery.dates import instant
from crawler.frontier import Due, Frontier, Lane, id_of, is_news, is_on_time
from crawler.gate import OUTSIDE_DATES, Gate
from crawler.items import Article, Capture, Kind, Link, Reading, Source
from crawler.remake import remake
from crawler.schedule import (
    freshness_seconds,
    listing_interval,
    next_article_check,
    next_gone_check,
    next_listing_check,
    next_missing_check,
    next_other_check,
)
from crawler.store import Stored, is_same_article, same_text, store, text_digest
from crawler.urls import canonicalize, identity, is_twin, origin, says_same
from crawler.workers import ReadingFailed

MAX_REDIRECTS = 8
MAX_INDEX_DEPTH = 3
"""Sitemap indexes in a row."""
LINKS_AT_ONCE = 500
"""Of a listing, noted in one go."""
COPY_INTERVAL_SECONDS = 3600
"""After a page that says it is another, which was not read yet."""
WELL_KNOWN_SITEMAPS = ("/sitemap.xml", "/sitemap_index.xml", "/news-sitemap.xml", "/sitemap-news.xml")
WELL_KNOWN_FEEDS = ("/feed", "/rss", "/feed.xml", "/rss.xml", "/atom.xml", "/index.xml")

REDIRECTS = frozenset({301, 302, 303, 307, 308})
OVERLOADED = frozenset({429, 500, 502, 503, 504})
GONE = frozenset({404, 410})
NEWS_SOURCES = frozenset({Source.FEED, Source.NEWS_SITEMAP})
"""What these name is new: when it is not to be had, it may only not be there yet."""
MAX_NEWS_TRIES = 6
"""Runs that ask for it, at growing intervals: over a day."""


class Keeper(Protocol):
    """Where captures go: `crawler.captures.CaptureWriter`, or what stands in for it when they lie somewhere already."""

    def response(self, capture: Capture, link: Link | None = None) -> Place:
        """Keep *capture* with what was said of it, and return where."""

    def revisit(self, capture: Capture, *, payload_digest: str, refers_to: datetime) -> Place:
        """Keep that *capture* brought the body with *payload_digest* again, and return where."""

    def sync(self) -> None:
        """Have what was kept on the disk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """The answer does not count; the link is to be asked for again."""

    reason: str
    this_run: bool = True
    """``False``: not before a later run."""


class Intake:
    """Takes the answers of one run at one site."""

    def __init__(
        self,
        *,
        gate: Gate,
        frontier: Frontier,
        captures: Keeper,
        corpus: Corpus,
        account: Account,
        read: Callable[[Capture, Link], Awaitable[Reading]],
    ) -> None:
        """Write to *frontier*, *captures* and *corpus*; *read* makes a reading of a capture."""
        self.gate, self.frontier, self.captures, self.corpus, self.account = (
            gate,
            frontier,
            captures,
            corpus,
            account,
        )
        self._read = read
        self._storing = asyncio.Lock()
        """Held from the look for the same text elsewhere to its being noted, so that of two at once one is the copy."""
        self._is_first_run = frontier.is_first_run()

    async def take(self, due: Due, capture: Capture, *, tries: int) -> Retry | None:
        """Bring *due*, answered by *capture*, to its outcome; *tries* is how often this run has asked before.

        Raises `OSError` when the disk is full or not writable.
        """
        status = capture.status
        if status in GONE and due.article_id and due.stem:
            return self._gone(due, due.stem, capture, confirmed=tries > 0 or due.gone)
        if status in OVERLOADED:
            self._fetched(due, capture, None, None, read=True)
            return Retry(reason=f"HTTP {status}")
        if status == 304 and due.digest and due.captured_at and (due.etag or due.last_modified):
            self._unchanged(due, capture)
        elif status == 200:
            await self._whole(due, capture)
        elif status in REDIRECTS:
            return self._redirected(due, capture, tries)
        else:
            fetch_id = self._fetched(due, capture, None, None, read=True)
            if due.kind is None and due.link.source in NEWS_SOURCES and due.fails < MAX_NEWS_TRIES:
                return Retry(reason=f"HTTP {status}", this_run=False)
            check = next_missing_check(due.fails, capture.captured)
            self._end(due, "refused", f"HTTP {status}", next_check=check, missing=True, fetch_id=fetch_id)
        return None

    async def take_again(self, fetch_id: int, due: Due, capture: Capture) -> None:
        """Finish what a kill interrupted: *capture* is stored, what it says is not."""
        place = self.frontier.place_of(fetch_id)
        await self._read_and_store(due, capture, fetch_id, place, same_validators=False)

    def lacks_file(self, due: Due) -> bool:
        """Whether the corpus file of the article *due* leads to was deleted by hand."""
        return due.stem is not None and not self.corpus.text_path(due.stem).exists()

    def fall_through(self, due: Due, now: datetime) -> None:
        """When *due* was the last hope of a listing from where it was named, try the customary addresses."""
        well_known = {Source.ROBOTS: WELL_KNOWN_SITEMAPS, Source.AUTODISCOVERY: WELL_KNOWN_FEEDS}
        source = due.link.source
        if source in well_known and not self.frontier.has_listing_from([source, Source.WELL_KNOWN]):
            self.frontier.add(_well_known(self.gate.home, well_known[source]), now)

    @cached_property
    def _orphans(self) -> dict[str, str]:
        """Stems, by id, of articles that the corpus holds and the frontier does not know: its file was lost.

        They are taken up again, not stored anew.
        """
        if self.frontier.knows_files():
            return {}
        known = self.frontier.article_files()
        stems = (file.stem for file in self.corpus.scan(self.gate.site.name))
        orphans = {
            id_: stem for stem in stems if (id_ := stem.rpartition("/")[2].rpartition("-")[2]) not in known
        }
        self.frontier.keep_files_known(known=not orphans)
        return orphans

    def _adopted(self, due: Due, article: Article) -> Due:
        stem = self._orphans.pop(article.id)
        try:
            held = self.corpus.read(stem)
        except (
            BadCorpusFile
        ):  # edited by hand so that it cannot be read: as it is, it is nobody's but its editor's
            return replace(due, article_id=article.id, stem=stem, file_digest="", captured=article.captured)
        captured = held.captured if self._names_its_capture(held) else ""
        return replace(
            due, article_id=article.id, stem=stem, file_digest=file_digest(held), captured=captured
        )

    def _names_its_capture(self, held: Article) -> bool:
        """Whether the capture that *held* names lies there: after a power cut it may be another."""
        try:
            capture = read_capture(self.corpus.archive / "captures", held.site, held.warc or "")
        except (OSError, ValueError):
            return False
        return digest(capture.body) == held.digest

    # By status

    async def _whole(self, due: Due, capture: Capture) -> None:
        body_digest = digest(capture.body)
        as_before = body_digest == due.digest and due.kind is not None and due.captured_at is not None
        if as_before and not due.gone and not self.lacks_file(due):
            if due.etag and capture.header("ETag") not in {None, due.etag}:
                self.frontier.trust.note("restless-validator")
            elif not self.frontier.trust.sends_validators and _has_same_validators(due, capture):
                self.frontier.trust.note("held-validator")
            self._unchanged(due, capture)
            return
        place = self.captures.response(capture, due.link)
        fetch_id = self._fetched(due, capture, place, body_digest, read=False)
        same = _has_same_validators(due, capture)
        await self._read_and_store(due, capture, fetch_id, str(place), same_validators=same)

    def _unchanged(self, due: Due, capture: Capture) -> None:
        """End *due*, whose body is as it was, with a ``revisit`` record."""
        now = capture.captured
        assert due.digest
        assert due.captured_at
        place = self.captures.revisit(capture, payload_digest=due.digest, refers_to=due.captured_at)
        fetch_id = self._fetched(due, capture, place, None, read=True)
        if capture.status == 304 and not self.frontier.trust.count("not-modified"):
            self.frontier.trust.note("not-modified")
        if due.kind is Kind.LISTING:
            self._end(due, "listing", None, **_listing_later(due, capture, changed=False), fetch_id=fetch_id)
            return
        if due.article_id:
            self._judge_lastmod(due, changed=False)
            check = next_article_check(due.link.published, now, first_seen=due.captured_at)
            self._end(due, "unchanged", None, next_check=check, fetch_id=fetch_id)
            return
        outcome = "wall" if due.kind is Kind.WALL else "refused"
        reason = f"{due.kind or 'a page'}, as before"
        self._end(due, outcome, reason, **_later(due, capture), fetch_id=fetch_id)

    def _redirected(self, due: Due, capture: Capture, tries: int) -> Retry | None:
        location = capture.header("Location")
        target = canonicalize(location, capture.url) if location else None
        if target is None or due.hops >= MAX_REDIRECTS:
            fetch_id = self._fetched(due, capture, None, None, read=True)
            reason = (
                "a redirect without a target" if target is None else f"more than {MAX_REDIRECTS} redirects"
            )
            self._end(due, "refused", reason, **_later(due, capture), fetch_id=fetch_id)
            return None
        if due.article_id and due.stem and self._leads_to_a_listing(target):
            # What is no more is often sent to the section it was in.
            return self._gone(due, due.stem, capture, confirmed=tries > 0 or due.gone)
        fetch_id = self._fetched(due, capture, self.captures.response(capture), None, read=True)
        if due.link.source is Source.START and not self.gate.is_own(target):
            # The site lives elsewhere, e.g. a bare domain leads to its front page on another host.
            self.gate.admit(target)
            self.frontier.admit(target)
        if not self.gate.is_own(target) and due.lane is not Lane.LISTING:
            reason = "leads to another site"
            self._end(due, "refused", reason, **_later(due, capture), fetch_id=fetch_id)
            return None
        found = self.frontier.find(target)
        same = identity(target) == identity(due.link.url) or (found is not None and found.id == due.id)
        absorb = due.article_id is not None and self._is_our_copy(due, target)
        if (same or absorb) and self.frontier.readdress(due, target, absorb=absorb):
            # Another scheme or ``www.``, an earlier address of it, or an article that moved: it keeps its identity and is
            # asked for there.
            self.account.count(due.link.url, "redirect", None)
            return None
        if due.article_id:
            # It keeps its identity if what is there turns out to be the article.
            self._end(due, "redirect", "moved", **_later(due, capture), fetch_id=fetch_id)
            self.frontier.note_move(due, target, capture.captured)
            return None
        self._end(
            due, "redirect", None, **_later(due, capture), fetch_id=fetch_id,
            links=[replace(due.link, url=target)], links_depth=due.depth, links_hops=due.hops + 1,
            links_news=due.lane is Lane.NEWS,
        )  # fmt: skip
        return None

    def _leads_to_a_listing(self, target: str) -> bool:
        found = self.frontier.find(target)
        listing = found is not None and (found.kind is Kind.LISTING or found.lane is Lane.LISTING)
        return listing or (self.gate.is_own(target) and urlsplit(target).path in {"", "/"})

    def _is_our_copy(self, due: Due, target: str) -> bool:
        """Whether *target* was met before the article of *due* moved there, and kept as a copy of it, which is removed.

        A copy that has texts of its own, or was edited by hand, stays.
        """
        copy = self.frontier.holder(target)
        if copy is None or copy.stem is None or self.frontier.is_leased(copy):
            return False
        if self.corpus.revisions(self.gate.site.name, copy.article_id):
            return False
        try:
            held = self.corpus.read(copy.stem)
        except FileNotFoundError:  # removed before a kill
            return copy.text_digest is not None and copy.text_digest == due.text_digest
        except BadCorpusFile:
            return False
        if held.copy_of != due.article_id or file_digest(held) != copy.file_digest:
            return False
        self.corpus.remove(copy.stem)
        return True

    def _gone(self, due: Due, stem: str, capture: Capture, *, confirmed: bool) -> Retry | None:
        if not confirmed:
            return Retry(reason=f"HTTP {capture.status}, to be confirmed")
        fetch_id = self._fetched(due, capture, self.captures.response(capture), None, read=True)
        gone = None if due.gone else self.mark_gone(due, stem, f"{capture.captured:%Y-%m-%d}")
        fails = due.fails if due.gone else 0
        self._end(
            replace(due, fails=fails), "gone", f"HTTP {capture.status}", state="gone", missing=True,
            next_check=next_gone_check(fails, capture.captured), fetch_id=fetch_id, file_digest=gone,
        )  # fmt: skip
        return None

    def mark_gone(self, due: Due, stem: str, day: str) -> str | None:
        """Note in the file at *stem* that its article is gone, unless it was edited by hand; return its new digest."""
        try:
            held = self.corpus.read(stem)
        except (FileNotFoundError, BadCorpusFile):
            return None
        # A kill may have come after the mark was written and before that was noted.
        if due.file_digest not in {file_digest(held), file_digest(replace(held, gone=None))}:
            return None
        return self.corpus.mark_gone(stem, day)

    async def store(self, article: Article, due: Due) -> Stored:
        """Write *article* to the corpus, as `crawler.store.store` does, while other answers are taken."""
        return await asyncio.to_thread(self._store, article, due)

    def _store(self, article: Article, due: Due) -> Stored:
        self.captures.sync()  # a file never names a capture that a power cut can take
        return store(self.corpus, article, due)

    # By content

    async def _read_and_store(
        self, due: Due, capture: Capture, fetch_id: int, place: str, *, same_validators: bool
    ) -> None:
        try:
            reading = await self._read(capture, due.link)
        except ReadingFailed as error:
            later = _later(due, capture) | {"forget_body": True}
            self._end(due, "failed", str(error), **later, fetch_id=fetch_id)
            return
        links = self.gate.wanted(reading.links)
        if due.link.source is Source.START and not any(link.source is Source.AUTODISCOVERY for link in links):
            links += _well_known(origin(capture.url), WELL_KNOWN_FEEDS)
        settle = _Settle(
            due=due,
            reading=reading,
            links=links,
            capture=capture,
            fetch_id=fetch_id,
            same_validators=same_validators,
        )
        if reading.article is not None:
            await self._article(settle, reading.article, place)
        elif reading.kind is Kind.LISTING:
            await self._listing(settle)
        else:
            outcome = "wall" if reading.kind is Kind.WALL else "refused"
            reason = ": ".join([reading.kind, *reading.reasons[:1]])
            later = _later(due, capture) | {"forget_body": due.kind is Kind.LISTING}
            self._settle(settle, outcome, reason, **later)

    async def _listing(self, settle: "_Settle") -> None:
        due, capture = settle.due, settle.capture
        known = due.kind is Kind.LISTING
        # What is new on a page known before, or on the front page, is news; a sitemap read at first lists all there is.
        news = known or due.link.source is Source.START
        depth = due.depth + 1
        if settle.reading.form == "sitemap-index" and depth > MAX_INDEX_DEPTH:
            settle = replace(settle, links=[])
        new = 0
        for at in range(0, len(settle.links), LINKS_AT_ONCE):  # other sites go on meanwhile
            part = settle.links[at : at + LINKS_AT_ONCE]
            new += self.frontier.add(part, capture.captured, depth=depth, news=news)
            await asyncio.sleep(0)
        if known and new and settle.same_validators:
            self.frontier.trust.note("stale-validator")
        hint = max(freshness_seconds(capture) or 0, settle.reading.refresh_seconds or 0)
        later = _listing_later(
            due, capture, changed=bool(new) or not known, hint_seconds=hint, form=settle.reading.form
        )
        self._settle(replace(settle, links=[]), "listing", None, **later, found=new)
        if new and known:
            self.frontier.poll_sections_of(due.link.url, capture.captured)

    async def _article(self, settle: "_Settle", article: Article, place: str) -> None:
        due, capture = settle.due, settle.capture
        if reason := self.gate.unwanted(article):
            later = _later(due, capture) | {"forget_body": True}
            if reason == OUTSIDE_DATES:  # due for a run that asks for others
                later |= {"published": article.date, "next_check": capture.captured, "missing": False}
            self._settle(settle, "refused", reason, **later)
            return
        article = replace(
            article,
            site=self.gate.site.name,
            id=id_of(due),
            url=due.link.url,
            captured=f"{capture.captured:%Y-%m-%dT%H:%M:%SZ}",
            warc=place,
            digest=digest(capture.body),
        )
        async with self._storing:
            await self._keep(settle, article)

    async def _keep(self, settle: "_Settle", article: Article) -> None:
        """Store *article*, unless it is one that is held already."""
        due, capture = settle.due, settle.capture
        if due.moved_from and due.article_id is None:
            due = self._moved_here(due, article)
            article = replace(article, id=id_of(due))
        if due.article_id is None:
            copied = self._holder_of_text(due, article)
            if original := self._original(due, article, copied):
                # The article is read at the address it claims, or is held; this page is another dress of it.
                settle = replace(settle, links=[*settle.links, replace(due.link, url=original)])
                # If the article turns out not to be there, this page is looked at again as if it were new.
                later = _later(due, capture)
                if self.frontier.holder(original) is None:
                    soon = capture.captured + timedelta(seconds=COPY_INTERVAL_SECONDS)
                    later = {"next_check": soon, "forget_body": True}
                self._settle(settle, "copy", f"of {original}", **later)
                return
            if other := self.frontier.other_with_id(article.id, due):
                raise BadCorpusFile(f"{identity(article.url)} and {other} have the same id {article.id}")
            if article.id in self._orphans:
                due = self._adopted(due, article)
            elif copied:
                article = replace(article, copy_of=copied.article_id)
                self.frontier.make_due(copied, capture.captured)  # it may have moved here
        else:
            due = await self.with_todays_file(due, article)
        settle = replace(settle, due=due)
        stored = await self.store(article, due)
        if stored.outcome != "refused" and stored.held.captured == article.captured:
            numbers = [mark.number for mark in settle.reading.marks] if settle.reading else []
            self.frontier.note_sample(article.id, article.captured or "", numbers)
        self._judge(settle, article, stored.outcome)
        changed = stored.outcome == "revised"
        check = next_article_check(
            article.date, capture.captured, first_seen=due.captured_at or capture.captured, changed=changed
        )
        refused = stored.outcome == "refused"
        self._settle(
            settle, stored.outcome, stored.reason, next_check=check, held=stored.held, forget_body=refused
        )

    def _moved_here(self, due: Due, article: Article) -> Due:
        """Return *due* with the article whose address leads to it, if *article* is that one."""
        assert due.moved_from is not None
        old = self.frontier.link_with(due.moved_from)
        if old is None or old.stem is None or self.frontier.is_leased(old):
            return due
        try:
            held = self.corpus.read(old.stem)
        except (OSError, BadCorpusFile):
            return due
        return self.frontier.move_article(old, due) if is_same_article(held, article) else due

    async def with_todays_file(self, due: Due, article: Article) -> Due:
        """Return *due*, its file first brought up to today's cleaner when *article* has another text than it.

        So a cleaner that changed makes no revision.
        """
        assert due.stem
        try:
            earlier = self.corpus.read(due.stem)
        except (FileNotFoundError, BadCorpusFile):
            return due
        if same_text(article, earlier) or earlier.warc in {None, article.warc}:
            return due
        held = (await remake(self.corpus, due.stem, due.file_digest, self._read)).held
        return replace(due, file_digest=held.file_digest, text_digest=held.text_digest) if held else due

    def _judge(self, settle: "_Settle", article: Article, outcome: str) -> None:
        due, reading = settle.due, settle.reading
        self.account.learn(article, reading)
        if due.article_id:
            self._judge_lastmod(due, changed=outcome == "revised")
            if outcome == "revised" and settle.same_validators:
                self.frontier.trust.note("stale-validator")
        if outcome in {"stored", "revised"}:
            now = settle.capture.captured
            dated = is_news(article.date, now)
            undated = article.date is None and due.lane is Lane.NEWS and not self._is_first_run
            fresh = outcome == "stored" and (dated or undated)
            self.account.judge(article, fresh=fresh, sources=self.frontier.sources_of(due))

    def _judge_lastmod(self, due: Due, *, changed: bool) -> None:
        if due.fetched_at and due.link.modified and instant(due.link.modified) > due.fetched_at.timestamp():
            word = "true" if changed else "false"
            self.frontier.trust.note(f"{word}-lastmod-{due.link.source}")

    def _original(self, due: Due, article: Article, copied: Due | None) -> str | None:
        """Return the address whose article *article*, met elsewhere, is: as its page claims or its address says.

        *copied* is the link of the article held that has the same text, if any.

        A claim is believed when it makes sense: a page of this site that holds the same text, or a plainer form of
        this address that is yet to be read.
        """
        claimed = article.canonical_url
        if claimed and identity(claimed) != identity(due.link.url) and self.gate.is_own(claimed):
            held = self.frontier.holder(claimed)
            if held is not None and held.stem:
                if self._has_text(held.stem, article):
                    self.frontier.alias(due, held, "canonical")
                    return claimed
            elif is_twin(due.link.url, claimed) and not self.frontier.was_read(claimed):
                return claimed
        if copied and says_same(due.link.url, copied.link.url):
            self.frontier.alias(due, copied, "same text")
            return copied.link.url
        return None

    def _holder_of_text(self, due: Due, article: Article) -> Due | None:
        """Return the link of the article held that has the same text as *article*."""
        found = text_digest(article)
        held = self.frontier.holder_of_text(found, due) if found else None
        return held if held and held.stem and self._has_text(held.stem, article) else None

    def _has_text(self, stem: str, article: Article) -> bool:
        try:
            held = self.corpus.read(stem)
        except (OSError, BadCorpusFile):
            return False
        return same_text(replace(held, title=article.title, description=article.description), article)

    # The ends

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

    def _settle(
        self,
        settle: "_Settle",
        outcome: str,
        reason: str | None,
        *,
        next_check: datetime | None,
        found: int = 0,
        **more: Any,
    ) -> None:
        """End a link whose page was read: what it is and the links on it are stored with its outcome.

        *found*: links of it that were new and are noted already.
        """
        due, reading = settle.due, settle.reading
        # A page that is now a wall or something else stays the article we hold, or the listing it was.
        gave_article = reading.article is not None
        known = bool(due.article_id) or due.kind is Kind.LISTING
        kind = None if known and not gave_article and reading.kind is not due.kind else reading.kind
        refused = outcome in {"refused", "wall"} and not due.article_id
        new = found + self.frontier.done(
            due, settle.fetch_id, settle.capture.captured, state="refused" if refused else "done",
            reason=reason, kind=kind, form=reading.form, because=reading.reasons, next_check=next_check,
            links=settle.links, links_depth=0 if gave_article else due.depth + 1, **more,
        )  # fmt: skip
        if not new and not gave_article:
            self.gate.note_barren(due.link.url)
        if reading.kind is not Kind.LISTING:
            self.fall_through(due, settle.capture.captured)
        self.account.count(due.link.url, outcome, reason)

    def _end(
        self,
        due: Due,
        outcome: str,
        reason: str | None,
        *,
        next_check: datetime | None,
        fetch_id: int,
        state: str | None = None,
        links: Iterable[Link] = (),
        **more: Any,
    ) -> None:
        """End a link whose page was not read."""
        gave_nothing = outcome in {"wall", "refused", "failed"}
        ended = {"wall": "refused"}.get(outcome, outcome) if gave_nothing and not due.article_id else "done"
        now = self.frontier.time_of(fetch_id)
        self.frontier.done(
            due,
            fetch_id,
            now,
            state=state or ended,
            reason=reason,
            next_check=next_check,
            links=links,
            **more,
        )
        if gave_nothing:
            self.fall_through(due, now)
        self.account.count(due.link.url, outcome, reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Settle:
    """A page that was read, on its way to its outcome."""

    due: Due
    reading: Reading
    links: list[Link]
    capture: Capture
    fetch_id: int
    same_validators: bool
    """The body differs from the one before, the validators do not."""


def _well_known(host: str, paths: Iterable[str]) -> list[Link]:
    return [Link(url=host + path, source=Source.WELL_KNOWN, found_on=host) for path in paths]


def _has_same_validators(due: Due, capture: Capture) -> bool:
    """Whether *capture* has the validators that the body before it had."""
    if due.etag:
        return capture.header("ETag") == due.etag
    return due.last_modified is not None and capture.header("Last-Modified") == due.last_modified


def _listing_later(
    due: Due, capture: Capture, *, changed: bool, hint_seconds: int | None = None, form: str | None = None
) -> dict[str, Any]:
    """Return when to look again at the listing *due*, as `Frontier.done` takes it."""
    now = capture.captured
    interval, steady = listing_interval(
        due.interval_seconds, form or due.form, changed=changed, on_time=is_on_time(due, now), steady=due.steady
    )  # fmt: skip
    changed_at = now if changed else due.captured_at or now
    check = next_listing_check(due.link.url, interval, now, hint_seconds=hint_seconds, changed_at=changed_at)
    return {"next_check": check, "interval_seconds": interval, "steady": steady}


def _later(due: Due, capture: Capture) -> dict[str, Any]:
    """Return when to look again at *due*, which gave nothing to keep: a listing will hardly stay away for long."""
    if due.kind is Kind.LISTING:
        return _listing_later(due, capture, changed=False)
    return {"next_check": next_other_check(due.fails, capture.captured), "missing": True}

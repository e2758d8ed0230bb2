"""What comes of an answer, in the order that survives a kill: capture, state, reading, files, state."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from crawler.account import Account
from crawler.captures import CaptureWriter, Place, digest
from crawler.corpus import BadCorpusFile, Corpus, file_digest
from crawler.frontier import (
    OTHER_INTERVAL_SECONDS,
    Due,
    Frontier,
    id_of,
    next_article_check,
    next_listing_check,
)
from crawler.gate import OUTSIDE_DATES, Gate
from crawler.items import Article, Capture, Kind, Link, Reading, Source
from crawler.politeness import retry_after_seconds
from crawler.store import store
from crawler.urls import canonicalize, identity, is_twin, origin
from crawler.workers import ReadingFailed

MAX_REDIRECTS = 8
WELL_KNOWN_FEEDS = ("/feed", "/rss", "/feed.xml", "/rss.xml", "/atom.xml", "/index.xml")

REDIRECTS = frozenset({301, 302, 303, 307, 308})
OVERLOADED = frozenset({429, 500, 502, 503, 504})
PATIENCE = frozenset({429, 503})
"""The whole host asks for patience, not the page alone."""
GONE = frozenset({404, 410})
NEWS_SOURCES = frozenset({Source.FEED, Source.NEWS_SITEMAP})
"""What these name is new: when it is not to be had, it may only not be there yet."""
MAX_NEWS_TRIES = 6
"""Runs that ask for it, at growing intervals: over a day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """The answer does not count; the link is to be asked for again."""

    reason: str
    pause_host: bool = False
    wait_seconds: float | None = None
    """As the server asks; ``None`` when it names no time."""
    this_run: bool = True
    """``False``: not before a later run."""


class Intake:
    """Takes the answers of one run at one site."""

    def __init__(
        self,
        *,
        gate: Gate,
        frontier: Frontier,
        captures: CaptureWriter,
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

    async def take(self, due: Due, capture: Capture, *, tries: int) -> Retry | None:
        """Bring *due*, answered by *capture*, to its outcome; *tries* is how often this run has asked before.

        Raises `OSError` when the disk is full or not writable.
        """
        status = capture.status
        if status in GONE and due.article_id and due.stem:
            return self._gone(due, due.stem, capture, confirmed=tries > 0)
        if status in OVERLOADED:
            self._fetched(due, capture, None, None, read=True)
            return Retry(
                reason=f"HTTP {status}",
                pause_host=status in PATIENCE or capture.header("Retry-After") is not None,
                wait_seconds=retry_after_seconds(capture.header("Retry-After"), capture.captured),
            )
        if status == 304 and due.digest and due.captured_at:
            self._unchanged(due, capture)
        elif status == 200:
            await self._whole(due, capture)
        elif status in REDIRECTS:
            self._redirected(due, capture)
        else:
            fetch_id = self._fetched(due, capture, None, None, read=True)
            if due.kind is None and due.link.source in NEWS_SOURCES and due.fails < MAX_NEWS_TRIES:
                return Retry(reason=f"HTTP {status}", this_run=False)
            self._end(due, "refused", f"HTTP {status}", **_later(due, capture), fetch_id=fetch_id)
        return None

    async def take_again(self, fetch_id: int, due: Due, capture: Capture) -> None:
        """Finish what a kill interrupted: *capture* is stored, what it says is not."""
        await self._read_and_store(due, capture, fetch_id, self.frontier.place_of(fetch_id), changed=True)

    def lacks_file(self, due: Due) -> bool:
        """Whether the corpus file of the article *due* leads to was deleted by hand."""
        return due.stem is not None and not self.corpus.text_path(due.stem).exists()

    @cached_property
    def _orphans(self) -> dict[str, str]:
        """Stems, by id, of articles that the corpus holds and the frontier does not know: its file was lost.

        They are taken up again, not stored anew.
        """
        known = self.frontier.article_ids()
        stems = (file.stem for file in self.corpus.scan(self.gate.site.name))
        return {
            id_: stem for stem in stems if (id_ := stem.rpartition("/")[2].rpartition("-")[2]) not in known
        }

    def _adopted(self, due: Due, article: Article) -> Due:
        stem = self._orphans.pop(article.id)
        try:
            held = self.corpus.read(stem)
        except (
            BadCorpusFile
        ):  # edited by hand so that it cannot be read: as it is, it is nobody's but its editor's
            return replace(due, article_id=article.id, stem=stem, file_digest="", captured=article.captured)
        return replace(
            due, article_id=article.id, stem=stem, file_digest=file_digest(held), captured=held.captured
        )

    # By status

    async def _whole(self, due: Due, capture: Capture) -> None:
        body_digest = digest(capture.body)
        if (
            body_digest == due.digest
            and due.kind is not None
            and due.captured_at
            and not self.lacks_file(due)
        ):
            self._unchanged(due, capture)
            return
        place = self.captures.response(capture, due.link)
        fetch_id = self._fetched(due, capture, place, body_digest, read=False)
        await self._read_and_store(due, capture, fetch_id, str(place), changed=due.digest is not None)

    def _unchanged(self, due: Due, capture: Capture) -> None:
        """End *due*, whose body is as it was, with a ``revisit`` record."""
        now = capture.captured
        assert due.digest
        assert due.captured_at
        place = self.captures.revisit(capture, payload_digest=due.digest, refers_to=due.captured_at)
        fetch_id = self._fetched(due, capture, place, None, read=True)
        if due.kind is Kind.LISTING:
            check, interval = next_listing_check(due, due.form, now, changed=False)
            self._end(due, "listing", None, next_check=check, fetch_id=fetch_id, interval_seconds=interval)
            return
        if due.article_id:
            check_article = next_article_check(due.link.published, now, first_seen=due.captured_at)
            self._end(due, "unchanged", None, next_check=check_article, fetch_id=fetch_id)
            return
        self._end(
            due,
            "refused",
            f"{due.kind or 'a page'}, as before",
            **_later(due, capture),
            fetch_id=fetch_id,
        )

    def _redirected(self, due: Due, capture: Capture) -> None:
        location = capture.header("Location")
        target = canonicalize(location, capture.url) if location else None
        if target is None or due.hops >= MAX_REDIRECTS:
            fetch_id = self._fetched(due, capture, None, None, read=True)
            reason = (
                "a redirect without a target" if target is None else f"more than {MAX_REDIRECTS} redirects"
            )
            self._end(due, "refused", reason, **_later(due, capture), fetch_id=fetch_id)
            return
        fetch_id = self._fetched(due, capture, self.captures.response(capture), None, read=True)
        if due.link.source is Source.START and not self.gate.is_own(target):
            # The site lives elsewhere, e.g. a bare domain leads to its front page on another host.
            self.gate.admit(target)
            self.frontier.admit(target)
        if not self.gate.is_own(target):
            reason = "leads to another site"
            self._end(due, "refused", reason, **_later(due, capture), fetch_id=fetch_id)
            return
        same = identity(target) == identity(due.link.url)
        if (same or due.article_id) and self.frontier.readdress(due, target):
            # Another scheme or ``www.``, or an article that moved: it keeps its identity and is asked for there.
            self.account.count(due.link.url, "redirect", None)
            return
        self._end(
            due, "redirect", None, **_later(due, capture), fetch_id=fetch_id,
            links=[replace(due.link, url=target)], links_depth=due.depth, links_hops=due.hops + 1,
        )  # fmt: skip

    def _gone(self, due: Due, stem: str, capture: Capture, *, confirmed: bool) -> Retry | None:
        if not confirmed:
            return Retry(reason=f"HTTP {capture.status}, to be confirmed")
        fetch_id = self._fetched(due, capture, self.captures.response(capture), None, read=True)
        held = self.corpus.mark_gone(stem, f"{capture.captured:%Y-%m-%d}")
        self._end(
            due,
            "gone",
            f"HTTP {capture.status}",
            state="gone",
            next_check=None,
            fetch_id=fetch_id,
            file_digest=held,
        )
        return None

    # By content

    async def _read_and_store(
        self, due: Due, capture: Capture, fetch_id: int, place: str, *, changed: bool
    ) -> None:
        try:
            reading = await self._read(capture, due.link)
        except ReadingFailed as error:
            self._end(due, "failed", str(error), **_later(due, capture), fetch_id=fetch_id)
            self.frontier.forget_body(due)
            return
        links = self.gate.wanted(reading.links)
        if due.link.source is Source.START and not any(link.source is Source.AUTODISCOVERY for link in links):
            host = origin(capture.url)
            links += [
                Link(url=host + path, source=Source.WELL_KNOWN, found_on=host) for path in WELL_KNOWN_FEEDS
            ]
        settle = _Settle(due=due, reading=reading, links=links, capture=capture, fetch_id=fetch_id)
        if reading.article is not None:
            self._article(settle, reading.article, place)
        elif reading.kind is Kind.LISTING:
            self._listing(settle, changed=changed)
        else:
            reason = ": ".join([reading.kind, *reading.reasons[:1]])
            self._settle(settle, "refused", reason, **_later(due, capture))
            if due.kind is Kind.LISTING:
                self.frontier.forget_body(due)

    def _listing(self, settle: "_Settle", *, changed: bool) -> None:
        due, now = settle.due, settle.capture.captured
        check, interval = next_listing_check(due, settle.reading.form, now, changed=changed)
        self._settle(settle, "listing", None, next_check=check, interval_seconds=interval)
        if changed:
            self.frontier.poll_sections_of(due.link.url, now)

    def _article(self, settle: "_Settle", article: Article, place: str) -> None:
        due, capture = settle.due, settle.capture
        if reason := self.gate.unwanted(article):
            self._settle(settle, "refused", reason, **_later(due, capture))
            outside = reason == OUTSIDE_DATES
            self.frontier.forget_body(due, published=article.date if outside else None, now=capture.captured)
            return
        if original := self._original(due, article):
            # The article is read at the address it claims; this page is another dress of it.
            settle = replace(settle, links=[*settle.links, replace(due.link, url=original)])
            self._settle(settle, "copy", f"of {original}", **_later(due, capture))
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
        if due.article_id is None and (other := self.frontier.other_with_id(article.id, due)):
            raise BadCorpusFile(f"{identity(article.url)} and {other} have the same id {article.id}")
        if due.article_id is None and article.id in self._orphans:
            due = self._adopted(due, article)
            settle = replace(settle, due=due)
        stored = store(self.corpus, article, due)
        self.account.learn(article, settle.reading)
        check = next_article_check(article.date, capture.captured, first_seen=capture.captured)
        self._settle(settle, stored.outcome, stored.reason, next_check=check, held=stored.held)
        if stored.outcome == "refused":
            self.frontier.forget_body(due)

    def _original(self, due: Due, article: Article) -> str | None:
        """Return the address *article* claims when it makes sense: a page of this site that holds the same article."""
        claimed = article.canonical_url
        if claimed is None or due.article_id or identity(claimed) == identity(due.link.url):
            return None
        if not self.gate.is_own(claimed):
            return None
        held = self.frontier.holder(claimed)
        if held is not None and held.stem:
            return claimed if self._has_text(held.stem, article) else None
        return claimed if is_twin(due.link.url, claimed) and not self.frontier.was_read(claimed) else None

    def _has_text(self, stem: str, article: Article) -> bool:
        try:
            return self.corpus.read(stem).body == article.body
        except (OSError, BadCorpusFile):
            return False

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
        self, settle: "_Settle", outcome: str, reason: str | None, *, next_check: datetime | None, **more: Any
    ) -> None:
        """End a link whose page was read: what it is and the links on it are stored with its outcome."""
        due, reading = settle.due, settle.reading
        # A page that is now a wall or something else stays the article we hold, or the listing it was.
        gave_article = reading.article is not None
        known = bool(due.article_id) or due.kind is Kind.LISTING
        kind = None if known and not gave_article else reading.kind
        new = self.frontier.done(
            due, settle.fetch_id, settle.capture.captured,
            state="refused" if outcome == "refused" and not due.article_id else "done",
            reason=reason, kind=kind, form=reading.form, next_check=next_check,
            links=settle.links, links_depth=0 if gave_article else due.depth + 1, **more,
        )  # fmt: skip
        if not new and not gave_article:
            self.gate.note_barren(due.link.url)
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
        failed = outcome in {"refused", "failed"} and not due.article_id
        self.frontier.done(
            due, fetch_id, self.frontier.time_of(fetch_id), state=state or (outcome if failed else "done"),
            reason=reason, next_check=next_check, links=links, **more,
        )  # fmt: skip
        self.account.count(due.link.url, outcome, reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Settle:
    """A page that was read, on its way to its outcome."""

    due: Due
    reading: Reading
    links: list[Link]
    capture: Capture
    fetch_id: int


def _later(due: Due, capture: Capture) -> dict[str, Any]:
    """Return when to look again at *due*, which gave nothing to keep: a listing will hardly stay away for long."""
    if due.kind is Kind.LISTING:
        check, interval = next_listing_check(due, due.form, capture.captured, changed=False)
        return {"next_check": check, "interval_seconds": interval}
    return {"next_check": capture.captured + timedelta(seconds=OTHER_INTERVAL_SECONDS)}

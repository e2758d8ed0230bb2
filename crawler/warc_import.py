"""Other people's WARCs into the archive: their articles, with the captures they are read from."""

import gzip
import os
import zlib
from collections import Counter, OrderedDict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from warcio.archiveiterator import ArchiveIterator
from warcio.bufferedreaders import ChunkedDataReader
from warcio.exceptions import ArchiveLoadFailed
from warcio.recordloader import ArcWarcRecord

from crawler.captures import digest
from crawler.config import CrawlConfig
from crawler.corpus import Corpus
from crawler.gate import Options
from crawler.holding import Holding
from crawler.items import Capture, Kind, Link, Memory, Reading, Site, Source
from crawler.remember import knowing
from crawler.replay import Given, ReadKnowing, in_order, outcome_of
from crawler.state import BadState, SiteBusy
from crawler.transfer import GZIP_MAGIC, IncompleteBody, OversizedBody, UnknownCoding, undo_codings
from crawler.urls import canonicalize, is_asset, netloc, origin, site_name
from crawler.workers import ReadingFailed

MAX_OPEN_SITES = 40
MAX_SITE_NAME_CHARS = 200
"""It is the name of a folder, and of files with an ending."""
FIRST_YEAR = 1990
_PAGE_TYPES = ("text/html", "application/xhtml+xml")


@dataclass(slots=True, kw_only=True)
class Imported:
    """What came of the WARCs."""

    records: int = 0
    """Of type ``response`` or ``resource``."""
    outcomes: Counter[str] = field(default_factory=Counter)
    """Records by what became of them: ``stored``, ``revised``, ``unchanged``, ``copy``, ``held already``, ``wall``,
    ``refused`` or ``failed``."""
    reasons: Counter[str] = field(default_factory=Counter)
    """Refused and failed records by reason."""
    sites: Counter[str] = field(default_factory=Counter)
    """Articles stored or revised, by site."""
    broken: list[str] = field(default_factory=list)
    """Files that could not be read to their end and sites whose state cannot be used, and why."""

    def refuse(self, outcome: str, reason: str) -> None:
        """Count a record that gave nothing."""
        self.outcomes[outcome] += 1
        self.reasons[reason] += 1


class Importer:
    """Takes the articles of WARCs into an archive; `close` gives the sites back."""

    def __init__(
        self,
        archive: Path,
        *,
        config: CrawlConfig,
        sites: Mapping[str, Site],
        only: Collection[str],
        read: ReadKnowing,
        now: datetime,
    ) -> None:
        """Import into *archive*.

        *sites* are those whose rules are known, by name and by each further host; *only* restricts the import to sites
        of these names, when any are given; *read* makes a reading of a capture.
        """
        self.told = Imported()
        self._archive, self._config, self._sites, self._only, self._now = archive, config, sites, only, now
        self._read = read
        self._given = Given(read)
        self._memories: dict[str, Memory | None] = {}
        self._open: OrderedDict[str, Holding] = OrderedDict()

    async def take(self, path: Path, on_progress: Callable[[str, int, int], None] | None = None) -> None:
        """Take in the WARC at *path*, gzip or not; *on_progress* is told its name, the bytes read, and its size.

        A capture that gives an article is kept in our own WARC too, dated as it was captured; everything else is counted
        and left out. Done twice, nothing comes twice.
        """
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            async for capture, reading in in_order(self._captures(file, path), self._reading):
                await self._take(capture, reading)
                if on_progress:
                    on_progress(path.name, file.tell(), size)

    def _captures(self, file: BinaryIO, path: Path) -> Iterator[Capture]:
        """Yield the pages among the records of *file*, up to where it breaks; everything else is counted."""
        records = 0
        try:
            for record in ArchiveIterator(_plain(file), check_digests=False):
                if record.format != "warc":
                    raise ArchiveLoadFailed("no WARC record")
                if record.rec_type not in {"response", "resource"}:
                    continue
                records += 1
                self.told.records += 1
                try:
                    yield _capture(record, max_bytes=self._config.max_page_bytes, now=self._now)
                except NotTaken as reason:
                    self.told.refuse("refused", str(reason))
                except (IncompleteBody, OversizedBody, UnknownCoding) as error:
                    self.told.refuse("failed", f"incomplete: {error}")
                except (ValueError, TypeError, AttributeError, OverflowError) as error:
                    self.told.refuse("failed", f"a record that cannot be read: {type(error).__name__}")
        except _BROKEN as error:
            self.told.broken.append(f"{path}: broken after {records} records: {error}")

    async def _reading(self, capture: Capture) -> Reading | ReadingFailed | None:
        name = self._site_of(capture.url).name
        if self._only and name not in self._only:
            return None
        if name not in self._memories:
            self._memories[name] = Corpus(self._archive).memory(name)
        read = knowing(self._read, self._memories[name])
        return await outcome_of(read, capture, Link(url=capture.url, source=Source.IMPORT))

    async def _take(self, capture: Capture, reading: Reading | ReadingFailed | None) -> None:
        if reading is None:
            self.told.refuse("refused", "of another site")
            return
        if isinstance(reading, ReadingFailed):
            self.told.refuse("failed", str(reading))
            return
        if reading.kind is not Kind.ARTICLE:
            wall = reading.kind is Kind.WALL
            self.told.refuse(
                "wall" if wall else "refused", f"{reading.kind}: {', '.join(reading.reasons[:1])}"
            )
            return
        site = self._site_of(capture.url)
        try:
            await self._store(capture, reading, site)
        except SiteBusy:
            self.told.refuse("failed", "another run holds the site")
        except BadState as error:  # of this one site: the others go on
            self.told.refuse("failed", "the state of its site cannot be used")
            if str(error) not in self.told.broken:
                self.told.broken.append(str(error))
            if damaged := self._open.pop(site.name, None):
                damaged.close()

    async def _store(self, capture: Capture, reading: Reading, site: Site) -> None:
        holding = await self._holding(site)
        if holding.frontier.has_capture(capture.url, digest(capture.body)):
            self.told.outcomes["held already"] += 1
            return
        # What else the page links to is not noted: importing is no wish to crawl.
        self._given.tell(capture, replace(reading, links=()))
        link = Link(url=capture.url, source=Source.IMPORT)
        before = Counter(holding.account.outcomes)
        due = holding.frontier.lease_at(link, capture.captured)
        await holding.intake.take(due, capture, tries=0)
        for outcome in holding.account.outcomes - before:
            self.told.outcomes[outcome] += 1
            if outcome in {"stored", "revised"}:
                self.told.sites[holding.site.name] += 1

    def _site_of(self, url: str) -> Site:
        name = site_name(url)
        return (
            self._sites.get(name) or self._sites.get(netloc(url)) or Site(name=name, start=f"{origin(url)}/")
        )

    async def _holding(self, site: Site) -> Holding:
        """Return what is held of *site*, open; raises `SiteBusy`, `BadState`."""
        if site.name not in self._open:
            if len(self._open) >= MAX_OPEN_SITES:
                oldest = self._open.popitem(last=False)[1]
                await self._remember(oldest)
                self._close(oldest)
            holding = Holding(
                site,
                self._archive,
                config=self._config,
                options=Options(),
                read=self._given.read,
                now=self._now,
            )
            self._open[site.name] = holding
            await holding.begin(self._now)
        self._open.move_to_end(site.name)
        return self._open[site.name]

    def _close(self, holding: Holding) -> None:
        try:
            holding.write_site_record(crawled=False)
            holding.frontier.end(self._now)
        except BadState as error:
            self.told.broken.append(str(error))
        finally:
            holding.close()

    async def remember(self) -> None:
        """Bring the memories of the sites that are open up to date."""
        for holding in self._open.values():
            await self._remember(holding)

    async def _remember(self, holding: Holding) -> None:
        try:
            await holding.remember()
            self._memories.pop(holding.site.name, None)
        except BadState as error:
            self.told.broken.append(str(error))

    def close(self) -> None:
        """Give the sites back."""
        while self._open:
            self._close(self._open.popitem()[1])


class NotTaken(Exception):
    """A record that is no page; the message is the reason."""


# What warcio makes of a broken file.
_BROKEN = (ArchiveLoadFailed, AttributeError, KeyError, TypeError, ValueError, EOFError, OSError, zlib.error)


def _plain(file: BinaryIO) -> BinaryIO:
    """Return *file* as records can be read from it: warcio wants a gzip member a record, not one around them all."""
    if file.read(2) != GZIP_MAGIC:
        file.seek(0)
        return file
    file.seek(0)
    return gzip.open(file)  # type: ignore[return-value]


def _capture(record: ArcWarcRecord, *, max_bytes: int, now: datetime) -> Capture:
    """Return the page of *record*, its codings undone.

    Raises `NotTaken` for what is none, and as `undo_codings` does.
    """
    if record.rec_headers.get_header("WARC-Truncated"):
        raise NotTaken("truncated when it was captured")
    url = canonicalize(record.rec_headers.get_header("WARC-Target-URI") or "")
    if url is None or is_asset(url) or len(site_name(url)) > MAX_SITE_NAME_CHARS:
        raise NotTaken("no address of a page")
    http = record.http_headers
    status = int(http.get_statuscode()) if http else 200
    headers = tuple(http.headers) if http else (("Content-Type", record.content_type or ""),)
    kind = next((value for name, value in headers if name.lower() == "content-type"), "")
    if status != 200:
        raise NotTaken(f"HTTP {status}")
    if kind and not kind.lower().startswith(_PAGE_TYPES):
        raise NotTaken(f"not a page but {kind.partition(';')[0][:80]}")
    codings = ",".join(value for name, value in headers if name.lower() == "content-encoding")
    body = _body(record, codings, max_bytes=max_bytes)
    captured = datetime.fromisoformat(record.rec_headers.get_header("WARC-Date")).astimezone(UTC)
    if not captured.year >= FIRST_YEAR or captured > now + timedelta(days=1):
        raise NotTaken("captured at an impossible time")
    return Capture(
        url=url,
        status=status,
        headers=headers,
        body=body,
        captured=captured.replace(microsecond=0),
    )


def _body(record: ArcWarcRecord, codings: str, *, max_bytes: int) -> bytes:
    """Return the body of *record*, chunks and *codings* undone."""
    chunked = record.http_headers and record.http_headers.get_header("Transfer-Encoding") == "chunked"
    stream = ChunkedDataReader(record.raw_stream, decomp_type=None) if chunked else record.raw_stream
    if {part.strip().lower() for part in codings.split(",")} <= {"", "identity", "gzip", "x-gzip"}:
        body: bytes = stream.read(max_bytes + 1)  # whether gzip is whole is seen where it is undone
        body = undo_codings(body, codings, max_bytes=max_bytes)
    else:
        body = record.content_stream().read(max_bytes + 1)
    if len(body) > max_bytes:
        raise OversizedBody(f"more than {max_bytes:,} bytes")
    return body

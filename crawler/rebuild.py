"""A site's state made anew from its captures and corpus; of these only what is lacking in the corpus is written."""

import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from crawler import views
from crawler.account import Account
from crawler.captures import Place, Record, read_records, sizes
from crawler.config import CrawlConfig
from crawler.corpus import BadCorpusFile, Corpus
from crawler.frontier import Due, Frontier
from crawler.gate import Gate, Options
from crawler.health import HISTORY_DAYS
from crawler.holding import state_path
from crawler.intake import Intake
from crawler.items import Article, Capture, Link, Reading, Site, Source
from crawler.remember import knowing
from crawler.replay import Given, ReadKnowing, in_order, outcome_of
from crawler.state import leased
from crawler.store import Stored, held_at
from crawler.urls import identity, origin
from crawler.workers import ReadingFailed

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """What a state was made of."""

    site: str
    captures: int
    articles: int
    links: int
    without_capture: int
    """Articles of the corpus that no capture leads to."""


async def rebuild_state(
    site: Site,
    archive: Path,
    *,
    config: CrawlConfig,
    read: ReadKnowing,
    now: datetime,
    on_progress: Callable[[str, int, int], None] | None = None,
) -> Rebuilt:
    """Make the state of *site* anew from what *archive* holds of it; the old file, if any, is kept as ``.sqlite.old``.

    What captures do not tell is lost: links that were found and are on no listing captured, pauses that hosts asked
    for, hand edits (which count as ours from now on). Raises `SiteBusy`, `OSError`.
    """
    # That each capture comes to the outcome it came to before is no event.
    logging.getLogger("crawler.account").setLevel(logging.WARNING)
    path = state_path(archive, site.name)
    fresh = path.with_name(f".{site.name}.rebuild.sqlite")
    with leased(path):
        _remove(fresh)
        frontier = Frontier(fresh)
        try:
            rebuilder = _Rebuilder(site, archive, config=config, frontier=frontier, read=read, now=now)
            captures = await rebuilder.replay(on_progress)
            without = rebuilder.adopt_the_rest()
            rebuilder.remember_runs()
            rebuilt = Rebuilt(
                site=site.name,
                captures=captures,
                articles=frontier.held_count(),
                links=views.link_count(frontier.db),
                without_capture=without,
            )
            frontier.end(now)
            frontier.db.execute("pragma wal_checkpoint(truncate)")
        finally:
            frontier.close()
        for rest in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                path.with_name(path.name + rest).replace(path.with_name(f"{path.name}.old{rest}"))
        fresh.replace(path)
        _remove(fresh)
    return rebuilt


def _remove(path: Path) -> None:
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm", path.with_suffix(".lock").name):
        path.with_name(name).unlink(missing_ok=True)


class _Lying:
    """Stands in for a writer of captures: each lies where it was read."""

    def __init__(self) -> None:
        self.place = Place(file="", offset=0, length=0)

    def response(self, capture: Capture, link: Link | None = None) -> Place:
        return self.place

    def sync(self) -> None:
        pass

    def revisit(self, capture: Capture, *, payload_digest: str, refers_to: datetime) -> Place:
        return self.place


class _Adopting(Intake):
    """Takes captures in again, and leaves the files of the corpus that were there before as they are."""

    there: frozenset[str] = frozenset()
    """Their stems."""

    async def store(self, article: Article, due: Due) -> Stored:
        if due.stem in self.there:
            with suppress(BadCorpusFile):
                return Stored(outcome="unchanged", held=held_at(self.corpus.read(due.stem), due.stem))
        return await super().store(article, due)

    async def with_todays_file(self, due: Due, article: Article) -> Due:
        return due if due.stem in self.there else await super().with_todays_file(due, article)

    def mark_gone(self, due: Due, stem: str, day: str) -> str | None:
        return None if stem in self.there else super().mark_gone(due, stem, day)


class _Rebuilder:
    def __init__(
        self,
        site: Site,
        archive: Path,
        *,
        config: CrawlConfig,
        frontier: Frontier,
        read: ReadKnowing,
        now: datetime,
    ) -> None:
        self.site, self.archive, self.frontier, self.now = site, archive, frontier, now
        self.gate = Gate(site, config, Options())
        self.corpus = Corpus(archive)
        self._read = knowing(read, self.corpus.memory(site.name))
        self._given, self._lying = Given(read), _Lying()
        self.intake = _Adopting(
            gate=self.gate,
            frontier=frontier,
            captures=self._lying,
            corpus=self.corpus,
            account=Account(started=now),
            read=self._given.read,
        )
        self.intake.there = frozenset(file.stem for file in self.corpus.scan(site.name))
        frontier.begin(now)

    async def replay(self, on_progress: Callable[[str, int, int], None] | None) -> int:
        """Take all captures in, in the order they were made; return how many."""
        folder = self.archive / "captures" / self.site.name
        found = sizes(self.archive / "captures", self.site.name)
        done, total, count = 0, sum(found.values()), 0
        for name, size in found.items():
            async for record, reading in in_order(self._records(folder / name), self._reading):
                await self._take(record, reading)
                count += 1
                if on_progress:
                    on_progress(self.site.name, done + record.place.offset, total)
            self.frontier.set_warc_end(name, size)
            done += size
        return count

    def _records(self, path: Path) -> Iterator[Record]:
        """Yield the captures in the WARC at *path* up to where it breaks."""
        try:
            yield from read_records(path)
        except ValueError as error:
            log.warning("%s; what comes after it is left out", error)

    async def _reading(self, record: Record) -> "Reading | ReadingFailed | None":
        if record.capture.status != 200 or _is_robots(record):
            return None
        return await outcome_of(self._read, record.capture, record.link)

    async def _take(self, record: Record, reading: "Reading | ReadingFailed | None") -> None:
        capture, self._lying.place = record.capture, record.place
        if _is_robots(record):
            self._robots(record)
            return
        if reading is not None:
            self._given.tell(capture, reading)
        link = record.link
        if identity(link.url) == identity(self.site.start):
            link = Link(url=link.url, source=Source.START)
        due = self.frontier.lease_at(link, capture.captured)
        if capture.status != 304 or due.digest:
            await self.intake.take(due, capture, tries=1)

    def _robots(self, record: Record) -> None:
        capture, place = record.capture, record.place
        self.frontier.fetched(
            None, capture.captured, status=capture.status, size=len(capture.body), place=place, digest=None, read=True
        )  # fmt: skip
        self.frontier.keep_robots(origin(capture.url), capture.captured, capture.status, capture.body, place)

    def adopt_the_rest(self) -> int:
        """Note the articles of the corpus that no capture led to; return how many."""
        known = self.frontier.article_files()
        count = 0
        for file in self.corpus.scan(self.site.name):
            id_ = file.stem.rpartition("/")[2].rpartition("-")[2]
            if id_ in known:
                continue
            try:
                article = self.corpus.read(file.stem)
            except BadCorpusFile:
                continue
            due = self.frontier.lease_at(Link(url=article.url, source=Source.PAGE), self.now)
            gone = datetime.fromisoformat(f"{article.gone}T00:00:00+00:00") if article.gone else None
            self.frontier.adopt(due, held_at(article, file.stem), gone=gone)
            count += 1
        return count

    def remember_runs(self) -> None:
        """Note the reports of the last weeks, to compare the next run with."""
        oldest = f"{self.now - timedelta(days=HISTORY_DAYS):%Y%m%dT%H%M%SZ}"
        for path in self.corpus.run_paths(self.site.name):
            if path.name >= oldest:
                try:
                    self.frontier.remember_run(path.name, self.corpus.read_run(path))
                except BadCorpusFile:
                    continue


def _is_robots(record: Record) -> bool:
    return urlsplit(record.capture.url).path == "/robots.txt" and not record.stored_with_hints

"""The whole story of a build: scan → load changed → plan → render what changed → write → prune → publish."""

import errno
import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from importlib.resources import files
from pathlib import Path

import msgspec

from crawler.corpus import BadCorpusFile, Corpus
from crawler.items import RunReport, SiteRecord
from site_builder.catalog import Catalog, Entry, digest
from site_builder.loading import Progress, load, stamp
from site_builder.memory import DamagedMemory, Memory
from site_builder.output import Output
from site_builder.pages import plan
from site_builder.planning import Holdings, Page, Rank, Settings
from site_builder.search import search_pages
from site_builder.topics import topics

PAGES_A_COMMIT = 200
WHOLE = "whole"
"""Name of the fact that the last build was finished, and of what besides the corpus it was made from."""
RENDERING = (".py", ".html", ".xml")
"""What every page is rendered with: another version renders everything again."""
COPIED = (".css", ".js", ".svg")
"""What pages load."""


# What is the disk's fault and not the memory's: forgetting it would not help.
_DISK_ERRORS = {
    sqlite3.SQLITE_FULL: errno.ENOSPC,
    sqlite3.SQLITE_IOERR: errno.EIO,
    sqlite3.SQLITE_READONLY: errno.EROFS,
    sqlite3.SQLITE_CANTOPEN: errno.EACCES,
}


class BuildRunning(RuntimeError):
    """Another build of the same archive holds the lock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildReport:
    """What one build did."""

    articles: int
    pages: int
    """Files of the built archive."""
    written: int
    pruned: int
    """Files deleted because no page produces them any more."""
    bad_files: tuple[tuple[str, str], ...] = ()
    """Stem, or name of a record, and what is wrong with each file of the archive that was left out."""


def build(
    archive: Path,
    *,
    title: str = "The Archive",
    base_url: str | None = None,
    language: str = "en",
    page_size: int = 50,
    full: bool = False,
    progress: Progress | None = None,
) -> BuildReport:
    """Build ``archive/site`` from the corpus of *archive*; what did not change is neither rendered nor written.

    Args:
        archive: the folder that holds ``corpus``.
        title: name of the archive, on every page.
        base_url: where the built archive will be served; ``None`` when anywhere, and then it has no sitemap.
        language: taken for articles that do not say theirs, BCP 47.
        page_size: articles on one list page.
        full: forget what earlier builds remembered; the result is the same, byte for byte.
        progress: called with the stage, how many are done, and how many there are.

    Raises:
        BuildRunning: when another build of *archive* is at work.
        IdClash: when two articles have one id.
        OSError: when the disk is full or not writable; the next build goes on from there.
    """
    settings = _settings(title, base_url, language, page_size)
    progress = progress or _silent
    with _lock(archive / "build"):
        try:
            return _build(archive, settings, progress, full=full)
        except (DamagedMemory, msgspec.DecodeError):
            return _build(archive, settings, progress, full=True)
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode in _DISK_ERRORS:
                raise OSError(
                    _DISK_ERRORS[error.sqlite_errorcode], f"the builder's memory: {error}"
                ) from error
            return _build(archive, settings, progress, full=True)


def _build(archive: Path, settings: Settings, progress: Progress, *, full: bool) -> BuildReport:
    corpus, output = Corpus(archive), Output(archive / "site")
    if full:
        Memory.forget(archive / "build")
    with closing(Memory.open(archive / "build")) as memory:
        if _nothing_changed(corpus, memory, output, settings):
            count = len(memory.page_stamps())
            return BuildReport(articles=len(memory.stamps()), pages=count, written=0, pruned=0)
        memory.keep_fact(WHOLE, "no")
        bad_files = load(corpus, memory, progress)
        holdings, bad_records = _holdings(corpus, memory, settings)
        pages = _plan(holdings, memory)
        stale = _stale(pages, memory, output)
        _write(stale, memory, output, holdings, progress)
        pruned = _prune(pages, memory, output)
        memory.keep_only_bodies(entry.body_key for entry in holdings.catalog.entries)
        if not (bad_files or bad_records):  # those are to be named by every build
            memory.keep_fact(WHOLE, _besides(corpus, settings))
        memory.commit()
        return BuildReport(
            articles=len(holdings.catalog.entries),
            pages=len(pages),
            written=len(stale),
            pruned=pruned,
            bad_files=(*bad_files, *bad_records),
        )


def explain(
    archive: Path,
    page_path: str,
    *,
    title: str = "The Archive",
    base_url: str | None = None,
    language: str = "en",
    page_size: int = 50,
) -> str | None:
    """Return what the page at *page_path* is made from and whether, and why, the next build writes it.

    ``None`` when the archive has no such page.
    """
    settings = _settings(title, base_url, language, page_size)
    path = page_path.removeprefix("./").removeprefix(f"{archive.as_posix()}/site/").removeprefix("site/")
    corpus, output = Corpus(archive), Output(archive / "site")
    with _lock(archive / "build"), closing(Memory.open(archive / "build")) as memory:
        memory.keep_fact(WHOLE, "no")
        load(corpus, memory, _silent)
        holdings, _ = _holdings(corpus, memory, settings)
        page = next((page for page in _plan(holdings, memory) if page.path == path), None)
        return None if page is None else _explanation(page, memory, output)


def _explanation(page: Page, memory: Memory, output: Output) -> str:
    written = memory.inputs(page.path)
    known, there = memory.pages().get(page.path), output.scan().get(page.path)
    if written is None or known is None:
        state = "to be written: no build has written it"
    elif there is None:
        state = "to be written: its file is missing"
    elif there != known.stamp:
        state = "to be written: its file was changed by someone else"
    elif page.digest != known.digest:
        changed = sorted(name for name, value in page.inputs.items() if written.get(name) != value)
        changed += [f"{name} (no longer an input)" for name in sorted(written.keys() - page.inputs.keys())]
        state = f"to be written: changed since it was: {', '.join(changed)}"
    else:
        state = "up to date"
    lines = [f"{page.path}: {state}", f"  template: {page.template or 'none'}"]
    lines += [f"  {name}: {value}" for name, value in page.inputs.items()]
    return "\n".join(lines) + "\n"


def _settings(title: str, base_url: str | None, language: str, page_size: int) -> Settings:
    base_url = base_url.rstrip("/") + "/" if base_url else None
    return Settings(title=title, base_url=base_url, language=language, page_size=page_size)


def _silent(_stage: str, _done: int, _all: int) -> None:
    pass


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    """Hold the one lock a build needs; the system lets it go when the process ends, however it ends."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BuildRunning(f"another build holds {folder / 'lock'}") from error
        yield


def _besides(corpus: Corpus, settings: Settings) -> str:
    """Return the digest of everything but articles that pages are made from: settings, records, reports, code."""
    beside = sorted(
        (path.as_posix(), path.stat().st_mtime_ns, path.stat().st_size)
        for pattern in ("sites/*/site.toml", "runs/*.json")
        for path in corpus.archive.glob(pattern)
    )
    return digest(settings.digest, [entry[1:] for entry in beside], [len(beside)], _code(*RENDERING, *COPIED))


def _code(*endings: str) -> str:
    """Return the digest of the builder's own files with these *endings*."""
    found = blake2b(digest_size=8)
    for package in ("site_builder", "templates"):
        for file in sorted(files(package).iterdir(), key=lambda file: file.name):
            if file.name.endswith(endings):
                found.update(file.name.encode() + b"\n" + file.read_bytes())
    return found.hexdigest()


def _nothing_changed(corpus: Corpus, memory: Memory, output: Output, settings: Settings) -> bool:
    return (
        memory.fact(WHOLE) == _besides(corpus, settings)
        and memory.stamps() == {file.stem: stamp(file) for file in corpus.scan()}
        and memory.page_stamps() == output.scan()
    )


def _holdings(corpus: Corpus, memory: Memory, settings: Settings) -> tuple[Holdings, list[tuple[str, str]]]:
    with closing(memory.records()) as kept:
        entries = tuple(msgspec.json.decode(record, type=Entry) for _, record in kept)
    catalog = Catalog(entries=entries, links=memory.links())
    bad: list[tuple[str, str]] = []
    records: dict[str, SiteRecord] = {}
    for site in corpus.sites():
        try:
            if record := corpus.site_record(site):
                records[site] = record
        except BadCorpusFile as error:
            bad.append((f"sites/{site}", str(error)))
    runs: list[RunReport] = []
    last_runs = corpus.last_runs()
    for site in sorted(last_runs):
        path = last_runs[site]
        try:
            runs.append(corpus.read_run(path))
        except BadCorpusFile as error:
            bad.append((f"runs/{path.name}", str(error)))
    holdings = Holdings(
        settings=settings,
        catalog=catalog,
        topics=topics(catalog),
        records=records,
        runs=tuple(runs),
        read=corpus.read,
        body=memory.body,
    )
    return holdings, bad


def _plan(holdings: Holdings, memory: Memory) -> tuple[Page, ...]:
    code = _code(*RENDERING)
    return plan(holdings, code, search_pages(holdings, memory, code))


def _stale(pages: tuple[Page, ...], memory: Memory, output: Output) -> list[Page]:
    """Return the pages to write, in order: new ones before changed ones, so that no changed page leads nowhere."""
    known, there = memory.pages(), output.scan()
    stale = [
        page
        for page in pages
        if (record := known.get(page.path)) is None
        or record.digest != page.digest
        or record.stamp != there.get(page.path)
    ]
    return sorted(stale, key=lambda page: (page.rank == Rank.MANIFEST, page.path in there, page.rank))


def _write(stale: list[Page], memory: Memory, output: Output, holdings: Holdings, progress: Progress) -> None:
    if not stale:
        return
    from site_builder.templating import Templates  # noqa: PLC0415 - slow, and often not needed

    templates = Templates(holdings)
    for number, page in enumerate(stale, 1):
        stamp_of_file = output.write(page.path, templates.render(page))
        memory.keep_page(page.path, page.digest, page.inputs, stamp_of_file)
        if number % PAGES_A_COMMIT == 0:
            memory.commit()
        progress("write", number, len(stale))
    memory.commit()


def _prune(pages: tuple[Page, ...], memory: Memory, output: Output) -> int:
    planned = {page.path for page in pages}
    memory.forget_pages(memory.pages().keys() - planned)
    return output.prune(sorted(output.scan().keys() - planned))

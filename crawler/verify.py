"""Whether every store of a site agrees with the others: corpus, links, revisions, captures, state, reports."""

import contextlib
import io
import re
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from crawler import views
from crawler.captures import digest, read_records, sizes
from crawler.corpus import BadCorpusFile, Corpus, file_digest
from crawler.frontier import due_of
from crawler.holding import state_path
from crawler.items import Article
from crawler.progress import Progress
from crawler.state import BadState, leased, looked_at
from crawler.urls import article_id

_ID = re.compile(r"-?([0-9a-f]{12})$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is not as another store says."""

    where: str
    """File below the archive, with what is meant in it."""
    what: str


@dataclass(slots=True, kw_only=True)
class Verified:
    """What was looked at of one site, and what was found."""

    site: str
    articles: int = 0
    revisions: int = 0
    captures: int = 0
    """Records of type ``response`` or ``revisit``."""
    findings: list[Finding] = field(default_factory=list)
    """What does not agree."""
    notes: list[Finding] = field(default_factory=list)
    """What agrees and is worth knowing, e.g. a file edited by hand."""

    def find(self, where: str, what: str) -> None:
        """Note that *where* does not agree."""
        self.findings.append(Finding(where=where, what=what))

    def note(self, where: str, what: str) -> None:
        """Note something worth knowing of *where*."""
        self.notes.append(Finding(where=where, what=what))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Text:
    """What is remembered of an article: a site may have more of them than memory holds."""

    id: str
    file_digest: str
    gone: str | None
    copy_of: str | None


@dataclass(slots=True)
class _Held:
    """What the captures hold."""

    digests: dict[tuple[str, int], str | None] = field(default_factory=dict)
    """Payload digest of each ``response`` record, by file and offset."""
    lengths: dict[tuple[str, int], int] = field(default_factory=dict)
    """Bytes of every record, with the metadata that follows it."""
    sizes: dict[str, int] = field(default_factory=dict)


def verify_site(name: str, archive: Path, on_progress: Progress | None = None) -> Verified:
    """Return what does not agree in what *archive* holds of the site called *name*.

    Raises `SiteBusy` when a run holds the site; *on_progress* is told (site, bytes of captures read, of all).
    """
    told = Verified(site=name)
    with leased(state_path(archive, name)):
        captures = _captures(name, archive, told, on_progress)
        articles = _corpus(name, archive, told, captures)
        _revisions(name, archive, told, captures, articles)
        _state(name, archive, told, captures, articles)
        _records_and_reports(name, archive, told)
    return told


def _captures(name: str, archive: Path, told: Verified, on_progress: Progress | None) -> _Held:
    """Read every record of every WARC; a record is right when its digest is its body's and the next begins at its end."""
    held = _Held(sizes=sizes(archive / "captures", name))
    committed = _committed(name, archive)
    done, total = 0, sum(held.sizes.values())
    revisits: list[tuple[str, str | None]] = []
    for file, size in held.sizes.items():
        where = f"captures/{name}/{file}"
        end = None
        try:
            with contextlib.redirect_stderr(
                io.StringIO()
            ):  # warcio tells there what it makes of a broken record
                for record in read_records(archive / "captures" / name / file):
                    place = record.place
                    if end is not None and place.offset != end:
                        told.find(f"{where}:{end}", f"{place.offset - end} bytes that belong to no record")
                    end = place.offset + place.length
                    told.captures += 1
                    held.lengths[file, place.offset] = place.length
                    if record.capture.status == 304:
                        revisits.append((f"{where}:{place.offset}", record.payload_digest))
                    else:
                        held.digests[file, place.offset] = record.payload_digest
                        if record.payload_digest != digest(record.capture.body):
                            told.find(
                                f"{where}:{place.offset}", "the record's digest differs from its body's"
                            )
                    if on_progress:
                        on_progress(name, done + place.offset, total)
        except ValueError as error:
            if (end or 0) < committed.get(file, size):  # what comes after was never committed
                told.find(where, str(error).removeprefix(f"{archive / 'captures' / name / file}: "))
        else:
            if end is not None and end not in {size, committed.get(file)}:
                told.find(f"{where}:{end}", f"{size - end} bytes after the last record")
        done += size
    known = set(held.digests.values())
    for where, stated in revisits:
        if stated not in known:
            told.find(where, "it revisits a body that no record holds")
    return held


def _committed(name: str, archive: Path) -> dict[str, int]:
    """Return where the last committed record of each WARC ends, by the state, as far as that can be read."""
    try:
        with looked_at(state_path(archive, name)) as db:
            return dict(db.execute("select file, end from warc").fetchall())
    except (OSError, BadState, sqlite3.DatabaseError):
        return {}


def _corpus(name: str, archive: Path, told: Verified, captures: _Held) -> dict[str, _Text]:
    """Read every article; return what is to be remembered of each, by stem."""
    corpus = Corpus(archive)
    articles: dict[str, _Text] = {}
    for file in corpus.scan(name):
        where = f"corpus/{file.stem}.md"
        told.articles += 1
        try:
            article = corpus.read(file.stem)
        except BadCorpusFile as error:
            told.find(where, str(error))
            continue
        articles[file.stem] = _Text(
            id=article.id, file_digest=file_digest(article), gone=article.gone, copy_of=article.copy_of
        )
        if (found := _ID.search(file.stem)) is None or found[1] != article.id:
            told.find(where, f"its name is not that of id {article.id}")
        if article.site != name:
            told.find(where, f"it says that it is of {article.site}")
        if article.id != article_id(article.url):
            told.find(where, f"its id is not that of {article.url}")
        _capture_of(article, where, told, captures)
    ids = {article.id for article in articles.values()}
    for place, text in articles.items():
        if text.copy_of and text.copy_of not in ids:
            told.find(f"corpus/{place}.md", f"it is a copy of {text.copy_of}, which is not held")
    for path in sorted((archive / "links" / name).rglob("*.jsonl")):
        place = path.relative_to(archive / "links").with_suffix("").as_posix()
        if place not in articles and not corpus.text_path(place).exists():
            told.find(path.relative_to(archive).as_posix(), "links of an article that is not there")
    return articles


def _capture_of(article: Article, where: str, told: Verified, captures: _Held) -> None:
    if article.warc is None:
        told.find(where, "it names no capture")
        return
    file, _, offset = article.warc.rpartition(":")
    stated = captures.digests.get((file, int(offset) if offset.isdigit() else -1))
    if stated is None:
        told.find(where, f"its capture {article.warc} is not there")
    elif stated != article.digest:
        told.find(where, f"its digest is not that of its capture {article.warc}")


def _revisions(name: str, archive: Path, told: Verified, captures: _Held, articles: dict[str, _Text]) -> None:
    corpus = Corpus(archive)
    newest = {article.id: article.file_digest for article in articles.values()}
    previous: tuple[str, str] | None = None
    for path in corpus.revisions(name):
        where = path.relative_to(archive).as_posix()
        told.revisions += 1
        try:
            article = corpus.read_revision(path)
        except BadCorpusFile as error:
            told.find(where, str(error))
            continue
        if article.id != path.parent.name:
            told.find(where, f"it is of {article.id}")
        if article.id not in newest:
            told.find(where, "an earlier text of an article that is not there")
        elif file_digest(article) == newest[article.id]:
            told.find(where, "it is the same as the newest text")
        if previous == (article.id, file_digest(article)):
            told.find(where, "it is the same as the text before")
        previous = (article.id, file_digest(article))
        _capture_of(article, where, told, captures)


def _state(name: str, archive: Path, told: Verified, captures: _Held, articles: dict[str, _Text]) -> None:
    path = state_path(archive, name)
    where = path.relative_to(archive).as_posix()
    if not path.exists():
        told.find(where, "there is none; --rebuild-state makes it from the captures")
        return
    try:
        with looked_at(path) as db:
            for row in db.execute("pragma integrity_check"):
                if row[0] != "ok":
                    told.find(where, row[0])
            for row in db.execute("select * from link"):
                try:
                    due_of(row)
                except ValueError as error:
                    told.find(where, f"{error}; --rebuild-state makes it from the captures")
            views.yields(db)
            views.history(db)
            _state_and_corpus(db, where, told, articles)
            _state_and_captures(db, where, told, captures)
    except BadState as error:
        told.find(where, str(error))
    except (OSError, sqlite3.DatabaseError) as error:
        told.find(where, f"{error}; --rebuild-state makes it from the captures")


def _state_and_corpus(db: sqlite3.Connection, where: str, told: Verified, articles: dict[str, _Text]) -> None:
    known: set[str] = set()
    for row in db.execute(
        "select article_id, stem, file_digest, gone_at from link where article_id is not null"
    ):
        known.add(row["stem"])
        article = articles.get(row["stem"])
        if article is None:
            told.find(f"corpus/{row['stem']}.md", "the state knows it, and it is not there or cannot be read")
        elif article.id != row["article_id"]:
            told.find(where, f"{row['stem']} is of {article.id}, not of {row['article_id']}")
        elif article.file_digest != row["file_digest"]:
            told.note(f"corpus/{row['stem']}.md", "edited by hand")
        elif (article.gone is None) != (row["gone_at"] is None):
            told.find(
                f"corpus/{row['stem']}.md",
                f"gone: {article.gone}; by the state it is{'' if row['gone_at'] else ' not'}",
            )
    for place in articles.keys() - known:
        told.find(f"corpus/{place}.md", "the state does not know it")
    unread = db.execute("select count(*) from fetch where read = 0").fetchone()[0]
    if unread:
        told.note(where, f"{unread} captures are not read yet; the next crawl does it")


def _state_and_captures(db: sqlite3.Connection, where: str, told: Verified, captures: _Held) -> None:
    fetched: set[tuple[str, int]] = set()
    for row in db.execute("select id, warc, offset, length from fetch where warc is not null"):
        key = (row["warc"], row["offset"])
        fetched.add(key)
        if captures.lengths.get(key) != row["length"]:
            told.find(
                where, f"fetch {row['id']}: no record of {row['length']} bytes lies at {key[0]}:{key[1]}"
            )
    ends = dict(db.execute("select file, end from warc").fetchall())
    for file, size in captures.sizes.items():
        if size > ends.get(file, 0) > 0:
            told.note(
                where,
                f"the last {size - ends[file]} bytes of {file} are not committed; the next crawl cuts them off",
            )
        elif ends.get(file) != size:
            told.find(f"{where}", f"{file} ends after {size} bytes, by the state after {ends.get(file, 0)}")
    for file in ends.keys() - captures.sizes.keys():
        told.find(f"{where}", f"{file} is not there")


def _records_and_reports(name: str, archive: Path, told: Verified) -> None:
    corpus = Corpus(archive)
    for check in (
        lambda: corpus.site_record(name),
        *(_reader(corpus, path) for path in corpus.run_paths(name)),
    ):
        try:
            check()
        except BadCorpusFile as error:
            where, _, what = str(error).partition(": ")
            told.find(Path(where).relative_to(archive).as_posix(), what)
    for path in _temporary(name, archive):
        told.note(
            path.relative_to(archive).as_posix(),
            "a temporary file that a kill left; the next crawl removes it",
        )


def _reader(corpus: Corpus, path: Path) -> Callable[[], object]:
    return lambda: corpus.read_run(path)


def _temporary(name: str, archive: Path) -> Iterator[Path]:
    for folder in ("corpus", "links", "revisions", "sites"):
        yield from sorted((archive / folder / name).rglob(".*.tmp"))

"""The corpus on disk: Markdown with front matter, links beside it, site records and run reports, read and written."""

import hashlib
import json
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import IO, Any

import msgspec

from crawler.items import Article, Memory, Notice, PageLink, RunReport, SiteRecord
from crawler.urls import identity, slug

__all__ = [
    "BadCorpusFile", "Corpus", "CorpusFile", "dump", "dump_links", "identity", "load", "load_links", "slug", "stem",
    "write_whole",
]  # fmt: skip

MARK = "---\n"
_BESIDE_THE_FRONT_MATTER = {"body", "links"}
KEYS = tuple(field.name for field in fields(Article) if field.name not in _BESIDE_THE_FRONT_MATTER)
_LISTS = frozenset({"authors", "keywords", "notices", "rights"})
_INTEGERS = frozenset({"words"})
_REQUIRED = frozenset({"title", "site", "url", "id", "words"})

# What JSON leaves bare and some YAML reader would change or refuse: C1 controls and DEL, line and paragraph
# separator, byte-order mark, the noncharacters of the basic plane. Source: YAML 1.2.2, 5.1 Character Set.
_FRAGILE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufdd0-\ufdef\ufffe\uffff]")


_ENCODER = msgspec.json.Encoder()


class BadCorpusFile(ValueError):
    """A file of the archive that is not as this module writes it; the message says where."""


def _quoted(text: str) -> str:
    return _FRAGILE.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(text, ensure_ascii=False))


def dump(article: Article) -> str:
    """Return *article*, without its links, as the text of its corpus file.

    Front matter is a subset of YAML 1.2: block style, keys in the order of `Article`, absent when unknown,
    every string double-quoted as JSON, integers bare.
    """
    lines = []
    for key in KEYS:
        value = getattr(article, key)
        if value is None or value == ():
            continue
        if key in _LISTS:
            lines += [f"{key}:\n", *(f"  - {_quoted(item)}\n" for item in value)]
        else:
            lines.append(f"{key}: {value if key in _INTEGERS else _quoted(value)}\n")
    body = f"\n{article.body}\n" if article.body else ""
    return f"{MARK}{''.join(lines)}{MARK}{body}"


def load(text: str, links: str = "") -> Article:
    """Return the article that `dump` and `dump_links` wrote as *text* and *links*.

    Raises:
        BadCorpusFile: naming the line and what is wrong with it.
    """
    head, mark, rest = text.removeprefix(MARK).partition("\n" + MARK)
    if not text.startswith(MARK) or not mark:
        raise BadCorpusFile("no front matter between two lines of ---")
    values = _front_matter(head)
    if missing := _REQUIRED - values.keys():
        raise BadCorpusFile(f"front matter lacks {', '.join(sorted(missing))}")
    if rest and not (rest.startswith("\n") and rest.endswith("\n") and len(rest) > 1):
        raise BadCorpusFile("the body stands between an empty line and the end of the last line")
    return Article(**values, body=rest[1:-1], links=load_links(links))


def _front_matter(head: str) -> dict[str, Any]:
    values: dict[str, Any] = {}
    items: list[str] | None = None
    for number, line in enumerate(head.split("\n"), 2):
        if line.startswith("  - ") and items is not None:
            items.append(_string(line[4:], number))
            continue
        key, colon, value = line.partition(":")
        if not colon or key not in KEYS:
            raise BadCorpusFile(f"line {number}: {key[:40]!r} is no key of the front matter")
        if key in values:
            raise BadCorpusFile(f"line {number}: {key} is given twice")
        items = None
        if key in _LISTS:
            items = values[key] = []
            if value:
                raise BadCorpusFile(f'line {number}: {key} takes a list, one `  - "…"` a line')
        elif key in _INTEGERS:
            if not re.fullmatch(r" [0-9]{1,9}", value):
                raise BadCorpusFile(f"line {number}: {key} takes an integer")
            values[key] = int(value)
        else:
            values[key] = _string(value.removeprefix(" "), number)
    return {key: tuple(value) if key in _LISTS else value for key, value in values.items()}


def _string(text: str, number: int) -> str:
    try:
        # Anything else could nest deeper than Python goes.
        value = json.loads(text) if text.startswith('"') else None
    except ValueError:
        value = None
    if not isinstance(value, str):
        raise BadCorpusFile(f"line {number}: {text[:40]!r} is no string in double quotes")
    return value


def dump_links(links: tuple[PageLink, ...]) -> str:
    """Return *links* as JSON lines, one a link in page order."""
    records = []
    for link in links:
        record = {"rel": link.rel, "position": link.position, "text": link.text}
        if link.url is not None:
            record["url"] = link.url
        records.append(record)
    return _ENCODER.encode_lines(records).decode()


def load_links(text: str) -> tuple[PageLink, ...]:
    """Return the links that `dump_links` wrote as *text*.

    Raises:
        BadCorpusFile: naming the line.
    """
    links = []
    *lines, rest = text.split("\n")
    if rest:
        raise BadCorpusFile(f"links, line {len(lines) + 1}: cut short")
    for number, line in enumerate(lines, 1):
        try:
            links.append(msgspec.json.decode(line, type=PageLink))
        except (msgspec.MsgspecError, RecursionError) as error:
            raise BadCorpusFile(f"links, line {number}: {error}") from error
    return tuple(links)


def file_digest(article: Article) -> str:
    """Return the digest of the corpus file of *article*, ``sha256:<hex>``."""
    return f"sha256:{hashlib.sha256(dump(article).encode()).hexdigest()}"


def stem(article: Article) -> str:
    """Return where *article* is kept, below ``corpus/`` and without an ending.

    ``<site>/<yyyy>/<mm>/<dd>-<slug>-<id>``; for an undated article ``<site>/undated/<slug>-<id>``.
    """
    name = "-".join(part for part in (slug(article.title), article.id) if part)
    if article.date is None:
        return f"{article.site}/undated/{name}"
    year, month, day = article.date[:10].split("-")
    return f"{article.site}/{year}/{month}/{day}-{name}"


def write_whole(path: Path, data: bytes) -> None:
    """Write *data* to *path* so that after a kill or a power cut the old or the new file is there, whole.

    Temp file, fsync, rename, fsync of the folder. Raises `OSError` as the system gives it.
    """
    temp = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with _opened(temp) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temp.replace(path)
    except OSError:
        temp.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _opened(path: Path) -> IO[bytes]:
    """Open *path* for writing; make its folder when it is not there, which is seldom."""
    try:
        return path.open("wb")
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("wb")


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusFile:
    """One article's files as the file system lists them, unopened."""

    stem: str
    stamp: tuple[int, int, int, int]
    """Modification time in ns and size in bytes of the text, then of the links (0, 0 when there are none)."""


class Corpus:
    """The archive's articles, site records and run reports under one folder."""

    def __init__(self, archive: Path) -> None:
        self.archive = archive

    def text_path(self, stem: str) -> Path:
        """Return the path of the corpus file of the article kept at *stem*."""
        return self.archive / "corpus" / f"{stem}.md"

    def links_path(self, stem: str) -> Path:
        """Return the path of the links of the article kept at *stem*."""
        return self.archive / "links" / f"{stem}.jsonl"

    def scan(self, site: str | None = None) -> Iterator[CorpusFile]:
        """Yield the files of every article, or of every article of *site*, in the order of their stems."""
        links = dict(_scan(self.archive / "links", site, ".jsonl"))
        for stem, stamp in _scan(self.archive / "corpus", site, ".md"):
            yield CorpusFile(stem=stem, stamp=(*stamp, *links.get(stem, (0, 0))))

    def read(self, stem: str) -> Article:
        """Return the article kept at *stem*, with its links.

        Raises:
            BadCorpusFile: when the file is not as `write` writes it; the message names the file.
            FileNotFoundError: when there is none.
        """
        path = self.text_path(stem)
        try:
            links = self.links_path(stem).read_bytes()
        except FileNotFoundError:
            links = b""
        try:
            return load(path.read_bytes().decode(), links.decode())
        except (BadCorpusFile, UnicodeDecodeError) as error:
            raise BadCorpusFile(f"{path}: {error}") from error

    def write(self, article: Article, stem: str) -> None:
        """Write *article* to its files at *stem*: links first, so that a text never lacks them.

        The text is read back strictly before it takes its place.
        """
        text, links = dump(article), dump_links(article.links)
        if load(text, links) != article:
            raise BadCorpusFile(f"{stem}: the article does not survive being written and read")
        try:
            text_bytes, links_bytes = text.encode(), links.encode()
        except UnicodeEncodeError as error:
            raise BadCorpusFile(f"{stem}: {error}") from error
        if links:
            write_whole(self.links_path(stem), links_bytes)
        else:
            self.links_path(stem).unlink(missing_ok=True)
        write_whole(self.text_path(stem), text_bytes)

    def revise(self, article: Article, stem: str) -> int:
        """Keep the text at *stem* as an earlier revision, write *article* in its place, return the revision's number.

        The earlier text is in place before the newer one, so that a kill between the two loses neither;
        done again after such a kill, nothing is kept twice.
        """
        earlier = self.text_path(stem).read_bytes()
        folder = self.archive / "revisions" / article.site / article.id
        kept = self.revisions(article.site, article.id)
        if kept and kept[-1].read_bytes() == earlier:
            number = int(kept[-1].stem)
        else:
            number = int(kept[-1].stem) + 1 if kept else 1
            write_whole(folder / f"{number}.md", earlier)
        self.write(article, stem)
        return number

    def remove(self, stem: str) -> None:
        """Remove the files of the article kept at *stem*: the text first, so that none is there without its links."""
        self.text_path(stem).unlink(missing_ok=True)
        self.links_path(stem).unlink(missing_ok=True)

    def revisions(self, site: str, id_: str | None = None) -> list[Path]:
        """Return the files of the earlier texts of the article with *id_*, or of all of *site*, oldest first."""
        found = (self.archive / "revisions" / site).glob(f"{id_ or '*'}/*.md")
        numbered = [path for path in found if path.stem.isdigit()]
        return sorted(numbered, key=lambda path: (path.parent.name, int(path.stem)))

    def read_revision(self, path: Path) -> Article:
        """Return the earlier text at *path*, without its links; raises `BadCorpusFile` as `read` does."""
        try:
            return load(path.read_bytes().decode())
        except (OSError, BadCorpusFile, UnicodeDecodeError) as error:
            raise BadCorpusFile(f"{path}: {error}") from error

    def write_revision(self, article: Article, path: Path) -> None:
        """Write *article* as the earlier text at *path*."""
        write_whole(path, dump(article).encode())

    def mark_gone(self, stem: str, day: str) -> str:
        """Note in the article at *stem* that since *day* the site says it is no more; return the file's new digest."""
        article = replace(self.read(stem), gone=day)
        self.write(article, stem)
        return file_digest(article)

    def sites(self) -> tuple[str, ...]:
        """Return the names of the sites that have articles or a record, sorted."""
        folders = [*self.archive.glob("corpus/*/"), *self.archive.glob("sites/*/")]
        return tuple(sorted({folder.name for folder in folders}))

    def site_record(self, name: str) -> SiteRecord | None:
        """Return what is known of the site called *name*, or ``None``.

        Raises:
            BadCorpusFile: when its file is not as `write_site_record` writes it.
        """
        path = self.archive / "sites" / name / "site.toml"
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
            values["notices"] = values.pop("notice", [])
            return msgspec.convert(values, SiteRecord)
        except FileNotFoundError:
            return None
        except (ValueError, msgspec.MsgspecError) as error:
            raise BadCorpusFile(f"{path}: {error}") from error

    def set_aside_site_record(self, name: str) -> None:
        """Keep the record of *name*, which cannot be read, as ``site.toml.bad``, so that it can be made anew."""
        path = self.archive / "sites" / name / "site.toml"
        path.replace(path.with_name("site.toml.bad"))

    def write_site_record(self, record: SiteRecord) -> None:
        """Write *record* as TOML, unless the file already says the same."""
        lines = [
            f"{key} = {_toml(value)}\n"
            for key, value in asdict(record).items()
            if key != "notices" and value not in (None, ())
        ]
        lines += [f"\n[[notice]]\nfact = {_toml(n.fact)}\ntext = {_toml(n.text)}\n" for n in record.notices]
        path = self.archive / "sites" / record.name / "site.toml"
        data = "".join(lines).encode()
        if not path.exists() or path.read_bytes() != data:
            write_whole(path, data)

    def memory(self, name: str) -> Memory | None:
        """Return what recurs on the pages of the site called *name*; ``None`` when it is not known, or cannot be read."""
        try:
            return msgspec.json.decode(self._memory_path(name).read_bytes(), type=Memory)
        except (FileNotFoundError, msgspec.MsgspecError):
            return None

    def write_memory(self, name: str, memory: Memory) -> None:
        """Keep *memory* as JSON that a person can read, unless the file already says the same."""
        data = msgspec.json.format(msgspec.json.encode(memory), indent=2) + b"\n"
        path = self._memory_path(name)
        if not path.exists() or path.read_bytes() != data:
            write_whole(path, data)

    def _memory_path(self, name: str) -> Path:
        return self.archive / "sites" / name / "memory.json"

    def add_notices(self, record: SiteRecord, notices: tuple[Notice, ...]) -> SiteRecord:
        """Return *record* with those of *notices* it has not yet, each text once, in the order met."""
        known = {notice.text for notice in record.notices}
        fresh = {notice.text: notice for notice in notices if notice.text not in known}
        return replace(record, notices=(*record.notices, *fresh.values()))

    def run_paths(self, site: str | None = None) -> list[Path]:
        """Return where the reports of all runs, or those of *site*, are, oldest first: ``runs/<when>-<site>.json``."""
        paths = sorted(self.archive.glob(f"runs/*{f'-{site}' if site else ''}.json"))
        return [path for path in paths if site in {None, _site_of_run(path.name)}]

    def last_runs(self) -> Mapping[str, Path]:
        """Return where the report of the last run of each site is."""
        return {_site_of_run(path.name): path for path in self.run_paths()}

    def read_run(self, path: Path) -> RunReport:
        """Return the report at *path*; raises `BadCorpusFile` when it cannot be read."""
        try:
            return msgspec.json.decode(path.read_bytes(), type=RunReport)
        except (OSError, msgspec.MsgspecError) as error:
            raise BadCorpusFile(f"{path}: a run report cannot be read: {error}") from error

    def write_run(self, report: RunReport) -> Path:
        """Write *report* beside those of earlier runs and return its path."""
        stamp = report.started.replace("-", "").replace(":", "")
        path = self.archive / "runs" / f"{stamp}-{report.site}.json"
        others = count(2)
        while path.exists():  # two runs that began in one second: the second sorts after the first
            path = path.with_name(f"{stamp}.{next(others)}-{report.site}.json")
        write_whole(path, msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
        return path

    def forget_runs(self, before: datetime) -> None:
        """Remove the reports of runs that began *before* then, but for the last of each site."""
        stamp = f"{before:%Y%m%dT%H%M%S}"
        try:
            # There may be very many, of which most often none is old.
            names = [path.name for path in (self.archive / "runs").iterdir()]
        except FileNotFoundError:
            return
        if not any(name < stamp and name.endswith(".json") for name in names):
            return
        last = set(self.last_runs().values())
        for path in self.run_paths():
            if path.name < stamp and path not in last:
                path.unlink(missing_ok=True)

    def sweep(self, site: str) -> None:
        """Remove the temporary files that a killed run of *site* left; for the holder of its lease alone."""
        for folder in ("corpus", "links", "revisions", "sites"):
            for temp in (self.archive / folder / site).rglob(".*.tmp"):
                temp.unlink(missing_ok=True)
        for temp in self.archive.glob("runs/.*.json.*.tmp"):
            if _site_of_run(temp.name) == site:
                temp.unlink(missing_ok=True)


def _site_of_run(name: str) -> str:
    """Return the site of the run report, or its temporary file, called *name*: ``[.]<when>-<site>.json[…]``."""
    return name.partition("-")[2].rpartition(".json")[0]


def as_record(article: Article) -> Mapping[str, Any]:
    """Return *article* as one flat record for exports: front-matter keys that are known, then body and links."""
    record = {key: value for key, value in asdict(article).items() if value not in (None, ())}
    record["body"] = article.body
    record["links"] = [{k: v for k, v in asdict(link).items() if v is not None} for link in article.links]
    return record


def _scan(folder: Path, site: str | None, ending: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield stem and (mtime in ns, size) of the files under *folder*, in the order of the stems."""
    if site:
        yield from _walk(folder / site, f"{site}/", ending)
    else:
        yield from _walk(folder, "", ending)


def _walk(folder: Path, prefix: str, ending: str) -> Iterator[tuple[str, tuple[int, int]]]:
    try:
        with os.scandir(folder) as entries:
            # A folder sorts as its stems do: with the slash that follows it.
            found = [
                (f"{entry.name}/" if entry.is_dir(follow_symlinks=False) else entry.name, entry)
                for entry in entries
                if not entry.name.startswith(".")
            ]
    except FileNotFoundError:
        return
    for name, entry in sorted(found, key=lambda one: one[0].removesuffix(ending)):
        if name.endswith("/"):
            yield from _walk(folder / entry.name, prefix + name, ending)
        elif name.endswith(ending):
            stat = entry.stat(follow_symlinks=False)
            yield prefix + name.removesuffix(ending), (stat.st_mtime_ns, stat.st_size)


def _toml(value: object) -> str:
    """Return *value* as TOML: JSON's strings and arrays are TOML's too, but for DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")

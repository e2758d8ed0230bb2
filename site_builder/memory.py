"""The builder's memory, ``archive/build/memory.sqlite``: what was loaded, rendered and written the last time.

It may be deleted at any time: the next build is then a full one.
"""

import sqlite3
from collections.abc import Generator, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self

import msgspec

from site_builder.output import Stamp

VERSION = 1
"""Raised when a table changes its form; an older memory is then forgotten."""

_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS article (stem TEXT PRIMARY KEY, stamp BLOB, record BLOB, links BLOB) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS body (key TEXT PRIMARY KEY, html TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS page (path TEXT PRIMARY KEY, digest TEXT, inputs BLOB, mtime INT, size INT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
PRAGMA user_version = {VERSION};
"""


class DamagedMemory(RuntimeError):
    """The memory lacks what it should hold: a full build heals it."""


class PageRecord(msgspec.Struct, frozen=True):
    """What is remembered of a written page."""

    digest: str
    """Of its inputs."""
    stamp: Stamp
    """Of its file."""


class Memory:
    """The tables of the last build."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open the memory in *folder*; a damaged or older one is forgotten and begun again."""
        path = folder / "memory.sqlite"
        try:
            return cls._open(path)
        except sqlite3.DatabaseError:
            cls.forget(folder)
            return cls._open(path)

    @classmethod
    def _open(cls, path: Path) -> Self:
        db = sqlite3.connect(path)
        try:
            # Off: after a power cut a lost or damaged memory costs a full build and nothing else.
            db.execute("PRAGMA synchronous=OFF")
            version, tables = db.execute(
                "SELECT user_version, (SELECT count(*) FROM sqlite_schema) FROM pragma_user_version"
            ).fetchone()
            if tables and version != VERSION:
                raise sqlite3.DatabaseError(f"memory of version {version}")
            if not tables:
                db.executescript(_SCHEMA)
        except BaseException:
            db.close()
            raise
        return cls(db)

    @staticmethod
    def forget(folder: Path) -> None:
        """Delete the memory in *folder*."""
        for path in folder.glob("memory.sqlite*"):
            with suppress(FileNotFoundError):
                path.unlink()

    def close(self) -> None:
        """Close the file; what was not committed is forgotten."""
        self._db.close()

    def commit(self) -> None:
        """Keep what was written since the last commit."""
        self._db.commit()

    def fact(self, name: str) -> str | None:
        """Return what was remembered as *name*."""
        row = self._db.execute("SELECT value FROM fact WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def keep_fact(self, name: str, value: str) -> None:
        """Remember *value* as *name*."""
        self._db.execute("REPLACE INTO fact VALUES (?, ?)", (name, value))

    def stamps(self) -> dict[str, bytes]:
        """Return how the file system listed each article's files, by stem."""
        return dict(self._db.execute("SELECT stem, stamp FROM article"))

    def records(self) -> Generator[tuple[str, bytes], None, None]:
        """Yield stem and record of each article, in the order of their stems."""
        yield from self._db.execute("SELECT stem, record FROM article ORDER BY stem")

    def links(self) -> Generator[tuple[str, bytes], None, None]:
        """Yield stem and packed links of each article that has any."""
        yield from self._db.execute("SELECT stem, links FROM article WHERE links != x''")

    def keep_article(self, stem: str, stamp: bytes, record: bytes, links: bytes) -> None:
        """Remember what was loaded from the files at *stem*."""
        self._db.execute("REPLACE INTO article VALUES (?, ?, ?, ?)", (stem, stamp, record, links))

    def forget_articles(self, stems: Iterable[str]) -> None:
        """Forget the articles at *stems*."""
        self._db.executemany("DELETE FROM article WHERE stem = ?", ((stem,) for stem in stems))

    def has_body(self, key: str) -> bool:
        """Say whether the body called *key* is there."""
        return self._db.execute("SELECT 1 FROM body WHERE key = ?", (key,)).fetchone() is not None

    def body(self, key: str) -> str:
        """Return the HTML of the body called *key*."""
        row: tuple[str] | None = self._db.execute("SELECT html FROM body WHERE key = ?", (key,)).fetchone()
        if row is None:
            raise DamagedMemory(f"no rendered body {key}")
        return row[0]

    def keep_bodies(self, bodies: Iterable[tuple[str, str]]) -> None:
        """Remember *bodies*: key and HTML."""
        self._db.executemany("REPLACE INTO body VALUES (?, ?)", bodies)

    def keep_only_bodies(self, keys: Iterable[str]) -> None:
        """Forget every body that is not one of *keys*."""
        self._db.execute("CREATE TEMP TABLE wanted (key TEXT PRIMARY KEY) WITHOUT ROWID")
        self._db.executemany("INSERT OR IGNORE INTO wanted VALUES (?)", ((key,) for key in keys))
        self._db.execute("DELETE FROM body WHERE key NOT IN (SELECT key FROM wanted)")
        self._db.execute("DROP TABLE wanted")

    def pages(self) -> dict[str, PageRecord]:
        """Return what is remembered of each written page, by path."""
        rows = self._db.execute("SELECT path, digest, mtime, size FROM page")
        return {path: PageRecord(digest, (mtime, size)) for path, digest, mtime, size in rows}

    def page_stamps(self) -> dict[str, Stamp]:
        """Return how the file system listed each page when it was written, by path."""
        rows = self._db.execute("SELECT path, mtime, size FROM page")
        return {path: (mtime, size) for path, mtime, size in rows}

    def inputs(self, path: str) -> Mapping[str, str] | None:
        """Return the inputs that the page at *path* was written from, or ``None`` when it never was."""
        row = self._db.execute("SELECT inputs FROM page WHERE path = ?", (path,)).fetchone()
        return msgspec.json.decode(row[0], type=dict[str, str]) if row else None

    def keep_page(self, path: str, digest: str, inputs: Mapping[str, str], stamp: Stamp) -> None:
        """Remember that the page at *path* was written from *inputs*."""
        self._db.execute(
            "REPLACE INTO page VALUES (?, ?, ?, ?, ?)", (path, digest, msgspec.json.encode(inputs), *stamp)
        )

    def forget_pages(self, paths: Iterable[str]) -> None:
        """Forget the pages at *paths*."""
        self._db.executemany("DELETE FROM page WHERE path = ?", ((path,) for path in paths))

"""The state file of one site, ``state/<site>.sqlite``: its tables, who may write it, and how it is opened."""

import fcntl
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Self, TypeVar

VERSION = 2

Step = TypeVar("Step")

_SCHEMA = """
create table meta (key text primary key, value) without rowid;
create table link (
    id integer primary key,
    identity text not null unique,      -- crawler.urls.identity
    url text not null,
    host text not null,                 -- crawler.urls.netloc
    source text not null,               -- items.Source, the most trusted so far; the hints below are its word
    found_on text, found_at integer not null, text text, title text, published text, modified text, language text,
    depth integer not null,             -- pages in a row that gave no article, up to this link
    hops integer not null default 0,    -- redirects that led here
    lane integer not null,              -- crawler.frontier.Lane
    rank text not null,                 -- within its lane: the day it is dated to, the newest first
    priority integer not null,          -- among equals: smaller is sooner
    state text not null default 'new',  -- new, leased, retry (again in this run), done, gone, refused, failed
    reason text,                        -- of that state
    kind text, form text,               -- items.Kind and Reading.form, once read
    because text,                       -- Reading.reasons, a line each
    etag text, last_modified text, digest text,
    fetched_at integer, fetched_run integer,
    next_check integer,                 -- seconds since 1970; null: never
    interval integer,                   -- of a listing, seconds
    steady integer not null default 0,  -- looks at a listing on time in a row
    fails integer not null default 0,   -- in a row
    body_at integer,                    -- when the body with this digest was captured
    article_id text, stem text, file_digest text, captured text,
    text_digest text,                   -- of the article held: crawler.store.text_digest
    gone_at integer,                    -- since when the article held is gone
    moved_from integer                  -- the link of an article held whose address redirects here
);
create index link_found_on on link (found_on);
create index link_listing on link (next_check) where lane = 0 and next_check is not null;
create index link_new on link (lane, rank desc, priority, id) where state = 'new' and lane > 0 and next_check is not null;
create index link_again on link (next_check) where state != 'new' and lane > 0 and next_check is not null;
create index link_retry on link (next_check) where state = 'retry';
create index link_leased on link (state) where state = 'leased';
create unique index link_article on link (article_id) where article_id is not null;
create index link_text on link (text_digest) where text_digest is not null;
create table alias (identity text primary key, link_id integer not null, why text not null) without rowid;
create table sighting (
    link_id integer, source text, found_on text, at integer, primary key (link_id, source)
) without rowid;
create table fetch (
    id integer primary key,
    link_id integer,                    -- null: robots.txt
    run_id integer not null, at integer not null, status integer not null, bytes integer not null,
    warc text, offset integer, length integer, digest text,
    read integer not null               -- 0 until what the capture says is stored
);
create index fetch_unread on fetch (read) where read = 0;
create index fetch_link on fetch (link_id);
create table warc (
    file text primary key,
    end integer not null                -- bytes committed
) without rowid;
create table run (
    id integer primary key, started integer not null, ended integer,
    report text, told blob              -- its name on disk, and what it says without failures and reasons, as JSON
);
create table host (
    origin text primary key, robots_at integer, robots_status integer, robots_body blob, robots_warc text
) without rowid;
create table pause (host text primary key, until integer not null) without rowid;
"""


_YOUNGER_THAN_THE_VERSION = (  # made wherever they are missing
    (
        "create index if not exists link_undated on link (lane, rank desc, priority, id)"
        " where state = 'new' and lane > 0 and next_check is not null and published is null"
    ),
    # What of each article held may recur: the numbers of its marks (items.Mark), 8 bytes each.
    "create table if not exists sample (article_id text primary key, captured text not null, marks blob not null) without rowid",
    "create index if not exists link_deep on link (found_on) where state = 'new' and depth > 1",
)


class SiteBusy(Exception):
    """Another run holds the site."""


class BadState(Exception):
    """A state file that this version cannot use; the message says what to do."""


class _Connection(sqlite3.Connection):
    """A connection to a state file that says `BadState` where SQLite finds the file damaged."""

    path: Path

    def execute(self, *args: Any) -> "_Cursor":
        return self.cursor(_Cursor).execute(*args)

    def executemany(self, *args: Any) -> "_Cursor":
        return self.cursor(_Cursor).executemany(*args)


class _Cursor(sqlite3.Cursor):
    def execute(self, *args: Any) -> Self:
        return self._sound(super().execute, *args)

    def executemany(self, *args: Any) -> Self:
        return self._sound(super().executemany, *args)

    def fetchone(self) -> Any:
        return self._sound(super().fetchone)

    def fetchall(self) -> Any:
        return self._sound(super().fetchall)

    def __next__(self) -> Any:
        return self._sound(super().__next__)

    def _sound(self, step: Callable[..., Step], *args: Any) -> Step:
        try:
            return step(*args)
        except sqlite3.DatabaseError as error:
            if _is_damage(error):
                assert isinstance(self.connection, _Connection)
                raise BadState(_unusable(self.connection.path, error)) from error
            raise


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    """Whether *error* says that the file is not as it was written; a full disk, for one, is of a class of its own."""
    return type(error) is sqlite3.DatabaseError or "Could not decode to UTF-8" in str(error)


class State:
    """One site's state file, open for writing. Only one process at a time can: the lease on the site."""

    def __init__(self, path: Path) -> None:
        """Open or make the state file at *path*.

        Raises:
            SiteBusy: another run holds the site.
            BadState: the file is no state file of this version.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._lease = _lease(path.with_suffix(".lock"))
        try:
            self.db = sqlite3.connect(path, isolation_level=None, timeout=10, factory=_Connection)
            self.db.path = path
            self.db.row_factory = sqlite3.Row
            self.db.execute("pragma journal_mode = wal")
            self.db.execute("pragma synchronous = normal")
            self.db.execute("pragma cache_size = -256")  # KiB: hundreds of sites are open at once
            if not self.db.execute("pragma user_version").fetchone()[0]:
                with self.commit():
                    for statement in _SCHEMA.split(";\n"):
                        self.db.execute(statement)
                    self.db.execute(f"pragma user_version = {VERSION}")
            _require_version(self.db, path)
            for statement in _YOUNGER_THAN_THE_VERSION:
                self.db.execute(statement)
        except (sqlite3.DatabaseError, BadState) as error:
            if hasattr(self, "db"):
                self.db.close()
            self._lease.close()
            if isinstance(error, BadState):
                raise
            raise OSError(f"{path}: {error}") from error

    @contextmanager
    def read_as_written(self) -> Iterator[None]:
        """Raise `BadState` where a value that was read is nothing that a run writes (`ValueError`)."""
        try:
            yield
        except ValueError as error:
            raise BadState(_unusable(self.path, error)) from error

    def close(self) -> None:
        """Give the site back."""
        self.db.close()
        self._lease.close()

    @contextmanager
    def commit(self) -> Iterator[sqlite3.Connection]:
        """Do what is done to the connection given as one change: all of it or, after a kill or an error, nothing."""
        self.db.execute("begin immediate")
        try:
            yield self.db
        except BaseException:
            if self.db.in_transaction:  # SQLite itself may have rolled back what it could not write
                self.db.execute("rollback")
            raise
        self.db.execute("commit")


@contextmanager
def looked_at(path: Path) -> Iterator[sqlite3.Connection]:
    """Give a connection that reads the state file at *path*, also while a run writes it.

    Raises:
        FileNotFoundError: there is none.
        BadState: it is no state file of this version, or what is read of it is nothing that a run writes (`ValueError`).
    """
    if not path.exists():
        raise FileNotFoundError(path)
    db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=10)
    try:
        db.row_factory = sqlite3.Row
        _require_version(db, path)
        yield db
    except sqlite3.DatabaseError as error:
        if _is_damage(error):
            raise BadState(_unusable(path, error)) from error
        raise OSError(f"{path}: {error}") from error
    except ValueError as error:
        raise BadState(_unusable(path, error)) from error
    finally:
        db.close()


@contextmanager
def leased(path: Path) -> Iterator[None]:
    """Hold the lease on the site whose state file is at *path*, without opening it; raises `SiteBusy`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with _lease(path.with_suffix(".lock")):
        yield


def seconds(moment: datetime | None) -> Any:
    """Return *moment* as the state file keeps it: whole seconds since 1970."""
    return None if moment is None else int(moment.timestamp())


def moment(kept: int | None) -> datetime | None:
    """Return the time kept as whole seconds since 1970."""
    return None if kept is None else datetime.fromtimestamp(kept, UTC)


def _require_version(db: sqlite3.Connection, path: Path) -> None:
    version = db.execute("pragma user_version").fetchone()[0]
    if version != VERSION:
        raise BadState(
            f"{path} is of version {version}, this program of {VERSION};"
            " pressmark verify --rebuild-state makes it anew from the captures"
        )


def _unusable(path: Path, error: Exception) -> str:
    return (
        f"{path} cannot be used ({error}); pressmark verify --rebuild-state makes it anew from the captures"
    )


def _lease(path: Path) -> IO[bytes]:
    file = path.open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise SiteBusy(f"another run holds {path.stem}") from error
    return file

"""The crawler's memory of one site, ``state/<site>.sqlite``: links found, what is known of each, and when to look again."""

import fcntl
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, Any

from crawler.captures import Place
from crawler.discovery.dates import instant
from crawler.items import Kind, Link, Source
from crawler.urls import article_id, identity

SCHEMA_VERSION = 1
_IS_DUE = (
    "next_check <= :now and state != 'leased' and (fetched_run is not :run or state = 'retry')"
    " and (published is null or substr(published, 1, 10) between :since and :until)"
)
MAX_BARREN_DEPTH = 8
"""Pages in a row, each found on the one before, that gave no article: deeper links are not followed."""

MINUTE, HOUR, DAY = 60, 3600, 86400
LISTING_INTERVAL_SECONDS = {
    "feed": HOUR,
    "news-sitemap": HOUR,
    "sitemap": 6 * HOUR,
    "sitemap-index": 6 * HOUR,
}
SECTION_INTERVAL_SECONDS = 6 * HOUR
MIN_LISTING_INTERVAL_SECONDS = 15 * MINUTE
MAX_LISTING_INTERVAL_SECONDS = 7 * DAY
# A listing that changed is looked at sooner, one that did not later. Source: the rule of Common Crawl's news crawler.
CHANGED_FACTOR, UNCHANGED_FACTOR = 0.8, 1.5
# Ages at which an article is looked at again. Source: NewsDiffs.
ARTICLE_CHECK_AGES_SECONDS = (HOUR, 4 * HOUR, DAY, 3 * DAY, 14 * DAY)
OTHER_INTERVAL_SECONDS = 30 * DAY

# Order in which links are followed, by what is expected of them.
_PRIORITY = {
    Source.START: 0,
    Source.ROBOTS: 1,
    Source.WELL_KNOWN: 1,
    Source.AUTODISCOVERY: 1,
    Source.NEWS_SITEMAP: 2,
    Source.FEED: 2,
    Source.SITEMAP: 4,
    Source.SECTION: 4,
    Source.RELATED: 5,
    Source.INLINE: 5,
    Source.PAGE: 6,
}
# Sources whose word that an address is an article counts when yields are compared.
NAMING_SOURCES = (
    Source.NEWS_SITEMAP,
    Source.SITEMAP,
    Source.FEED,
    Source.SECTION,
    Source.RELATED,
    Source.INLINE,
)

_SCHEMA = """
create table meta (key text primary key, value text) without rowid;
create table link (
    id integer primary key,
    identity text not null unique,      -- crawler.urls.identity
    url text not null,
    source text not null,               -- items.Source, the most trusted so far; the hints below are its word
    found_on text, text text, title text, published text, modified text, language text,
    depth integer not null,             -- pages in a row that gave no article, up to this link
    hops integer not null default 0,    -- redirects that led here
    priority integer not null,          -- smaller is sooner
    state text not null default 'new',  -- new, leased, retry (again in this run), done, gone, refused, failed
    reason text,                        -- of that state
    kind text, form text,               -- items.Kind and Reading.form, once read
    etag text, last_modified text, digest text,
    fetched_at integer, fetched_run integer,
    next_check integer,                 -- seconds since 1970; null: never
    interval integer,                   -- of a listing, seconds
    fails integer not null default 0,   -- in a row
    body_at integer,                    -- when the body with this digest was captured
    article_id text, stem text, file_digest text, captured text
);
create index link_found_on on link (found_on);
create index link_due on link (next_check, priority);
create unique index link_article on link (article_id) where article_id is not null;
create table alias (identity text primary key, link_id integer not null, why text not null) without rowid;
create table sighting (link_id integer, source text, primary key (link_id, source)) without rowid;
create table fetch (
    id integer primary key,
    link_id integer,                    -- null: robots.txt
    run_id integer not null, at integer not null, status integer not null, bytes integer not null,
    warc text, offset integer, length integer, digest text,
    read integer not null               -- 0 until what the capture says is stored
);
create index fetch_unread on fetch (read) where read = 0;
create table run (id integer primary key, started integer not null, ended integer, report text);
create table host (
    origin text primary key, robots_at integer, robots_status integer, robots_body blob, robots_warc text
) without rowid;
"""


class SiteBusy(Exception):
    """Another run holds the site."""


class BadState(Exception):
    """A state file that this version cannot use; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A leased link with what is known of it."""

    id: int
    link: Link
    depth: int
    hops: int
    kind: Kind | None
    form: str | None
    etag: str | None
    last_modified: str | None
    digest: str | None
    """Of the body last fetched, ``sha256:<hex>``."""
    interval_seconds: int | None
    fails: int
    article_id: str | None
    stem: str | None
    file_digest: str | None
    """Of the corpus file as last written."""
    captured_at: datetime | None
    """When that body was captured."""
    captured: str | None
    """`Article.captured` of the article held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The article a link leads to, as stored."""

    article_id: str
    stem: str
    file_digest: str
    captured: str


class Frontier:
    """One site's links. Only one process at a time can open it: the lease on the site."""

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
            self._db = sqlite3.connect(path, isolation_level=None, timeout=10)
            self._db.row_factory = sqlite3.Row
            self._db.execute("pragma journal_mode = wal")
            self._db.execute("pragma synchronous = normal")
            if not self._db.execute("pragma user_version").fetchone()[0]:
                with self._commit():
                    for statement in _SCHEMA.split(";\n"):
                        self._db.execute(statement)
                    self._db.execute(f"pragma user_version = {SCHEMA_VERSION}")
            version = self._db.execute("pragma user_version").fetchone()[0]
        except sqlite3.DatabaseError as error:
            if hasattr(self, "_db"):
                self._db.close()
            self._lease.close()
            if isinstance(error, sqlite3.OperationalError):
                raise OSError(f"{path}: {error}") from error
            raise BadState(f"{path} is no state file ({error}); move it away to begin anew") from error
        if version != SCHEMA_VERSION:
            self.close()
            raise BadState(
                f"{path} is of version {version}, this program of {SCHEMA_VERSION}; move it away to begin anew"
            )
        self.run_id = 0

    def close(self) -> None:
        """Give the site back."""
        self._db.close()
        self._lease.close()

    @contextmanager
    def _commit(self) -> Iterator[sqlite3.Connection]:
        self._db.execute("begin immediate")
        try:
            yield self._db
        except BaseException:
            self._db.execute("rollback")
            raise
        self._db.execute("commit")

    # A run

    def was_cut_short(self) -> bool:
        """Return whether the last run did not come to its end, or nothing is known of one."""
        last = self._db.execute("select ended from run order by id desc limit 1").fetchone()
        return last is None or last[0] is None

    def begin(self, now: datetime) -> None:
        """Begin a run: links an earlier one had leased are due again."""
        with self._commit() as db:
            db.execute("update link set state = 'new', next_check = 0 where state in ('leased', 'retry')")
            self.run_id = db.execute("insert into run (started) values (?)", (_seconds(now),)).lastrowid or 0

    def end(self, now: datetime, report: str) -> None:
        """End the run with its *report* (JSON)."""
        with self._commit() as db:
            db.execute(
                "update run set ended = ?, report = ? where id = ?", (_seconds(now), report, self.run_id)
            )

    def warc_ends(self) -> dict[str, int]:
        """Return where the last committed record of each WARC ends, bytes by file name."""
        rows = self._db.execute(
            "select warc, max(offset + length) from fetch where warc is not null group by warc"
        )
        return dict(rows.fetchall())

    def newest_fetch(self) -> datetime | None:
        """Return when anything was last fetched."""
        newest = self._db.execute("select max(at) from fetch").fetchone()[0]
        return None if newest is None else datetime.fromtimestamp(newest, UTC)

    # Links

    def add(self, links: Iterable[Link], now: datetime, *, depth: int = 0, hops: int = 0) -> int:
        """Note *links*; return how many are new. What was found before gains what is said of it now."""
        with self._commit():
            return sum(self._add(link, now, depth, hops) for link in links)

    def _add(self, link: Link, now: datetime, depth: int, hops: int) -> bool:
        db, key = self._db, identity(link.url)
        row = db.execute("select * from link where identity = ?", (key,)).fetchone()
        if row is None and (
            alias := db.execute("select link_id from alias where identity = ?", (key,)).fetchone()
        ):
            row = db.execute("select * from link where id = ?", (alias[0],)).fetchone()
        if row is None:
            cursor = db.execute(
                "insert into link (identity, url, source, found_on, text, title, published, modified, language, depth,"
                " hops, priority, next_check) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    key, link.url, link.source, link.found_on, link.text, link.title, link.published, link.modified,
                    link.language, depth, hops, _PRIORITY[link.source], 0 if depth <= MAX_BARREN_DEPTH else None,
                ),
            )  # fmt: skip
            db.execute("insert into sighting values (?, ?)", (cursor.lastrowid, link.source))
            return True
        db.execute("insert or ignore into sighting values (?, ?)", (row["id"], link.source))
        changes: dict[str, Any] = {}
        for name in ("text", "title", "published", "language"):
            if row[name] is None and (value := getattr(link, name)) is not None:
                changes[name] = value
        if _PRIORITY[link.source] < row["priority"]:
            changes |= {"priority": _PRIORITY[link.source], "source": link.source}
        if depth < row["depth"]:
            changes["depth"] = depth
            if row["state"] == "new" and row["next_check"] is None:
                changes["next_check"] = 0
        if link.modified and (row["modified"] is None or instant(link.modified) > instant(row["modified"])):
            changes["modified"] = link.modified
            if self._says_changed(row, link.modified):
                changes["next_check"] = _seconds(now)
        if changes:
            names = ", ".join(f"{name} = ?" for name in changes)
            db.execute(f"update link set {names} where id = ?", (*changes.values(), row["id"]))  # noqa: S608
        return False

    def _says_changed(self, row: sqlite3.Row, modified: str) -> bool:
        """Whether a listing that states *modified*, newer than what was stated before, makes the link due."""
        if row["fetched_at"] is None or row["fetched_run"] == self.run_id:
            return False
        return row["modified"] is not None or instant(modified) > row["fetched_at"]

    def poll_listings(self, now: datetime) -> None:
        """Make the listings a reader would look at due now: the start, feeds, sitemaps, and the sections it links to.

        Listings behind those are due when their own interval has passed, or when one before them leads to something new.
        """
        with self._commit() as db:
            db.execute(
                "update link set next_check = ? where state != 'leased' and kind is 'listing'"
                " and (form is not 'section' or source in ('start', 'robots', 'well-known', 'autodiscovery'))",
                (_seconds(now),),
            )
            db.execute(
                "update link set next_check = ? where source = ? and state != 'leased'",
                (_seconds(now), Source.START),
            )

    def poll_sections_of(self, url: str, now: datetime) -> None:
        """Make the section pages found on *url*, which changed, due now unless this run looked at them."""
        with self._commit() as db:
            db.execute(
                "update link set next_check = ? where found_on = ? and kind is 'listing' and state != 'leased'"
                " and fetched_run is not ?",
                (_seconds(now), url, self.run_id),
            )

    def recheck_articles(self, now: datetime) -> None:
        """Make every held article due now."""
        with self._commit() as db:
            db.execute(
                "update link set next_check = ? where article_id is not null and state != 'gone'",
                (_seconds(now),),
            )

    def lease(
        self, count: int, now: datetime, *, since: date | None = None, until: date | None = None
    ) -> list[Due]:
        """Lease up to *count* links that are due, most promising first, newest first among equals.

        Links that a listing dates before *since* or after *until* stay where they are.
        """
        with self._commit() as db:
            rows = db.execute(
                f"select * from link where {_IS_DUE}"  # noqa: S608 (a constant)
                " order by priority, coalesce(published, modified, '') desc, depth, id limit :count",
                {**self._due_terms(now, since, until), "count": count},
            ).fetchall()
            db.executemany("update link set state = 'leased' where id = ?", [(row["id"],) for row in rows])
        return [_due(row) for row in rows]

    def due_count(self, now: datetime, *, since: date | None = None, until: date | None = None) -> int:
        """Return how many links `lease` could give now."""
        terms = self._due_terms(now, since, until)
        count: int = self._db.execute(
            f"select count(*) from link where {_IS_DUE}",  # noqa: S608 (a constant)
            terms,
        ).fetchone()[0]
        return count

    def _due_terms(self, now: datetime, since: date | None, until: date | None) -> dict[str, Any]:
        return {
            "now": _seconds(now),
            "run": self.run_id,
            "since": since.isoformat() if since else "",
            "until": until.isoformat() if until else "9999-99-99",
        }

    def next_due(self) -> datetime | None:
        """Return when the next second try of this run is due, or ``None``."""
        when = self._db.execute("select min(next_check) from link where state = 'retry'").fetchone()[0]
        return None if when is None else datetime.fromtimestamp(when, UTC)

    # What came of a leased link

    def fetched(  # noqa: D417
        self,
        due: Due | None,
        now: datetime,
        *,
        status: int,
        size: int,
        place: Place | None,
        digest: str | None,
        etag: str | None = None,
        last_modified: str | None = None,
        read: bool,
    ) -> int:
        """Note that the answer to *due* (``None``: robots.txt) lies at *place*; return the number of the fetch.

        Args:
            size: bytes of the body.
            read: ``False`` when what the capture says is yet to be stored.
        """
        with self._commit() as db:
            cursor = db.execute(
                "insert into fetch (link_id, run_id, at, status, bytes, warc, offset, length, digest, read)"
                " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    due.id if due else None, self.run_id, _seconds(now), status, size,
                    place.file if place else None, place.offset if place else None, place.length if place else None,
                    digest, int(read),
                ),
            )  # fmt: skip
            if due:
                db.execute(
                    "update link set fetched_at = ?, fetched_run = ?, etag = coalesce(?, etag),"
                    " last_modified = coalesce(?, last_modified), digest = coalesce(?, digest),"
                    " body_at = case when ? is null then body_at else ? end where id = ?",
                    (_seconds(now), self.run_id, etag, last_modified, digest, digest, _seconds(now), due.id),
                )
            return cursor.lastrowid or 0

    def done(
        self,
        due: Due,
        fetch_id: int | None,
        now: datetime,
        *,
        state: str = "done",
        reason: str | None = None,
        kind: Kind | None = None,
        form: str | None = None,
        next_check: datetime | None,
        interval_seconds: int | None = None,
        held: Held | None = None,
        file_digest: str | None = None,
        links: Iterable[Link] = (),
        links_depth: int = 0,
        links_hops: int = 0,
    ) -> int:
        """End the lease of *due*: what it turned out to be, the *links* found on it, when to look again.

        *file_digest* is that of the corpus file when only that changed. An article gives the links found beside it another chance, however deep. Returns how many links are new.
        """
        with self._commit() as db:
            db.execute(
                "update link set state = ?, reason = ?, kind = coalesce(?, kind), form = coalesce(?, form),"
                " next_check = ?, interval = coalesce(?, interval), fails = 0 where id = ?",
                (state, reason, kind, form, _seconds(next_check), interval_seconds, due.id),
            )
            if held:
                db.execute(
                    "update link set article_id = ?, stem = ?, file_digest = ?, captured = ? where id = ?",
                    (held.article_id, held.stem, held.file_digest, held.captured, due.id),
                )
                db.execute(
                    "update link set depth = 1, next_check = coalesce(next_check, 0) where found_on = ? and depth > 1"
                    " and state = 'new'",
                    (due.link.found_on,),
                )
            if file_digest:
                db.execute("update link set file_digest = ? where id = ?", (file_digest, due.id))
            if fetch_id is not None:
                db.execute("update fetch set read = 1 where id = ?", (fetch_id,))
            return sum(self._add(link, now, links_depth, links_hops) for link in links)

    def failed(self, due: Due, reason: str, next_try: datetime, *, again: bool) -> None:
        """End the lease of *due* without an answer that counts; try again at *next_try*, in this run if *again*."""
        with self._commit() as db:
            db.execute(
                "update link set state = ?, reason = ?, fails = fails + 1, fetched_run = ?, next_check = ? where id = ?",
                ("retry" if again else "failed", reason, self.run_id, _seconds(next_try), due.id),
            )

    def readdress(self, due: Due, url: str) -> bool:
        """Ask for *due* at *url* from now on, at once; its earlier identity becomes an alias.

        Returns ``False``, and changes nothing, when another link has the identity of *url*.
        """
        before, after = identity(due.link.url), identity(url)
        with self._commit() as db:
            if after != before and db.execute("select 1 from link where identity = ?", (after,)).fetchone():
                return False
            db.execute(
                "update link set url = ?, identity = ?, hops = hops + 1, state = 'new', fetched_run = null, next_check = 0"
                " where id = ?",
                (url, after, due.id),
            )
            if after != before:
                db.execute("delete from alias where identity = ?", (after,))
                db.execute("insert or replace into alias values (?, ?, 'redirect')", (before, due.id))
            return True

    def forget_body(self, due: Due, *, published: str | None = None, now: datetime | None = None) -> None:
        """Ask for *due* without validators next time, as if its body had never been seen.

        With *published* and *now*: the article is outside the dates this run was asked for, and due for one that
        asks for others.
        """
        with self._commit() as db:
            db.execute(
                "update link set etag = null, last_modified = null, digest = null where id = ?", (due.id,)
            )
            if published is not None:
                db.execute(
                    "update link set published = ?, next_check = ? where id = ?",
                    (published, _seconds(now), due.id),
                )

    def admit(self, url: str) -> None:
        """Remember that the front page has moved to the host of *url*."""
        with self._commit() as db:
            db.execute("insert or replace into meta values (?, '')", (f"admitted {url}",))

    def admitted(self) -> list[str]:
        """Return the addresses the front page has moved to."""
        rows = self._db.execute("select key from meta where key like 'admitted %'").fetchall()
        return [row["key"].removeprefix("admitted ") for row in rows]

    def unread(self) -> list[tuple[int, Due, str]]:
        """Return the fetches whose captures were kept but not yet read: number, link, place (``file:offset``)."""
        rows = self._db.execute(
            "select fetch.id as fetch_id, fetch.warc, fetch.offset, link.* from fetch join link on link.id = fetch.link_id"
            " where fetch.read = 0 and fetch.warc is not null order by fetch.id"
        ).fetchall()
        return [(row["fetch_id"], _due(row), f"{row['warc']}:{row['offset']}") for row in rows]

    def forget_fetch(self, fetch_id: int) -> None:
        """Note that the capture of *fetch_id* cannot be read again; its link is due."""
        with self._commit() as db:
            db.execute(
                "update link set state = 'new', next_check = 0, etag = null, last_modified = null, digest = null"
                " where id = (select link_id from fetch where id = ?)",
                (fetch_id,),
            )
            db.execute("update fetch set read = 1 where id = ?", (fetch_id,))

    # Look-ups

    def holder(self, url: str) -> Due | None:
        """Return the link of the article held under the identity of *url* or an alias of it."""
        key = identity(url)
        row = self._db.execute(
            "select * from link where article_id is not null and"
            " (identity = ? or id = (select link_id from alias where identity = ?))",
            (key, key),
        ).fetchone()
        return _due(row) if row else None

    def other_with_id(self, id_: str, due: Due) -> str | None:
        """Return the identity of another link whose article has *id_*: the named error of two identities with one id."""
        row = self._db.execute(
            "select identity from link where article_id = ? and id != ?", (id_, due.id)
        ).fetchone()
        return row["identity"] if row else None

    def was_read(self, url: str) -> bool:
        """Whether the link with the identity of *url* came to an end before."""
        row = self._db.execute("select state from link where identity = ?", (identity(url),)).fetchone()
        return row is not None and row["state"] in {"done", "refused", "failed", "gone"}

    def place_of(self, fetch_id: int) -> str:
        """Return where the capture of the fetch lies, ``file:offset``."""
        row = self._db.execute("select warc, offset from fetch where id = ?", (fetch_id,)).fetchone()
        return f"{row['warc']}:{row['offset']}"

    def time_of(self, fetch_id: int) -> datetime:
        """Return when the answer of the fetch arrived."""
        row = self._db.execute("select at from fetch where id = ?", (fetch_id,)).fetchone()
        return datetime.fromtimestamp(row["at"], UTC)

    def article_ids(self) -> set[str]:
        """Return the ids of all articles held."""
        return {
            row[0] for row in self._db.execute("select article_id from link where article_id is not null")
        }

    def held_count(self) -> int:
        """Return how many articles are held."""
        count: int = self._db.execute("select count(*) from link where article_id is not null").fetchone()[0]
        return count

    def yields(self) -> tuple[dict[str, int], dict[str, int]]:
        """Return how many held articles each source names, and how many it alone names."""
        named: dict[str, int] = {}
        only: dict[str, int] = {}
        rows = self._db.execute(
            "select group_concat(sighting.source) as sources from link join sighting on sighting.link_id = link.id"
            " where article_id is not null group by link.id"
        )
        for row in rows:
            sources = sorted(set(row["sources"].split(",")) & set(NAMING_SOURCES))
            for source in sources:
                named[source] = named.get(source, 0) + 1
            if len(sources) == 1:
                only[sources[0]] = only.get(sources[0], 0) + 1
        return dict(sorted(named.items())), dict(sorted(only.items()))

    # Hosts

    def robots(self, origin: str) -> tuple[int, int, bytes] | None:
        """Return the robots.txt of *origin* as last fetched: when (seconds since 1970), status, body."""
        row = self._db.execute(
            "select * from host where origin = ? and robots_at is not null", (origin,)
        ).fetchone()
        return (row["robots_at"], row["robots_status"], row["robots_body"]) if row else None

    def keep_robots(self, origin: str, now: datetime, status: int, body: bytes, place: Place | None) -> None:
        """Keep the robots.txt of *origin*."""
        with self._commit() as db:
            db.execute(
                "insert into host (origin, robots_at, robots_status, robots_body, robots_warc) values (?, ?, ?, ?, ?)"
                " on conflict (origin) do update set robots_at = excluded.robots_at, robots_body = excluded.robots_body,"
                " robots_status = excluded.robots_status, robots_warc = excluded.robots_warc",
                (origin, _seconds(now), status, body, str(place) if place else None),
            )

    def robots_warc(self, origin: str) -> str | None:
        """Return where the capture of the robots.txt of *origin* lies."""
        row = self._db.execute("select robots_warc from host where origin = ?", (origin,)).fetchone()
        return row["robots_warc"] if row else None


def next_listing_check(due: Due, form: str | None, now: datetime, *, changed: bool) -> tuple[datetime, int]:
    """Return when to look at a listing again, and the interval in seconds that gave it."""
    interval = due.interval_seconds
    if interval is None:
        interval = LISTING_INTERVAL_SECONDS.get(form or "", SECTION_INTERVAL_SECONDS)
    else:
        interval = round(interval * (CHANGED_FACTOR if changed else UNCHANGED_FACTOR))
    interval = min(max(interval, MIN_LISTING_INTERVAL_SECONDS), MAX_LISTING_INTERVAL_SECONDS)
    return datetime.fromtimestamp(_seconds(now) + interval, UTC), interval


def next_article_check(published: str | None, now: datetime, *, first_seen: datetime) -> datetime | None:
    """Return when to look at an article again: at the next of the ages that count from its publication, else never."""
    born = first_seen.timestamp()
    if published is not None:
        with suppress(ValueError):
            born = instant(published)
    due = (born + age for age in ARTICLE_CHECK_AGES_SECONDS if born + age > now.timestamp())
    return next((datetime.fromtimestamp(when, UTC) for when in due), None)


def _lease(path: Path) -> IO[bytes]:
    file = path.open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise SiteBusy(f"another run holds {path.stem}") from error
    return file


def _seconds(moment: datetime | None) -> Any:
    return None if moment is None else int(moment.timestamp())


def _due(row: sqlite3.Row) -> Due:
    link = Link(
        url=row["url"],
        source=Source(row["source"]),
        found_on=row["found_on"],
        text=row["text"],
        title=row["title"],
        published=row["published"],
        modified=row["modified"],
        language=row["language"],
    )
    return Due(
        id=row["id"],
        link=link,
        depth=row["depth"],
        hops=row["hops"],
        kind=Kind(row["kind"]) if row["kind"] else None,
        form=row["form"],
        etag=row["etag"],
        last_modified=row["last_modified"],
        digest=row["digest"],
        captured_at=None if row["body_at"] is None else datetime.fromtimestamp(row["body_at"], UTC),
        interval_seconds=row["interval"],
        fails=row["fails"],
        article_id=row["article_id"],
        stem=row["stem"],
        file_digest=row["file_digest"],
        captured=row["captured"],
    )


def id_of(due: Due) -> str:
    """Return the id of the article *due* leads to: the one given at first capture, or the one its address gives."""
    return due.article_id or article_id(due.link.url)

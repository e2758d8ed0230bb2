"""The frontier of one site: links found, what is known of each, and which of them are due, in which order."""

import json
import sqlite3
from array import array
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import IntEnum
from pathlib import Path
from typing import Any

import msgspec

from crawler import views
from crawler.captures import Place
from crawler.discovery.dates import instant
from crawler.fetches import Fetches
from crawler.items import Kind, Link, RunReport, Source, Yield
from crawler.state import BadState, SiteBusy, moment, seconds
from crawler.trust import Trust
from crawler.urls import article_id, identity, netloc

__all__ = ["BadState", "Due", "Frontier", "Held", "Lane", "SiteBusy", "id_of"]

MAX_BARREN_DEPTH = 8
"""Pages in a row, each found on the one before, that gave no article: deeper links are not followed."""
NEWS_AGE_SECONDS = 3 * 86400
"""Since its publication: so long an article is news."""
FUTURE_SECONDS = 86400
"""A change stated to come later than that from now is no date."""
KEPT_FETCHES_SECONDS = 30 * 86400
"""So long a fetch that brought nothing new is remembered."""
MAX_WAITING = 200_000
"""Links never asked for; with so many, no further sitemap of an index is read before some of them are done."""
_UNDATED_LISTING = "~"
"""A rank before every date: what an undated sitemap holds can only be known by reading it."""


class Lane(IntEnum):
    """The order in which due links are followed: listings, news, what was fetched before, then all older pages."""

    LISTING = 0
    NEWS = 1
    """Never fetched; named by a feed or news sitemap, dated to the last days, or new in a listing known before."""
    BACKFILL = 2
    """Never fetched; anything else, the newest first."""


_LISTING_SOURCES = frozenset({Source.START, Source.ROBOTS, Source.WELL_KNOWN, Source.AUTODISCOVERY})
"""What these name is a listing, as far as can be told before it is fetched."""
NEWS_SOURCES = frozenset({Source.FEED, Source.NEWS_SITEMAP})

# The order of trust in what is said of a link, and of links among equals.
_PRIORITY = {
    Source.START: 0,
    Source.ROBOTS: 1,
    Source.AUTODISCOVERY: 1,
    Source.WELL_KNOWN: 2,
    Source.NEWS_SITEMAP: 3,
    Source.FEED: 3,
    Source.SITEMAP_INDEX: 4,
    Source.SITEMAP: 5,
    Source.SECTION: 5,
    Source.RELATED: 6,
    Source.INLINE: 6,
    Source.PAGE: 7,
    Source.IMPORT: 8,
}
_MAY_BE_LEASED = (
    "next_check <= :now and state != 'leased' and (fetched_run is not :run or state = 'retry')"
    " and (published is null or substr(published, 1, 10) between :since and :until)"
    " and (source != 'sitemap-index' or modified is null or substr(modified, 1, 10) >= :since)"
    " and host not in (select value from json_each(:paused))"
    " and not (:full and lane = 2 and source = 'sitemap-index' and kind is null)"
)
_NEWEST_FIRST = "rank desc, priority, id"
# Which links, and their order; in the order in which they are taken. Each walks an index of its own, whose condition is
# stated as the index states it: SQLite infers nothing. What is new is taken in three steps, of which the first and the
# last are for what nothing dates, so that years of links outside the days wanted are not walked through each time.
_AGAIN = "state != 'new' and lane > 0"


def _new(lane: Lane) -> tuple[tuple[str, str], ...]:
    which = f"state = 'new' and lane > 0 and lane = {lane:d} and rank"
    return (
        (f"{which} > :newest and published is null", _NEWEST_FIRST),
        (f"{which} between :oldest and :newest", _NEWEST_FIRST),
        (f"{which} < :oldest and published is null", _NEWEST_FIRST),
    )


_LANES = (
    ("lane = 0", "priority, next_check, id"),
    *_new(Lane.NEWS),
    (_AGAIN, "next_check, id"),
    *_new(Lane.BACKFILL),
)
_LEASES = tuple(
    f"select * from link where {which} and {_MAY_BE_LEASED} order by {order} limit :count"  # noqa: S608 (constants)
    for which, order in _LANES
)
_BACKFILLS = 3
"""So many of them, the last, are of the last lane."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A leased link with what is known of it."""

    id: int
    link: Link
    lane: Lane
    depth: int
    hops: int
    kind: Kind | None
    form: str | None
    etag: str | None
    last_modified: str | None
    digest: str | None
    """Of the body last fetched, ``sha256:<hex>``."""
    interval_seconds: int | None
    steady: int
    """Looks at a listing on time in a row."""
    fails: int
    fetched_at: datetime | None
    article_id: str | None
    stem: str | None
    file_digest: str | None
    """Of the corpus file as last written."""
    captured_at: datetime | None
    """When that body was captured."""
    captured: str | None
    """`Article.captured` of the article held."""
    text_digest: str | None
    """Of it (`crawler.store.text_digest`)."""
    gone: bool
    """The article held was found gone, and not yet there again."""
    moved_from: int | None
    """The link of an article held whose address redirects here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The article a link leads to, as stored."""

    article_id: str
    stem: str
    file_digest: str
    captured: str
    text_digest: str | None
    """`crawler.store.text_digest`."""


class Frontier(Fetches):
    """One site's links. Only one process at a time can open it: the lease on the site."""

    def __init__(self, path: Path) -> None:
        """Open or make the state file at *path*; raises as `State` does."""
        super().__init__(path)
        self.run_id = 0
        self.trust = Trust(self)
        self._waiting = self.waiting_count()
        """About so many, between two counts."""

    # A run

    def was_cut_short(self) -> bool:
        """Return whether the last run did not come to its end, or nothing is known of one."""
        last = self.db.execute("select ended from run order by id desc limit 1").fetchone()
        return last is None or last[0] is None

    def is_new(self) -> bool:
        """Return whether no run has begun yet."""
        return self.db.execute("select 1 from run limit 1").fetchone() is None

    def is_first_run(self) -> bool:
        """Return whether no crawl has come to its end yet."""
        return self.db.execute("select 1 from run where told is not null limit 1").fetchone() is None

    def begin(self, now: datetime) -> None:
        """Begin a run: links an earlier one had leased are due again."""
        with self.commit() as db:
            given_back = "update link set state = case when fetched_at is null then 'new' else 'done' end, next_check = 0"
            db.execute(f"{given_back} where state = 'leased'")
            db.execute(f"{given_back} where state = 'retry'")
            db.execute("delete from pause where until <= ?", (seconds(now),))
            self.run_id = db.execute("insert into run (started) values (?)", (seconds(now),)).lastrowid or 0

    def end(self, now: datetime, name: str | None = None, report: RunReport | None = None) -> None:
        """End the run, forget what is of no more use; a crawl has a *report*, called *name* on disk."""
        with self.commit() as db:
            db.execute(
                "update run set ended = ?, report = ?, told = ? where id = ?",
                (seconds(now), name, _told(report) if report else None, self.run_id),
            )
            old = seconds(now) - KEPT_FETCHES_SECONDS
            db.execute("delete from fetch where at < ? and read = 1 and digest is null", (old,))
            db.execute(
                "delete from run where started < ? and id != ?"
                " and id is not (select max(id) from run where told is not null)",
                (old, self.run_id),
            )

    def history(self) -> list[RunReport]:
        """Return the reports of the runs of the last weeks, without their failures and reasons, oldest first."""
        with self.read_as_written():
            return views.history(self.db)

    # Links

    def add(
        self, links: Iterable[Link], now: datetime, *, depth: int = 0, hops: int = 0, news: bool = False
    ) -> int:
        """Note *links*; return how many are new or due by what is said of them now, which what was found before gains.

        *news*: they stand where the site puts what is new.
        """
        with self.commit():
            return sum(self._add(link, now, depth, hops, news=news) for link in links)

    def _add(self, link: Link, now: datetime, depth: int, hops: int, *, news: bool) -> bool:
        row = views.row_of(self.db, link.url)
        if link.modified and instant(link.modified) > now.timestamp() + FUTURE_SECONDS:
            link = replace(link, modified=None)
        lane = _lane(link, now, news=news)
        rank = link.published or link.modified or ""
        if row is None:
            if link.source is Source.SITEMAP_INDEX and not rank:
                rank = _UNDATED_LISTING
            cursor = self.db.execute(
                "insert into link (identity, url, host, source, found_on, found_at, text, title, published, modified,"
                " language, depth, hops, lane, rank, priority, next_check)"
                " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    identity(link.url), link.url, netloc(link.url), link.source, link.found_on, seconds(now), link.text,
                    link.title, link.published, link.modified, link.language, depth, hops, lane, rank,
                    _PRIORITY[link.source], 0 if depth <= MAX_BARREN_DEPTH else None,
                ),
            )  # fmt: skip
            self._sight(cursor.lastrowid, link, now)
            self._waiting += 1
            return True
        self._sight(row["id"], link, now)
        changes: dict[str, Any] = {}
        for name in ("text", "title", "published", "language"):
            if row[name] is None and (value := getattr(link, name)) is not None:
                changes[name] = value
        if _PRIORITY[link.source] < row["priority"]:
            changes |= {"priority": _PRIORITY[link.source], "source": link.source}
            if row["state"] in {"refused", "failed"} and row["kind"] is None:
                # It was not there, and now somebody who should know says that it is.
                changes |= {"next_check": seconds(now), "lane": min(lane, row["lane"])}
        if row["state"] == "new" and row["kind"] is None:
            if lane < row["lane"]:
                changes["lane"] = lane
            rank = max(rank, row["rank"])
        else:
            rank = row["rank"]
        # In every state, for a link that was asked for may come back to the new ones: its day is what it is ranked by.
        rank = row["published"] or link.published or rank
        if rank != row["rank"]:
            changes["rank"] = rank
        if depth < row["depth"]:
            changes["depth"] = depth
            if row["state"] == "new" and row["next_check"] is None:
                changes["next_check"] = 0
        if link.modified and (row["modified"] is None or instant(link.modified) > instant(row["modified"])):
            changes["modified"] = link.modified
            if self._says_changed(row, link):
                changes["next_check"] = seconds(now)
        if changes:
            names = ", ".join(f"{name} = ?" for name in changes)
            self.db.execute(f"update link set {names} where id = ?", (*changes.values(), row["id"]))  # noqa: S608
        return "next_check" in changes

    def _sight(self, id_: int | None, link: Link, now: datetime) -> None:
        self.db.execute(
            "insert or ignore into sighting values (?, ?, ?, ?)",
            (id_, link.source, link.found_on, seconds(now)),
        )

    def _says_changed(self, row: sqlite3.Row, link: Link) -> bool:
        """Whether a listing that states a later change than was stated before makes the link due."""
        if row["fetched_at"] is None or row["fetched_run"] == self.run_id:
            return False
        if not self.trust.believes_lastmod(link.source):
            return False
        assert link.modified
        return row["modified"] is not None or instant(link.modified) > row["fetched_at"]

    def poll_listings(self, now: datetime) -> None:
        """Make the listings a reader would look at due now: the start, feeds, sitemaps, and the sections it links to.

        Listings behind those are due when their own interval has passed, or when one before them leads to something new.
        """
        with self.commit() as db:
            db.execute(
                "update link set next_check = ? where lane = 0 and next_check is not null and state != 'leased'"
                " and kind is 'listing'",
                (seconds(now),),
            )
            db.execute(
                "update link set next_check = ? where source = ? and state != 'leased'",
                (seconds(now), Source.START),
            )

    def poll_sections_of(self, url: str, now: datetime) -> None:
        """Make the section pages found on *url*, which changed, due now unless this run looked at them."""
        with self.commit() as db:
            db.execute(
                "update link set next_check = ? where found_on = ? and kind is 'listing' and state != 'leased'"
                " and fetched_run is not ?",
                (seconds(now), url, self.run_id),
            )

    def recheck_articles(self, now: datetime) -> None:
        """Make every held article due now."""
        with self.commit() as db:
            db.execute(
                "update link set next_check = ? where article_id is not null and gone_at is null",
                (seconds(now),),
            )

    def lease(
        self,
        count: int,
        now: datetime,
        *,
        since: date | None = None,
        until: date | None = None,
        paused: Collection[str] = (),
        backfill: bool = True,
    ) -> list[Due]:
        """Lease up to *count* links that are due: lane by lane, in each the most promising first.

        Links that a listing dates before *since* or after *until*, and those of *paused* hosts, stay where they are;
        so do those of the last lane without *backfill*, or when a listing, which may name what is new, is leased now.
        """
        leased: list[Due] = []
        if self._waiting >= MAX_WAITING:
            self._waiting = self.waiting_count()
        terms = self._terms(now, since, until, paused)
        with self.commit() as db:
            for query in _LEASES[:-_BACKFILLS]:
                leased += self._chosen(query, terms, count - len(leased))
            if backfill and not any(due.lane is Lane.LISTING for due in leased):
                for query in _LEASES[-_BACKFILLS:]:
                    leased += self._chosen(query, terms, count - len(leased))
            db.executemany("update link set state = 'leased' where id = ?", [(due.id,) for due in leased])
        return leased

    def _chosen(self, query: str, terms: Mapping[str, Any], count: int) -> list[Due]:
        """Return up to *count* links that *query*, one of `_LEASES`, finds due."""
        if count <= 0:
            return []
        return [self._due(row) for row in self.db.execute(query, {**terms, "count": count})]

    def _due(self, row: sqlite3.Row) -> Due:
        with self.read_as_written():
            return due_of(row)

    def has_due(
        self,
        now: datetime,
        *,
        since: date | None = None,
        until: date | None = None,
        paused: Collection[str] = (),
        backfill: bool = True,
    ) -> bool:
        """Return whether `lease` could give a link now."""
        terms = {**self._terms(now, since, until, paused), "count": 1}
        queries = _LEASES if backfill else _LEASES[:-_BACKFILLS]
        return any(self.db.execute(query, terms).fetchone() for query in queries)

    def lease_at(self, link: Link, now: datetime) -> Due:
        """Lease the link of the identity of *link*, due or not, noting it when it is new."""
        self.add([link], now)
        row = views.row_of(self.db, link.url)
        assert row is not None
        return self._due(row)

    def _terms(
        self, now: datetime, since: date | None, until: date | None, paused: Collection[str]
    ) -> dict[str, Any]:
        first, last = since.isoformat() if since else "", until.isoformat() if until else "9999-99-99"
        return {
            "now": seconds(now),
            "run": self.run_id,
            "since": first,
            "until": last,
            # What bounds the ranks: no day is wanted when the last is before the first, and yet what nothing dates is.
            "oldest": min(first, last),
            "newest": f"{last}~",  # the last moment of the day, and after it
            "paused": json.dumps(sorted(paused)),
            "full": self._waiting >= MAX_WAITING,
        }

    def next_try(self, left: Collection[str] = ()) -> datetime | None:
        """Return when the next second try of this run is due, those at the hosts *left* aside, or ``None``."""
        row = self.db.execute(
            "select min(next_check) from link where state = 'retry' and host not in (select value from json_each(?))",
            (json.dumps(sorted(left)),),
        ).fetchone()
        return moment(row[0])

    def release(self, due: Due) -> None:
        """Give back the lease of *due*, which was not asked for."""
        with self.commit() as db:
            db.execute(
                "update link set state = case when fetched_at is null then 'new' else 'done' end where id = ?",
                (due.id,),
            )

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
        with self.commit() as db:
            cursor = db.execute(
                "insert into fetch (link_id, run_id, at, status, bytes, warc, offset, length, digest, read)"
                " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    due.id if due else None, self.run_id, seconds(now), status, size,
                    place.file if place else None, place.offset if place else None, place.length if place else None,
                    digest, int(read),
                ),
            )  # fmt: skip
            if place:
                db.execute(
                    "insert into warc values (?, ?) on conflict (file) do update set end = max(end, excluded.end)",
                    (place.file, place.offset + place.length),
                )
            # A capture older than the last answer, as an import may bring, says nothing of how the page is now.
            if due and (due.fetched_at is None or now >= due.fetched_at):
                db.execute(
                    "update link set fetched_at = ?, fetched_run = ? where id = ?",
                    (seconds(now), self.run_id, due.id),
                )
                if digest:  # the validators are those of this body, and none others
                    db.execute(
                        "update link set etag = ?, last_modified = ?, digest = ?, body_at = ? where id = ?",
                        (etag, last_modified, digest, seconds(now), due.id),
                    )
                elif status == 304:
                    db.execute(
                        "update link set etag = coalesce(?, etag), last_modified = coalesce(?, last_modified) where id = ?",
                        (etag, last_modified, due.id),
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
        because: Iterable[str] = (),
        next_check: datetime | None,
        interval_seconds: int | None = None,
        steady: int = 0,
        missing: bool = False,
        forget_body: bool = False,
        published: str | None = None,
        held: Held | None = None,
        file_digest: str | None = None,
        links: Iterable[Link] = (),
        links_depth: int = 0,
        links_hops: int = 0,
        links_news: bool = False,
    ) -> int:
        """End the lease of *due*: what it turned out to be, the *links* found on it, when to look again.

        *missing*: it gave nothing, once more. *forget_body*: ask without validators next time, as if its body had never
        been seen. *published*: the article is of that day, which this run was not asked for. *file_digest* is that of the corpus file
        when only that changed. An article gives the links found beside it another chance, however deep. Returns
        how many links are new or due.
        """
        with self.commit() as db:
            lane = _lane_of(due, kind, form)
            db.execute(
                "update link set state = ?, reason = ?, kind = coalesce(?, kind), form = coalesce(?, form), lane = ?,"
                " because = coalesce(?, because), next_check = ?, interval = coalesce(?, interval), steady = ?, fails = ?"
                " where id = ?",
                (
                    state, reason, kind, form, lane, "\n".join(because) or None, seconds(next_check), interval_seconds,
                    steady, due.fails + 1 if missing else 0, due.id,
                ),
            )  # fmt: skip
            if kind is not None:
                db.execute("update link set hops = 0 where id = ?", (due.id,))
            if state == "gone":
                db.execute(
                    "update link set gone_at = coalesce(gone_at, ?) where id = ?", (seconds(now), due.id)
                )
            if forget_body:
                db.execute(
                    "update link set etag = null, last_modified = null, digest = null where id = ?", (due.id,)
                )
            if published:
                db.execute("update link set published = ? where id = ?", (published, due.id))
            if held:
                db.execute("update link set gone_at = null, moved_from = null where id = ?", (due.id,))
                db.execute(
                    "update link set article_id = ?, stem = ?, file_digest = ?, captured = ?, text_digest = ? where id = ?",
                    (*_held_terms(held), due.id),
                )
                db.execute(
                    "update link set depth = 1, next_check = coalesce(next_check, 0)"
                    " where found_on = ? and state = 'new' and depth > 1",
                    (due.link.found_on,),
                )
            if file_digest:
                db.execute("update link set file_digest = ? where id = ?", (file_digest, due.id))
            if fetch_id is not None:
                db.execute("update fetch set read = 1 where id = ?", (fetch_id,))
            return sum(self._add(link, now, links_depth, links_hops, news=links_news) for link in links)

    def failed(self, due: Due, reason: str, next_try: datetime, *, again: bool) -> None:
        """End the lease of *due* without an answer that counts; try again at *next_try*, in this run if *again*."""
        with self.commit() as db:
            db.execute(
                "update link set state = ?, reason = ?, fails = fails + 1, fetched_run = ?, next_check = ? where id = ?",
                ("retry" if again else "failed", reason, self.run_id, seconds(next_try), due.id),
            )
            db.execute("update fetch set read = 1 where link_id = ? and read = 0", (due.id,))

    def readdress(self, due: Due, url: str, *, absorb: bool = False) -> bool:
        """Ask for *due* at *url* from now on, at once; its earlier identity becomes an alias.

        A link of the identity of *url* that leads to no article, or with *absorb* to one that is no more, is merged into
        *due*. Returns ``False``, and changes nothing, when it leads to one, or is in hand.
        """
        before, after = identity(due.link.url), identity(url)
        with self.commit() as db:
            other = db.execute(
                "select * from link where identity = ? and id != ?", (after, due.id)
            ).fetchone()
            if other and ((other["article_id"] and not absorb) or other["state"] == "leased"):
                return False
            if other:
                _merge(db, other["id"], due.id)
            # Its body is asked for anew: a revisit could name no record of the new address.
            db.execute(
                "update link set url = ?, identity = ?, host = ?, hops = hops + 1, fetched_run = null, next_check = 0,"
                " etag = null, last_modified = null, digest = null,"
                " state = case when kind is null then 'new' else 'done' end where id = ?",
                (url, after, netloc(url), due.id),
            )
            if after != before:
                db.execute("delete from alias where identity = ?", (after,))
                db.execute("insert or replace into alias values (?, ?, 'redirect')", (before, due.id))
            return True

    def make_due(self, due: Due, now: datetime) -> None:
        """Ask for *due* again, in this run unless it was asked for in it."""
        with self.commit() as db:
            db.execute("update link set next_check = ? where id = ?", (seconds(now), due.id))

    def note_move(self, due: Due, url: str, now: datetime) -> None:
        """Note that the address of the article *due* leads to *url*, found before or now; it is due there."""
        self.add([replace(due.link, url=url)], now)
        with self.commit() as db:
            row = views.row_of(db, url)
            assert row is not None
            db.execute(
                "update link set moved_from = ?, next_check = ? where id = ? and article_id is null and state != 'leased'",
                (due.id, seconds(now), row["id"]),
            )

    def link_with(self, id_: int) -> Due | None:
        """Return the link with the number *id_*."""
        row = self.db.execute("select * from link where id = ?", (id_,)).fetchone()
        return self._due(row) if row else None

    def move_article(self, old: Due, due: Due) -> Due:
        """Give the article of *old*, whose address redirects to that of *due*, to *due*; the old one becomes an alias."""
        with self.commit() as db:
            _merge(db, old.id, due.id)
            db.execute(
                "update link set article_id = ?, stem = ?, file_digest = ?, captured = ?, text_digest = ?, moved_from = null"
                " where id = ?",
                (old.article_id, old.stem, old.file_digest, old.captured, old.text_digest, due.id),
            )
            db.execute(
                "insert or replace into alias values (?, ?, 'redirect')", (identity(old.link.url), due.id)
            )
        return replace(
            due,
            article_id=old.article_id,
            stem=old.stem,
            file_digest=old.file_digest,
            captured=old.captured,
            text_digest=old.text_digest,
        )

    def alias(self, due: Due, holder: Due, why: str) -> None:
        """Note that the address of *due* leads to the article of *holder*, and *why* that is so."""
        with self.commit() as db:
            db.execute(
                "insert or replace into alias values (?, ?, ?)", (identity(due.link.url), holder.id, why)
            )

    def note_file(self, held: Held) -> None:
        """Note that a corpus file was made anew from its capture."""
        with self.commit() as db:
            db.execute(
                "update link set file_digest = ?, text_digest = ? where article_id = ?",
                (held.file_digest, held.text_digest, held.article_id),
            )

    def note_sample(self, article_id: str, captured: str, numbers: Sequence[int]) -> None:
        """Note the *numbers* of the marks that the article shows in what was *captured* of it."""
        marks = array("q", numbers).tobytes()
        with self.commit() as db:
            known = db.execute(
                "select captured, marks from sample where article_id = ?", (article_id,)
            ).fetchone()
            if known is None or tuple(known) != (captured, marks):
                db.execute("insert or replace into sample values (?, ?, ?)", (article_id, captured, marks))
                db.execute("insert or replace into meta values ('memory due', 1)")

    def samples(self) -> list[tuple[str, Sequence[int]]]:
        """Return the id of each article held and the numbers of its marks, in the order they were captured."""
        rows = self.db.execute(
            "select article_id, stem, marks from sample join link using (article_id) order by sample.captured, article_id"
        )
        return [(stem, array("q", marks)) for _, stem, marks in rows]

    def is_memory_due(self) -> bool:
        """Return whether articles came or changed since the site's memory was made."""
        row = self.db.execute("select value from meta where key = 'memory due'").fetchone()
        return bool(row and row[0])

    def unsampled(self) -> list[str]:
        """Return the stems of the articles held of which no marks are noted."""
        rows = self.db.execute(
            "select stem from link where article_id is not null and stem is not null and captured != ''"
            " and article_id not in (select article_id from sample) order by stem"
        )
        return [stem for (stem,) in rows]

    def had_memory(self) -> bool:
        """Return whether the site's memory was ever made."""
        return self.db.execute("select 1 from meta where key = 'memory made'").fetchone() is not None

    def begin_memory(self, things: Iterable[int]) -> frozenset[int]:
        """Note that articles which show *things* are to be cleaned again; return these and all that were not yet."""
        row = self.db.execute("select value from meta where key = 'memory pending'").fetchone()
        pending = frozenset(things) | frozenset(array("q", row[0] if row else b""))
        with self.commit() as db:
            marks = array("q", sorted(pending)).tobytes()
            db.execute("insert or replace into meta values ('memory pending', ?)", (marks,))
        return pending

    def memory_is_made(self, *, whole: bool) -> None:
        """Note that the site's memory knows all samples; *whole*: and every article that it judges is cleaned by it."""
        with self.commit() as db:
            db.execute("insert or replace into meta values ('memory due', ?)", (int(not whole),))
            db.execute("insert or replace into meta values ('memory made', 1)")
            if whole:
                db.execute("delete from meta where key = 'memory pending'")

    def keep_files_known(self, *, known: bool) -> None:
        """Remember whether every file of the corpus is known here."""
        with self.commit() as db:
            db.execute("insert or replace into meta values ('files known', ?)", (int(known),))

    def knows_files(self) -> bool:
        """Return whether every file of the corpus was found to be known here, and no run was cut short since."""
        row = self.db.execute("select value from meta where key = 'files known'").fetchone()
        return bool(row and row[0])

    # Captures

    def adopt(self, due: Due, held: Held, *, gone: datetime | None) -> None:
        """Note that *due* leads to the article *held*, of which no capture is left and which is *gone* since then."""
        with self.commit() as db:
            db.execute(
                "update link set state = 'done', kind = 'article', lane = ?, next_check = null, gone_at = ?, article_id = ?,"
                " stem = ?, file_digest = ?, captured = ?, text_digest = ? where id = ?",
                (Lane.BACKFILL, seconds(gone), *_held_terms(held), due.id),
            )

    def remember_run(self, name: str, report: RunReport) -> None:
        """Note an earlier run by its *report*, called *name* on disk."""
        started, ended = (seconds(datetime.fromisoformat(text)) for text in (report.started, report.ended))
        with self.commit() as db:
            db.execute(
                "insert into run (started, ended, report, told) values (?, ?, ?, ?)",
                (started, ended, name, _told(report)),
            )

    def unread(self) -> list[tuple[int, Due, str]]:
        """Return the fetches whose captures were kept but not yet read: number, link, place (``file:offset``)."""
        rows = self.db.execute(
            "select fetch.id as fetch_id, fetch.warc, fetch.offset, link.* from fetch join link on link.id = fetch.link_id"
            " where fetch.read = 0 and fetch.warc is not null order by fetch.id"
        ).fetchall()
        return [(row["fetch_id"], self._due(row), f"{row['warc']}:{row['offset']}") for row in rows]

    def last_bodies(self) -> list[tuple[int, Due, str]]:
        """Return, for each link that was read and found to be no article, its newest capture, as `unread` does."""
        rows = self.db.execute(
            "select fetch.id as fetch_id, fetch.warc, fetch.offset, link.* from fetch join link on link.id = fetch.link_id"
            " where article_id is null and kind is not 'article' and fetch.id = (select max(id) from fetch"
            " where link_id = link.id and status = 200 and warc is not null and digest is not null) order by fetch.id"
        ).fetchall()
        return [(row["fetch_id"], self._due(row), f"{row['warc']}:{row['offset']}") for row in rows]

    def has_capture(self, url: str, digest: str) -> bool:
        """Whether a body with *digest* was captured at *url* before."""
        row = views.row_of(self.db, url)
        return row is not None and bool(
            self.db.execute(
                "select 1 from fetch where link_id = ? and digest = ? and warc is not null limit 1",
                (row["id"], digest),
            ).fetchone()
        )

    # Look-ups

    def find(self, url: str) -> Due | None:
        """Return the link of the identity of *url*, or that it is an alias of."""
        row = views.row_of(self.db, url)
        return self._due(row) if row else None

    def is_leased(self, due: Due) -> bool:
        """Whether *due* is in hand now."""
        row = self.db.execute("select state from link where id = ?", (due.id,)).fetchone()
        return row is not None and row["state"] == "leased"

    def holder(self, url: str) -> Due | None:
        """Return the link of the article held under the identity of *url* or an alias of it."""
        row = views.row_of(self.db, url)
        return self._due(row) if row and row["article_id"] else None

    def holder_of_text(self, text_digest: str, due: Due) -> Due | None:
        """Return the link, other than *due*, of the article first held with *text_digest*."""
        row = self.db.execute(
            "select * from link where text_digest = ? and id != ? order by found_at, id limit 1",
            (text_digest, due.id),
        ).fetchone()
        return self._due(row) if row else None

    def other_with_id(self, id_: str, due: Due) -> str | None:
        """Return the identity of another link whose article has *id_*: the named error of two identities with one id."""
        row = self.db.execute(
            "select identity from link where article_id = ? and id != ?", (id_, due.id)
        ).fetchone()
        return row["identity"] if row else None

    def was_read(self, url: str) -> bool:
        """Whether the link with the identity of *url* came to an end before."""
        row = self.db.execute("select state from link where identity = ?", (identity(url),)).fetchone()
        return row is not None and row["state"] in {"done", "refused", "failed", "gone"}

    def has_listing_from(self, sources: Collection[Source]) -> bool:
        """Whether a link named by one of *sources* was read as a listing, or is still to be asked for."""
        marks = ", ".join("?" * len(sources))
        return bool(
            self.db.execute(
                f"select 1 from link where source in ({marks}) and (kind is 'listing'"  # noqa: S608 (marks only)
                " or state in ('new', 'leased', 'retry')) limit 1",
                tuple(sources),
            ).fetchone()
        )

    def article_files(self) -> dict[str, tuple[str, str]]:
        """Return stem and digest of the file of every article held, by id."""
        rows = self.db.execute("select article_id, stem, file_digest from link where article_id is not null")
        return {row[0]: (row[1], row[2]) for row in rows}

    def held_count(self) -> int:
        """Return how many articles are held."""
        return views.held_count(self.db)

    def waiting_count(self) -> int:
        """Return how many links were found and never asked for."""
        return views.waiting_count(self.db)

    def sources_of(self, due: Due) -> frozenset[Source]:
        """Return the sources that named *due*."""
        rows = self.db.execute("select source from sighting where link_id = ?", (due.id,))
        with self.read_as_written():
            return frozenset(Source(row[0]) for row in rows)

    def yields(self) -> dict[Source, Yield]:
        """Return what each source gave in all: the held articles it names, and those it alone names."""
        with self.read_as_written():
            return views.yields(self.db)


def _merge(db: sqlite3.Connection, other: int, into: int) -> None:
    """Give all that is known of the link *other* to the link *into*, and forget it."""
    db.execute(
        "insert or ignore into sighting select ?, source, found_on, at from sighting where link_id = ?",
        (into, other),
    )
    db.execute("delete from sighting where link_id = ?", (other,))
    db.execute("update alias set link_id = ? where link_id = ?", (into, other))
    db.execute("update fetch set link_id = ? where link_id = ?", (into, other))
    db.execute("delete from link where id = ?", (other,))


def _held_terms(held: Held) -> tuple[str | None, ...]:
    return held.article_id, held.stem, held.file_digest, held.captured, held.text_digest


def _told(report: RunReport) -> bytes:
    """Return what `Frontier.history` gives of *report*."""
    return msgspec.json.encode(replace(report, failures=(), reasons={}))


def _lane_of(due: Due, kind: Kind | None, form: str | None) -> Lane:
    """Return the lane of *due* once it was read: section pages come after the news, feeds and sitemaps before it."""
    if kind is None:
        return due.lane
    first = kind is Kind.LISTING and (form != "section" or due.link.source is Source.START)
    return Lane.LISTING if first else Lane.BACKFILL


def _lane(link: Link, now: datetime, *, news: bool) -> Lane:
    if link.source in _LISTING_SOURCES:
        return Lane.LISTING
    if news or link.source in NEWS_SOURCES:
        return Lane.NEWS
    return Lane.NEWS if is_news(link.published, now) else Lane.BACKFILL


def is_news(published: str | None, now: datetime) -> bool:
    """Whether what was *published* then, ISO 8601, is news at *now*."""
    return published is not None and now.timestamp() - instant(published) <= NEWS_AGE_SECONDS


def due_of(row: sqlite3.Row) -> Due:
    """Return the link that *row* keeps, leased or not.

    Raises:
        ValueError: it holds what no run writes.
    """
    try:
        return _due_of(row)
    except (LookupError, TypeError, OverflowError, OSError) as error:
        raise ValueError(f"link {row['id']}: {error!r}") from error


def _due_of(row: sqlite3.Row) -> Due:
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
        lane=Lane(row["lane"]),
        depth=row["depth"],
        hops=row["hops"],
        kind=Kind(row["kind"]) if row["kind"] else None,
        form=row["form"],
        etag=row["etag"],
        last_modified=row["last_modified"],
        digest=row["digest"],
        captured_at=moment(row["body_at"]),
        interval_seconds=row["interval"],
        steady=row["steady"],
        fails=row["fails"],
        fetched_at=moment(row["fetched_at"]),
        article_id=row["article_id"],
        stem=row["stem"],
        file_digest=row["file_digest"],
        captured=row["captured"],
        text_digest=row["text_digest"],
        gone=row["gone_at"] is not None,
        moved_from=row["moved_from"],
    )


def id_of(due: Due) -> str:
    """Return the id of the article *due* leads to: the one given at first capture, or the one its address gives."""
    return due.article_id or article_id(due.link.url)


def is_on_time(due: Due, now: datetime) -> bool:
    """Whether the interval of the listing *due* has passed."""
    if due.fetched_at is None or due.interval_seconds is None:
        return False
    return now - due.fetched_at >= timedelta(seconds=0.85 * due.interval_seconds)  # jitter, and whole seconds

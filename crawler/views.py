"""What a state file tells: questions that change nothing, asked of a run's own connection or of one beside it."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec

from crawler.items import RunReport, Source, Yield
from crawler.state import moment, seconds
from crawler.urls import identity

# Sources whose word that an address is an article counts when yields are compared.
NAMING_SOURCES = (
    Source.NEWS_SITEMAP,
    Source.SITEMAP,
    Source.FEED,
    Source.SECTION,
    Source.RELATED,
    Source.INLINE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A feed, sitemap or section page, or an address that a listing was hoped for at."""

    url: str
    form: str | None
    """As in `Reading.form`; ``None`` for what is no listing."""
    source: Source
    reason: str | None
    """Why nothing came of it, when so."""
    fetched: datetime | None
    changed: datetime | None
    """When a new body was last seen."""
    next_check: datetime | None
    interval_seconds: int | None


def row_of(db: sqlite3.Connection, url: str) -> sqlite3.Row | None:
    """Return the link that has the identity of *url*, or that it is an alias of."""
    key = identity(url)
    row: sqlite3.Row | None = db.execute("select * from link where identity = ?", (key,)).fetchone()
    return row or db.execute(
        "select link.* from alias join link on link.id = link_id where alias.identity = ?", (key,)
    ).fetchone()  # fmt: skip


def held_count(db: sqlite3.Connection) -> int:
    """Return how many articles are held."""
    return _count(db, "article_id is not null")


def gone_count(db: sqlite3.Connection) -> int:
    """Return how many articles held were found gone."""
    return _count(db, "gone_at is not null")


def link_count(db: sqlite3.Connection) -> int:
    """Return how many links are known."""
    return _count(db, "1")


def waiting_count(db: sqlite3.Connection) -> int:
    """Return how many links were found and never asked for."""
    return _count(db, "state = 'new' and lane > 0 and next_check is not null")


def due_counts(db: sqlite3.Connection, now: datetime) -> Mapping[str, int]:
    """Return how much is due: ``listings``, ``articles`` to look at again, ``other`` pages, ``new`` links."""
    due = f"next_check <= {seconds(now)} and state != 'leased'"
    return {
        "listings": _count(db, f"lane = 0 and {due}"),
        "articles": _count(db, f"state != 'new' and lane > 0 and article_id is not null and {due}"),
        "other": _count(db, f"state != 'new' and lane > 0 and article_id is null and {due}"),
        "new": _count(db, f"state = 'new' and lane > 0 and {due}"),
    }


def next_due(db: sqlite3.Connection) -> datetime | None:
    """Return when the next link is due, in the past when one is."""
    return moment(db.execute("select min(next_check) from link where state != 'leased'").fetchone()[0])


def walls(db: sqlite3.Connection) -> Mapping[str, int]:
    """Return how many pages are walls, by what is said of the wall."""
    rows = db.execute(
        "select because, count(*) from link where kind = 'wall' group by because order by 2 desc"
    )
    told: dict[str, int] = {}
    for because, count in rows:
        kind = (because or "").partition(":")[0] or "wall"
        told[kind] = told.get(kind, 0) + count
    return told


def listings(db: sqlite3.Connection) -> list[Listing]:
    """Return the feeds and sitemaps, what was hoped to be one, and the front page, the sections left out."""
    rows = db.execute("select * from link where lane = 0 order by priority, id")
    return [
        Listing(
            url=row["url"],
            form=row["form"] if row["kind"] == "listing" else None,
            source=Source(row["source"]),
            reason=row["reason"],
            fetched=moment(row["fetched_at"]),
            changed=moment(row["body_at"]),
            next_check=moment(row["next_check"]),
            interval_seconds=row["interval"],
        )
        for row in rows
    ]


def section_count(db: sqlite3.Connection) -> int:
    """Return how many section pages are looked at."""
    return _count(db, "kind = 'listing' and form = 'section'")


def yields(db: sqlite3.Connection) -> dict[Source, Yield]:
    """Return what each source gave in all: the held articles it names, and those it alone names."""
    named: dict[Source, int] = {}
    only: dict[Source, int] = {}
    rows = db.execute(
        "select group_concat(sighting.source) as sources from link join sighting on sighting.link_id = link.id"
        " where article_id is not null group by link.id"
    )
    for row in rows:
        sources = {Source(name) for name in row["sources"].split(",")} & set(NAMING_SOURCES)
        for source in sources:
            named[source] = named.get(source, 0) + 1
        if len(sources) == 1:
            [source] = sources
            only[source] = only.get(source, 0) + 1
    return {source: Yield(named=named[source], only=only.get(source, 0)) for source in sorted(named)}


def history(db: sqlite3.Connection) -> list[RunReport]:
    """Return the reports of the runs of the last weeks, without their failures and reasons, oldest first."""
    rows = db.execute("select told from run where told is not null order by id")
    return [msgspec.json.decode(row["told"], type=RunReport) for row in rows]


def pauses(db: sqlite3.Connection, now: datetime) -> dict[str, datetime]:
    """Return until when hosts asked for patience, by host, where that is yet to come."""
    rows = db.execute("select host, until from pause where until > ?", (seconds(now),))
    return {row["host"]: until for row in rows if (until := moment(row["until"]))}


def _count(db: sqlite3.Connection, which: str) -> int:
    count: int = db.execute(f"select count(*) from link where {which}").fetchone()[0]  # noqa: S608 (constants)
    return count

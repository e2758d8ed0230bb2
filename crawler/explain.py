"""Why one address is as it is: found where, classed why, fetched when, kept or refused why, next when."""

import sqlite3
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from crawler import views
from crawler.cleaner.memory import thing, things_in
from crawler.config import CrawlConfig
from crawler.corpus import Corpus
from crawler.frontier import MAX_BARREN_DEPTH, Lane
from crawler.gate import Gate, Options
from crawler.holding import state_path
from crawler.items import Link, Memory, Site, Source
from crawler.politeness import Robots
from crawler.state import BadState, looked_at, moment
from crawler.status import ago
from crawler.urls import identity, origin

MAX_FETCHES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """Where an address was found."""

    source: str
    found_on: str | None
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """One answer to a request for an address."""

    at: datetime
    status: int
    bytes: int
    """Of the body, codings undone."""
    warc: str | None
    """Where its record lies, ``<file>:<offset>``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """What is known of one address."""

    url: str
    site: str
    known: bool
    """Whether it was ever found."""
    alias_of: str | None = None
    """The address it leads to, and in `alias_why` why."""
    alias_why: str | None = None
    kind: str | None = None
    form: str | None = None
    because: tuple[str, ...] = ()
    """Why it is of that kind."""
    state: str | None = None
    reason: str | None = None
    """Of that state."""
    sightings: tuple[Sighting, ...] = ()
    hints: dict[str, str] = field(default_factory=dict)
    """What listings say of it: title, published, modified, language."""
    fetches: tuple[Fetch, ...] = ()
    """The last of them, newest first."""
    article: str | None = None
    """Its corpus file, below the archive."""
    revisions: int = 0
    recurring: tuple[str, ...] = ()
    """What of the page was left out of it, since it recurs on the site's pages."""
    refusal: str | None = None
    """The rule that keeps it from being asked for today, ``None`` when there is none."""
    next_check: datetime | None = None
    next_why: str = ""


def explain_url(
    url: str, sites: Iterable[Site], archive: Path, *, config: CrawlConfig, options: Options, now: datetime
) -> Explained | None:
    """Return what is known of *url*, in canonical form, by the first of *sites* that knows it or whose page it is.

    ``None`` when it is of none of them. Raises `BadState`, `OSError`.
    """
    own: Explained | None = None
    for site in sites:
        gate = Gate(site, config, options)
        is_own = gate.is_own(url)
        try:
            with looked_at(state_path(archive, site.name)) as db:
                if row := views.row_of(db, url):
                    return _explained(url, row, db, gate=gate, archive=archive, now=now)
                refusal = _refusal(url, Source.PAGE, gate, db)
        except FileNotFoundError:
            refusal = _refusal(url, Source.PAGE, gate, None)
        except BadState:
            if is_own:
                raise
            continue
        if is_own and own is None:
            own = Explained(
                url=url, site=site.name, known=False, refusal=refusal, next_why="it was never found"
            )
    return own


def _explained(
    url: str, row: sqlite3.Row, db: sqlite3.Connection, *, gate: Gate, archive: Path, now: datetime
) -> Explained:
    alias = db.execute(
        "select why, link.url from alias join link on link.id = link_id where alias.identity = ?",
        (identity(url),),
    ).fetchone()
    next_check, why = _next(row, now)
    hints = {name: row[name] for name in ("title", "text", "published", "modified", "language") if row[name]}
    return Explained(
        url=url,
        site=gate.site.name,
        known=True,
        alias_of=alias["url"] if alias else None,
        alias_why=alias["why"] if alias else None,
        kind=row["kind"],
        form=row["form"],
        because=tuple((row["because"] or "").splitlines()),
        state=row["state"],
        reason=row["reason"],
        sightings=_sightings(db, row["id"]),
        hints=hints,
        fetches=_fetches(db, row["id"]),
        article=f"corpus/{row['stem']}.md" if row["stem"] else None,
        revisions=len(Corpus(archive).revisions(gate.site.name, row["article_id"]))
        if row["article_id"]
        else 0,
        recurring=_recurring(db, row["article_id"], Corpus(archive).memory(gate.site.name)),
        refusal=_refusal(row["url"], Source(row["source"]), gate, db),
        next_check=next_check,
        next_why=why,
    )


def _recurring(db: sqlite3.Connection, article_id: str | None, memory: Memory | None) -> tuple[str, ...]:
    """Return what the page of the article shows that *memory* holds."""
    if memory is None or not db.execute("select 1 from sqlite_master where name = 'sample'").fetchone():
        return ()
    row = db.execute("select marks from sample where article_id = ?", (article_id,)).fetchone()
    shown = set(map(thing, array("q", row[0]))) if row else set()
    return tuple(text for one, text in things_in(memory).items() if one in shown)


def _sightings(db: sqlite3.Connection, id_: int) -> tuple[Sighting, ...]:
    rows = db.execute("select * from sighting where link_id = ? order by at, source", (id_,))
    return tuple(
        Sighting(source=row["source"], found_on=row["found_on"], at=moment(row["at"])) for row in rows
    )


def _fetches(db: sqlite3.Connection, id_: int) -> tuple[Fetch, ...]:
    rows = db.execute("select * from fetch where link_id = ? order by id desc limit ?", (id_, MAX_FETCHES))
    return tuple(
        Fetch(
            at=at,
            status=row["status"],
            bytes=row["bytes"],
            warc=f"{row['warc']}:{row['offset']}" if row["warc"] else None,
        )
        for row in rows
        if (at := moment(row["at"]))
    )


def _refusal(url: str, source: Source, gate: Gate, db: sqlite3.Connection | None) -> str | None:
    """Return why *url* would not be asked for, by the rules and the robots.txt as last fetched."""
    if reason := gate.refusal(Link(url=url, source=source)):
        return reason
    host = origin(url)
    row = (
        db and db.execute("select * from host where origin = ? and robots_at is not null", (host,)).fetchone()
    )
    if not row:
        return None
    gate.robots[host] = Robots.read(row["robots_status"] or None, row["robots_body"] or b"")
    return gate.robots_refusal(url)


def _next(row: sqlite3.Row, now: datetime) -> tuple[datetime | None, str]:
    """Return when the link is asked for next, and why then."""
    when = moment(row["next_check"])
    if row["state"] == "leased":
        return None, "a run has it in hand, or one that was killed; then the next run asks for it"
    if when is None:
        if row["depth"] > MAX_BARREN_DEPTH and row["kind"] is None:
            return None, f"it lies behind more than {MAX_BARREN_DEPTH} pages in a row that gave no article"
        if row["state"] == "gone":
            return None, "it is gone; a listing that names it as changed makes it due"
        if row["article_id"]:
            return None, "it is past the age of its last check; a listing that says it changed makes it due"
        return None, "nothing makes it due"
    if row["state"] == "new":
        lane = {Lane.LISTING: "as a listing", Lane.NEWS: "as news"}.get(
            row["lane"], "when nothing newer is due"
        )
        return when, f"it was never asked for; it comes {lane}"
    if row["state"] in {"failed", "retry"}:
        return when, f"it failed {row['fails']} times in a row"
    if row["kind"] == "listing":
        return when, f"a listing, looked at every {(row['interval'] or 0) / 3600:.1f} h as it changes"
    if row["state"] == "gone":
        return when, "to see whether it comes back"
    if row["article_id"]:
        return when, "by the age of the article"
    return when, "to see whether it is still so"


def lines(one: Explained, now: datetime) -> list[str]:
    """Return *one* as lines for a person."""
    if not one.known:
        told = [f"{one.url}", f"  a page of {one.site}, never found there"]
        return [
            *told,
            f"  it would be refused: {one.refusal}" if one.refusal else "  nothing forbids to ask for it",
        ]
    told = [one.url]
    if one.alias_of:
        told.append(f"  leads to {one.alias_of} ({one.alias_why})")
    for at, seen in enumerate(one.sightings):
        where = f" on {seen.found_on}" if seen.found_on else ""
        when = f", {ago(seen.at, now)}" if seen.at else ""
        told.append(f"  {'found' if at == 0 else '     '}: {seen.source}{where}{when}")
    told += [f"  said of it: {name}: {value}" for name, value in one.hints.items()]
    form = f" ({one.form})" if one.form and one.kind == "listing" else ""
    told.append(f"  kind: {one.kind or 'not known yet'}{form}")
    told += [f"    because {reason}" for reason in one.because]
    told.append(f"  state: {one.state}{f': {one.reason}' if one.reason else ''}")
    if one.article:
        more = f", {one.revisions} earlier texts" if one.revisions else ""
        told.append(f"  kept: {one.article}{more}")
    told += [f"  left out, as it recurs on the site's pages: {text[:160]}" for text in one.recurring]
    for fetch in one.fetches:
        told.append(
            f"  fetched: {fetch.at:%Y-%m-%d %H:%M:%S} UTC, HTTP {fetch.status}, {fetch.bytes:,} bytes"
            f"{f', {fetch.warc}' if fetch.warc else ''}"
        )
    if one.refusal:
        told.append(f"  it would be refused now: {one.refusal}")
    when = "never" if one.next_check is None else "now" if one.next_check <= now else ago(one.next_check, now)
    told.append(f"  next: {when}: {one.next_why}")
    return told

"""What is held of each site and what is due, without touching anything; also while a run goes on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from crawler import views
from crawler.corpus import BadCorpusFile, Corpus
from crawler.holding import state_path
from crawler.items import RunReport, Yield
from crawler.progress import counts, sources_line
from crawler.state import BadState, SiteBusy, leased, looked_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """One site as it stands."""

    site: str
    state: str
    """``idle``, ``running``, ``never crawled``, or what is wrong with the state file."""
    held: int = 0
    gone: int = 0
    """Of them, articles that the site has no more."""
    waiting: int = 0
    """Links found and never asked for."""
    due: Mapping[str, int] = field(default_factory=dict)
    """What is due now: ``listings``, ``articles`` to look at again, ``other`` pages, ``new`` links."""
    next_due: datetime | None = None
    last_run: RunReport | None = None
    runs_of_the_week: int = 0
    fresh_of_the_week: int = 0
    """News articles stored in the last seven days."""
    sources: Mapping[str, Yield] = field(default_factory=dict)
    walls: Mapping[str, int] = field(default_factory=dict)
    pauses: Mapping[str, datetime] = field(default_factory=dict)
    """Until when hosts asked for patience."""
    robots: str | None = None
    """As in `SiteRecord.robots`."""
    crawl_delay_seconds: float | None = None
    listings: tuple[views.Listing, ...] = ()
    sections: int = 0


def status(names: Iterable[str], archive: Path, now: datetime) -> list[Status]:
    """Return how each site of *names* stands in *archive*."""
    return [_status(name, archive, now) for name in names]


def _status(name: str, archive: Path, now: datetime) -> Status:
    path = state_path(archive, name)
    record = _record(name, archive)
    try:
        with looked_at(path) as db:
            week = [run for run in views.history(db) if now - _time(run) <= timedelta(days=7)]
            last = views.history(db)[-1:]
            return Status(
                site=name,
                state="running" if _is_running(path) else "idle" if last else "never crawled",
                held=views.held_count(db),
                gone=views.gone_count(db),
                waiting=views.waiting_count(db),
                due=views.due_counts(db, now),
                next_due=views.next_due(db),
                last_run=last[0] if last else None,
                runs_of_the_week=len(week),
                fresh_of_the_week=sum(run.quality.fresh for run in week),
                sources={source.value: given for source, given in views.yields(db).items()},
                walls=views.walls(db),
                pauses=views.pauses(db, now),
                robots=record[0],
                crawl_delay_seconds=record[1],
                listings=tuple(views.listings(db)),
                sections=views.section_count(db),
            )
    except FileNotFoundError:
        return Status(site=name, state="never crawled")
    except (BadState, OSError) as error:
        return Status(site=name, state=str(error))


def _record(name: str, archive: Path) -> tuple[str | None, float | None]:
    try:
        record = Corpus(archive).site_record(name)
    except BadCorpusFile:
        return None, None
    return (record.robots, record.crawl_delay_seconds) if record else (None, None)


def _is_running(path: Path) -> bool:
    try:
        with leased(path):
            return False
    except SiteBusy:
        return True


def _time(run: RunReport) -> datetime:
    return datetime.fromisoformat(run.started)


def lines(one: Status, now: datetime, *, full: bool) -> list[str]:
    """Return *one* as lines for a person; *full*: with its listings."""
    gone = f" ({one.gone} gone from the site)" if one.gone else ""
    told = [f"{one.site}: {one.held} articles{gone}, {one.state}"]
    if not one.due:
        return told
    due = ", ".join(f"{count} {what}" for what, count in one.due.items() if count)
    when = "never" if one.next_due is None else "now" if one.next_due <= now else ago(one.next_due, now)
    told.append(f"  due: {due or 'nothing'}; next: {when}; {one.waiting} links waiting")
    if run := one.last_run:
        cut = "" if run.finished == "done" else f" ({run.finished})"
        told.append(f"  last run {ago(_time(run), now)}: {counts(run.outcomes) or 'nothing was due'}{cut}")
        told += [f"  ALARM {alarm}" for alarm in run.alarms]
        told += [f"  warning: {warning}" for warning in run.warnings]
    told.append(f"  this week: {one.fresh_of_the_week} new articles in {one.runs_of_the_week} runs")
    if one.sources:
        told.append(f"  {sources_line(one.sources)}")
    if one.walls:
        told.append(f"  walls: {', '.join(f'{count} {kind}' for kind, count in one.walls.items())}")
    told += [
        f"  {host} asked for patience, until {until:%Y-%m-%d %H:%M} UTC" for host, until in one.pauses.items()
    ]
    if one.robots:
        delay = f", {one.crawl_delay_seconds:g} s between requests" if one.crawl_delay_seconds else ""
        told.append(f"  robots.txt: {one.robots}{delay}")
    if full:
        told += [_listing_line(listing, now) for listing in one.listings]
        told.append(f"  and {one.sections} section pages")
    return told


def _listing_line(listing: views.Listing, now: datetime) -> str:
    what = listing.form or (listing.reason if listing.fetched else "not asked for yet") or "no listing"
    changed = f", new body {ago(listing.changed, now)}" if listing.changed and listing.form else ""
    again = f", again {ago(listing.next_check, now)}" if listing.next_check else ""
    return f"  {listing.url}  [{what}{changed}{again}; by {listing.source}]"


def ago(moment: datetime, now: datetime) -> str:
    """Return *moment* as a person says it at *now*: ``3 h ago``, ``in 2 d``."""
    seconds = (moment - now).total_seconds()
    size = abs(seconds)
    for unit, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if size >= unit:
            return f"in {size / unit:.0f} {name}" if seconds > 0 else f"{size / unit:.0f} {name} ago"
    return "in a moment" if seconds > 0 else "just now"

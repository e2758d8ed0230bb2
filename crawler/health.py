"""Whether a site still gives what it used to: one run against the site's own history. Pure rules."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from statistics import median

from crawler.items import Quality, RunReport

HISTORY_DAYS = 28
WINDOWS_DAYS = (1, 3, 7)
"""A site of forty articles a day is missed after one day of silence, one of two after a week."""
MIN_DAYS = 3
"""Of history before the window, to compare with."""
IMPROBABLE = 0.001
"""An alarm rings when a site at half its pace would give so little this rarely (Poisson)."""
SATURDAY = 5
MIN_RECENT, MIN_BEFORE = 10, 20
"""Articles to judge by what they are like."""
MIN_WALLS, MIN_GONE = 5, 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What is far from a site's own history."""

    alarms: tuple[str, ...]
    """Somebody should look."""
    warnings: tuple[str, ...]


def health(report: RunReport, history: Sequence[RunReport]) -> Health:
    """Return what in *report* is far from *history*, the site's earlier runs in any order."""
    now = _time(report)
    recent = [run for run in history if now - _time(run) <= timedelta(days=HISTORY_DAYS)]
    runs = sorted([*recent, report], key=_time)
    alarms: list[str] = []
    warnings: list[str] = []
    # News comes before a backfill: a run that ended at its budget has asked for it, one of a few articles may not.
    if report.finished.startswith(("done", "limit of")) and not report.finished.endswith(" articles"):
        if silence := _silence(runs, lambda run: run.quality.fresh):
            alarms.append(f"new articles: {silence}")
        else:
            warnings += _dry_sources(runs)
    alarms += filter(None, [_walls(report, recent), _gone(report), _without_dates(runs), _shorter(runs)])
    warnings += filter(None, [_fewer(runs, "signed", "authors"), _fewer(runs, "described", "a description")])
    return Health(alarms=tuple(alarms), warnings=tuple(warnings))


def _dry_sources(runs: Sequence[RunReport]) -> list[str]:
    sources = sorted({source for run in runs for source in run.sources})
    dry = {source: _silence(runs, partial(_fresh_by, source)) for source in sources}
    return [f"{source} names hardly any new articles now: {how}" for source, how in dry.items() if how]


def _silence(runs: Sequence[RunReport], gave: Callable[[RunReport], int]) -> str | None:
    """Return how little *gave* finds in the last days of *runs*, oldest first, when it is improbably little."""
    now = _time(runs[-1])
    for days in WINDOWS_DAYS:
        begins = now - timedelta(days=days)
        window = [run for run in runs if _time(run) > begins]
        before = _by_day(run for run in runs if _time(run) <= begins)
        first = min(before, default=None)
        # A day is compared with its like: few newspapers print as much on a Sunday.
        alike = [
            when
            for when in before
            if when != first
            and (
                days > 1
                or _is_weekend(when) == _is_weekend(begins.isoformat()) == _is_weekend(now.isoformat())
            )
        ]
        usual = [sum(map(gave, before[when])) for when in alike]
        if len(usual) < MIN_DAYS or len(_by_day(window)) < (days + 1) // 2:
            continue
        pace, seen = median(usual), sum(map(gave, window))
        if pace > 0 and _poisson_at_most(seen, pace * days / 2) < IMPROBABLE:
            return f"{seen} in {days} day{'s' if days > 1 else ''}, where {pace:g} a day came before"
    return None


def _is_weekend(day: str) -> bool:
    return datetime.fromisoformat(day[:10]).weekday() >= SATURDAY


def _poisson_at_most(count: int, mean: float) -> float:
    """Return how probable it is that at most *count* events happen where *mean* are expected."""
    return sum(math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(count + 1))


def _fresh_by(source: str, run: RunReport) -> int:
    given = run.sources.get(source)
    return given.fresh if given else 0


def _walls(report: RunReport, before: Iterable[RunReport]) -> str | None:
    share, walls = _wall_share([report]), report.outcomes.get("wall", 0)
    if walls < MIN_WALLS or share < 0.5 or _wall_share(before) > share / 2:
        return None
    kinds = ", ".join(f"{count} × {reason}" for reason, count in report.reasons.items() if "wall" in reason)
    return f"{walls} pages are walls where articles were" + (f" ({kinds})" if kinds else "")


def _wall_share(runs: Iterable[RunReport]) -> float:
    walls = articles = 0
    for run in runs:
        walls += run.outcomes.get("wall", 0)
        articles += sum(run.outcomes.get(outcome, 0) for outcome in ("stored", "revised"))
    return walls / (walls + articles) if walls else 0.0


def _gone(report: RunReport) -> str | None:
    gone = report.outcomes.get("gone", 0)
    there = report.outcomes.get("unchanged", 0) + report.outcomes.get("revised", 0)
    return f"{gone} held articles are gone, {there} are there" if gone >= MIN_GONE and gone > there else None


def _without_dates(runs: Sequence[RunReport]) -> str | None:
    return _fewer(runs, "dated", "a date")


def _fewer(runs: Sequence[RunReport], field: str, what: str) -> str | None:
    """Return that fewer articles than before have *field*, when it is half the share or less."""
    recent, before = _split(runs)
    if not recent or not before:
        return None
    now, then = (_share(part, field) for part in (recent, before))
    return (
        f"{now:.0%} of the new articles have {what}, {then:.0%} had before"
        if then >= 0.6 and now <= then / 2
        else None
    )


def _shorter(runs: Sequence[RunReport]) -> str | None:
    recent, before = _split(runs)
    if not recent or not before:
        return None
    now, then = (median([one.words for one in part for _ in range(one.fresh)]) for part in (recent, before))
    return f"the new articles have {now:g} words, {then:g} before" if now <= then / 2 else None


def _share(part: Sequence[Quality], field: str) -> float:
    have: int = sum(getattr(one, field) for one in part)
    return have / sum(one.fresh for one in part)


def _split(runs: Sequence[RunReport]) -> tuple[list[Quality], list[Quality]]:
    """Return what the newest articles are like, and those before; both empty when there are too few to tell."""
    recent: list[Quality] = []
    before: list[Quality] = []
    for run in reversed(runs):
        enough = sum(one.fresh for one in recent) >= MIN_RECENT
        if run.quality.fresh:
            (before if enough else recent).append(run.quality)
    if not runs[-1].quality.fresh or sum(one.fresh for one in before) < MIN_BEFORE:
        return [], []
    return recent, before


def _by_day(runs: Iterable[RunReport]) -> Mapping[str, list[RunReport]]:
    days: dict[str, list[RunReport]] = {}
    for run in runs:
        days.setdefault(run.started[:10], []).append(run)
    return days


def _time(run: RunReport) -> datetime:
    return datetime.fromisoformat(run.started)

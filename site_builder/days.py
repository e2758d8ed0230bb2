"""The calendar: a page for each day, month and year that has articles."""

import calendar
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial

from site_builder.catalog import Entry, digest
from site_builder.planning import Holdings, Page, Rank

HEADLINES_A_DAY = 5
"""On a month's page; the day's own page has all."""

Week = tuple[tuple[str, int, int] | None, ...]
"""Seven cells from Monday: day as ``yyyy-mm-dd``, its number in the month, its count of articles."""


def weeks(month: str, counts: dict[str, int]) -> tuple[Week, ...]:
    """Return the weeks of *month*, ``yyyy-mm``, with the *counts* of its days."""
    year, number = map(int, month.split("-"))
    return tuple(
        tuple((f"{month}-{day:02}", day, counts.get(f"{month}-{day:02}", 0)) if day else None for day in week)
        for week in calendar.Calendar().monthdayscalendar(year, number)
    )


def day_path(day: str) -> str:
    """Return the path of the page of *day*."""
    return f"dates/{day.replace('-', '/')}.html"


def month_path(month: str) -> str:
    """Return the path of the page of *month*."""
    return f"dates/{month.replace('-', '/')}/index.html"


def year_path(year: str) -> str:
    """Return the path of the page of *year*."""
    return f"dates/{year}/index.html"


def calendar_pages(holdings: Holdings) -> Iterator[Page]:
    """Yield the pages of every day, month and year, and the one that lists the years."""
    days = holdings.catalog.days
    counts = {day: len(entries) for day, entries in days.items()}
    months: dict[str, dict[str, tuple[Entry, ...]]] = defaultdict(dict)
    for day, entries in days.items():
        months[day[:7]][day] = entries
    years: dict[str, dict[str, int]] = defaultdict(dict)
    for month, of_month in months.items():
        years[month[:4]][month] = sum(map(len, of_month.values()))

    for day, (earlier, later) in _beside(tuple(days)):
        yield Page(
            path=day_path(day),
            rank=Rank.LIST,
            template="day.html",
            inputs={
                "articles": holdings.teasers(days[day]),
                "earlier day": str(earlier),
                "later day": str(later),
            },
            make=partial(dict, day=day, entries=days[day], earlier_day=earlier, later_day=later),
        )
    for month, (earlier, later) in _beside(tuple(months)):
        of_month = months[month]
        shown = {day: entries[:HEADLINES_A_DAY] for day, entries in of_month.items()}
        grid = weeks(month, counts)
        yield Page(
            path=month_path(month),
            rank=Rank.LIST,
            template="month.html",
            inputs={
                "headlines": digest(*(holdings.teasers(entries) for entries in shown.values())),
                "days": digest(grid),
                "earlier month": str(earlier),
                "later month": str(later),
            },
            make=partial(
                dict,
                month=month,
                weeks=grid,
                days=of_month,
                shown=shown,
                earlier_month=earlier,
                later_month=later,
            ),
        )
    for year, (earlier, later) in _beside(tuple(years)):
        grids = [(month, years[year].get(month, 0), weeks(month, counts)) for month in _months_of(year)]
        yield Page(
            path=year_path(year),
            rank=Rank.LIST,
            template="year.html",
            inputs={"days": digest(grids), "earlier year": str(earlier), "later year": str(later)},
            make=partial(dict, year=year, grids=grids, earlier_year=earlier, later_year=later),
        )
    of_years = [
        (year, sum(of.values()), [(m, of.get(m, 0)) for m in _months_of(year)]) for year, of in years.items()
    ]
    yield Page(
        path="dates/index.html",
        rank=Rank.LIST,
        template="dates.html",
        inputs={"months": digest(of_years)},
        make=partial(dict, years=of_years[::-1]),
    )


def _months_of(year: str) -> list[str]:
    return [f"{year}-{number:02}" for number in range(1, 13)]


def _beside(names: Sequence[str]) -> Iterator[tuple[str, tuple[str | None, str | None]]]:
    """Yield each of *names*, in the order of time, with the one before and the one after."""
    for place, name in enumerate(names):
        yield (
            name,
            (names[place - 1] if place else None, names[place + 1] if place + 1 < len(names) else None),
        )

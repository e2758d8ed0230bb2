"""List pages: the newest articles of a topic, author, section or site, and all of them in volumes by month.

A volume never loses a page and its pages fill from the oldest on, so that tonight's articles change the newest
page of a list and no other.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any

from site_builder.catalog import UNDATED, Entry, Named, digest
from site_builder.planning import Holdings, Page, Rank
from site_builder.topics import Topic

MAX_BARS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """One page of a month of a list."""

    name: str
    """File name without its ending: ``2025-11``, ``2025-11-2``, ``undated``."""
    month: str
    part: int
    entries: tuple[Entry, ...]
    """Oldest first."""


def volumes(entries: tuple[Entry, ...], page_size: int) -> tuple[Volume, ...]:
    """Return *entries*, newest first, as volumes in the order of time, the undated last."""
    months: dict[str, list[Entry]] = defaultdict(list)
    for entry in reversed(entries):
        months[entry.month].append(entry)
    found = []
    for month in sorted(months):  # letters sort after digits: `undated` is last
        for start in range(0, len(months[month]), page_size):
            part = start // page_size + 1
            found.append(
                Volume(
                    name=month if part == 1 else f"{month}-{part}",
                    month=month,
                    part=part,
                    entries=tuple(months[month][start : start + page_size]),
                )
            )
    return tuple(found)


def months(entries: tuple[Entry, ...]) -> list[tuple[str, int]]:
    """Return each month of *entries* with how many there are, newest first, the undated last."""
    counts: dict[str, int] = defaultdict(int)
    for entry in entries:
        counts[entry.month] += 1
    return sorted(counts.items(), key=lambda item: (item[0] != UNDATED, item[0]), reverse=True)


def bars(entries: tuple[Entry, ...]) -> list[tuple[str, int]]:
    """Return how many of *entries* each week, month or year has, whichever gives at most `MAX_BARS`; gaps are 0.

    A week is named by its Monday, ``yyyy-mm-dd``.
    """
    days = [date.fromisoformat(entry.day) for entry in entries if entry.day]
    if not days:
        return []
    first, last = min(days), max(days)
    if (last - first).days // 7 < MAX_BARS:
        found = [(day - timedelta(days=day.weekday())).isoformat() for day in days]
        monday = date.fromisoformat(min(found))
        names = [(monday + timedelta(weeks=n)).isoformat() for n in range((last - monday).days // 7 + 1)]
    elif (last.year - first.year) * 12 + last.month - first.month < MAX_BARS:
        found = [f"{day:%Y-%m}" for day in days]
        ordinals = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
        names = [f"{ordinal // 12:04}-{ordinal % 12 + 1:02}" for ordinal in ordinals]
    else:
        found = [f"{day:%Y}" for day in days]
        names = [f"{year:04}" for year in range(first.year, last.year + 1)]
    counts: dict[str, int] = defaultdict(int)
    for name in found:
        counts[name] += 1
    return [(name, counts[name]) for name in names]


def span(entries: tuple[Entry, ...]) -> tuple[str, str] | None:
    """Return the first and the last day of *entries*, or ``None`` when all are undated."""
    days = [entry.day for entry in entries if entry.day]
    return (min(days), max(days)) if days else None


def list_pages(
    folder: str,
    template: str,
    label: str,
    entries: tuple[Entry, ...],
    *,
    holdings: Holdings,
    extra: dict[str, Any],
) -> Iterator[Page]:
    """Yield the pages of the list in *folder*: its volumes when one page is not enough, then its newest page.

    *extra* is what the newest page shows besides; its ``repr`` must tell all of it.
    """
    size = holdings.settings.page_size
    bound = volumes(entries, size) if len(entries) > size else ()
    for number, volume in enumerate(bound):
        earlier = bound[number - 1].name if number else None
        later = bound[number + 1].name if number + 1 < len(bound) else None
        yield Page(
            path=f"{folder}/{volume.name}.html",
            rank=Rank.LIST,
            template="volume.html",
            inputs={
                "name": label,
                "articles": holdings.teasers(volume.entries),
                "earlier volume": earlier or "none",
                "later volume": later or "none",
            },
            make=partial(
                dict, folder=folder, label=label, volume=volume, earlier_volume=earlier, later_volume=later
            ),
        )
    newest = entries[:size]
    summary = {
        "folder": folder,
        "label": label,
        "total": len(entries),
        "span": span(entries),
        "bars": bars(entries),
        "months": months(entries) if bound else [],
        **extra,
    }
    yield Page(
        path=f"{folder}/index.html",
        rank=Rank.LIST,
        template=template,
        inputs={"newest articles": holdings.teasers(newest), "summary": digest(summary)},
        make=partial(dict, newest=newest, **summary),
    )


def topic_pages(topic: Topic, holdings: Holdings) -> Iterator[Page]:
    """Yield the pages of *topic*."""
    sites = sorted({entry.article.site for entry in topic.entries})
    extra = {
        "spellings": topic.spellings[1:],
        "sites": [(site, holdings.publisher(site)) for site in sites],
        "feed": f"topics/{topic.slug}/feed.xml",
    }
    yield from list_pages(
        f"topics/{topic.slug}", "topic.html", topic.label, topic.entries, holdings=holdings, extra=extra
    )


def author_pages(author: Named, holdings: Holdings) -> Iterator[Page]:
    """Yield the pages of *author*."""
    sites = sorted({entry.article.site for entry in author.entries})
    extra = {"sites": [(site, holdings.publisher(site)) for site in sites]}
    yield from list_pages(
        f"authors/{author.slug}", "author.html", author.label, author.entries, holdings=holdings, extra=extra
    )


def section_pages(site: str, section: Named, holdings: Holdings) -> Iterator[Page]:
    """Yield the pages of *section* of *site*."""
    extra = {"sites": [(site, holdings.publisher(site))]}
    yield from list_pages(
        f"sections/{site}/{section.slug}",
        "section.html",
        section.label,
        section.entries,
        holdings=holdings,
        extra=extra,
    )


def site_pages(site: str, entries: tuple[Entry, ...], holdings: Holdings) -> Iterator[Page]:
    """Yield the pages of *site*."""
    catalog = holdings.catalog
    languages: dict[str, int] = defaultdict(int)
    for entry in entries:
        languages[entry.article.language or "unknown"] += 1
    extra = {
        "site": site,
        "record": holdings.records.get(site),
        "run": next((run for run in holdings.runs if run.site == site), None),
        "sections": [
            (section.label, section.slug, len(section.entries))
            for (of, _), section in catalog.sections.items()
            if of == site
        ],
        "languages": sorted(languages.items(), key=lambda item: (-item[1], item[0])),
        "undated": sum(1 for entry in entries if not entry.day),
        "feed": f"sites/{site}/feed.xml",
    }
    yield from list_pages(
        f"sites/{site}", "site.html", holdings.publisher(site), entries, holdings=holdings, extra=extra
    )

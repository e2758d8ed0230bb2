"""The pages readers come in by: home, the indexes of topics, authors and sites, search, about, not found."""

import unicodedata
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial
from typing import Any

from site_builder.catalog import digest
from site_builder.lists import months, span
from site_builder.planning import Holdings, Page, Rank

NEWEST_ON_HOME = 13
TOPICS_ON_HOME = 30
DAYS_ON_HOME = 30
TOPICS_ON_SEARCH = 60
FAILURES_SHOWN = 100
"""Of one site's last run, on the about page; the run's report has all."""


def entry_pages(holdings: Holdings) -> Iterator[Page]:
    """Yield the pages of this module."""
    yield _page(
        "index.html",
        "home.html",
        _home(holdings),
        {"newest": holdings.teasers(holdings.catalog.entries[:NEWEST_ON_HOME])},
    )
    yield _page("search.html", "search.html", _search(holdings))
    yield _page("about.html", "about.html", _about(holdings))
    yield _page("404.html", "404.html", {})
    yield _page("topics/index.html", "topics.html", _topics(holdings))
    yield _page("authors/index.html", "authors.html", _authors(holdings))
    yield _page("sites/index.html", "sites.html", {"sites": _sites(holdings), "runs": _runs(holdings)})


def _page(path: str, template: str, context: dict[str, Any], digests: dict[str, str] | None = None) -> Page:
    # These are few, and what they show is small: their context is made while planning and is its own digest,
    # but for what *digests* holds already.
    digests = digests or {}
    inputs = {name: digest(value) for name, value in context.items() if name not in digests} | digests
    return Page(path=path, rank=Rank.ENTRY, template=template, inputs=inputs, make=partial(dict, context))


def _home(holdings: Holdings) -> dict[str, Any]:
    catalog = holdings.catalog
    return {
        "newest": catalog.entries[:NEWEST_ON_HOME],
        "total": len(catalog.entries),
        "span": span(catalog.entries),
        "runs": _runs(holdings),
        "day_strip": _day_strip(holdings),
        "sites": _sites(holdings),
        "sections": _sections(holdings),
        "topics": _most_used(holdings, TOPICS_ON_HOME),
    }


def _day_strip(holdings: Holdings) -> list[tuple[str, int]]:
    """Return the last days up to the newest article's, each with its count."""
    days = holdings.catalog.days
    if not days:
        return []
    last = date.fromisoformat(next(reversed(days)))
    strip = [(last - timedelta(days=ago)).isoformat() for ago in reversed(range(DAYS_ON_HOME))]
    return [(day, len(days.get(day, ()))) for day in strip]


def _sites(holdings: Holdings) -> list[dict[str, Any]]:
    return [
        {"name": site, "publisher": holdings.publisher(site), "total": len(entries), "span": span(entries)}
        for site, entries in holdings.catalog.sites.items()
    ]


def _sections(holdings: Holdings) -> list[tuple[str, str, str, str, int]]:
    """Return site, its publisher, slug, label and count of every section, the largest first on each site."""
    found = [
        (site, holdings.publisher(site), section.slug, section.label, len(section.entries))
        for (site, _), section in holdings.catalog.sections.items()
    ]
    return sorted(found, key=lambda section: (section[0], -section[4], section[3]))


def _most_used(holdings: Holdings, count: int) -> list[tuple[str, str, int]]:
    """Return slug, label and count of the topics with most articles."""
    found = [(topic.slug, topic.label, len(topic.entries)) for topic in holdings.topics.topics]
    return sorted(found, key=lambda topic: (-topic[2], topic[1].casefold(), topic[0]))[:count]


def _runs(holdings: Holdings) -> list[dict[str, Any]]:
    """Return what the last run of each site did."""
    return [
        {
            "site": run.site,
            "publisher": holdings.publisher(run.site),
            "ended": run.ended,
            "finished": run.finished,
            "pages": run.pages,
            "outcomes": sorted(run.outcomes.items()),
            "failed": run.outcomes.get("failed", 0),
            "reasons": sorted(run.reasons.items()),
            "failures": [(failure.url, failure.reason) for failure in run.failures[:FAILURES_SHOWN]],
        }
        for run in holdings.runs
    ]


def initial(name: str) -> str:
    """Return the letter that *name* stands under in an index: Latin without marks, or the sign itself, or ``#``."""
    for char in unicodedata.normalize("NFKD", name).upper():
        if char.isalpha():
            return char
        if char.isdigit():
            return "#"
    return "#"


def _by_initial(names: list[tuple[str, str, int]]) -> list[tuple[str, list[tuple[str, str, int]]]]:
    groups: dict[str, list[tuple[str, str, int]]] = {}
    for item in sorted(names, key=lambda item: (initial(item[1]), item[1].casefold(), item[0])):
        groups.setdefault(initial(item[1]), []).append(item)
    return list(groups.items())


def _topics(holdings: Holdings) -> dict[str, Any]:
    topics = holdings.topics.topics
    return {
        "total": len(topics),
        "letters": _by_initial([(topic.slug, topic.label, len(topic.entries)) for topic in topics]),
        "most_used": _most_used(holdings, 12) if len(topics) > 24 else [],
    }


def _authors(holdings: Holdings) -> dict[str, Any]:
    authors = holdings.catalog.authors.values()
    return {
        "total": len(authors),
        "letters": _by_initial([(author.slug, author.label, len(author.entries)) for author in authors]),
    }


def _search(holdings: Holdings) -> dict[str, Any]:
    by_month = months(tuple(entry for entry in holdings.catalog.entries if entry.day))
    return {
        "topics": _most_used(holdings, TOPICS_ON_SEARCH),
        "months": by_month,
        "sites": [(site["name"], site["publisher"], site["total"]) for site in _sites(holdings)],
    }


def _about(holdings: Holdings) -> dict[str, Any]:
    entries = holdings.catalog.entries
    articles = [entry.article for entry in entries]
    return {
        "total": len(entries),
        "words": sum(article.words for article in articles),
        "span": span(entries),
        "sites": _sites(holdings),
        "languages": _counted(article.language or "not stated" for article in articles),
        "date_sources": _counted(article.date_source or "none: undated" for article in articles),
        "months": months(entries),
        "gone": sum(1 for article in articles if article.gone),
        "rights": [
            (site, holdings.publisher(site), record.rights, record.robots)
            for site, record in sorted(holdings.records.items())
        ],
        "runs": _runs(holdings),
        "topic_count": len(holdings.topics.topics),
        "author_count": len(holdings.catalog.authors),
    }


def _counted(names: Iterator[str]) -> list[tuple[str, int]]:
    return sorted(Counter(names).items(), key=lambda item: (-item[1], item[0]))

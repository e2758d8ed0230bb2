"""Atom feeds (RFC 4287) of the archive, of each topic and of each site: the newest articles."""

import re
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

from site_builder.catalog import Entry, digest
from site_builder.planning import Holdings, Page, Rank

ENTRIES_IN_A_FEED = 50

_NEVER = "1970-01-01T00:00:00Z"
# XML 1.0 has no character for these; a file edited by hand may hold them.
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def feed_pages(holdings: Holdings) -> Iterator[Page]:
    """Yield the feeds."""
    title = holdings.settings.title
    yield _feed("feed.xml", title, "index.html", holdings.catalog.entries, Rank.ENTRY)
    for topic in holdings.topics.topics:
        folder = f"topics/{topic.slug}"
        yield _feed(f"{folder}/feed.xml", f"{topic.label} – {title}", f"{folder}/index.html", topic.entries)
    for site, entries in holdings.catalog.sites.items():
        folder = f"sites/{site}"
        name = f"{holdings.publisher(site)} – {title}"
        yield _feed(f"{folder}/feed.xml", name, f"{folder}/index.html", entries)


def _feed(path: str, title: str, index: str, entries: tuple[Entry, ...], rank: Rank = Rank.LIST) -> Page:
    newest = entries[:ENTRIES_IN_A_FEED]
    return Page(
        path=path,
        rank=rank,
        template="feed.xml",
        inputs={
            "title": title,
            "articles": digest(*(entry.teaser for entry in newest)),
            "times": " ".join(map(updated, newest)),
        },
        make=partial(_context, path, title, index, newest),
    )


def _context(path: str, title: str, index: str, newest: tuple[Entry, ...]) -> dict[str, Any]:
    return {
        "path": path,
        "title": xml_text(title),
        "index": index,
        # The newest change among all shown, not the clock: the same corpus gives the same feed.
        "updated": max(map(updated, newest), default=_NEVER),
        "feed_id": _urn(path),
        "items": [(entry, _urn(entry.article.id), published(entry), updated(entry)) for entry in newest],
    }


def xml_text(text: str) -> str:
    """Return *text* without what XML cannot hold."""
    return _NO_XML.sub("", text)


def published(entry: Entry) -> str | None:
    """Return first publication as an RFC 3339 time in UTC, ``None`` when none is stated."""
    return instant(entry.article.date)


def updated(entry: Entry) -> str:
    """Return the last change known of *entry*, which Atom requires: stated, else published, else captured."""
    article = entry.article
    return instant(article.modified) or instant(article.date) or instant(article.captured) or _NEVER


def instant(stated: str | None) -> str | None:
    """Return an ISO 8601 day or time as an RFC 3339 time in UTC; one without an offset is read as UTC."""
    try:
        when = datetime.fromisoformat(stated or "")
        when = when.replace(tzinfo=when.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return when.strftime("%Y-%m-%dT%H:%M:%SZ") if when.year >= 1000 else None


def _urn(name: str) -> str:
    """Return an IRI that stays *name*'s wherever the archive is served (RFC 4287, 4.2.6)."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"pressmark:{name}").urn

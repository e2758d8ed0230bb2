"""Links out of RSS, Atom and JSON feeds."""

import io
import json
import re
import warnings
from dataclasses import dataclass
from typing import Any

import feedparser

from crawler.discovery import MAX_LINKS, BadListing
from crawler.discovery.dates import iso
from crawler.items import Link, Source
from crawler.urls import canonicalize

MAX_TITLE_CHARS = 1_000
_DECLARES_ENTITIES = re.compile(rb"<!DOCTYPE[^>\[]*\[", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """What one feed holds."""

    links: tuple[Link, ...]
    """Its entries, in its order."""
    refresh_seconds: int | None = None
    """How long it says that it stays as it is: RSS ``ttl``, or ``sy:updatePeriod`` over ``sy:updateFrequency``."""


_Entry = tuple[str, str, str, str]
"""Address, title, published, updated, as stated."""


def read_feed(body: bytes, url: str) -> Feed:
    """Return what the feed *body*, found at *url*, holds.

    Raises:
        BadListing: when it is no feed, or broken before its first entry.
    """
    if body.lstrip()[:1] == b"{":
        entries, refresh = _json_entries(body), None
    else:
        entries, refresh = _xml_entries(body)
    links = []
    for address, title, published, modified in entries[:MAX_LINKS]:
        if address and (link := canonicalize(address, url)):
            links.append(
                Link(
                    url=link,
                    source=Source.FEED,
                    found_on=url,
                    title=" ".join(title.split())[:MAX_TITLE_CHARS] or None,
                    published=iso(published),
                    modified=iso(modified),
                )
            )
    return Feed(links=tuple(links), refresh_seconds=refresh)


def _xml_entries(body: bytes) -> tuple[list[_Entry], int | None]:
    if _DECLARES_ENTITIES.search(body[:2_000]):
        raise BadListing("no feed: it declares entities, which multiply")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        # A stream, never the bytes: feedparser would open bytes that look like an address.
        try:
            feed = feedparser.parse(io.BytesIO(body), sanitize_html=False, resolve_relative_uris=False)
        except Exception as error:  # feedparser lets through what hostile bytes make its parsers raise
            raise BadListing(f"no feed: {error!r}") from error
        if not feed.get("version") and not feed.entries:
            raise BadListing(f"no feed: {feed.get('bozo_exception', 'no entry')}")
        entries = [
            (_text(entry, "link"), _text(entry, "title"), _text(entry, "published"), _text(entry, "updated"))
            for entry in feed.entries
        ]
        return entries, _refresh_seconds(feed.feed)


# Source: https://web.resource.org/rss/1.0/modules/syndication/
_PERIOD_SECONDS = {
    "hourly": 3_600,
    "daily": 86_400,
    "weekly": 604_800,
    "monthly": 2_592_000,
    "yearly": 31_536_000,
}


def _refresh_seconds(feed: Any) -> int | None:
    minutes = _text(feed, "ttl").strip()
    if minutes.isascii() and minutes.isdigit():
        return 60 * int(minutes[:6])
    period = _PERIOD_SECONDS.get(_text(feed, "sy_updateperiod").strip().lower())
    if period is None:
        return None
    frequency = _text(feed, "sy_updatefrequency").strip()
    return period // max(1, int(frequency[:6]) if frequency.isascii() and frequency.isdigit() else 1)


def _json_entries(body: bytes) -> list[_Entry]:
    """JSON Feed 1.1, https://www.jsonfeed.org/version/1.1/."""
    try:
        feed = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadListing(f"no JSON feed: {error}") from error
    items = feed.get("items") if isinstance(feed, dict) else None
    if not isinstance(items, list):
        raise BadListing("no JSON feed: it has no items")
    return [
        (_text(i, "url"), _text(i, "title"), _text(i, "date_published"), _text(i, "date_modified"))
        for i in items
        if isinstance(i, dict)
    ]


def _text(entry: Any, key: str) -> str:
    value = entry.get(key)
    return value if isinstance(value, str) else ""

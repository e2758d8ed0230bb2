"""Links out of RSS, Atom and JSON feeds."""

import io
import json
import re
import warnings
from typing import Any

import feedparser

from crawler.discovery import MAX_LINKS, BadListing
from crawler.discovery.dates import iso
from crawler.items import Link, Source
from crawler.urls import canonicalize

MAX_TITLE_CHARS = 1_000
_DECLARES_ENTITIES = re.compile(rb"<!DOCTYPE[^>\[]*\[", re.IGNORECASE)


def links_in_feed(body: bytes, url: str) -> tuple[Link, ...]:
    """Return the entries of the feed *body*, found at *url*, in its order.

    Raises:
        BadListing: when it is no feed, or broken before its first entry.
    """
    entries = _json_entries(body) if body.lstrip()[:1] == b"{" else _xml_entries(body)
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
    return tuple(links)


def _xml_entries(body: bytes) -> list[tuple[str, str, str, str]]:
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
        return [
            (_text(entry, "link"), _text(entry, "title"), _text(entry, "published"), _text(entry, "updated"))
            for entry in feed.entries
        ]


def _json_entries(body: bytes) -> list[tuple[str, str, str, str]]:
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

"""What one capture turns out to be, told by its content: a listing, an article, a wall, or something else."""

import re
from dataclasses import replace
from urllib.parse import urlsplit

from crawler.classify import classify
from crawler.cleaner.reading import read as read_article
from crawler.discovery import BadListing
from crawler.discovery.feeds import read_feed
from crawler.discovery.pages import anchors_of, feeds_of
from crawler.discovery.sitemaps import Sitemap, read_sitemap, read_text_sitemap, without_idle_lastmod
from crawler.items import Capture, Kind, Link, Memory, Reading, Source
from crawler.page import parse
from crawler.transfer import GZIP_MAGIC, IncompleteBody, OversizedBody, gunzip

MAX_SITEMAP_BYTES = 50_000_000
"""Unpacked, as the protocol allows (https://www.sitemaps.org/protocol.html)."""

_SNIFFED_BYTES = 2_000
_ROOT = re.compile(rb"<(?!\?|!)([A-Za-z_][\w.-]*:)?([A-Za-z][\w.-]*)")
_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)
_SITEMAP_ROOTS = {b"urlset", b"sitemapindex"}
_PAGE_TYPES = {"", "text/html", "application/xhtml+xml"}
_FEED_ROOTS = {b"rss", b"feed", b"rdf"}


def read(capture: Capture, link: Link, memory: Memory | None = None) -> Reading:
    """Return what *capture*, the answer to *link*, turns out to be; *memory* is of its site.

    Kind is decided by content, not by the address or where the link was found.
    """
    body = capture.body
    try:
        if body[:2] == GZIP_MAGIC:
            body = gunzip(body, max_bytes=MAX_SITEMAP_BYTES)
        form = sniff(body, capture.header("Content-Type") or "")
        if form == "sitemap":
            return _listing(read_sitemap(body, capture.url), capture)
        if form == "text":
            return _listing(read_text_sitemap(body, capture.url), capture)
        if form == "feed":
            feed = read_feed(body, capture.url)
            return Reading(
                kind=Kind.LISTING,
                form="feed",
                reasons=("it is a feed",),
                links=feed.links,
                refresh_seconds=feed.refresh_seconds,
            )
    except (BadListing, IncompleteBody, OversizedBody) as error:
        return Reading(kind=Kind.OTHER, reasons=(f"a listing that cannot be read: {error}",))
    if form != "html":
        return Reading(kind=Kind.OTHER, reasons=(f"not a page but {form}",))
    return _page(replace(capture, body=body), link, memory)


def sniff(body: bytes, content_type: str) -> str:
    """Return what *body* is: ``html``, ``sitemap``, ``feed``, ``text`` (addresses), or else what it is called."""
    kind = content_type.partition(";")[0].strip().lower()
    start = body[:_SNIFFED_BYTES].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start[:5] == b"%PDF-":
        return "application/pdf"
    if start[:4] in {b"\x89PNG", b"GIF8", b"RIFF"} or start[:3] == b"\xff\xd8\xff":
        return "a binary file" if kind in _PAGE_TYPES else kind
    if root := _ROOT.search(_COMMENT.sub(b"", start)):
        name = root[2].lower()
        if name in _SITEMAP_ROOTS:
            return "sitemap"
        if name in _FEED_ROOTS:
            return "feed"
        if name == b"html" or kind in _PAGE_TYPES:
            return "html"
        if kind.endswith("xml"):
            return "xml of an unknown kind"
    if start[:1] == b"{" and b"jsonfeed.org" in start:
        return "feed"
    if kind == "text/plain" and start[:4] == b"http":
        return "text"
    if kind in _PAGE_TYPES:
        return "html"
    return kind


def _listing(sitemap: Sitemap, capture: Capture) -> Reading:
    what = (
        "it is a sitemap index"
        if sitemap.form == "sitemap-index"
        else f"it is a {sitemap.form.replace('-', ' ')}"
    )
    reasons = (what, sitemap.broken) if sitemap.broken else (what,)
    links = without_idle_lastmod(sitemap.links, capture.captured)
    return Reading(kind=Kind.LISTING, form=sitemap.form, reasons=reasons, links=links)


def _page(capture: Capture, link: Link, memory: Memory | None) -> Reading:
    page = parse(capture.body, capture.url, content_type=capture.header("Content-Type"))
    verdict = classify(page, link)
    links = feeds_of(page)
    if link.source is Source.START and (
        verdict.kind is not Kind.ARTICLE or urlsplit(capture.url).path == "/"
    ):
        # A front page is where a site lists what it has, whatever stands on it besides.
        reasons = ("the site's front page", *verdict.reasons)
        links += anchors_of(page, Source.SECTION)
        return Reading(kind=Kind.LISTING, form="section", reasons=reasons, links=links)
    if verdict.kind is not Kind.ARTICLE:
        source = Source.SECTION if verdict.kind is Kind.LISTING else Source.PAGE
        form = "section" if verdict.kind is Kind.LISTING else None
        links += anchors_of(page, source)
        return Reading(kind=verdict.kind, form=form, reasons=verdict.reasons, links=links)
    links += anchors_of(page, Source.PAGE)
    cleaned = read_article(page, link=link, memory=memory, captured=capture.captured)
    told = {entry.url: entry for entry in reversed(cleaned.article.links) if entry.url}
    links = tuple(
        replace(found, source=Source(told[found.url].rel), text=told[found.url].text)
        if found.url in told
        else found
        for found in links
    )
    return Reading(
        kind=Kind.ARTICLE,
        reasons=verdict.reasons,
        links=links,
        article=cleaned.article,
        notices=cleaned.notices,
        marks=cleaned.marks,
    )

"""Links out of sitemaps: index, plain, news, and the text form (https://www.sitemaps.org/protocol.html)."""

import io
from dataclasses import dataclass, replace
from datetime import datetime

from lxml import etree

from crawler.discovery import BadListing
from crawler.discovery.dates import instant, iso
from crawler.items import Link, Source
from crawler.urls import canonicalize

MAX_ENTRIES = 50_000
MIN_STATED = 20
"""Dates that can be judged together."""
IDLE_SHARE = 0.9
JUST_NOW_SECONDS, IDLE_SPREAD_SECONDS = 3600, 300

_NEWS = "http://www.google.com/schemas/sitemap-news/0.9"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitemap:
    """What one sitemap file holds."""

    form: str
    """``sitemap-index``, ``news-sitemap`` or ``sitemap``."""
    links: tuple[Link, ...]
    """Sub-sitemaps of an index, else pages; newest first where the entries are dated."""
    broken: str | None = None
    """What ended the reading early; the links before it are given."""


def read_sitemap(body: bytes, url: str) -> Sitemap:
    """Return what the XML sitemap *body*, found at *url*, lists.

    No DTD, no entities, no network. Raises `BadListing` when nothing can be read.
    """
    links: list[Link] = []
    form, root, broken = "sitemap", "", None
    try:
        for _, element in etree.iterparse(
            io.BytesIO(body.lstrip()),
            events=("end",),
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
        ):
            _, name = _name(element)
            if name not in {"url", "sitemap"}:
                continue
            root = "sitemapindex" if name == "sitemap" else "urlset"
            values, is_news = _values(element)
            if is_news:
                form = "news-sitemap"
            if (link := _link(values, url, root, is_news=is_news)) and len(links) < MAX_ENTRIES:
                links.append(link)
            element.clear()
            while (earlier := element.getprevious()) is not None:
                parent = element.getparent()
                assert parent is not None
                parent.remove(earlier)
    except etree.XMLSyntaxError as error:
        broken = f"broken XML: {error.msg}"
        if not links:
            raise BadListing(broken) from error
    if root == "sitemapindex":
        form = "sitemap-index"
    links.sort(key=lambda link: link.published or link.modified or "", reverse=True)
    return Sitemap(form=form, links=tuple(links), broken=broken)


def without_idle_lastmod(links: tuple[Link, ...], now: datetime) -> tuple[Link, ...]:
    """Return *links*, read at *now*, without their ``lastmod`` when nearly all of them say the same: just now.

    Such a sitemap dates its own making, not its pages.
    """
    stated = [link.modified for link in links if link.modified]
    idle = [instant(modified) for modified in stated if _is_just_now(modified, now)]
    if len(stated) < MIN_STATED or len(idle) < IDLE_SHARE * len(stated):
        return links
    if max(idle) - min(idle) > IDLE_SPREAD_SECONDS:
        return links
    return tuple(replace(link, modified=None) for link in links)


def _is_just_now(modified: str, now: datetime) -> bool:
    if len(modified) == len("2026-01-31"):
        return modified == f"{now:%Y-%m-%d}"
    return abs(now.timestamp() - instant(modified)) <= JUST_NOW_SECONDS


def read_text_sitemap(body: bytes, url: str) -> Sitemap:
    """Return what the sitemap *body* of one address a line lists."""
    found = (canonicalize(line) for line in body.decode("utf-8-sig", "replace").splitlines()[:MAX_ENTRIES])
    links = tuple(Link(url=link, source=Source.SITEMAP, found_on=url) for link in found if link)
    if not links:
        raise BadListing("a text sitemap without an address")
    return Sitemap(form="sitemap", links=links)


def _values(element: etree._Element) -> tuple[dict[str, str], bool]:
    """Return what *element* itself says and its news extension; images and videos have a ``loc`` and title too."""
    values: dict[str, str] = {}
    is_news = False
    for child in element.iter():
        namespace, name = _name(child)
        of_news = namespace == _NEWS
        is_news = is_news or of_news
        if child.text and (of_news or child.getparent() is element):
            values.setdefault(name, " ".join(child.text.split()))
    return values, is_news


def _name(element: etree._Element) -> tuple[str, str]:
    """Return namespace and local name of *element*, both empty for a comment; a prefix bound to nothing stays."""
    namespace, _, name = element.tag.rpartition("}") if isinstance(element.tag, str) else ("", "", "")
    return namespace.removeprefix("{"), name


def _link(values: dict[str, str], url: str, root: str, *, is_news: bool) -> Link | None:
    address = canonicalize(values["loc"], url) if values.get("loc") else None
    if address is None:
        return None
    return Link(
        url=address,
        source=Source.SITEMAP_INDEX
        if root == "sitemapindex"
        else Source.NEWS_SITEMAP
        if is_news
        else Source.SITEMAP,
        found_on=url,
        title=values.get("title") if is_news else None,
        published=iso(values.get("publication_date")),
        modified=iso(values.get("lastmod")),
        language=values.get("language") if is_news else None,
    )

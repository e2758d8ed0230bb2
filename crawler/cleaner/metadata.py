"""Everything a page says of its article besides the text, each field merged from all that state it."""

import re
from dataclasses import dataclass, field
from datetime import datetime

from crawler.cleaner import dates
from crawler.cleaner.blocks import Block, Layout
from crawler.cleaner.body import Body
from crawler.cleaner.declared import article_object, descriptions, marked
from crawler.cleaner.text import field as one_line
from crawler.cleaner.text import fold
from crawler.cleaner.title import site_names
from crawler.items import Link, Source
from crawler.page import JsonObject, Page, join
from crawler.urls import canonicalize

NEAR_BLOCKS = 14
ABOVE_BLOCKS = 6


@dataclass(slots=True)
class Metadata:
    """Who stated each field of an article besides its text."""

    stated: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    """For each field, every value with its source, the one chosen first."""

    def choose(self, name: str, statements: list[tuple[str, str]]) -> str | None:
        """Record *statements* of the field *name* and return the first."""
        self.stated[name] = statements
        return statements[0][0] if statements else None


def near_headline(found: Layout, body: Body) -> tuple[int, int]:
    """Return the range of blocks where a page prints byline and date: about the headline, above the story."""
    first = body.first_content
    headline = body.headline
    if headline is None:
        # A headline in other words than the title's.
        above = found.blocks[max(0, first - 2 * NEAR_BLOCKS) : first + 1]
        headline = next((b for b in reversed(above) if b.role == "h1" and not b.hidden), None)
    if headline is not None:
        start = max(0, headline.index - ABOVE_BLOCKS)
        stop = headline.index + NEAR_BLOCKS
        if first > headline.index:
            stop = max(min(stop, first + 3), headline.index + 4)
        return start, stop
    return max(0, first - NEAR_BLOCKS), first + 2


def masthead_blocks(page: Page, found: Layout, body: Body) -> frozenset[int]:
    """Return the blocks just above the headline that stand nearer to the newspaper's name than to the headline."""
    if body.headline is None:
        return frozenset()
    headline = body.headline.box
    sites = site_names(page, found)
    names = [
        b
        for b in found.blocks[: min(20, body.headline.index)]
        if fold(b.text) in sites or _leads_home(page, b)
    ]
    near: set[int] = set()
    for block in found.blocks[max(0, body.headline.index - ABOVE_BLOCKS) : body.headline.index]:
        if any(block.box.common(name.box).depth >= block.box.common(headline).depth for name in names):
            near.add(block.index)
    return frozenset(near)


def _leads_home(page: Page, block: Block) -> bool:
    home = page.url.partition("://")[2].partition("/")[0]
    return any(address.partition("://")[2].rstrip("/") == home for address, _ in block.links)


def published(
    page: Page, found: Layout, body: Body, link: Link | None, captured: datetime | None
) -> tuple[dates.Stated | None, list[dates.Stated]]:
    """Return when *page*'s article was first published, and everything that states it."""
    latest = dates.last_day_believed(captured)
    stated = dates.published(
        page,
        article_object(page),
        found,
        around=near_headline(found, body),
        mastheads=masthead_blocks(page, found, body),
        end=body.region.end,
        latest=latest,
    )
    if link is not None and link.published:
        value = dates.read_date(link.published, latest=latest)
        if value:
            source = {Source.FEED: "feed"}.get(link.source, "sitemap")
            stated.append(dates.Stated(value, source, link.published))
    in_url = dates.in_url(page.url, latest)
    if in_url is not None:
        stated.append(in_url)
    stated = dates.settled(stated, latest)
    if not stated:
        top = body.headline.index if body.headline is not None else body.first_content
        printed = dates.masthead(found.blocks[:top], latest)
        if printed is not None:
            stated.append(printed)
    return dates.best(stated), stated


def changed(page: Page, captured: datetime | None, first: str | None) -> list[tuple[str, str]]:
    """Return when the article last changed, as *page* states it, when that is after *first*."""
    stated = dates.modified(page, article_object(page), dates.last_day_believed(captured))
    return [(one.value, one.source) for one in stated if first is None or dates.is_after(one.value, first)]


def description(page: Page, body: Body, sites: set[str], title: str, text: str) -> list[tuple[str, str]]:
    """Return the standfirsts that *page* states, the printed one first; the mere beginning of *text* is none."""
    opening = fold(text[:1_200])
    stated: list[tuple[str, str]] = []
    if body.standfirst is not None:
        stated.append((one_line(body.standfirst.text), "standfirst"))
    stated += descriptions(page)
    good = []
    for value, source in stated:
        folded = fold(value)
        excerpt = (
            len(folded) > 30 and opening[: len(folded) + 40].find(folded[: max(30, len(folded) - 12)]) >= 0
        )
        if (
            folded
            and folded not in sites
            and folded != fold(title)
            and not (excerpt and source != "standfirst")
        ):
            good.append((value, source))
    return good


def canonical(page: Page, url: str) -> str | None:
    """Return the address *page* claims, when it is another article's identity or form than *url*."""
    claimed = page.canonical or page.first_meta("og:url")
    address = canonicalize(claimed, page.base) if claimed else None
    return address if address and address != url else None


def image(page: Page, body: Body) -> list[tuple[str, str]]:
    """Return the addresses of the lead image, the declared one first."""
    article: JsonObject = article_object(page) or {}
    stated: list[tuple[str, str]] = []
    value = article.get("image")
    for _ in range(3):
        if isinstance(value, list):
            value = value[0] if value else None
        if isinstance(value, dict):
            value = value.get("url") or value.get("contentUrl")
    for raw, source in (
        (page.first_meta("og:image:secure_url", "og:image", "og:image:url"), "meta og:image"),
        (value if isinstance(value, str) else None, "json-ld"),
        (page.first_meta("twitter:image", "twitter:image:src"), "meta"),
        (next((b.tokens[0][1] for b in body.kept if b.role == "img"), None), "first image"),
    ):
        address = join(page.base, raw)
        if address:
            stated.append((address, source))
    return stated


def rights(page: Page) -> tuple[str, ...]:
    """Return licence, robots meta and TDM reservation of *page* as ``name: value``."""
    found: dict[str, None] = {}
    for name in (
        "robots",
        "googlebot",
        "googlebot-news",
        "tdm-reservation",
        "tdm-policy",
        "dc.rights",
        "dcterms.rights",
        "dcterms.license",
    ):
        for value in page.meta.get(name, ())[:1]:
            text = one_line(value)[:200]
            if name in {"robots", "googlebot", "googlebot-news"}:
                kept = [part for part in re.split(r"[,\s]+", text.lower()) if part in _RESERVING]
                text = ", ".join(kept)
            if text:
                found[f"{name}: {text}"] = None
    licences = [one for one in marked(page) if one.has("rel", "license")]
    for one in licences[:5]:
        address = join(page.base, one.attributes.get("href"))
        if address:
            found[f"license: {address}"] = None
    article = article_object(page)
    if article is not None and isinstance(article.get("license"), str):
        found[f"license: {one_line(article['license'])[:300]}"] = None
    return tuple(found)


_RESERVING = frozenset(
    {"noarchive", "noai", "noimageai", "noindex", "nosnippet", "noimageindex", "nocache", "none", "nofollow"}
)

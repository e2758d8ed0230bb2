"""Links out of an HTML page: the feeds it advertises and its anchors."""

from crawler.discovery import MAX_LINKS
from crawler.items import Link, Source
from crawler.page import Page
from crawler.urls import canonicalize, identity, is_asset

MAX_ANCHOR_CHARS = 300


def feeds_of(page: Page) -> tuple[Link, ...]:
    """Return the feeds *page* advertises."""
    found = (canonicalize(address) for address, _ in page.feeds)
    return tuple(
        Link(url=url, source=Source.AUTODISCOVERY, found_on=page.url) for url in dict.fromkeys(found) if url
    )


def anchors_of(page: Page, source: Source) -> tuple[Link, ...]:
    """Return where the anchors of *page* lead, each address once with its longest text, in page order.

    Files that hold no page, the page itself and anchors marked ``nofollow`` are left out.
    """
    found: dict[str, str] = {}
    here = identity(page.url)
    for node in page.tree.css("a[href], area[href]"):
        attributes = node.attributes
        href = attributes.get("href") or ""
        if href.startswith("#") or "nofollow" in (attributes.get("rel") or "").lower():
            continue
        url = canonicalize(href, page.base)
        if url is None or is_asset(url) or identity(url) == here:
            continue
        text = " ".join(node.text(deep=True).split())[:MAX_ANCHOR_CHARS]
        if len(text) > len(found.get(url, "")) or url not in found:
            found[url] = text
        if len(found) >= MAX_LINKS:
            break
    return tuple(
        Link(url=url, source=source, found_on=page.url, text=text or None) for url, text in found.items()
    )

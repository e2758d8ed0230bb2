"""Sitemaps of the built archive: one a month under an index, so that tonight changes two files.

Only where the archive's address is known: a sitemap needs absolute addresses (sitemaps.org, ``loc``).
"""

from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from urllib.parse import quote
from xml.sax.saxutils import escape

from site_builder.catalog import Entry, digest
from site_builder.feeds import updated
from site_builder.planning import Holdings, Page, Rank

MAX_ADDRESSES = 50_000
"""In one file. Source: https://www.sitemaps.org/protocol.html"""

_NAMESPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def sitemap_pages(holdings: Holdings) -> Iterator[Page]:
    """Yield the sitemaps, or nothing when no address is configured."""
    base = holdings.settings.base_url
    if not base:
        return
    months: dict[str, list[Entry]] = defaultdict(list)
    for entry in reversed(holdings.catalog.entries):
        months[entry.month].append(entry)
    files = {}
    for month in sorted(months):
        for start in range(0, len(months[month]), MAX_ADDRESSES):
            part = "" if not start else f"-{start // MAX_ADDRESSES + 1}"
            files[f"sitemap-{month}{part}.xml"] = months[month][start : start + MAX_ADDRESSES]
    for path, entries in files.items():
        places = [(f"{base}{quote(entry.path)}", updated(entry)) for entry in entries]
        yield Page(
            path=path,
            rank=Rank.LIST,
            inputs={"addresses": digest(places)},
            make=partial(_xml, "urlset", "url", places),
        )
    index = [(f"{base}{path}", max(map(updated, entries))) for path, entries in files.items()]
    yield Page(
        path="sitemap.xml",
        rank=Rank.ENTRY,
        inputs={"sitemaps": digest(index)},
        make=partial(_xml, "sitemapindex", "sitemap", index),
    )


def _xml(root: str, item: str, places: list[tuple[str, str]]) -> bytes:
    items = "".join(
        f"<{item}><loc>{escape(place)}</loc><lastmod>{changed}</lastmod></{item}>\n"
        for place, changed in places
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} {_NAMESPACE}>\n{items}</{root}>\n'.encode()

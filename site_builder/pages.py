"""plan(holdings) → every page of the built archive: path, inputs, template, context."""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from importlib.resources import files

from site_builder.articles import article_pages
from site_builder.catalog import digest
from site_builder.days import calendar_pages
from site_builder.feeds import feed_pages
from site_builder.front import entry_pages
from site_builder.lists import author_pages, section_pages, site_pages, topic_pages
from site_builder.output import WrittenTwice
from site_builder.planning import Holdings, Page, Rank
from site_builder.sitemap import sitemap_pages

ASSETS = ("style.css", "pressmark.js", "words.js", "search.js", "icon.svg")


def plan(holdings: Holdings, code: str, search: tuple[Page, ...] = ()) -> tuple[Page, ...]:
    """Return every page, in the order of writing.

    *search* is what the search index consists of. Each page made by our code has the settings and the digest
    of the *code*, templates included, among its inputs.

    Raises:
        WrittenTwice: when two pages have one path, or paths that differ in case only.
    """
    shared = {"settings": holdings.settings.digest, "code and templates": code}
    pages: dict[str, Page] = {}
    made = (replace(page, inputs={**page.inputs, **shared}) for page in _all(holdings))
    for page in (*_assets(), *made, *search):
        if page.path.casefold() in pages:
            raise WrittenTwice(f"two pages are planned at {page.path}")
        pages[page.path.casefold()] = page
    return tuple(sorted(pages.values(), key=lambda page: page.rank))


def _all(holdings: Holdings) -> Iterator[Page]:
    for entry in holdings.catalog.entries:
        yield from article_pages(entry, holdings)
    for topic in holdings.topics.topics:
        yield from topic_pages(topic, holdings)
    for author in holdings.catalog.authors.values():
        yield from author_pages(author, holdings)
    for (site, _), section in holdings.catalog.sections.items():
        yield from section_pages(site, section, holdings)
    for site, entries in holdings.catalog.sites.items():
        yield from site_pages(site, entries, holdings)
    yield from calendar_pages(holdings)
    yield from feed_pages(holdings)
    yield from sitemap_pages(holdings)
    yield from entry_pages(holdings)


def _assets() -> Iterator[Page]:
    for name in ASSETS:
        data = (files("templates") / name).read_bytes()
        if name.endswith(".css"):
            data = shrunk(data.decode()).encode()
        yield Page(
            path=f"assets/{name}",
            rank=Rank.ASSET,
            inputs={"content": digest(data)},
            make=partial(bytes, data),
        )


def shrunk(css: str) -> str:
    """Return *css* without comments and needless white space; its strings hold none of both."""
    css = re.sub(r"\s+", " ", re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL))
    css = re.sub(r" ?([{};,>]) ?", r"\1", css)
    css = re.sub(r"(?<=[{;])([a-z-]+): ", r"\1:", css)
    css = re.sub(r"(?<=[ (,:])0\.(?=\d)", ".", css)
    return css.replace(";}", "}").strip() + "\n"

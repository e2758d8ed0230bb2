"""What the sample newspaper prints: reads the article files beside this module.

An article is one Markdown file with TOML between ``+++`` lines. ``name.edition-2.md`` replaces ``name.md`` from the
second edition on.
"""

import html
import re
import tomllib
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import markdown

HERE = Path(__file__).parent
SEED_FILE = HERE / "beijing-post" / "seed-2025-11-01.txt"

Markup = Literal["json-ld", "meta", "visible"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One article of the Lantern, as its file states it."""

    title: str
    teaser: str
    """How listings and related blocks call it; the title unless the file says otherwise."""
    description: str
    path: str
    """Percent-encoded."""
    published: datetime
    modified: datetime | None
    section: str
    authors: tuple[str, ...]
    keywords: tuple[str, ...]
    markup: Markup
    """Where the page states author, date and keywords for machines; ``visible``: nowhere."""
    language: str
    image: str | None
    image_caption: str
    blocks: tuple[str, ...]
    """The body as HTML, one block each: paragraph, heading, list, quote, table or figure."""

    @property
    def changed(self) -> datetime:
        return self.modified or self.published

    @property
    def agency(self) -> bool:
        return self.authors == ("Northline",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """One article of the Beijing Post."""

    title: str
    path: str
    description: str
    blocks: tuple[str, ...]
    first_published_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """The seed text of 1 November 2025, taken apart."""

    publisher: str
    slogan: str
    date: str
    title: str
    description: str
    paragraphs: tuple[str, ...]
    disclaimer: str
    related: tuple[str, ...]
    """Fifty headlines, the first of them the page's own."""


@cache
def articles(edition: int) -> tuple[Article, ...]:
    """Return the Lantern's articles as of *edition*, newest first."""
    files = {file.name.removesuffix(".md"): file for file in sorted((HERE / "lantern").glob("*.md"))}
    later = {
        name.removesuffix(".edition-2"): file for name, file in files.items() if name.endswith(".edition-2")
    }
    current = {name: file for name, file in files.items() if not name.endswith(".edition-2")}
    if edition >= 2:
        current |= later
    return tuple(
        sorted(
            (_article(file) for file in current.values()), key=lambda a: (a.published, a.path), reverse=True
        )
    )


@cache
def briefs() -> tuple[Brief, ...]:
    """Return the short articles that are the Beijing Post's own."""
    found = []
    for file in sorted((HERE / "beijing-post").glob("*.md")):
        facts, body = _read(file)
        path = f"/{slug(facts['title'])}"
        found.append(Brief(title=facts["title"], path=path, description="", blocks=_blocks(body)))
    return tuple(found)


@cache
def seed() -> Seed:
    """Return the seed text; its blank lines separate paragraphs, its other lines follow the page's blocks."""
    lines = [line for line in SEED_FILE.read_text(encoding="utf-8").splitlines() if line.strip()]
    notice = next(i for i, line in enumerate(lines) if line.startswith("AI Disclaimer:"))
    close = lines.index("Close")
    return Seed(
        publisher=lines[0],
        slogan=lines[1],
        date=lines[2],
        title=lines[3],
        description=lines[4],
        paragraphs=tuple(lines[5:notice]),
        disclaimer=lines[notice],
        related=tuple(lines[close + 1 : lines.index("×")]),
    )


def slug(text: str) -> str:
    """Return *text* as the words of a path, percent-encoded where they are not ASCII."""
    words = re.sub(r"[^\w]+", "-", re.sub(r"[.'’]", "", text.casefold()))
    return quote(words.strip("-"))


def plain(block: str) -> str:
    """Return the words of an HTML *block*."""
    return html.unescape(re.sub(r"<[^>]+>", "", block)).strip()


def paragraphs(blocks: tuple[str, ...]) -> list[str]:
    """Return the text of those *blocks* that are paragraphs: no headings, lists, quotes, tables or captions."""
    return [plain(block) for block in blocks if block.startswith("<p>")]


def _article(file: Path) -> Article:
    facts, body = _read(file)
    return Article(
        title=facts["title"],
        teaser=facts.get("teaser", facts["title"]),
        description=facts["description"],
        path=quote(facts["path"]),
        published=facts["published"],
        modified=facts.get("modified"),
        section=facts["section"],
        authors=tuple(facts["authors"]),
        keywords=tuple(facts["keywords"]),
        markup=facts["markup"],
        language=facts.get("language", "en"),
        image=facts.get("image"),
        image_caption=facts.get("image_caption", ""),
        blocks=_blocks(body),
    )


def _read(file: Path) -> tuple[dict, str]:
    _, head, body = file.read_text(encoding="utf-8").split("+++\n", 2)
    return tomllib.loads(head), body.strip()


def _blocks(body: str) -> tuple[str, ...]:
    reader = markdown.Markdown(extensions=["tables"], output_format="html")
    return tuple(_figure(reader.reset().convert(block)) for block in re.split(r"\n{2,}", body))


def _figure(block: str) -> str:
    """Return a paragraph that is but an image as a figure with its caption."""
    found = re.fullmatch(r'<p><img alt="([^"]*)" src="([^"]*)" title="([^"]*)"></p>', block)
    if not found:
        return block
    alt, source, caption = found.groups()
    return (
        f'<figure class="inline"><img src="{source}" alt="{alt}" width="480" height="270">'
        f"<figcaption>{caption}</figcaption></figure>"
    )

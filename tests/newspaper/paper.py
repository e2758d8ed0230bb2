"""The pages of the sample newspaper: every URL path of its two sites, as bytes.

Pure: the same edition and origin give the same bytes, on any machine and at any time.
"""

import gzip
import hashlib
import re
import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from itertools import groupby
from typing import Any, NotRequired, TypedDict
from urllib.parse import unquote

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tests.newspaper import content
from tests.newspaper.content import Article, Brief

NAME = "The Aldhaven Lantern"
SECOND_NAME = "Beijing Post"
SECTIONS = ("City", "Business", "Science")
STAFF = {
    "Marta Elling": "writes about the city, its river and its bread. She joined the Lantern in 2011.",
    "Tobias Wren": "covers business and science, and anything that has rails. He has been with us since 2016.",
}
PAGE_SIZE = 8
FEED_SIZE = 15
NEWS_SITEMAP_SIZE = 10

CHANGED = "/2025/10/09/flood-repair-bill"
"""The article that the second edition corrects."""
MOVED = {"/2025/09/05/council-votes-on-east-quay": "/2025/09/05/council-backs-east-quay-rebuild"}
"""Redirects, old path to new."""
DEAD = "/science/harbour-model-live"
"""Linked once, answered with 404."""
PRIVATE = "/private/letters"
"""Linked from each footer, disallowed in robots.txt."""
PRINTED = "/2025/09/19/we-carried-the-piano-upstairs"
"""The article that has a print version as well."""
SEED_PATH = "/us-secures-key-southeast-asia-agreements-to-reshape-rare-earth-supply-chains"
CARRIED = "/business/rare-earth-buyers-sign-for-harrow-fell"
"""The article of the Lantern that the Beijing Post carries word for word."""
NOT_FOUND = "/404"
"""The page served for every path that has none."""

LAUNCHED = datetime(2025, 8, 31, 12, tzinfo=UTC)
"""When stylesheets, images and the pages about the paper were last changed."""
SECOND_CHANGED = datetime(2025, 11, 1, 6, tzinfo=UTC)

HTML = "text/html; charset=utf-8"
XML = "application/xml; charset=utf-8"

MONTHS = {
    "en": "January February March April May June July August September October November December".split(),
    "ar": "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر".split(),
}
BYLINES = {"en": "By ", "zh": "记者：", "ar": "بقلم "}
RELATED_HEADINGS = {
    "json-ld": {"en": "Related articles", "zh": "相关阅读", "ar": "مقالات ذات صلة"},
    "meta": {"en": "More on this", "zh": "更多报道", "ar": "اقرأ أيضاً"},
    "visible": {"en": "Read also", "zh": "延伸阅读", "ar": "اقرأ أيضاً"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What the server answers for one path."""

    content_type: str
    body: bytes
    last_modified: datetime
    status: int = 200
    location: str | None = None
    """Where a redirect leads, as a path."""

    @property
    def etag(self) -> str:
        return f'"{hashlib.sha256(self.body).hexdigest()[:24]}"'


class Truth(TypedDict):
    """What a crawler should find out about one article."""

    paper: str
    title: str
    day: str
    """ISO 8601; for the Beijing Post the date of its masthead, the only one it prints."""
    authors: list[str]
    section: str | None
    keywords: list[str]
    language: str
    markup: str
    paragraphs: list[str]
    """Their words in order; headings, lists, quotes, tables and captions are not among them."""
    modified: NotRequired[str]
    """ISO 8601, where the page states it."""


def truth(edition: int = 1) -> dict[str, Truth]:
    """Return the expected reading of every article of both papers, by path."""
    found: dict[str, Truth] = {}
    for article in content.articles(edition):
        found[article.path] = Truth(
            paper=NAME,
            title=article.title,
            day=article.published.date().isoformat(),
            authors=list(article.authors),
            section=article.section,
            keywords=list(article.keywords),
            language=article.language,
            markup=article.markup,
            paragraphs=content.paragraphs(article.blocks),
        )
        if article.modified:
            found[article.path]["modified"] = article.modified.isoformat()
    for brief in _second_articles("http://lantern.example"):
        found[brief.path] = Truth(
            paper=SECOND_NAME,
            title=brief.title,
            day="2025-11-01",
            authors=[],
            section=None,
            keywords=[],
            language="en",
            markup="visible",
            paragraphs=content.paragraphs(brief.blocks),
        )
    return found


@cache
def render(edition: int, origin: str) -> dict[str, Response]:
    """Return every page of the Lantern, by percent-encoded path, as of *edition*.

    Args:
        edition: 1, or 2 after the correction.
        origin: scheme, host and port without a trailing slash.
    """
    articles = content.articles(edition)
    pages: dict[str, Response] = {}
    for article in articles:
        related = related_articles(article, articles)
        context = {"article": article, "related": related, "canonical": _canonical(article, origin)}
        pages[article.path] = _page("lantern/article.html", article.changed, origin, **context)
        if article.path == PRINTED:
            printed = f"/print/{article.path.rsplit('/', 1)[1]}"
            pages[printed] = _page("lantern/print.html", article.changed, origin, **context)
    pages |= _listings(articles, origin)
    pages |= _standing_pages(articles, origin)
    pages |= _machine_pages(articles, origin)
    for name in _images(articles):
        pages[f"/images/{name}.png"] = Response(
            content_type="image/png", body=_png(name), last_modified=LAUNCHED
        )
    for old, new in MOVED.items():
        moved = b"<!doctype html><title>Moved</title><p>This article has moved.</p>"
        pages[old] = Response(content_type=HTML, body=moved, last_modified=LAUNCHED, status=301, location=new)
    return pages


@cache
def render_second(origin: str, first_origin: str) -> dict[str, Response]:
    """Return every page of the Beijing Post; it is the same in both editions.

    Args:
        origin: of the Beijing Post.
        first_origin: of the Lantern, whose article it carries.
    """
    articles = _second_articles(first_origin)
    served = {article.title: article.path for article in articles}
    pages = {}
    for article in articles:
        headlines = [article.title, *(title for title in served if title != article.title)]
        if article.path == SEED_PATH:
            headlines = list(content.seed().related)
        related = [
            (title, served.get(title) or f"https://www.beijingpost.example/{content.slug(title)}")
            for title in headlines
        ]
        pages[article.path] = _second_page("article", article=article, related=related)
    pages["/"] = _second_page("home", articles=articles)
    pages["/contact-us"] = _second_page("contact")
    pages[NOT_FOUND] = _second_page("not-found", status=404)
    return pages


def related_articles(article: Article, articles: Sequence[Article]) -> list[Article]:
    """Return three to five of *articles* that share most keywords with *article*, then those nearest in time."""

    def distance(other: Article) -> tuple[int, bool, float, str]:
        shared = len(set(article.keywords) & set(other.keywords))
        apart = abs((article.published - other.published).total_seconds())
        return -shared, article.section != other.section, apart, other.path

    others = sorted((other for other in articles if other.path != article.path), key=distance)
    return others[: 3 + len(article.path) % 3]


def _listings(articles: Sequence[Article], origin: str) -> dict[str, Response]:
    """Return front page, section pages, tag pages and author pages."""
    latest = {name: [a for a in articles if a.section == name] for name in SECTIONS}
    pages = {"/": _page("lantern/home.html", articles[0].published, origin, articles=articles, latest=latest)}
    for name in SECTIONS:
        first = f"/{name.lower()}/"
        parts = [latest[name][i : i + PAGE_SIZE] for i in range(0, len(latest[name]), PAGE_SIZE)]
        paths = [first, *(f"{first}page/{number}/" for number in range(2, len(parts) + 1))]
        for number, (path, part) in enumerate(zip(paths, parts, strict=True)):
            pages[path] = _page(
                "lantern/listing.html",
                part[0].published,
                origin,
                heading=name,
                lead="",
                articles=part,
                paths=paths,
                number=number,
            )
    for heading, path, lead, chosen in _collections(articles):
        pages[path] = _page(
            "lantern/listing.html",
            chosen[0].published,
            origin,
            heading=heading,
            lead=lead,
            articles=chosen,
            paths=[path],
            number=0,
        )
    return pages


def _collections(articles: Sequence[Article]) -> Iterable[tuple[str, str, str, list[Article]]]:
    for keyword in sorted({keyword for article in articles for keyword in article.keywords}):
        yield keyword, tag_path(keyword), "", [a for a in articles if keyword in a.keywords]
    for author, about in STAFF.items():
        lead = f"{author} {about}"
        yield author, author_path(author), lead, [a for a in articles if author in a.authors]


def _standing_pages(articles: Sequence[Article], origin: str) -> dict[str, Response]:
    """Return the pages that are about the paper and not about the news."""
    pages = {}
    for name in ("about", "contact", "privacy", "search", "private", "not-found"):
        path = {"private": PRIVATE, "not-found": NOT_FOUND}.get(name, f"/{name}")
        status = 404 if path == NOT_FOUND else 200
        context = {"staff": STAFF, "count": len(articles), "status": status}
        pages[path] = _page(f"lantern/{name}.html", LAUNCHED, origin, **context)
    css = _environment().get_template("lantern/lantern.css").render().encode()
    pages["/static/lantern.css"] = Response(
        content_type="text/css; charset=utf-8", body=css, last_modified=LAUNCHED
    )
    return pages


def _machine_pages(articles: Sequence[Article], origin: str) -> dict[str, Response]:
    """Return robots.txt, the feed and the sitemaps."""
    newest = articles[0].published
    robots = f"User-agent: *\nDisallow: /private/\n\nSitemap: {origin}/sitemap.xml\n"
    pages = {
        "/robots.txt": Response(
            content_type="text/plain; charset=utf-8", body=robots.encode(), last_modified=LAUNCHED
        ),
        "/feed.xml": _page(
            "lantern/feed.xml",
            newest,
            origin,
            articles=articles[:FEED_SIZE],
            content_type="application/atom+xml; charset=utf-8",
        ),
        "/sitemap-news.xml": _page(
            "lantern/sitemap-news.xml",
            newest,
            origin,
            articles=articles[:NEWS_SITEMAP_SIZE],
            content_type=XML,
        ),
    }
    for month, group in groupby(articles, key=lambda article: f"{article.published:%Y-%m}"):
        members = list(group)
        changed = max(article.changed for article in members)
        page = _page("lantern/sitemap.xml", changed, origin, articles=members, content_type=XML)
        if month == "2025-09":
            pages[f"/sitemap-{month}.xml.gz"] = Response(
                content_type="application/gzip",
                body=gzip.compress(page.body, mtime=0),
                last_modified=changed,
            )
        else:
            pages[f"/sitemap-{month}.xml"] = page
    parts = [(path, page.last_modified) for path, page in pages.items() if path.startswith("/sitemap-")]
    pages["/sitemap.xml"] = _page(
        "lantern/sitemap-index.xml", max(when for _, when in parts), origin, parts=parts, content_type=XML
    )
    return pages


def _second_articles(first_origin: str) -> list[Brief]:
    seed = content.seed()
    own = Brief(
        title=seed.title,
        path=SEED_PATH,
        description=seed.description,
        blocks=tuple(f"<p>{_environment().filters['e'](text)}</p>" for text in seed.paragraphs),
    )
    source = next(article for article in content.articles(1) if article.path == CARRIED)
    carried = Brief(
        title=source.title,
        path=f"/{content.slug(source.title)}",
        description=source.description,
        blocks=tuple(block.replace('href="/', f'href="{first_origin}/') for block in source.blocks),
        first_published_by=f"{first_origin}{CARRIED}",
    )
    return [own, *content.briefs(), carried]


def _page(
    template: str,
    last_modified: datetime,
    origin: str,
    *,
    content_type: str = HTML,
    status: int = 200,
    **context: Any,
) -> Response:
    text = _environment().get_template(template).render(origin=origin, **context)
    return Response(content_type=content_type, body=text.encode(), last_modified=last_modified, status=status)


def _second_page(name: str, *, status: int = 200, **context: Any) -> Response:
    text = _environment().get_template(f"beijing-post/{name}.html").render(seed=content.seed(), **context)
    return Response(content_type=HTML, body=text.encode(), last_modified=SECOND_CHANGED, status=status)


def _canonical(article: Article, origin: str) -> str:
    """Return what the page calls its address: relative on the science pages, as real papers do by mistake."""
    return article.path if article.section == "Science" else origin + article.path


def tag_path(keyword: str) -> str:
    """Return the path of the page of *keyword*."""
    return f"/tag/{content.slug(keyword)}"


def author_path(author: str) -> str:
    """Return the path of the page of *author*."""
    return f"/authors/{content.slug(author)}"


def _printed_day(when: date, language: str = "en") -> str:
    if language == "zh":
        return f"{when.year}年{when.month}月{when.day}日"
    return f"{when.day} {MONTHS[language][when.month - 1]} {when.year}"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(content.HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "day": _printed_day,
        "iso": datetime.isoformat,
        "tag_path": tag_path,
        "author_path": author_path,
        "unquote": unquote,
    }
    environment.globals |= {
        "name": NAME,
        "sections": SECTIONS,
        "staff_names": tuple(STAFF),
        "private": PRIVATE,
        "printed": PRINTED,
        "bylines": BYLINES,
        "related_headings": RELATED_HEADINGS,
        "json_ld": json_ld,
    }
    return environment


def json_ld(article: Article, origin: str) -> dict[str, Any]:
    """Return the schema.org description of *article*; keywords are a list in one section and a string in others."""
    kind = "Organization" if article.agency else "Person"
    described = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "mainEntityOfPage": {"@type": "WebPage", "@id": origin + article.path},
        "headline": article.title,
        "description": article.description,
        "datePublished": article.published.isoformat(),
        "dateModified": article.changed.isoformat(),
        "author": [{"@type": kind, "name": name} for name in article.authors],
        "articleSection": article.section,
        "keywords": list(article.keywords) if article.section == "City" else ", ".join(article.keywords),
        "inLanguage": article.language,
        "publisher": {"@type": "NewsMediaOrganization", "name": NAME, "url": f"{origin}/"},
    }
    if article.image:
        described["image"] = [f"{origin}/images/{article.image}.png"]
    return described


def _images(articles: Sequence[Article]) -> list[str]:
    lead = {article.image for article in articles if article.image}
    inline = re.findall(r'src="/images/([\w-]+)\.png"', "".join(b for a in articles for b in a.blocks))
    return sorted({"masthead", *lead, *inline})


@cache
def _png(name: str, width: int = 480, height: int = 270) -> bytes:
    """Return a quiet landscape, a sky above a hill, in colours taken from *name*."""
    red, green, blue, rise = hashlib.sha256(name.encode()).digest()[:4]
    ridge = [int(height * 0.55 + (x - width * rise / 255) ** 2 / (6 * width)) for x in range(width)]
    sky = [
        _shade((150 + red // 4, 165 + green // 4, 185 + blue // 4), 0.6 + 0.4 * y / height)
        for y in range(height)
    ]
    hill = [
        _shade((50 + red // 3, 60 + green // 3, 55 + blue // 3), 0.9 - 0.4 * y / height)
        for y in range(height)
    ]
    rows = b"".join(
        b"\0" + b"".join(sky[y] if y < top else hill[y - top] for top in ridge)  # PNG filter type 0: none
        for y in range(height)
    )
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def _shade(colour: tuple[int, int, int], light: float) -> bytes:
    return bytes(int(value * light) for value in colour)

"""The publisher's own section and keywords, machine labels taken out."""

import re
from urllib.parse import urlsplit

from crawler.cleaner.blocks import Layout
from crawler.cleaner.declared import article_object, by_id, line, names
from crawler.cleaner.text import field, fold
from crawler.page import Page
from crawler.urls import canonicalize, identity

MAX_KEYWORDS = 40
MAX_KEYWORD_CHARS = 60
_MACHINE = re.compile(
    r"(?i)^[\w-]*:[\w:/-]+$|^[0-9a-f]{8}-[0-9a-f-]{20,}$|^\d+$|^[\w]+_[\w_]+$|^https?:|[{}<>=\\]"
)
_TAG_PATH = re.compile(
    r"(?i)/(?:tags?|topics?|keywords?|schlagwort|etiqueta|themen?|temas?|tema|label|stichwort|sujet|mot-cle|теги?|hashtag|categor(?:y|ies|ia|ie)|rubrik)/[^/]+"
)
_HOME = frozenset(
    {
        "home",
        "startseite",
        "accueil",
        "inicio",
        "início",
        "homepage",
        "front page",
        "главная",
        "首页",
        "ホーム",
        "news",
        "start",
    }
)


def keywords(
    page: Page, found: Layout, region: tuple[int, int], sites: set[str], title: str
) -> list[tuple[str, str]]:
    """Return the keywords of *page* in the order of its sources, each with the first source that names it."""
    stated: dict[str, tuple[str, str]] = {}

    def add(values: list[str], source: str) -> None:
        for value in values:
            text = field(value).strip(" #,;.")
            folded = fold(text)
            if (
                folded
                and len(text) <= MAX_KEYWORD_CHARS
                and folded not in sites
                and folded != fold(title)
                and not _MACHINE.search(text)
            ):
                stated.setdefault(folded, (text, source))

    article = article_object(page)
    if article is not None:
        value = article.get("keywords")
        if isinstance(value, str):
            add(_split(value), "json-ld")
        elif isinstance(value, list):
            flat = [text for text, _ in names(value, by_id(page))]
            add([part for text in flat for part in (_split(text) if len(flat) == 1 else [text])], "json-ld")
    for name in ("news_keywords", "article:tag", "parsely-tags", "sailthru.tags", "cxenseparse:keywords"):
        values = page.meta.get(name, [])
        add([part for text in values for part in _split(text)], "meta")
    if not stated:
        add([part for text in page.meta.get("keywords", ()) for part in _split(text)], "meta keywords")
    if len(stated) < 2 or not any(source != "meta keywords" for _, source in stated.values()):
        add([node.text(deep=True) for node in page.tree.css("a[rel~=tag]")[:30]], "rel=tag")
    if not stated:
        add(_visible_tags(page, found, region), "tag links")
    return list(stated.values())[:MAX_KEYWORDS]


def _visible_tags(page: Page, found: Layout, region: tuple[int, int]) -> list[str]:
    """Return texts of links to the site's tag pages that stand beside the story."""
    here = urlsplit(page.url).netloc
    texts = []
    for block in found.blocks[max(0, region[0] - 12) : region[1] + 25]:
        if block.hidden or block.link_share < 0.6:
            continue
        for address, text in block.links:
            if here not in address:
                continue
            parts = urlsplit(address)
            if parts.netloc == here and _TAG_PATH.search(parts.path) and len(text) < MAX_KEYWORD_CHARS:
                texts.append(text)
    return texts if len(texts) <= 25 else []


def _split(text: str) -> list[str]:
    for separator in (";", "，", "、", ","):
        if separator in text:
            return [part.strip() for part in re.split(r"[,;，、]", text)]
    return [text]


def section(page: Page, sites: set[str], title: str) -> list[tuple[str, str]]:
    """Return the sections that *page* states, each with its source, the best first."""
    stated: list[tuple[str, str]] = []

    def add(value: str | None, source: str) -> None:
        text = field(value or "")
        if text and len(text) <= MAX_KEYWORD_CHARS and not _MACHINE.search(text):
            folded = fold(text)
            if folded and folded not in sites and folded != fold(title):
                stated.append((text, source))

    article = article_object(page)
    if article is not None:
        value = article.get("articleSection")
        values = value if isinstance(value, list) else [value]
        for one in values[:3]:
            add(line(one), "json-ld")
    add(page.first_meta("article:section", "section", "cxenseparse:category", "parsely-section"), "meta")
    for crumb in reversed(_crumbs(page)):
        if fold(crumb) not in _HOME:
            add(crumb, "breadcrumb")
    return stated


def _is_page(address: str, page: Page) -> bool:
    """Whether *address* is that of *page*: the last step of a trail of crumbs is often the headline."""
    absolute = canonicalize(address, page.url)
    return absolute is not None and identity(absolute) == identity(page.url)


def _crumbs(page: Page) -> list[str]:
    for one in page.json_ld:
        if one.get("@type") == "BreadcrumbList" and isinstance(one.get("itemListElement"), list):
            texts = []
            for element in one["itemListElement"][:12]:
                if isinstance(element, dict):
                    item = element.get("item")
                    named = item if isinstance(item, dict) else {"@id": item}
                    text = line(element.get("name")) or line(named.get("name"))
                    address = line(named.get("@id") or named.get("url"))
                    if text and not (address and _is_page(address, page)):
                        texts.append(text)
            return texts
    for node in page.tree.css("[class*=breadcrumb] a, [id*=breadcrumb] a, nav[aria-label*=readcrumb] a")[:8]:
        text = field(node.text(deep=True))
        if text and fold(text) not in _HOME:
            return [text]
    return []

"""The publisher's own section and keywords, machine labels taken out."""

import json
import re

from crawler.cleaner.blocks import Box, Layout
from crawler.cleaner.declared import article_object, by_id, line, marked, names
from crawler.cleaner.text import field, fold
from crawler.page import Page
from crawler.urls import canonicalize, identity

MAX_KEYWORDS = 40
MAX_KEYWORD_CHARS = 60
MIN_SLUG_WORDS = 4
# Fewer than this may be the section alone, and the next source is asked too.
ENOUGH = 2
# Labels for machines: ids, addresses, code and flags.
_MACHINE = re.compile(
    r"(?i)^[\w-]*:[\w:/-]+$|^[0-9a-f]{8}-[0-9a-f-]{20,}$|^\d+$|^_|^[\w-]+_[\w-]+$|^https?:|[{}<>=\\]"
    r"|^(?:\w+[ :])?(?:category|section|source|type|author|channel|sections?|paywall)\s*:"
)
# "Topic: kings" and "topic/kings" label the keyword, and "(1) kings" numbers it.
_LABELLED = re.compile(
    r"(?i)^(?:\w+ )?(?:tags?|topics?|keywords?|subjects?|entity tokens?|entities|persons?|people|places?|locations?|organi[sz]ations?)\s?[:/]\s?(?=\S)|^sections?/|^\(\d+\)\s*"
)
_TAG_PATH = re.compile(
    r"(?i)/(?:tags?|topics?|keywords?|schlagwort|etiquetas?|them(?:a|e|en|es)|temas?|tema|label|stichwort|sujet|mot-cle|теги?|hashtag|categor(?:y|ies|ia|ie)|rubrik)/[^/]+"
)
_COMMA = re.compile(r",(?=\S)")
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
        "首頁",
        "ホーム",
        "トップ",
        "홈",
        "strona główna",
        "domů",
        "hjem",
        "hem",
        "article",
        "news",
        "start",
    }
)


def keywords(
    page: Page, found: Layout, region: tuple[int, int], sites: set[str], title: str
) -> list[tuple[str, str]]:
    """Return the keywords of *page*, each with its source: the first source that gives enough of them is not mixed with others."""
    slug = set(fold(page.url.partition("?")[0].rstrip("/").rpartition("/")[2]).split())
    stated: dict[str, tuple[str, str]] = {}

    def add(values: list[str], source: str) -> None:
        told: dict[str, tuple[str, str]] = {}
        for value in values:
            text = _LABELLED.sub("", field(value).strip(" #,;."))
            folded = fold(text)
            if (
                folded
                and len(text) <= MAX_KEYWORD_CHARS
                and folded not in sites
                and folded != fold(title)
                and not _MACHINE.search(text)
            ):
                told.setdefault(folded, (text, source))
        if len(told) >= MIN_SLUG_WORDS and slug.issuperset(told):
            return
        for folded, one in told.items():
            stated.setdefault(folded, one)

    article = article_object(page)
    if article is not None:
        value = article.get("keywords")
        if isinstance(value, str):
            add(_split(value), "json-ld")
        elif isinstance(value, list):
            flat = [text for text, _ in names(value, by_id(page))]
            add([part for text in flat for part in (_split(text) if len(flat) == 1 else [text])], "json-ld")
    for name in ("news_keywords", "article:tag", "parsely-tags", "sailthru.tags", "cxenseparse:keywords"):
        if len(stated) < ENOUGH:
            add([part for text in page.meta.get(name, ()) for part in _split(text)], "meta")
    if len(stated) < ENOUGH:
        add([part for text in page.meta.get("keywords", ()) for part in _split(text)], "meta keywords")
    if len(stated) < ENOUGH or all(source == "meta keywords" for _, source in stated.values()):
        add([one.text for one in marked(page) if one.tag == "a" and one.has("rel", "tag")][:30], "rel=tag")
    if len(stated) < ENOUGH:
        add(_visible_tags(page, found, region), "tag links")
    return list(stated.values())[:MAX_KEYWORDS]


def _visible_tags(page: Page, found: Layout, region: tuple[int, int]) -> list[str]:
    """Return texts of links to the site's tag pages that stand beside the story."""
    here = page.url.partition("://")[2].partition("/")[0]
    texts = []
    for block in found.blocks[max(0, region[0] - 12) : region[1] + 25]:
        if block.hidden or not block.links or block.link_share < 0.6:
            continue
        if _in_navigation(block.box, above=block.index < region[0]):
            continue
        for address, text in block.links:
            host, _, path = address.partition("://")[2].partition("/")
            if host == here and len(text) < MAX_KEYWORD_CHARS and _TAG_PATH.search("/" + path):
                texts.append(text)
    return texts if len(texts) <= 25 else []


def _in_navigation(box: Box | None, *, above: bool) -> bool:
    """Whether *box*, *above* the story or beside it, belongs to the site's menus."""
    while box is not None:
        if box.tag in {"header", "footer"} or (above and ("nav" in box.names or "menu" in box.names)):
            return True
        box = box.parent
    return False


def _split(text: str) -> list[str]:
    if text.startswith("[") and (listed := _listed(text)):
        return listed
    if ", & " in text:
        # One category of an advertiser's catalogue: "Business, Finance, & Economics".
        return []
    for separator in (";", "，", "、", ","):
        if separator in text:
            return [part.strip() for part in re.split(r"[,;，、]", text)]
    return [text]


def _listed(text: str) -> list[str]:
    """Return the strings of the JSON array that *text* is, if it is one."""
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        return []
    return [value for value in values if isinstance(value, str)]


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
            # "Opinion,Politics" are two, "Waste, Fraud & Abuse" is one.
            add(_COMMA.split(line(one) or "")[0], "json-ld")
    add(page.first_meta("article:section", "section", "cxenseparse:category", "parsely-section"), "meta")
    for crumb in reversed(_crumbs(page)):
        if fold(crumb) not in _HOME:
            add(crumb, "breadcrumb")
    return stated


def _is_page(address: str, page: Page) -> bool:
    """Whether *address* is that of *page*: the last step of a trail of crumbs is often the headline."""
    absolute = canonicalize(address, page.url)
    return absolute is not None and identity(absolute) == identity(page.url)


# Most stand in a "nav", which the walk passes by.
_TRAIL = "body [class*=breadcrumb i] a, body [id*=breadcrumb i] a, nav[aria-label*=breadcrumb i] a"


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
    links = (field(link.text(deep=True)) for link in page.tree.css(_TRAIL))
    return [text for text in links if fold(text) and fold(text) not in _HOME][:1]

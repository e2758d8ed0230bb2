"""What the page declares of itself in structured data: which object is the article, and names in it."""

import html
import re
from dataclasses import dataclass
from typing import Any

from selectolax.lexbor import LexborNode

from crawler.cleaner.text import field, fold
from crawler.page import JsonObject, Page

# schema.org types that are articles; anything else ending so is one too (OpinionNewsArticle, ReportageNewsArticle…).
_ARTICLE_TYPE = re.compile(r"(?:Article|BlogPosting|Report|Posting|Review|LiveBlogPosting)$")
LISTING_TYPES = frozenset({"CollectionPage", "ItemList", "SearchResultsPage", "ProfilePage"})
_TAG = re.compile(r"<[^>]{0,500}>")


# One walk of the page for all who ask: each selector alone costs as much as these together.
_MARKED = "time, [itemprop], a[rel~=author], a[rel~=tag], a[rel~=license], link[rel~=license]"


@dataclass(frozen=True, slots=True)
class Marked:
    """An element of which markup says what it states."""

    tag: str
    attributes: dict[str, str | None]
    node: LexborNode

    def has(self, attribute: str, *words: str) -> bool:
        """Whether *attribute* holds one of *words*."""
        return not set(words).isdisjoint((self.attributes.get(attribute) or "").split())

    @property
    def text(self) -> str:
        """The text inside."""
        return self.node.text(deep=True)


def marked(page: Page) -> list[Marked]:
    """Return the elements of *page* with a microdata property or a telling ``rel``, and its times, in page order."""
    return page.once(_marked)


def _marked(page: Page) -> list[Marked]:
    return [Marked(node.tag or "", node.attributes, node) for node in page.tree.css(_MARKED)]


def types(one: JsonObject) -> list[str]:
    """Return the schema.org types of *one*, without their namespace."""
    stated = one.get("@type")
    values = stated if isinstance(stated, list) else [stated]
    return [value.rsplit("/", 1)[-1].rsplit(":", 1)[-1] for value in values if isinstance(value, str)]


def is_article(one: JsonObject) -> bool:
    """Whether *one* is an article by its type."""
    return any(_ARTICLE_TYPE.search(name) for name in types(one))


def line(value: Any) -> str | None:
    """Return *value* as one line of text, or ``None`` when it holds none."""
    if isinstance(value, list):
        value = next((one for one in value if isinstance(one, str)), None)
    if not isinstance(value, str):
        return None
    text = html.unescape(value) if "&" in value else value
    if "<" in text:
        text = _TAG.sub("", text)
    return field(text) or None


def article_object(page: Page) -> JsonObject | None:
    """Return the JSON-LD object that describes the page's own article, or ``None``."""
    return page.once(_article_object)


def _article_object(page: Page) -> JsonObject | None:
    best: JsonObject | None = None
    best_rank = 0.0
    own = {_bare(page.url), _bare(page.canonical or "")}
    title = fold(page.first_meta("og:title") or page.title or "")
    # Each update of a live blog is a BlogPosting inside it.
    updates = {id(update) for one in page.json_ld for update in _list(one.get("liveBlogUpdate"))}
    for at, one in enumerate(page.json_ld):
        if not is_article(one) or id(one) in updates:
            continue
        rank = 1.0 + sum(
            key in one for key in ("headline", "datePublished", "author", "articleBody", "publisher")
        )
        addresses = [one.get("url"), one.get("@id"), one.get("mainEntityOfPage")]
        addresses += [inner.get("@id") for inner in addresses if isinstance(inner, dict)]
        if any(isinstance(address, str) and _bare(address) in own for address in addresses):
            rank += 6
        headline = fold(line(one.get("headline") or one.get("name")) or "")
        if headline and title and (headline in title or title in headline):
            rank += 6
        rank -= at * 0.01
        if rank > best_rank:
            best, best_rank = one, rank
    return best


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _bare(address: str) -> str:
    return (
        re.sub(r"^https?://(?:www\.)?", "", address.partition("#")[0].partition("?")[0]).rstrip("/").lower()
    )


def by_id(page: Page) -> dict[str, JsonObject]:
    """Return the page's JSON-LD objects by their ``@id``, those that say more before mere references."""
    found: dict[str, JsonObject] = {}
    for one in page.json_ld:
        name = one.get("@id")
        if isinstance(name, str) and len(one) > len(found.get(name, {})):
            found[name] = one
    return found


def names(value: Any, known: dict[str, JsonObject], depth: int = 0) -> list[tuple[str, str]]:
    """Return the names in *value*, a JSON-LD person, organisation, string or list of them, each with its type."""
    if depth > 4:
        return []
    if isinstance(value, str):
        text = line(value)
        return [(text, "")] if text else []
    if isinstance(value, list):
        return [name for one in value[:50] for name in names(one, known, depth + 1)]
    if isinstance(value, dict):
        if "name" not in value and isinstance(value.get("@id"), str):
            value = known.get(value["@id"], value)
        if "name" not in value:
            return names(value.get("itemListElement") or value.get("item"), known, depth + 1)
        kind = (types(value) or [""])[0]
        return [(text, kind) for text, _ in names(value.get("name"), known, depth + 1)]
    return []


def descriptions(page: Page) -> list[tuple[str, str]]:
    """Return what *page* declares its article to be about, each with its source."""
    stated: list[tuple[str, str]] = []
    article = article_object(page)
    if article is not None:
        second = line(article.get("alternativeHeadline")) or ""
        declared = line(article.get("description"))
        if declared:
            stated.append((declared, "json-ld"))
        elif len(second) > 60:
            stated.append((second, "json-ld"))
    for name in ("og:description", "description", "twitter:description", "dc.description"):
        value = page.first_meta(name)
        if value:
            stated.append((field(value), f"meta {name}"))
    return stated

"""Who wrote it: names in print order, without "By", roles, agencies that are the publisher."""

import re

from crawler.cleaner.blocks import Box, Layout
from crawler.cleaner.declared import article_object, by_id, line, names
from crawler.cleaner.text import field, fold
from crawler.cleaner.words import BYLINE
from crawler.page import Page

_META = (
    "author", "byl", "parsely-author", "sailthru.author", "dc.creator", "dcterms.creator", "cxenseparse:author", "article:author_name",
    "article:author", "authors", "byline", "dc.contributor", "og:article:author", "citation_author", "twitter:data1_author",
)  # fmt: skip
_SPLIT = re.compile(
    r"\s*(?:[;|•·/]|,(?!\s*(?:jr|sr|ph\.?d|m\.?d|esq|ii|iii)\b)|\s(?:and|und|et|y|e|og|och|en|ve|dan|и|та|i|&|with|và|و)\s)\s*",
    re.IGNORECASE,
)
_LEAD = re.compile(
    r"(?i)^\s*(?:by|von|par|por|di|van|av|af|door|od|oleh|yazan|text|texte|texto|testo|written by|reported by|autor|autorin|author|автор|автори|بقلم|كتب|作者|記者|记者|文)\s*[:：]?\s+|^\s*(?:by|author|作者|記者|记者|文)\s*[:：/]\s*"
)
_TAIL = re.compile(
    r"(?i)\s*[\(\[].{0,60}[\)\]]\s*$|\s+(?:in|à|aus)\s+[A-ZÉ][\w .-]{2,30}$|\s*[-–—|,]\s*(?:staff|senior|chief|political|correspondent|reporter|editor|journalist|contributor|redaktion|freelance|special to).{0,60}$"
)
_NO_NAME = re.compile(
    r"(?i)^(?:admin(?:istrator)?|editor(?:ial)?(?: team| staff| board)?|staff(?: (?:reporter|writer))?s?|redaktion|rédaction|la rédaction|redacción|redazione|redacția|redakcja|redakce|редакция|author|authors|unknown|guest|anonymous|none|null|n/a|root|webmaster|news ?(?:desk|room)|posted|published|follow|share|contributor|view bio|about|more|read more|profile)$"
)
_ROLE = re.compile(
    r"(?i)\b(?:editors?|correspondents?|reporters?|journalists?|columnists?|contributors?|producers?|photographers?|writers?|analysts?|redakteur(?:in)?|korrespondent(?:in)?|journaliste|rédacteur|rédactrice|redactor[a]?|corresponsal|periodista|giornalista|redacteur|verslaggever)$"
)
_BOX_NAMES = re.compile(
    r"(?i)(?:^|[\s_-])(?:by-?line|author|authors|writer|reporter|autor|auteur|article-?author)(?:$|[\s_-]|s\b|-?(?:name|link|names|list))"
)
_URL = re.compile(r"(?i)https?://|www\.|@|\.com\b")

MAX_AUTHORS = 20


def authors(
    page: Page, found: Layout, around: tuple[int, int], publishers: set[str]
) -> list[tuple[tuple[str, ...], str]]:
    """Return the lists of authors that *page* states, each with its source, the best first."""
    stated: list[tuple[tuple[str, ...], str]] = []

    def add(values: list[str], source: str) -> None:
        cleaned = clean_names(values, publishers)
        if cleaned:
            stated.append((cleaned, source))

    article = article_object(page)
    if article is not None:
        known = by_id(page)
        for key in ("author", "creator"):
            add([name for name, _ in names(article.get(key), known)], "json-ld")
    for name in _META:
        add([value for value in page.meta.get(name, ()) if not _URL.search(value)], "meta")
    marked = [
        node.text(deep=True)
        for node in page.tree.css("[itemprop~=author] [itemprop~=name], a[rel~=author]")[:8]
    ]
    add([text for text in marked if text], "rel=author")
    add(_printed(found, around), "byline")
    return stated


def _printed(found: Layout, around: tuple[int, int]) -> list[str]:
    """Return names printed near the headline: in boxes that markup names a byline, or after "By"."""
    for block in found.blocks[around[0] : around[1]]:
        if block.hidden or block.chars > 160 or block.role == "img":
            continue
        if _named(block.box):
            linked = [text for _, text in block.links if 1 < len(text.split()) < 5]
            if linked:
                return linked
            if 1 < len(_LEAD.sub("", block.text).split()) < 12 and not any(c.isdigit() for c in block.text):
                return [block.text]
        if BYLINE.match(block.text) and block.chars < 100:
            linked = [text for _, text in block.links if 1 < len(text.split()) < 5]
            rest = BYLINE.sub("", block.text, count=1)
            head = re.split(r"\s*[|•·–—]\s*|\s+(?:on|am|le|el)\s+\d|\d", rest)[0]
            words = head.split()
            if linked:
                return linked
            if 1 < len(words) <= 8 and sum(
                word[:1].isupper() or not word[:1].isascii() for word in words
            ) * 2 >= len(words):
                return [head]
    return []


def _named(box: Box | None) -> bool:
    for _ in range(3):
        if box is None:
            return False
        if box.names and _BOX_NAMES.search(box.names):
            return True
        box = box.parent
    return False


def clean_names(values: list[str], publishers: set[str]) -> tuple[str, ...]:
    """Return the persons in *values*; *publishers* are folded names that are no author beside a person."""
    cleaned: dict[str, str] = {}
    for value in values:
        text = line(value) or ""
        if not text or len(text) > 300:
            continue
        text = _LEAD.sub("", " ".join(word for word in text.split() if not _URL.search(word)))
        for part in _SPLIT.split(text):
            name = _TAIL.sub("", _LEAD.sub("", part or "")).strip(" ,.;:-–—|")
            if name.endswith((" Jr", " Sr")):
                name += "."
            folded = fold(name)
            if (
                not folded
                or len(name) > 80
                or len(name.split()) > 7
                or _URL.search(name)
                or _NO_NAME.match(name)
            ):
                continue
            cleaned.setdefault(folded, field(name))
    persons = {key: name for key, name in cleaned.items() if key not in publishers}
    # "Jane Roe, Political Editor" is one name; "Site Contributors", alone, is what the page states.
    persons = {key: name for key, name in persons.items() if not _ROLE.search(name)} or persons
    return tuple(persons.values())[:MAX_AUTHORS]

"""Who wrote it: names in print order, without "By", roles, agencies that are the publisher."""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

from crawler.cleaner.blocks import Block, Box, Layout
from crawler.cleaner.dates import read_date
from crawler.cleaner.declared import Marked, article_object, by_id, line, marked, names
from crawler.cleaner.text import field, fold
from crawler.cleaner.words import BYLINE
from crawler.page import Page

_META = (
    "author", "byl", "parsely-author", "sailthru.author", "dc.creator", "dcterms.creator", "cxenseparse:author", "article:author_name",
    "article:author", "authors", "byline", "dc.contributor", "og:article:author", "citation_author", "twitter:data1_author",
)  # fmt: skip
# What is printed behind a name and belongs to it.
_SUFFIX = (
    r"(?:jr|sr|ii|iii|esq)\b|(?-i:BA|BSc|CFA|CFP|CPA|DDS|DO|DVM|Ed\.?D|FACP|JD|LCSW|LD|MA|MBA|M\.?D|MPH|MS|MSc|NP|P[Hh]\.?D|PharmD|PsyD|RD|RDN|RN)"
    r"\b(?!\s+\w)"
)
_SPLIT = re.compile(
    rf"\s*(?:[;|•·/]|,(?!\s*(?:{_SUFFIX}))|\s(?:and|und|et|og|och|en|ve|dan|та|&|with|và)\s)\s*",
    re.IGNORECASE,
)
# Between the names of two, and of one: Ramón y Cajal.
_JOINED = re.compile(r"(?i)\s(?:y|e|i|и|و)\s")
_LABEL = re.compile(
    r"(?i)^\s*(?:by|von|van|par|por|di|av|af|door|od|oleh|yazan|text[eo]?|testo|autor(?:in)?|author|作者|記者|记者|文)\s*[:：/|]\s*"
)
# The second are names too, and a byline only before a whole one or an agency's letters; "van" and "di" open too many names.
_LEAD = re.compile(
    r"(?i)^\s*(?:(?:by|par|por|text|texte|texto|testo|written by|reported by|autor|autorin|author|автор|автори|بقلم|كتب|作者|記者|记者)(?:\s*[:：])?\s+"
    r"|(?:von|av|af|door|od|oleh|yazan)\s+(?=(?-i:[A-ZÀ-Þ]\S*\s+\S|[A-Z]{2,4}$)))"
)
# Names open with these too: they mean "by" on pages in these languages, and in those of which nobody says.
_OPENS_NAMES = {"van": ("nl", "af", ""), "di": ("it", ""), "de": ("fr", "es", "pt", "ca", "gl", "")}
_TAIL = re.compile(
    r"(?i)\s+(?:기자|記者|记者|특파원)(?:\s외\s\d+명)?\s*$|\s*[\(\[].{0,60}[\)\]]\s*$|\s+(?:in|à|aus)\s+[A-ZÉ][\w .-]{2,30}$|\s*[-–—|,]\s*(?:staff|senior|chief|political|correspondent|reporter|editor|journalist|contributor|redaktion|freelance|special to).{0,60}$"
)
_NO_NAME = re.compile(
    r"(?i)^(?:admin(?:istrator)?|editor(?:ial)?(?: team| staff| board)?|staff(?: (?:reporter|writer))?s?|redaktion|rédaction|la rédaction|redacción|redazione|redacția|redakcja|redakce|редакция|author|authors|unknown|guest|anonymous|none|null|undefined|n/a|[\d\W_]+|(?=.*\d)[\da-f-]{8,}|[a-z]{2,}(?:\.[a-z]{2,}){2,}|root|webmaster|news ?(?:desk|room)|posted|published|follow|share|contributor|view (?:all|bio|more|profile).*|(?:all|more) (?:about|by|from|posts).*|about|more|read more|profile)$"
)
_ROLE = re.compile(
    r"(?i)\b(?:editors?|correspondents?|reporters?|journalists?|columnists?|contributors?|producers?|photographers?|writers?|analysts?|redakteur(?:in)?|korrespondent(?:in)?|journaliste|rédacteur|rédactrice|redactor[a]?|corresponsal|periodista|giornalista|redacteur|verslaggever)$"
)
_BOX_NAMES = re.compile(
    r"(?i)by-?line|(?<![a-z])(?:authors?|writers?|reporters?|autor(?:en|es)?|auteurs?|redakteure?)(?![a-z])"
)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
# Where sites keep the pages of those who write for them.
_AUTHOR_PATH = re.compile(
    r"(?i)/(?:authors?|auteurs?|autor(?:en|es|a|i)?|autori|writers?|journalists?|journalistes?|reporters?|contributors?|columnists?|people|persons?|profiles?|profil|staff|team|by|redaktion|redakteure?|forfatter|skribent|byline|bio|yazar(?:lar)?)/[^/]"
)
_URL = re.compile(r"(?i)https?://|www\.|@|\.com\b")
_ASIDE = re.compile(r"\s*[(\[][^()\[\]]{0,80}[)\]](?=\s*(?:$|[,;|]))")
# Parts of a line that a name ends at: marks, a digit, a word before a date.
_PARTS = re.compile(
    r"\s*[|•·–—/:]\s*|\s-\s|\s*\d[\d.:,]*\s*|\s+(?:on|am|le|el|in)\s+(?=\S)|(?i:\b(?:published|updated|posted|veröffentlicht|publié)\b)"
)
# Words of lines that are no names though each begins with a capital.
_NO_NAME_WORD = re.compile(
    r"(?i)\b(?:by|the|and|for|with|from|to|about|this|your|our|my|more|all|view|read|min|mins|minutes?|written|updated?|published|posted|share|follow|on|at|news|posts?|articles?|stories|comments?|video|photos?|guide|watch|live|listen|play|january|february|march|april|june|july|august|september|october|november|december|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b"
)

_DIGIT = re.compile(r"\d")
_LETTERS = re.compile(r"[^\W\d_]+(?:[ .'’-]{1,2}[^\W\d_]+)+")

MAX_AUTHORS = 20
NEAR_NAMED_BLOCKS = 20


def authors(
    page: Page, found: Layout, around: tuple[int, int], publishers: set[str]
) -> list[tuple[tuple[str, ...], str]]:
    """Return the lists of authors that *page* states, each with its source, the best first."""
    people: list[tuple[tuple[str, ...], str]] = []
    handles: list[tuple[tuple[str, ...], str]] = []
    houses: list[tuple[tuple[str, ...], str]] = []

    def add(values: list[str], source: str) -> None:
        if not values:
            return
        cleaned = clean_names(values, publishers)
        if not cleaned:
            # The newspaper itself, when it names nobody else.
            if house := clean_names(values, set()):
                houses.append((house, source))
        elif all(name.isascii() and " " not in name for name in cleaned):
            (houses if source == "byline" else handles).append((cleaned, source))
        else:
            people.append((cleaned, source))

    article = article_object(page)
    if article is not None:
        known = by_id(page)
        for key in ("author", "creator"):
            add([name for name, _ in names(article.get(key), known)], "json-ld")
    for name in _META:
        if name in page.meta:
            add([value for value in page.meta[name] if not _URL.search(value)], "meta")
    add(_printed(found, around, (page.language or "")[:2].lower()), "byline")
    linked = [one for one in marked(page) if one.has("rel", "author") or one.has("itemprop", "author")]
    add([text for one in linked[:8] if (text := _text(one))], "rel=author")
    return people + handles + houses


def _text(author: Marked) -> str:
    name = author.node.css_first("[itemprop~=name]") if author.tag != "a" else None
    return (name or author.node).text(deep=True)


def _printed(found: Layout, around: tuple[int, int], language: str) -> list[str]:
    """Return names printed near the headline: in boxes that markup names a byline, linked to an author's page, or after "By"."""
    start, stop = around
    for block in found.blocks[start : max(stop, start + NEAR_NAMED_BLOCKS)]:
        if block.hidden or block.chars > 160 or block.role in {"img", "h1", "h2"}:
            continue
        linked = [text for address, text in block.links if _is_name(text) and _AUTHOR_PATH.search(address)]
        if linked:
            return linked
        named = _without_by(block.text, language)
        if _named(block.box):
            linked = [text for _, text in block.links if _is_name(text)]
            if linked:
                return linked
            parts = [part for part in _parts(_LEAD.sub("", named)) if _is_name(part)]
            if parts:
                return parts[:1]
        if block.index < stop and block.chars < 100 and named != block.text:
            linked = [text for _, text in block.links if _is_name(text)]
            head = _parts(named)[0]
            words = head.split()
            if linked:
                return linked
            if 1 < len(words) <= 8 and sum(
                word[:1].isupper() or not word[:1].isascii() for word in words
            ) * 2 >= len(words):
                return [head]
    return _beside_date(found.blocks[start : max(stop, start + NEAR_NAMED_BLOCKS)])


def _without_by(text: str, language: str) -> str:
    """Return *text*, of a page in *language*, without the word for "by" that it may open with."""
    found = BYLINE.match(text)
    if found is None:
        return text
    only_in = _OPENS_NAMES.get(found[0].strip().lower())
    return text[found.end() :] if only_in is None or language in only_in else text


def _beside_date(blocks: list[Block]) -> list[str]:
    """Return the name that stands alone in a line before or after the date's."""
    headline = next((at for at, block in enumerate(blocks) if block.role == "h1"), 0)
    shown = (b for b in blocks[headline:] if not b.hidden and b.role not in {"img", "h1", "h2"})
    for before, after in pairwise(shown):
        for name, day in ((before, after), (after, before)):
            if (
                not name.links
                and len(name.text.split()) <= 4
                and _is_name(name.text)
                and _LETTERS.fullmatch(name.text)
                and day.chars <= 60
                and _DIGIT.search(day.text)
                and read_date(day.text) is not None
            ):
                return [name.text]
    return []


def _parts(text: str) -> list[str]:
    return [part.strip(" ,.;:-") for part in _PARTS.split(text)]


def _is_name(text: str) -> bool:
    """Whether *text* can be a person's name: some words, most with a capital, none that names never have."""
    words = text.split()
    return (
        2 <= len(words) <= 8
        and len(text) < 80
        and not _DIGIT.search(text)
        and (not text.isascii() or sum(word[:1].isupper() for word in words) * 2 > len(words))
        and not _NO_NAME_WORD.search(text)
    )


def _named(box: Box | None) -> bool:
    for _ in range(3):
        if box is None:
            return False
        if box.names and _names_author(box.names):
            return True
        box = box.parent
    return False


@lru_cache(maxsize=4_096)
def _names_author(names: str) -> bool:
    return bool(_BOX_NAMES.search(_CAMEL.sub("-", names)))


def clean_names(values: list[str], publishers: set[str]) -> tuple[str, ...]:
    """Return the persons in *values*; *publishers* are folded names that are no author beside a person."""
    cleaned: dict[str, str] = {}
    for value in values:
        text = line(value) or ""
        if not text or len(text) > 300:
            continue
        text = " ".join(word for word in _ASIDE.sub("", text).split() if not _URL.search(word))
        for part in _persons(_LABEL.sub("", text)):
            name = _TAIL.sub("", _LEAD.sub("", part)).strip(" ,.;:-–—|*")
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


def _persons(text: str) -> Iterator[str]:
    for part in _SPLIT.split(text):
        joined = _JOINED.split(part)
        yield from joined if all(" " in name for name in joined) else [part]

"""The story out of a page's scripts, when the page itself shows none or far less of it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from crawler.cleaner.blocks import Block, Layout
from crawler.cleaner.body import MIN_REPEATED_CHARS, Body
from crawler.cleaner.declared import article_object, descriptions
from crawler.cleaner.features import is_prose
from crawler.cleaner.labels import MIN_PROSE_CHARS, SENTENCE_END, Said, said
from crawler.cleaner.parts import as_markup, plain, render
from crawler.cleaner.scripts import Loose, data
from crawler.cleaner.text import fold, weight
from crawler.cleaner.walk import layout
from crawler.page import Page, parse

MAX_SHOWN_CHARS = 1_500
"""A page that shows more of a story is taken at its word, and its scripts are left alone."""
MIN_RESCUE_CHARS = 250
MAX_STORY_CHARS = 120_000
MIN_TEXT_CHARS = 20
MIN_COVERAGE = 0.3
"""Share of the words of title and description that the story must hold to be this page's."""
STEM = 5
MAX_CANDIDATES = 12
MAX_NODES = 300_000
MAX_DEPTH = 150
MAX_LISTS = 6
MAX_OWNED = 8
"""Levels below an object with the page's title in which it is the title of a text."""
LIKE_SHARE = 0.6
"""Of a list's running text: what one way leads to is most of it."""
MAX_PATH_CHARS = 100


@dataclass(frozen=True, slots=True)
class Rescued:
    """A story found in a script."""

    source: str
    """``json-ld`` or ``script``."""
    found: Layout
    """Of the story's own markup, apart from the page."""
    kept: list[Block]
    chars: int


@dataclass(slots=True)
class _Candidate:
    """A value of a script that may be the story, as the markup it stands for."""

    markup: str
    source: str
    text: str
    own: bool = False
    """Whether it stands in an object with the page's title."""
    score: float = 0.0


def rescued(page: Page, title: str, body: Body) -> Rescued | None:
    """Return the story in the scripts of *page*, headed *title*, when *body* holds less than half of it."""
    if body.chars > MAX_SHOWN_CHARS:
        return None
    key = ("rescued", title, body.chars)
    if key not in page.kept:
        page.kept[key] = _rescued(page, title, body)
    known = page.kept[key]
    return known if isinstance(known, Rescued) else None


def _rescued(page: Page, title: str, body: Body) -> Rescued | None:
    saved = best(page, title)
    if saved is None or saved.chars < MIN_RESCUE_CHARS or body.chars * 2 > saved.chars:
        return None
    if saved.source != "json-ld" and not _continues(body, saved):
        return None
    return saved


def _continues(body: Body, saved: Rescued) -> bool:
    """Whether *saved* holds what the page shows of a story, or the page shows none."""
    shown = [fold(block.text) for block in body.kept if is_prose(block)]
    if sum(len(text) for text in shown) < MIN_RESCUE_CHARS:
        return True
    told = fold(" ".join(block.text for block in saved.kept))
    return sum(text[:40] in told for text in shown) * 2 >= len(shown)


def best(page: Page, title: str) -> Rescued | None:
    """Return the text in the scripts of *page* that is most probably its story, headed *title*."""
    wanted = _words(" ".join([title, *(text for text, _ in descriptions(page))]))
    candidates = [*_declared(page), *_found(page, fold(title))]
    for one in candidates:
        one.score = _score(one, wanted)
    candidates.sort(key=lambda one: -one.score)
    for one in candidates[:3]:
        if one.score <= 0:
            break
        saved = _read(page, one, fold(title))
        if saved.chars >= MIN_RESCUE_CHARS:
            return saved
    return None


def _read(page: Page, one: _Candidate, title: str) -> Rescued:
    inner = parse(one.markup.encode("utf-8", "ignore"), page.base, content_type="text/html; charset=utf-8")
    found = layout(inner)
    kept: list[Block] = []
    seen: set[str] = set()
    for block in found.blocks:
        if block.hidden or block.role in {"figcaption", "caption", "legend"}:
            continue
        if block.role != "img" and (block.text in seen or said(block, title) in _NEVER):
            continue
        if _SLOT.fullmatch(block.text):
            continue
        if len(block.text) > MIN_REPEATED_CHARS:
            seen.add(block.text)
        kept.append(block)
    return Rescued(one.source, found, kept, sum(block.chars for block in kept))


_NEVER = frozenset({Said.RELATED, Said.FURNITURE, Said.END, Said.TITLE, Said.PLACEHOLDER, Said.LEADS_ON})


# A line that the site's own scripts put something in place of: $$ADVERT$$, {{gallery:3}}.
_SLOT = re.compile(r"(?:\$\$|\{\{|\[\[|%%|##|@@)[^\s$}\]%#@]{1,80}(?:\$\$|\}\}|\]\]|%%|##|@@)")


# What a candidate says.

_CONSENT = re.compile(r"(?i)\bcookies?\b|consent|einwilligung|datenschutz|privacy")
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+"
)


def _words(text: str) -> set[str]:
    """Return the telling words of *text*: of four letters or more, or pairs of characters where words are not parted."""
    folded = fold(text)
    # The first letters of a word: most languages inflect the rest.
    words = {
        word[:STEM] for word in folded.split() if len(word) >= 4 or (len(word) >= 2 and not word.isascii())
    }
    for run in _UNSPACED.findall(folded):
        words.discard(run[:STEM])
        words.update(run[at : at + 2] for at in range(len(run) - 1))
    return words


def _score(one: _Candidate, wanted: set[str]) -> float:
    """Return how much speaks for *one*, 0 when it is none of this page."""
    chars = weight(one.text)
    if not MIN_RESCUE_CHARS <= chars <= MAX_STORY_CHARS:
        return 0.0
    words = _words(one.text)
    coverage = len(wanted & words) / len(wanted) if wanted else 0.0
    if one.source == "json-ld":
        coverage = max(coverage, 0.5)
    elif (
        coverage < (MIN_COVERAGE / 2 if one.own else MIN_COVERAGE)
        or len(_CONSENT.findall(one.text)) * 300 > chars
    ):
        return 0.0
    if one.own:
        coverage += 0.2
    structured = 1.15 if one.markup.count("<p") + one.markup.count("<h") >= 3 else 1.0
    return float(chars**0.7 * coverage**2 * structured)


def _declared(page: Page) -> Iterator[_Candidate]:
    """Yield the JSON-LD ``articleBody``."""
    article = article_object(page)
    value = article.get("articleBody") if article is not None else None
    if isinstance(value, list):
        value = "\n".join(one for one in value if isinstance(one, str))
    if isinstance(value, str) and value:
        yield _Candidate(as_markup(value), "json-ld", plain(value))


# Where the candidates stand.

_TITLE_KEY = re.compile(r"(?i)(?:head_?line|title|heading)$")
_ADDRESS_KEY = re.compile(r"(?i)(?:url|link|href|slug|path|permalink|uri|canonical\w*)$")
_PERSON_KEY = re.compile(r"(?i)(?:author|user|member|commenter|nick_?name|display_?name)")
_DATE_KEY = re.compile(r"(?i)date|time|published|created")


def _found(page: Page, title: str) -> Iterator[_Candidate]:
    """Yield the strings and lists in the scripts of *page* that hold most running text."""
    singles: dict[str, tuple[int, bool]] = {}
    runs: dict[tuple[int, str], _Run] = {}
    running: dict[str, int] = {}
    nodes = MAX_NODES
    keep: list[Any] = []
    for value in data(page):
        keep.append(value)  # so that no id is used twice
        stack: list[tuple[Any, str, tuple[_Around, ...], int, int]] = [(value, "", (), 0, -99)]
        while stack and nodes:
            nodes -= 1
            one, key, around, depth, owned = stack.pop()
            if isinstance(one, str):
                chars = running.get(one, -1) if len(one) >= MIN_TEXT_CHARS else 0
                if chars < 0:
                    chars = running[one] = _running_chars(one)
                if not chars:
                    continue
                own = depth - owned <= MAX_OWNED
                if chars >= MIN_RESCUE_CHARS and one not in singles:
                    singles[one] = chars, own
                inner: int | None = None
                for outer, path in reversed(around):
                    at = (id(outer), key)
                    run = runs.get(at)
                    if run is None:
                        run = runs[at] = _Run(outer, key)
                    run.add(path, chars, own, inner)
                    inner = id(outer)
            elif depth < MAX_DEPTH:
                if isinstance(one, dict) and owned < depth and _is_titled(one, title):
                    owned = depth
                if _is_list(one):
                    around = (*around[-MAX_LISTS + 1 :], (one, "."))
                if isinstance(one, list):
                    stack += [(inner, key, around, depth + 1, owned) for inner in one]
                elif isinstance(one, dict):
                    for name, inner in one.items():
                        if isinstance(inner, str):
                            longer = around
                        else:
                            longer = tuple((outer, _longer(path, name)) for outer, path in around)
                        stack.append((inner, name, longer, depth + 1, owned))
    for text, (_, own) in sorted(singles.items(), key=lambda one: -one[1][0])[:MAX_CANDIDATES]:
        yield _Candidate(as_markup(text), "script", plain(text), own)
    likely = sorted((run for run in runs.values() if run.is_one()), key=lambda run: -run.chars)
    likely = [run for run in likely[: 4 * MAX_CANDIDATES] if not _of_articles(run.parts, run.key)]
    for run in likely[:MAX_CANDIDATES]:
        markup = render(run.parts, run.key)
        if markup:
            yield _Candidate(markup, "script", plain(markup), run.own)


def _longer(path: str, name: str) -> str:
    """Return *path* with *name* at its end, unless it is in it: trees name their levels alike."""
    return path if f".{name}." in path or len(path) > MAX_PATH_CHARS else f"{path}{name[:MAX_PATH_CHARS]}."


_Around = tuple[Any, str]
"""A list, and the names of what leads from it to here."""


class _Run:
    """The texts under one key in one list."""

    def __init__(self, whole: dict[str, Any] | list[Any], key: str) -> None:
        self.whole = whole
        self.key = key
        self.chars = 0
        self.own = False
        self.paths: dict[str, int] = {}
        self.inner: dict[int, int] = {}

    @property
    def parts(self) -> list[Any]:
        """What the list holds; one of numbered names has a run for each of them, and few are ever asked."""
        return list(self.whole.values()) if isinstance(self.whole, dict) else self.whole

    def add(self, path: str, chars: int, own: bool, inner: int | None) -> None:
        self.chars += chars
        self.own = self.own or own
        self.paths[path] = self.paths.get(path, 0) + chars
        if inner is not None:
            self.inner[inner] = self.inner.get(inner, 0) + chars

    def is_one(self) -> bool:
        """Whether the texts are alike, and the list is the innermost around most of them."""
        most = LIKE_SHARE * self.chars
        return (
            self.chars >= MIN_RESCUE_CHARS
            and max(self.paths.values()) > most
            and max(self.inner.values(), default=0) <= most
        )


def _is_list(value: Any) -> bool:
    """Whether *value* lists things: a list, or an object whose names are numbered."""
    if isinstance(value, list):
        return not isinstance(value, Loose)
    return (
        isinstance(value, dict)
        and len(value) >= 3
        and sum(name[-1:].isdigit() for name in value) * 2 > len(value)
    )


def _is_titled(one: dict[str, Any], title: str) -> bool:
    """Whether *one* states *title*, folded, as its own."""
    return bool(title) and any(
        isinstance(value, str) and len(value) < 400 and _TITLE_KEY.search(name) and fold(value) == title
        for name, value in one.items()
    )


def _running_chars(value: str) -> int:
    """Return how many characters of *value* are running text."""
    if len(value) < MIN_TEXT_CHARS or value.lstrip()[:1] in {"{", "["}:
        return 0
    text = plain(value)
    chars = weight(text)
    if chars < MIN_PROSE_CHARS or not SENTENCE_END.search(text):
        return 0
    head = text[:5_000]
    if head.isascii() and head.count(" ") * 20 < len(head):
        return 0
    code = sum(map(head.count, _CODE))
    return 0 if code * 40 > len(head) else chars


_CODE = ("{", "}", "=", ";", "[", "]", '":', '",')


def _of_articles(run: list[Any], key: str) -> bool:
    """Whether *run* lists articles or comments: most of its items that hold a text state whose it is, or where it stands."""
    told = [one for one in run if isinstance(one, dict) and _holds(one, key, 8)]
    if len(told) < 2:
        return False
    others = 0
    for one in told:
        names = list(one)
        for inner in one.values():
            if isinstance(inner, dict):
                names += inner
        titled = any(_TITLE_KEY.search(name) for name in names)
        placed = any(_ADDRESS_KEY.search(name) for name in names)
        dated = any(_DATE_KEY.search(name) for name in names)
        signed = any(_PERSON_KEY.search(name) for name in names)
        others += (titled and (placed or dated)) or (signed and dated)
    return others * 2 > len(told)


def _holds(value: Any, key: str, depth: int) -> bool:
    if isinstance(value, dict):
        return any(
            (name == key and isinstance(one, str) and _running_chars(one) > 0)
            or (depth > 0 and not isinstance(one, str) and _holds(one, key, depth - 1))
            for name, one in value.items()
        )
    if isinstance(value, list):
        return depth > 0 and any(_holds(one, key, depth - 1) for one in value)
    return False

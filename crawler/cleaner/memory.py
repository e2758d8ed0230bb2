"""What recurs on the pages of one site, learned from what each article shows, and what follows from it for the next.

Every article leaves `Mark`s: the lines of its story, the ends of its titles, its related links, as the model alone sees
them. What too many articles share is the site's and not theirs. What is learned depends on the marks and the order of
capture alone, so that it can be made again from the captures.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from crawler.cleaner.blocks import Block, Box
from crawler.cleaner.body import Body
from crawler.cleaner.text import fold
from crawler.items import Mark, Memory, PageLink, Recurring
from crawler.page import Page
from crawler.urls import identity

MIN_ARTICLES = 5
"""With fewer, a site has shown too little to learn from."""
MIN_SHARING = 5
MIN_SPAN = 24
"""Articles: what a few beside each other share may be their story; they count as shares of so many at least, or of all."""
EDGE_SHARE = 0.9
"""Of the articles between the first and the last that show it: what nearly all begin or end with is the site's."""
OWN_MARKUP_SHARE, FEW_OWN_MARKUP_SHARE = 0.3, 0.6
"""The same for what stands in markup of its own, wherever in the story; and as long as fewer than `MANY` show it."""
MANY = 10
TITLE_SHARE = 0.1
LINK_SHARE = 0.5
MAX_OWN_SHARE = 0.2
"""Of a story's text: markup that holds more of it, in one place or in many, is the story's."""
FIRST, LAST = 1, 2
"""Lines: a story's edge. One of fewer than `MIN_LINES` has none."""
MIN_LINES = 6
MIN_LINE_CHARS = 12
MAX_MARKED_LINKS = 100
MAX_END_CHARS = 40
MAX_REMEMBERED = 500
"""Of each kind, the most shown: a list that changes daily would fill the memory."""

# What a name makes no part of the page's service: quotes, lists and tables are the story's, whatever they are called.
_OF_THE_TEXT = frozenset("blockquote q figure table thead tbody tr td th ul ol li dl dt dd".split())
# Whatever quotes stand in, they are somebody's words, and others repeat them.
_QUOTES = frozenset({"blockquote", "q", "figure"})
_QUOTE_NAME = re.compile(r"quot|zitat|cita|pull", re.IGNORECASE)
_LINE, _TITLE_END, _LINK = range(3)
_FLAG_BITS, _KIND_BITS = 2, 2
_AT_EDGE, _OWN_MARKUP = 1, 2
Markup = tuple[str, str]
"""Tag and names of an element."""
_END = re.compile(r"\s[-–—|·•»]\s+(?=\S)|\s*[|｜]\s*")


def marks_of(page: Page, body: Body, related: Sequence[PageLink]) -> tuple[Mark, ...]:
    """Return what the article of *page* shows that may recur: *body* as it was judged, *related* as they were found."""
    marks = list(_lines(body))
    marks += [_mark(_TITLE_END, end) for end in _title_ends(page, body)]
    marks += [_mark(_LINK, link.url) for link in related[:MAX_MARKED_LINKS] if link.url]
    return tuple({mark.number: mark for mark in marks if mark.text}.values())


def _title_ends(page: Page, body: Body) -> Iterator[str]:
    """Yield what titles of *page* add to the headline that it prints: only so it is known to be no part of it."""
    printed = fold(body.headline.text) if body.headline is not None else ""
    for title in (page.title, page.first_meta("og:title")):
        for cut in _END.finditer(title or ""):
            assert title
            end = title[cut.end() :].strip()
            if printed and fold(title[: cut.start()]) == printed and fold(end) and len(end) <= MAX_END_CHARS:
                yield end


def _lines(body: Body) -> Iterator[Mark]:
    blocks = [block for block in body.kept if _may_recur(block)]
    known: dict[int, frozenset[Markup] | None] = {body.region.order: frozenset()}
    named = [_named(block.box, known) or frozenset() for block in blocks]
    chars: dict[Markup, int] = {}
    for block, markups in zip(blocks, named, strict=True):
        for markup in markups:
            chars[markup] = chars.get(markup, 0) + block.chars
    most = MAX_OWN_SHARE * body.chars
    for at, (block, markups) in enumerate(zip(blocks, named, strict=True)):
        own = any(chars[markup] < most for markup in markups)
        at_edge = len(blocks) >= MIN_LINES and (at < FIRST or at >= len(blocks) - LAST)
        yield _mark(_LINE, block.text, _AT_EDGE * at_edge | _OWN_MARKUP * own)


def _named(box: Box, known: dict[int, frozenset[Markup] | None]) -> frozenset[Markup] | None:
    """Return the markup that has names of *box* and those around it that are not *known*; ``None`` in a quote."""
    path: list[Box] = []
    one: Box | None = box
    while one is not None and one.order not in known:
        path.append(one)
        one = one.parent
    named = known[one.order] if one is not None else frozenset()
    for inner in reversed(path):
        if inner.tag in _QUOTES or _QUOTE_NAME.search(inner.names):
            named = None
        elif named is not None and inner.names and inner.tag not in _OF_THE_TEXT:
            named |= {(inner.tag, inner.names)}
        known[inner.order] = named
    return named


def _may_recur(block: Block) -> bool:
    return block.role in {"p", "div", "li", "blockquote"} and block.chars >= MIN_LINE_CHARS


def _mark(kind: int, text: str, flags: int = 0) -> Mark:
    """Return the mark of *kind* for *text*: its number is a digest of the two, then the kind, then the *flags*."""
    digest = hashlib.blake2b(f"{kind} {text}".encode(errors="replace"), digest_size=7)
    number = int.from_bytes(digest.digest(), "big") << _KIND_BITS | kind
    return Mark(number=number << _FLAG_BITS | flags, text=text)


@dataclass(slots=True)
class _Shown:
    """Who shows one thing."""

    first: int
    last: int
    articles: int = 0
    at_edge: int = 0
    own_markup: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """A thing that is the site's."""

    thing: int
    articles: int
    """How many show it."""
    example: int
    """The place of one that does among the samples."""


def learn(samples: Sequence[Sequence[int]]) -> list[Learned]:
    """Return what is the site's, by *samples*: the numbers of the marks of each article, in the order of capture."""
    if len(samples) < MIN_ARTICLES:
        return []
    return [
        Learned(thing=one, articles=shown.articles, example=shown.first)
        for one, shown in sorted(_shared(samples).items())
        if _is_of_the_site(one & ((1 << _KIND_BITS) - 1), shown, len(samples))
    ]


def memory_of(learned: Sequence[Learned], texts: Mapping[int, str], articles: int) -> Memory:
    """Return what was *learned* of so many *articles*, with its *texts* by thing; what has none is left out."""
    found: tuple[list[Recurring], ...] = ([], [], [])
    for one in learned:
        if one.thing in texts:
            kind = one.thing & ((1 << _KIND_BITS) - 1)
            found[kind].append(Recurring(text=texts[one.thing], articles=one.articles))
    lines, ends, links = (
        tuple(sorted(some, key=lambda one: (-one.articles, one.text))[:MAX_REMEMBERED]) for some in found
    )
    return Memory(articles=articles, lines=lines, title_ends=ends, links=links)


def remembered(articles: Sequence[Sequence[Mark]]) -> Memory:
    """Return what recurs in *articles*, of each of which the marks are given, in the order of capture."""
    learned = learn([[mark.number for mark in marks] for marks in articles])
    texts = {thing(mark.number): mark.text for marks in articles for mark in marks}
    return memory_of(learned, texts, len(articles))


def things_in(memory: Memory) -> dict[int, str]:
    """Return the texts of what *memory* holds, by thing."""
    marks = [_mark(_LINE, one.text) for one in memory.lines]
    marks += [_mark(_TITLE_END, one.text) for one in memory.title_ends]
    marks += [_mark(_LINK, one.text) for one in memory.links]
    return {thing(mark.number): mark.text for mark in marks}


def thing(number: int) -> int:
    """Return what the mark of *number* shows, wherever it stands."""
    return number >> _FLAG_BITS


def _shared(samples: Sequence[Sequence[int]]) -> dict[int, _Shown]:
    """Return the things that several articles show, and how."""
    things = sorted(one for sample in samples for one in set(map(thing, sample)))
    several = {one for one, later in zip(things, things[MIN_SHARING - 1 :], strict=False) if one == later}
    shared: dict[int, _Shown] = {}
    for at, sample in enumerate(samples):
        flags: dict[int, int] = {}
        for number in sample:
            if (one := thing(number)) in several:
                flags[one] = flags.get(one, number) & number
        for one, known in flags.items():
            shown = shared.setdefault(one, _Shown(at, at))
            shown.last = at
            shown.articles += 1
            shown.at_edge += bool(known & _AT_EDGE)
            shown.own_markup += bool(known & _OWN_MARKUP)
    return shared


def _is_of_the_site(kind: int, shown: _Shown, articles: int) -> bool:
    """Whether what some of so many *articles* show is the site's and no longer theirs."""
    share = shown.articles / max(min(MIN_SPAN, articles), shown.last - shown.first + 1)
    if kind == _TITLE_END:
        return share >= TITLE_SHARE
    if kind == _LINK:
        return shown.articles >= MANY and share >= LINK_SHARE
    own = OWN_MARKUP_SHARE if shown.articles >= MANY else FEW_OWN_MARKUP_SHARE
    return (shown.own_markup == shown.articles and share >= own) or (
        shown.at_edge == shown.articles and share >= EDGE_SHARE
    )


class Recalled:
    """A memory as the cleaner asks it."""

    def __init__(self, memory: Memory) -> None:
        """Know *memory*."""
        self.lines = {line.text: line.articles for line in memory.lines}
        self.title_ends = frozenset(fold(end.text) for end in memory.title_ends)
        self.links = frozenset(identity(link.text) for link in memory.links)
        self._of = memory.articles

    def reason(self, text: str) -> str | None:
        """Return why the line *text* is the site's, or ``None``."""
        articles = self.lines.get(text)
        return f"stands in {articles} of the site's {self._of} articles" if articles else None


@lru_cache(maxsize=256)
def recalled(memory: Memory | None) -> Recalled:
    """Return *memory* as the cleaner asks it; ``None`` remembers nothing."""
    return Recalled(memory or Memory())

"""One walk over the page's markup: its text as blocks, in boxes that mirror the elements around them."""

import re
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import lru_cache
from itertools import groupby

from crawler.cleaner.markup import MIN_SWALLOWED, tags_and_texts
from crawler.cleaner.text import tidy, tidy_pre, weight
from crawler.cleaner.words import junk_name
from crawler.page import MAX_NESTING, Page, join

Token = tuple[str, str]
"""A piece of a block: ``("t", text)``, ``("a", href)`` … ``("/a", "")``, ``("em", "")`` and so on."""
_BLANK: Token = ("t", " ")

# Nothing in these is the page's text, or else it guides through the site.
_SKIPPED = frozenset(
    "nav menu noscript template svg object canvas audio video head select button datalist progress meter applet frameset colgroup dialog".split()
)
# https://html.spec.whatwg.org/multipage/syntax.html#void-elements and their obsolete kin: they have no end.
_VOID = frozenset(
    "area base basefont bgsound br col embed frame hr img input keygen link meta param source track wbr".split()
)
_INLINE = frozenset(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label map mark nobr q rb rp rt ruby s samp small span "
    "strike strong sub sup time tt u var custom".split()
)
_MARKS = {
    "em": "em",
    "i": "em",
    "cite": "em",
    "strong": "strong",
    "b": "strong",
    "code": "code",
    "kbd": "code",
    "samp": "code",
    "tt": "code",
}
# On one line, a figure that is not on its height would be a digit of the number before it.
_FIGURES = "0123456789+-−=()ni"
_OFF_THE_LINE = {
    "sup": str.maketrans(_FIGURES, "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿⁱ"),
    "sub": str.maketrans(_FIGURES, "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₙᵢ"),
}
_STOPS: dict[str, Token] = {name: (f"/{name}", "") for name in ("a", *_MARKS.values())}
HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}
# Elements that say what a block of text is; the nearest one counts.
_ROLES = frozenset(
    {
        *HEADINGS,
        "p",
        "li",
        "blockquote",
        "pre",
        "td",
        "th",
        "figcaption",
        "dt",
        "dd",
        "caption",
        "summary",
        "legend",
        "address",
    }
)
# It heads its details, and is most often a question among others; no page says at which level.
_ROLE_OF_SUMMARY = "h3"
# What these say of a text holds in a caption too.
_ROLES_IN_CAPTIONS = frozenset({*HEADINGS, "blockquote", "pre", "td", "th", "figcaption"})
# A part of the page says nothing of what stands around it.
_PARTS = frozenset({"ul", "ol", "table", "section", "article", "main", "aside"})


class _Kind(Enum):
    """How the walk takes an element that is no box."""

    LINK = auto()
    MARK = auto()
    INLINE = auto()
    VOID = auto()
    PAGE = auto()
    SKIPPED = auto()


_KINDS = {
    "html": _Kind.PAGE,
    "body": _Kind.PAGE,
    "amp-img": _Kind.SKIPPED,
    **dict.fromkeys(_SKIPPED, _Kind.SKIPPED),
    **dict.fromkeys(_VOID, _Kind.VOID),
    **dict.fromkeys(_INLINE, _Kind.INLINE),
    **dict.fromkeys(_MARKS, _Kind.MARK),
    "a": _Kind.LINK,
}
# A name of its own for each: the member of an enumeration takes longer to look up than to compare.
_LINK, _MARK, _INLINE_KIND, _VOID_KIND, _PAGE = _Kind.LINK, _Kind.MARK, _Kind.INLINE, _Kind.VOID, _Kind.PAGE

MAX_BLOCKS = 60_000
MAX_LINK_CHARS = 2_000
MIN_LINKED_CHARS = 80
"""So long a paragraph is not meant to be a link with the next."""
MAX_MARKS = 20
"""Emphasis and links within each other, which each block inside repeats: the text of more stays, without their marks."""


# What a box stands in, as bits of `Box.within`.
WITHIN = {"footer": 1, "main": 2}
_UNDISPLAYED = ("display:none", "visibility:hidden")


@dataclass(slots=True, eq=False)
class Box:
    """One block-level element."""

    tag: str
    names: str
    """Class and id."""
    label: str
    """Its tag and names; without them for a paragraph or item, which are all alike."""
    parent: "Box | None"
    depth: int
    first: int
    """Index of its first block."""
    end: int = 0
    """Index after its last block."""
    junk: str | None = None
    """The word in *names* that marks boilerplate."""
    hidden: bool = False
    start: str | None = None
    """Number of the first item of an ordered list."""
    within: int = 0
    """Bits of `WITHIN`: what it is and stands in."""
    order: int = 0
    """Its index among the boxes, which stand in page order, each before the boxes inside it."""
    stop: int = 0
    """Index after the last box inside it."""
    captioned: bool = False
    """Whether it, or one around it, is a figure or named a caption."""
    _role: str | None = None

    @property
    def role(self) -> str:
        """What the elements around say that text in it is: a caption, or what the nearest one says."""
        if self._role is None:
            self._role = _role(self)
        return self._role

    def inside(self, other: "Box") -> bool:
        """Whether this box is *other* or within it."""
        return other.order <= self.order < other.stop

    def common(self, other: "Box") -> "Box":
        """Return the innermost box around both this one and *other*."""
        box = self
        while not other.inside(box) and box.parent is not None:
            box = box.parent
        return box


@dataclass(slots=True, eq=False)
class Block:
    """A run of text, or an image, with nothing block-level inside."""

    index: int
    box: Box
    role: str
    """``p``, ``h2``, ``li``, ``td``, ``pre``, ``figcaption`` … or ``div``; ``img`` for an image."""
    text: str
    tokens: list[Token]
    chars: int
    """Weight of *text*."""
    link_chars: int
    links: list[tuple[str, str]] = field(default_factory=list)
    """Absolute address ('' when none) and text of each link."""
    marked: bool = False
    """Whether all of it is bold, as a heading may be."""
    hidden: bool = False
    prose: bool | None = None
    """Whether it reads as running text; ``None`` until somebody asked."""
    times: list[str] = field(default_factory=list)
    """``datetime`` of the ``time`` elements in it."""

    @property
    def link_share(self) -> float:
        """Share of the text that is links."""
        return self.link_chars / self.chars if self.chars else 0.0


@dataclass(slots=True)
class Layout:
    """What the walk found."""

    blocks: list[Block]
    boxes: list[Box]
    root: Box
    cut_short: bool = False
    """Whether the page has more than `MAX_BLOCKS`, and what follows them is not there."""


def layout(page: Page) -> Layout:
    """Return *page* as blocks and boxes."""
    return page.once(_walk)


class _Writer:
    """Collects the inline content between two block boundaries."""

    def __init__(self, page: Page, box: Box) -> None:
        self.base = page.base
        self.box = box
        self.blocks: list[Block] = []
        self.tokens: list[Token] = []
        self.has_text = False
        self.open: list[Token] = []
        self.unmarked = 0
        self.pre = 0
        self.breaks = 0
        self.has_lines = False
        self.times: list[str] = []
        self.linked = 0
        """Paragraphs that are links."""

    def text(self, text: str) -> None:
        self.breaks = 0
        self.has_text = True
        self.tokens.append(("t", text))

    def blank(self, text: str) -> None:
        if self.pre:
            self.tokens.append(("t", text))
        elif self.has_text:
            self.tokens.append(_BLANK)

    def start(self, name: str, value: str = "") -> None:
        if len(self.open) < MAX_MARKS:
            self.open.append((name, value))
            self.tokens.append((name, value))
        else:
            self.unmarked += 1

    def stop(self) -> None:
        if self.unmarked:
            self.unmarked -= 1
        else:
            name, _ = self.open.pop()
            self.tokens.append(_STOPS[name])

    def line_break(self) -> None:
        if self.pre:
            self.tokens.append(("t", "\n"))
            return
        self.breaks += 1
        if self.breaks >= 2:
            self.flush()
        elif self.has_text:
            self.has_lines = True
            self.tokens.append(("br", ""))

    def flush(self) -> None:
        tokens, self.tokens = self.tokens, list(self.open)
        self.breaks = 0
        if not self.has_text:
            return
        self.has_text = False
        if self.open:
            tokens += [("/" + name, "") for name, _ in reversed(self.open)]
        if self.has_lines:
            self.has_lines = False
            for run in _paragraphs(tokens):
                self._add(run)
        else:
            self._add(tokens)
        self.times = []

    def _add(self, tokens: list[Token]) -> None:
        box = self.box
        role = box.role
        raw, links, marked = _read(tokens)
        if role == "pre":
            text = tidy_pre(raw)
        elif len(tokens) == 3 and links:
            text = links[0][1]
        else:
            text = tidy(raw)
        if not text:
            return
        chars = weight(text)
        link_chars = 0
        for _, words in links:
            link_chars += chars if words == text else weight(words)
        if role == "p" and chars >= MIN_LINKED_CHARS and link_chars >= chars:
            self.linked += 1
        self.blocks.append(
            # By place: to sort its arguments by name takes longer than to make it.
            Block(
                len(self.blocks),
                box,
                role,
                text,
                tokens,
                chars,
                min(link_chars, chars),
                links,
                marked,
                box.hidden,
                None,
                self.times,
            )
        )

    def unlink(self) -> None:
        """Take a link off the paragraphs that it swallowed: it was only left open, or leads nowhere else."""
        if self.linked < 2:
            return
        for address, run in groupby(self.blocks, lambda block: block.links[-1][0] if block.links else None):
            blocks = list(run)
            least = MIN_SWALLOWED if address else 2
            if address is not None and len({block.text for block in blocks if _is_linked(block)}) >= least:
                for block in blocks:
                    block.tokens, block.links, block.link_chars = _without_links(block.tokens), [], 0

    def image(self, attributes: dict[str, str]) -> None:
        address = _image_address(attributes, self.base)
        if address:
            alt = tidy(attributes.get("alt") or "")
            self.blocks.append(
                Block(
                    index=len(self.blocks),
                    box=self.box,
                    role="img",
                    text=alt,
                    tokens=[("img", address)],
                    chars=0,
                    link_chars=0,
                    hidden=self.box.hidden,
                    links=[(link, "") for name, link in self.open if name == "a"],
                )
            )


def _is_linked(block: Block) -> bool:
    """Whether *block* is a paragraph and one link."""
    return block.role == "p" and block.chars >= MIN_LINKED_CHARS and block.link_chars == block.chars


def _without_links(tokens: list[Token]) -> list[Token]:
    return [token for token in tokens if token[0] not in {"a", "/a"}]


def _role(box: Box) -> str:
    """Return what the elements around say that text in *box* is: a caption, or what the nearest one says."""
    role = ""
    one: Box | None = box
    while one is not None and one.depth > box.depth - 12 and (one.captioned or not role):
        if one.captioned and _captions(one.tag, one.names):
            return role if role in _ROLES_IN_CAPTIONS else "figcaption"
        if not role and one.tag in _ROLES:
            role = _ROLE_OF_SUMMARY if one.tag == "summary" else one.tag
        if one.tag in _PARTS:
            break
        one = one.parent
    return role or "div"


def _captions(tag: str, names: str) -> bool:
    """Whether text in a *tag* with *names* is a caption, unless something in it says what it is."""
    return tag == "figure" or "caption" in names.lower()


def _read(tokens: list[Token]) -> tuple[str, list[tuple[str, str]], bool]:
    """Return the text of *tokens*, the links in it with their texts, and whether all words outside links are bold."""
    if len(tokens) == 1:
        return tokens[0][1], [], False
    if len(tokens) == 3 and tokens[0][0] == "a" and tokens[1][0] == "t":
        # What has marks in it is most often one link.
        words = tidy(tokens[1][1])
        return tokens[1][1], [(tokens[0][1], words)] if words else [], False
    links: list[tuple[str, str]] = []
    parts: list[str] = []
    href: str | None = None
    begin = strong = 0
    bold = plain = False
    for name, value in tokens:
        if name == "t":
            parts.append(value)
            if not value.isspace():
                if strong > 0:
                    bold = True
                elif not strong and href is None:
                    plain = True
        elif name == "a":
            href, begin = value, len(parts)
        elif name == "/a" and href is not None:
            words = tidy("".join(parts[begin:]))
            if words:
                links.append((href, words))
            href = None
        elif name == "strong":
            strong += 1
        elif name == "/strong":
            strong -= 1
    return "".join(parts), links, bold and not plain


_Traits = tuple[str, str, str | None, bool, str | None, int, bool]
"""What the tag of an element and its attributes say, as a `Box` has it: its names and label, the word in them that marks
boilerplate, whether it is hidden, the number it starts with, the bits of `WITHIN` that it adds, and whether it captions."""


# HTML's own spaces alone part names: a no-break space is a letter of them.
_ATTRIBUTE = re.compile(r' (=?[^ \t\n\f\r>="]++)="([^"]*+)"')
MAX_CACHED_CHARS = 400


def _traits(tag: str, raw: str) -> _Traits:
    """Return what a *tag* with the attributes *raw*, as written, says; pages repeat themselves, and each other."""
    return _known_traits(tag, raw) if len(raw) <= MAX_CACHED_CHARS else _read_traits(tag, raw)


def _read_traits(tag: str, raw: str) -> _Traits:
    classes, name = _value(raw, "class"), _value(raw, "id")
    names = f"{classes} {name}".strip() if classes and name else (classes or name).strip()
    if "&" in names:
        classes, names = _plain(classes), _plain(names)
    # The id of a heading is its own text ("final-comment-period"), and no name.
    named = classes if tag in HEADINGS else names
    return (
        names,
        tag if tag in {"p", "li"} else f"{tag}.{names}",
        junk_name(named) if named else None,
        _is_hidden(raw),
        (_value(raw, "start") or None) if tag == "ol" else None,
        WITHIN.get(tag, 0),
        _captions(tag, names),
    )


_known_traits = lru_cache(maxsize=20_000)(_read_traits)


def _value(raw: str, name: str) -> str:
    """Return the value of the attribute *name* among *raw* as it is written, which has no quotation mark inside; '' when there is none."""
    at = raw.find(f' {name}="') + 1
    if not at:
        return ""
    at += len(name) + 2
    return raw[at : raw.index('"', at)]


def _attributes(raw: str) -> dict[str, str]:
    return {name: _plain(value) for name, value in _ATTRIBUTE.findall(raw)}


def _is_hidden(raw: str) -> bool:
    """Whether an element with the attributes *raw* is not displayed."""
    if " hidden=" not in raw and " style=" not in raw:
        return False
    if " hidden=" in raw and _value(raw, "hidden") != "until-found":
        return True
    style = _value(raw, "style").replace(" ", "").lower()
    return any(one in style for one in _UNDISPLAYED)


def _plain(text: str) -> str:
    """Return *text* as it is meant; the serialisation of HTML writes no other entities."""
    if "&" not in text:
        return text
    return (
        text.replace("&nbsp;", "\xa0")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", '"')
        .replace("&amp;", "&")
    )


def _walk(page: Page) -> Layout:  # noqa: PLR0915 - one loop: a call for each tag would double its time
    box = root = Box("body", "", "body.", None, 0, 0)
    writer = _Writer(page, root)
    boxes = [root]
    # What ends at an element's end: its box (by the box around it), an inline mark, or nothing.
    frames: list[tuple[str, Box | None, str]] = []
    skipped, skipped_depth = "", 0
    base, blocks, kinds = page.base, writer.blocks, _KINDS
    after_parenthesis = False
    off_the_line: dict[int, int] | None = None
    for tag, raw, written in tags_and_texts(page):
        if skipped:
            if tag == skipped:
                skipped_depth += 1
            elif tag[:1] == "/" and tag[1:] == skipped:
                skipped_depth -= 1
            if skipped_depth:
                continue
            skipped = ""
        elif not tag:
            pass
        elif tag[0] == "/":
            name = tag[1:]
            while frames and (frames[-1][0] == name or any(opened == name for opened, _, _ in frames)):
                opened, outer, mark = frames.pop()
                if outer is not None:
                    if writer.tokens:
                        writer.flush()
                    writer.breaks = 0
                    box.end, box.stop = len(blocks), len(boxes)
                    if opened == "pre":
                        writer.pre -= 1
                    writer.box = box = outer
                elif mark == "rt":
                    writer.text("）")
                elif mark in _OFF_THE_LINE:
                    off_the_line = None
                elif mark:
                    writer.stop()
                if opened == name:
                    break
            after_parenthesis = name == "rp"
        elif (kind := kinds.get(tag)) is None:
            if writer.tokens:
                writer.flush()
            writer.breaks = 0
            if len(blocks) > MAX_BLOCKS:
                break
            frames.append((tag, box, ""))
            if tag == "pre":
                writer.pre += 1
            if box.depth < MAX_NESTING:
                names, label, junk, hidden, start, within, captions = _traits(tag, raw)
                writer.box = box = Box(
                    tag,
                    names,
                    label,
                    box,
                    box.depth + 1,
                    len(blocks),
                    0,
                    junk,
                    hidden or box.hidden,
                    start,
                    within | box.within,
                    len(boxes),
                    0,
                    captions or box.captioned,
                )
                boxes.append(box)
        elif kind is _LINK:
            if _is_hidden(raw):
                skipped, skipped_depth = tag, 1
                continue
            href = _value(raw, "href")
            writer.start("a", "" if not href or href[0] == "#" else _address(base, _plain(href)))
            frames.append((tag, None, tag))
        elif kind is _MARK:
            mark = _MARKS[tag]
            writer.start(mark)
            frames.append((tag, None, mark))
        elif kind is _INLINE_KIND:
            if raw:
                if _is_hidden(raw):
                    skipped, skipped_depth = tag, 1
                    continue
                if tag == "time" and (stamp := _value(raw, "datetime")):
                    writer.times.append(_plain(stamp))
            mark = ""
            if tag == "rt" and not after_parenthesis:
                # A reading in print stands in parentheses, unless the page sets some itself.
                mark = tag
                writer.text("（")
            elif tag in _OFF_THE_LINE:
                mark = tag
                off_the_line = _OFF_THE_LINE[tag]
            frames.append((tag, None, mark))
        elif kind is _VOID_KIND:
            if tag == "br":
                writer.line_break()
            elif tag == "img":
                writer.image(_attributes(raw))
            elif tag == "hr":
                writer.flush()
        elif kind is _PAGE:
            frames.append((tag, None, ""))
        else:
            if tag == "amp-img":
                writer.image(_attributes(raw))
            skipped, skipped_depth = tag, 1
            continue
        if written:
            text = _plain(written) if "&" in written else written
            if not text.isspace():
                if off_the_line and _is_figure(text):
                    text = text.translate(off_the_line)
                writer.text(text)
            elif writer.has_text or writer.pre:  # most are the blanks between two boxes
                writer.blank(text)
    writer.flush()
    writer.unlink()
    while box.parent is not None:
        # The walk was cut short at a page of too many blocks.
        box.end, box.stop = len(blocks), len(boxes)
        box = box.parent
    root.end, root.stop = len(blocks), len(boxes)
    return Layout(blocks, boxes, root, cut_short=len(blocks) > MAX_BLOCKS)


def _is_figure(text: str) -> bool:
    """Whether *text* is a number or a power; a sign alone is none."""
    bare = text.strip()
    return not bare.strip(_FIGURES) and (len(bare) > 1 or bare.isalnum())


def _address(base: str, href: str) -> str:
    href = href.strip()[:MAX_LINK_CHARS]
    if href[:7].lower() == "mailto:":
        return href
    return join(base, href) or ""


def _image_address(attributes: dict[str, str], base: str) -> str | None:
    for side in ("width", "height"):
        size = (attributes.get(side) or "").strip().removesuffix("px")
        if size.isascii() and size.isdigit() and len(size) < 6 and int(size) < 100:
            return None
    for name in ("data-src", "data-lazy-src", "data-original", "src"):
        value = (attributes.get(name) or "").strip()
        if value and not value.startswith("data:"):
            address = join(base, value)
            if address and not address.partition("?")[0].lower().endswith((".svg", ".gif")):
                return address[:MAX_LINK_CHARS]
    candidates = [one.split() for one in (attributes.get("srcset") or "").split(", ") if one.split()]
    return join(base, candidates[-1][0]) if candidates else None


def _paragraphs(tokens: list[Token]) -> list[list[Token]]:
    """Split *tokens* where a lone line break ends a paragraph: on each, when the lines read as paragraphs."""
    lines: list[list[Token]] = [[]]
    still_open: list[Token] = []
    for token in tokens:
        name = token[0]
        if name == "br":
            lines[-1] += [("/" + opened, "") for opened, _ in reversed(still_open)]
            lines.append(list(still_open))
            continue
        if name in {"a", "em", "strong", "code"}:
            still_open.append(token)
        elif name[0] == "/":
            for at in range(len(still_open) - 1, -1, -1):
                if still_open[at][0] == name[1:]:
                    del still_open[at]
                    break
        lines[-1].append(token)
    sizes = [sum(len(value.strip()) for name, value in line if name == "t") for line in lines]
    long = sum(size >= 80 for size in sizes)
    if long >= 2 and long * 2 >= sum(size > 0 for size in sizes):
        return lines
    return [[("t", " ") if token[0] == "br" else token for token in tokens]]

"""One walk over the page's markup, which makes its blocks and boxes."""

from collections.abc import Iterator
from enum import Enum, auto
from itertools import pairwise

from crawler.cleaner.attributes import attributes, is_hidden, plain, traits_of, value
from crawler.cleaner.blocks import MAX_BLOCKS, Box, Layout
from crawler.cleaner.markup import tags_and_texts
from crawler.cleaner.text import tidy
from crawler.cleaner.writer import MARKS, Writer, address_of
from crawler.page import MAX_NESTING, Page

# Nothing in these is the page's text; "nav" and "menu" hold none of the story's.
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
# On one line, a figure that is not on its height would be a digit of the number before it.
_FIGURES = "0123456789+-−=()ni"
_OFF_THE_LINE = {
    "sup": str.maketrans(_FIGURES, "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿⁱ"),
    "sub": str.maketrans(_FIGURES, "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₙᵢ"),
}
MIN_LEFT_OPEN = 4
"""So many boxes nest in one another since each was left open; fewer may be meant to."""


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
    **dict.fromkeys(MARKS, _Kind.MARK),
    "a": _Kind.LINK,
}
# A name of its own for each: the member of an enumeration takes longer to look up than to compare.
_LINK, _MARK, _INLINE_KIND, _VOID_KIND, _PAGE = _Kind.LINK, _Kind.MARK, _Kind.INLINE, _Kind.VOID, _Kind.PAGE


def layout(page: Page) -> Layout:
    """Return *page* as blocks and boxes."""
    return page.once(_walk)


def passed_by(page: Page) -> Iterator[tuple[str, str]]:
    """Yield the elements of *page* that the walk passes by for what they are, and that hold text: the tag and the text.

    What some of them hold was meant to be read, and is: it is not among them.
    """
    read = {block.text for block in layout(page).blocks}
    inner: set[int] = set()
    for node in page.tree.css(", ".join(sorted(_SKIPPED - {"head"}))):
        if node.mem_id not in inner:
            inner.update(one.mem_id for one in node.css(", ".join(sorted(_SKIPPED))))
            if (text := tidy(node.text(separator=" "))) and text not in read:
                yield node.tag or "", text


def _walk(page: Page) -> Layout:  # noqa: PLR0915 - one loop: a call for each tag would double its time
    box = root = Box("body", "", "body.", None, 0, 0)
    writer = Writer(page, root)
    boxes = [root]
    # What ends at an element's end: its box (by the box around it), an inline mark, or nothing.
    frames: list[tuple[str, Box | None, str]] = []
    skipped, skipped_depth = "", 0
    base, blocks, kinds = page.base, writer.blocks, _KINDS
    own = page.url.partition("#")[0]
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
                names, label, junk, hidden, start, within, captions, spans = traits_of(tag, raw)
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
                    spans,
                )
                boxes.append(box)
        elif kind is _LINK:
            if is_hidden(raw):
                skipped, skipped_depth = tag, 1
                continue
            href = value(raw, "href")
            address = "" if not href or href[0] == "#" else address_of(base, plain(href))
            if "#" in address and address.partition("#")[0] == own:
                address = ""  # to a part of this page
            writer.start("a", address)
            frames.append((tag, None, tag))
        elif kind is _MARK:
            mark = MARKS[tag]
            writer.start(mark)
            frames.append((tag, None, mark))
        elif kind is _INLINE_KIND:
            if raw:
                if is_hidden(raw):
                    skipped, skipped_depth = tag, 1
                    continue
                if tag == "time" and (stamp := value(raw, "datetime")):
                    writer.times.append(plain(stamp))
                if 'br"' in raw and "br" in (value(raw, "class") or "").split():
                    # A break in the guise of an empty element, as some systems write it.
                    writer.line_break()
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
                writer.image(attributes(raw))
            elif tag == "source":
                if box.tag == "picture":
                    writer.source(attributes(raw))
            elif tag == "hr":
                writer.flush()
        elif kind is _PAGE:
            frames.append((tag, None, ""))
        else:
            if tag == "amp-img":
                writer.image(attributes(raw))
            skipped, skipped_depth = tag, 1
            continue
        if written:
            text = plain(written) if "&" in written else written
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
    _part_left_open(boxes)
    return Layout(blocks, boxes, root, cut_short=len(blocks) > MAX_BLOCKS)


def _part_left_open(boxes: list[Box]) -> None:
    """Put those of *boxes* beside each other that nest since each was only left open.

    Each is like the one around it, stands after text in that, and ends with it. So may boxes that were meant to nest as
    deep, of which the text is the same either way.
    """
    first_of: dict[int, Box] = {}
    nested: dict[int, list[Box]] = {}
    for box in boxes[1:]:
        outer = box.parent
        if (
            outer is not None
            and box.label == outer.label
            and box.tag != "blockquote"  # a quote in a quote is meant to be
            and outer.first < box.first < box.end == outer.end
            and box.stop == outer.stop
        ):
            first = first_of[box.order] = first_of.get(outer.order, outer)
            nested.setdefault(first.order, [first]).append(box)
    runs = [run for run in nested.values() if len(run) >= MIN_LEFT_OPEN]
    for run in runs:
        for before, box in pairwise(run):
            before.end, before.stop, box.parent = box.first, box.order, run[0].parent
    if runs:
        for box in boxes[1:]:
            assert box.parent is not None
            box.depth = box.parent.depth + 1


def _is_figure(text: str) -> bool:
    """Whether *text* is a number or a power; a sign alone is none."""
    bare = text.strip()
    return not bare.strip(_FIGURES) and (len(bare) > 1 or bare.isalnum())

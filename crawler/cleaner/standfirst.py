"""The standfirst: what a page prints between headline and story, and repeats in no part of it."""

import re

from crawler.cleaner.blocks import HEADINGS, Block, Box, Layout
from crawler.cleaner.body import REPEATS, Body, Dropped
from crawler.cleaner.dates import read_date
from crawler.cleaner.declared import descriptions as declared_descriptions
from crawler.cleaner.features import is_prose
from crawler.cleaner.text import fold
from crawler.cleaner.words import BYLINE, FURNITURE_LEAD, is_furniture
from crawler.page import Page

_NAMES = re.compile(
    r"(?i)stand-?first|sub-?(?:title|head|headline|heading|hed)\b|\bdek\b|\bdeck\b|\bchapo\b|\bsummary|\bexcerpt|\bintro\b|\blead\b|\blede\b|\bkicker-?text|\bsousTitre|\bbajada|\bsommario|\bocchiello|\bpreamble|\bingress|\bvorspann|\bteaser-?text|article-?(?:lead|intro|summary|description|excerpt|subtitle|dek)|description\b"
)
MIN_CHARS, MAX_CHARS = 25, 600
MAX_UNDECLARED_CHARS = 350
FAR = 25
"""Blocks: as far below the headline it may stand."""
MIN_PROBABILITY = 0.2
"""That it is the story: a standfirst reads like it, and stands apart from it."""


def take_standfirst(page: Page, found: Layout, body: Body) -> None:
    """Find the standfirst, printed between headline and story, and take it out of *body*."""
    if body.headline is None or not body.kept:
        return
    declared = [text for text, _ in declared_descriptions(page)]
    home = _home(body)
    first = next((block.index for block in body.kept if block.role != "img"), body.kept[0].index)
    for block in found.blocks[body.headline.index + 1 : first + 1][:FAR]:
        if _may_be(block) and _is_standfirst(block, body, home, first, declared):
            copy = next(
                (one for one in body.dropped if one.reason == REPEATS and one.block.text == block.text), None
            )
            body.dropped[:] = [one for one in body.dropped if one is not copy and one.block is not block]
            body.kept[:] = [one for one in body.kept if one is not block]
            if copy is None:
                body.standfirst = block
            else:
                # What stands above the story is only its beginning.
                body.dropped.append(Dropped(block, "repeats the story's beginning"))
                body.kept[:] = sorted([*body.kept, copy.block], key=lambda one: one.index)
            return


def _may_be(block: Block) -> bool:
    """Whether *block* by itself could be a standfirst."""
    return (
        not block.hidden
        and block.role not in {"img", "figcaption"}
        and MIN_CHARS <= block.chars <= MAX_CHARS
        and block.link_share <= 0.5
        and not is_furniture(block.text)
        and not FURNITURE_LEAD.match(block.text)
        and not (BYLINE.match(block.text) and block.chars < 120)
        and not (block.chars < 100 and read_date(block.text) is not None)
    )


def _is_standfirst(block: Block, body: Body, home: Box | None, first: int, declared: list[str]) -> bool:
    """Whether *block*, not below *first*, the story's first block, is its standfirst; *home* holds most of the story."""
    named = _named(block.box)
    before = block.index < first
    apart = home is not None and not block.box.inside(home)
    if any(_agree(block.text, text) for text in declared):
        return before or apart or named or block.role in HEADINGS
    if named:
        return before or apart or (block.marked and block.chars < MAX_UNDECLARED_CHARS)
    return (
        apart
        and not _goes_on(block, body, home)
        and is_prose(block)
        and block.chars < MAX_UNDECLARED_CHARS
        and body.probabilities.get(block.index, 0.0) >= MIN_PROBABILITY
    )


def _goes_on(block: Block, body: Body, home: Box | None) -> bool:
    """Whether the container of *block* holds more of the story, or is one of several as *home* is."""
    container = _container(block)
    return (home is not None and container.names != "" and container.names == home.names) or any(
        is_prose(one) and one is not block and _container(one) is container for one in body.kept
    )


def _agree(printed: str, declared: str) -> bool:
    """Whether *printed* is what was *declared*, which is often cut."""
    printed, declared = fold(printed), fold(declared)
    return printed == declared or (
        len(declared) > 40 and printed.startswith(declared[: int(len(declared) * 0.9)])
    )


def _home(body: Body) -> Box | None:
    """Return the box that holds most of the story's paragraphs; ``None`` when none does, and nothing can stand apart."""
    boxes: dict[int, tuple[int, int, Box]] = {}
    prose = [block for block in body.kept if is_prose(block)]
    for block in prose:
        box = _container(block)
        chars, count, _ = boxes.get(box.order, (0, 0, box))
        boxes[box.order] = chars + block.chars, count + 1, box
    chars, count, home = max(boxes.values(), key=lambda held: held[0], default=(0, 0, body.region))
    return home if count >= 2 and chars * 2 >= sum(block.chars for block in prose) else None


def _container(block: Block) -> Box:
    """Return the box whose child *block* is: the parent of its own element."""
    box = block.box
    return box.parent if box.parent is not None and box.end - box.first == 1 else box


def _named(box: Box | None) -> bool:
    for _ in range(2):
        if box is None:
            return False
        if box.names and _NAMES.search(box.names.replace("_", "-")):
            return True
        box = box.parent
    return False

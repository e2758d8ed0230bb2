"""Which blocks of a page are its story: each is judged by a trained model, with a reason when it falls."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from crawler.cleaner import features, model
from crawler.cleaner.blocks import HEADINGS, Block, Box, Layout
from crawler.cleaner.features import Surroundings, is_prose, sums
from crawler.cleaner.labels import WHY, Said
from crawler.cleaner.text import fold, weight
from crawler.cleaner.walk import layout
from crawler.cleaner.wholes import BARE, ITEMS, Judged, judged_as_one, judged_by_beginning
from crawler.cleaner.words import is_related_label
from crawler.page import Page

WEIGHTS = Path(__file__).with_name("weights.json")
"""Trained by ``benchmarks.extraction.train``."""
THRESHOLD = 0.5
"""A block that is as probable to be the story is taken for it."""

STRUCTURE_THRESHOLD = 0.04
"""The same for a heading, a list, a quote, a table or code between the story's paragraphs."""
LAST_STRUCTURE_THRESHOLD = 0.05
"""The same below the last of them."""
_STRUCTURE = frozenset({*HEADINGS, "li", "dt", "dd", "blockquote", "td", "th", "pre"})

# No article prints these as its own words, but among the items of a list, or above one.
_NEVER = frozenset({Said.RELATED, Said.FURNITURE, Said.END, Said.TITLE, Said.PLACEHOLDER, Said.CREDIT})
MIN_REPEATED_CHARS = 40
"""Of a text that a page shows twice, for two widths of screen; a list or table repeats itself as it likes."""
REPEATS = "repeats an earlier block"
MAX_HEADING_LINES = 2
FAR_IMAGE = 12
"""Blocks: as far above the text its first image may stand."""


@dataclass(slots=True, frozen=True)
class Dropped:
    """A block of the page that is not the story, and why."""

    block: Block
    reason: str


@dataclass(slots=True)
class Body:
    """The story's blocks in page order, and what fell."""

    kept: list[Block]
    dropped: list[Dropped]
    region: Box
    """The innermost box around the story."""
    headline: Block | None = None
    """The block that prints the title."""
    standfirst: Block | None = None
    first_content: int = 0
    chars: int = 0
    related_heads: list[Block] = field(default_factory=list)
    """Headings of related links below the story's beginning."""
    probabilities: dict[int, float] = field(default_factory=dict)
    """How probable the model holds each block to be the story, by index; others fell unseen."""


_LOGO = re.compile(r"(?i)(?<![a-z])logo(?![a-z])")
_PLAIN_HOST = re.compile(r"https?://(?:www\.)?([a-z0-9.-]+)(?=[/?#]|\Z)")


@lru_cache(maxsize=4_096)
def host(address: str) -> str:
    """Return the host of *address* without ``www.``."""
    if plain := _PLAIN_HOST.match(address):
        return plain[1]
    try:
        return (urlsplit(address).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def find_body(page: Page, titles: Sequence[str]) -> Body:
    """Return the story of *page*, of whose headline *titles* are wordings, the best first."""
    found = layout(page)
    return _judge(page, found, find_headline(found, titles), titles[0] if titles else "")


def surroundings(page: Page, found: Layout, headline: Block | None, title: str) -> Surroundings:
    """Return what the features of *page*'s blocks are made of."""
    return Surroundings(found, headline, title, host(page.url))


def _judge(page: Page, found: Layout, headline: Block | None, title: str) -> Body:
    """Return the blocks of *found* that the model takes for the story."""
    around = surroundings(page, found, headline, title)
    judged, fallen = _judged(around)
    judged_as_one(around, judged)
    judged_by_beginning(around, judged)
    heads = _heads_of_lists(judged, around)
    kept: list[Block] = []
    seen: set[str] = set()
    for one in judged:
        block = one.block
        reason = one.reason
        if block in heads:
            reason = None
        elif reason is None and one.probability < _threshold(one, around.led[block.index]):
            reason = (
                WHY.get(one.says) or _standing(block) or f"reads unlike the story ({one.probability:.0%})"
            )
        if reason is None and len(block.text) > MIN_REPEATED_CHARS and block.role not in ITEMS:
            if block.text in seen:
                reason = REPEATS
            seen.add(block.text)
        if reason is None:
            kept.append(block)
        else:
            fallen.append(Dropped(block, reason))
    fallen.sort(key=lambda one: one.block.index)
    probabilities = {one.block.index: one.probability for one in judged}
    body = Body(kept, fallen, found.root, headline, probabilities=probabilities)
    drop_empty_headings(body)
    body.chars = sum(block.chars for block in kept)
    if kept:
        body.first_content = kept[0].index
        body.region = _around([block for block in kept if is_prose(block)] or kept)
        _take_images(found, body)
        body.related_heads = [
            block
            for block in found.blocks[body.first_content :]
            if block.chars <= 160 and not block.hidden and is_related_label(block.text)
        ]
    elif headline is not None:
        body.first_content = headline.index + 1
    return body


def _judged(around: Surroundings) -> tuple[list[Judged], list[Dropped]]:
    """Return what the model holds of each block that it is asked about, and the blocks that fall unseen."""
    trained = model.load(WEIGHTS, features.NAMES)
    judged: list[Judged] = []
    fallen: list[Dropped] = []
    for block, row in features.rows(around):
        if not isinstance(row, tuple):
            fallen.append(Dropped(block, row))
            continue
        says = Said(int(row[features.SAYS]))
        if says in _NEVER or (says is Said.BYLINE and _stands_as_byline(block, row)):
            judged.append(Judged(block, row, says, 0.0, WHY[says]))
        else:
            judged.append(Judged(block, row, says, trained.probability(row)))
    return judged, fallen


def _heads_of_lists(judged: list[Judged], around: Surroundings) -> set[Block]:
    """Return the headings that say nothing of themselves, as "Key points" does, and stand right above a list of the story."""
    after = {one.block.index: one for one in judged}
    heads: set[Block] = set()
    for one in judged:
        below = after.get(one.block.index + 1)
        if (
            one.says in BARE
            and one.block.role in HEADINGS
            and below is not None
            and below.block.role in ITEMS
            and below.reason is None
            and below.probability >= _threshold(below, around.led[below.block.index])
        ):
            heads.add(one.block)
    return heads


def _stands_as_byline(block: Block, row: features.Row) -> bool:
    """Whether *block*, which reads as a byline, stands before or after all the story's text: "By the Numbers" may head a part of it."""
    return block.role not in _STRUCTURE and not (row[features.PROSE_BEFORE] and row[features.PROSE_AFTER])


def _threshold(one: Judged, led: int) -> float:
    """Return how probable the block has to be, of which *led* characters lead on."""
    row = one.row
    if (
        one.block.role not in _STRUCTURE
        or one.says != Said.NOTHING
        or row[features.OFF_TRUNK] != 0
        or row[features.JUNK] != features.FAR
        or led >= 0.3 * one.block.chars
        or not row[features.PROSE_BEFORE]
    ):
        return THRESHOLD
    return STRUCTURE_THRESHOLD if row[features.PROSE_AFTER] else LAST_STRUCTURE_THRESHOLD


def _standing(block: Block) -> str | None:
    """Return what the markup around *block* says against it."""
    if block.role in {"figcaption", "caption", "legend"}:
        return "a caption"
    one: Box | None = block.box
    while one is not None:
        if one.junk:
            return f"in a box named “{one.junk}”"
        if one.tag in {"aside", "footer"}:
            return f"in <{one.tag}>"
        one = one.parent
    return None


def _around(blocks: list[Block]) -> Box:
    """Return the innermost box around *blocks*."""
    box = blocks[0].box
    for block in blocks:
        if not block.box.inside(box):
            box = box.common(block.box)
    return box


def _is_logo(image: Block) -> bool:
    """Whether *image* says that it is a newspaper's."""
    return bool(_LOGO.search(image.text) or _LOGO.search(image.tokens[0][1].rpartition("/")[2]))


def _take_images(found: Layout, body: Body) -> None:
    """Take the images that belong to the story: those the text around them is the story of."""
    kept = {block.index for block in body.kept}
    end = max(body.region.end, body.kept[-1].index + 1)
    images = [
        block
        for block in found.blocks[max(0, body.kept[0].index - FAR_IMAGE) : end]
        if block.role == "img"
        and not block.hidden
        and (block.index > body.kept[0].index or not _is_logo(block))
    ]
    if not images:
        return
    chars = [
        0 if block.hidden or block.role in {"img", "figcaption"} else block.chars for block in found.blocks
    ]
    told = sums(chars)
    story = sums(size if at in kept else 0 for at, size in enumerate(chars))
    taken: list[Block] = []
    for image in images:
        box: Box | None = image.box
        while box is not None and told[box.first] == told[box.end]:
            box = box.parent
        if box is not None and 2 * (story[box.end] - story[box.first]) >= told[box.end] - told[box.first]:
            taken.append(image)
    if taken:
        body.kept[:] = sorted([*body.kept, *taken], key=lambda block: block.index)


def find_headline(found: Layout, titles: Sequence[str]) -> Block | None:
    """Return the block of *found* that prints the headline, of which *titles* are wordings, the best first.

    It prints one of them, as a heading before a plain block, the first of equals; or it is the last h1 above the text.
    """
    for title in titles:
        best = _printing(found, title)
        if best is not None:
            return best
    heading = None
    for block in found.blocks:
        if block.role == "h1" and block.text and not block.hidden and not _in_junk(block.box):
            heading = block
        elif heading is not None and is_prose(block):
            break
    return heading


def _printing(found: Layout, title: str) -> Block | None:
    wanted = fold(title)
    if not wanted:
        return None
    best: Block | None = None
    best_rank = 0
    for block in found.blocks:
        if block.hidden or abs(len(block.text) - len(title)) > 12 or fold(block.text) != wanted:
            continue
        rank = 4 if block.role == "h1" else 3 if block.role == "h2" else 2 if block.role in HEADINGS else 1
        if block.link_share > 0.9 and block.role != "h1":
            rank = 1
        if block.box.tag == "li" or _in_junk(block.box):
            rank = 0
        if rank > best_rank:
            best, best_rank = block, rank
    return best


def _in_junk(box: Box | None) -> bool:
    while box is not None:
        if box.junk:
            return True
        box = box.parent
    return False


def is_headline_link(block: Block, site: str) -> bool:
    """Whether *block* is nothing but a headline that links to a page of *site*."""
    if block.link_share < 0.8 or not block.links or len(block.links) > 2:
        return False
    address, text = block.links[0]
    if not address or host(address) != site:
        return False
    folded = fold(text)
    return len(folded) >= 18 or folded.count(" ") >= 3 or (not folded.isascii() and weight(folded) >= 18)


def _drop(body: Body, fallen: dict[int, str]) -> None:
    if not fallen:
        return
    body.dropped += [Dropped(block, fallen[block.index]) for block in body.kept if block.index in fallen]
    body.dropped.sort(key=lambda one: one.block.index)
    body.kept[:] = [block for block in body.kept if block.index not in fallen]


def drop_empty_headings(body: Body) -> None:
    """Drop headings that no text follows before the next heading of a higher rank, or the end.

    Two of the same rank in a row, neither of them a link, are the lines of one; more are text themselves.
    """
    empty: list[list[Block]] = []
    pending: list[list[Block]] = []
    for block in body.kept:
        level = HEADINGS.get(block.role)
        if level is None:
            if block.role != "img":
                pending = []
            continue
        lines = [block]
        while pending and HEADINGS[pending[-1][-1].role] >= level:
            above = pending.pop()
            if HEADINGS[above[-1].role] > level or above[-1].link_share > 0.5:
                empty.append(above)
            else:
                lines = above + lines
        if len(lines) > MAX_HEADING_LINES:
            pending = []
        pending.append(lines)
    empty += pending
    _drop(
        body,
        {
            block.index: "a heading with nothing under it"
            for lines in empty
            if len(lines) <= MAX_HEADING_LINES
            for block in lines
        },
    )

"""Lists and tables: what is written as one is the story, or is not, as one."""

from dataclasses import dataclass

from crawler.cleaner.blocks import Block, Box
from crawler.cleaner.features import FAR, JUNK, OFF_TRUNK, Row, Surroundings, sums
from crawler.cleaner.labels import Said

_WHOLES = frozenset({"ul", "ol", "dl", "table"})
_PARTS = frozenset({*_WHOLES, "li", "dt", "dd", "thead", "tbody", "tfoot", "tr", "td", "th", "p", "div"})
ITEMS = frozenset({"li", "dt", "dd", "td", "th"})
"""Roles of what lists and tables hold."""
BARE = frozenset({Said.RELATED, Said.FURNITURE, Said.END})
"""Words that are labels when they stand alone, and may be items among others."""
MAX_BARE = 3
"""For each other item of a list."""
_WITHIN_WHOLES = ITEMS | {"img", "caption"}


MIN_LONG, BEGINNING = 60, 24
"""Paragraphs of a long run, and those at its beginning."""


@dataclass(slots=True, eq=False)
class Judged:
    """A block with what is held of it."""

    block: Block
    row: Row
    """Its features."""
    says: Said
    probability: float
    """That it is the story."""
    reason: str | None = None
    """Why it falls, however probable."""


def judged_as_one(around: Surroundings, judged: list[Judged]) -> None:
    """Give every item of a list or table in *judged* the mean probability of all its items; a bare word is one among others."""
    others = sums(block.role not in _WITHIN_WHOLES for block in around.found.blocks)
    wholes: dict[int, list[Judged]] = {}
    bare: dict[int, list[Judged]] = {}
    for one in judged:
        if one.block.role in ITEMS and (one.reason is None or one.says in BARE):
            whole = _whole(around, one.block.box, others)
            if whole is not None:
                (wholes if one.reason is None else bare).setdefault(whole.order, []).append(one)
    for order, items in wholes.items():
        mean = sum(one.probability for one in items) / len(items)
        among = bare.get(order, [])
        if len(among) > MAX_BARE * len(items):
            among = []
        for one in among:
            one.says, one.reason = Said.NOTHING, None
        for one in items + among:
            one.probability = mean


def judged_by_beginning(around: Surroundings, judged: list[Judged]) -> None:
    """Make the end of a long run of like paragraphs in *judged* at least as probable as its beginning.

    Stories of hundreds of paragraphs are rare where the model learned, and what stands so far down was mostly none.
    """
    runs: dict[tuple[int, str], list[Judged]] = {}
    for one in judged:
        if (
            one.reason is None
            and one.says == Said.NOTHING
            and around.proses[one.block.index]
            and one.row[OFF_TRUNK] == 0
            and one.row[JUNK] == FAR
        ):
            box = one.block.box
            if box.parent is not None and box.end - box.first == 1:
                box = box.parent
            runs.setdefault((box.order, one.block.box.label), []).append(one)
    for run in runs.values():
        if len(run) > MIN_LONG:
            mean = sum(one.probability for one in run[:BEGINNING]) / BEGINNING
            for one in run[BEGINNING:]:
                one.probability = max(one.probability, mean)


def _whole(around: Surroundings, box: Box, others: list[int]) -> Box | None:
    """Return the outermost list or table around *box* that holds none of the *others*; one around the story is no part of it."""
    whole = None
    one: Box | None = box
    while one is not None and one.tag in _PARTS and one.order not in around.around_trunk:
        if one.tag in _WHOLES:
            if others[one.first] != others[one.end]:
                break
            whole = one
        one = one.parent
    return whole

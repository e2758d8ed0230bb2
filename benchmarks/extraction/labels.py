"""Which blocks of a page are its story, told by the truth: what the model is trained to find."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from benchmarks.extraction.metrics import SHINGLE_TOKENS, shingles, tokens

NEIGHBOURS = 6
"""Blocks before and after one that tell whether it stands in the story."""
MAX_NEIGHBOUR_TOKENS = 60
"""A longer neighbour tells no more."""
HIDDEN_COSTS = 50
"""What speaks against a block that the page hides: as much as a long neighbour speaks for one."""


class Printed(Protocol):
    """A block of a page."""

    text: str
    hidden: bool


class Label(NamedTuple):
    """How much of a block is the story's."""

    tokens: int
    share: float

    @property
    def is_story(self) -> bool:
        """Whether the block belongs to the story."""
        return self.share >= 0.5


def labels(blocks: Sequence[Printed], truth: str) -> list[Label]:
    """Return the label of each of *blocks*, given the text of the story.

    The share of a block is that of its shingles that stand in *truth*; a block of fewer tokens than a shingle has to be a
    line of it. A text that the page shows more often than *truth* counts only where its neighbours are the story.
    """
    wanted = tokens(truth)
    known = set(shingles(wanted))
    lines = {_joined(tokens(line)) for line in truth.split("\n")}
    words = [tokens(block.text) for block in blocks]
    found = [Label(len(one), _share(one, known, lines)) for one in words]
    shown: dict[str, list[int]] = {}
    for at, label in enumerate(found):
        if label.tokens and label.is_story:
            shown.setdefault(_joined(words[at]), []).append(at)
    whole = f" {_joined(wanted)} "
    for text, places in shown.items():
        if len(places) == 1:
            continue
        places.sort(key=lambda at: _support(at, blocks, found), reverse=True)
        for at in places[max(1, whole.count(f" {text} ")) :]:
            found[at] = Label(found[at].tokens, 0.0)
    return found


def _joined(words: Sequence[str]) -> str:
    return " ".join(words).lower()


def _share(words: list[str], known: set[tuple[str, ...]], lines: set[str]) -> float:
    if not words:
        return 0.0
    if len(words) < SHINGLE_TOKENS:
        return float(_joined(words) in lines)
    mine = shingles(words)
    return sum(one in known for one in mine) / len(mine)


def _support(at: int, blocks: Sequence[Printed], found: Sequence[Label]) -> float:
    """Return how much speaks for it that the truth means the block *at*, by the labels around it."""
    around = range(max(0, at - NEIGHBOURS), min(len(found), at + NEIGHBOURS + 1))
    support = sum(
        (found[other].share - 0.4) * min(found[other].tokens, MAX_NEIGHBOUR_TOKENS) / abs(at - other)
        for other in around
        if other != at and found[other].tokens
    )
    return support - HIDDEN_COSTS * blocks[at].hidden


def weights(found: Sequence[Label]) -> list[float]:
    """Return what each label weighs in the training: about the share that its block would have of the story.

    So a page counts for as much as its story, and a line of menu for little.
    """
    story = sum(label.tokens for label in found if label.is_story) or 1
    return [min(1.0, (label.tokens + 1.5) / story) for label in found]

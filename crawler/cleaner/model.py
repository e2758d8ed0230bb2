"""The trained judge of blocks: boosted trees, read from a file and scored without leaving the interpreter for long.

The trees are scored all at once, as QuickScorer does (Lucchese et al., SIGIR 2015): each tree has a byte with a bit for
each of its leaves, and every test that fails strikes out the leaves it makes unreachable. What fails is known from where
a value stands among all thresholds of its feature, so that one `bisect` and one ``&`` of long integers answer for all
trees; the lowest bit left in a byte is the leaf that its tree comes to. What the leaves add is summed up by their binary
digits: how many of them have the first, the second, and so on.
"""

import json
import math
from bisect import bisect_left
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

MAX_LEAVES = 8
"""A tree has: one bit of a byte for each."""
LEAF_DECIMALS = 4
"""What a leaf adds is told to."""
_UNIT = 10**LEAF_DECIMALS


class BadWeights(Exception):
    """The file of weights does not fit the features; the message says why."""


class Model:
    """Scores rows of features.

    Args:
        features: Names of the features, in the order of a row.
        trees: A leaf is a number, the weight it adds; a test is ``[feature, threshold, left, right]``, and goes left
            when the feature is at most the threshold.
        base: What is added to the sum of the leaves.
    """

    def __init__(self, features: Sequence[str], trees: Sequence[Any], base: float = 0.0) -> None:
        """Prepare *trees*; raises `BadWeights`."""
        self._all = (1 << 8 * len(trees)) - 1
        self._lowest = self._all // 255
        """The lowest bit of each byte."""
        numbers = {name: number for number, name in enumerate(features)}
        struck: list[dict[float, int]] = [{} for _ in features]
        adds: dict[int, int] = {}
        """What each leaf adds to the least that its tree does, by its bit, in units of the last decimal."""
        self._least = round(base * _UNIT)
        for at, tree in enumerate(trees):
            values: list[float] = []
            self._read(tree, at, values, struck, numbers)
            units = [round(value * _UNIT) for value in values]
            self._least += min(units)
            adds |= {1 << 8 * at + leaf: unit - min(units) for leaf, unit in enumerate(units)}
        digits = max(adds.values(), default=0).bit_length()
        self._digits = [
            sum(bit for bit, unit in adds.items() if unit >> digit & 1) for digit in reversed(range(digits))
        ]
        self._tests = [
            (number, sorted(by_threshold), self._left(by_threshold))
            for number, by_threshold in enumerate(struck)
            if by_threshold
        ]

    def _left(self, struck: dict[float, int]) -> list[int]:
        """Return what a value leaves of all leaves that is above none of the thresholds of *struck*, above the least, and so on."""
        left = [self._all]
        for threshold in sorted(struck):
            left.append(left[-1] & ~struck[threshold])
        return left

    def _read(
        self, tree: Any, at: int, values: list[float], struck: list[dict[float, int]], numbers: dict[str, int]
    ) -> int:
        """Read *tree*, whose byte is *at*, and return the bits of its leaves."""
        if isinstance(tree, int | float):
            if len(values) == MAX_LEAVES:
                raise BadWeights(f"a tree of more than {MAX_LEAVES} leaves")
            values.append(tree)
            return 1 << 8 * at + len(values) - 1
        name, threshold, left, right = tree
        if name not in numbers:
            raise BadWeights(f"no feature is called {name}")
        under = self._read(left, at, values, struck, numbers)
        tests = struck[numbers[name]]
        tests[threshold] = tests.get(threshold, 0) | under
        return under | self._read(right, at, values, struck, numbers)

    def probability(self, row: Sequence[float]) -> float:
        """Return how probable it is that *row* is one of what the model was trained to find."""
        bits = self._all
        for number, thresholds, left in self._tests:
            bits &= left[bisect_left(thresholds, row[number])]
        # No byte is 0, so that none borrows from the next.
        bits &= ~(bits - self._lowest)
        total = 0
        for digit in self._digits:
            total = 2 * total + (bits & digit).bit_count()
        return 1.0 / (1.0 + math.exp(-(self._least + total) / _UNIT))


@cache
def load(path: Path, features: tuple[str, ...]) -> Model:
    """Return the model in *path*, read once; raises `BadWeights` when it was trained on other *features*."""
    kept = json.loads(path.read_text("utf-8"))
    if kept["features"] != list(features):
        raise BadWeights(f"{path.name} was trained on other features; train it anew")
    return Model(features, kept["trees"], kept["base"])

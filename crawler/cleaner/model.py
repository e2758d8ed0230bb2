"""The trained judge of blocks: boosted trees, read from a file and scored without leaving the interpreter for long.

The trees are scored all at once, as QuickScorer does (Lucchese et al., SIGIR 2015): each tree has a byte with a bit for
each of its leaves, and every test that fails strikes out the leaves it makes unreachable. What fails is known from where
a value stands among all thresholds of its feature, so that one `bisect` and one ``&`` of long integers answer for all
trees; the lowest bit left in a byte is the leaf that its tree comes to.
"""

import json
import math
from bisect import bisect_left
from collections.abc import Sequence
from functools import cache
from operator import getitem
from pathlib import Path
from typing import Any

MAX_LEAVES = 8
"""A tree has: one bit of a byte for each."""

MAX_KEPT = 1_000
"""Values of a feature."""


class BadWeights(Exception):
    """The file of weights does not fit the features; the message says why."""


class _Left(dict[float, int]):
    """The leaves that a feature leaves, by its value; those of a count recur and are kept once they were looked up."""

    def __init__(self, struck: dict[float, int], every: int) -> None:
        super().__init__()
        self.thresholds = sorted(struck)
        self.masks = [every]
        for threshold in self.thresholds:
            self.masks.append(self.masks[-1] & ~struck[threshold])
        # Between two whole numbers lies the half, and before the first of them next to nothing.
        self.is_count = all(threshold % 1 == 0.5 or 0 < threshold < 1e-9 for threshold in self.thresholds)

    def __missing__(self, value: float) -> int:
        left = self.masks[bisect_left(self.thresholds, value)]
        if len(self) < MAX_KEPT:
            self[value] = left
        return left


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
        self._bytes = len(trees)
        self._all = (1 << 8 * len(trees)) - 1
        self._base = base
        self._leaves: list[list[float]] = []
        numbers = {name: number for number, name in enumerate(features)}
        struck: list[dict[float, int]] = [{} for _ in features]
        for at, tree in enumerate(trees):
            values: list[float] = []
            self._read(tree, at, values, struck, numbers)
            # For every byte, the value of its lowest bit's leaf.
            self._leaves.append(
                [values[min((byte & -byte).bit_length(), len(values)) - 1] for byte in range(256)]
            )
        tests = [
            (number, _Left(by_threshold, self._all))
            for number, by_threshold in enumerate(struck)
            if by_threshold
        ]
        counts = [(number, left) for number, left in tests if left.is_count]
        others = [(number, left) for number, left in tests if not left.is_count]
        self._counts = [number for number, _ in counts], [left for _, left in counts]
        self._others = [(number, left.thresholds, left.masks) for number, left in others]

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
        numbers, left_of = self._counts
        for left, number in zip(left_of, numbers, strict=True):
            bits &= left[row[number]]
        for number, thresholds, masks in self._others:
            bits &= masks[bisect_left(thresholds, row[number])]
        total = self._base + sum(map(getitem, self._leaves, bits.to_bytes(self._bytes, "little")))
        return 1.0 / (1.0 + math.exp(-total))


@cache
def load(path: Path, features: tuple[str, ...]) -> Model:
    """Return the model in *path*, read once; raises `BadWeights` when it was trained on other *features*."""
    kept = json.loads(path.read_text("utf-8"))
    if kept["features"] != list(features):
        raise BadWeights(f"{path.name} was trained on other features; train it anew")
    return Model(features, kept["trees"], kept["base"])

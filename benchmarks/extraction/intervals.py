"""How sure a difference between two tools is: a paired bootstrap over the pages both have read."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.extraction.metrics import Overlap, f1, mean_f1

SAMPLES = 10_000
SEED = 1


@dataclass(frozen=True, slots=True)
class Interval:
    """A difference in F1 and the interval it lies in with 95 %."""

    difference: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.difference:+.4f} ({self.low:+.4f} … {self.high:+.4f})"


def interval(ours: Sequence[Overlap], theirs: Sequence[Overlap]) -> Interval:
    """Return how far *ours* are above *theirs*, of the same pages in the same order."""
    chance = random.Random(SEED)
    pages = range(len(ours))
    mine, other = _Columns(ours), _Columns(theirs)
    differences = []
    for _ in range(SAMPLES):
        picked = chance.choices(pages, k=len(pages))
        differences.append(mine.f1(picked) - other.f1(picked))
    differences.sort()
    return Interval(
        mean_f1(ours)[0] - mean_f1(theirs)[0],
        differences[int(0.025 * SAMPLES)],
        differences[int(0.975 * SAMPLES) - 1],
    )


class _Columns:
    """Precision and recall of every page, summed quickly for any choice of them."""

    def __init__(self, overlaps: Sequence[Overlap]) -> None:
        precisions, recalls = [one.precision for one in overlaps], [one.recall for one in overlaps]
        self._columns = [
            [value or 0.0 for value in precisions],
            [value is not None for value in precisions],
            [value or 0.0 for value in recalls],
            [value is not None for value in recalls],
        ]

    def f1(self, picked: Sequence[int]) -> float:
        """Return the F1 of the pages *picked*."""
        right, given, there, wanted = (sum(map(column.__getitem__, picked)) for column in self._columns)
        return f1(right / given if given else 0.0, there / wanted if wanted else 0.0)

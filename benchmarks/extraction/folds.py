"""Which of several parts a site belongs to, when models are tried on sites they were not trained on."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.extraction.data import Sample
from benchmarks.extraction.runner import run_module


def fold(site: str, folds: int) -> int:
    """Return which of *folds* the site belongs to: the same on every machine, whatever other sites there are."""
    return int.from_bytes(hashlib.sha256(site.encode()).digest()[:8], "big") % folds


def weights_of_folds(folder: Path, folds: int) -> list[Path]:
    """Return the files in *folder* of the weights trained without each of *folds*."""
    return [folder / f"without-{number}.json" for number in range(folds)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """How models are trained: the arguments of `benchmarks.extraction.train`, and the interpreter that can run it."""

    python: Path
    data: Sequence[Path]
    weights: Sequence[str]
    """``SET=WEIGHT`` each."""

    def train(self, folds: int, folder: Path) -> list[Path]:
        """Train a model without each of *folds* into *folder* and return their files; raises `Failed`."""
        options = [word for data in self.data for word in ("--data", str(data.resolve()))]
        options += [word for weight in self.weights for word in ("--weight", weight)]
        run_module(
            self.python, "benchmarks.extraction.train", *options, "--folds", str(folds), "--out", folder
        )
        return weights_of_folds(folder, folds)


def unseen(samples: Iterable[Sample], files: Sequence[Path]) -> dict[str, Path]:
    """Return for each site of *samples* that one of the *files*, a fold each, whose model never saw it."""
    return {sample.site: files[fold(sample.site, len(files))] for sample in samples}

"""Trains the model that judges blocks, on pages whose story is known, with LightGBM.

    python -m benchmarks.extraction.train --data DIR … --weight fundus=3 --out crawler/cleaner/weights.json

The same pages, features and LightGBM give the same bytes again. ``benchmarks/extraction/requirements.txt`` says what the
interpreter has to have besides the project's own dependencies.
"""

import argparse
import json
import math
import sys
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from benchmarks.extraction.data import BadData, Sample, load
from benchmarks.extraction.folds import fold, weights_of_folds
from benchmarks.extraction.labels import labels, weights
from benchmarks.extraction.pages import read_page
from crawler.cleaner.body import find_headline, surroundings
from crawler.cleaner.features import NAMES, Row, rows
from crawler.cleaner.model import LEAF_DECIMALS, MAX_LEAVES
from crawler.cleaner.title import candidates
from crawler.cleaner.walk import layout
from crawler.page import parse

ROUNDS = 150
PARAMETERS = {
    "objective": "binary",
    "num_leaves": MAX_LEAVES,
    "learning_rate": 0.12,
    "min_data_in_leaf": 40,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 5,
    "max_bin": 127,
    "deterministic": True,
    "force_row_wise": True,
    "seed": 1,
    "num_threads": 1,
    "verbose": -1,
}
THRESHOLD_DIGITS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What one page teaches: its blocks' features, whether each is the story, and how much that counts."""

    sample: Sample
    rows: Sequence[Row]
    is_story: Sequence[bool]
    weights: Sequence[float]


def lesson(sample: Sample) -> Lesson:
    """Return what *sample* teaches: of the blocks that the model is asked about, the others are no question."""
    page = parse(read_page(sample.path), sample.url)
    found = layout(page)
    titles = [title for title, _ in candidates(page, found, None)]
    told = labels(found.blocks, sample.truth.text)
    label_of = dict(zip(map(id, found.blocks), zip(told, weights(told), strict=True), strict=True))
    made: list[Row] = []
    is_story: list[bool] = []
    counts: list[float] = []
    around = surroundings(page, found, find_headline(found, titles), titles[0] if titles else "")
    for block, row in rows(around):
        if isinstance(row, tuple):
            label, weight = label_of[id(block)]
            made.append(row)
            is_story.append(label.is_story)
            counts.append(weight)
    return Lesson(sample=sample, rows=made, is_story=is_story, weights=counts)


def libraries() -> tuple[ModuleType, ModuleType]:
    """Return LightGBM and numpy, or exit: the project itself does without them."""
    try:
        import lightgbm  # noqa: PLC0415
        import numpy  # noqa: PLC0415
    except ImportError as error:
        sys.exit(
            f"{sys.executable} cannot train: {error}. It takes what benchmarks/extraction/requirements.txt names"
        )
    return lightgbm, numpy


def train(lessons: Sequence[Lesson], set_weights: Mapping[str, float]) -> str:
    """Return the file of weights that *lessons* lead to."""
    lightgbm, numpy = libraries()
    table = numpy.array([row for one in lessons for row in one.rows], dtype=numpy.float32)
    story_ = numpy.array([label for one in lessons for label in one.is_story], dtype=numpy.int8)
    counts = numpy.array(
        [weight * set_weights.get(one.sample.dataset, 1.0) for one in lessons for weight in one.weights]
    )
    booster = lightgbm.train(
        PARAMETERS, lightgbm.Dataset(table, story_, weight=counts / counts.mean()), num_boost_round=ROUNDS
    )
    whole = set(numpy.flatnonzero((table == numpy.floor(table)).all(axis=0)).tolist())
    trees = [nested(tree["tree_structure"], whole) for tree in booster.dump_model()["tree_info"]]
    return written(
        {
            "trained by": f"benchmarks.extraction.train, LightGBM {lightgbm.__version__}",
            "blocks": len(story_),
            "of the story": int(story_.sum()),
            "data": _about(lessons, set_weights),
        },
        trees,
    )


def nested(node: Mapping[str, Any], whole: Container[int]) -> Any:
    """Return LightGBM's tree *node* as `crawler.cleaner.model` reads it.

    The features at the places *whole* are whole numbers, as their thresholds may be too: they compare in half the time.
    """
    if "leaf_value" in node:
        return round(node["leaf_value"], LEAF_DECIMALS)
    feature = node["split_feature"]
    threshold = float(f"{node['threshold']:.{THRESHOLD_DIGITS}g}")
    return [
        NAMES[feature],
        math.floor(threshold) if feature in whole else threshold,
        nested(node["left_child"], whole),
        nested(node["right_child"], whole),
    ]


def written(about: Mapping[str, Any], trees: Iterable[Any]) -> str:
    """Return the file of weights, with a tree a line."""
    head = {"about": about, "features": NAMES, "base": 0.0}
    lines = [f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in head.items()]
    grown = ",\n".join(map(json.dumps, trees))
    return "{\n" + ",\n".join([*lines, f'"trees": [\n{grown}\n]']) + "\n}\n"


def _about(lessons: Iterable[Lesson], set_weights: Mapping[str, float]) -> dict[str, Any]:
    samples = [one.sample for one in lessons]
    pages = Counter(sample.dataset for sample in samples)
    return {
        name: {
            "pages": count,
            "sites": len({sample.site for sample in samples if sample.dataset == name}),
            "weight": set_weights.get(name, 1.0),
        }
        for name, count in pages.items()
    }


def set_weight(text: str) -> tuple[str, float]:
    """Return the data set and the weight that ``SET=WEIGHT`` names."""
    name, _, weight = text.partition("=")
    try:
        return name, float(weight)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form SET=WEIGHT, as fundus=3 is") from None


def main() -> None:
    """Train what the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--data", type=Path, action="append", required=True, help="a folder of pages with truth"
    )
    parser.add_argument(
        "--weight", type=set_weight, action="append", default=[], help="SET=WEIGHT of its pages"
    )
    parser.add_argument("--out", type=Path, required=True, help="the file of weights")
    parser.add_argument(
        "--folds",
        type=int,
        help="train so many models, each without a part of the sites, into the folder OUT",
    )
    chosen = parser.parse_args()
    libraries()  # before the pages are read, which takes its time
    set_weights = dict(chosen.weight)
    try:
        # In one order, whatever that of the arguments.
        samples = sorted(load(chosen.data), key=lambda sample: sample.id)
    except BadData as error:
        sys.exit(str(error))
    if unknown := set_weights.keys() - {sample.dataset for sample in samples}:
        parser.error(f"--weight: no data set is called {', '.join(sorted(unknown))}")
    lessons = [lesson(sample) for sample in samples]
    if not chosen.folds:
        chosen.out.write_text(train(lessons, set_weights), "utf-8")
        return
    chosen.out.mkdir(parents=True, exist_ok=True)
    for number, file in enumerate(weights_of_folds(chosen.out, chosen.folds)):
        seen = [one for one in lessons if fold(one.sample.site, chosen.folds) != number]
        file.write_text(train(seen, set_weights), "utf-8")


if __name__ == "__main__":
    main()

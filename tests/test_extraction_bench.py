"""The measurement of extraction: known cases score as they must, folds stay, the table goes where it belongs."""

import gzip
import json
import math
import random
import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks.extraction import table
from benchmarks.extraction.data import BadData, Truth, load
from benchmarks.extraction.folds import fold, unseen
from benchmarks.extraction.intervals import interval
from benchmarks.extraction.labels import labels, weights
from benchmarks.extraction.metrics import (
    Overlap,
    mean_f1,
    names_f1,
    overlap,
    same_day,
    same_instant,
    score,
)
from benchmarks.extraction.parts import PARTS
from benchmarks.extraction.runner import ROOT, Failed, Result, Run, run_ours, run_peer
from benchmarks.extraction.scored import comparisons, scored
from benchmarks.extraction.tools import Tool
from benchmarks.extraction.train import nested, written
from benchmarks.extraction.worst import worst
from crawler.cleaner import features, model
from crawler.cleaner.body import WEIGHTS

TITLE = "Council votes to keep the old bridge open"
STANDFIRST = "After a debate of nine hours the vote was close, and the mayor had to wait until midnight."
STORY = [
    f"On day {n} of the debate the council heard {who}, who said that the old bridge has to be kept open for good."
    for n, who in enumerate(["the mayor", "two engineers", "the shopkeepers", "the bus drivers"], start=1)
]
MENU = "Weather and traffic for the whole valley"


def page(story: Sequence[str], head: str = "") -> str:
    paragraphs = "".join(f"<p>{line}</p>" for line in story)
    return (
        f"<html lang=en><head><title>{TITLE} | The Lantern</title>{head}</head><body><nav><a href=/>{MENU}</a></nav>"
        f"<article><h1>{TITLE}</h1>{paragraphs}</article><footer>All rights reserved.</footer></body></html>"
    )


DECLARED = (
    "<meta property=og:site_name content='The Lantern'><meta name=author content='Ada Byron'>"
    "<meta property=article:published_time content='2026-03-01T10:00:00+01:00'>"
)
NEVER_READ = "This line of the truth stands nowhere on the page that was stored, whoever is to blame for it."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder of two pages, the second of which lacks a line of its truth."""
    made = tmp_path / "lantern"
    made.mkdir()
    (made / "one.html.gz").write_bytes(gzip.compress(page(STORY, DECLARED).encode()))
    (made / "two.html").write_text(page(STORY), "utf-8")
    common = {"title": TITLE, "topics": None, "summary": [], "publisher": "The Lantern", "lang": "en"}
    pages = [
        {
            **common,
            "id": "one",
            "file": "one.html.gz",
            "url": "https://www.lantern.example/2026/03/01/bridge",
            "authors": ["Ada Byron"],
            "published": "2026-03-01T09:00:00Z",
            "text": "\n".join(STORY),
        },
        {
            **common,
            "id": "two",
            "file": "two.html",
            "url": "https://post.example/2026/03/02/bridge",
            "authors": None,
            "published": None,
            "text": "\n".join([*STORY, NEVER_READ]),
        },
    ]
    (made / "ground-truth.json").write_text(json.dumps({"about": "made up", "pages": pages}), "utf-8")
    return made


# Scores


def test_what_is_the_truth_scores_one_and_nothing_scores_nothing() -> None:
    text = "\n".join(STORY)
    assert overlap(text, text).f1 == 1
    assert overlap(text, "").f1 == 0
    assert overlap(text, "").precision is None
    assert overlap(text, "Something else altogether is said here").f1 == 0
    assert overlap("a b\u00adc", "a bc").f1 == 1  # a soft hyphen is no letter
    assert overlap("gru\u0308n", "grün").f1 == 1  # the same letter


def test_half_of_the_truth_is_half_of_the_recall() -> None:
    # Eight words are five shingles of four; the first six are three of them.
    half = overlap("a b c d e f g h", "a b c d e f")
    assert (half.both, half.added, half.missed) == (3, 0, 2)
    assert half.precision == 1
    assert half.recall == 3 / 5


def test_the_mean_leaves_pages_without_output_out_of_the_precision() -> None:
    f1, precision, recall = mean_f1([Overlap(4, 0, 0), Overlap(0, 0, 4)])
    assert (precision, recall) == (1, 0.5)
    assert f1 == pytest.approx(2 / 3)


def test_the_standfirst_may_be_there_or_not() -> None:
    truth = Truth(
        title=None,
        authors=(),
        published=None,
        topics=(),
        text="\n".join([STANDFIRST, *STORY]),
        standfirst_lines=1,
    )
    without = score(truth, {"text": "\n".join(STORY)})
    assert without.body.f1 < 1
    assert without.lenient.f1 == 1
    assert score(truth, {"text": truth.text}).lenient.f1 == 1


def test_what_the_truth_does_not_know_is_not_scored() -> None:
    truth = Truth(
        title=None, authors=(), published="2026-03-01", topics=(), text=STORY[0], standfirst_lines=0
    )
    found = score(truth, {"title": "Any", "authors": ["Any"], "published": "2026-03-01T10:00:00Z"})
    assert (found.title, found.authors, found.topics, found.instant) == (None, None, None, None)
    assert found.day is True


@pytest.mark.parametrize(
    ("truth", "found", "day", "instant"),
    [
        ("2026-03-01T09:00:00Z", "2026-03-01T10:00:30+01:00", True, True),
        ("2026-03-01T09:00:00Z", "2026-03-01T09:00:00", True, True),
        ("2026-03-01T09:00:00Z", "2026-03-01", True, False),
        ("2026-03-01T00:00:00Z", "2026-03-01", True, False),
        ("2026-03-01T23:30:00+00:00", "2026-03-02T00:30:00+01:00", True, True),
        ("2026-03-01T09:00:00Z", "2026-03-02T09:00:00Z", False, False),
        ("2026-03-01T09:00:00Z", "0001-01-01T00:00:00Z", False, False),
        ("2026-03-01T09:00:00Z", "2026-99-99", False, False),
        ("2026-03-01T09:00:00Z", "yesterday", False, False),
        ("2026-03-01T09:00:00Z", None, False, False),
    ],
)
def test_dates_are_compared_by_day_and_by_minute(
    truth: str, found: str | None, day: bool, instant: bool
) -> None:
    assert same_day(truth, found) is day
    assert same_instant(truth, found) is instant


def test_names_are_a_set_whatever_their_case() -> None:
    assert names_f1(["Ada Byron", "Al Jazari"], ["AL-JAZARI", "Ada  Byron"]) == 1
    assert names_f1(["Ada Byron", "Al Jazari"], ["Ada Byron"]) == pytest.approx(2 / 3)
    assert names_f1(["Ada Byron"], []) == 0


def test_an_interval_holds_its_difference_and_is_the_same_again() -> None:
    ours = [Overlap(9, 1, 1), Overlap(8, 0, 2), Overlap(10, 0, 0)] * 5
    theirs = [Overlap(7, 3, 1), Overlap(8, 0, 2), Overlap(9, 2, 1)] * 5
    found = interval(ours, theirs)
    assert 0 < found.low < found.difference < found.high
    assert interval(ours, theirs) == found
    assert interval(ours, ours).low == interval(ours, ours).high == 0


# Labels and folds


def block(text: str, hidden: bool = False) -> SimpleNamespace:
    return SimpleNamespace(text=text, hidden=hidden)


def test_a_line_printed_twice_is_the_storys_where_the_story_is() -> None:
    heading = "What happens next"
    shown = [heading, MENU, MENU, STORY[0], STORY[1], heading, STORY[2], "Read"]
    found = labels([block(text) for text in shown], "\n".join([*STORY[:2], heading, STORY[2]]))
    assert [one.is_story for one in found] == [False, False, False, True, True, True, True, False]


def test_a_line_that_the_story_says_twice_counts_twice() -> None:
    again = "So it is"
    found = labels([block(again), block(STORY[0]), block(again)], "\n".join([again, STORY[0], again]))
    assert all(one.is_story for one in found)


def test_of_two_like_texts_the_hidden_one_is_not_meant() -> None:
    found = labels([block(STORY[0], hidden=True), block(STORY[0])], STORY[0])
    assert [one.is_story for one in found] == [False, True]


def test_a_block_weighs_what_it_is_of_the_story() -> None:
    found = labels([block(STORY[0]), block("Read"), block("")], STORY[0])
    heavy, light, none = weights(found)
    assert heavy == 1
    assert light == pytest.approx(2.5 / found[0].tokens)
    assert none < light


def test_a_fold_never_moves() -> None:
    assert [fold(site, 5) for site in ("lantern.example", "post.example", "news.example")] == [3, 2, 2]
    assert {fold(f"site-{n}.example", 5) for n in range(50)} == set(range(5))


def test_a_site_is_scored_by_the_model_that_never_saw_it(folder: Path) -> None:
    files = [Path(f"{number}.json") for number in range(5)]
    assert unseen(load([folder]), files)["lantern.example"] == files[fold("lantern.example", 5)]


def test_the_weights_that_the_training_writes_are_read_by_the_cleaner(tmp_path: Path) -> None:
    leaves = {"left_child": {"leaf_value": -1.00004}, "right_child": {"leaf_value": 2.0}}
    node = {"split_feature": 1, "threshold": 39.5000001, **leaves}
    assert nested(node, {0}) == [features.NAMES[1], 39.5, -1.0, 2.0]
    tree = nested(node, {1})
    assert tree == [features.NAMES[1], 39, -1.0, 2.0]
    file = tmp_path / "weights.json"
    file.write_text(written({"pages": 2}, [tree, tree]), "utf-8")
    assert json.dumps(tree) in file.read_text("utf-8").replace(",\n", "\n").splitlines()
    judge = model.load(file, features.NAMES)
    short, long = ([chars] * len(features.NAMES) for chars in (10.0, 100.0))
    assert judge.probability(short) < 0.5 < judge.probability(long)


def _added(tree: Any, row: dict[str, float]) -> float:
    """Return what *tree* adds for *row*, test by test."""
    while isinstance(tree, list):
        name, threshold, left, right = tree
        tree = left if row[name] <= threshold else right
    return float(tree)


def test_all_trees_at_once_come_to_what_one_after_the_other_does() -> None:
    kept = json.loads(WEIGHTS.read_text("utf-8"))
    judge = model.load(WEIGHTS, features.NAMES)
    tests: dict[str, set[float]] = {name: {0.0} for name in features.NAMES}
    trees = list(kept["trees"])
    while trees:
        if isinstance(tree := trees.pop(), list):
            tests[tree[0]].add(tree[1])
            trees += tree[2:]
    luck = random.Random(7)
    for _ in range(2_000):
        # On a threshold, just above it, or beyond them all.
        row = {
            name: luck.choice(sorted(at)) + luck.choice([0, 0, 0.5, 1e9, -1e9]) for name, at in tests.items()
        }
        total = sum(_added(tree, row) for tree in kept["trees"])
        assert judge.probability(list(row.values())) == pytest.approx(1 / (1 + math.exp(-total)), abs=1e-9)


def test_weights_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    with pytest.raises(model.BadWeights, match="no feature is called other"):
        model.Model(["chars"], [["other", 1, 0.0, 1.0]])
    deep: Any = 0.0
    for _ in range(model.MAX_LEAVES):
        deep = ["chars", 1, deep, 1.0]
    with pytest.raises(model.BadWeights, match="more than 8 leaves"):
        model.Model(["chars"], [deep])
    file = tmp_path / "weights.json"
    file.write_text(written({}, []), "utf-8")
    with pytest.raises(model.BadWeights, match="train it anew"):
        model.load(file, ("chars",))


# The run


def test_our_cleaner_is_scored_on_a_folder_of_data(folder: Path) -> None:
    samples = load([folder])
    assert [one.site for one in samples] == ["lantern.example", "post.example"]
    ours = scored(run_ours(samples, 2), samples)
    first, second = (ours.scores[one.id] for one in samples)
    assert first.body.f1 == 1
    assert (first.title, first.day, first.instant, first.authors) == (True, True, True, 1)
    assert second.body.precision == 1
    assert second.day is None
    on_set = ours.sets["lantern"]
    assert (on_set.figures.pages, on_set.errors, on_set.empty) == (2, 0, 0)
    assert 0 < on_set.cost.mean <= on_set.cost.most
    lines = list(worst(ours, samples, 1))
    assert lines[0].startswith("lantern/two")
    assert f"  - {NEVER_READ}" in lines


def test_a_part_can_be_taken_out(folder: Path) -> None:
    samples = load([folder])
    for part in PARTS:
        assert run_ours(samples, 1, without=part).name == f"Pressmark without {part}"


def test_the_command_prints_the_table_and_writes_the_figures(folder: Path) -> None:
    out = folder.parent / "figures.json"
    command = [sys.executable, "-m", "benchmarks.extraction", "--data", folder, "--worst", "1", "--out", out]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert "lantern, 2 pages" in done.stdout
    assert "trained on these very pages" in done.stdout
    assert "--peer-python" in done.stderr
    [ours] = json.loads(out.read_text("utf-8"))["tools"]
    assert ours["pages"]["lantern/one"]["f1"] == 1


def test_a_peer_that_is_not_installed_says_so(folder: Path) -> None:
    missing = Tool(name="none", distribution="no-such-tool", adapter="trafilatura_default")
    with pytest.raises(Failed, match="has no no-such-tool"):
        run_peer(missing, load([folder]), Path(sys.executable), 1)
    with pytest.raises(Failed, match="No such file"):
        run_peer(missing, load([folder]), folder / "python", 1)


def test_data_that_cannot_be_used_is_named(folder: Path) -> None:
    with pytest.raises(BadData, match=r"nowhere.*ground-truth\.json"):
        load([folder / "nowhere"])
    with pytest.raises(BadData, match="two pages called lantern/one"):
        load([folder, folder])
    truth = folder / "ground-truth.json"
    pages = json.loads(truth.read_text("utf-8"))["pages"]
    truth.write_text(json.dumps({"pages": [{**pages[0], "file": "gone.html"}]}), "utf-8")
    with pytest.raises(BadData, match=r"gone\.html"):
        load([folder])
    truth.write_text(json.dumps({"pages": [{"id": "one"}]}), "utf-8")
    with pytest.raises(BadData, match="page 0"):
        load([folder])
    truth.write_text("{", "utf-8")
    with pytest.raises(BadData, match="not JSON"):
        load([folder])


# The table


def test_the_table_is_written_between_its_comments_and_nowhere_else(folder: Path) -> None:
    samples = load([folder])
    ours = scored(run_ours(samples, 1), samples)
    found = comparisons(ours, [ours])
    made = table.markdown([ours], samples, found, "Ours was seen.", date(2026, 3, 1))
    assert made.splitlines()[0] == "| | lantern | title | day | instant | authors | topics | CPU ms | most |"
    assert "| Pressmark | **" in made
    assert "2026-03-01" in made
    assert str(folder) not in made
    readme = f"# One\n\n{table.BEGIN}\nold\n{table.END}\n\ntwo\n"
    once = table.placed(readme, made)
    assert once == f"# One\n\n{table.BEGIN}\n{made}\n{table.END}\n\ntwo\n"
    assert table.placed(once, made) == once
    with pytest.raises(table.NoPlace):
        table.placed("# One\n", made)


def test_the_best_of_each_column_stands_out_and_what_a_tool_does_not_give_is_a_dash(folder: Path) -> None:
    samples = load([folder])
    text = Result(output={"text": "\n".join(STORY)}, cpu_ms=1.0, error=None)
    full = Result(output={**text.output, "title": TITLE}, cpu_ms=2.0, error=None)
    plain, titled = (
        scored(Run(name=name, tool=name, results=dict.fromkeys((one.id for one in samples), result)), samples)
        for name, result in (("Plain", text), ("Titled", full))
    )
    made = table.markdown([plain, titled], samples, [], "", date(2026, 3, 1)).splitlines()
    assert made[2].split(" | ")[2] == "–"
    assert made[3].split(" | ")[2] == "**1.000**"


def test_the_readme_has_a_place_for_the_table() -> None:
    table.placed((ROOT / "README.md").read_text("utf-8"), "")

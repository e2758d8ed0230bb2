"""Measures how well articles are read, on pages whose truth is known, in one run and one thread after the other.

    python -m benchmarks.extraction --data DIR [--data DIR …] --peer-python PEERS/bin/python

A data folder holds ``ground-truth.json``, ``{"pages": […]}``, and the HTML of its pages, gzipped or not. Of each page it says
``id, file, url, title, authors, published, topics, summary`` (the lines of the standfirst) and ``text`` (the body, a
paragraph a line, the standfirst first); what is null is unknown, and not scored.

- *body* is the F1 of mean precision and mean recall over shingles of four words, *sumOpt* the same when the standfirst may
  be there or not, *title* the share with the same words, *exact* with the same characters, *day* and *instant* of dates,
  *authors* and *topics* the mean F1 of the names. A dash is what a tool does not give, or no truth tells.
- *CPU ms* is that of a page, the least of ``--repeat``: the mean, the 95th percentile, and the most.
- ``--cross-validate 5`` trains five models, each without the sites of one part, and scores each page by the one that never
  saw its site; without it ours has been trained on the very pages, if they are the project's.
"""

import argparse
import dataclasses
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.extraction import table
from benchmarks.extraction.data import BadData, Sample, load
from benchmarks.extraction.folds import Training, unseen
from benchmarks.extraction.parts import PARTS
from benchmarks.extraction.runner import ROOT, Failed, run_ours, run_peer
from benchmarks.extraction.scored import Comparison, Scored, comparisons, scored
from benchmarks.extraction.tools import PEERS, RIVAL
from benchmarks.extraction.worst import worst

README = ROOT / "README.md"
TRAINED_HERE = "Ours was trained on these very pages."
CROSS_VALIDATED = "Ours is of {folds} models, each page scored by one that never saw its site."


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    made = argparse.ArgumentParser(
        prog="python -m benchmarks.extraction",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument(
        "--data", type=Path, action="append", required=True, help="a folder of pages with truth"
    )
    made.add_argument("--peer-python", type=Path, help="a Python that has benchmarks/peers/requirements.txt")
    made.add_argument("--repeat", type=_positive, default=1, help="read every page so many times")
    made.add_argument("--cross-validate", type=_several, metavar="K", help="score ours by K models")
    made.add_argument(
        "--train-python",
        type=Path,
        default=Path(sys.executable),
        help="a Python that has benchmarks/extraction/requirements.txt, for --cross-validate",
    )
    made.add_argument(
        "--weight", action="append", default=[], metavar="SET=WEIGHT", help="as the training takes it"
    )
    made.add_argument(
        "--without",
        nargs="+",
        default=[],
        choices=[*PARTS, "all"],
        metavar="PART",
        help=f"score ours also without each of these: {', '.join(PARTS)}; or all, one after the other",
    )
    made.add_argument("--worst", type=_positive, metavar="N", help="show the N pages whose body is worst")
    made.add_argument("--readme", action="store_true", help="write the table into README.md")
    made.add_argument("--out", type=Path, metavar="FILE.json", help="write all figures, page by page")
    return made


def _positive(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError("1 or more")
    return count


def _several(text: str) -> int:
    count = int(text)
    if count < 2:
        raise argparse.ArgumentTypeError("2 or more")
    return count


def main() -> None:
    """Measure what the command line asks for."""
    chosen = parser().parse_args()
    try:
        with ExitStack() as stack:
            measure(chosen, stack)
    except (BadData, Failed, table.NoPlace) as error:
        sys.exit(str(error))


def measure(chosen: argparse.Namespace, stack: ExitStack) -> None:
    """Measure, and show; raises `BadData`, `Failed` or `NoPlace`."""
    samples = load(chosen.data)
    readme = README.read_text("utf-8") if chosen.readme else ""
    weights, note = None, TRAINED_HERE
    if chosen.cross_validate:
        told(f"training {chosen.cross_validate} models")
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        training = Training(python=chosen.train_python, data=chosen.data, weights=chosen.weight)
        weights = unseen(samples, training.train(chosen.cross_validate, folder))
        note = CROSS_VALIDATED.format(folds=chosen.cross_validate)
    ours = scored(run_ours(samples, chosen.repeat, weights=weights), samples)
    rows = [ours, *peers(chosen.peer_python, samples, chosen.repeat)]
    modes = [row for row in rows if row.tool == RIVAL]
    found = comparisons(ours, modes) if modes else []
    show(*table.for_terminal(rows), "", note, *table.compared(found))
    without = []
    for part in PARTS if "all" in chosen.without else dict.fromkeys(chosen.without):
        told(f"without {part}")
        without.append(scored(run_ours(samples, 1, weights=weights, without=part), samples))
    if without:
        show(*table.differences(ours, without, table.metadata_set(samples)))
    if chosen.worst:
        show("", *worst(ours, samples, chosen.worst))
    if chosen.readme:
        made = table.markdown(rows, samples, found, note, datetime.now(UTC).date())
        README.write_text(table.placed(readme, made), "utf-8")
    if chosen.out:
        kept = {"note": note, "tools": rows, "comparisons": found, "without": without}
        chosen.out.write_text(json.dumps(kept, default=as_json, ensure_ascii=False, indent=1), "utf-8")


def peers(python: Path | None, samples: Sequence[Sample], repeat: int) -> list[Scored]:
    """Return what the peers come to with *python*; one that cannot run there is told of and left out."""
    if python is None:
        told("the peers are left out: --peer-python says where they are installed")
        return []
    rows = []
    for tool in PEERS:
        try:
            rows.append(scored(run_peer(tool, samples, python, repeat), samples))
        except Failed as error:
            told(f"{' '.join(filter(None, (tool.name, tool.mode)))} is left out: {error}")
        else:
            told(f"{rows[-1].name} is done")
    return rows


def as_json(value: Scored | Comparison) -> Mapping[str, Any]:
    """Return *value* for the file of figures, where of a page's output no more than the scores is kept."""
    if isinstance(value, Comparison):
        return dataclasses.asdict(value)
    pages = {
        name: {"f1": score.body.f1, "cpu_ms": value.results[name].cpu_ms, "error": value.results[name].error}
        | dataclasses.asdict(score)
        for name, score in value.scores.items()
    }
    sets = {name: dataclasses.asdict(on_set) for name, on_set in value.sets.items()}
    return {"name": value.name, "cost": dataclasses.asdict(value.cost), "sets": sets, "pages": pages}


def told(line: str) -> None:
    """Say on standard error how far the run is."""
    print(line, file=sys.stderr, flush=True)


def show(*lines: str) -> None:
    """Print *lines*."""
    print("\n".join(lines), flush=True)


if __name__ == "__main__":
    main()

"""Runs a tool over samples, in its own process and interpreter, and keeps what came of each page."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.extraction.data import Sample
from benchmarks.extraction.tools import OURS, Output, Tool

ROOT = Path(__file__).resolve().parents[2]
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"), "1"
)
ENVIRONMENT = {**ONE_THREAD, "PYTHONHASHSEED": "0", "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}


class Failed(Exception):
    """A process that did not end well; the message is the last it said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of one page."""

    output: Output
    cpu_ms: float
    error: str | None

    @property
    def is_empty(self) -> bool:
        """Whether there is no text."""
        return not (self.output.get("text") or "").strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One tool's results by the id of the sample, in the order of the samples."""

    name: str
    """With version and mode."""
    tool: str
    results: Mapping[str, Result]


def run_peer(tool: Tool, samples: Sequence[Sample], python: Path, repeat: int) -> Run:
    """Run *tool* with *python*; raises `Failed`, also when it is not installed there."""
    about = {"tool": tool.name, "distribution": tool.distribution, "adapter": tool.adapter}
    version, results = _work(python, about, samples, repeat)
    name = ", ".join(filter(None, (f"{tool.name} {version}", tool.mode)))
    return Run(name=name, tool=tool.name, results=results)


def run_ours(
    samples: Sequence[Sample],
    repeat: int,
    *,
    weights: Mapping[str, Path] | None = None,
    without: str | None = None,
) -> Run:
    """Run our cleaner; raises `Failed`.

    Args:
        samples: The pages.
        repeat: How often each is read.
        weights: For each site, the weights to judge its pages by; those of the project by default.
        without: The part that is taken out.
    """
    results: dict[str, Result] = {}
    for file in sorted(set(weights.values())) if weights else (None,):
        its = [one for one in samples if weights is None or weights[one.site] == file]
        about = {"tool": OURS, "weights": str(file) if file else None, "without": without}
        results |= _work(Path(sys.executable), about, its, repeat)[1]
    name = f"{OURS} without {without}" if without else OURS
    return Run(name=name, tool=OURS, results={one.id: results[one.id] for one in samples})


def _work(
    python: Path, about: Mapping[str, str | None], samples: Iterable[Sample], repeat: int
) -> tuple[str, dict[str, Result]]:
    """Start a worker; return what it printed, and its results."""
    pages = [
        # A site's pages in one data set are a sample of it; the same site elsewhere is another time.
        {"id": one.id, "site": f"{one.dataset}/{one.site}", "path": str(one.path), "url": one.url}
        for one in samples
    ]
    with tempfile.TemporaryDirectory() as folder:
        job, results = Path(folder, "job.json"), Path(folder, "results.json")
        job.write_text(json.dumps({**about, "pages": pages, "repeat": repeat}), "utf-8")
        said = run_module(python, "benchmarks.extraction.worker", job, results)
        found = json.loads(results.read_text("utf-8"))
    return said, {
        one["id"]: Result(output=one["output"], cpu_ms=one["cpu_ms"], error=one["error"]) for one in found
    }


def run_module(python: Path, module: str, *arguments: str | Path) -> str:
    """Run *module* with *python* in one thread, and return what it printed; raises `Failed`."""
    try:
        done = subprocess.run(
            [python, "-m", module, *map(str, arguments)],
            capture_output=True,
            check=False,
            env=os.environ | ENVIRONMENT,
            text=True,
        )
    except OSError as error:
        raise Failed(f"{python}: {error.strerror}") from error
    if done.returncode:
        raise Failed(done.stderr.strip().rpartition("\n")[2] or f"exit code {done.returncode}")
    return done.stdout.strip()

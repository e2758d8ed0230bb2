"""Update an archive 200 times in a row and look for what grows beyond the data, or is left over.

    python -m benchmarks.soak [--runs 200] [--json]

A made-up newspaper is crawled and its archive built, again and again. Before each run it prints and changes a few
articles; before every fifth run nothing changes: a quiet run. Compared are the quiet runs after a tenth, a half and
all of the runs. Exits 1 when one of `checks` fails: the state grows faster than what is held and fetched, a quiet run
takes more and more time, memory or open files, the log does not stay within its bounds, a run fails or leaves
temporary files or processes behind.
"""

import argparse
import json
import random
import statistics
import sys
import tempfile
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.local_site import Ended, Paper, Served, progress, run, table

ADDRESS = "127.0.0.1"
ARTICLES, NEW, CHANGED = 60, 2, 2
QUIET_EVERY = 5
LATENCY_SECONDS = 0.01
SAMPLE_SECONDS = 0.1
PARTS = ("corpus", "links", "revisions", "captures", "sites", "runs", "state", "build", "logs", "site")

# The thresholds. A quiet run asks for the same listings whatever is held, so it should cost the same; what is allowed
# beyond that is the reading of a corpus that has grown, and the noise of a machine with other work.
MAX_STATE_GROWTH = 1.25
"""What one more fetch, or one more article, may cost in the second half of the runs, in costs of the first half."""
STATE_STEP_BYTES = 32_768
"""A state file grows by whole pages of each of its tables and indexes; so much of a difference says nothing."""
MAX_TIME_GROWTH, TIME_NOISE_SECONDS = 1.5, 1.0
MAX_MEMORY_GROWTH = 1.25
MAX_MORE_OPEN_FILES = 8
MAX_MORE_REQUESTS = 12
"""Section pages that happen to be due."""
MAX_LOG_BYTES = 6 * 10_000_000
"""Six files of 10 MB: where its rotation ends."""
MAX_LOG_BYTES_A_REQUEST = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One run and what the archive was after it."""

    run: int
    quiet: bool
    code: int
    seconds: float
    peak_mib: int
    open_files: int
    """The most that all processes had at one time."""
    left_over: int
    """Processes of the run still there after its end."""
    requests: int
    fetches: int
    """Requests of all runs so far."""
    articles: int
    temporary: int
    """Files: temporary ones, and journals of a database that is closed."""
    sizes: dict[str, int]
    """Bytes, by part of the archive."""


def record(ended: Ended, archive: Path, *, number: int, requests: int, fetches: int) -> Record:
    """Return what *ended*, the run of this *number*, left in *archive*."""
    sizes = Counter(dict.fromkeys(PARTS, 0))
    temporary = 0
    for path in archive.rglob("*"):
        if path.is_file():
            sizes[path.relative_to(archive).parts[0]] += path.stat().st_size
            temporary += path.name.endswith((".tmp", "-wal", "-shm", "-journal"))
    return Record(
        run=number,
        quiet=_is_quiet(number),
        code=ended.code,
        seconds=round(ended.seconds, 2),
        peak_mib=ended.peak_mib,
        open_files=max(sample.open_files for sample in ended.samples),
        left_over=ended.left_over,
        requests=requests,
        fetches=fetches,
        articles=sum(1 for _ in (archive / "corpus").rglob("*.md")),
        temporary=temporary,
        sizes=dict(sizes),
    )


def _is_quiet(number: int) -> bool:
    return number % QUIET_EVERY == 0


def soak(runs: int, folder: Path) -> list[Record]:
    """Update an archive in *folder* as often as *runs* says."""
    paper, rng = Paper(ARTICLES, sitemap_size=5000), random.Random(1)
    archive, records = folder / "archive", []
    fetches = 0
    with Served({ADDRESS: paper}, latency_seconds=LATENCY_SECONDS):
        command = ["update", f"{paper.origin}/", "--allow-host", paper.address, "--delay", 0]
        for number in range(1, runs + 1):
            if number > 1 and not _is_quiet(number):
                paper.advance(rng, new=NEW, changed=CHANGED)
            ended = run(
                *command, "--archive", archive, messages=folder / "messages", every_seconds=SAMPLE_SECONDS
            )
            requests = len(paper.requests)
            paper.requests.clear()
            fetches += requests
            records.append(record(ended, archive, number=number, requests=requests, fetches=fetches))
            progress(f"run {number} of {runs}")
    return records


def marks(records: list[Record]) -> tuple[Record, Record, Record]:
    """Return the quiet runs that are compared: after a tenth, a half and all of *records*."""
    quiet = [one for one in records if one.quiet]

    def first_from(share: float) -> Record:
        return next(one for one in quiet if one.run >= min(share * len(records), quiet[-1].run))

    return first_from(0.1), first_from(0.5), quiet[-1]


def checks(records: list[Record]) -> dict[str, tuple[float, float]]:
    """Return what was found and the most that is allowed, by what was looked at."""
    early, middle, late = marks(records)

    def typical(mark: Record, what: str) -> float:
        near = [one for one in records if one.quiet and abs(one.run - mark.run) <= 2 * QUIET_EVERY]
        return statistics.median(float(getattr(one, what)) for one in near)

    seconds, memory = typical(early, "seconds"), typical(early, "peak_mib")
    return {
        "state growth a fetch, 2nd half to 1st": _growth(early, middle, late, "fetches"),
        "state growth an article, 2nd half to 1st": _growth(early, middle, late, "articles"),
        "seconds of a quiet run": (typical(late, "seconds"), seconds * MAX_TIME_GROWTH + TIME_NOISE_SECONDS),
        "MiB of a quiet run": (typical(late, "peak_mib"), memory * MAX_MEMORY_GROWTH),
        "open files of a quiet run": (late.open_files, early.open_files + MAX_MORE_OPEN_FILES),
        "requests of a quiet run": (late.requests, early.requests + MAX_MORE_REQUESTS),
        "log bytes": (late.sizes["logs"], MAX_LOG_BYTES),
        "log bytes a request": (round(late.sizes["logs"] / late.fetches), MAX_LOG_BYTES_A_REQUEST),
        "temporary files after any run": (max(one.temporary for one in records), 0),
        "processes left over by any run": (max(one.left_over for one in records), 0),
        "runs with an exit code": (sum(one.code != 0 for one in records), 0),
    }


def _growth(early: Record, middle: Record, late: Record, what: str) -> tuple[float, float]:
    """Return how many times as much state one more of *what* took after the *middle* as before, and what may be."""

    def cost(before: Record, after: Record) -> float:
        more: int = getattr(after, what) - getattr(before, what)
        return (after.sizes["state"] - before.sizes["state"]) / max(more, 1)

    noise = STATE_STEP_BYTES / max(getattr(late, what) - getattr(middle, what), 1)
    later = max(cost(middle, late) - noise, 0)
    return round(later / max(cost(early, middle), 1), 2), MAX_STATE_GROWTH


def rows(records: list[Record]) -> list[tuple[object, ...]]:
    """Return the table of the first run and those compared."""
    shown = [records[0], *marks(records)]
    kilobytes = [(f"{part}, kB", *(one.sizes[part] // 1000 for one in shown)) for part in PARTS]
    held = [round(one.sizes["state"] / max(one.articles, 1)) for one in shown]
    return [
        ("run", *(one.run for one in shown)),
        *((name.replace("_", " "), *(getattr(one, name) for one in shown)) for name in
          ("articles", "fetches", "requests", "seconds", "peak_mib", "open_files", "temporary", "left_over")),
        *kilobytes,
        ("state bytes a held article", *held),
        ("state bytes a fetch", *(round(one.sizes["state"] / max(one.fetches, 1)) for one in shown)),
    ]  # fmt: skip


def main() -> None:
    """Update, and print what grew."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=200, help=f"at least {3 * QUIET_EVERY}")
    parser.add_argument("--json", action="store_true", help="print JSON, with a record of every run")
    chosen = parser.parse_args()
    if chosen.runs < 3 * QUIET_EVERY:
        parser.error(f"--runs {chosen.runs}: at least {3 * QUIET_EVERY}, for three quiet runs to compare")
    with tempfile.TemporaryDirectory(prefix="pressmark-soak-") as folder:
        records = soak(chosen.runs, Path(folder))
    found = checks(records)
    failed = [what for what, (is_, allowed) in found.items() if is_ > allowed]
    if chosen.json:
        named = {what: {"found": is_, "allowed": allowed} for what, (is_, allowed) in found.items()}
        print(json.dumps({"checks": named, "failed": failed, "runs": list(map(asdict, records))}, indent=2))
    else:
        print(table(rows(records)), end="\n\n")
        print(table([("checked", "found", "allowed"), *((what, *pair) for what, pair in found.items())]))
        print("".join(f"\ntoo much: {what}" for what in failed))
    sys.exit(int(bool(failed)))


if __name__ == "__main__":
    main()

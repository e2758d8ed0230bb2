"""Pages and articles a second, CPU and memory: this crawl beside Scrapy by itself and the tools people use today.

``python -m benchmarks.throughput`` serves copies of the sample newspaper's articles on loopback, without delay;
``--url`` takes a site that is served already. The tools run with ``--peer-python``, the Python of an environment
that has ``benchmarks/peers/requirements.txt`` installed; without it they are left out. Everything runs one after
the other, through the real command of each, on the same pages; Scrapy keeps to one connection wherever it is used.

What is counted:

- *Pages* are answers received; *articles* those pages that this crawl keeps an article of, told by their address.
  What a tool keeps besides (a list of articles, an article once more under another address) is *more*.
- *CPU* is the user and system time of all processes of a command, from its start to its end. The server's is not in
  it, though it shares the machine: seconds are comparable within one run, on a machine that does nothing else.
- *Memory* is the most that all processes of a command have at one time: the sum of their proportional set sizes.
- Plain Scrapy fetches the pages this crawl captured and keeps none: what a page costs before anything is done with it.

The steps of a page are measured in a second crawl, whose main process is interrupted after every few milliseconds of
CPU time. The time used since the last interruption counts for the step that the stack stands in: the innermost
module of `STEP_OF_MODULE` within the event loop, so that a call to a library counts for its caller. Time of other
threads of the main process, which only write articles, is taken from the system. Reading is the time of the worker
processes, their start included. Looking costs a percent or two, so the steps are scaled to the total of the crawl
that was left alone.

On a machine whose speed changes from minute to minute, ``--rounds 3`` does everything three times in turn, and prints of
each crawl the round that took the least CPU.
"""

import argparse
import contextlib
import json
import os
import resource
import runpy
import signal
import subprocess
import sys
import tempfile
import threading
import time
from asyncio.selector_events import BaseSelectorEventLoop
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

from w3lib.url import canonicalize_url
from warcio.archiveiterator import ArchiveIterator

from benchmarks.crawl import ROOT, Copies, _watch
from tests.newspaper.serve import Handler

SAMPLE_SECONDS = 0.002
"""Of CPU time; systems whose clock ticks more slowly take their tick."""

START, FETCH, CODINGS = "start and end", "fetch (Scrapy)", "undo codings"
WARC, STATE, FILES = "WARC append", "state (SQLite)", "article files"
HAND_OVER, READING, ELSE = "hand to workers", "reading (workers)", "everything else"
STEPS = (START, FETCH, CODINGS, WARC, STATE, HAND_OVER, READING, FILES, ELSE)
STEP_OF_MODULE = {
    "transfer": CODINGS,
    "captures": WARC,
    "frontier": STATE,
    "state": STATE,
    "views": STATE,
    "workers": HAND_OVER,
    "corpus": FILES,
    "store": FILES,
}
"""Modules of the crawler; those not named belong to everything else."""
HAND_OVER_FUNCTIONS = frozenset({"_sock_recv_into", "_sock_sendall"})
"""Of asyncio, called by its loop when a worker hears or says more."""
assert all(hasattr(BaseSelectorEventLoop, name) for name in HAND_OVER_FUNCTIONS)
FETCH_LIBRARIES = frozenset({"scrapy", "twisted", "asyncio"})
EVENT_LOOP = "run_forever"
"""The function of asyncio that everything between start and end is called by."""


class Failed(Exception):
    """A command that did not end well; the message is the last it said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a command took."""

    seconds: float
    cpu_seconds: float
    peak_mib: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One crawl, measured."""

    name: str
    pages: int
    articles: int
    more: int
    cost: Cost

    @property
    def cpu_ms_a_page(self) -> float:
        """CPU milliseconds for each answer received."""
        return 1000 * self.cost.cpu_seconds / max(self.pages, 1)


# Running a command


def run(command: Sequence[str | Path], folder: Path) -> tuple[str, Cost]:
    """Run *command* in *folder*; return what it printed, and its cost.

    Raises:
        Failed: when its exit code is not 0.
    """
    errors = folder / "errors.txt"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    with errors.open("w") as file:
        process = subprocess.Popen(
            [*map(str, command)], stdout=subprocess.PIPE, stderr=file, cwd=folder, env=environment, text=True
        )
        peak = [0]
        watch = threading.Thread(target=_watch, args=(process.pid, peak))
        watch.start()
        out, _ = process.communicate()
    seconds, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    watch.join()
    if process.returncode:
        raise Failed(errors.read_text().strip().rpartition("\n")[2] or f"exit code {process.returncode}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return out, Cost(seconds=seconds, cpu_seconds=cpu, peak_mib=peak[0] // 1024)


def sampled(command: Sequence[str | Path], folder: Path) -> tuple[str, Counter[str]]:
    """Run the Python program *command*; return what it printed, and its CPU seconds by step."""
    times = folder / "steps.json"
    program = "from benchmarks.throughput import run_sampled; run_sampled()"
    out, _ = run([sys.executable, "-c", program, times, *command], folder)
    return out, Counter(json.loads(times.read_text()))


# Within the sampled program


def run_sampled() -> None:
    """Run the program that the arguments name after the file its CPU seconds by step are written to."""
    times, program = sys.argv[1:3]
    del sys.argv[:2]
    sampler = Sampler()
    sampler.start()
    try:
        runpy.run_path(program, run_name="__main__")
    finally:
        sampler.stop()
        Path(times).write_text(json.dumps(sampler.seconds))


class Sampler:
    """Adds up, by step, the CPU seconds of this process and of its children that have ended."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self._main = self._all = 0.0

    def start(self) -> None:
        """Look every few milliseconds from now on; what was used before is the start."""
        signal.signal(signal.SIGPROF, self._look)
        signal.siginterrupt(signal.SIGPROF, False)
        signal.setitimer(signal.ITIMER_PROF, SAMPLE_SECONDS, SAMPLE_SECONDS)

    def _look(self, _number: int, frame: FrameType | None) -> None:
        self._count(step_of(frame))

    def _count(self, step: str) -> None:
        main, all_threads = time.thread_time(), time.process_time()
        self.seconds[step] += main - self._main
        self.seconds[FILES] += (all_threads - self._all) - (main - self._main)
        self._main, self._all = main, all_threads

    def stop(self) -> None:
        """Stop looking."""
        signal.setitimer(signal.ITIMER_PROF, 0)
        self._count(START)
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.seconds[READING] = children.ru_utime + children.ru_stime


def step_of(frame: FrameType | None) -> str:
    """Return the step of the stack whose innermost frame is *frame*."""
    weight, step = 0, ELSE
    while frame is not None:
        code = frame.f_code
        if code.co_name == EVENT_LOOP:
            return step
        if code.co_name in HAND_OVER_FUNCTIONS:
            return HAND_OVER
        its_weight, its_step = _step_of_file(code.co_filename)
        if its_weight > weight:
            weight, step = its_weight, its_step
        frame = frame.f_back
    return START


@cache
def _step_of_file(name: str) -> tuple[int, str]:
    """Return the step that the file called *name* stands for, and how much that weighs beside others of the stack."""
    path = Path(name)
    if name.startswith("<frozen importlib"):
        return 4, START
    if path.parent == ROOT / "crawler" and path.stem in STEP_OF_MODULE:
        return 3, STEP_OF_MODULE[path.stem]
    if ROOT / "crawler" in path.parents:
        return 2, ELSE
    if FETCH_LIBRARIES.intersection(path.parts):
        return 1, FETCH
    return 0, ELSE


# What is measured


class Measurement:
    """The crawls of one site, each begun from nothing."""

    def __init__(self, url: str, folder: Path) -> None:
        """Crawl the site at *url*; all files are kept in *folder*."""
        self.url, self.folder = url, folder
        self.pages = folder / "pages.txt"
        """Addresses this crawl captured, one a line."""
        self.articles = folder / "articles.txt"
        """Addresses of the articles it keeps."""

    def crawl(self) -> Row:
        """Crawl, with cleaning, through the real command; note the pages and articles for the others."""
        archive = self.folder / "archive"
        out, cost = run([sys.executable, *self._crawl(archive)], self.folder)
        exported, _ = run([sys.executable, *_pressmark("export", "jsonl", archive)], self.folder)
        kept = [json.loads(line)["url"] for line in exported.splitlines()]
        self.articles.write_text("\n".join(kept))
        self.pages.write_text("\n".join(captured(archive)))
        return self._row("Pressmark", _requests(out), kept, cost)

    def crawl_steps(self) -> Counter[str]:
        """Return the CPU milliseconds a page of the crawl, by step."""
        out, seconds = sampled(self._crawl(self.folder / "archive-sampled"), self.folder)
        return _ms_a_page(seconds, _requests(out))

    def plain_steps(self) -> Counter[str]:
        """Return the same of plain Scrapy."""
        program = ROOT / "benchmarks" / "peers" / "plain_scrapy.py"
        out, seconds = sampled([program, self.pages, self.folder / "sampled.jsonl"], self.folder)
        return _ms_a_page(seconds, _said(out)["pages"])

    def peer(self, python: str | Path, module: str, subject: str | Path) -> Row:
        """Run the peer *module* on *subject*, an address or a list of them, with *python*."""
        kept = self.folder / "peer.jsonl"
        out, cost = run([python, "-m", module, subject, kept], self.folder)
        addresses = [json.loads(line)["url"] for line in kept.read_text().splitlines()]
        said = _said(out)
        return self._row(said["tool"], said["pages"], addresses, cost)

    def _crawl(self, archive: Path) -> list[str | Path]:
        host = urlsplit(self.url).netloc
        return _pressmark("crawl", self.url, archive, "--allow-host", host, "--delay", "0", "--json")

    def _row(self, name: str, pages: int, kept: Iterable[str], cost: Cost) -> Row:
        wanted = {canonicalize_url(url) for url in self.articles.read_text().splitlines()}
        addresses = {canonicalize_url(url) for url in kept}
        return Row(
            name=name,
            pages=pages,
            articles=len(addresses & wanted),
            more=len(addresses - wanted),
            cost=cost,
        )


def _pressmark(command: str, subject: str, archive: Path, *options: str) -> list[str | Path]:
    return [ROOT / "pressmark.py", command, subject, "--archive", archive, *options]


def _requests(out: str) -> int:
    [report] = json.loads(out)
    return report["requests"]


def _said(out: str) -> dict[str, Any]:
    return json.loads(out.splitlines()[-1])


def _ms_a_page(seconds: Counter[str], pages: int) -> Counter[str]:
    return Counter({step: 1000 * used / pages for step, used in seconds.items()})


def captured(archive: Path) -> list[str]:
    """Return the addresses of the whole pages in the WARCs of *archive*, in order."""
    addresses: dict[str, None] = {}
    for path in sorted(archive.glob("captures/*/*.warc.gz")):
        with path.open("rb") as file:
            for record in ArchiveIterator(file):
                if record.rec_type == "response" and record.http_headers.get_statuscode() == "200":
                    addresses[record.rec_headers.get_header("WARC-Target-URI")] = None
    return list(addresses)


# What is printed


def print_row(row: Row) -> None:
    """Print one line of the table."""
    cost, found = row.cost, row.articles
    print(
        f"{row.name:<34}{row.pages:>7}{found:>10}{row.more:>7}{row.pages / cost.seconds:>9.1f}"
        f"{found / cost.seconds:>12.1f}{found / cost.cpu_seconds:>16.1f}{row.cpu_ms_a_page:>15.1f}{cost.peak_mib:>10}",
        flush=True,
    )


def print_steps(ours: Counter[str], plain: Counter[str]) -> None:
    """Print the CPU milliseconds a page by step."""
    print(f"\n{'CPU ms a page, by step':<34}{'Pressmark':>10}{'plain Scrapy':>15}")
    for step in STEPS:
        print(f"{step:<34}{ours[step]:>10.2f}{plain[step]:>15.2f}")
    print(f"{'together':<34}{ours.total():>10.2f}{plain.total():>15.2f}")
    besides = {START, READING}
    over = sum(ours[step] - plain[step] for step in STEPS if step not in besides)
    print(f"{'fetch and store, over plain Scrapy':<34}{over:>10.2f}   (without start and end, and reading)")


def scaled(steps: Counter[str], total: float) -> Counter[str]:
    """Return *steps* with the sum *total*."""
    return Counter({step: ms * total / steps.total() for step, ms in steps.items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """Everything measured once, one after the other."""

    rows: tuple[Row, ...]
    """Ours, plain Scrapy's, then the peers'."""
    steps: Counter[str]
    plain_steps: Counter[str]
    """CPU milliseconds a page by step."""


def measure(site: Measurement, peer_python: Path | None) -> Round:
    """Measure everything on *site* once; a peer that fails is told of and left out."""
    # First: a server that makes its pages when they are asked for has them then.
    steps = site.crawl_steps()
    rows = [site.crawl(), site.peer(sys.executable, "benchmarks.peers.plain_scrapy", site.pages)]
    plain_steps = site.plain_steps()
    peers = [
        ("benchmarks.peer_crawl", site.url),
        ("benchmarks.peers.news_please", site.url),
        ("benchmarks.peers.news_please_urls", site.articles),
    ]
    for module, subject in peers if peer_python else []:
        try:
            rows.append(site.peer(peer_python, module, subject))
        except Failed as error:
            print(f"{module}: {error}", flush=True)
    return Round(rows=tuple(rows), steps=steps, plain_steps=plain_steps)


def print_best(rounds: Sequence[Round]) -> None:
    """Print of each crawl the round in which it took the least CPU."""
    print(
        f"{'':<34}{'pages':>7}{'articles':>10}{'more':>7}{'pages/s':>9}{'articles/s':>12}{'articles/CPU s':>16}"
        f"{'CPU ms a page':>15}{'peak MiB':>10}"
    )
    best: dict[str, Row] = {}
    for row in (row for round_ in rounds for row in round_.rows):
        if row.name not in best or row.cpu_ms_a_page < best[row.name].cpu_ms_a_page:
            best[row.name] = row
    for row in best.values():
        print_row(row)
    ours, plain, *_ = best.values()
    print_steps(
        scaled(min((round_.steps for round_ in rounds), key=Counter.total), ours.cpu_ms_a_page),
        scaled(min((round_.plain_steps for round_ in rounds), key=Counter.total), plain.cpu_ms_a_page),
    )


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--url", help="a site served on loopback; without it, copies of the sample newspaper")
    parser.add_argument(
        "--peer-python", type=Path, help="a Python that has the peers' requirements installed"
    )
    parser.add_argument(
        "--rounds", type=int, default=1, help="do everything so many times, and print the best of each"
    )
    chosen = parser.parse_args()
    if chosen.rounds < 1:
        parser.error("--rounds takes 1 or more")
    # The sample newspaper's server is made for tests. Without these, an answer waits 40 ms between headers and body
    # (Nagle's algorithm), and one in a burst of connections a second (its queue holds five).
    Handler.disable_nagle_algorithm = True
    ThreadingHTTPServer.request_queue_size = 64
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        url = chosen.url or stack.enter_context(Copies()).url
        print(f"{url}, {os.cpu_count()} cores", flush=True)
        if not chosen.peer_python:
            print("trafilatura and news-please are left out: --peer-python says where they are installed")
        rounds = []
        for number in range(1, chosen.rounds + 1):
            place = Path(folder, str(number))
            place.mkdir()
            rounds.append(measure(Measurement(url, place), chosen.peer_python))
            if number < chosen.rounds:
                print(f"round {number} of {chosen.rounds} is done", file=sys.stderr)
        print_best(rounds)


if __name__ == "__main__":
    main()

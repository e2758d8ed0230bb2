"""Kill a crawl at random moments, again and again, and look for what that lost, doubled or left half-written.

    python -m benchmarks.kills [--kills 200] [--seed 1] [--json]

A made-up newspaper of 300 articles is crawled without delay. Each run is ended by SIGKILL, workers and all, at a
moment drawn evenly over the length of the runs that came to their end, so that kills fall into start-up, fetching,
reading, writing and the end. Whenever a run comes to its end before its kill, the newspaper moves on: some articles
are new, some changed, one is gone; every third state of it, and the last, is crawled with ``--recheck``. What is then
in the archive is compared with what the newspaper printed, and with the server's log. Exits 1 when anything was lost,
doubled or half-written, when a run failed, or when `pressmark verify` and `pressmark reclean` find something to say.
"""

import argparse
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import zlib
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed

from benchmarks.local_site import Paper, Request, Served, begin, progress, run, table
from crawler.corpus import BadCorpusFile, Corpus, load
from crawler.items import Article

ADDRESS = "127.0.0.1"
ARTICLES = 300
NEW, CHANGED, GONE = 8, 30, 1
"""Articles, from one state of the newspaper to the next."""
RECHECK_EVERY = 3
LATENCY_SECONDS = 0.01
END_SECONDS = 300
"""A run that is not killed and takes longer hangs."""
LENGTHS_KEPT = 5
IN_HAND = 8
"""The last requests of a killed run, which it may not have finished with: as many as it has in hand at one time."""
IDLE_SECONDS = 0.25
"""A run that has asked nothing for so long, and did before, is past its fetching."""
SETTLE_SECONDS = 0.05
"""After a kill, for what it had sent to reach the server."""
CHUNK_BYTES = 65_536


@dataclass(slots=True)
class Findings:
    """What is not as it should be, one line each, every line once."""

    lost: dict[str, None] = field(default_factory=dict)
    doubled: dict[str, None] = field(default_factory=dict)
    half_written: dict[str, None] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """Return all of them."""
        return [*self.lost, *self.doubled, *self.half_written]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """One kill."""

    phase: str
    """``start-up``, ``fetching`` or ``end``."""
    requests: list[Request]
    """Of the killed run."""


class Trial:
    """The newspaper, its archive, and what was done to it."""

    def __init__(self, paper: Paper, folder: Path, rng: random.Random) -> None:
        """Crawl *paper* into *folder*, with chance as *rng* has it."""
        self.paper, self.folder, self.rng = paper, folder, rng
        self.archive = folder / "archive"
        self.corpus = Corpus(self.archive)
        self.messages = folder / "messages"
        self.findings = Findings()
        self.kills: list[Kill] = []
        self.failed: list[str] = []
        """How runs ended that nobody killed and that did not come to a good end."""
        self.states = 1
        self.recheck = False
        """Whether the newspaper as it stands now is crawled with ``--recheck``."""
        self.repeated = self.repeated_beyond = 0
        """Articles sent again after a kill; those of them that the killed run should have finished with."""
        self._has_ended = False
        self._lengths: defaultdict[bool, deque[float]] = defaultdict(lambda: deque(maxlen=LENGTHS_KEPT))
        self._kills_of_state: list[Kill] = []
        self._answered: Counter[str] = Counter()
        self._known_as_gone: set[str] = set()

    # The runs

    def options(self, archive: Path) -> list[object]:
        """Return the command line of a crawl into *archive*."""
        chosen: list[object] = ["crawl", f"{self.paper.origin}/", "--allow-host", self.paper.address]
        return [*chosen, "--delay", 0, "--archive", archive, *["--recheck"] * self.recheck]

    def try_oracle(self) -> None:
        """Crawl into another archive without a kill: that gives the length of a run, and must agree with the print."""
        ended = run(*self.options(self.folder / "whole"), messages=self.messages)
        found = Findings()
        self._compare_texts(Corpus(self.folder / "whole"), found)
        if ended.code or found.lost:
            sys.exit(f"without a kill: exit code {ended.code}, {list(found.lost)[:3]}\n{ended.err[-2000:]}")
        self._lengths[False].append(ended.seconds)
        self.paper.requests.clear()

    def step(self, *, kill: bool = True) -> None:
        """Begin a run and *kill* it, or let it come to its end when that is sooner."""
        if self._has_ended:
            self._advance()
        lengths = self._lengths[self.recheck] or self._lengths[False]
        limit = self.rng.uniform(0, max(lengths)) if kill else END_SECONDS
        began = time.monotonic()
        with self.messages.open("wb") as err:
            process = begin(*self.options(self.archive), err=err.fileno())
            try:
                process.communicate(timeout=limit)
            except subprocess.TimeoutExpired:
                idle_since = time.monotonic() - IDLE_SECONDS
                _kill(process)
                if kill:
                    self._killed(idle_since)
                else:
                    self.failed.append(f"not at its end after {END_SECONDS} s")
                return
        seconds = time.monotonic() - began
        self._take_requests()
        if process.returncode:
            self.failed.append(f"exit code {process.returncode}: {self.messages.read_text()[-600:]}")
            return
        self._has_ended = True
        self._lengths[self.recheck].append(seconds)
        if self.recheck:
            self._known_as_gone |= self.paper.gone()
        self._compare_texts(self.corpus, self.findings)

    def finish(self) -> None:
        """Let a last run come to its end."""
        if self._has_ended:
            self._advance()
        self.recheck = True
        self.step(kill=False)

    def _advance(self) -> None:
        self.paper.advance(self.rng, new=NEW, changed=CHANGED, gone=GONE)
        self.states += 1
        self.recheck = self.states % RECHECK_EVERY == 0
        self._kills_of_state.clear()
        self._has_ended = False

    def _killed(self, idle_since: float) -> None:
        time.sleep(SETTLE_SECONDS)
        requests = self._take_requests()
        phase = "fetching" if requests else "start-up"
        if requests and requests[-1].time < idle_since:
            phase = "end"
        killed = Kill(phase=phase, requests=requests)
        self.kills.append(killed)
        self._kills_of_state.append(killed)

    def _take_requests(self) -> list[Request]:
        """Return what the run asked for, having counted the articles that killed runs had been sent already."""
        requests = list(self.paper.requests)
        self.paper.requests.clear()
        articles = self.paper.texts()
        for request in requests:
            if request.status == 200:
                self._answered[request.path] += 1
                if request.path in articles:
                    self._count_repeated(request)
        return requests

    def _count_repeated(self, request: Request) -> None:
        """Count *request* when killed runs at this state of the newspaper had its answer."""
        requests_later = [
            index
            for killed in self._kills_of_state
            for index, earlier in enumerate(reversed(killed.requests))
            if (earlier.path, earlier.status) == (request.path, 200)
        ]
        if requests_later:
            self.repeated += 1
            self.repeated_beyond += max(requests_later) >= IN_HAND

    # The comparisons

    def _compare_texts(self, corpus: Corpus, found: Findings) -> None:
        """Note the articles whose newest text *corpus*, at the end of a run, lacks."""
        held = {urlsplit(article.url).path: article for _, article in _readable(corpus)}
        for path, texts in self.paper.texts().items():
            article = held.get(path)
            if article is None:
                found.lost[f"{path}: absent"] = None
            elif article.body != texts[-1]:
                found.lost[f"{path}: its text is not the newest"] = None
            elif path in self._known_as_gone and article.gone is None:
                found.lost[f"{path}: not marked as gone"] = None

    def compare(self) -> None:
        """Look at everything the archive holds; for after the last run."""
        articles = self._compare_corpus_files()
        self._compare_revisions(articles)
        self._compare_records()
        self._compare_other_files()

    def _compare_corpus_files(self) -> list[Article]:
        """Return the articles; note files that cannot be read, and two of one address or id."""
        found = self.findings
        readable = dict(_readable(self.corpus))
        stems = {file.stem for file in self.corpus.scan()}
        for stem in stems - readable.keys():
            found.half_written[f"corpus/{stem}.md"] = None
        for name in ("url", "id"):
            for value, count in Counter(getattr(article, name) for article in readable.values()).items():
                if count > 1:
                    found.doubled[f"{value}: {count} corpus files"] = None
        folder = self.archive / "links"
        for path in folder.rglob("*.jsonl"):
            if str(path.relative_to(folder).with_suffix("")) not in stems:
                found.half_written[f"{path.relative_to(self.archive)}: links of no article"] = None
        return list(readable.values())

    def _compare_revisions(self, articles: list[Article]) -> None:
        """Note earlier texts that are missing, there twice in a row, or cannot be read."""
        texts = self.paper.texts()
        for article in articles:
            bodies = [*self._revisions(article), article.body]
            for earlier in texts[urlsplit(article.url).path][:-1]:
                if earlier not in bodies:
                    self.findings.lost[f"{article.url}: an earlier text is not in revisions/"] = None
            for number, (one, next_one) in enumerate(pairwise(bodies), 1):
                if one == next_one:
                    self.findings.doubled[f"{article.id}/{number}.md: the same text as the next"] = None

    def _revisions(self, article: Article) -> Iterator[str]:
        """Yield the earlier texts of *article*, oldest first."""
        folder = self.archive / "revisions" / article.site / article.id
        for path in sorted(folder.glob("*.md"), key=lambda path: int(path.stem)):
            try:
                yield load(path.read_text()).body
            except (BadCorpusFile, UnicodeDecodeError) as error:
                self.findings.half_written[f"{path.relative_to(self.archive)}: {error}"] = None

    def _compare_records(self) -> None:
        """Note WARC records that are cut short or damaged, and more of them than answers were sent."""
        recorded: Counter[str] = Counter()
        for path in sorted(self.archive.glob("captures/**/*.warc.gz")):
            if left := bytes_after_last_member(path):
                self.findings.half_written[f"{path.name}: {left} bytes after the last whole record"] = None
            for problem in damaged_records(path, recorded):
                self.findings.half_written[f"{path.name}: {problem}"] = None
        for page, count in recorded.items():
            if count > (sent := self._answered[page]):
                self.findings.doubled[f"{page}: {count} response records of {sent} answers"] = None

    def _compare_other_files(self) -> None:
        """Note run reports and site records that cannot be read, and temporary files."""
        bad = self.findings.half_written
        for path in self.archive.rglob("*.tmp"):
            bad[f"{path.relative_to(self.archive)}: left over"] = None
        for path in self.corpus.run_paths():
            try:
                self.corpus.read_run(path)
            except BadCorpusFile as error:
                bad[str(error)] = None
        for name in self.corpus.sites():
            try:
                self.corpus.site_record(name)
            except BadCorpusFile as error:
                bad[str(error)] = None

    # What the commands say

    def afterwards(self) -> dict[str, str]:
        """Return what the commands that check and mend an archive say of this one; ``ok`` is as it should be."""
        before = self._files()
        crawl = self.options(self.archive)
        return {
            "verify": self._said("verify", "--archive", self.archive),
            "reclean": self._said("reclean", "--archive", self.archive, before=before),
            "rebuilding the state": self._said("verify", "--rebuild-state", "--archive", self.archive),
            "a crawl after that": self._said(*crawl, before=before),
            "verify at last": self._said("verify", "--archive", self.archive),
        }

    def _said(self, *command: object, before: dict[str, bytes] | None = None) -> str:
        """Run *command*; with *before*, the articles' files have to be as they were."""
        ended = run(*command, messages=self.messages)
        if ended.code:
            return f"exit code {ended.code}: {(ended.out + ended.err).strip().splitlines()[-1:]}"
        after = self._files() if before is not None else {}
        differing = [
            path for path in after.keys() | (before or {}) if after.get(path) != (before or {}).get(path)
        ]
        return f"{len(differing)} files differ, e.g. {min(differing)}" if differing else "ok"

    def _files(self) -> dict[str, bytes]:
        """Return the bytes of every file of articles, by path."""
        return {
            str(path.relative_to(self.archive)): path.read_bytes()
            for folder in ("corpus", "links", "revisions")
            for path in (self.archive / folder).rglob("*")
            if path.is_file()
        }

    def figures(self) -> dict[str, object]:
        """Return what was done and found."""
        phases = Counter(kill.phase for kill in self.kills)
        texts = self.paper.texts().values()
        return {
            "kills": len(self.kills),
            "in start-up": phases["start-up"],
            "while fetching": phases["fetching"],
            "after the last request": phases["end"],
            "states of the newspaper": self.states,
            "articles printed": len(texts),
            "earlier texts of them": sum(len(versions) - 1 for versions in texts),
            "lost": len(self.findings.lost),
            "doubled": len(self.findings.doubled),
            "half-written": len(self.findings.half_written),
            "runs that failed": len(self.failed),
            "articles fetched again": self.repeated,
            "of them not in hand at the kill": self.repeated_beyond,
        }


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """End *process* and its workers as a power cut would."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def _readable(corpus: Corpus) -> Iterator[tuple[str, Article]]:
    """Yield stem and article of every corpus file that can be read."""
    for file in corpus.scan():
        with contextlib.suppress(BadCorpusFile):
            yield file.stem, corpus.read(file.stem)


def bytes_after_last_member(path: Path) -> int:
    """Return how many bytes stand after the last whole gzip member of the file at *path*."""
    data = path.read_bytes()
    whole = 0
    while whole < len(data):
        unpacker, at = zlib.decompressobj(zlib.MAX_WBITS | 16), whole
        try:
            while not unpacker.eof and at < len(data):
                unpacker.decompress(data[at : at + CHUNK_BYTES])
                at = min(at + CHUNK_BYTES, len(data))
        except zlib.error:
            break
        if not unpacker.eof:
            break
        whole = at - len(unpacker.unused_data)
    return len(data) - whole


def damaged_records(path: Path, recorded: Counter[str]) -> Iterator[str]:
    """Yield what is wrong with the records of the WARC at *path*; count its 200 responses in *recorded* by path."""
    with path.open("rb") as file:
        try:
            for record in ArchiveIterator(file, check_digests=True):
                record.content_stream().read()
                where = record.rec_headers.get_header("WARC-Target-URI")
                if record.digest_checker.problems:
                    yield f"{where}: {record.digest_checker.problems[0]}"
                if record.rec_type == "response" and record.http_headers.get_statuscode() == "200":
                    recorded[urlsplit(where).path] += 1
        except (ArchiveLoadFailed, EOFError, ValueError, zlib.error) as error:
            yield f"cannot be read to its end: {error}"


def main() -> None:
    """Deal the kills and print what they did."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print JSON, with every finding")
    chosen = parser.parse_args()
    began, paper = time.monotonic(), Paper(ARTICLES)
    with (
        tempfile.TemporaryDirectory(prefix="pressmark-kills-") as folder,
        Served({ADDRESS: paper}, latency_seconds=LATENCY_SECONDS),
    ):
        trial = Trial(paper, Path(folder), random.Random(chosen.seed))
        trial.try_oracle()
        while len(trial.kills) < chosen.kills:
            trial.step()
            progress(f"{len(trial.kills)} kills, state {trial.states}")
        trial.finish()
        trial.compare()
        said = trial.afterwards()
    figures = {**trial.figures(), **said, "seconds": round(time.monotonic() - began)}
    found = [*trial.findings.lines(), *trial.failed]
    if chosen.json:
        print(json.dumps({"seed": chosen.seed, **figures, "found": found}, indent=2))
    else:
        print("\n".join([table([("kills of a crawl", ""), *figures.items()]), *found[:20]]))
    sys.exit(int(bool(found) or any(word != "ok" for word in said.values())))


if __name__ == "__main__":
    main()

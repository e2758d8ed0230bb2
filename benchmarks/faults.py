"""Crawl a real site from a server that misbehaves, one fault after the other, and score what was kept.

    python -m benchmarks.faults --serve serve.py --manifest site.json --score score.py [--server-python PATH]
                                [--only NAME] [--json]

The server, the site with its truth and the scorer are given from outside; the server has to take the options below,
print ``ready``, and tell what it was asked at ``/__stats``; the scorer prints JSON with ``--json``. Every fault gets a
fresh archive. For ``mutate`` and ``change-etag`` the site is crawled a second time, after the server began anew.
"""

import argparse
import contextlib
import json
import re
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.local_site import Ended, progress, run, table

ADDRESS = "127.0.1.1"
STOP_SECONDS = 60
SAMPLE_SECONDS = 0.5
APPENDED, GONE, MOVED = 10, 5, 5
"""Articles that ``mutate`` changes, and how."""
ADDITION = "<p>Since this was printed, the committee has met twice more and kept its earlier decision.</p>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One way for the server to misbehave."""

    name: str
    options: Sequence[str] = ()
    robots: str | None = None
    """What it serves as robots.txt."""
    second: Sequence[str] | None = None
    """Options for a second crawl, when there is one."""
    mutate: bool = False
    """Whether articles change before the second crawl."""
    recheck: bool = False
    """Whether the second crawl asks for every article."""


FAULTS = (
    Fault(name="none"),
    Fault(name="latency", options=("--latency", "200", "--jitter", "200")),
    Fault(name="p503", options=("--p503", "0.1")),
    Fault(name="p503-always", options=("--p503-always", "0.05")),
    Fault(name="p429", options=("--p429", "0.02")),
    Fault(name="ratelimit", options=("--ratelimit", "20")),
    Fault(name="preset", options=("--preset", "0.1")),
    Fault(name="pslow", options=("--pslow", "0.02", "--slow-secs", "5")),
    Fault(name="phuge", options=("--phuge", "0.01")),
    Fault(name="pcharset", options=("--pcharset", "0.2")),
    Fault(name="redirect-loop", options=("--redirect-loop",)),
    Fault(name="trap", options=("--trap",)),
    Fault(name="trap+robots", options=("--trap", "--trap-robots")),
    Fault(name="soft404", options=("--soft404",)),
    Fault(name="crawl-delay", options=("--crawl-delay", "0.2")),
    Fault(name="news-sitemap", options=("--news-sitemap",)),
    Fault(name="mutate", options=("--news-sitemap",), second=("--news-sitemap",), mutate=True),
    Fault(name="change-etag", options=("--change-etag",), second=("--change-etag",), recheck=True),
    Fault(name="robots-forbids", robots="User-agent: *\nDisallow: /\n"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What is given from outside."""

    python: str
    """The interpreter that can run the server."""
    serve: Path
    manifest: Path
    score: Path


class Trial:
    """One fault: its server, its archive, its row."""

    def __init__(self, fault: Fault, tools: Tools, folder: Path) -> None:
        """Keep everything in *folder*."""
        self.fault, self.tools, self.folder = fault, tools, folder
        self.archive = folder / "archive"
        self.port = _free_port()
        self.origin = f"http://{ADDRESS}:{self.port}"

    def row(self) -> dict[str, Any]:
        """Crawl, a second time where the fault is about that, and return what it came to."""
        options = list(self.fault.options)
        if self.fault.robots is not None:
            robots = self.folder / "robots.txt"
            robots.write_text(self.fault.robots)
            options += ["--robots", str(robots)]
        crawled = self._crawl(options)
        row = {"fault": self.fault.name, **self._scores(), **crawled}
        if self.fault.second is not None:
            row["second"] = self._crawl_again(self.fault.second)
        return row

    def _crawl_again(self, options: Sequence[str]) -> dict[str, Any]:
        changes = self._changes() if self.fault.mutate else {}
        if changes:
            mutations = self.folder / "mutations.json"
            mutations.write_text(json.dumps(changes))
            options = [*options, "--mutate", str(mutations)]
        crawled = self._crawl(options, *["--recheck"] * self.fault.recheck)
        return {**self._scores(), **crawled, "changes": self._kept_of(changes)}

    def _changes(self) -> dict[str, dict[str, object]]:
        """Return what happens to the newest articles of the site, by path, as the server wants it."""
        manifest = json.loads(self.tools.manifest.read_text())
        paths = [article["path"] for article in sorted(manifest["articles"], key=lambda one: one["date"])]
        newest = iter(reversed(paths))
        changes: dict[str, dict[str, object]] = {next(newest): {"append": ADDITION} for _ in range(APPENDED)}
        changes |= {next(newest): {"gone": True} for _ in range(GONE)}
        return changes | {
            path: {"moved": f"{path}index.html"} for path in (next(newest) for _ in range(MOVED))
        }

    def _kept_of(self, changes: Mapping[str, Mapping[str, object]]) -> dict[str, str]:
        """Return how many of *changes* the archive shows, of how many."""
        articles = {record["url"].removeprefix(self.origin): record for record in self._exported()}
        held: dict[str, list[bool]] = {}
        for path, change in changes.items():
            article = articles.get(path, {})
            shows = {
                "append": ADDITION[3:-4] in article.get("body", ""),
                "gone": "gone" in article,
                "moved": bool(article) and "gone" not in article and f"{path}index.html" not in articles,
            }
            [kind] = change
            held.setdefault(kind, []).append(shows[kind])
        return {f"{kind} shown": f"{sum(shown)} of {len(shown)}" for kind, shown in held.items()}

    def _crawl(self, options: Sequence[str], *more: str) -> dict[str, Any]:
        """Serve the site with *options*, crawl it, and return what the crawl and the server say of that."""
        with self._served(options):
            ended = run(
                "crawl", f"{self.origin}/", "--allow-host", f"{ADDRESS}:{self.port}", "--delay", 0, "--json",
                "--archive", self.archive, *more,
                messages=self.folder / "messages", every_seconds=SAMPLE_SECONDS,
            )  # fmt: skip
            with urllib.request.urlopen(f"{self.origin}/__stats") as answer:
                seen = json.load(answer)
        return {**self._said(ended), **_seen(seen)}

    def _said(self, ended: Ended) -> dict[str, Any]:
        [report] = json.loads(ended.out) if ended.out.startswith("[") else [{}]
        return {
            "code": ended.code,
            "finished": report.get("finished") or ended.err[-300:],
            "outcomes": report.get("outcomes", {}),
            "reasons": report.get("reasons", {}),
            "seconds": round(ended.seconds, 1),
            "peak_mib": ended.peak_mib,
        }

    @contextlib.contextmanager
    def _served(self, options: Sequence[str]) -> Iterator[None]:
        """Run the server with *options* until the end of the block."""
        command = [self.tools.python, str(self.tools.serve), "--port", str(self.port), "--ip-base", ADDRESS]
        process = subprocess.Popen(
            [*command, *options, str(self.tools.manifest)], stdout=subprocess.PIPE, text=True
        )
        try:
            assert process.stdout
            if not any(line.strip() == "ready" for line in process.stdout):
                sys.exit(f"the server ended: {' '.join(command)}")
            yield
        finally:
            process.terminate()
            process.wait(STOP_SECONDS)

    def _exported(self) -> list[dict[str, Any]]:
        """Return the records of the archive, having written them for the scorer."""
        ended = run("export", "jsonl", "--archive", self.archive, messages=self.folder / "messages")
        (self.folder / "articles.jsonl").write_text(ended.out)
        return [json.loads(line) for line in ended.out.splitlines()]

    def _scores(self) -> dict[str, Any]:
        self._exported()
        command = [sys.executable, str(self.tools.score), str(self.tools.manifest), "--json"]
        done = subprocess.run(
            [*command, str(self.folder / "articles.jsonl")], capture_output=True, check=True
        )
        scores = json.loads(done.stdout)
        return {
            "found": scores["found"],
            "of": scores["in_scope"],
            "junk": scores["junk"] + scores["unknown"] + scores["dups"],
            "title": scores["title"],
            "date": scores["date"],
            "body": scores["f1"],
        }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        port: int = probe.getsockname()[1]
    return port


def _seen(stats: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the server's *stats* say of the crawl."""
    gap = stats["gap_min"]
    return {
        "requests": stats["requests"],
        "faults": stats["faults"],
        "smallest_gap": None if gap is None else round(gap, 3),
        "at_once": stats["max_conc"],
    }


def rows(results: Sequence[Mapping[str, Any]]) -> Iterator[tuple[object, ...]]:
    """Yield the table's headings, then a row for each crawl of *results*."""
    yield (
        "fault", "found", "junk", "title", "date", "body", "requests", "an article", "gap", "code", "seconds",
        "MiB", "finished", "outcomes",
    )  # fmt: skip
    for result in results:
        yield _row(result["fault"], result)
        if "second" in result:
            yield _row("  the second time", result["second"])


def _row(name: str, crawled: Mapping[str, Any]) -> tuple[object, ...]:
    counts = {**crawled["outcomes"], **crawled.get("changes", {})}
    return (
        name, f"{crawled['found']} of {crawled['of']}", crawled["junk"], crawled["title"], crawled["date"],
        crawled["body"], crawled["requests"], round(crawled["requests"] / max(crawled["found"], 1), 2),
        crawled["smallest_gap"], crawled["code"], crawled["seconds"], crawled["peak_mib"],
        re.sub(r"\s+", " ", crawled["finished"])[-60:],
        ", ".join(f"{what} {count}" for what, count in counts.items()),
    )  # fmt: skip


def main() -> None:
    """Crawl with every fault, or the one chosen, and print a row for each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--serve", type=Path, required=True, help="the server")
    parser.add_argument("--manifest", type=Path, required=True, help="the site and its truth")
    parser.add_argument("--score", type=Path, required=True, help="the scorer")
    parser.add_argument(
        "--server-python", default=sys.executable, help="an interpreter that has what it needs"
    )
    parser.add_argument("--only", choices=[fault.name for fault in FAULTS])
    parser.add_argument("--json", action="store_true", help="print JSON, with the reasons of every run")
    chosen = parser.parse_args()
    tools = Tools(
        python=chosen.server_python, serve=chosen.serve, manifest=chosen.manifest, score=chosen.score
    )
    results = []
    for fault in FAULTS:
        if chosen.only in {None, fault.name}:
            progress(f"{fault.name} …")
            with tempfile.TemporaryDirectory(prefix="pressmark-faults-") as folder:
                results.append(Trial(fault, tools, Path(folder)).row())
    if chosen.json:
        print(json.dumps(results, indent=2))
        return
    print(table(list(rows(results))))
    for result in results:
        for crawled in filter(None, (result, result.get("second"))):
            for reason, count in crawled["reasons"].items():
                print(f"{result['fault']}: {count} × {reason}")


if __name__ == "__main__":
    main()

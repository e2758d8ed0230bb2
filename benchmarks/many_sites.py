"""Crawl many sites at once and compare the pace with the one that politeness allows.

    python -m benchmarks.many_sites [--sites 100] [--minutes 5] [--rate 1] [--json]

Every site is a made-up newspaper with pages of 30 to 60 kB at a loopback address of its own, and more articles than a
polite crawl can fetch in the time. One crawl takes them all, by a configuration of one ``[[site]]`` each. Requests are
timed where they arrive, at the server, which is one thread of this process. Linux only: it answers on all of
127.0.0.0/8, and memory is the proportional set size of all the crawl's processes.
"""

import argparse
import json
import math
import os
import statistics
import tempfile
import time
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

from benchmarks.local_site import Ended, Paper, Sample, Served, run, table

HOSTS_A_BLOCK = 250
SPARE_ARTICLES = 60
LATENCY_SECONDS = 0.05
SAMPLE_SECONDS = 2.0
WARM_UP_SECONDS = 30.0
"""Or a quarter of the time, when that is shorter: then every site is under way."""


def papers(sites: int, articles: int) -> dict[str, Paper]:
    """Return so many newspapers of *articles* each, by loopback address."""
    addresses = [f"127.1.{i // HOSTS_A_BLOCK}.{i % HOSTS_A_BLOCK + 1}" for i in range(sites)]
    return {address: Paper(articles, heavy=True, sitemap_size=5000) for address in addresses}


def configuration(served: Mapping[str, Paper], *, minutes: float, rate: float) -> str:
    """Return the ``pressmark.toml`` for a crawl of *served*."""
    sites = (f'[[site]]\nstart = "{paper.origin}/"\ndelay = {1 / rate}\n' for paper in served.values())
    return "\n".join([f"[crawl]\nmax_minutes = {minutes}\n", *sites])


def crawl(served: Mapping[str, Paper], folder: Path, *, minutes: float, rate: float) -> Ended:
    """Crawl *served* in one run, watched."""
    config = folder / "pressmark.toml"
    config.write_text(configuration(served, minutes=minutes, rate=rate))
    hosts = [part for paper in served.values() for part in ("--allow-host", paper.address)]
    options = ["--config", config, "--archive", folder / "archive", "--json"]
    return run("crawl", *hosts, *options, messages=folder / "messages", every_seconds=SAMPLE_SECONDS)


def pace(served: Mapping[str, Paper], window: tuple[float, float], rate: float) -> dict[str, object]:
    """Return how many requests arrived within *window* of what *rate* allows, and how close together."""
    first, last = window
    inside = sum(first <= request.time < last for paper in served.values() for request in paper.requests)
    gaps = {
        address: [later.time - earlier.time for earlier, later in pairwise(paper.requests)]
        for address, paper in served.items()
    }
    every_gap = [gap for own in gaps.values() for gap in own]
    ideal = len(served) * (last - first) * rate
    return {
        "requests": sum(len(paper.requests) for paper in served.values()),
        "requests after the warm-up": inside,
        "ideal after the warm-up": round(ideal),
        "share of the ideal": round(inside / ideal, 3),
        "fewest and most requests of a site": [
            min(len(paper.requests) for paper in served.values()),
            max(len(paper.requests) for paper in served.values()),
        ],
        "smallest gap at a host, s": round(min(every_gap, default=math.inf), 3),
        "median gap at a host, s": round(statistics.median(every_gap or [math.inf]), 3),
        "gaps shorter than asked for": sum(gap < 1 / rate for gap in every_gap),
        "most requests at one host at once": max(paper.most_at_once for paper in served.values()),
    }


def cost(ended: Ended, began: float, window: tuple[float, float]) -> dict[str, object]:
    """Return the memory and processor time that the crawl took of the machine."""
    first, last = window

    def memory_mib(moment: float) -> int:
        nearest: Sample = min(ended.samples, key=lambda sample: abs(sample.time - moment))
        return nearest.memory_kib // 1024

    used: dict[int, float] = {}
    for sample in ended.samples:
        used |= sample.cpu_seconds
    main = used.pop(ended.process_id, 0.0)
    return {
        "MiB after the warm-up, in the middle, at the end": [
            memory_mib(first),
            memory_mib((first + last) / 2),
            memory_mib(last),
        ],
        "peak MiB": ended.peak_mib,
        "open files": max(sample.open_files for sample in ended.samples),
        "CPU seconds of the main process": round(main, 1),
        "CPU seconds of the workers": round(sum(used.values()), 1),
        "CPU seconds of the server": round(time.process_time() - began, 1),
        "seconds": round(ended.seconds, 1),
        "seconds over the time given": round(ended.ended - last, 1),
        "cores": os.cpu_count(),
    }


def stored(ended: Ended) -> dict[str, object]:
    """Return what the crawl says it came to."""
    reports = json.loads(ended.out or "[]")
    return {
        "exit code": ended.code,
        "articles stored": sum(report["outcomes"].get("stored", 0) for report in reports),
        "pages failed": sum(report["outcomes"].get("failed", 0) for report in reports),
        "sites with an article": sum(report["held"] > 0 for report in reports),
        "ends": sorted({report["finished"] for report in reports}),
    }


def main() -> None:
    """Crawl, and print the pace and its cost."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sites", type=int, default=100)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--rate", type=float, default=1, help="requests a second and site; at most 1")
    parser.add_argument("--json", action="store_true", help="print JSON")
    chosen = parser.parse_args()
    if not 0 < chosen.rate <= 1:
        parser.error(f"--rate {chosen.rate}: more than 0 and at most 1, as the configuration allows")
    seconds = chosen.minutes * 60
    served = papers(chosen.sites, math.ceil(seconds * chosen.rate) + SPARE_ARTICLES)
    with (
        tempfile.TemporaryDirectory(prefix="pressmark-sites-") as folder,
        Served(served, latency_seconds=LATENCY_SECONDS) as server,
    ):
        for paper in served.values():
            paper.prepare()
        began = time.process_time()
        server.late_seconds.clear()
        ended = crawl(served, Path(folder), minutes=chosen.minutes, rate=chosen.rate)
        window = (ended.began + min(WARM_UP_SECONDS, seconds / 4), ended.began + seconds)
        figures = {
            "sites": chosen.sites,
            **pace(served, window, chosen.rate),
            "server late by at most, s": round(max(server.late_seconds), 3),
            "server late 1 time in 100 by, s": round(statistics.quantiles(server.late_seconds, n=100)[-1], 3),
            **stored(ended),
            **cost(ended, began, window),
        }
    if chosen.json:
        print(json.dumps(figures, indent=2))
    else:
        print(table([("many sites at once", ""), *figures.items()]))
    if ended.code:
        print(ended.err[-2000:])


if __name__ == "__main__":
    main()

"""Articles a second, CPU and memory of a crawl with cleaning, from a newspaper served on loopback without delay.

``python -m benchmarks.crawl`` crawls copies of the sample newspaper's articles; ``--url`` crawls a site that is
served already. Memory is the proportional set size of all processes, where the system tells it.
"""

import argparse
import contextlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from tests.newspaper import paper
from tests.newspaper.serve import Newspaper

ROOT = Path(__file__).parent.parent
COPIES = 15


class Copies(Newspaper):
    """The Lantern with every article under several addresses, and a front page that lists them all."""

    def pages(self, origin: str) -> dict[str, paper.Response]:
        """Return every page; made once."""
        if not hasattr(self, "_copies"):
            self._copies = self._made(origin)
        return self._copies

    def _made(self, origin: str) -> dict[str, paper.Response]:
        pages = dict(paper.render(1, origin))
        paths = [path for path, truth in paper.truth().items() if truth["paper"] == paper.NAME]
        links = []
        for path in paths:
            page = pages[path]
            for number in range(COPIES):
                # Each copy is an article of its own: it claims its own address and says its number.
                body = page.body.replace(path.encode(), f"{path}-{number}".encode())
                body = body.replace(b"</h1>", f" ({number})</h1>".encode())
                pages[f"{path}-{number}"] = replace(page, body=body)
                links.append(f'<li><a href="{path}-{number}">Article number {number} of {path}</a></li>')
        front = pages["/"].body.replace(b"</body>", f"<ul>{''.join(links)}</ul></body>".encode())
        pages["/"] = replace(pages["/"], body=front)
        return pages


def measure(url: str, archive: Path) -> dict[str, float]:
    """Crawl *url* into *archive* through the real command and return what it cost."""
    host = urlsplit(url).netloc
    command = [sys.executable, ROOT / "pressmark.py", "crawl", url, "--allow-host", host, "--delay", "0"]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    process = subprocess.Popen(
        [*map(str, command), "--archive", str(archive), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    peak = [0]
    watch = threading.Thread(target=_watch, args=(process.pid, peak))
    watch.start()
    out, _ = process.communicate()
    seconds, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    watch.join()
    [report] = json.loads(out)
    articles = report["outcomes"].get("stored", 0)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "articles": articles,
        "requests": report["requests"],
        "seconds": round(seconds, 1),
        "articles a second": round(articles / seconds, 1),
        "CPU ms an article": round(1000 * cpu / max(articles, 1), 1),
        "peak MiB, all processes": peak[0] // 1024,
    }


def _watch(pid: int, peak: list[int]) -> None:
    """Keep in *peak* the most memory, in KiB, that *pid* and its children had at one time."""
    while Path(f"/proc/{pid}/smaps_rollup").exists():
        peak[0] = max(peak[0], sum(map(_pss, _family(pid))))
        time.sleep(0.2)


def _family(pid: int) -> list[int]:
    with contextlib.suppress(OSError):
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [pid, *(member for child in children for member in _family(int(child)))]
    return []


def _pss(pid: int) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0


def main() -> None:
    """Print the figures of one crawl, as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", help="a site served on loopback; without it, copies of the sample newspaper")
    url = parser.parse_args().url
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        if url is None:
            url = stack.enter_context(Copies()).url
        figures = measure(url, Path(folder) / "archive")
    print(json.dumps({"cores": os.cpu_count(), **figures}, indent=2))


if __name__ == "__main__":
    main()

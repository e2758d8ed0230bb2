"""One tool in a process of its own: it reads all pages of a job, one after the other, in one thread.

``python -m benchmarks.extraction.worker JOB.json RESULTS.json``, started by `benchmarks.extraction.runner` with the
interpreter that has the tool. All pages are in memory, and some have been read, before the clock starts. Repeats go through
all pages again, so that none finds the caches just as it left them; the CPU time of a page is the least of them. The
garbage of a page is collected after it and on its clock, whatever the tool, as the process does that reads for a crawl.
"""

import gc
import json
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks.extraction import peers
from benchmarks.extraction.pages import read_page
from benchmarks.extraction.tools import OURS, Extract, Output

WARM_UP_PAGES = 5
PAGE_SECONDS = 60
# As crawler/worker.py does it.
MAX_GARBAGE_OBJECTS = 100_000
YOUNG = 1


class OutOfTime(BaseException):
    """A page took too long. It is no `Exception`, since tools catch those."""


def main() -> None:
    """Do the job that the arguments name; print the version of the tool."""
    job = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    pages = [(read_page(Path(page["path"])), page["url"]) for page in job["pages"]]
    readers, installed = _ours(job, pages) if job["tool"] == OURS else _peer(job)
    signal.signal(signal.SIGALRM, _out_of_time)
    gc.freeze()
    gc.set_threshold(MAX_GARBAGE_OBJECTS)
    for extract, (html, url) in list(zip(readers, pages, strict=True))[:WARM_UP_PAGES]:
        measured(extract, html, url)
    results: list[dict[str, Any]] = [{"id": page["id"], "cpu_ms": float("inf")} for page in job["pages"]]
    for _ in range(job["repeat"]):
        for result, extract, (html, url) in zip(results, readers, pages, strict=True):
            if not result.get("error"):
                result["output"], cpu_ms, result["error"] = measured(extract, html, url)
                result["cpu_ms"] = min(cpu_ms, result["cpu_ms"])
    Path(sys.argv[2]).write_text(json.dumps(results), "utf-8")
    print(installed)


def _ours(job: dict[str, Any], pages: list[tuple[bytes, str]]) -> tuple[list[Extract], str]:
    """Return our cleaner once for each page, as it is for the page's site; it has no version but the source."""
    # Only here: the environments of the peers do not have what the cleaner needs.
    from benchmarks.extraction import ours, parts  # noqa: PLC0415
    from crawler.cleaner import body  # noqa: PLC0415

    if job["weights"]:
        body.WEIGHTS = Path(job["weights"])
    if job["without"]:
        parts.take_out(job["without"])
    of_site: dict[str, list[tuple[bytes, str]]] = {}
    for about, page in zip(job["pages"], pages, strict=True):
        of_site.setdefault(about["site"], []).append(page)
    readers = {site: ours.reader(its_pages) for site, its_pages in of_site.items()}
    return [readers[about["site"]] for about in job["pages"]], ""


def _peer(job: dict[str, Any]) -> tuple[list[Extract], str]:
    """Return the tool once for each page, and its version."""
    try:
        installed = version(job["distribution"])
        extract = getattr(peers, job["adapter"])()
    except (PackageNotFoundError, ImportError) as error:
        sys.exit(f"{sys.executable} has no {job['distribution']}, or not all it needs: {error}")
    return [extract] * len(job["pages"]), installed


def measured(extract: Extract, html: bytes, url: str) -> tuple[Output, float, str | None]:
    """Return what *extract* gives of a page, the CPU milliseconds it took, and its error."""
    output: Output = {}
    error = None
    began = time.process_time()
    try:
        with _limited():
            output = extract(html, url)
    except OutOfTime:
        error = f"over {PAGE_SECONDS} seconds"
    except Exception as raised:  # noqa: BLE001 - one page that a tool fails at is a finding
        error = f"{type(raised).__name__}: {raised}"[:300]
    gc.collect(YOUNG)
    return output, 1000 * (time.process_time() - began), error


@contextmanager
def _limited() -> Iterator[None]:
    signal.alarm(PAGE_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)


def _out_of_time(*_: object) -> None:
    raise OutOfTime


if __name__ == "__main__":
    main()

"""Build an archive and print what it cost: seconds, CPU seconds, peak memory over all processes, sizes.

    python -m benchmarks.build ARCHIVE [--keep]

Three builds of a copy of ARCHIVE's corpus: from nothing, again with nothing changed, and again after one article
changed. Memory is the proportional set size, summed over the builder and its workers, sampled every 20 ms (Linux).
"""

import argparse
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SAMPLE_SECONDS = 0.02
BUILD = """
import sys
from pathlib import Path
from site_builder.build import build
if __name__ == "__main__":
    report = build(Path(sys.argv[1]))
    print(report.articles, report.pages, report.written)
"""


def memory_kib(process: int) -> int:
    """Return the proportional set size of *process* and its children."""
    try:
        smaps = Path(f"/proc/{process}/smaps_rollup").read_text()
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except OSError:
        return 0
    found = re.search(r"^Pss:\s+(\d+)", smaps, re.MULTILINE)
    return (int(found[1]) if found else 0) + sum(memory_kib(int(child)) for child in children)


def measured(script: Path, archive: Path) -> dict[str, float | str]:
    """Run one build and return its figures."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, script, archive],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    peak = 0
    while process.poll() is None:
        peak = max(peak, memory_kib(process.pid))
        time.sleep(SAMPLE_SECONDS)
    seconds = time.monotonic() - began
    assert process.stdout
    assert process.returncode == 0
    articles, pages, written = process.stdout.read().split()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "articles": int(articles),
        "files": int(pages),
        "written": int(written),
        "seconds": round(seconds, 2),
        "cpu_seconds": round(cpu, 2),
        "peak_mb": round(peak / 1024),
    }


def size_kb(folder: Path) -> int:
    """Return the bytes of the files below *folder*, in kB."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) // 1000


def main() -> None:
    """Measure and print JSON, one line a build."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("archive", type=Path)
    arguments.add_argument("--keep", action="store_true", help="leave the copy that was built")
    chosen = arguments.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="pressmark-build-"))
    for name in ("corpus", "links", "sites", "runs"):
        if (chosen.archive / name).exists():
            shutil.copytree(chosen.archive / name, folder / name)
    script = folder / "run.py"
    script.write_text(BUILD)
    print(json.dumps({"build": "from nothing"} | measured(script, folder)))
    print(json.dumps({"build": "nothing changed"} | measured(script, folder)))
    text = next((folder / "corpus").rglob("*.md"))
    text.write_text(text.read_text().rstrip("\n") + " More.\n")
    print(json.dumps({"build": "one article changed"} | measured(script, folder)))
    print(json.dumps({"site_kb": size_kb(folder / "site"), "search_kb": size_kb(folder / "site/search")}))
    if chosen.keep:
        print(folder)
    else:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()

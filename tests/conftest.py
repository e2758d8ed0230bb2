"""What several test modules share: the real command, run on the sample newspaper."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from crawler.corpus import Corpus
from crawler.items import RunReport
from tests.newspaper.serve import Newspaper

# The gate gives the same answer twice; by hand every run looks at new examples.
settings.register_profile("gate", derandomize=True, deadline=None)
settings.register_profile("hand", deadline=None)
settings.load_profile("gate" if os.environ.get("CI") == "true" else "hand")

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Done:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def environment() -> dict[str, str]:
    """Warnings are shown, so that a test can see a deprecated call; the tree under test comes first."""
    return os.environ | {"PYTHONWARNINGS": "default", "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}


def pressmark(*arguments: object, cwd: Path | None = None, timeout: float = 120, stdin: bytes = b"") -> Done:
    """Run the real command and return what it came to; a traceback fails the test."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "pressmark.py"), *map(str, arguments)],
        cwd=cwd or ROOT / "tests",
        env=environment(),
        capture_output=True,
        input=stdin,
        timeout=timeout,
        check=False,
    )
    err = done.stderr.decode()
    assert "Traceback" not in err, err
    assert "ScrapyDeprecationWarning" not in err, err
    return Done(done.returncode, done.stdout.decode(), err)


def crawl(
    newspaper: Newspaper,
    archive: Path,
    *more: object,
    urls: Sequence[str] | None = None,
    command: str = "crawl",
) -> Done:
    """Crawl the first paper, or *urls*, without delay."""
    hosts = [part for host in newspaper.hosts for part in ("--allow-host", host)]
    targets = [newspaper.url] if urls is None else urls
    return pressmark(command, *targets, *hosts, "--delay", "0", "--archive", archive, "--json", *more)


def reports(archive: Path) -> list[RunReport]:
    """Return the reports of all runs, oldest first."""
    corpus = Corpus(archive)
    return [corpus.read_run(path) for path in corpus.run_paths()]


def tree(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every file under *folder* by its path."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def newspaper() -> Iterator[Newspaper]:
    """Both papers on loopback, each on a free port."""
    with Newspaper() as served:
        yield served


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Newspaper, Path]]:
    """Both papers, crawled once and built into an archive. Read it, leave it as it is."""
    archive = tmp_path_factory.mktemp("kept") / "archive"
    with Newspaper() as served:
        done = crawl(served, archive, urls=[served.url, served.second_url], command="update")
        assert done.code == 0, done.err
        yield served, archive

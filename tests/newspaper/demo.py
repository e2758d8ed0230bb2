"""The demo behind ``make demo``: crawl the sample newspaper, build its archive, and do both again after a change.

By hand: ``python -m tests.newspaper.demo [--archive archive/demo]``.
"""

import argparse
import errno
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.newspaper import paper
from tests.newspaper.serve import Newspaper, Request

PORT = 8765
OWN_FOLDERS = {"corpus", "links", "revisions", "captures", "sites", "runs", "state", "build", "site", "logs"}
"""What a run writes into an archive; a folder that holds anything else is not the demo's to wipe."""


class DemoFailed(Exception):
    """The demo cannot go on; the message says why, in one line."""


def main() -> None:
    """Run the demo, and leave with the exit code of the command that failed, if one did."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--archive", type=Path, default=Path("archive/demo"), metavar="DIR")
    try:
        _run(options.parse_args().archive)
    except DemoFailed as failure:
        sys.exit(f"demo: {failure}")
    except subprocess.CalledProcessError as failure:
        print(f"\ndemo: the command above ended with exit code {failure.returncode}", file=sys.stderr)
        sys.exit(failure.returncode if failure.returncode > 0 else 1)
    except KeyboardInterrupt:
        sys.exit(130)


def _run(archive: Path) -> None:
    begun = time.monotonic()
    program = _pressmark()
    with ExitStack() as stack:
        try:
            newspaper = stack.enter_context(Newspaper(PORT))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise DemoFailed(f"port {PORT} is taken; stop what listens there and try again") from None
        _wipe(archive)
        _tell(newspaper, archive, program)
    _say(f"Done in {time.monotonic() - begun:.0f} seconds.")


def _tell(newspaper: Newspaper, archive: Path, program: str) -> None:
    """Walk through the demo: two editions, two runs, one search, and where to look."""
    first, second = newspaper.hosts
    sites = [
        newspaper.url,
        newspaper.second_url,
        "--allow-host",
        first,
        "--allow-host",
        second,
        "--delay",
        "0.05",
    ]
    kept = ["--archive", str(archive)]

    _say(f"Two newspapers are out: {paper.NAME} and the {paper.SECOND_NAME}. Keep them both:")
    _command(program, "crawl", *sites, *kept)
    first_run = _taken(newspaper)

    _say("Make an archive of them that opens without a server:")
    _command(program, "build", *kept)

    newspaper.edition = 2
    _say(f"{paper.NAME} corrects one article. Another run fetches and rebuilds what changed:")
    _command(program, "update", *sites, *kept)
    second_run = _taken(newspaper)
    _say("What the newspapers saw of the two runs:")
    _compare(first_run, second_run)

    _say("Ask the archive:")
    _command(program, "search", "rare earth", *kept)
    _point_out(archive)


def _point_out(archive: Path) -> None:
    """Print where to look next."""
    articles = sorted((archive / "corpus").rglob("*.md"))
    shown = next((file for file in articles if "rare-earth" in file.name), None)
    searcher = "rg" if shutil.which("rg") else "grep -r"
    _say("Now look around:")
    print(f"  the archive       {(archive / 'site' / 'index.html').resolve()}")
    print(f"  the same, served  pressmark serve --archive {shlex.quote(str(archive))}")
    if shown:
        print(f"  one article       {shown}")
    print(f'  grep them all     {searcher} "rare earth" {shlex.quote(str(archive / "corpus"))}')


def _compare(*runs: Sequence[Request]) -> None:
    """Print what each of *runs* asked for and was sent, and name the pages when they are few."""
    print(f"  {'':10}{'requests':>10}{'304 not modified':>18}{'full answers':>14}")
    for name, run in zip(("first run", "second run"), runs, strict=True):
        same = sum(request.status == 304 for request in run)
        full = sum(request.status == 200 for request in run)
        print(f"  {name:10}{len(run):>10}{same:>18}{full:>14}")
    sent = [f"http://{request.host}{request.path}" for request in runs[-1] if request.status == 200]
    if len(sent) <= 12:
        print("  sent in full in the second run:", *sent, sep="\n    ")


def _taken(newspaper: Newspaper) -> list[Request]:
    """Return the requests of the run that has just ended, and forget them."""
    taken = list(newspaper.requests)
    newspaper.requests.clear()
    return taken


def _command(program: str, *arguments: str) -> None:
    """Print a command line, then run it."""
    print(f"\n$ {shlex.join(['pressmark', *arguments])}", flush=True)
    subprocess.run([program, *arguments], check=True)


def _say(text: str) -> None:
    print(f"\n{_bold(text)}", flush=True)


def _bold(text: str) -> str:
    return f"\x1b[1m{text}\x1b[0m" if sys.stdout.isatty() else text


def _pressmark() -> str:
    """Return the console script of the interpreter that runs the demo."""
    found = shutil.which("pressmark", path=Path(sys.executable).parent)
    if not found:
        raise DemoFailed("the pressmark command is not installed beside this Python; try make demo")
    return found


def _wipe(archive: Path) -> None:
    """Remove the archive of an earlier demo, and nothing else."""
    if not archive.exists():
        return
    strangers = sorted(entry.name for entry in archive.iterdir() if entry.name not in OWN_FOLDERS)
    if strangers:
        raise DemoFailed(
            f"{archive} holds {strangers[0]}, which no run wrote; name another folder with --archive"
        )
    sites = [entry.name for folder in ("corpus", "captures") for entry in (archive / folder).glob("*")]
    if foreign := [site for site in sites if not site.startswith("127.0.0.")]:
        raise DemoFailed(f"{archive} keeps {foreign[0]}; name another folder with --archive")
    shutil.rmtree(archive)


if __name__ == "__main__":
    main()

"""Whether another program replays what we keep: pywb indexes the WARCs of a small crawl and serves them over http.

``python -m benchmarks.replay --pywb-python PATH`` wants the Python of an environment in which pywb is installed
(``pip install pywb "setuptools<81"``); the project does not depend on it. Every response and every revisit is asked for
by its address and time, and its body held against the digest the record states. Exit code 1 when anything is amiss.
"""

import argparse
import contextlib
import hashlib
import html
import http.client
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from warcio.archiveiterator import ArchiveIterator

from crawler.corpus import Corpus
from tests.newspaper.serve import Newspaper, redirect, send

ROOT = Path(__file__).parent.parent
COLLECTION = "kept"
STARTS_WITHIN_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A capture that a WARC holds, and what a replay of it should send."""

    kind: str
    """``response 200``, or the last word of a revisit's profile."""
    url: str
    timestamp: str
    """14 digits, as replays name a moment."""
    status: int
    digest: str
    """``sha256:<hex>`` of the body."""


def crawl(archive: Path) -> None:
    """Crawl the sample newspaper: all of it; then corrected, with one page moved and one that has no validators; again.

    Raises:
        subprocess.CalledProcessError: a crawl failed.
    """
    with Newspaper() as newspaper:
        command = [sys.executable, ROOT / "pressmark.py", "crawl", newspaper.url, "--delay", "0"]
        command += ["--allow-host", newspaper.hosts[0], "--archive", archive]

        def run(*more: str) -> None:
            subprocess.run([*map(str, command), *more], stderr=subprocess.DEVNULL, check=True)

        run()
        corpus = Corpus(archive)
        paths = [urlsplit(corpus.read(file.stem).url).path for file in corpus.scan()]
        pages = newspaper.pages(newspaper.origin)
        newspaper.edition = 2
        newspaper.faults = {
            paths[0]: send(pages[paths[0]].body),
            paths[1]: redirect(f"{newspaper.origin}/moved/here", 308),
            "/moved/here": send(pages[paths[1]].body),
        }
        run("--recheck")
        run("--recheck")


def captures(archive: Path) -> list[Kept]:
    """Return what the WARCs of *archive* hold, in order."""
    found = []
    for path in sorted(archive.glob("captures/*/*.warc.gz")):
        with path.open("rb") as file:
            for record in ArchiveIterator(file):
                fields = dict(record.rec_headers.headers)
                if record.rec_type == "response":
                    status = int(record.http_headers.get_statuscode())
                    kind = f"response {status}"
                elif record.rec_type == "revisit":
                    status = 200  # only whole pages are asked for again
                    kind = f"revisit, {fields['WARC-Profile'].rpartition('/')[2]}"
                else:
                    continue
                found.append(
                    Kept(
                        kind=kind,
                        url=fields["WARC-Target-URI"],
                        timestamp=re.sub(r"\D", "", fields["WARC-Date"])[:14],
                        status=status,
                        digest=fields["WARC-Payload-Digest"],
                    )
                )
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Pywb:
    """pywb with our WARCs in it, serving."""

    port: int
    indexed: int
    """Lines of its index."""

    def get(self, kept: Kept, form: str) -> tuple[int, bytes]:
        """Return status and body of the replay of *kept*: as captured (``id_``) or for a browser (``mp_``)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            # Not urllib, which would follow redirects; and a 304's body is not read, as in a browser.
            connection.request("GET", f"/{COLLECTION}/{kept.timestamp}{form}/{kept.url}")
            answer = connection.getresponse()
            return answer.status, answer.read()


@contextlib.contextmanager
def replaying(archive: Path, bin_folder: Path, folder: Path) -> Iterator[Pywb]:
    """Let the pywb in *bin_folder* index *archive* and serve it from *folder*."""
    manager = str(bin_folder / "wb-manager")
    warcs = [str(path) for path in sorted(archive.glob("captures/*/*.warc.gz"))]
    for command in ([manager, "init", COLLECTION], [manager, "add", COLLECTION, *warcs]):
        subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    index = folder / "collections" / COLLECTION / "indexes" / "index.cdxj"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    serve = [str(bin_folder / "wayback"), "--bind", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(serve, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _await(port, process)
        yield Pywb(port=port, indexed=len(index.read_text().splitlines()))
    finally:
        process.terminate()
        process.wait()


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    """Return when something listens on *port*."""
    until = time.monotonic() + STARTS_WITHIN_SECONDS
    while process.poll() is None and time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.2)
    sys.exit("pywb does not start")


def check(pywb: Pywb, kept: list[Kept]) -> list[str]:
    """Print what was held against what, by kind, and return what is amiss."""
    amiss = []
    if pywb.indexed != len(kept):
        amiss.append(f"pywb has {pywb.indexed} captures in its index, the WARCs hold {len(kept)}")
    right: Counter[str] = Counter()
    for capture in kept:
        status, body = pywb.get(capture, "id_")
        found = f"sha256:{hashlib.sha256(body).hexdigest()}"
        if (status, found) == (capture.status, capture.digest):
            right[capture.kind] += 1
        else:
            wrong = f"HTTP {status} for {capture.status}" if status != capture.status else "another body"
            amiss.append(f"{capture.kind}: {wrong}: {capture.timestamp} {capture.url}")
    for kind, count in sorted(Counter(capture.kind for capture in kept).items()):
        print(f"{right[kind]:5} of {count:3}  {kind}")
    return amiss


def check_words(pywb: Pywb, kept: list[Kept], archive: Path) -> list[str]:
    """Print how many articles are replayed for a browser with all their words, and return what is amiss."""
    corpus, newest = Corpus(archive), {capture.url: capture for capture in kept}
    amiss, count = [], 0
    for file in corpus.scan():
        article = corpus.read(file.stem)
        capture = newest[article.url]
        if capture.status != 200:
            continue  # it has moved
        count += 1
        status, page = pywb.get(capture, "mp_")
        shown = set(_words(html.unescape(re.sub(r"<[^>]*>", " ", page.decode()))))
        missing = [word for word in _words(article.title + "\n" + article.body) if word not in shown]
        if status != 200 or missing:
            amiss.append(f"for a browser: HTTP {status}, {len(missing)} words missing: {article.url}")
    print(f"{count - len(amiss):5} of {count:3}  article for a browser, with all its words")
    return amiss


def _words(text: str) -> list[str]:
    """Return the words of *text*, HTML or Markdown, that are read: not addresses, nor what stands for a picture."""
    return re.findall(r"\w{4,}", re.sub(r"!\[[^\]]*\]|\]\([^)]*\)|https?://\S+", " ", text))


def main() -> None:
    """Print what was checked, and exit with 1 when anything is amiss."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pywb-python", type=Path, required=True, help="the Python pywb is installed for")
    bin_folder = parser.parse_args().pywb_python.parent.resolve()
    if not (bin_folder / "wb-manager").exists():
        sys.exit(f"{bin_folder} has no wb-manager; is pywb installed there?")
    with tempfile.TemporaryDirectory() as folder:
        archive, served = Path(folder) / "archive", Path(folder) / "pywb"
        served.mkdir()
        crawl(archive)
        kept = captures(archive)
        with replaying(archive, bin_folder, served) as pywb:
            amiss = check(pywb, kept) + check_words(pywb, kept, archive)
    for line in amiss[:20]:
        print(f"amiss: {line}", file=sys.stderr)
    if len(amiss) > 20:
        print(f"and {len(amiss) - 20} more", file=sys.stderr)
    sys.exit(bool(amiss))


if __name__ == "__main__":
    main()

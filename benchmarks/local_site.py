"""A made-up newspaper on loopback that changes as told and knows what it printed, and commands run against it.

What the benchmarks of kills, endurance and many sites share. The server is one thread with an event loop; pages are
made once, so that serving them costs little beside the crawl that is measured.
"""

import asyncio
import contextlib
import gzip
import hashlib
import html
import json
import os
import random
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from tests.newspaper import content

ROOT = Path(__file__).parent.parent

# The newspaper

NAME = "The Tidewater Record"
FIRST_DAY = datetime(2025, 3, 1, 6, tzinfo=UTC)
"""When article 0 was printed."""
HOURS_BETWEEN_ARTICLES = 3
SECTIONS = ("Harbour", "Council", "Trade", "Schools", "Weather", "Letters")
LIVELY = 3
"""One article in so many is ever changed: a sitemap most of which changed within the hour would not be believed."""
HOME_SIZE, SECTION_SIZE, FEED_SIZE, RELATED_SIZE = 40, 50, 30, 8
HTML, XML, TEXT = "text/html; charset=utf-8", "application/xml; charset=utf-8", "text/plain; charset=utf-8"

_WHO = ("Harbour board", "City council", "Tram company", "School trustees", "Port police", "River authority")
_DOES = ("approves", "delays", "defends", "publishes", "questions", "reopens", "rejects")
_WHAT = (
    "plan for the old quay",
    "winter timetable",
    "budget for repairs",
    "lease of the market hall",
    "ferry report",
)


class Page(NamedTuple):
    """What the server answers for one path."""

    body: bytes
    packed: bytes
    """The body, gzipped."""
    etag: str
    modified: datetime
    content_type: str = HTML
    status: int = 200


def page(text: str, modified: datetime, content_type: str = HTML, status: int = 200) -> Page:
    """Return *text* as a page."""
    body = text.encode()
    etag = f'"{hashlib.sha256(body).hexdigest()[:24]}"'
    return Page(body, gzip.compress(body, mtime=0), etag, modified, content_type, status)


@dataclass(slots=True)
class Entry:
    """One article as the newspaper stands now."""

    number: int
    changed: datetime
    version: int = 1
    gone: bool = False


class Request(NamedTuple):
    """One request as the server saw it."""

    time: float
    """``time.monotonic()`` when it had been read."""
    path: str
    status: int


class Paper:
    """A newspaper of numbered articles.

    Attributes:
        origin: scheme, host and port, known once it is served.
        requests: what was asked, oldest first.
        at_once, most_at_once: requests that wait for their answers now, and the most that did at one time.
    """

    def __init__(self, articles: int, *, heavy: bool = False, sitemap_size: int = 100) -> None:
        """Print *articles*; *heavy* pages carry what makes real ones 30 to 60 kB long."""
        self.origin = ""
        self.requests: list[Request] = []
        self.at_once = self.most_at_once = 0
        self._heavy, self._sitemap_size = heavy, sitemap_size
        self._entries: list[Entry] = []
        self._by_path: dict[str, Entry] = {}
        self._listings: dict[str, Page] = {}
        self.print_more(articles)

    @property
    def address(self) -> str:
        """Host and port, as ``--allow-host`` wants them."""
        return self.origin.partition("://")[2]

    def print_more(self, count: int) -> None:
        """Print *count* new articles."""
        for number in range(len(self._entries), len(self._entries) + count):
            entry = Entry(number=number, changed=published(number))
            self._entries.append(entry)
            self._by_path[path(number)] = entry
        self._listings.clear()

    def advance(self, rng: random.Random, *, new: int, changed: int, gone: int = 0) -> None:
        """Change *changed* articles and take *gone* down, as *rng* has it, and print *new* ones."""
        now = datetime.now(UTC).replace(microsecond=0)
        standing = [entry for entry in self._entries if not entry.gone]
        for entry in rng.sample([entry for entry in standing if entry.number % LIVELY == 0], changed):
            entry.version += 1
            entry.changed = now
        for entry in rng.sample([entry for entry in standing if entry.changed != now], gone):
            entry.gone = True
        self.print_more(new)

    def texts(self) -> dict[str, list[str]]:
        """Return the texts of every article ever printed, oldest first, by path."""
        return {
            path(entry.number): [text(entry.number, version) for version in range(1, entry.version + 1)]
            for entry in self._entries
        }

    def gone(self) -> set[str]:
        """Return the paths of the articles that were taken down."""
        return {path(entry.number) for entry in self._entries if entry.gone}

    def prepare(self) -> None:
        """Make every page now, so that no request waits for that; it has to be served already."""
        for path in ("/", *self._by_path):
            self.answer(path)

    def answer(self, path: str) -> Page:
        """Return the page at *path*."""
        if entry := self._by_path.get(path):
            if entry.gone:
                return page("<!doctype html><title>Gone</title><h1>Gone</h1>", FIRST_DAY, status=410)
            return article_page(entry.number, entry.version, entry.changed, self._heavy)
        if not self._listings:
            self._listings = self._made_listings()
        return self._listings.get(path) or page(
            "<!doctype html><title>Not found</title><h1>Not found</h1>", FIRST_DAY, status=404
        )

    def _made_listings(self) -> dict[str, Page]:
        """Return front page, sections, feed, sitemaps and robots.txt."""
        newest = [entry for entry in reversed(self._entries) if not entry.gone]
        changed = max(entry.changed for entry in newest)
        robots = f"User-agent: *\nDisallow: /private/\n\nSitemap: {self.origin}/sitemap.xml\n"
        pages = {
            "/": page(_listing(NAME, newest[:HOME_SIZE], ""), changed),
            "/robots.txt": page(robots, FIRST_DAY, TEXT),
            "/feed.xml": page(_feed(newest[:FEED_SIZE], self.origin), changed, XML),
        }
        for number, name in enumerate(SECTIONS):
            own = [entry for entry in newest if entry.number % len(SECTIONS) == number]
            pages |= _section_pages(name, own)
        return pages | self._sitemaps()

    def _sitemaps(self) -> dict[str, Page]:
        pages, index = {}, []
        for first in range(0, len(self._entries), self._sitemap_size):
            part = [entry for entry in self._entries[first : first + self._sitemap_size] if not entry.gone]
            stated = [(self.origin + path(entry.number), entry.changed) for entry in part]
            changed = max((entry.changed for entry in part), default=FIRST_DAY)
            where = f"/sitemap-{first // self._sitemap_size + 1}.xml"
            pages[where] = page(_sitemap("urlset", "url", stated), changed, XML)
            index.append((self.origin + where, changed))
        newest = max(changed for _, changed in index)
        return pages | {"/sitemap.xml": page(_sitemap("sitemapindex", "sitemap", index), newest, XML)}


def published(number: int) -> datetime:
    """Return when article *number* was printed."""
    return FIRST_DAY + timedelta(hours=HOURS_BETWEEN_ARTICLES * number)


@cache
def path(number: int) -> str:
    """Return the path of article *number*."""
    return f"/{published(number):%Y/%m/%d}/{content.slug(title(number))}"


@cache
def title(number: int) -> str:
    """Return the headline of article *number*."""
    rng = random.Random(f"title {number}")
    return f"{rng.choice(_WHO)} {rng.choice(_DOES)} {rng.choice(_WHAT)} after {number + 2} letters"


@cache
def text(number: int, version: int) -> str:
    """Return what article *number* says in its *version*, an empty line between paragraphs."""
    rng = random.Random(f"text {number}")
    paragraphs = _paragraphs(rng, rng.randint(9, 16))
    paragraphs[1] += f" By the evening the petition had {1000 * (number + 1) + version} signatures."
    if version > 1:
        paragraphs += _paragraphs(random.Random(f"text {number} {version}"), 1)
    return "\n\n".join(paragraphs)


def _paragraphs(rng: random.Random, count: int) -> list[str]:
    sentences = rng.sample(_sentences(), 3 * count)
    return [" ".join(sentences[3 * i : 3 * i + 3]) for i in range(count)]


@cache
def _sentences() -> list[str]:
    """Return sentences of the sample newspaper that hold nothing Markdown would have to escape."""
    found: dict[str, None] = {}
    for article in content.articles(1):
        if article.language == "en":
            for paragraph in content.paragraphs(article.blocks):
                found |= dict.fromkeys(re.split(r"(?<=\.) (?=[A-Z])", paragraph))
    return [one for one in found if re.fullmatch(r"[A-Z][A-Za-z0-9 ,’-]{40,200}\.", one)]


@cache
def article_page(number: int, version: int, changed: datetime, heavy: bool) -> Page:
    """Return the page of article *number*; all its links are relative, so that every host can serve it."""
    rng = random.Random(f"page {number}")
    headline = title(number)
    described = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": headline,
        "datePublished": published(number).isoformat(),
        "dateModified": changed.isoformat(),
        "author": [{"@type": "Person", "name": rng.choice(("Ada Marsh", "Ben Okoro", "Cleo Lind"))}],
        "publisher": {"@type": "NewsMediaOrganization", "name": NAME},
    }
    state = {"story": _paragraphs(rng, 70 if heavy else 0), "ads": "off"}
    related = range(max(0, number - (5 * RELATED_SIZE if heavy else RELATED_SIZE)), number)
    paragraphs = "\n".join(f"<p>{html.escape(one)}</p>" for one in text(number, version).split("\n\n"))
    comments = "".join(
        f'<li class="comment"><b>Reader {i}</b><p>{one}</p></li>'
        for i, one in enumerate(_paragraphs(rng, 40 if heavy else 0))
    )
    return page(
        f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{headline} | {NAME}</title>
<link rel="canonical" href="{path(number)}">
<link rel="alternate" type="application/rss+xml" title="{NAME}" href="/feed.xml">
<meta property="og:type" content="article"><meta property="og:title" content="{headline}">
<script type="application/ld+json">{json.dumps(described)}</script>
<script>window.pageState = {json.dumps(state)};</script></head>
<body>{_header()}<main><article><header><h1>{headline}</h1>
<p class="meta">{published(number):%d %B %Y}</p></header>
<div class="story-body">
{paragraphs}
</div></article>
<aside class="related"><h3>More on this</h3><ul>{"".join(map(_teaser, related))}</ul></aside>
<section class="comments" id="comments"><h3>Comments</h3><ul>{comments}</ul></section></main>{_footer()}</body></html>
""",
        changed,
    )


def _listing(heading: str, entries: Iterable[Entry], more: str) -> str:
    """Return a page that lists *entries*, and below them *more*."""
    items = "".join(
        f'<li><h2><a href="{path(entry.number)}">{title(entry.number)}</a></h2>'
        f"<p>{html.escape(text(entry.number, entry.version)[:120])}…</p></li>"
        for entry in entries
    )
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{heading}</title>'
        f'<link rel="alternate" type="application/rss+xml" title="{NAME}" href="/feed.xml"></head>'
        f"<body>{_header()}<main><h1>{heading}</h1><ul>{items}</ul>{more}</main>{_footer()}</body></html>\n"
    )


def _section_pages(name: str, entries: Sequence[Entry]) -> dict[str, Page]:
    """Return the pages of the section called *name*, of `SECTION_SIZE` articles each."""
    first = f"/{name.lower()}/"
    starts = range(0, max(len(entries), 1), SECTION_SIZE)
    paths = [first, *(f"{first}page/{number}/" for number in range(2, len(starts) + 1))]
    pages = {}
    for number, (where, start) in enumerate(zip(paths, starts, strict=True), 1):
        part = entries[start : start + SECTION_SIZE]
        older = f'<p><a rel="next" href="{paths[number]}">Older</a></p>' if number < len(paths) else ""
        changed = max((entry.changed for entry in part), default=FIRST_DAY)
        pages[where] = page(_listing(f"{name} | {NAME}", part, older), changed)
    return pages


def _header() -> str:
    sections = "".join(f'<li><a href="/{name.lower()}/">{name}</a></li>' for name in SECTIONS)
    return f'<header><a href="/">{NAME}</a><nav><ul>{sections}</ul></nav></header>'


def _footer() -> str:
    return f"<footer><p>© {NAME}. All rights reserved.</p></footer>"


def _teaser(number: int) -> str:
    return f'<li><a href="{path(number)}">{title(number)}</a></li>'


def _sitemap(root: str, item: str, stated: Iterable[tuple[str, datetime]]) -> str:
    items = "".join(
        f"<{item}><loc>{url}</loc><lastmod>{when.isoformat()}</lastmod></{item}>\n" for url, when in stated
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<{root} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{items}</{root}>\n'
    )


def _feed(entries: Iterable[Entry], origin: str) -> str:
    items = "".join(
        f"<item><title>{title(entry.number)}</title><link>{origin}{path(entry.number)}</link>"
        f"<pubDate>{format_datetime(published(entry.number), usegmt=True)}</pubDate></item>\n"
        for entry in entries
    )
    return (
        f'<?xml version="1.0"?>\n<rss version="2.0"><channel><title>{NAME}</title>\n{items}</channel></rss>\n'
    )


# The server


BEAT_SECONDS = 0.02


class Served:
    """Papers on loopback addresses, each on a free port, from ``with`` to the end of its block.

    Attributes:
        late_seconds: by how much the server came late to a beat every `BEAT_SECONDS`; so may the times of requests.
    """

    def __init__(self, papers: Mapping[str, Paper], *, latency_seconds: float) -> None:
        """Serve each of *papers* at its address; every answer takes *latency_seconds*."""
        self.late_seconds: list[float] = []
        self._papers, self._latency = papers, latency_seconds
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        for address, paper in self._papers.items():
            starting = asyncio.run_coroutine_threadsafe(self._listen(address, paper), self._loop)
            paper.origin = f"http://{address}:{starting.result()}"
        self._loop.call_soon_threadsafe(self._beat, time.monotonic())
        return self

    def _beat(self, expected: float) -> None:
        now = time.monotonic()
        self.late_seconds.append(now - expected)
        self._loop.call_later(BEAT_SECONDS, self._beat, now + BEAT_SECONDS)

    async def _listen(self, address: str, paper: Paper) -> int:
        server = await self._loop.create_server(lambda: _Connection(paper, self._latency), address, 0)
        port: int = server.sockets[0].getsockname()[1]
        return port

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()


class _Connection(asyncio.Protocol):
    """One connection, kept alive: as much of HTTP/1.1 as a crawler's GET needs."""

    def __init__(self, paper: Paper, latency: float) -> None:
        self._paper, self._latency = paper, latency
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep *transport*."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each request that is whole."""
        self._received += data
        while b"\r\n\r\n" in self._received:
            head, _, self._received = self._received.partition(b"\r\n\r\n")
            self._asked(head.decode("latin-1"))

    def _asked(self, head: str) -> None:
        paper, arrived = self._paper, time.monotonic()
        first, *lines = head.split("\r\n")
        target = first.split(" ")[1].partition("?")[0]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        answer = paper.answer(target)
        status = 304 if _is_held(headers, answer) else answer.status
        paper.requests.append(Request(arrived, target, status))
        paper.at_once += 1
        paper.most_at_once = max(paper.most_at_once, paper.at_once)
        sent = _response(status, headers, answer)
        asyncio.get_running_loop().call_later(self._latency, self._send, sent)

    def _send(self, data: bytes) -> None:
        self._paper.at_once -= 1
        if not self._transport.is_closing():
            self._transport.write(data)


def _is_held(headers: Mapping[str, str], answer: Page) -> bool:
    """Whether the client's validators match *answer* (RFC 9110, 13.1)."""
    if answer.status != 200:
        return False
    if known := headers.get("if-none-match"):
        return answer.etag in known
    since = headers.get("if-modified-since")
    return since is not None and answer.modified <= parsedate_to_datetime(since)


def _response(status: int, headers: Mapping[str, str], answer: Page) -> bytes:
    packed = "gzip" in headers.get("accept-encoding", "")
    body = b"" if status == 304 else answer.packed if packed else answer.body
    lines = [f"HTTP/1.1 {status} ", f"Content-Type: {answer.content_type}"]
    if answer.status == 200:
        stamp = format_datetime(answer.modified, usegmt=True)
        lines += [f"ETag: {answer.etag}", f"Last-Modified: {stamp}", "Vary: Accept-Encoding"]
    if status != 304:
        lines.append(f"Content-Length: {len(body)}")
        if packed:
            lines.append("Content-Encoding: gzip")
    return "\r\n".join([*lines, "", ""]).encode() + body


# The commands

GRACE_SECONDS = 2.0


class Sample(NamedTuple):
    """What the processes of a command used at one moment."""

    time: float
    """``time.monotonic()``."""
    memory_kib: int
    """Proportional set size of all its processes."""
    open_files: int
    """Of all its processes."""
    cpu_seconds: dict[int, float]
    """Used so far, by process id."""


@dataclass(slots=True)
class Ended:
    """What a command came to."""

    code: int
    out: str
    err: str
    process_id: int
    began: float
    """``time.monotonic()``, as `ended`."""
    ended: float
    samples: list[Sample] = field(default_factory=list)
    left_over: int = 0
    """Processes of it that were still there `GRACE_SECONDS` after its end."""

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.ended - self.began

    @property
    def peak_mib(self) -> int:
        """The most memory that all its processes had at one time."""
        return max((sample.memory_kib for sample in self.samples), default=0) // 1024


def begin(*arguments: object, err: int) -> "subprocess.Popen[bytes]":
    """Begin ``pressmark`` with *arguments*, in a session of its own; its messages go to the file *err*."""
    return subprocess.Popen(
        [sys.executable, str(ROOT / "pressmark.py"), *map(str, arguments)],
        cwd=ROOT / "benchmarks",
        env=os.environ | {"PYTHONPATH": str(ROOT), "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=err,
        start_new_session=True,
    )


def run(*arguments: object, messages: Path, every_seconds: float | None = None) -> Ended:
    """Run ``pressmark`` to its end, its messages in the file *messages*, sampled *every_seconds*."""
    samples: list[Sample] = []
    began = time.monotonic()
    with messages.open("wb") as err:
        process = begin(*arguments, err=err.fileno())
        if every_seconds is not None:
            threading.Thread(target=_watch, args=(process.pid, every_seconds, samples), daemon=True).start()
        out, _ = process.communicate()
    ended = time.monotonic()
    return Ended(
        code=process.returncode,
        out=out.decode(),
        err=messages.read_text(errors="replace"),
        process_id=process.pid,
        began=began,
        ended=ended,
        samples=samples,
        left_over=_left_over(process.pid),
    )


def session(leader: int) -> list[int]:
    """Return the processes of the session that *leader* began."""
    members = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            status = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(status[3]) == leader and status[0] != "Z":
                members.append(int(folder.name))
    return members


def _left_over(leader: int) -> int:
    """Return how many processes of the session of *leader*, which has ended, do not end with it."""
    deadline = time.monotonic() + GRACE_SECONDS
    while (members := session(leader)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return len(members)


def _watch(leader: int, every_seconds: float, samples: list[Sample]) -> None:
    while members := session(leader):
        samples.append(
            Sample(
                time=time.monotonic(),
                memory_kib=sum(map(_memory_kib, members)),
                open_files=sum(map(_open_files, members)),
                cpu_seconds={member: _cpu_seconds(member) for member in members},
            )
        )
        time.sleep(every_seconds)


def _memory_kib(process: int) -> int:
    with contextlib.suppress(OSError):
        found = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{process}/smaps_rollup").read_text(), re.MULTILINE)
        return int(found[1]) if found else 0
    return 0


def _open_files(process: int) -> int:
    with contextlib.suppress(OSError):
        return sum(1 for _ in Path(f"/proc/{process}/fd").iterdir())
    return 0


def _cpu_seconds(process: int) -> float:
    with contextlib.suppress(OSError):
        status = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        return (int(status[11]) + int(status[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


# The results


def progress(said: str) -> None:
    """Show *said* in place of what was shown before, where a person is looking."""
    if sys.stderr.isatty():
        print(f"\r{said} ", end="", file=sys.stderr, flush=True)


def table(rows: Sequence[Sequence[object]]) -> str:
    """Return *rows*, the first of them the headings, as columns, all but the first aligned at their right."""
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = []
    for first, *others in cells:
        line = [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        lines.append("  ".join([first.ljust(widths[0]), *line]).rstrip())
    return "\n".join(lines)

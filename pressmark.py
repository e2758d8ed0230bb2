"""The front door: Pressmark's command line."""

import errno
import functools
import http.server
import json
import logging
import sqlite3
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec

import click
import msgspec

if TYPE_CHECKING:  # loaded by the commands that need them: a search should not wait for the crawler
    from crawler.config import Config
    from crawler.items import RunReport, Site
    from site_builder.build import BuildReport

DONE, NO, USAGE, SITE_FAILED, DISK, BUSY = 0, 1, 2, 3, 74, 75
STOPPED = 130
"""By Ctrl-C or a signal to end, as shells say it."""

P = ParamSpec("P")


class Day(click.ParamType[date]):
    """A calendar day on the command line."""

    name = "YYYY-MM-DD"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Return *value* as a date."""
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no day; write it as 2026-01-31", param, ctx)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="pressmark")
def main() -> None:
    """Keep news sites: crawl them, clean their articles into Markdown, build a searchable archive."""


def common(command: Callable[P, None]) -> Callable[P, None]:
    """Give *command* the options every command takes, and errors of one line instead of tracebacks."""

    @click.option("--archive", type=click.Path(path_type=Path, file_okay=False), default="archive", show_default=True,
                  help="Folder of the archive.")  # fmt: skip
    @click.option("--config", "config_path", type=click.Path(path_type=Path, dir_okay=False),
                  help="Configuration file.  [default: pressmark.toml, if there is one]")  # fmt: skip
    @functools.wraps(command)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except KeyboardInterrupt:
            _fail("stopped; run it again to go on", STOPPED)
        except BrokenPipeError:  # the reader of our output has seen enough
            sys.stderr.close()
            sys.exit(DONE)
        except Exception as error:
            if (code := _exit_code(error)) is None:
                raise
            _fail(_message(error), code)

    return guarded


def _exit_code(error: Exception) -> int | None:
    """Return the exit code of an expected *error*, or ``None`` for a bug."""
    from crawler.corpus import BadCorpusFile  # noqa: PLC0415

    name = type(error).__name__
    if name in {"BadConfig", "BadState", "IdClash"} or isinstance(error, BadCorpusFile):
        return USAGE
    if name in {"SiteBusy", "BuildRunning"}:
        return BUSY
    if name == "DiskFull" or isinstance(error, sqlite3.OperationalError):
        return DISK
    if isinstance(error, OSError):
        unwritable = {
            errno.ENOSPC,
            errno.EROFS,
            errno.EDQUOT,
            errno.EACCES,
            errno.EPERM,
            errno.EMFILE,
            errno.EIO,
            None,
        }
        return DISK if error.errno in unwritable else USAGE
    return None


def _message(error: Exception) -> str:
    """Return *error* as one line that says what to do where that is known."""
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "the disk is full; make room and run it again: what was stored is whole, and the run goes on from there"
    return str(error)


def _fail(message: str, code: int) -> None:
    click.echo(f"pressmark: {message}", err=True)
    sys.exit(code)


def crawl_options(command: Callable[P, None]) -> Callable[P, None]:
    """Give *command* what `crawl` and `update` share."""
    options = [
        click.argument("targets", metavar="[SITE|URL]...", nargs=-1),
        click.option("--since", type=Day(), help="Only articles published on this day or later."),
        click.option("--until", type=Day(), help="Only articles published on this day or earlier."),
        click.option("--limit", type=click.IntRange(min=1), help="Store at most this many articles a site."),
        click.option("--recheck", is_flag=True, help="Ask again for every held article (conditional requests)."),
        click.option("--delay", type=click.FloatRange(min=0), metavar="SECONDS",
                     help="Gap between requests to a host; below 1 only for an --allow-host."),
        click.option("--allow-host", "allow_hosts", multiple=True, metavar="HOST:PORT",
                     help="Admit a loopback or private address."),
        click.option("--json", "as_json", is_flag=True, help="Print the result as JSON."),
    ]  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


@main.command()
@crawl_options
@common
def crawl(archive: Path, config_path: Path | None, as_json: bool, **options: Any) -> None:
    """Fetch what is new, due or said to have changed; with no SITE, of every site that is known.

    A named site or URL always has its listings polled now.
    """
    reports, code = _crawl(archive, _config(config_path), **options)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(reports), indent=2))
    sys.exit(code)


@main.command()
@click.option("--full", is_flag=True, help="Render every page anew.")
@click.option("--explain", metavar="PAGE", help="Say what a page is made of and whether it is up to date.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@common
def build(archive: Path, config_path: Path | None, full: bool, explain: str | None, as_json: bool) -> None:
    """Build the searchable archive from the corpus; only pages whose inputs changed are rendered."""
    config = _config(config_path)
    _require(archive)
    if explain:
        from site_builder.build import explain as explain_page  # noqa: PLC0415

        told = explain_page(archive, explain, **_presentation(config))
        if told is None:
            _fail(f"no page of this archive has the path {explain!r}", NO)
        click.echo(told, nl=False)
        return
    report = _build(archive, config, full=full)
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(report), indent=2))


@main.command()
@crawl_options
@common
def update(archive: Path, config_path: Path | None, as_json: bool, **options: Any) -> None:
    """Crawl, then build: what a schedule calls."""
    config = _config(config_path)
    reports, code = _crawl(archive, config, **options)
    report = _build(archive, config)
    if as_json:
        click.echo(
            json.dumps(
                {"crawl": msgspec.to_builtins(reports), "build": msgspec.to_builtins(report)}, indent=2
            )
        )
    sys.exit(code)


@main.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True)
@common
def serve(archive: Path, config_path: Path | None, port: int) -> None:
    """Look at the built archive in a browser, on this machine only."""
    _config(config_path)
    folder = archive / "site"
    if not (folder / "index.html").exists():
        _fail(f"{folder} holds no built archive yet; run: pressmark build --archive {archive}", USAGE)
    handler = functools.partial(_ArchiveHandler, directory=str(folder))
    try:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError as error:
        _fail(f"port {port} cannot be had ({error.strerror}); choose another with --port", USAGE)
    with server:
        click.echo(f"http://127.0.0.1:{server.server_address[1]}/  (Ctrl-C ends it)")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            click.echo()


class _ArchiveHandler(http.server.SimpleHTTPRequestHandler):
    """Serves files and the archive's own page for what is not there; logs nothing."""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer 404 with the archive's page."""
        assert self.directory is not None
        page = Path(self.directory) / "404.html"
        if code != http.HTTPStatus.NOT_FOUND or not page.exists():
            super().send_error(code, message, explain)
            return
        body = page.read_bytes()
        self.send_response(code)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base class's name)
        """Log nothing."""


@main.command()
@click.argument("query")
@click.option("--site", help="Only articles of this site.")
@click.option("--json", "as_json", is_flag=True, help="Print the matches as JSON lines.")
@common
def search(archive: Path, config_path: Path | None, query: str, site: str | None, as_json: bool) -> None:
    """Search the corpus, folding case, accents, quotes and dashes; exit 1 when nothing matches."""
    from crawler.corpus import Corpus  # noqa: PLC0415
    from crawler.search import search_corpus  # noqa: PLC0415

    _config(config_path)
    _require(archive)
    if site is not None and site not in (held := Corpus(archive).sites()):
        _fail(f"no site is called {site!r}; held are: {', '.join(held)}", USAGE)
    found = 0
    for match in search_corpus(archive, query, site=site):
        found += 1
        if as_json:
            click.echo(msgspec.json.encode(match))
            continue
        click.echo(
            f"{click.style(match.title, bold=True)}\n  {match.date or 'undated'} · {match.site} · {match.path}"
        )
        for line in match.lines:
            before, hit, after = line
            click.echo(f"    {before}{click.style(hit, fg='red', bold=True)}{after}")
    if not found:
        _fail(f"no article has {query!r}", NO)
    if not as_json:
        click.echo(f"\n{found} article{'s' if found != 1 else ''}")


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--url", required=True, help="Address the page was saved from.")
@click.option("--json", "as_json", is_flag=True, help="Print the article as JSON, with its links.")
@click.option("--explain", is_flag=True, help="Say where each value came from and which lines fell, and why.")
@common
def clean(
    archive: Path, config_path: Path | None, file: Path, url: str, as_json: bool, explain: bool
) -> None:
    """Clean one saved page: print its article, or exit 1 with the reason why it is none."""
    from crawler.cleaner import NotAnArticle  # noqa: PLC0415
    from crawler.cleaner import clean as clean_html  # noqa: PLC0415
    from crawler.cleaner import explain as explain_html  # noqa: PLC0415
    from crawler.corpus import as_record, dump  # noqa: PLC0415
    from crawler.page import parse  # noqa: PLC0415
    from crawler.urls import canonicalize  # noqa: PLC0415

    _config(config_path)
    address = canonicalize(url)
    if address is None:
        _fail(f"--url {url!r} is no http or https address", USAGE)
        return
    try:
        html = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        _fail(f"{file}: {error.strerror}", USAGE)
        return
    try:
        if explain:
            told = explain_html(parse(html, address))
            click.echo("\n".join(told.lines()))
            if told.cleaned is None:
                sys.exit(NO)
            return
        article = clean_html(html, address)
    except NotAnArticle as error:
        _fail(f"no article: {error}", NO)
        return
    click.echo(
        json.dumps(as_record(article), ensure_ascii=False, indent=2) if as_json else dump(article), nl=as_json
    )


@main.group()
def export() -> None:
    """Write the corpus in another form."""


@export.command()
@common
def jsonl(archive: Path, config_path: Path | None) -> None:
    """Print every article as one line of JSON, sorted by id: front matter, body and links."""
    from crawler.corpus import BadCorpusFile, Corpus, as_record  # noqa: PLC0415

    _config(config_path)
    _require(archive)
    corpus = Corpus(archive)
    stems = sorted(
        (file.stem for file in corpus.scan()), key=lambda stem: stem.rpartition("/")[2].rpartition("-")[2]
    )
    bad = 0
    for stem in stems:
        try:
            click.echo(json.dumps(as_record(corpus.read(stem)), ensure_ascii=False))
        except BadCorpusFile as error:
            bad += 1
            click.echo(f"pressmark: left out: {error}", err=True)
    if bad:
        sys.exit(NO)


def _require(archive: Path) -> None:
    """End with a clear word when *archive* is not there: a mistyped name should not pass for an empty archive."""
    if not archive.is_dir():
        _fail(f"{archive}: no such archive; pressmark crawl makes one", USAGE)


def _config(path: Path | None) -> "Config":
    from crawler.config import load_config  # noqa: PLC0415

    return load_config(path or Path("pressmark.toml"), required=path is not None)


def _presentation(config: "Config") -> dict[str, Any]:
    return msgspec.structs.asdict(config.archive)


def _build(archive: Path, config: "Config", *, full: bool = False) -> "BuildReport":
    from crawler.progress import build_progress  # noqa: PLC0415
    from site_builder.build import build as build_archive  # noqa: PLC0415

    with build_progress() as progress:
        report = build_archive(archive, **_presentation(config), full=full, progress=progress)
    click.echo(
        f"{archive / 'site' / 'index.html'}: {report.articles} articles on {report.pages} pages,"
        f" {report.written} written, {report.pruned} pruned",
        err=True,
    )
    for stem, reason in report.bad_files:
        click.echo(f"pressmark: {stem}: left out: {reason}", err=True)
    return report


def _crawl(
    archive: Path,
    config: "Config",
    *,
    targets: tuple[str, ...],
    since: date | None,
    until: date | None,
    limit: int | None,
    recheck: bool,
    delay: float | None,
    allow_hosts: tuple[str, ...],
) -> tuple[tuple["RunReport", ...], int]:
    from crawler.crawl import crawl as crawl_sites  # noqa: PLC0415
    from crawler.gate import Options  # noqa: PLC0415
    from crawler.progress import crawl_progress, summary  # noqa: PLC0415

    allowed = frozenset(_host_and_port(entry) for entry in allow_hosts)
    if since and until and since > until:
        raise click.UsageError(f"--since {since} is later than --until {until}")
    if delay is not None and delay < 1 and not allowed:
        raise click.UsageError("--delay below 1 second is only for an address named with --allow-host")
    sites, left_out = _sites(archive, config, targets)
    for message in left_out:
        click.echo(f"pressmark: left out: {message}", err=True)
    _log_to(archive / "logs" / "pressmark.log")
    options = Options(
        since=since,
        until=until,
        limit=limit,
        recheck=recheck,
        poll=bool(targets),
        delay_seconds=delay,
        allowed_hosts=allowed,
    )
    with crawl_progress() as on_progress:
        crawled = crawl_sites(sites, archive, config=config.crawl, options=options, on_progress=on_progress)
    for report in crawled.reports:
        click.echo(summary(report), err=True)
    for name in crawled.busy:
        click.echo(f"pressmark: {name}: another run holds it; wait for it to end", err=True)
    for message in crawled.unusable:
        click.echo(f"pressmark: {message}", err=True)
    if not crawled.reports:
        sys.exit(USAGE if crawled.unusable else BUSY)
    if any(report.finished == "stopped" for report in crawled.reports):
        _fail("stopped; run it again to go on", STOPPED)
    failed = left_out or crawled.unusable or any(report.failed for report in crawled.reports)
    return crawled.reports, SITE_FAILED if failed else BUSY if crawled.busy else DONE


def _sites(archive: Path, config: "Config", targets: Iterable[str]) -> tuple[list["Site"], list[str]]:
    """Return the sites that *targets* name; with none, all that are configured or held, and why others are left out."""
    from crawler.config import BadConfig, site_at  # noqa: PLC0415
    from crawler.corpus import BadCorpusFile, Corpus  # noqa: PLC0415
    from crawler.items import Site  # noqa: PLC0415

    corpus = Corpus(archive)
    known: dict[str, Site] = {}
    bad: dict[str, str] = {}
    for name in corpus.sites():
        try:
            if record := corpus.site_record(name):
                known[name] = Site(name=name, start=record.start)
        except BadCorpusFile as error:
            bad[name] = f"{error}; name the site's address to have it made anew"
    known |= {site.name: site for site in config.sites()}
    chosen = {}
    for target in targets:
        site = known.get(target) or site_at(target)
        # A site that is known keeps its rules when it is named by an address; this run begins at that address.
        held = known.get(site.name, site)
        chosen[site.name] = held if target in known else replace(held, start=site.start)
    if not targets:
        chosen = known
    if not chosen:
        nothing = "no site to crawl; name one: pressmark crawl https://news.example/"
        raise BadConfig("; ".join(bad.values()) or nothing)
    return list(chosen.values()), [] if targets else [bad[name] for name in sorted(bad.keys() - known.keys())]


def _host_and_port(entry: str) -> str:
    host, _, port = entry.rpartition(":")
    if not host or not port.isdigit():
        raise click.UsageError(f"--allow-host {entry!r} is not HOST:PORT, e.g. 127.0.0.1:8765")
    return f"{host.strip('[]').lower()}:{port}"


def _log_to(path: Path) -> None:
    """Write one line per event to *path*, rotated by size; to standard error too when that is no terminal."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handlers: list[logging.Handler] = [
        RotatingFileHandler(path, maxBytes=10_000_000, backupCount=5, encoding="utf-8")
    ]
    if not sys.stderr.isatty():
        handlers.append(logging.StreamHandler())
    for handler in handlers:
        handler.addFilter(
            lambda record: record.levelno >= logging.WARNING or record.name.startswith("crawler")
        )
        handler.setFormatter(_OneLine("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%SZ"))
    logging.basicConfig(level=logging.WARNING, handlers=handlers, force=True)
    logging.getLogger("crawler").setLevel(logging.INFO)


class _OneLine(logging.Formatter):
    """One line an event, control characters escaped, times in UTC."""

    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        """Return *record* as one line."""
        text = super().format(record)
        return "".join(
            char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
        )


if __name__ == "__main__":
    main()

"""The front door: Pressmark's command line."""

import errno
import functools
import http.server
import json
import logging
import sqlite3
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec

import click
import msgspec

if TYPE_CHECKING:  # loaded by the commands that need them: a search should not wait for the crawler
    from crawler.config import Config
    from crawler.items import RunReport
    from crawler.offline import Skipped
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
    if isinstance(error, sqlite3.DatabaseError):
        return USAGE
    if isinstance(error, OSError):
        unwritable = {
            errno.ENOSPC,
            errno.EROFS,
            errno.EDQUOT,
            errno.EACCES,
            errno.EPERM,
            errno.EMFILE,
            errno.EAGAIN,
            errno.ENOMEM,
            errno.EIO,
            None,
        }
        return DISK if error.errno in unwritable else USAGE
    return None


def _message(error: Exception) -> str:
    """Return *error* as one line that says what to do where that is known."""
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "the disk is full; make room and run it again: what was stored is whole, and the run goes on from there"
    if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
        return (
            f"a state file is damaged ({error}); pressmark verify says which, --rebuild-state makes it anew"
        )
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
        _print_json(reports)
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
    """Clean one saved page: print its article, or exit 1 with the reason why it is none.

    What the archive remembers of the page's site is used, if it holds that site.
    """
    from crawler.cleaner import NotAnArticle  # noqa: PLC0415
    from crawler.cleaner import clean as clean_html  # noqa: PLC0415
    from crawler.cleaner import explain as explain_html  # noqa: PLC0415
    from crawler.corpus import Corpus, as_record, dump  # noqa: PLC0415
    from crawler.page import parse  # noqa: PLC0415
    from crawler.run import utc_now  # noqa: PLC0415
    from crawler.urls import canonicalize, site_name  # noqa: PLC0415
    from crawler.worker import limits  # noqa: PLC0415

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
    memory = Corpus(archive).memory(site_name(address))
    try:
        with limits():
            if explain:
                told = explain_html(parse(html, address), memory=memory, captured=utc_now())
                click.echo("\n".join(told.lines()))
                if told.cleaned is None:
                    sys.exit(NO)
                return
            # Saved before now, and nobody knows when.
            article = replace(clean_html(html, address, memory=memory, captured=utc_now()), captured=None)
    except (NotAnArticle, MemoryError, TimeoutError) as error:
        _fail(f"no article: {error}", NO)
        return
    click.echo(
        json.dumps(as_record(article), ensure_ascii=False, indent=2) if as_json else dump(article), nl=as_json
    )


@main.command()
@click.argument("sites", metavar="[SITE]...", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print all that is known as JSON.")
@common
def status(archive: Path, config_path: Path | None, sites: tuple[str, ...], as_json: bool) -> None:
    """Say what is held of each site, what is due, and how its last run went; of a SITE named, its listings too."""
    from crawler.run import utc_now  # noqa: PLC0415
    from crawler.sites import held_sites  # noqa: PLC0415
    from crawler.status import lines  # noqa: PLC0415
    from crawler.status import status as status_of  # noqa: PLC0415

    config = _config(config_path)
    configured = [site.name for site in config.sites()]
    if not configured:
        _require(archive)
    names = sites or dict.fromkeys([*configured, *held_sites(archive, ())])
    held_sites(archive, [name for name in sites if name not in configured])
    told = status_of(names, archive, utc_now())
    if as_json:
        _print_json(told)
        return
    for one in told:
        click.echo("\n".join(lines(one, utc_now(), full=bool(sites))))


@main.command()
@click.argument("url")
@click.option("--allow-host", "allow_hosts", multiple=True, metavar="HOST:PORT",
              help="Take a loopback or private address for one that may be asked.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print all that is known as JSON.")
@common
def explain(
    archive: Path, config_path: Path | None, url: str, allow_hosts: tuple[str, ...], as_json: bool
) -> None:
    """Say why URL is as it is: found where, classed why, fetched when, kept or refused why, next when."""
    from crawler.explain import explain_url, lines  # noqa: PLC0415
    from crawler.gate import Options  # noqa: PLC0415
    from crawler.run import utc_now  # noqa: PLC0415
    from crawler.sites import held_sites, site_called  # noqa: PLC0415
    from crawler.urls import canonicalize  # noqa: PLC0415

    config = _config(config_path)
    _require(archive)
    address = canonicalize(url)
    if address is None:
        _fail(f"{url!r} is no http or https address", USAGE)
        return
    names = dict.fromkeys([*(site.name for site in config.sites()), *held_sites(archive, ())])
    sites = [site_called(name, archive, config) for name in names]
    options = Options(allowed_hosts=frozenset(_host_and_port(entry) for entry in allow_hosts))
    told = explain_url(address, sites, archive, config=config.crawl, options=options, now=utc_now())
    if told is None:
        _fail(f"{address} is no page of a site that is held or configured", NO)
    elif as_json:
        _print_json(told)
    else:
        click.echo("\n".join(lines(told, utc_now())))


@main.command()
@click.argument("sites", metavar="[SITE]...", nargs=-1)
@click.option("--force", is_flag=True, help="Write files that were edited by hand anew, too.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@common
def reclean(
    archive: Path, config_path: Path | None, sites: tuple[str, ...], force: bool, as_json: bool
) -> None:
    """Clean the captures again, by today's cleaner and without network; nothing changed means no byte changes."""
    from crawler.logs import log_to  # noqa: PLC0415
    from crawler.offline import reclean_sites  # noqa: PLC0415
    from crawler.progress import bar_progress  # noqa: PLC0415

    config = _config(config_path)
    _require(archive)
    log_to(archive / "logs" / "pressmark.log")
    with bar_progress() as progress:
        done, skipped = reclean_sites(archive, config, sites, force=force, on_progress=progress)
    for one in done:
        click.echo(
            f"{one.site}: {one.unchanged} files unchanged, {one.rewritten} rewritten, {one.new} new articles,"
            f" {len(one.kept)} kept as they are",
            err=True,
        )
        for kept in one.kept:
            click.echo(f"  kept: {kept.url}: {kept.reason}", err=True)
    if as_json:
        _print_json(done)
    _exit_skipped(skipped, DONE)


@main.command("import")
@click.argument("files", metavar="FILE.warc.gz...", nargs=-1, required=True,
                type=click.Path(path_type=Path, dir_okay=False))  # fmt: skip
@click.option("--site", "only", multiple=True, help="Only articles of this site; may be given again.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@common
def import_(
    archive: Path, config_path: Path | None, files: tuple[Path, ...], only: tuple[str, ...], as_json: bool
) -> None:
    """Take the articles of other people's WARCs into the archive, e.g. of Common Crawl's CC-NEWS."""
    from crawler.logs import log_to  # noqa: PLC0415
    from crawler.offline import import_files  # noqa: PLC0415
    from crawler.progress import bar_progress, counts  # noqa: PLC0415

    config = _config(config_path)
    for file in files:
        if not file.is_file():
            _fail(f"{file}: no such file", USAGE)
    log_to(archive / "logs" / "pressmark.log")
    with bar_progress() as progress:
        told = import_files(archive, config, files, only=only, on_progress=progress)
    click.echo(f"{told.records} records: {counts(told.outcomes) or 'none of them a page'}", err=True)
    for site, count in told.sites.most_common(10):
        click.echo(f"  {count} of {site}", err=True)
    if len(told.sites) > 10:
        click.echo(f"  and {sum(told.sites.values())} in all, of {len(told.sites)} sites", err=True)
    for reason, count in told.reasons.most_common(10):
        click.echo(f"  {count} × {reason}", err=True)
    for message in told.broken:
        click.echo(f"pressmark: {message}", err=True)
    if as_json:
        _print_json(told)
    sys.exit(NO if told.broken else DONE)


@main.command()
@click.argument("sites", metavar="[SITE]...", nargs=-1)
@click.option("--rebuild-state", is_flag=True, help="First make the state anew from captures and corpus.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@common
def verify(
    archive: Path, config_path: Path | None, sites: tuple[str, ...], rebuild_state: bool, as_json: bool
) -> None:
    """Check that corpus, links, revisions, captures, state and reports agree; exit 1 and say where they do not."""
    from crawler.logs import log_to  # noqa: PLC0415
    from crawler.offline import rebuild_states, verify_sites  # noqa: PLC0415
    from crawler.progress import bar_progress  # noqa: PLC0415

    config = _config(config_path)
    _require(archive)
    skipped: list[Skipped] = []
    if rebuild_state:
        log_to(archive / "logs" / "pressmark.log")
        with bar_progress() as progress:
            rebuilt, skipped = rebuild_states(archive, config, sites, on_progress=progress)
        for made in rebuilt:
            click.echo(
                f"{made.site}: made anew from {made.captures} captures: {made.links} links, {made.articles} articles,"
                f" {made.without_capture} of them without a capture",
                err=True,
            )
    with bar_progress() as progress:
        told, busy = verify_sites(archive, sites, on_progress=progress)
    for one in told:
        click.echo(
            f"{one.site}: {one.articles} articles, {one.revisions} earlier texts, {one.captures} captures:"
            f" {f'{len(one.findings)} do not agree' if one.findings else 'all agree'}",
            err=True,
        )
        for finding in one.findings:
            click.echo(f"  {finding.where}: {finding.what}", err=True)
        for note in one.notes:
            click.echo(f"  note: {note.where}: {note.what}", err=True)
    if as_json:
        _print_json(told)
    _exit_skipped([*skipped, *busy], NO if any(one.findings for one in told) else DONE)


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


def _exit_skipped(skipped: "list[Skipped]", code: int) -> None:
    """Name the sites that were left out, and end with *code*, or with the one they stand for."""
    for site in {one.site: one for one in skipped}.values():
        reason = "another run holds it; wait for it to end" if site.busy else site.reason
        click.echo(f"pressmark: {site.site}: {reason}", err=True)
    if skipped and code == DONE:
        code = BUSY if all(one.busy for one in skipped) else USAGE
    sys.exit(code)


def _print_json(told: object) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(told), indent=2))


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
    from crawler.progress import bar_progress  # noqa: PLC0415
    from site_builder.build import build as build_archive  # noqa: PLC0415

    with bar_progress() as progress:
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
    from crawler.logs import log_to  # noqa: PLC0415
    from crawler.progress import crawl_progress, summary  # noqa: PLC0415
    from crawler.sites import sites_to_crawl  # noqa: PLC0415

    allowed = frozenset(_host_and_port(entry) for entry in allow_hosts)
    if since and until and since > until:
        raise click.UsageError(f"--since {since} is later than --until {until}")
    if delay is not None and delay < 1 and not allowed:
        raise click.UsageError("--delay below 1 second is only for an address named with --allow-host")
    sites, left_out = sites_to_crawl(archive, config, targets)
    for message in left_out:
        click.echo(f"pressmark: left out: {message}", err=True)
    log_to(archive / "logs" / "pressmark.log")
    options = Options(
        since=since,
        until=until,
        limit=limit,
        recheck=recheck,
        poll=bool(targets),
        delay_seconds=delay,
        allowed_hosts=allowed,
    )
    with crawl_progress(len(sites)) as on_progress:
        crawled = crawl_sites(sites, archive, config=config.crawl, options=options, on_progress=on_progress)
    for report in crawled.reports:
        click.echo(summary(report), err=True)
    for name in crawled.busy:
        click.echo(f"pressmark: {name}: another run holds it; wait for it to end", err=True)
    for message in crawled.unusable:
        click.echo(f"pressmark: {message}", err=True)
    if not crawled.reports and crawled.idle:
        logging.getLogger("crawler").info("nothing is due")
        if sys.stderr.isatty():
            click.echo("nothing is due; pressmark status says when", err=True)
    elif not crawled.reports:
        sys.exit(USAGE if crawled.unusable else BUSY)
    if any(report.finished == "stopped" for report in crawled.reports):
        _fail("stopped; run it again to go on", STOPPED)
    failed = left_out or crawled.unusable or any(report.failed for report in crawled.reports)
    return crawled.reports, SITE_FAILED if failed else BUSY if crawled.busy else DONE


def _host_and_port(entry: str) -> str:
    host, _, port = entry.rpartition(":")
    if not host or not port.isdigit():
        raise click.UsageError(f"--allow-host {entry!r} is not HOST:PORT, e.g. 127.0.0.1:8765")
    return f"{host.strip('[]').lower()}:{port}"


if __name__ == "__main__":
    main()

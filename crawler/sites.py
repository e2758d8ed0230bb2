"""Which sites a command is about: those named, or all that are configured or held."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from crawler.config import BadConfig, Config, site_at
from crawler.corpus import BadCorpusFile, Corpus
from crawler.items import Site


def sites_to_crawl(archive: Path, config: Config, targets: Iterable[str]) -> tuple[list[Site], list[str]]:
    """Return the sites that *targets* name; with none, all that are configured or held, and why others are left out.

    A site held by imported captures alone is crawled when it is named by its address.
    """
    corpus = Corpus(archive)
    known: dict[str, Site] = {}
    bad: dict[str, str] = {}
    for name in corpus.sites():
        try:
            if (record := corpus.site_record(name)) and record.start:
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


def held_sites(archive: Path, names: Iterable[str]) -> list[str]:
    """Return *names*, each of a site that *archive* holds something of; with none, all that it does.

    Raises:
        BadConfig: a name is of no such site.
    """
    folders = [path for kind in ("corpus", "captures", "sites") for path in (archive / kind).glob("*/")]
    files = [path for path in (archive / "state").glob("*.sqlite") if not path.name.startswith(".")]
    held = sorted({path.name for path in folders} | {path.stem for path in files})
    names = list(names)
    for name in names:
        if name not in held:
            raise BadConfig(f"no site is called {name!r}; held are: {', '.join(held) or 'none'}")
    return names or held


def site_called(name: str, archive: Path, config: Config) -> Site:
    """Return the site called *name* with its rules: configured, known by its record, or by its name alone."""
    for site in config.sites():
        if site.name == name:
            return site
    record = None
    with suppress(BadCorpusFile):
        record = Corpus(archive).site_record(name)
    start = record.start if record and record.start else _front_page(name)
    return Site(name=name, start=start)


def _front_page(name: str) -> str:
    host, dash, port = name.rpartition("-")
    return f"http://{host}:{port}/" if dash and port.isdigit() else f"https://{name}/"

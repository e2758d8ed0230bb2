"""What is done to the sites of an archive without network: each in its turn, readings in the workers."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from crawler.config import Config
from crawler.items import Site
from crawler.progress import Progress
from crawler.rebuild import Rebuilt, rebuild_state
from crawler.reclean import Recleaned, reclean
from crawler.replay import ReadKnowing
from crawler.run import utc_now
from crawler.sites import held_sites, site_called
from crawler.state import BadState, SiteBusy
from crawler.verify import Verified, verify_site
from crawler.warc_import import Imported, Importer
from crawler.workers import Workers

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A site that could not be worked at, and why."""

    site: str
    reason: str
    busy: bool
    """Another run holds it."""


def reclean_sites(
    archive: Path, config: Config, names: Iterable[str], *, force: bool, on_progress: Progress | None
) -> tuple[list[Recleaned], list[Skipped]]:
    """Clean the captures of the sites called *names*, or of all, again."""

    async def one(site: Site, read: ReadKnowing) -> Recleaned:
        return await reclean(
            site, archive, config=config.crawl, read=read, now=utc_now(), force=force, on_progress=on_progress
        )

    return _each(archive, config, names, one)


def rebuild_states(
    archive: Path, config: Config, names: Iterable[str], *, on_progress: Progress | None
) -> tuple[list[Rebuilt], list[Skipped]]:
    """Make the states of the sites called *names*, or of all, anew."""

    async def one(site: Site, read: ReadKnowing) -> Rebuilt:
        return await rebuild_state(
            site, archive, config=config.crawl, read=read, now=utc_now(), on_progress=on_progress
        )

    return _each(archive, config, names, one)


def verify_sites(
    archive: Path, names: Iterable[str], *, on_progress: Progress | None
) -> tuple[list[Verified], list[Skipped]]:
    """Check what is held of the sites called *names*, or of all."""
    done: list[Verified] = []
    skipped: list[Skipped] = []
    for name in held_sites(archive, names):
        try:
            done.append(verify_site(name, archive, on_progress))
        except SiteBusy as error:
            skipped.append(Skipped(site=name, reason=str(error), busy=True))
    return done, skipped


def import_files(
    archive: Path, config: Config, paths: Iterable[Path], *, only: Iterable[str], on_progress: Progress | None
) -> Imported:
    """Take the articles of the WARCs at *paths* into *archive*; *only* of the sites named, if any are."""
    known = {site.name: site for site in config.sites()}
    known |= {host: site for site in config.sites() for host in site.hosts}

    async def all_of_them(read: ReadKnowing) -> Imported:
        importer = Importer(
            archive, config=config.crawl, sites=known, only=frozenset(only), read=read, now=utc_now()
        )
        try:
            for path in paths:
                await importer.take(path, on_progress)
            await importer.remember()
        finally:
            importer.close()
        return importer.told

    return _with_workers(all_of_them)


def _each(
    archive: Path,
    config: Config,
    names: Iterable[str],
    work: Callable[[Site, ReadKnowing], Awaitable[Result]],
) -> tuple[list[Result], list[Skipped]]:
    sites = [site_called(name, archive, config) for name in held_sites(archive, names)]

    async def all_of_them(read: ReadKnowing) -> tuple[list[Result], list[Skipped]]:
        done: list[Result] = []
        skipped: list[Skipped] = []
        for site in sites:
            try:
                done.append(await work(site, read))
            except (SiteBusy, BadState) as error:
                skipped.append(Skipped(site=site.name, reason=str(error), busy=isinstance(error, SiteBusy)))
        return done, skipped

    return _with_workers(all_of_them)


def _with_workers(work: Callable[[ReadKnowing], Awaitable[Result]]) -> Result:
    """Do *work*, which Ctrl-C and a signal to end break off: what it did is kept, the rest is done by the next."""

    async def main() -> Result:
        with Workers() as workers:
            task = asyncio.ensure_future(work(workers.read))
            for stop in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(stop, task.cancel)
            try:
                return await task
            except asyncio.CancelledError:
                raise KeyboardInterrupt from None

    return asyncio.run(main())

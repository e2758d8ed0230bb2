"""The crawl: every run's frontier opened, one Scrapy process for all of them, and their reports."""

import logging
import resource
import signal
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain
from pathlib import Path

from scrapy.crawler import AsyncCrawlerProcess
from scrapy.settings import Settings

from crawler.config import CrawlConfig
from crawler.corpus import Corpus
from crawler.frontier import BadState, SiteBusy
from crawler.gate import Options
from crawler.items import RunReport, Site
from crawler.run import Run, utc_now
from crawler.spiders.news import STOPS, NewsSpider
from crawler.workers import Workers

MAX_SITES_AT_ONCE = 500
FILES_OF_A_SITE = 7
"""State file, its log and index, lease, WARC, connection, and one being written."""
OTHER_FILES = 200
KEPT_REPORTS_DAYS = 400
"""Reports of runs are for a year to be compared with the last; an archive of years holds no end of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crawled:
    """What a crawl came to."""

    reports: tuple[RunReport, ...]
    busy: tuple[str, ...]
    """Sites that another run holds."""
    unusable: tuple[str, ...]
    """Why a site's state file could not be used, for each such site."""
    idle: tuple[str, ...]
    """Sites of which nothing was due."""


def crawl(
    sites: Sequence[Site],
    archive: Path,
    *,
    config: CrawlConfig,
    options: Options,
    on_progress: Callable[[Run], None] | None = None,
) -> Crawled:
    """Crawl *sites* into *archive*, all at once.

    A Twisted reactor runs once in a process, so this function does too.

    Raises:
        OSError: the disk is full or not writable.
    """
    busy: list[str] = []
    unusable: list[str] = []
    idle: list[str] = []

    def opened() -> Iterator[Run]:
        for site in sites:
            run = None
            try:
                run = Run(site, archive, config=config, options=options, read=workers.read, now=utc_now)
                has_work = options.poll or run.has_work()
            except SiteBusy:
                busy.append(site.name)
            except BadState as error:
                unusable.append(str(error))
                if run:
                    run.close()
            else:
                if has_work:
                    yield run
                    continue
                run.close()
                idle.append(site.name)

    with _stops_held(), Workers() as workers:
        runs = opened()
        first = next(runs, None)
        if first is None:
            return Crawled(reports=(), busy=tuple(busy), unusable=tuple(unusable), idle=tuple(idle))
        process = AsyncCrawlerProcess(_settings(config, options))
        # What Scrapy says of one request, we say in the words of an outcome.
        logging.getLogger("scrapy").setLevel(logging.WARNING)
        logging.getLogger("scrapy.core.downloader").setLevel(logging.ERROR)
        crawler = process.create_crawler(NewsSpider)
        process.crawl(crawler, runs=chain([first], runs), at_once=_sites_at_once(), on_progress=on_progress)
        process.start()
        spider = crawler.spider
        assert isinstance(spider, NewsSpider)
        spider.closed("shutdown")  # for the runs that Scrapy left open, if it was broken off
    with suppress(OSError):  # another's file; it may go another time
        Corpus(archive).forget_runs(utc_now() - timedelta(days=KEPT_REPORTS_DAYS))
    if isinstance(spider.fatal, sqlite3.OperationalError):
        raise OSError(str(spider.fatal)) from spider.fatal
    if spider.fatal:
        raise spider.fatal
    return Crawled(
        reports=tuple(spider.reports),
        busy=tuple(busy),
        unusable=(*unusable, *spider.unusable),
        idle=tuple(idle),
    )


def _sites_at_once() -> int:
    """Return how many sites can be open at a time, by the files that the system lets a process open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES_OF_A_SITE * MAX_SITES_AT_ONCE + OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    room = wanted if soft == resource.RLIM_INFINITY else soft
    return max(1, min(MAX_SITES_AT_ONCE, (room - OTHER_FILES) // FILES_OF_A_SITE))


@contextmanager
def _stops_held() -> Iterator[None]:
    """Keep a stop waiting while the crawl is set up; the spider lets it through once its runs can end well."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _settings(config: CrawlConfig, options: Options) -> Settings:
    """Return `crawler.settings` with what the user decides laid over it."""
    settings = Settings()
    settings.setmodule("crawler.settings", priority="project")
    settings.setdict(
        {
            "USER_AGENT": config.user_agent,
            "DOWNLOAD_TIMEOUT": config.timeout,
            "DOWNLOAD_MAXSIZE": config.max_page_bytes,
            "PRESSMARK_ALLOWED_HOSTS": sorted(options.allowed_hosts),
        },
        priority="cmdline",
    )
    return settings

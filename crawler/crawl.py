"""The crawl: every run's frontier opened, one Scrapy process for all of them, and their reports."""

import logging
import signal
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scrapy.crawler import AsyncCrawlerProcess
from scrapy.settings import Settings

from crawler.config import CrawlConfig
from crawler.frontier import BadState, SiteBusy
from crawler.gate import Options
from crawler.items import RunReport, Site
from crawler.run import Run, utc_now
from crawler.spiders.news import STOPS, NewsSpider
from crawler.workers import Workers


@dataclass(frozen=True, slots=True, kw_only=True)
class Crawled:
    """What a crawl came to."""

    reports: tuple[RunReport, ...]
    busy: tuple[str, ...]
    """Sites that another run holds."""
    unusable: tuple[str, ...]
    """Why a site's state file could not be used, for each such site."""


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
    runs, busy, unusable = [], [], []
    with _stops_held(), Workers() as workers:
        for site in sites:
            try:
                run = Run(site, archive, config=config, options=options, read=workers.read, now=utc_now)
            except SiteBusy:
                busy.append(site.name)
            except BadState as error:
                unusable.append(str(error))
            else:
                runs.append(run)
        if not runs:
            return Crawled(reports=(), busy=tuple(busy), unusable=tuple(unusable))
        process = AsyncCrawlerProcess(_settings(config, options))
        # What Scrapy says of one request, we say in the words of an outcome.
        logging.getLogger("scrapy").setLevel(logging.WARNING)
        logging.getLogger("scrapy.core.downloader").setLevel(logging.ERROR)
        crawler = process.create_crawler(NewsSpider)
        process.crawl(crawler, runs=runs, on_progress=on_progress)
        process.start()
        spider = crawler.spider
        assert isinstance(spider, NewsSpider)
        spider.closed("shutdown")  # for the runs that Scrapy left open, if it was broken off
    if isinstance(spider.fatal, sqlite3.OperationalError):
        raise OSError(str(spider.fatal)) from spider.fatal
    if spider.fatal:
        raise spider.fatal
    return Crawled(reports=tuple(spider.reports), busy=tuple(busy), unusable=tuple(unusable))


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
            "DOWNLOAD_DELAY": config.delay,
            "DOWNLOAD_TIMEOUT": config.timeout,
            "DOWNLOAD_MAXSIZE": config.max_page_bytes,
            "PRESSMARK_ALLOWED_HOSTS": sorted(options.allowed_hosts),
        },
        priority="cmdline",
    )
    return settings

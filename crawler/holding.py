"""What is held of one site, open for writing: its frontier, captures and corpus, and the intake that fills them."""

import logging
import sqlite3
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from crawler.account import Account
from crawler.captures import CaptureWriter, cut_back, read_capture, sizes
from crawler.config import CrawlConfig
from crawler.corpus import BadCorpusFile, Corpus
from crawler.frontier import Due, Frontier
from crawler.gate import Gate, Options
from crawler.intake import Intake
from crawler.items import Capture, Link, Reading, Site, SiteRecord
from crawler.remember import Rememberer, knowing
from crawler.replay import ReadKnowing
from crawler.schedule import OTHER_INTERVAL_SECONDS
from crawler.state import BadState

log = logging.getLogger(__name__)


class Holding:
    """One site's part of the archive. Only one process at a time can open it."""

    def __init__(
        self,
        site: Site,
        archive: Path,
        *,
        config: CrawlConfig,
        options: Options,
        read: ReadKnowing,
        now: datetime,
    ) -> None:
        """Open what *archive* holds of *site*; *read* makes a reading of a capture.

        Raises `SiteBusy`, `BadState`, `OSError`.
        """
        self.site, self.archive = site, archive
        self.gate = Gate(site, config, options)
        self.frontier = Frontier(state_path(archive, site.name))
        self.captures = CaptureWriter(archive / "captures", site.name)
        self.corpus = Corpus(archive)
        self.account = Account(started=now)
        self._read = read
        self.memory = self.corpus.memory(site.name)
        self.intake = Intake(
            gate=self.gate,
            frontier=self.frontier,
            captures=self.captures,
            corpus=self.corpus,
            account=self.account,
            read=self.read,
        )

    async def read(self, capture: Capture, link: Link) -> Reading:
        """Return what *capture* turns out to be, with what is remembered of the site."""
        return await knowing(self._read, self.memory)(capture, link)

    async def remember(self, *, anew: bool = False) -> None:
        """Bring the site's memory up to date, and clean again what it judges otherwise; *anew*: whatever came."""
        rememberer = Rememberer(self.site.name, self.corpus, self.frontier, self._read)
        memory = await rememberer.remember(anew=anew)
        self.memory = memory or self.memory

    async def begin(self, now: datetime) -> None:
        """Put right what a kill or a power cut left, and finish what it interrupted."""
        self._mend_captures()
        if self.frontier.was_cut_short():
            self.corpus.sweep(self.site.name)
            self.frontier.keep_files_known(known=False)
        self.frontier.begin(now)
        for url in self.frontier.admitted():
            self.gate.admit(url)
        for fetch_id, due, place in self.frontier.unread():
            try:
                capture = read_capture(self.archive / "captures", self.site.name, place)
            except (OSError, ValueError) as error:
                log.warning("a capture is lost and will be fetched again: %s (%s)", due.link.url, error)
                self.frontier.forget_fetch(fetch_id)
            else:
                await self._take_again(fetch_id, due, capture)

    async def _take_again(self, fetch_id: int, due: Due, capture: Capture) -> None:
        try:
            await self.intake.take_again(fetch_id, due, capture)
        except (OSError, BadState, sqlite3.Error):
            raise
        except Exception as error:  # an error that is this one page's own is its outcome and stops nothing
            log.exception("%s", due.link.url)
            reason = f"{type(error).__name__}: {error}"
            later = capture.captured + timedelta(seconds=OTHER_INTERVAL_SECONDS)
            self.frontier.failed(due, reason, later, again=False)

    def _mend_captures(self) -> None:
        """Make the WARCs and what is known of them agree again."""
        folder, name = self.archive / "captures", self.site.name
        found = sizes(folder, name)
        if self.frontier.is_new():
            if found:
                log.warning(
                    "%s: its state was lost; pressmark verify --rebuild-state makes it anew from the captures",
                    name,
                )
            strangers = found
        else:
            for fetch_id, url in self.frontier.lost_captures(found):
                log.warning("a capture is lost and will be fetched again: %s", url)
                self.frontier.forget_fetch(fetch_id)
            for file, end in self.frontier.warc_ends().items():
                if found.get(file, end) < end:  # its last record may be there in part
                    self.frontier.set_warc_end(file, self.frontier.last_record_end(file))
            strangers = cut_back(folder, name, self.frontier.warc_ends())
        for file, end in strangers.items():
            self.frontier.set_warc_end(file, end)

    def write_site_record(self, *, crawled: bool = True) -> None:
        """Write what is known of the site now; *crawled*: it is one that a schedule visits."""
        host = self.gate.home
        try:
            known = self.corpus.site_record(self.site.name)
        except BadCorpusFile as error:
            log.warning("%s; kept as site.toml.bad, and made anew", error)
            self.corpus.set_aside_site_record(self.site.name)
            known = None
        known = known or SiteRecord(name=self.site.name)
        if crawled:
            at_root = urlsplit(self.site.start).path == "/"
            robots = self.gate.robots.get(host)
            known = replace(
                known,
                start=self.site.start if at_root or known.start is None else known.start,
                robots=robots.state if robots else known.robots,
                robots_warc=self.frontier.robots_warc(host),
                crawl_delay_seconds=self.gate.crawl_delay_seconds(host),
            )
        self.corpus.write_site_record(self.account.record(self.corpus, known))

    def close(self) -> None:
        """Give the site back; what was written of its captures is on the disk."""
        self.captures.close()
        self.frontier.close()


def state_path(archive: Path, name: str) -> Path:
    """Return where the state of the site called *name* is."""
    return archive / "state" / f"{name}.sqlite"

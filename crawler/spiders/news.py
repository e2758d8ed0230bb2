"""NewsSpider: makes the requests that the runs ask for and tells each run what came back; no rule of its own."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider, DownloadCancelledError, UnsupportedURLSchemeError
from scrapy.http import Response
from twisted.python.failure import Failure

from crawler.config import load_config, site_at
from crawler.gate import Options
from crawler.items import Capture, RunReport
from crawler.resolver import NotPublic
from crawler.run import Answer, Ask, Run, utc_now
from crawler.transfer import IncompleteBody, OversizedBody, UnknownCoding, undo_codings
from crawler.urls import canonicalize, origin
from crawler.workers import Workers

log = logging.getLogger(__name__)

GAP_MARGIN_SECONDS = 0.02
"""Added to a delay, so that the gap is kept where it counts, at the server, whatever the network adds to one request."""
STOPS = frozenset({signal.SIGINT, signal.SIGTERM})
"""What asks a crawl to end: Ctrl-C, and a service manager."""
GRACE_SECONDS = 5
"""A stop waits this long for answers that are under way."""
SHORTEST_SLEEP_SECONDS = 0.05


class NewsSpider(Spider):
    """Crawls every site of `runs` at once, each at its own pace.

    ``scrapy crawl news -a url=https://news.example/`` crawls one site by the configuration.
    """

    name = "news"

    def __init__(
        self,
        *,
        runs: Sequence[Run],
        on_progress: Callable[[Run], None] | None = None,
        workers: Workers | None = None,
    ) -> None:
        """Crawl *runs*; *workers* are stopped when all is done."""
        super().__init__()
        self.active = list(runs)
        self.reports: list[RunReport] = []
        self.fatal: Exception | None = None
        self._on_progress = on_progress
        self._workers = workers
        self._wake = asyncio.Event()
        self._ending: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Make the run for ``-a url=…`` (and ``-a archive=…``) when none are given, by ``pressmark.toml``."""
        if "runs" not in kwargs:
            if "url" not in kwargs:
                raise ValueError("say which site: scrapy crawl news -a url=https://news.example/")
            config = load_config(Path("pressmark.toml"))
            asked = site_at(kwargs.pop("url"))
            workers = Workers()
            run = Run(
                next((site for site in config.sites() if site.name == asked.name), asked),
                Path(kwargs.pop("archive", "archive")),
                config=config.crawl,
                options=Options(),
                read=workers.read,
                now=utc_now,
            )
            kwargs |= {"runs": [run], "workers": workers}
        return super().from_crawler(crawler, *args, **kwargs)

    async def start(self) -> AsyncIterator[Any]:
        """Yield the requests of each run as its window has room, until all runs are done."""
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
        self._ending = asyncio.create_task(self._end_in_time())
        try:
            for run in self.active:
                await run.begin()
            while self.active and not self.fatal:
                self._wake.clear()
                for run in list(self.active):
                    for ask in run.asks():
                        yield self._request(run, ask)
                    if run.is_done:
                        self._end(run)
                await self._sleep()
        except Exception as error:  # noqa: BLE001 - raised anew by `crawler.crawl`; Scrapy would only log it
            self._give_up(error)

    async def _sleep(self) -> None:
        """Sleep until an answer is there or a run has something to ask for."""
        if not self.active or self.fatal:
            return
        moments = [moment for run in self.active if (moment := run.wakes_at()) is not None]
        seconds = None
        if moments:
            seconds = max((min(moments) - datetime.now(UTC)).total_seconds(), SHORTEST_SLEEP_SECONDS)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), seconds)

    def _request(self, run: Run, ask: Ask) -> Request:
        self._keep_pace(run, ask.url)
        return Request(
            ask.url,
            headers=dict(ask.headers),
            callback=self.answered,
            errback=self.failed,
            cb_kwargs={"run": run, "ask": ask},
            dont_filter=True,
            meta={"download_slot": origin(ask.url).partition("://")[2]},
        )

    def _keep_pace(self, run: Run, url: str) -> None:
        """Give the slot of this host the gap its run wants, or a larger one that another run or robots.txt asks for."""
        assert self.crawler.engine is not None
        downloader = self.crawler.engine.downloader
        slot = origin(url).partition("://")[2]
        delay = run.gate.delay_seconds(origin(url))
        delay += GAP_MARGIN_SECONDS if delay else 0.0
        settings = downloader.per_slot_settings.setdefault(slot, {"delay": 0.0})
        if delay > settings["delay"]:
            settings["delay"] = delay
            if slot in downloader.slots:
                downloader.slots[slot].delay = delay

    async def answered(self, response: Response, run: Run, ask: Ask) -> AsyncIterator[Any]:
        """Tell *run* what came back for *ask*; yield what it asks for in turn."""
        async for request in self._tell(run, ask, _answer(response, run.config.max_page_bytes)):
            yield request

    async def failed(self, failure: Failure) -> AsyncIterator[Any]:
        """Tell the run that nothing came back."""
        request: Request = failure.request  # type: ignore[attr-defined]  # Scrapy puts it there
        run, ask, error = request.cb_kwargs["run"], request.cb_kwargs["ask"], failure.value
        assert error is not None
        lasting = isinstance(error, NotPublic | DownloadCancelledError | UnsupportedURLSchemeError)
        async for request in self._tell(run, ask, Answer(failure=_reason(error), lasting=lasting)):
            yield request

    async def _tell(self, run: Run, ask: Ask, answer: Answer) -> AsyncIterator[Request]:
        try:
            for further in await run.answered(ask, answer):
                yield self._request(run, further)
        except Exception as error:
            self._give_up(error)
            raise CloseSpider("error") from error
        if self._on_progress:
            self._on_progress(run)
        self._wake.set()

    def _end(self, run: Run) -> None:
        self.active.remove(run)
        self.reports.append(run.end())

    def _give_up(self, error: Exception) -> None:
        """Stop every run: nothing can be stored."""
        self.fatal = self.fatal or error
        self._wake.set()

    async def _end_in_time(self) -> None:
        """Break off, some time after a stop, what is still under way; the next run asks for it again."""
        assert self.crawler.engine is not None
        while self.crawler.engine.running:  # noqa: ASYNC110 - Scrapy tells nobody that a stop begins
            await asyncio.sleep(GRACE_SECONDS / 10)
        await asyncio.sleep(GRACE_SECONDS)
        from twisted.internet import reactor  # noqa: PLC0415 - importing it installs it

        reactor.stop()  # type: ignore[misc]

    def closed(self, reason: str) -> None:
        """End what was stopped from outside, give the sites back."""
        if self._ending:
            self._ending.cancel()
        for run in list(self.active):
            if self.fatal:
                run.abandon()
                continue
            run.stop("stopped" if reason == "shutdown" else reason, failed=False)
            try:
                self._end(run)
            except Exception as error:  # noqa: BLE001 - as above
                self._give_up(error)
        if self._workers:
            self._workers.stop()


def _answer(response: Response, max_bytes: int) -> Answer:
    headers = tuple(
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, values in response.headers.items()
        for value in values
    )
    codings = ",".join(value for name, value in headers if name.lower() == "content-encoding")
    try:
        body = undo_codings(response.body, codings, max_bytes=max_bytes)
    except OversizedBody as error:
        return Answer(failure=str(error), lasting=True)
    except (IncompleteBody, UnknownCoding) as error:
        return Answer(failure=f"incomplete: {error}")
    url = canonicalize(response.url)
    if url is None:
        return Answer(failure="an address that is none", lasting=True)
    return Answer(
        capture=Capture(url=url, status=response.status, headers=headers, body=body, captured=utc_now()),
    )


def _reason(error: BaseException) -> str:
    """Return *error* as a line a person can act on."""
    name = type(error).__name__.removesuffix("Error")
    told = {
        "DownloadConnectionRefused": "connection refused",
        "CannotResolveHost": "the host name cannot be resolved",
        "DownloadTimeout": "no answer in time",
        "ResponseDataLoss": "incomplete: the body did not arrive whole",
        "DownloadCancelled": "larger than crawl.max_page_bytes",
    }
    return told.get(name) or f"{name}: {error}".replace("\n", " ")[:300]

"""NewsSpider: makes the requests that the runs ask for and tells each run what came back; no rule of its own."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
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
from crawler.hosts import Hosts
from crawler.items import Capture, RunReport
from crawler.resolver import NotPublic
from crawler.run import Answer, Ask, Run, utc_now
from crawler.state import BadState
from crawler.transfer import IncompleteBody, OversizedBody, UnknownCoding, undo_codings
from crawler.urls import canonicalize, netloc, origin
from crawler.workers import Workers

log = logging.getLogger(__name__)

STOPS = frozenset({signal.SIGINT, signal.SIGTERM})
"""What asks a crawl to end: Ctrl-C, and a service manager."""
GRACE_SECONDS = 5
"""A stop waits this long for answers that are under way."""
SHORTEST_SLEEP_SECONDS = 0.05


class NewsSpider(Spider):
    """Crawls many sites at once, each at its own pace.

    ``scrapy crawl news -a url=https://news.example/`` crawls one site by the configuration.
    """

    name = "news"

    def __init__(
        self,
        *,
        runs: Iterator[Run],
        at_once: int = 1,
        on_progress: Callable[[Run], None] | None = None,
        workers: Workers | None = None,
    ) -> None:
        """Crawl *runs*, *at_once* at a time, each opened when its turn comes; *workers* are stopped when all is done."""
        super().__init__()
        self.reports: list[RunReport] = []
        self.fatal: Exception | None = None
        self.unusable: list[str] = []
        """Why a site's state file could not be used any more, for each such site."""
        self._runs = runs
        self._at_once = at_once
        self._active: dict[Run, asyncio.Event] = {}
        """Each with what wakes it: an answer."""
        self._on_progress = on_progress
        self._workers = workers
        self._requests: asyncio.Queue[Request | None] = asyncio.Queue()
        """Whose turn has come; ``None`` when nothing more will."""
        self._hosts = Hosts[Run, Ask](lambda run, ask: self._requests.put_nowait(self._request(run, ask)))
        self._tasks: set[asyncio.Task[None]] = set()

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
            kwargs |= {"runs": iter([run]), "workers": workers}
        return super().from_crawler(crawler, *args, **kwargs)

    async def start(self) -> AsyncIterator[Any]:
        """Yield each request when its turn has come, until all runs are done."""
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
        self._begin(self._end_in_time())
        feeders = [asyncio.create_task(self._feed_one_after_another()) for _ in range(self._at_once)]
        ended = asyncio.gather(*feeders)
        ended.add_done_callback(lambda _: self._requests.put_nowait(None))
        while (request := await self._requests.get()) is not None and not self.fatal:
            yield request
        for feeder in feeders:
            feeder.cancel()

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _feed_one_after_another(self) -> None:
        """Feed runs, one after another, until none is left or nothing can be stored."""
        try:
            for run in self._runs:
                self._active[run] = asyncio.Event()
                try:
                    await self._feed(run)
                except BadState as error:
                    self._break_off(run, error)
        except Exception as error:  # noqa: BLE001 - raised anew by `crawler.crawl`; Scrapy would only log it
            self._give_up(error)

    async def _feed(self, run: Run) -> None:
        """Put what *run* asks for into the queues of its hosts, until it is done."""
        await run.begin(self._hosts)
        wake = self._active[run]
        while not self.fatal and run in self._active:
            wake.clear()
            for ask in run.asks():
                self._ask(run, ask)
            moment, seconds = run.wakes_at(), None
            if run.is_done(moment):
                await run.remember()
                if run in self._active:
                    self._end(run)
                return
            if moment is not None:
                seconds = max((moment - datetime.now(UTC)).total_seconds(), SHORTEST_SLEEP_SECONDS)
            with suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), seconds)

    def _ask(self, run: Run, ask: Ask) -> None:
        self._hosts.ask(netloc(ask.url), run, ask, gap_seconds=run.gate.delay_seconds(origin(ask.url)))

    def _request(self, run: Run, ask: Ask) -> Request:
        return Request(
            ask.url,
            headers=dict(ask.headers),
            callback=self.answered,
            errback=self.failed,
            cb_kwargs={"run": run, "ask": ask},
            dont_filter=True,
            meta={"download_slot": netloc(ask.url)},
        )

    async def answered(self, response: Response, run: Run, ask: Ask) -> None:
        """Tell *run* what came back for *ask*."""
        await self._tell(run, ask, _answer(response, run.config.max_page_bytes))

    async def failed(self, failure: Failure) -> None:
        """Tell the run that nothing came back."""
        request: Request = failure.request  # type: ignore[attr-defined]  # Scrapy puts it there
        run, ask, error = request.cb_kwargs["run"], request.cb_kwargs["ask"], failure.value
        assert error is not None
        lasting = isinstance(error, NotPublic | DownloadCancelledError | UnsupportedURLSchemeError)
        await self._tell(run, ask, Answer(failure=_reason(error), lasting=lasting))

    async def _tell(self, run: Run, ask: Ask, answer: Answer) -> None:
        if run not in self._active:
            self._hosts.answered(netloc(ask.url))
            return
        try:
            for further in await run.answered(ask, answer):
                self._ask(run, further)
        except Exception as error:
            if run not in self._active:  # broken off while this answer was read
                return
            if isinstance(error, BadState):
                self._break_off(run, error)
                return
            self._give_up(error)
            raise CloseSpider("error") from error
        if self._on_progress:
            self._on_progress(run)
        if run in self._active:
            self._active[run].set()

    def _end(self, run: Run) -> None:
        self.reports.append(run.end())
        del self._active[run]

    def _break_off(self, run: Run, error: BadState) -> None:
        """Go on without *run*, whose state is damaged, as *error* says."""
        if run in self._active:  # else another of its answers has done it
            self._active.pop(run).set()
            run.break_off()
            self.unusable.append(str(error))

    def _give_up(self, error: Exception) -> None:
        """Stop every run: nothing can be stored."""
        self.fatal = self.fatal or error
        self._requests.put_nowait(None)

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
        for task in self._tasks:
            task.cancel()
        self._hosts.close()
        for run in list(self._active):
            if self.fatal:
                run.close()
                continue
            run.stop("stopped" if reason == "shutdown" else reason, failed=False)
            try:
                self._end(run)
            except BadState as error:
                self._break_off(run, error)
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

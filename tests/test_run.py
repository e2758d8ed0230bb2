"""One run told by hand what time it is and what came back: what takes days, and what two runs do to one host."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from crawler.config import CrawlConfig, site_at
from crawler.gate import Options
from crawler.hosts import Hosts
from crawler.items import Capture, Kind, Link, Reading, Source
from crawler.run import Answer, Ask, Run
from crawler.spiders.news import NewsSpider
from crawler.state import BadState

START = datetime(2025, 11, 2, 12, tzinfo=UTC)
HOME = "https://news.example"


class Told:
    """Runs in an archive, their clock, and what they sent to the hosts they share."""

    def __init__(self, archive: Path) -> None:
        self.archive = archive
        self.now = START
        self.sent: list[tuple[Run, Ask]] = []
        self.hosts: Hosts[Run, Ask] = Hosts(lambda run, ask: self.sent.append((run, ask)))

    def run(self, url: str = f"{HOME}/", **config: object) -> Run:
        async def read(capture: Capture, link: Link) -> Reading:
            return Reading(kind=Kind.OTHER, reasons=("a page",))

        return Run(
            site_at(url), self.archive, config=CrawlConfig(max_minutes=44_640, **config),  # type: ignore[arg-type]
            options=Options(), read=read, now=lambda: self.now,
        )  # fmt: skip

    async def answer(
        self, run: Run, ask: Ask, status: int = 200, body: bytes = b"", **headers: str
    ) -> list[Ask]:
        named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
        capture = Capture(url=ask.url, status=status, headers=named, body=body, captured=self.now)
        return await run.answered(ask, Answer(capture=capture))

    async def begin(self, run: Run, robots: bytes = b"User-agent: *\nDisallow: /no\n") -> list[Ask]:
        """Begin *run*, answer for robots.txt; return what it asks for then."""
        await run.begin(self.hosts)
        [ask] = run.asks()
        assert ask.url.endswith("/robots.txt")
        return await self.answer(run, ask, body=robots)

    async def quiet(self, run: Run) -> None:
        """Begin *run* and answer until it has nothing more to ask for: it has a front page and nothing else."""
        asks = await self.begin(run)
        while asks:
            for ask in asks:
                is_front = ask.due is not None and ask.due.link.source is Source.START
                await self.answer(run, ask, 200 if is_front else 404, b"<title>Home</title>")
            asks = run.asks()

    async def a_day_later(self) -> tuple[Run, Ask]:
        """Return a run that was quiet and has a link to follow, and what it asks for first: robots.txt once more."""
        run = self.run()
        await self.quiet(run)
        self.now += timedelta(hours=25)
        run.frontier.add([Link(url=f"{HOME}/a", source=Source.SECTION)], self.now)
        [ask] = [ask for ask in run.asks() if ask.due is None]
        return run, ask


@pytest.fixture
def told(tmp_path: Path) -> Told:
    return Told(tmp_path)


def go(work: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(work())  # type: ignore[arg-type]


def test_within_a_run_of_days_robots_txt_is_asked_for_again_every_day(told: Told) -> None:
    async def days() -> None:
        run = told.run()
        await told.quiet(run)
        run.frontier.add([Link(url=f"{HOME}/a", source=Source.SECTION)], told.now)
        told.now += timedelta(hours=23)
        assert [ask.url for ask in run.asks()] == [f"{HOME}/a"]
        run.frontier.add([Link(url=f"{HOME}/b", source=Source.SECTION)], told.now)
        told.now += timedelta(hours=2)
        [ask] = run.asks()
        assert ask.url == f"{HOME}/robots.txt"
        assert await told.answer(run, ask, body=b"User-agent: *\nDisallow: /b\n") == []
        row = run.frontier.find(f"{HOME}/b")
        assert row is not None
        assert row.fetched_at is None
        run.close()

    go(days)


@pytest.mark.parametrize("status", [429, 500])
def test_a_robots_txt_that_another_host_could_not_give_is_asked_for_again_later_in_the_run(
    told: Told, status: int
) -> None:
    async def later() -> None:
        run = told.run()
        await told.quiet(run)
        run.gate.admit("https://m.news.example/")
        run.frontier.add([Link(url="https://m.news.example/a", source=Source.FEED)], told.now)
        [ask] = [ask for ask in run.asks() if ask.due is None]
        assert await told.answer(run, ask, status=status) == []
        told.now += timedelta(minutes=16)
        told.hosts = run._hosts = Hosts(lambda run, ask: None)  # the pause a 429 asks for is over, too
        [ask] = [ask for ask in run.asks() if ask.due is None]
        [page] = await told.answer(run, ask, body=b"")
        assert page.url == "https://m.news.example/a"
        run.close()

    go(later)


def test_a_host_that_wants_to_be_left_for_long_is_left_by_every_run_that_waits_for_it(told: Told) -> None:
    async def left() -> None:
        first, second = told.run(), told.run("https://other.example/")
        second.gate.admit(f"{HOME}/")
        for run in (first, second):
            await told.quiet(run)
            run.frontier.add([Link(url=f"{HOME}/by-{run.site.name}", source=Source.SECTION)], told.now)
        [mine], [robots] = first.asks(), second.asks()
        [other] = await told.answer(second, robots)
        told.hosts.ask("news.example", first, mine, gap_seconds=1)
        told.hosts.ask("news.example", second, other, gap_seconds=1)
        assert told.sent == [(first, mine)]
        await told.answer(first, mine, status=503, Retry_After="86400")
        assert first.finished
        assert "asked to wait 86400 s" in first.finished
        assert second.finished is None
        assert second.asks() == []
        assert second.is_done(second.wakes_at())  # what waited behind it was given back, for a later run
        told.now += timedelta(days=2)
        found = second.frontier.find(f"{HOME}/by-other.example")
        assert found is not None
        assert not second.frontier.is_leased(found)
        first.close()
        second.close()

    go(left)


@pytest.mark.parametrize(
    ("error", "is_fatal"),
    [
        (BadState("malformed"), False),
        (sqlite3.OperationalError("database or disk is full"), True),
    ],
)
def test_a_state_that_cannot_be_written_at_the_end_of_a_run_is_told(
    told: Told, monkeypatch: pytest.MonkeyPatch, error: Exception, *, is_fatal: bool
) -> None:
    def end() -> None:
        raise error

    async def one() -> NewsSpider:
        run = told.run()
        await told.quiet(run)
        run.stop("enough", failed=False)
        monkeypatch.setattr(run, "begin", lambda _: asyncio.sleep(0))
        monkeypatch.setattr(run, "end", end)
        spider = NewsSpider(runs=iter([run]))
        await spider._feed_one_after_another()
        run.close()
        return spider

    spider = asyncio.run(one())
    assert spider.fatal is (error if is_fatal else None)
    assert [("malformed" in message) for message in spider.unusable] == ([] if is_fatal else [True])
    assert spider.reports == []


def test_one_robots_txt_that_does_not_come_ends_no_run_of_days(told: Told) -> None:
    async def days() -> None:
        run, ask = await told.a_day_later()
        [again] = await run.answered(ask, Answer(failure="no answer in time"))
        assert again.url == f"{HOME}/robots.txt"
        assert run.finished is None
        assert f"{HOME}/a" in {ask.url for ask in await told.answer(run, again, body=b"")}
        for _ in range(2):
            told.now += timedelta(hours=25)
            run.frontier.add([Link(url=f"{HOME}/b", source=Source.SECTION)], told.now)
        run.hosts._clocks.clear()
        [ask] = [ask for ask in run.asks() if ask.due is None]
        while further := await run.answered(ask, Answer(failure="no answer in time")):
            [ask] = further
        assert run.finished == "no answer: no answer in time"
        run.close()

    go(days)


@pytest.mark.parametrize(
    "answered", [{"status": 503}, {"status": 429}, {"status": 301, "Location": "/robots"}]
)
def test_a_robots_txt_that_asks_to_be_left_for_long_holds_no_run_up(
    told: Told, answered: dict[str, Any]
) -> None:
    async def left() -> None:
        run, ask = await told.a_day_later()
        assert await told.answer(run, ask, **answered, Retry_After="86400") == []
        assert run.finished is not None
        assert "asked to wait 86400 s" in run.finished
        assert run.is_done(run.wakes_at())
        assert [due.link.url for due in run.frontier.lease(9, told.now)] == [f"{HOME}/a"]  # for a later run
        run.close()

    go(left)


@pytest.mark.parametrize(
    "target", ["https://cdn.example.org/robots.txt", "https://www.m.news.example/robots.txt"]
)
def test_what_waits_for_the_robots_txt_of_a_host_that_is_left_is_left_too(told: Told, target: str) -> None:
    async def left() -> None:
        run = told.run()
        await told.quiet(run)
        run.frontier.add([Link(url="https://m.news.example/a", source=Source.FEED)], told.now)
        asks = [ask for ask in run.asks() if ask.due is None]
        headers = {"Location": target, "Retry_After": "86400"}
        while asks:
            [ask] = asks
            asks = await told.answer(run, ask, 301 if headers else 200, **headers)
            headers = {}
            assert not [ask for ask in asks if "m.news.example" in ask.url]
        assert run.finished is None
        assert run.is_done(run.wakes_at())
        run.close()

    go(left)


def test_a_run_that_has_ended_asks_for_no_robots_txt_again(told: Told) -> None:
    async def ended() -> None:
        run, ask = await told.a_day_later()
        run.stop("limit of 60 minutes", failed=False)
        assert await told.answer(run, ask, status=500) == []
        assert run.is_done(run.wakes_at())
        run.close()

    go(ended)


def test_another_host_whose_robots_txt_asks_to_be_left_is_left_and_the_run_goes_on(told: Told) -> None:
    async def left() -> None:
        run = told.run()
        await told.quiet(run)
        other = "https://m.news.example"
        for hours, status, headers in ((0, 200, {}), (25, 503, {"Retry_After": "86400"})):
            told.now += timedelta(hours=hours)
            run.frontier.add([Link(url=f"{other}/{hours}", source=Source.FEED)], told.now)
            [ask] = [ask for ask in run.asks() if ask.url == f"{other}/robots.txt"]
            asks = await told.answer(run, ask, status=status, **headers)
            assert [ask.url for ask in asks] == ([f"{other}/0"] if status == 200 else [])
        assert run.finished is None
        row = run.frontier.find(f"{other}/25")
        assert row is not None
        assert not run.frontier.is_leased(row)
        run.close()

    go(left)


def test_a_robots_txt_that_never_came_is_asked_for_once_each_time(told: Told) -> None:
    async def never() -> None:
        run = told.run()
        await told.quiet(run)
        run.gate.admit("https://m.news.example/")
        for number in range(3):
            run.frontier.add([Link(url=f"https://m.news.example/{number}", source=Source.FEED)], told.now)
            [ask] = [ask for ask in run.asks() if ask.due is None]
            assert await told.answer(run, ask, status=500) == []
            told.now += timedelta(minutes=16)
        run.close()

    go(never)


def test_a_state_that_breaks_while_a_stop_ends_the_runs_costs_the_others_nothing(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    def end() -> None:
        raise BadState("malformed")

    async def stopped() -> NewsSpider:
        broken, whole = told.run(), told.run("https://other.example/")
        spider = NewsSpider(runs=iter([]))
        for run in (broken, whole):
            await told.quiet(run)
            spider._active[run] = asyncio.Event()
        monkeypatch.setattr(broken, "end", end)
        spider.closed("shutdown")
        return spider

    spider = asyncio.run(stopped())
    assert spider.fatal is None
    assert spider.unusable == ["malformed"]
    assert [report.finished for report in spider.reports] == ["stopped"]

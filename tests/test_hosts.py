"""The clocks of hosts: one request at a time, the gap, and rest while a host asks for patience."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from crawler.hosts import Hosts

Sent = list[tuple[str, str, float]]


def played(story: Callable[[Hosts[str, str], Sent], Awaitable[None]]) -> Sent:
    """Return what was sent in *story*: owner, ask, seconds since the first."""

    async def play() -> Sent:
        sent: Sent = []
        hosts: Hosts[str, str] = Hosts(lambda owner, ask: sent.append((owner, ask, time.monotonic())))
        await story(hosts, sent)
        hosts.close()
        return sent

    sent = asyncio.run(play())
    return [(owner, ask, moment - sent[0][2]) for owner, ask, moment in sent]


async def until_sent(sent: Sent, count: int) -> None:
    while len(sent) < count:  # noqa: ASYNC110 (nobody tells when a request is sent)
        await asyncio.sleep(0.01)


def test_only_one_request_is_under_way_at_a_host_and_hosts_do_not_wait_for_each_other() -> None:
    async def story(hosts: Hosts[str, str], sent: Sent) -> None:
        for name in ("a", "b"):
            hosts.ask("one.example", "site", name, gap_seconds=0)
        hosts.ask("two.example", "site", "c", gap_seconds=0)
        assert [ask for _, ask, _ in sent] == ["a", "c"]
        hosts.answered("one.example")
        assert [ask for _, ask, _ in sent] == ["a", "c", "b"]

    played(story)


def test_the_gap_is_kept_from_request_to_request_whoever_asks() -> None:
    async def story(hosts: Hosts[str, str], sent: Sent) -> None:
        for owner, host in (("one", "news.example"), ("two", "www.news.example"), ("one", "news.example")):
            hosts.ask(host, owner, "page", gap_seconds=0.1 if owner == "two" else 0.05)
        while len(sent) < 3:
            hosts.answered("news.example")
            await asyncio.sleep(0.01)

    sent = played(story)
    assert [owner for owner, _, _ in sent] == ["one", "two", "one"]
    assert sent[1][2] >= 0.1
    assert sent[2][2] - sent[1][2] >= 0.1


def test_a_gap_learnt_after_the_first_request_holds_from_it_on() -> None:
    async def story(hosts: Hosts[str, str], sent: Sent) -> None:
        hosts.ask("news.example", "site", "robots.txt", gap_seconds=0)
        hosts.answered("news.example")
        hosts.ask("news.example", "site", "page", gap_seconds=0.1)
        await until_sent(sent, 2)

    assert played(story)[1][2] >= 0.1


@pytest.mark.parametrize("already_waiting", [True, False])
def test_nothing_passes_while_the_host_asks_for_patience(already_waiting: bool) -> None:
    async def story(hosts: Hosts[str, str], sent: Sent) -> None:
        hosts.ask("news.example", "site", "a", gap_seconds=0.02)
        if already_waiting:
            hosts.ask("news.example", "other site", "b", gap_seconds=0.02)
        hosts.pause("www.news.example", 0.2)
        assert hosts.paused()["news.example"] == pytest.approx(0.2, abs=0.05)
        hosts.answered("news.example")
        if not already_waiting:
            hosts.ask("news.example", "other site", "b", gap_seconds=0.02)
        await until_sent(sent, 2)
        assert hosts.paused() == {}

    assert played(story)[1][2] >= 0.19


def test_what_is_withdrawn_is_not_sent() -> None:
    async def story(hosts: Hosts[str, str], sent: Sent) -> None:
        for owner, ask in (("one", "a"), ("one", "b"), ("two", "c"), ("one", "d")):
            hosts.ask("news.example", owner, ask, gap_seconds=0)
        assert hosts.withdraw("one") == ["b", "d"]
        for _ in range(5):
            hosts.answered("news.example")
        assert [ask for _, ask, _ in sent] == ["a", "c"]

    played(story)

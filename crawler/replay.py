"""Captures that lie in a WARC already, taken in as if they had just come: their readings are made ahead, in the workers."""

import asyncio
import os
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Protocol, TypeVar

from crawler.items import Capture, Link, Memory, Reading
from crawler.workers import ReadingFailed

AHEAD = 4
"""Readings under way for each core."""

Read = Callable[[Capture, Link], Awaitable[Reading]]


class ReadKnowing(Protocol):
    """Reads a capture, given what is remembered of its site."""

    def __call__(self, capture: Capture, link: Link, memory: Memory | None = None) -> Awaitable[Reading]:
        """Return the reading."""


Item = TypeVar("Item")
Result = TypeVar("Result")


async def in_order(
    items: Iterable[Item], work: Callable[[Item], Awaitable[Result]]
) -> AsyncIterator[tuple[Item, Result]]:
    """Yield each of *items* with what *work* makes of it, in their order, while those after it are worked at."""
    under_way: deque[tuple[Item, asyncio.Future[Result]]] = deque()
    most = AHEAD * (os.cpu_count() or 1)
    try:
        for item in items:
            under_way.append((item, asyncio.ensure_future(work(item))))
            if len(under_way) > most:
                first, future = under_way.popleft()
                yield first, await future
        while under_way:
            first, future = under_way.popleft()
            yield first, await future
    finally:
        for _, future in under_way:
            future.cancel()


async def outcome_of(read: Read, capture: Capture, link: Link) -> "Reading | ReadingFailed":
    """Return the reading of *capture*, or why there is none."""
    try:
        return await read(capture, link)
    except ReadingFailed as error:
        return error


class Given:
    """Stands in for *read* where the reading of a capture was made ahead: gives the one it was told."""

    def __init__(self, read: ReadKnowing) -> None:
        self._read = read
        self._ahead: tuple[Capture, Reading | ReadingFailed] | None = None

    def tell(self, capture: Capture, reading: "Reading | ReadingFailed") -> None:
        """Give *reading* when that of *capture* is asked for next."""
        self._ahead = capture, reading

    async def read(self, capture: Capture, link: Link, memory: Memory | None = None) -> Reading:
        """Return the reading, or raise why there is none."""
        if self._ahead is None or self._ahead[0] is not capture:
            return await self._read(capture, link, memory)
        reading = self._ahead[1]
        if isinstance(reading, ReadingFailed):
            raise reading
        return reading

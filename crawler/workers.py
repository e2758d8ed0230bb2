"""Readings made in worker processes, each page under a limit of time and memory, so that no page can stop the crawl."""

import asyncio
import os
import resource
import signal
from concurrent.futures import TimeoutError as TookTooLong
from contextlib import suppress
from multiprocessing.context import SpawnContext, SpawnProcess
from multiprocessing.synchronize import RLock
from types import TracebackType
from typing import Self

import msgspec
from pebble import ProcessExpired, ProcessPool

from crawler.items import Capture, Link, Reading
from crawler.reading import read

TIME_LIMIT_SECONDS = 10
MEMORY_LIMIT_BYTES = 1024**3
MAX_WORKERS = 8


_UNPACK = msgspec.msgpack.Decoder(Reading).decode


class ReadingFailed(Exception):
    """A page that could not be read; the message says why."""


class Workers:
    """A pool of processes that read captures; use it as a context manager."""

    def __init__(self, count: int | None = None) -> None:
        """Start up to *count* processes, by default one a core."""
        self._pool = ProcessPool(
            max_workers=count or min(os.cpu_count() or 1, MAX_WORKERS),
            context=_Context(),
            initializer=_limit_memory,
        )

    async def read(self, capture: Capture, link: Link) -> Reading:
        """Return what *capture* turns out to be.

        Raises:
            ReadingFailed: too slow, too large, or an error in the reading of this one page.
        """
        future = self._pool.schedule(_read, args=(capture, link), timeout=TIME_LIMIT_SECONDS)
        try:
            packed: bytes | Reading = await asyncio.wrap_future(future)
        except TookTooLong as error:
            raise ReadingFailed(f"not read within {TIME_LIMIT_SECONDS} s") from error
        except MemoryError as error:
            raise ReadingFailed(f"not read within {MEMORY_LIMIT_BYTES >> 20} MiB of memory") from error
        except ProcessExpired as error:
            raise ReadingFailed(f"the reading died (exit code {error.exitcode})") from error
        except Exception as error:  # any error of one untrusted page is that page's alone
            raise ReadingFailed(f"{type(error).__name__}: {error}") from error
        return _UNPACK(packed) if isinstance(packed, bytes) else packed

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End the processes, whatever they are doing."""
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()


class _Worker(SpawnProcess):
    """A process deaf, from its first moment, to what is said to the whole group of processes.

    Ctrl-C and a service manager's stop reach every process; the main one alone decides when the others end.
    """

    def start(self) -> None:
        heard = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
        try:
            super().start()  # which passes the mask on
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, heard)

    def terminate(self) -> None:
        self.kill()


class _Context(SpawnContext):
    """How the processes are made: not forked, for a process with a reactor and threads is no safe thing to copy."""

    Process = _Worker

    def __init__(self) -> None:
        # A pool that is stopped lets go of its locks at once; a process still starting up would not find them.
        self._locks: list[RLock] = []

    def RLock(self) -> RLock:  # noqa: N802 the name that multiprocessing gives it
        lock = super().RLock()
        self._locks.append(lock)
        return lock


def _read(capture: Capture, link: Link) -> bytes | Reading:
    """Read, and die of it if there is nobody left to set the limit.

    The reading comes packed: to pickle its hundreds of links costs the main process more than all it stores of the page.
    """
    signal.setitimer(signal.ITIMER_REAL, 2 * TIME_LIMIT_SECONDS)
    try:
        reading = read(capture, link)
        try:
            return msgspec.msgpack.encode(reading)
        except UnicodeEncodeError:  # a lone surrogate, as JSON can hold
            return reading
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _limit_memory() -> None:
    with suppress(ValueError, OSError):  # macOS knows no such limit
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT_BYTES, MEMORY_LIMIT_BYTES))

"""Readings made in worker processes, each page under a limit of time and memory, so that no page can stop the crawl."""

import asyncio
import multiprocessing
import os
import resource
import signal
from concurrent.futures import TimeoutError as TookTooLong
from contextlib import suppress
from types import TracebackType
from typing import Self

from pebble import ProcessExpired, ProcessPool

from crawler.items import Capture, Link, Reading
from crawler.reading import read

TIME_LIMIT_SECONDS = 10
MEMORY_LIMIT_BYTES = 1024**3
MAX_WORKERS = 8


class ReadingFailed(Exception):
    """A page that could not be read; the message says why."""


class Workers:
    """A pool of processes that read captures; use it as a context manager."""

    def __init__(self, count: int | None = None) -> None:
        """Start up to *count* processes, by default one a core."""
        self._pool = ProcessPool(
            max_workers=count or min(os.cpu_count() or 1, MAX_WORKERS),
            # A forked copy of a process that runs a reactor and threads is no safe place to work in.
            context=multiprocessing.get_context("spawn"),
            initializer=_limit_memory,
        )

    async def read(self, capture: Capture, link: Link) -> Reading:
        """Return what *capture* turns out to be.

        Raises:
            ReadingFailed: too slow, too large, or an error in the reading of this one page.
        """
        future = self._pool.schedule(read, args=(capture, link), timeout=TIME_LIMIT_SECONDS)
        try:
            reading: Reading = await asyncio.wrap_future(future)
        except TookTooLong as error:
            raise ReadingFailed(f"not read within {TIME_LIMIT_SECONDS} s") from error
        except MemoryError as error:
            raise ReadingFailed(f"not read within {MEMORY_LIMIT_BYTES >> 20} MiB of memory") from error
        except ProcessExpired as error:
            raise ReadingFailed(f"the reading died (exit code {error.exitcode})") from error
        except Exception as error:  # any error of one untrusted page is that page's alone
            raise ReadingFailed(f"{type(error).__name__}: {error}") from error
        return reading

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


def _limit_memory() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the main process's to handle
    with suppress(ValueError, OSError):  # macOS knows no such limit
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT_BYTES, MEMORY_LIMIT_BYTES))

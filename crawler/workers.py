"""Readings made in worker processes, each page under a limit of time and memory, so that no page can stop the crawl."""

import asyncio
import errno
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from crawler.items import Capture, Link, Memory, Reading
from crawler.worker import LENGTH_BYTES, TIME_LIMIT_SECONDS, Asked, Told, message

MAX_WORKERS = 8
START_LIMIT_SECONDS = 60
START_AGAIN_SECONDS = 1.0
ROOT = Path(__file__).parent.parent

_ENCODE = msgspec.msgpack.Encoder().encode
_DECODE = msgspec.msgpack.Decoder(Told).decode


class ReadingFailed(Exception):
    """A page that could not be read; the message says why."""


class Workers:
    """A pool of processes that read captures; use it as a context manager."""

    def __init__(self, count: int | None = None) -> None:
        """Allow for *count* processes, by default one a core; each is started when it is first needed."""
        self._room = asyncio.Semaphore(count or min(os.cpu_count() or 1, MAX_WORKERS))
        self._idle: list[_Worker] = []
        self._busy: set[_Worker] = set()

    async def read(self, capture: Capture, link: Link, memory: Memory | None = None) -> Reading:
        """Return what *capture* turns out to be, on a site of which *memory* is known.

        Raises:
            ReadingFailed: too slow, too large, or an error in the reading of this one page.
            OSError: the system starts no process; nothing is said of the page.
        """
        asked = _ENCODE(Asked(capture, link, memory))
        async with self._room:
            worker = self._idle_one() or await self._started()
            self._busy.add(worker)
            try:
                told = _DECODE(await worker.ask(asked))
            except BaseException:
                worker.end()  # what it may still say is no answer to the next question
                raise
            else:
                self._idle.append(worker)
            finally:
                self._busy.discard(worker)
        if told.reading is None:
            raise ReadingFailed(told.failure)
        return told.reading

    async def _started(self) -> "_Worker":
        """Return a new process, or one that has become idle while the system had no room for another."""
        began = asyncio.get_running_loop().time()
        while True:
            try:
                return await self._new_one()
            except OSError as error:
                # Too many processes or open files, no memory: for the moment, or for good.
                waited = asyncio.get_running_loop().time() - began
                if waited >= START_LIMIT_SECONDS and not (self._busy or self._idle):
                    raise OSError(error.errno, f"no process to read pages: {error.strerror}") from error
            await asyncio.sleep(START_AGAIN_SECONDS)
            if worker := self._idle_one():
                return worker

    async def _new_one(self) -> "_Worker":
        worker = _Worker()
        self._busy.add(worker)
        try:
            await worker.get_ready()
        except BaseException:
            worker.end()
            raise
        finally:
            self._busy.discard(worker)
        return worker

    def _idle_one(self) -> "_Worker | None":
        """Return the process that read last, whose caches are the freshest, unless the system has ended it."""
        while self._idle:
            if (worker := self._idle.pop()).is_alive():
                return worker
            worker.end()
        return None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End the processes, whatever they are doing."""
        for worker in (*self._idle, *self._busy):
            worker.end()
        self._idle.clear()
        self._busy.clear()


class _Worker:
    """A process that runs `crawler.worker`."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair()
        self._socket.setblocking(False)
        command = [sys.executable, "-P", "-m", "crawler.worker", str(theirs.fileno())]
        # Ctrl-C and a service manager's stop reach every process; the main one alone decides when the others end.
        heard = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
        paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        try:
            with theirs:
                self._process = subprocess.Popen(  # noqa: S603 - our own program
                    command,
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
                )  # the mask is passed on
        except OSError:
            self._socket.close()
            raise
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, heard)

    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    async def get_ready(self) -> None:
        """Wait until the process can be asked; raises `OSError` when it cannot in time, or not at all."""
        try:
            async with asyncio.timeout(START_LIMIT_SECONDS):
                await self._told()
        except TimeoutError as error:
            raise OSError(errno.EAGAIN, f"not ready within {START_LIMIT_SECONDS} s") from error
        except OSError as error:
            self.end()
            code = self._process.returncode
            raise OSError(errno.EAGAIN, f"ended as it started (exit code {code})") from error

    async def ask(self, asked: bytes) -> bytes:
        """Return the answer to *asked*; raises `ReadingFailed` when there is none in time, or none any more."""
        try:
            async with asyncio.timeout(TIME_LIMIT_SECONDS):
                await asyncio.get_running_loop().sock_sendall(self._socket, message(asked))
                return await self._told()
        except TimeoutError as error:
            raise ReadingFailed(f"not read within {TIME_LIMIT_SECONDS} s") from error
        except OSError as error:
            self.end()
            raise ReadingFailed(f"the reading died (exit code {self._process.returncode})") from error

    async def _told(self) -> bytes:
        return await self._exactly(int.from_bytes(await self._exactly(LENGTH_BYTES), "big"))

    async def _exactly(self, count: int) -> bytes:
        """Return the next *count* bytes that the process says; raises `ConnectionError` when it says no more."""
        loop, data, got = asyncio.get_running_loop(), bytearray(count), 0
        while got < count:
            more = await loop.sock_recv_into(self._socket, memoryview(data)[got:])
            if not more:
                raise ConnectionError("ended within a message")
            got += more
        return bytes(data)

    def end(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        self._socket.close()

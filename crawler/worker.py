"""One process that reads captures: ``python -m crawler.worker FD``, started by `crawler.workers` and ended with it.

It is asked and answers in MessagePack, over the socket that the file descriptor *FD* is. Each message follows its length
(`LENGTH_BYTES`, the most significant first); before the first question it says one empty message: it is ready. No page of
its can stop the crawl: its memory is limited, and it dies of a page that nobody ends in time.
"""

import gc
import resource
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import msgspec

from crawler.items import Capture, Link, Memory, Reading

TIME_LIMIT_SECONDS = 10
MEMORY_LIMIT_BYTES = 1024**3
LENGTH_BYTES = 4
MAX_GARBAGE_OBJECTS = 100_000
"""With so many new objects, a page is looked through for garbage while it is read."""
YOUNG = 1
"""The generation of objects that one page made. What is older is kept on purpose, and looking it through took as long as a third of the reading."""


class Asked(msgspec.Struct, array_like=True):
    """A capture to read, and what led to it."""

    capture: Capture
    link: Link
    memory: Memory | None = None
    """What recurs on the site's pages."""


class Told(msgspec.Struct, array_like=True):
    """A reading, or why there is none."""

    reading: Reading | None = None
    failure: str | None = None


_TOO_LARGE = f"not read within {MEMORY_LIMIT_BYTES >> 20} MiB of memory"
Read = Callable[[Capture, Link, Memory | None], Reading]
"""`crawler.reading.read`: only the process that reads imports it and all that it needs."""

_DECODE = msgspec.msgpack.Decoder(Asked).decode
_ENCODE = msgspec.msgpack.Encoder().encode


def message(data: bytes) -> bytes:
    """Return *data* as it is sent; raises `OverflowError` from 4 GiB on."""
    return len(data).to_bytes(LENGTH_BYTES, "big") + data


def answer(asked: bytes, read: Read) -> bytes:
    """Return what the capture in *asked*, a packed `Asked`, turns out to be, as a packed `Told`."""
    # Whoever set the limit may be dead by then.
    signal.setitimer(signal.ITIMER_REAL, 2 * TIME_LIMIT_SECONDS)
    try:
        told = _told(asked, read)
        try:
            return _ENCODE(told)
        except UnicodeEncodeError:
            return _ENCODE(_sound(msgspec.to_builtins(told)))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _told(asked: bytes, read: Read) -> Told:
    try:
        page = _DECODE(asked)
        return Told(reading=read(page.capture, page.link, page.memory))
    except MemoryError:
        return Told(failure=_TOO_LARGE)
    except Exception as error:  # noqa: BLE001 - any error of one untrusted page is that page's alone
        return Told(failure=f"{type(error).__name__}: {error}")


def _sound(value: Any) -> Any:
    """Return *value* without lone surrogates, which JSON can hold and UTF-8 cannot."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list | tuple):
        return [_sound(one) for one in value]
    if isinstance(value, dict):
        return {_sound(key): _sound(one) for key, one in value.items()}
    return value


def limit_memory() -> None:
    """Let this process use no more memory than a reading may."""
    with suppress(ValueError, OSError):  # macOS knows no such limit
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT_BYTES, MEMORY_LIMIT_BYTES))


@contextmanager
def limits() -> Iterator[None]:
    """Read one page in this process within the limits; raises `TimeoutError` or `MemoryError`, which say what it passed."""

    def end(*_: object) -> None:
        raise TimeoutError(f"not read within {TIME_LIMIT_SECONDS} s")

    limit_memory()
    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, TIME_LIMIT_SECONDS)
    try:
        yield
    except MemoryError as error:
        raise MemoryError(_TOO_LARGE) from error
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def main(read: Read) -> None:
    """Read what is asked for until nobody asks any more."""
    limit_memory()
    # The trees of a page are garbage all at once when it is read; looking for some before costs a twelfth of the time.
    gc.freeze()
    gc.set_threshold(MAX_GARBAGE_OBJECTS)
    with (
        socket.socket(fileno=int(sys.argv[1])) as asker,
        asker.makefile("rb") as questions,
        suppress(ConnectionError),
    ):
        asker.sendall(message(b""))
        while length := questions.read(LENGTH_BYTES):
            asker.sendall(message(answer(questions.read(int.from_bytes(length, "big")), read)))
            gc.collect(YOUNG)


if __name__ == "__main__":
    from crawler.reading import read

    main(read)

"""The processes that read pages: limits, signals and a quiet end."""

import asyncio
import errno
import os
import resource
import signal
import socket
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crawler import workers as module
from crawler.items import Capture, Link, Reading, Source
from crawler.reading import read
from crawler.worker import message
from crawler.workers import ReadingFailed, Workers
from tests.conftest import ROOT, environment

NOW = datetime(2025, 11, 2, tzinfo=UTC)
LINK = Link(url="https://example.org/a", source=Source.SECTION)


def capture(body: bytes) -> Capture:
    return Capture(
        url=LINK.url,
        status=200,
        headers=(("Content-Type", "text/html; charset=utf-8"),),
        body=body,
        captured=NOW,
    )


def memory_of(process: int) -> int:
    """Return the bytes that *process* holds in memory."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * resource.getpagesize()


def run_script(tmp_path: Path, code: str) -> "subprocess.CompletedProcess[str]":
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(code))
    return subprocess.run(
        [sys.executable, script], env=environment() | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip


SHORT = capture(b"<title>Home</title><a href=/b>A story that is told here at some length</a>")
LONG = capture(b"<div><a href=/x>y</a>" * 400_000)
"""Takes a second or more."""


def test_a_page_is_read_as_it_would_be_here() -> None:
    with Workers(1) as workers:
        reading = asyncio.run(workers.read(SHORT, LINK))
    assert reading == read(SHORT, LINK)
    assert reading.links


def test_an_error_of_one_page_is_its_own_and_the_next_is_read() -> None:
    async def both() -> Reading:
        with pytest.raises(ReadingFailed, match="ValidationError"):
            await workers.read("no capture", LINK)  # type: ignore[arg-type]
        return await workers.read(SHORT, LINK)

    with Workers(1) as workers:
        assert asyncio.run(both()).links


def test_a_page_over_the_time_limit_is_given_up_and_the_next_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def both() -> Reading:
        monkeypatch.setattr(module, "TIME_LIMIT_SECONDS", 0.1)
        with pytest.raises(ReadingFailed, match="not read within"):
            await workers.read(LONG, LINK)
        monkeypatch.undo()
        return await workers.read(SHORT, LINK)

    with Workers(1) as workers:
        assert asyncio.run(both()).links


def test_a_process_that_dies_takes_one_page_with_it() -> None:
    async def both() -> Reading:
        await workers.read(SHORT, LINK)  # it runs now
        long = asyncio.ensure_future(workers.read(LONG, LINK))
        await asyncio.sleep(0.3)
        [worker] = workers._busy
        worker._process.kill()
        with pytest.raises(ReadingFailed, match="died"):
            await long
        return await workers.read(SHORT, LINK)

    with Workers(1) as workers:
        assert asyncio.run(both()).links


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS has no limit on the address space of a process")
def test_memory_has_a_limit(tmp_path: Path) -> None:
    code = """
        from crawler import worker

        worker.limit_memory()
        bytes(worker.MEMORY_LIMIT_BYTES)
    """
    assert "MemoryError" in run_script(tmp_path, code).stderr


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        ("TIME_LIMIT_SECONDS = 0.2", "not read within 0.2 s"),
        ("MEMORY_LIMIT_BYTES = 300 << 20", "MiB of memory"),
    ],
)
def test_one_page_on_the_command_line_keeps_the_limits(tmp_path: Path, limit: str, said: str) -> None:
    if "MEMORY" in limit and sys.platform == "darwin":
        pytest.skip("macOS has no limit on the address space of a process")
    page = tmp_path / "page.html"
    page.write_bytes(LONG.body * 4)
    code = f"""
        import pressmark
        from crawler import worker

        worker.{limit}
        pressmark.main(["clean", {str(page)!r}, "--url", {LINK.url!r}])
    """
    done = run_script(tmp_path, code)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
    assert done.stderr.startswith("pressmark: no article: ")
    assert said in done.stderr


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="no other system tells it of a process")
def test_a_process_that_reads_on_and_on_holds_no_more_memory() -> None:
    story = "".join(
        f"<div><p>The council <em>met</em> <a href=/{at}>again</a> on day {at}.</div>" for at in range(500)
    )

    def page(at: int) -> Capture:
        return capture(f"<h1>Day {at}</h1><p>{at} {story}".encode())

    async def held(worker: int, pages: range) -> int:
        for at in pages:
            assert (await workers.read(page(at), LINK)).links
        return memory_of(worker)

    async def grown() -> int:
        await workers.read(page(0), LINK)
        [worker] = workers._idle
        before = await held(worker._process.pid, range(1, 10))
        return await held(worker._process.pid, range(10, 60)) - before

    with Workers(1) as workers:
        assert asyncio.run(grown()) < 10 << 20


def test_stopped_while_its_processes_still_start_it_says_nothing(tmp_path: Path) -> None:
    code = """
        import asyncio
        from contextlib import suppress
        from crawler.workers import Workers
        from tests.test_workers import LINK, SHORT

        async def one(seconds):
            with Workers(4) as workers, suppress(TimeoutError):
                await asyncio.wait_for(asyncio.gather(*(workers.read(SHORT, LINK) for _ in range(8))), seconds)

        for seconds in (0, 0.01, 0.05, 0.1, 0.2, 0.4):
            asyncio.run(one(seconds))
    """
    done = run_script(tmp_path, code)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_process_that_the_system_ended_between_two_pages_costs_none() -> None:
    async def both() -> Reading:
        await workers.read(SHORT, LINK)
        [worker] = workers._idle
        worker._process.kill()
        worker._process.wait()
        return await workers.read(SHORT, LINK)

    with Workers(1) as workers:
        assert asyncio.run(both()).links


def test_a_process_that_dies_within_its_answer_or_cannot_be_started_costs_one_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def none_left(*_: object, **__: object) -> None:
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    async def three() -> Reading:
        await workers.read(SHORT, LINK)
        [worker] = workers._idle
        worker.end()
        worker._socket, theirs = socket.socketpair()
        worker._socket.setblocking(False)
        theirs.sendall(message(b"so much it would say")[:-4])
        theirs.close()
        monkeypatch.setattr(worker, "is_alive", lambda: True)
        with pytest.raises(ReadingFailed, match="died"):
            await workers.read(SHORT, LINK)
        monkeypatch.setattr(module.subprocess, "Popen", none_left)
        monkeypatch.setattr(module, "START_LIMIT_SECONDS", 0)
        with pytest.raises(BlockingIOError, match="no process to read pages: Resource"):
            await workers.read(SHORT, LINK)
        monkeypatch.undo()
        return await workers.read(SHORT, LINK)

    with Workers(1) as workers:
        assert asyncio.run(three()).links


def test_while_the_system_has_no_room_for_a_process_the_page_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    tries = 0

    def room_later(*arguments: Any, **options: Any) -> "subprocess.Popen[bytes]":
        nonlocal tries
        tries += 1
        if tries < 3:
            raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")
        return popen(*arguments, **options)

    popen = subprocess.Popen
    monkeypatch.setattr(module.subprocess, "Popen", room_later)
    monkeypatch.setattr(module, "START_AGAIN_SECONDS", 0.01)
    with Workers(1) as workers:
        assert asyncio.run(workers.read(SHORT, LINK)).links


def test_a_process_that_never_gets_ready_says_nothing_of_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "START_LIMIT_SECONDS", 0.001)
    monkeypatch.setattr(module, "START_AGAIN_SECONDS", 0.01)
    with Workers(1) as workers, pytest.raises(OSError, match=r"not ready within 0\.001 s"):
        asyncio.run(workers.read(SHORT, LINK))
    with monkeypatch.context() as patched:
        patched.setattr(module, "START_LIMIT_SECONDS", 2)
        patched.setattr(module.sys, "executable", "/bin/false")
        with Workers(1) as workers, pytest.raises(OSError, match=r"ended as it started \(exit code 1\)"):
            asyncio.run(workers.read(SHORT, LINK))


def test_a_reading_process_finds_what_its_user_has_on_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text(f"open({str(tmp_path / 'found')!r}, 'w').close()\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with Workers(1) as workers:
        assert asyncio.run(workers.read(SHORT, LINK)).links
    assert (tmp_path / "found").exists()


def test_the_answer_to_a_page_nobody_waits_for_any_more_is_not_taken_for_the_next() -> None:
    async def both() -> Reading:
        long = asyncio.ensure_future(workers.read(LONG, LINK))
        await asyncio.sleep(0.6)
        long.cancel()
        return await workers.read(SHORT, LINK)

    with Workers(1) as workers:
        assert asyncio.run(both()) == read(SHORT, LINK)


def test_text_that_utf_8_cannot_hold_is_read() -> None:
    body = rb'{"version": "https://jsonfeed.org/version/1.1", "items": [{"url": "/a", "title": "one \ud800 two"}]}'
    feed = replace(capture(body), headers=(("Content-Type", "application/feed+json"),))
    assert read(feed, LINK).links[0].title == "one \ud800 two"
    with Workers(1) as workers:
        assert asyncio.run(workers.read(feed, LINK)).links[0].title == "one ? two"


def test_a_reading_with_nobody_left_to_end_it_ends_itself(tmp_path: Path) -> None:
    code = """
        import msgspec
        from crawler import worker
        from tests.test_workers import LINK, SHORT

        def forever(capture, link, memory):
            while True:
                pass

        worker.TIME_LIMIT_SECONDS = 0.1
        worker.answer(msgspec.msgpack.encode(worker.Asked(SHORT, LINK)), forever)
    """
    assert run_script(tmp_path, code).returncode == -signal.SIGALRM


@pytest.mark.parametrize("said", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_whole_group_leaves_the_reading_alone(tmp_path: Path, said: signal.Signals) -> None:
    code = """
        import asyncio, os, signal, sys
        from crawler.workers import Workers
        from tests.test_workers import LINK, capture

        async def go():
            with Workers(2) as workers:
                for _ in range(40):
                    await workers.read(capture(b"<p>word " * 5000), LINK)

        if __name__ == "__main__":
            for one in (signal.SIGINT, signal.SIGTERM):
                signal.signal(one, lambda *_: None)
            print("ready", flush=True)
            asyncio.run(go())
            print("done")
    """
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(code))
    process = subprocess.Popen(
        [sys.executable, script], env=environment() | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    deadline = time.monotonic() + 60
    while process.poll() is None:  # from their first moment to their last
        assert time.monotonic() < deadline
        os.killpg(process.pid, said)
        time.sleep(0.01)
    out, err = process.communicate(timeout=30)
    assert (out, err) == ("done\n", "")

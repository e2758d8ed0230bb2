"""The clock of every host: one request at a time, a gap between two, and rest while the host asks for patience.

Sites that fetch from one host share its clock. A gap counts from an answer to the next request: so it is kept where it
matters, at the server, whatever the network adds to one request, and a server that is slow is asked less often.
"""

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Owner = TypeVar("Owner")
Ask = TypeVar("Ask")


@dataclass(slots=True)
class _Clock(Generic[Owner, Ask]):
    waiting: deque[tuple[Owner, Ask]] = field(default_factory=deque)
    gap_seconds: float = 0.0
    busy: bool = False
    answered_at: float = -math.inf
    """`time.monotonic` of the last answer."""
    paused_until: float = -math.inf
    """`time.monotonic` before which nothing is sent, because the host asked for it."""
    timer: asyncio.TimerHandle | None = None


class Hosts(Generic[Owner, Ask]):
    """Lets requests through to their hosts, each in its turn. An owner is a run, what it sends an ask."""

    def __init__(self, send: Callable[[Owner, Ask], None]) -> None:
        """Call *send* with each request whose turn has come; the sender says `answered` when it is over."""
        self._send = send
        self._clocks: dict[str, _Clock[Owner, Ask]] = {}

    def ask(self, host: str, owner: Owner, ask: Ask, *, gap_seconds: float) -> None:
        """Send *ask* of *owner* to *host* when its turn has come.

        The gap of a host is the largest that anybody asked for; a ``www.`` host has the clock of the one without.
        """
        clock = self._clock(host)
        clock.gap_seconds = max(clock.gap_seconds, gap_seconds)
        clock.waiting.append((owner, ask))
        self._turn(clock)

    def answered(self, host: str) -> None:
        """Let the next request through to *host*, when its gap has passed."""
        clock = self._clock(host)
        if not clock.busy:
            return
        clock.busy = False
        clock.answered_at = time.monotonic()
        self._turn(clock)

    def pause(self, host: str, seconds: float) -> None:
        """Send nothing to *host* for *seconds*."""
        clock = self._clock(host)
        clock.paused_until = max(clock.paused_until, time.monotonic() + seconds)

    def paused(self) -> dict[str, float]:
        """Return for how many seconds more each host that asked for patience rests."""
        now = time.monotonic()
        rests = {host: clock.paused_until - now for host, clock in self._clocks.items()}
        return {host: rest for host, rest in rests.items() if rest > 0}

    def withdraw(self, owner: Owner) -> list[Ask]:
        """Take back, and return, what *owner* asked for and was not sent yet."""
        taken: list[Ask] = []
        for clock in self._clocks.values():
            taken += [ask for one, ask in clock.waiting if one is owner]
            clock.waiting = deque(entry for entry in clock.waiting if entry[0] is not owner)
        return taken

    def clear(self, host: str) -> list[tuple[Owner, Ask]]:
        """Take back, and return, whatever waits for *host*, with its owner."""
        clock = self._clock(host)
        taken = list(clock.waiting)
        clock.waiting.clear()
        return taken

    def close(self) -> None:
        """Send nothing more."""
        for clock in self._clocks.values():
            clock.waiting.clear()
            if clock.timer:
                clock.timer.cancel()

    def _clock(self, host: str) -> _Clock[Owner, Ask]:
        return self._clocks.setdefault(host.removeprefix("www."), _Clock())

    def _turn(self, clock: _Clock[Owner, Ask]) -> None:
        if clock.busy or not clock.waiting or clock.timer:
            return
        wait = max(clock.answered_at + clock.gap_seconds, clock.paused_until) - time.monotonic()
        if wait > 0:
            clock.timer = asyncio.get_running_loop().call_later(wait, self._timer_ended, clock)
            return
        clock.busy = True
        self._send(*clock.waiting.popleft())

    def _timer_ended(self, clock: _Clock[Owner, Ask]) -> None:
        clock.timer = None
        self._turn(clock)

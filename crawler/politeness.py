"""How a host wants to be visited: robots.txt (RFC 9309), Crawl-delay, Retry-After."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from protego import Protego

MAX_ROBOTS_BYTES = 500 * 1024
ROBOTS_MAX_AGE_SECONDS = 24 * 3600
"""RFC 9309, 2.4: a cached robots.txt is used for at most a day."""
MAX_ROBOTS_REDIRECTS = 5
"""RFC 9309, 2.3.1.2."""

PATIENCE = frozenset({429, 503})
"""The whole host asks for patience, not the page alone."""
BACKOFF_SECONDS = (5.0, 30.0)
"""Wait before the second and third try of a page in one run; there is no fourth."""


@dataclass(frozen=True, slots=True)
class Robots:
    """What robots.txt of one host asks of one user agent."""

    state: str
    """``rules``, ``none`` (no such file: all is allowed) or ``unreachable`` (nothing is allowed)."""
    body: bytes = b""
    _rules: Protego | None = None

    @classmethod
    def read(cls, status: int | None, body: bytes) -> "Robots":
        """Return the robots.txt that was answered with *status* and *body*; ``None`` is no answer at all.

        2xx gives rules, 4xx allows all, anything else allows nothing (RFC 9309, 2.3.1).
        """
        if status is not None and 200 <= status < 300:
            body = body[:MAX_ROBOTS_BYTES]
            return cls("rules", body, Protego.parse(body.decode("utf-8-sig", "replace")))
        if status is not None and 400 <= status < 500 and status != 429:
            return cls("none")
        return cls("unreachable")

    def allows(self, url: str, user_agent: str) -> bool:
        """Whether *url* may be fetched."""
        if self._rules is None:
            return self.state == "none"
        return bool(self._rules.can_fetch(url, user_agent))

    def crawl_delay_seconds(self, user_agent: str) -> float | None:
        """Return the gap between requests asked for: no part of RFC 9309, yet many newspapers state it."""
        delay = self._rules.crawl_delay(user_agent) if self._rules else None
        return None if delay is None else float(delay)

    @property
    def sitemaps(self) -> Sequence[str]:
        """Addresses of its ``Sitemap:`` lines, as written."""
        return list(self._rules.sitemaps) if self._rules else []


def patience_seconds(status: int, retry_after: str | None, now: datetime) -> float | None:
    """Return how long a host that answered with *status* asks for patience, ``None`` when it does not.

    0 means that it names no time. ``Retry-After`` also counts on a redirect (RFC 9110, 10.2.3).
    """
    asked = retry_after_seconds(retry_after, now)
    if status in PATIENCE or (asked is not None and (status >= 500 or 300 <= status < 400)):
        return asked or 0.0
    return None


def retry_after_seconds(value: str | None, now: datetime) -> float | None:
    """Return how long the ``Retry-After`` header *value* asks to wait: seconds or a date (RFC 9110, 10.2.3)."""
    if value is None:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())

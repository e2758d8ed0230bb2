"""Dates as feeds and sitemaps state them, into ISO 8601 with the offset kept."""

from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime


def iso(text: str | None) -> str | None:
    """Return *text*, an ISO 8601 or RFC 5322 date, as ISO 8601, or ``None`` when it is neither.

    A bare day stays one, and a time without an offset stays without.
    """
    text = (text or "").strip()
    if not text:
        return None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text).isoformat()
    except ValueError:
        pass
    try:
        return parsedate_to_datetime(text).isoformat()
    except (ValueError, IndexError, OverflowError):
        return None


def instant(text: str) -> float:
    """Return *text*, as `iso` gives it, in seconds since 1970; a bare day or a time without offset is read as UTC."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()

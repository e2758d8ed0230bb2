"""When to look again: at a listing, an article, and what failed. Pure rules; times come in and go out in UTC."""

import hashlib
from bisect import bisect_right
from contextlib import suppress
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from crawler.discovery.dates import instant
from crawler.items import Capture

MINUTE, HOUR, DAY = 60, 3600, 86400

LISTING_INTERVAL_SECONDS = {
    "feed": HOUR,
    "news-sitemap": HOUR,
    "sitemap": 6 * HOUR,
    "sitemap-index": 6 * HOUR,
}
"""By form, to begin with."""
SECTION_INTERVAL_SECONDS = 6 * HOUR
MIN_LISTING_INTERVAL_SECONDS = 15 * MINUTE
MAX_LISTING_INTERVAL_SECONDS = 7 * DAY
# A listing that changed is looked at sooner, one that did not later. Source: the rule of Common Crawl's news crawler.
CHANGED_FACTOR, UNCHANGED_FACTOR = 0.8, 1.5
# Only what was looked at on time, twice running, says how often it changes. Source: Media Cloud's feed fetcher.
STEADY_CHECKS = 2
JITTER = 0.1
"""A part of the interval, by the address: the feeds of one host do not come due together."""
MAX_HINT_SECONDS = DAY
"""However long a listing says it stays as it is."""
RETIRED_AFTER_SECONDS, RETIRED_INTERVAL_SECONDS = 180 * DAY, 60 * DAY
"""A listing that has not changed for so long is hardly looked at any more."""

# Ages at which an article is looked at again. Source: NewsDiffs.
ARTICLE_CHECK_AGES_SECONDS = (HOUR, 4 * HOUR, DAY, 3 * DAY, 14 * DAY)
GONE_INTERVALS_SECONDS = (DAY, 60 * DAY)
"""After an article was found gone: some come back."""
OTHER_INTERVAL_SECONDS, MAX_OTHER_DOUBLINGS = 30 * DAY, 4
"""After a page gave nothing to keep; twice as long each time it does so again."""
MISSING_INTERVALS_SECONDS = (3 * DAY, 30 * DAY, 60 * DAY)
"""After a page that is not held, or a listing, answered that it is not there; never fully dead."""


def listing_interval(
    interval: int | None, form: str | None, *, changed: bool, on_time: bool, steady: int
) -> tuple[int, int]:
    """Return the interval in seconds after a look at a listing, and how often in a row it was now looked at on time.

    *interval* is that before the look, in seconds, ``None`` for the first; *form* as in `Reading.form`; *on_time* says
    that the interval had passed: an early look that finds no change says nothing; *steady* counts the looks on time in
    a row before this one.
    """
    if interval is None:
        return LISTING_INTERVAL_SECONDS.get(form or "", SECTION_INTERVAL_SECONDS), 0
    steady = steady + 1 if on_time else 0
    if changed:
        interval = round(interval * CHANGED_FACTOR)
    elif steady >= STEADY_CHECKS:
        interval = round(interval * UNCHANGED_FACTOR)
    return min(max(interval, MIN_LISTING_INTERVAL_SECONDS), MAX_LISTING_INTERVAL_SECONDS), steady


def next_listing_check(
    url: str, interval: int, now: datetime, *, hint_seconds: int | None, changed_at: datetime
) -> datetime:
    """Return when to look at the listing at *url* again.

    *interval* is in seconds, as `listing_interval` gives it; *hint_seconds* is how long the listing itself says that it
    stays as it is, which only ever lengthens; *changed_at* is when it was last seen to change.
    """
    seconds = max(interval, min(hint_seconds or 0, MAX_HINT_SECONDS))
    if now - changed_at > timedelta(seconds=RETIRED_AFTER_SECONDS):
        seconds = RETIRED_INTERVAL_SECONDS
    return now + timedelta(seconds=round(seconds * jitter(url)))


def jitter(url: str) -> float:
    """Return the factor, 1 ± `JITTER`, by which the intervals of *url* differ from the rule."""
    share = int.from_bytes(hashlib.sha256(url.encode()).digest()[:4]) / 2**32
    return 1 + JITTER * (2 * share - 1)


def freshness_seconds(capture: Capture) -> int | None:
    """Return how long *capture* says it stays fresh: ``Cache-Control: max-age`` or ``Expires`` (RFC 9111, 4.2.1)."""
    directives = [part.strip().lower() for part in (capture.header("Cache-Control") or "").split(",")]
    if {"no-cache", "no-store"} & set(directives):
        return None
    for part in directives:
        name, _, value = part.partition("=")
        if name == "max-age" and value.strip('"').isascii() and value.strip('"').isdigit():
            return int(value.strip('"')[:9])
    with suppress(ValueError, TypeError, IndexError, OverflowError):
        expires = parsedate_to_datetime(capture.header("Expires") or "")
        return max(0, int(expires.timestamp() - capture.captured.timestamp()))
    return None


def next_article_check(
    published: str | None, now: datetime, *, first_seen: datetime, changed: bool = False
) -> datetime | None:
    """Return when to look at an article again: at the next of the ages that count from its publication, else never.

    After a real change (*changed*) one step back: the gap before the age it is of is waited once more.
    *published* is ISO 8601; without it the age counts from *first_seen*.
    """
    born = first_seen.timestamp()
    if published is not None:
        with suppress(ValueError):
            born = min(instant(published), now.timestamp())
    passed = bisect_right(ARTICLE_CHECK_AGES_SECONDS, now.timestamp() - born)
    ages = (0, *ARTICLE_CHECK_AGES_SECONDS)
    if changed and passed:
        return now + timedelta(seconds=ages[passed] - ages[passed - 1])
    if passed == len(ARTICLE_CHECK_AGES_SECONDS):
        return None
    return now + timedelta(seconds=max(1, round(born + ages[passed + 1] - now.timestamp())))


def next_gone_check(fails: int, now: datetime) -> datetime | None:
    """Return when to see whether a gone article comes back, after *fails* earlier answers that it is gone."""
    if fails >= len(GONE_INTERVALS_SECONDS):
        return None
    return now + timedelta(seconds=GONE_INTERVALS_SECONDS[fails])


def next_missing_check(fails: int, now: datetime) -> datetime:
    """Return when to ask again for what is not there, after *fails* earlier answers that said so."""
    return now + timedelta(seconds=MISSING_INTERVALS_SECONDS[min(fails, len(MISSING_INTERVALS_SECONDS) - 1)])


def next_other_check(fails: int, now: datetime) -> datetime:
    """Return when to look again at a page that gave nothing to keep, after *fails* earlier looks that gave nothing."""
    return now + timedelta(seconds=OTHER_INTERVAL_SECONDS * 2 ** min(fails, MAX_OTHER_DOUBLINGS))

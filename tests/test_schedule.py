"""When a listing, an article or what failed is looked at again."""

from datetime import UTC, datetime, timedelta

import pytest

from crawler.items import Capture
from crawler.schedule import (
    DAY,
    HOUR,
    MAX_LISTING_INTERVAL_SECONDS,
    MIN_LISTING_INTERVAL_SECONDS,
    freshness_seconds,
    jitter,
    listing_interval,
    next_article_check,
    next_gone_check,
    next_listing_check,
    next_missing_check,
)

NOW = datetime(2025, 11, 1, 12, tzinfo=UTC)
URL = "https://news.example/feed"


@pytest.mark.parametrize(
    ("form", "hours"),
    [("feed", 1), ("news-sitemap", 1), ("sitemap", 6), ("sitemap-index", 6), ("section", 6), (None, 6)],
)
@pytest.mark.parametrize("changed", [True, False])
def test_a_listing_begins_with_the_interval_of_its_form(form: str | None, hours: int, changed: bool) -> None:
    assert listing_interval(None, form, changed=changed, on_time=False, steady=0) == (hours * HOUR, 0)


def test_a_listing_that_changes_is_looked_at_sooner_whenever_that_is_seen() -> None:
    for on_time in (True, False):
        assert listing_interval(3600, "feed", changed=True, on_time=on_time, steady=0)[0] == 2880


def test_only_a_second_look_on_time_without_change_makes_it_later() -> None:
    interval, steady = listing_interval(3600, "feed", changed=False, on_time=True, steady=0)
    assert (interval, steady) == (3600, 1)
    assert listing_interval(interval, "feed", changed=False, on_time=True, steady=steady) == (5400, 2)
    assert listing_interval(interval, "feed", changed=False, on_time=False, steady=steady) == (3600, 0)


def test_an_interval_stays_within_its_bounds() -> None:
    assert (
        listing_interval(10**7, "feed", changed=False, on_time=True, steady=9)[0]
        == MAX_LISTING_INTERVAL_SECONDS
    )
    assert (
        listing_interval(1, "feed", changed=True, on_time=True, steady=9)[0] == MIN_LISTING_INTERVAL_SECONDS
    )


def check(hint: int | None = None, changed_at: datetime = NOW, url: str = URL) -> float:
    """Return after how many seconds a listing of an interval of an hour is looked at again, its jitter undone."""
    when = next_listing_check(url, HOUR, NOW, hint_seconds=hint, changed_at=changed_at)
    return (when - NOW).total_seconds() / jitter(url)


@pytest.mark.parametrize(
    ("hint", "seconds"), [(None, HOUR), (60, HOUR), (2 * HOUR, 2 * HOUR), (365 * DAY, DAY)]
)
def test_what_a_listing_says_of_itself_only_lengthens_and_not_for_long(
    hint: int | None, seconds: int
) -> None:
    assert check(hint) == pytest.approx(seconds, abs=2)


def test_a_listing_without_a_change_for_half_a_year_is_hardly_looked_at() -> None:
    assert check(changed_at=NOW - timedelta(days=179)) == pytest.approx(HOUR, abs=2)
    assert check(changed_at=NOW - timedelta(days=181)) == pytest.approx(60 * DAY, abs=2)


def test_the_listings_of_one_host_do_not_come_due_together() -> None:
    factors = [jitter(f"https://news.example/{number}/feed") for number in range(200)]
    assert 0.9 <= min(factors) < 0.92
    assert 1.08 < max(factors) <= 1.1
    assert jitter(URL) == jitter(URL)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ((), None),
        ((("Cache-Control", "public, max-age=600"),), 600),
        ((("cache-control", "max-age=600, no-cache"),), None),
        ((("Cache-Control", "max-age=-1"),), None),
        ((("Cache-Control", "max-age=99999999999999999999"),), 999_999_999),
        ((("Expires", "Sat, 01 Nov 2025 12:10:00 GMT"),), 600),
        ((("Expires", "Fri, 31 Oct 2025 12:10:00 GMT"),), 0),
        ((("Expires", "0"),), None),
        ((("Cache-Control", "max-age=60"), ("Expires", "Sat, 01 Nov 2025 12:10:00 GMT")), 60),
    ],
)
def test_freshness_is_read_from_the_headers(
    headers: tuple[tuple[str, str], ...], seconds: int | None
) -> None:
    capture = Capture(url=URL, status=200, headers=headers, body=b"", captured=NOW)
    assert freshness_seconds(capture) == seconds


@pytest.mark.parametrize(
    ("published", "hours"),
    [
        ("2025-11-01T12:00:00+00:00", 1),
        ("2025-11-01T10:00:00+00:00", 2),
        ("2025-10-30T12:00:00+00:00", 24),
        ("2013-06-07", None),
        ("2025-11-03T12:00:00+00:00", 1),
        ("2025-11-01T20:00:00+08:00", 1),
        ("no date", 1),
        (None, 1),
    ],
)
def test_an_article_is_looked_at_again_by_its_age(published: str | None, hours: int | None) -> None:
    expected = None if hours is None else NOW + timedelta(hours=hours)
    assert next_article_check(published, NOW, first_seen=NOW) == expected


@pytest.mark.parametrize(
    ("age_hours", "hours"), [(0.5, 0.5), (1, 1), (5, 3), (25, 20), (80, 48), (24 * 20, 264), (24 * 900, 264)]
)
def test_a_real_change_goes_one_step_back(age_hours: float, hours: float) -> None:
    published = (NOW - timedelta(hours=age_hours)).isoformat()
    assert next_article_check(published, NOW, first_seen=NOW, changed=True) == NOW + timedelta(hours=hours)


def test_what_is_gone_or_missing_is_looked_for_ever_more_rarely() -> None:
    gone = [next_gone_check(fails, NOW) for fails in range(3)]
    assert gone == [NOW + timedelta(days=1), NOW + timedelta(days=60), None]
    missing = [(next_missing_check(fails, NOW) - NOW).days for fails in (0, 1, 2, 50)]
    assert missing == [3, 30, 60, 60]

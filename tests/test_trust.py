"""What a site's word is worth, counted in its state."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawler.frontier import Frontier
from crawler.items import Link, Source
from crawler.trust import MAX_STALE_VALIDATORS, MIN_LASTMOD_TRIALS, MIN_RESTLESS_VALIDATORS

NOW = datetime(2025, 11, 1, 12, tzinfo=UTC)


@pytest.fixture
def frontier(tmp_path: Path) -> Iterator[Frontier]:
    opened = Frontier(tmp_path / "news.example.sqlite")
    opened.begin(NOW)
    yield opened
    opened.close()


def test_a_body_that_changes_under_its_validator_ends_the_trust_for_good(frontier: Frontier) -> None:
    frontier.trust.note("not-modified")
    for _ in range(MAX_STALE_VALIDATORS):
        assert frontier.trust.sends_validators
        frontier.trust.note("stale-validator")
    assert not frontier.trust.sends_validators
    frontier.close()
    again = Frontier(frontier.path)
    assert not again.trust.sends_validators
    again.close()


def test_validators_that_never_hold_are_not_sent_for_ever(frontier: Frontier) -> None:
    for _ in range(MIN_RESTLESS_VALIDATORS):
        assert frontier.trust.sends_validators
        frontier.trust.note("restless-validator")
    assert not frontier.trust.sends_validators
    frontier.trust.note("not-modified")
    assert frontier.trust.sends_validators


def test_lastmod_that_is_hardly_ever_true_makes_nothing_due(frontier: Frontier) -> None:
    for _ in range(MIN_LASTMOD_TRIALS):
        assert frontier.trust.believes_lastmod(Source.SITEMAP)
        frontier.trust.note("false-lastmod-sitemap")
    assert not frontier.trust.believes_lastmod(Source.SITEMAP)
    assert frontier.trust.believes_lastmod(Source.FEED)
    link = Link(url="https://news.example/a", source=Source.SITEMAP, modified="2025-10-01")
    [due] = frontier.lease(1, NOW) if frontier.add([link], NOW) else []
    fetch = frontier.fetched(due, NOW, status=200, size=1, place=None, digest="sha256:1", read=False)
    frontier.done(due, fetch, NOW, next_check=None)
    frontier.begin(NOW)
    later = Link(url=link.url, source=Source.SITEMAP, modified="2026-01-01")
    assert frontier.add([later], NOW) == 0
    assert frontier.lease(1, NOW) == []

"""What rings an alarm, and what must not."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from crawler.health import health
from crawler.items import Quality, RunReport, Yield

NOW = datetime(2025, 11, 27, 6, tzinfo=UTC)
"""A Thursday."""


def run(days_ago: float, fresh: int, **more: object) -> RunReport:
    """Return the report of a run that stored *fresh* articles, all dated, signed, described and of 500 words."""
    quality = Quality(
        articles=fresh, fresh=fresh, dated=fresh, signed=fresh, described=fresh, words=500 if fresh else 0
    )
    when = f"{NOW - timedelta(days=days_ago):%Y-%m-%dT%H:%M:%SZ}"
    fields: dict[str, object] = {
        "site": "news.example", "started": when, "ended": when, "finished": "done", "failed": False, "pages": fresh,
        "requests": fresh, "received_bytes": 0, "outcomes": {"stored": fresh}, "sources": {}, "quality": quality,
        "held": 1000,
    }  # fmt: skip
    return RunReport(**(fields | more))  # type: ignore[arg-type]


def history(a_day: int, *, days: int = 14, runs_a_day: int = 4) -> list[RunReport]:
    return [
        run(day + part / runs_a_day, a_day // runs_a_day)
        for day in range(1, days + 1)
        for part in range(runs_a_day)
    ]


def test_forty_a_day_and_now_none_is_an_alarm() -> None:
    quiet = [run(hours / 24, 0) for hours in (18, 12, 6)]
    told = health(run(0, 0), history(40)[1:] + quiet)
    assert told.alarms == ("new articles: 0 in 1 day, where 40 a day came before",)


@pytest.mark.parametrize(
    ("a_day", "today", "rings"),
    [(40, 40, False), (40, 16, False), (40, 5, True), (4, 0, False), (8, 0, False)],
)
def test_a_slow_day_is_none(a_day: int, today: int, rings: bool) -> None:
    assert bool(health(run(0, today), history(a_day, runs_a_day=1)).alarms) is rings


def test_a_small_site_is_missed_after_a_week() -> None:
    before = [run(day, 4) for day in range(8, 25)]
    silent = [run(day, 0) for day in range(1, 7)]
    assert health(run(0, 0), before + silent[:1]).alarms == ()
    [alarm] = health(run(0, 0), before + silent).alarms
    assert alarm.startswith("new articles: 0 in 7 days")


def test_a_backfill_is_no_pace_to_compare_with() -> None:
    backfill = replace(run(10, 0), quality=Quality(articles=900))
    assert health(run(0, 3), [*[run(day, 3) for day in range(1, 10)], backfill]).alarms == ()


@pytest.mark.parametrize("finished", ["limit of 5 articles", "stopped"])
def test_a_run_that_was_cut_short_says_nothing_of_the_pace(finished: str) -> None:
    assert health(run(0, 0, finished=finished), history(40)).alarms == ()


def test_a_machine_that_was_off_for_weeks_is_not_the_sites_fault() -> None:
    assert health(run(0, 30), [run(day, 40) for day in range(20, 28)]).alarms == ()


def test_with_no_history_nothing_is_far_from_it() -> None:
    assert health(run(0, 0), []).alarms == ()


def test_a_site_that_lost_its_dates_is_an_alarm() -> None:
    lost = run(0, 12)
    lost = replace(lost, quality=replace(lost.quality, dated=1))
    assert health(lost, history(40)).alarms == ("8% of the new articles have a date, 100% had before",)


def test_too_few_articles_say_nothing_of_dates() -> None:
    lost = run(0, 3)
    lost = replace(lost, quality=replace(lost.quality, dated=0))
    assert health(lost, history(4, runs_a_day=1)).alarms == ()


def test_articles_of_half_the_length_are_an_alarm() -> None:
    short = run(0, 40)
    short = replace(short, quality=replace(short.quality, words=240))
    assert health(short, history(40)).alarms == ("the new articles have 240 words, 500 before",)


def test_lost_authors_are_a_warning() -> None:
    lost = run(0, 40)
    lost = replace(lost, quality=replace(lost.quality, signed=0, described=0))
    told = health(lost, history(40))
    assert told.alarms == ()
    assert told.warnings == (
        "0% of the new articles have authors, 100% had before",
        "0% of the new articles have a description, 100% had before",
    )


def test_walls_where_articles_were_are_an_alarm() -> None:
    walled = run(0, 2, outcomes={"stored": 2, "wall": 38}, reasons={"wall: consent: “cookies”": 38})
    [alarm] = health(walled, history(40, runs_a_day=1)[:2]).alarms
    assert alarm == "38 pages are walls where articles were (38 × wall: consent: “cookies”)"


def test_a_site_that_always_had_a_paywall_is_none() -> None:
    def walled(days_ago: float) -> RunReport:
        return run(days_ago, 10, outcomes={"stored": 10, "wall": 30})

    assert health(walled(0), [walled(day) for day in range(1, 10)]).alarms == ()


def test_articles_gone_all_at_once_are_an_alarm() -> None:
    [alarm] = health(run(0, 40, outcomes={"stored": 40, "gone": 60, "unchanged": 3}), history(40)).alarms
    assert alarm == "60 held articles are gone, 3 are there"


def with_feed(reports: Sequence[RunReport], share: float) -> list[RunReport]:
    return [
        replace(
            one,
            sources={
                "feed": Yield(named=9, fresh=round(one.quality.fresh * share)),
                "section": Yield(named=9, fresh=one.quality.fresh),
            },
        )
        for one in reports
    ]


def test_a_source_that_dries_up_is_reported_and_fails_nothing() -> None:
    before = with_feed([run(day, 30) for day in range(1, 15)], 0.9)
    [dry] = with_feed([run(0, 30)], 0)
    told = health(dry, before)
    assert told.alarms == ()
    assert told.warnings == (
        "feed names hardly any new articles now: 0 in 1 day, where 27 a day came before",
    )
    assert health(with_feed([run(0, 30)], 0.9)[0], before).warnings == ()


def test_a_backfill_of_another_template_is_no_loss_of_dates() -> None:
    found = run(0, 20, outcomes={"stored": 500})
    found = replace(found, quality=replace(found.quality, articles=500))
    assert health(found, history(40)).alarms == ()


def test_a_weekend_is_compared_with_weekends() -> None:
    saturday = datetime(2025, 11, 22, 20, tzinfo=UTC)
    assert saturday.weekday() == 5
    before = []
    for day in range(1, 22):
        when = saturday - timedelta(days=day)
        one = run(0, 0 if when.weekday() >= 5 else 20)
        before.append(replace(one, started=f"{when:%Y-%m-%dT%H:%M:%SZ}", ended=f"{when:%Y-%m-%dT%H:%M:%SZ}"))
    told = health(replace(run(0, 0), started=f"{saturday:%Y-%m-%dT%H:%M:%SZ}"), before)
    assert told.alarms == ()


def test_a_run_that_ended_at_its_budget_has_asked_for_the_news() -> None:
    assert health(run(0, 0, finished="limit of 20000 pages (crawl.max_pages)"), history(40)).alarms

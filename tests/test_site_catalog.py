"""Order, neighbours, names and links of the articles held."""

from dataclasses import replace

import pytest

from crawler.items import Article
from site_builder.catalog import Catalog, Entry, IdClash, calendar_day, direction, folded, pack_links, slugs
from site_builder.feeds import instant
from site_builder.lists import bars, months, volumes
from tests.site_corpus import article, related


def entry(one: Article) -> Entry:
    return Entry(
        article=replace(one, body="", links=()), stem=f"{one.site}/{one.id}", body_key="", digest=one.id
    )


def catalog(*articles: Article) -> Catalog:
    return Catalog(
        entries=tuple(map(entry, articles)),
        links=[(f"{one.site}/{one.id}", pack_links(one.links, one.site)) for one in articles],
    )


def titles(entries) -> list[str]:
    return [one.article.title for one in entries]


def test_newest_comes_first_by_the_day_as_printed_and_the_undated_last():
    dates = {
        "b": "2025-01-02T00:30:00+14:00",
        "a": "2025-01-01T23:00:00-12:00",
        "c": "2025-01-02",
        "u": None,
        "x": "2025-13-45",
    }
    made = catalog(*(article(n, title=title, date=date) for n, (title, date) in enumerate(dates.items())))
    assert titles(made.entries)[:3] == ["b", "c", "a"]
    assert set(titles(made.entries)[3:]) == {"u", "x"}
    assert list(made.days) == ["2025-01-01", "2025-01-02"]


def test_neighbours_are_on_the_same_site_and_dated():
    made = catalog(
        article(1, date="2025-01-01"),
        article(2, date="2025-01-02", site="b.example", url="https://b.example/2"),
        article(3, date="2025-01-03"),
        article(4, date=None),
    )
    first, third = made.entries[2], made.entries[0]
    assert made.neighbours[first.stem] == (None, third)
    assert made.neighbours[third.stem] == (first, None)
    assert len(made.neighbours) == 3


def test_one_id_for_two_articles_is_an_error_that_names_both():
    one = article(1)
    with pytest.raises(IdClash, match=r"(?s)news\.example.*b\.example|b\.example.*news\.example"):
        catalog(one, article(2, id=one.id, site="b.example", url="https://b.example/2"))


def test_authors_have_a_page_from_two_articles_on_whatever_the_case():
    made = catalog(
        article(1, authors=("Ann Lee",)),
        article(2, authors=("ANN LEE", "Bo")),
        article(3, authors=("Ann Lee",)),
    )
    assert [author.label for author in made.authors.values()] == ["Ann Lee"]
    assert made.author("ann lee") is not None
    assert made.author("Bo") is None


def test_names_without_ascii_and_names_alike_get_a_suffix():
    found = slugs(["稀土", "rare earths", "rare-earths", "boats"])
    assert found["boats"] == "boats"
    assert found["稀土"].startswith("x-")
    assert len({found["rare earths"], found["rare-earths"]}) == 2
    assert all(found[name].startswith("rare-earths-") for name in ("rare earths", "rare-earths"))


def test_links_are_resolved_by_address_then_by_headline():
    target = article(1, title="“A New Pier” – Opened", url="https://www.news.example/pier")
    claimed = article(
        2, title="Claimed", url="https://news.example/amp", canonical_url="https://news.example/full"
    )
    source = article(
        3,
        links=(
            related(1, "elsewhere", "https://other.example/pier"),
            related(2, "x", "http://news.example/pier#top"),
            related(3, '"a new pier" - opened'),
            related(4, "y", "https://www.news.example/full"),
        ),
    )
    made = catalog(target, claimed, source)
    stem = f"{source.site}/{source.id}"
    assert [place for place, _ in made.targets[stem]] == [1, 2, 3]
    assert titles(made.linked_from[f"{target.site}/{target.id}"]) == ["Report number 3"]


def test_a_headline_of_two_articles_or_of_another_site_resolves_nothing():
    links = (related(1, "Same"), related(2, "Elsewhere"))
    made = catalog(
        article(1, title="Same"),
        article(2, title="Same"),
        article(3, title="Elsewhere", site="b.example", url="https://b.example/"),
        article(4, links=links),
    )
    assert made.targets == {}


def test_an_article_cannot_claim_the_address_of_another_site():
    made = catalog(
        article(1, canonical_url="https://b.example/story"),
        article(2, links=(related(1, "z", "https://b.example/story"),)),
    )
    assert made.targets == {}


def test_headlines_are_folded():
    assert folded("  “What’s New” —  now") == folded('"what\'s new" - NOW')


@pytest.mark.parametrize(
    ("language", "expected"),
    [("ar", "rtl"), ("fa-IR", "rtl"), ("en", "ltr"), ("zh-Hans", "ltr"), (None, "auto")],
)
def test_direction(language: str | None, expected: str):
    assert direction(language) == expected


@pytest.mark.parametrize(
    ("stated", "day"),
    [("2025-02-28T10:00:00Z", "2025-02-28"), ("2025-02-30", None), ("soon", None), (None, None)],
)
def test_a_day_is_one_of_the_calendars(stated: str | None, day: str | None):
    assert calendar_day(stated) == day


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("2025-11-01", "2025-11-01T00:00:00Z"),
        ("2025-11-01T08:00:00+08:00", "2025-11-01T00:00:00Z"),
        ("2025-11-01T08:00:00", "2025-11-01T08:00:00Z"),
        ("0001-01-01T00:00:00+10:00", None),
        ("never", None),
    ],
)
def test_times_of_a_feed_are_rfc_3339(stated: str, expected: str | None):
    assert instant(stated) == expected


def entries(dates: list[str | None]) -> tuple[Entry, ...]:
    return catalog(*(article(n, date=date) for n, date in enumerate(dates))).entries


def test_volumes_are_months_filled_from_the_oldest_on():
    made = volumes(entries(["2025-01-01", "2025-01-02", "2025-01-03", "2025-02-01", None]), 2)
    assert [(volume.name, len(volume.entries)) for volume in made] == [
        ("2025-01", 2),
        ("2025-01-2", 1),
        ("2025-02", 1),
        ("undated", 1),
    ]
    assert [one.day for one in made[0].entries] == ["2025-01-01", "2025-01-02"]


def test_a_full_page_of_a_volume_never_changes():
    dates: list[str | None] = [f"2025-01-{day:02}" for day in range(1, 10)]
    before, after = (volumes(entries(some), 3) for some in (dates[:8], dates))
    assert [[e.stem for e in v.entries] for v in after[:2]] == [
        [e.stem for e in v.entries] for v in before[:2]
    ]


def test_months_and_bars_have_gaps_and_ends():
    some = entries(["2024-11-01", "2025-01-01", "2025-01-09", None])
    assert months(some) == [("2025-01", 2), ("2024-11", 1), ("undated", 1)]
    weeks = bars(some)
    assert (weeks[0], weeks[1], weeks[-1]) == (("2024-10-28", 1), ("2024-11-04", 0), ("2025-01-06", 1))
    assert [count for _, count in weeks] == [1, *[0] * 8, 1, 1]
    months_of_years = bars(entries(["2023-11-01", "2025-01-01", "2025-01-09"]))
    assert months_of_years[:2] == [("2023-11", 1), ("2023-12", 0)]
    assert months_of_years[-1] == ("2025-01", 2)
    assert bars(entries(["1999-01-01", "2025-01-01"]))[0] == ("1999", 1)
    assert bars(entries([None])) == []

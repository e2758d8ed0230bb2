"""Topics are the publishers' keywords and sections, spelled together, each with its reason."""

from dataclasses import replace

import pytest

from site_builder.catalog import Catalog, Entry
from site_builder.topics import is_machine_label, key, topics
from tests.site_corpus import article


def catalog(*articles) -> Catalog:
    entries = tuple(
        Entry(article=replace(one, body=""), stem=f"{one.site}/{one.id}", body_key="", digest=one.id)
        for one in articles
    )
    return Catalog(entries=entries)


@pytest.mark.parametrize(
    ("spellings"),
    [
        (
            "Rare Earths",
            "rare earths",
            "RARE-EARTHS",
            "rare_earths",
            "RareEarths",
            " Rare  Earths ",
            "#RareEarths",
        ),
        ("São Paulo", "Sao Paulo", "são-paulo"),
        ("U.S.", "u.s.", "U.S"),
        ("Ｆｕｌｌ Ｗｉｄｔｈ", "Full Width"),
        ("Straße", "strasse"),
    ],
)
def test_spellings_of_one_topic_have_one_key(spellings: tuple[str, ...]):
    assert len({key(spelling) for spelling in spellings if spelling != "U.S"}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [("U.S.", "us"), ("houseofreps", "HouseOfReps"), ("हिन्दी", "हनद"), ("й", "и"), ("稀土", "稀")],
)
def test_different_topics_have_different_keys(one: str, other: str):
    assert key(one) != key(other)


@pytest.mark.parametrize(
    "label", ["PACKAGE:US-TOP-NEWS", "123e4567-e89b-12d3-a456-426614174000", "2024", "12-3", "id=12", "cat_7"]
)
def test_codes_are_no_labels(label: str):
    assert is_machine_label(label)


@pytest.mark.parametrize("label", ["U.S.", "G20", "Covid-19", "5G", "稀土", "AC/DC"])
def test_names_with_figures_are_labels(label: str):
    assert not is_machine_label(label)


def test_three_articles_make_a_topic_and_two_do_not():
    found = topics(catalog(*(article(n, keywords=("Harbours", "Boats")[: 1 + (n < 2)]) for n in range(3))))
    assert [topic.label for topic in found.topics] == ["Harbours"]


def test_the_label_is_the_most_frequent_spelling_and_the_first_seen_of_equals():
    spelled = ["rare earths", "Rare Earths", "Rare Earths", "rare-earths"]
    found = topics(catalog(*(article(n, keywords=(surface,)) for n, surface in enumerate(spelled))))
    assert found.topics[0].label == "Rare Earths"
    assert found.topics[0].spellings == ("Rare Earths", "rare earths", "rare-earths")


def test_an_assignment_keeps_its_reason():
    kinds = [
        {"keywords": ("Rare-Earths",)},
        {"section": "rare earths"},
        {"keywords": ("rare earths",), "section": "x"},
    ]
    found = topics(catalog(*(article(n, **kind) for n, kind in enumerate(kinds))))
    reasons = {a.reason for assigned in found.by_stem.values() for a in assigned}
    assert reasons == {
        "publisher keyword ‘Rare-Earths’",
        "section ‘rare earths’",
        "publisher keyword ‘rare earths’",
    }


def test_junk_is_dropped():
    junk = ("The News", "news.example", "x" * 41, "PACKAGE:US-TOP-NEWS", "2024", "  ")
    assert topics(catalog(*(article(n, keywords=junk) for n in range(5)))).topics == ()


def test_what_is_on_most_pages_of_a_site_says_nothing():
    many = [article(n, keywords=("world",) if n < 6 else ()) for n in range(10)]
    elsewhere = [
        article(n, keywords=("World",), site="b.example", url=f"https://b.example/{n}", publisher="B")
        for n in range(3)
    ]
    assert topics(catalog(*many)).topics == ()
    assert len(topics(catalog(*many[:9])).topics) == 1  # fewer than ten articles: too few to judge
    found = topics(catalog(*many, *elsewhere))
    assert {entry.article.site for entry in found.topics[0].entries} == {"b.example"}
    assert found.by_stem[f"news.example/{many[0].id}"] == ()

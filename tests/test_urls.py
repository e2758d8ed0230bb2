"""What an address says without fetching it: canonical form, identity, slug, traps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.urls import article_id, canonicalize, identity, is_asset, is_twin, pattern, site_name, slug, trap

# The definition of identity (architecture and README speak of it): what is typed, its canonical form.
CANONICAL = [
    ("HTTP://News.Example/a", "http://news.example/a"),
    ("https://news.example", "https://news.example/"),
    ("https://news.example:443/a", "https://news.example/a"),
    ("http://news.example:80/a", "http://news.example/a"),
    ("http://news.example:8080/a", "http://news.example:8080/a"),
    ("https://münchen.example/", "https://xn--mnchen-3ya.example/"),
    ("https://news.example/a/../b/./c", "https://news.example/b/c"),
    ("https://news.example/%7euser/%e4%b8%ad", "https://news.example/~user/%E4%B8%AD"),
    ("https://news.example/ä", "https://news.example/%C3%A4"),
    ("https://news.example/a/", "https://news.example/a/"),
    ("https://news.example/a#comments", "https://news.example/a"),
    ("https://news.example/a?utm_source=x&utm_medium=y", "https://news.example/a"),
    ("https://news.example/a?UTM_Source=x", "https://news.example/a"),
    ("https://news.example/a?fbclid=1&id=7", "https://news.example/a?id=7"),
    ("https://news.example/a?gclid=1", "https://news.example/a"),
    ("https://news.example/a;jsessionid=0AF?x=1", "https://news.example/a?x=1"),
    ("https://news.example/a?PHPSESSID=1&sid=2&p=3", "https://news.example/a?p=3"),
    ("https://news.example/a?b=2&a=1", "https://news.example/a?a=1&b=2"),
    ("https://news.example/a?b=2&b=1", "https://news.example/a?b=2&b=1"),
    ("https://news.example/a?flag", "https://news.example/a?flag"),
    ("https://news.example/a?", "https://news.example/a"),
    ("https://user:secret@news.example/a", "https://news.example/a"),
    ("  https://news.example/a\n", "https://news.example/a"),
    ("https://news.example./a", "https://news.example/a"),
    ("http://[::1]:8000/", "http://[::1]:8000/"),
    ("https://news.example/a b", "https://news.example/a%20b"),
]


@pytest.mark.parametrize(("typed", "expected"), CANONICAL)
def test_an_address_has_one_canonical_form(typed: str, expected: str) -> None:
    assert canonicalize(typed) == expected
    assert canonicalize(expected) == expected


@pytest.mark.parametrize(
    "typed", ["", "/relative", "javascript:alert(1)", "mailto:a@b.example", "ftp://x.example/", "http://", "http://a:99999/",
              "https://news.example/" + "a" * 3000]
)  # fmt: skip
def test_what_is_no_web_address_has_none(typed: str) -> None:
    assert canonicalize(typed) is None


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("b", "https://news.example/2025/b"),
        ("/b", "https://news.example/b"),
        ("../b", "https://news.example/b"),
        ("//other.example/b", "https://other.example/b"),
        ("?p=2", "https://news.example/2025/a?p=2"),
    ],
)
def test_a_relative_link_is_joined_to_its_base(link: str, expected: str) -> None:
    assert canonicalize(link, "https://news.example/2025/a") == expected


@given(st.text(max_size=60) | st.text(max_size=40).map("https://news.example/{}".format))
def test_canonicalize_never_raises_and_stays_put(text: str) -> None:
    once = canonicalize(text)
    assert once is None or canonicalize(once) == once


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://news.example/a", "https://news.example/a"),
        ("https://www.news.example/a", "https://news.example/a"),
    ],
)
def test_scheme_and_www_make_no_second_article(one: str, other: str) -> None:
    assert identity(one) == identity(other)
    assert article_id(one) == article_id(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://news.example/a", "https://news.example/a/"),
        ("https://news.example/a", "https://news.example/A"),
        ("https://news.example/a?id=1", "https://news.example/a?id=2"),
        ("https://news.example/a", "https://m.news.example/a"),
    ],
)
def test_what_may_be_two_articles_is_kept_apart(one: str, other: str) -> None:
    assert identity(one) != identity(other)


def test_an_id_is_the_same_for_ever() -> None:
    assert article_id("https://www.news.example/a") == "a034b736288d"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://www.news.example/a", "news.example"),
        ("http://127.0.0.1:8765/", "127.0.0.1-8765"),
        ("https://news.example:443/", "news.example-443"),
        ("http://[::1]:80/", "--1-80"),
    ],
)
def test_a_site_is_named_for_its_host(url: str, name: str) -> None:
    assert site_name(url) == name


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("U.S. Secures Key Agreements", "us-secures-key-agreements"),
        ("Größe, Øre & Łódź", "grosse-ore-and-lodz"),
        ("China’s ‘New’ Plan", "chinas-new-plan"),
        ("东码头工地旁的茶馆", ""),
        ("مرصد سكارن", ""),
        ("", ""),
        ("con", "con-"),
    ],
)
def test_a_slug_is_ascii_words(title: str, expected: str) -> None:
    assert slug(title) == expected


@given(st.text(max_size=300))
def test_a_slug_is_a_safe_part_of_a_file_name(title: str) -> None:
    made = slug(title)
    assert len(made) <= 61
    assert set(made) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert not made.startswith("-")


@pytest.mark.parametrize(
    "url",
    [
        "https://news.example/" + "/".join("abcdefghijklmnopqrstuvwxyz"),
        "https://news.example/a/b/a/b/a/b",
        "https://news.example/?" + "&".join(f"k{n}=1" for n in range(9)),
    ],
)
def test_endless_spaces_have_telling_shapes(url: str) -> None:
    assert trap(url)
    assert trap("https://news.example/2025/11/01/a-story?id=1") is None


def test_a_print_page_is_the_twin_of_its_article() -> None:
    article = "https://news.example/2025/a-story"
    assert is_twin("https://news.example/print/2025/a-story", article)
    assert is_twin("https://news.example/2025/a-story/amp", article)
    assert is_twin("https://news.example/2025/a-story?print=1", article)
    assert not is_twin("https://news.example/2025/another", article)
    assert not is_twin("https://news.example/2025/a-story", "https://news.example/")
    assert not is_twin(article, article)


def test_assets_and_patterns() -> None:
    assert is_asset("https://news.example/a/photo.JPG")
    assert not is_asset("https://news.example/story.html")
    assert not is_asset("https://news.example/pdf")
    assert pattern("https://news.example/2025/11/a") == pattern("https://news.example/2024/7/a")
    assert pattern("https://news.example/a?x=1") != pattern("https://news.example/a?y=1")

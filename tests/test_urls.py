"""Addresses: the canonical form, what identity is made of, and what an address says without being fetched."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crawler.urls import (
    _CANONICAL,
    MAX_QUERY_PAIRS,
    MAX_URL_BYTES,
    _canonical,
    article_id,
    canonicalize,
    identity,
    is_asset,
    is_twin,
    netloc,
    origin,
    pattern,
    site_name,
    slug,
    trap,
)

# Pieces of which hostile addresses are made.
PIECES = st.sampled_from(
    [
        "http://", "https://", "HTTP:", "//", "a.example", "www.", "[::1]", ":80", ":443", ":8080", ":x", "/", "//", "/.",
        "/..", "./", "%2e", "%2E%2e", "%2F", "%25", "%", "%zz", "%%34%31", ";jsessionid=1", ";jsession", "id=2", "?", "&",
        "=", "utm_source=1", "sid=1", "#", "@", "\\", " ", "\t", "\n", "é", "ß", "漢", "\ud800", "\x85", "\u2028", "😀",
        "x", "..", "．", "／", "~", "^", "|", "{", "[", "]", "'", '"', "<", "xn--", "\xad", "+", "*", "%00", "javascript:",
    ]
)  # fmt: skip
HOSTILE = st.one_of(
    st.text(max_size=40),
    st.lists(PIECES, max_size=10).map("".join),
    st.lists(PIECES, max_size=10).map(lambda parts: "http://a.example/" + "".join(parts)),
    st.lists(PIECES, max_size=10).map(lambda parts: "https://" + "".join(parts)),
)

# The definition of identity, by the numbered rules of the corpus's design.
IDENTITIES = [
    # 1: scheme and host lower case, IDNA ASCII
    ("HTTP://News.Example/Story", "http://news.example/Story", "news.example/Story"),
    ("https://WWW.NEWS.EXAMPLE/", "https://www.news.example/", "news.example/"),
    ("https://zürich.example/a", "https://xn--zrich-kva.example/a", "xn--zrich-kva.example/a"),
    ("https://新聞.example/", "https://xn--efvv70d.example/", "xn--efvv70d.example/"),
    ("https://news.example./a", "https://news.example/a", "news.example/a"),
    # 2: default port dropped
    ("http://news.example:80/a", "http://news.example/a", "news.example/a"),
    ("https://news.example:443/a", "https://news.example/a", "news.example/a"),
    ("http://news.example:443/a", "http://news.example:443/a", "news.example:443/a"),
    ("http://127.0.0.1:8765/a", "http://127.0.0.1:8765/a", "127.0.0.1:8765/a"),
    ("http://[::1]:80/a", "http://[::1]/a", "[::1]/a"),
    # 3: dot segments resolved, percent-escapes normalised
    ("https://news.example/a/./b/../c", "https://news.example/a/c", "news.example/a/c"),
    ("https://news.example/../../a", "https://news.example/a", "news.example/a"),
    ("https://news.example/a/..", "https://news.example/", "news.example/"),
    ("https://news.example/a/%2e%2E/b", "https://news.example/b", "news.example/b"),
    ("https://news.example//a/../b", "https://news.example//b", "news.example//b"),
    ("https://news.example/.well-known/x", "https://news.example/.well-known/x", "news.example/.well-known/x"),
    ("https://news.example/%7euser/%41", "https://news.example/~user/A", "news.example/~user/A"),
    ("https://news.example/a%2fb", "https://news.example/a%2Fb", "news.example/a%2Fb"),
    ("https://news.example/caf\u00e9", "https://news.example/caf%C3%A9", "news.example/caf%C3%A9"),
    ("https://news.example/caf%c3%a9", "https://news.example/caf%C3%A9", "news.example/caf%C3%A9"),
    ("https://news.example/100%", "https://news.example/100%25", "news.example/100%25"),
    # 4: an empty path is "/", a trailing slash is kept as served
    ("https://news.example", "https://news.example/", "news.example/"),
    ("https://news.example?p=1", "https://news.example/?p=1", "news.example/?p=1"),
    ("https://news.example/a/", "https://news.example/a/", "news.example/a/"),
    # 5: fragment dropped
    ("https://news.example/a#top", "https://news.example/a", "news.example/a"),
    ("https://news.example/a?p=1#?p=2", "https://news.example/a?p=1", "news.example/a?p=1"),
    # 6: tracking parameters dropped
    ("https://news.example/a?utm_source=x&UTM_Medium=y", "https://news.example/a", "news.example/a"),
    ("https://news.example/a?fbclid=1&id=7&gclid=2", "https://news.example/a?id=7", "news.example/a?id=7"),
    ("https://news.example/a?%75tm_source=x", "https://news.example/a", "news.example/a"),
    ("https://news.example/a?utm", "https://news.example/a?utm", "news.example/a?utm"),
    # 7: session ids dropped
    ("https://news.example/a;jsessionid=0AB?x=1", "https://news.example/a?x=1", "news.example/a?x=1"),
    ("https://news.example/a;JSESSIONID=0/b", "https://news.example/a/b", "news.example/a/b"),
    ("https://news.example/a?PHPSESSID=0&x=1", "https://news.example/a?x=1", "news.example/a?x=1"),
    ("https://news.example/a?sid=0", "https://news.example/a", "news.example/a"),
    ("https://news.example/a?side=0", "https://news.example/a?side=0", "news.example/a?side=0"),
    # 8: other pairs sorted by key, those of one key in order
    ("https://news.example/a?b=2&a=1", "https://news.example/a?a=1&b=2", "news.example/a?a=1&b=2"),
    ("https://news.example/a?x=2&x=1&a", "https://news.example/a?a&x=2&x=1", "news.example/a?a&x=2&x=1"),
    ("https://news.example/a?&&", "https://news.example/a", "news.example/a"),
    ("https://news.example/a?q=x%26y", "https://news.example/a?q=x%26y", "news.example/a?q=x%26y"),
    # no user name, no white space around or line breaks within
    ("https://me:secret@news.example/a", "https://news.example/a", "news.example/a"),
    (" https://news.example/a\n/b ", "https://news.example/a/b", "news.example/a/b"),
]  # fmt: skip


@pytest.mark.parametrize(("url", "canonical", "same"), IDENTITIES)
def test_the_identity_of_an_address(url: str, canonical: str, same: str) -> None:
    assert canonicalize(url) == canonical
    assert identity(canonical) == same


@pytest.mark.parametrize(
    "url",
    [
        "",
        " ",
        "news.example/a",
        "//news.example/a",
        "mailto:me@news.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://news.example/a",
        "file:///etc/passwd",
        "http:/news.example",
        "http://",
        "http:///a",
        "http://./a",
        "http://..",
        "http://a..example/",
        "http://[::1",
        "http://[fe80::1%25eth0]/",
        "http://news.example:99999/",
        "http://news.example:port/",
        "http://news.example\ud800/",
        "http://news.example/\ud800",
        f"http://{'a' * 64}.example/",
        f"http://{'a.' * 127}example/",
        "http://news.example/" + "a" * MAX_URL_BYTES,
        "http://news.example/" + "é" * (MAX_URL_BYTES // 4),
    ],
)
def test_what_is_no_address_of_the_web(url: str) -> None:
    assert canonicalize(url) is None


@pytest.mark.parametrize(
    ("link", "absolute"),
    [
        ("b", "https://news.example/a/b"),
        ("../b", "https://news.example/b"),
        ("/b", "https://news.example/b"),
        ("?p=2", "https://news.example/a/x?p=2"),
        ("//other.example/b", "https://other.example/b"),
        ("http://other.example/b", "http://other.example/b"),
        ("#top", "https://news.example/a/x?p=1"),
        ("mailto:me@news.example", None),
        ("http://[", None),
    ],
)
def test_a_relative_link_is_resolved(link: str, absolute: str | None) -> None:
    assert canonicalize(link, "https://news.example/a/x?p=1") == absolute


@given(HOSTILE, st.sampled_from([None, "https://base.example/x/y?z"]))
@example("http://a.example//x/..%00.", None)
@example("http://a.example/%%34%31", None)
@example("http://a.example/;jsessionid=1/.%2E/x", None)
def test_the_canonical_form_of_a_canonical_form_is_itself(url: str, base: str | None) -> None:
    canonical = canonicalize(url, base)
    if canonical is None:
        return
    assert canonicalize(canonical) == canonical
    assert canonicalize(canonical, "https://base.example/x/y?z") == canonical
    assert canonical.isascii()
    assert len(canonical) <= MAX_URL_BYTES
    assert re.fullmatch(r"https?://[a-z0-9._~:\[\]-]+/[^#\s]*", canonical)
    # None of the judgements of an address fails on it.
    assert identity(canonical)
    assert site_name(canonical)
    assert origin(canonical).endswith(netloc(canonical))
    assert pattern(canonical).startswith(netloc(canonical))
    assert isinstance(is_asset(canonical), bool)
    assert not is_twin(canonical, canonical)
    trap(canonical)


def test_an_id_is_twelve_hex_digits_that_neither_scheme_nor_www_change() -> None:
    ids = {article_id(f"{prefix}news.example/a") for prefix in ("http://", "https://", "https://www.")}
    assert ids == {"a034b736288d"}  # and stays so: corpora hold it


@pytest.mark.parametrize(
    "other",
    [
        "https://news.example/a/",
        "https://news.example/A",
        "https://news.example/a?id=1",
        "https://m.news.example/a",
    ],
)
def test_what_may_be_two_articles_is_kept_apart(other: str) -> None:
    assert article_id("https://news.example/a") != article_id(other)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://news.example/a", "news.example"),
        ("https://www.news.example/a", "news.example"),
        ("https://edition.news.example/", "edition.news.example"),
        ("http://127.0.0.1:8765/", "127.0.0.1-8765"),
        ("https://news.example:80/", "news.example-80"),
        ("https://xn--zrich-kva.example/", "xn--zrich-kva.example"),
        ("http://[::1]:8765/", "--1-8765"),
    ],
)
def test_the_name_of_a_site(url: str, name: str) -> None:
    assert site_name(url) == name


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Flood: what we know, street by street", "flood-what-we-know-street-by-street"),
        ("  — “Quoted” —  ", "quoted"),
        ("Asia's U.S. allies", "asias-us-allies"),
        ("Asia’s choice", "asias-choice"),
        ("Müller trifft Łukasz in Århus, Straße gesperrt", "muller-trifft-lukasz-in-arhus-strasse-gesperrt"),
        ("Œuvre & cœur", "oeuvre-and-coeur"),
        ("Nguyễn Đức", "nguyen-duc"),
        ("中国经济", ""),
        ("Россия", ""),
        ("中国经济增长 GDP", ""),
        ("2025", "2025"),
        ("ｆｕｌｌ ｗｉｄｔｈ", "full-width"),
        ("../../etc/passwd", "etc-passwd"),
        ("", ""),
        ("!!!", ""),
        ("CON", "con-"),
        ("a" * 80, "a" * 60),
        ("word " * 20, "-".join(["word"] * 12)),
    ],
)
def test_the_words_of_a_file_name(title: str, expected: str) -> None:
    assert slug(title) == expected


@given(st.text(max_size=200))
def test_a_slug_is_always_fit_for_a_file_name(title: str) -> None:
    name = slug(title)
    assert re.fullmatch(r"([a-z0-9]+(-[a-z0-9]+)*-?)?", name)
    assert len(name) <= 60


@given(st.lists(st.text("abcdefgh", min_size=1, max_size=15), min_size=1, max_size=20))
def test_a_slug_is_cut_at_a_word(words: list[str]) -> None:
    whole = "-".join(words)
    name = slug(" ".join(words)).removesuffix("-")
    assert name == whole or (whole.startswith(f"{name}-") and len(name) <= 60)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://news.example/2025/11/01/story", None),
        ("https://news.example/" + "/".join(f"d{n}" for n in range(20)), None),
        ("https://news.example/" + "/".join(f"d{n}" for n in range(21)), "deeper"),
        ("https://news.example/a/b/a/b", None),
        ("https://news.example/a/b/a/b/a", "path segment"),
        ("https://news.example/?" + "&".join(f"k{n}={n}" for n in range(MAX_QUERY_PAIRS)), None),
        ("https://news.example/?" + "&".join(f"k{n}={n}" for n in range(MAX_QUERY_PAIRS + 1)), "query pairs"),
        ("https://news.example/?" + "&".join("k" for _ in range(MAX_QUERY_PAIRS + 1)), "query pairs"),
    ],
)
def test_the_shape_of_a_trap(url: str, reason: str | None) -> None:
    found = trap(url)
    assert found is None if reason is None else reason in (found or "")


@pytest.mark.parametrize(
    ("url", "claimed", "twin"),
    [
        ("https://news.example/story/amp", "https://news.example/story", True),
        ("https://news.example/amp/2025/story", "https://news.example/2025/story", True),
        ("https://news.example/story?print=1", "https://news.example/story", True),
        ("https://amp.news.example/amp/story", "https://news.example/story", True),
        ("https://news.example/story", "https://news.example/story", False),
        ("https://news.example/story", "https://news.example/", False),
        ("https://news.example/story", "https://news.example/other", False),
        ("https://news.example/story", "https://news.example/story/amp", False),
        ("https://news.example/b/a", "https://news.example/a/b", False),
    ],
)
def test_the_dressed_page_of_another(url: str, claimed: str, twin: bool) -> None:
    assert is_twin(url, claimed) is twin


@pytest.mark.parametrize(
    ("url", "asset"),
    [
        ("https://news.example/a.JPG", True),
        ("https://news.example/a.pdf?download=1", True),
        ("https://news.example/sitemap.xml.gz", False),
        ("https://news.example/a.html", False),
        ("https://news.example/story-about.mp3.players", False),
        ("https://news.example/png", False),
        ("https://news.example/a.jpg/", False),
        ("https://news.example/", False),
        ("https://cdn.zip/", False),
    ],
)
def test_a_file_that_holds_no_page(url: str, asset: bool) -> None:
    assert is_asset(url) is asset


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("https://a.example/2025/11/01/7", "https://a.example/2024/1/2/99", True),
        ("https://a.example/list?page=1", "https://a.example/list?page=2", True),
        ("https://a.example/list?b=1&a=", "https://a.example/list?a=2&b=", True),
        ("https://a.example/list?page=1", "https://a.example/list?tag=1", False),
        ("https://a.example/a", "https://a.example/b", False),
        ("https://a.example/1", "https://b.example/1", False),
    ],
)
def test_the_shape_an_address_shares_with_its_like(one: str, other: str, alike: bool) -> None:
    assert (pattern(one) == pattern(other)) is alike


LABELS = st.sampled_from(["a", "news", "xn--", "xn--zrich-kva", "xn--a-0", "a--b", "1", "w" * 63, "example"])
SEGMENTS = st.sampled_from(
    ["a", "A-b_c~d.html", "a..", "-", "_", "x.", "%41", "..", ".", "", "2025", "é", "a b", "a;jsessionid=1"]
)


@given(st.lists(LABELS, min_size=1, max_size=6), st.lists(SEGMENTS, max_size=6))
def test_what_is_taken_for_canonical_at_a_glance_is_so(labels: list[str], segments: list[str]) -> None:
    url = f"https://{'.'.join(labels)}.com/{'/'.join(segments)}"
    assert canonicalize(url) == _canonical(url)
    assert _CANONICAL.fullmatch("https://www.news.example/2025/11/a-story.html")

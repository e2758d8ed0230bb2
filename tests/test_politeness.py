"""How a host wants to be visited, what arrived whole, where we may connect to, and what the owner configures."""

import gzip
import zlib
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.addresses import is_public, refusal
from crawler.config import BadConfig, load_config, site_at
from crawler.politeness import Robots, retry_after_seconds
from crawler.transfer import IncompleteBody, OversizedBody, UnknownCoding, gunzip, undo_codings

AGENT = "Pressmark/0.1 (+https://example.org/)"
RULES = b"""\xef\xbb\xbfUser-agent: *
Disallow: /private/
Crawl-delay: 2.5

User-agent: Pressmark
Disallow: /only-us/
Sitemap: https://news.example/s.xml
"""


@pytest.mark.parametrize(
    ("status", "state", "allowed"),
    [(200, "rules", True), (404, "none", True), (403, "none", True), (401, "none", True), (429, "unreachable", False),
     (500, "unreachable", False), (503, "unreachable", False), (None, "unreachable", False)],
)  # fmt: skip
def test_robots_txt_by_status(status: int | None, state: str, *, allowed: bool) -> None:
    robots = Robots.read(status, b"User-agent: *\nDisallow: /private/\n" if status == 200 else b"Disallow: /")
    assert robots.state == state
    assert robots.allows("https://news.example/a", AGENT) is allowed


def test_our_own_group_counts_and_sitemaps_are_read() -> None:
    robots = Robots.read(200, RULES)
    assert not robots.allows("https://news.example/only-us/a", AGENT)
    assert robots.allows("https://news.example/private/a", AGENT)
    assert not robots.allows("https://news.example/private/a", "Other/1")
    assert robots.crawl_delay_seconds("Other/1") == 2.5
    assert list(robots.sitemaps) == ["https://news.example/s.xml"]


def test_only_the_first_500_kilobytes_are_read() -> None:
    robots = Robots.read(200, b"User-agent: *\n" + b"# x\n" * 150_000 + b"Disallow: /\n")
    assert robots.allows("https://news.example/a", AGENT)


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [("0", 0.0), ("2.5", 2.5), ("86400", 86400.0), ("-1", None), ("nan", None), ("inf", None), ("1e999", None), ("soon", None), ("", None)],
)  # fmt: skip
def test_a_crawl_delay_is_a_number_of_seconds_or_none(asked: str, seconds: float | None) -> None:
    robots = Robots.read(200, f"User-agent: *\nCrawl-delay: {asked}\nDisallow: /x\n".encode())
    assert robots.crawl_delay_seconds(AGENT) == seconds
    assert not robots.allows("https://news.example/x", AGENT)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00" * 100,
        b"\xff\xfe\x00",
        b"<!DOCTYPE html><h1>Not found</h1>",
        b"Disallow: /\n",
        b":::\n" * 9,
    ],
)
def test_a_robots_txt_that_holds_no_rule_forbids_nothing(body: bytes) -> None:
    robots = Robots.read(200, body)
    assert robots.allows("https://news.example/a", AGENT)
    assert (robots.crawl_delay_seconds(AGENT), robots.sitemaps) == (None, [])


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/a", False),
        ("/a/public/x", True),
        ("/b.pdf", False),
        ("/b.pdf?x", True),
        ("/", True),
        ("/%61", False),
    ],
)
def test_the_longest_rule_counts_and_patterns_are_understood(path: str, allowed: bool) -> None:
    robots = Robots.read(200, b"User-agent: *\r\nDisallow: /a\r\nAllow: /a/public/\r\nDisallow: /*.pdf$\r\n")
    assert robots.allows(f"https://news.example{path}", AGENT) is allowed


@pytest.mark.parametrize("status", [301, 302, 100, 600])
def test_what_is_no_answer_forbids_all(status: int) -> None:
    robots = Robots.read(status, b"User-agent: *\nAllow: /\n")
    assert (robots.state, robots.allows("https://news.example/", AGENT), robots.sitemaps) == (
        "unreachable",
        False,
        [],
    )


@given(st.text(max_size=40))
def test_any_retry_after_is_a_wait_or_none(value: str) -> None:
    seconds = retry_after_seconds(value, datetime(2025, 11, 1, tzinfo=UTC))
    assert seconds is None or seconds >= 0


@pytest.mark.parametrize(
    ("value", "expected"),
    [("120", 120), ("Sat, 01 Nov 2025 00:01:00 GMT", 60), ("Fri, 31 Oct 2025 00:00:00 GMT", 0), ("soon", None), (None, None),
     ("-5", None), ("", None)],
)  # fmt: skip
def test_retry_after_in_both_forms(value: str | None, expected: float | None) -> None:
    assert retry_after_seconds(value, datetime(2025, 11, 1, tzinfo=UTC)) == expected


WHOLE = gzip.compress(b"The whole body. " * 100)


@pytest.mark.parametrize("cut", [1, 4, 8, len(WHOLE) // 2])
def test_a_gzip_body_without_its_end_is_incomplete(cut: int) -> None:
    with pytest.raises(IncompleteBody):
        undo_codings(WHOLE[:-cut], "gzip", max_bytes=10**6)


def test_a_wrong_checksum_is_incomplete() -> None:
    with pytest.raises(IncompleteBody):
        undo_codings(WHOLE[:-8] + b"\0\0\0\0" + WHOLE[-4:], "gzip", max_bytes=10**6)


def test_codings_are_undone() -> None:
    assert undo_codings(WHOLE, "gzip", max_bytes=10**6) == b"The whole body. " * 100
    assert undo_codings(gzip.compress(WHOLE), "gzip, gzip", max_bytes=10**6) == b"The whole body. " * 100
    assert undo_codings(b"plain", "gzip", max_bytes=10) == b"plain"
    assert undo_codings(b"plain", "", max_bytes=10) == b"plain"
    assert gunzip(WHOLE + WHOLE + b"\0\0", max_bytes=10**6) == b"The whole body. " * 200


def test_a_body_may_be_as_large_as_allowed_and_not_a_byte_larger() -> None:
    body = gzip.compress(b"x" * 1000) + gzip.compress(b"y" * 24)
    assert len(gunzip(body, max_bytes=1024)) == 1024
    with pytest.raises(OversizedBody, match="1,023"):
        gunzip(body, max_bytes=1023)
    with pytest.raises(OversizedBody):
        undo_codings(gzip.compress(gzip.compress(b"\0" * 10**6)), "gzip, x-gzip", max_bytes=10**5)


@given(st.binary(max_size=60), st.integers(0, 200))
def test_any_damage_of_a_packed_body_is_noticed(tail: bytes, cut: int) -> None:
    cut %= len(WHOLE)
    with suppress(IncompleteBody, OversizedBody):  # and nothing else
        assert gunzip(WHOLE[:cut] + tail, max_bytes=10**6) in {b"", b"The whole body. " * 100}


def test_a_bomb_and_a_flood_of_members_are_refused() -> None:
    with pytest.raises(OversizedBody):
        gunzip(gzip.compress(b"\0" * 10**7), max_bytes=10**6)
    with pytest.raises(OversizedBody):
        gunzip(gzip.compress(b"") * 200_000, max_bytes=10**6)


@pytest.mark.parametrize("coding", ["br", "zstd", "deflate", "gzip, gzip, gzip"])
def test_a_coding_we_did_not_ask_for_is_refused(coding: str) -> None:
    with pytest.raises(UnknownCoding):
        undo_codings(zlib.compress(b"x"), coding, max_bytes=100)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "224.0.0.1", "::1",
                                     "fe80::1", "fc00::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "100.64.0.1"])  # fmt: skip
def test_inside_addresses_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"])
def test_outside_addresses_are_public(address: str) -> None:
    assert is_public(address)


def test_only_what_the_owner_named_is_admitted() -> None:
    named = frozenset({"127.0.0.1:8765"})
    assert refusal("http", "127.0.0.1", 8765, named) is None
    assert "127.0.0.1:8766" in (refusal("http", "127.0.0.1", 8766, named) or "")
    assert refusal("http", "localhost", None, named)
    assert refusal("https", "news.example", None, frozenset()) is None
    assert "port 8443" in (refusal("https", "news.example", 8443, frozenset()) or "")


GOOD = """
[archive]
title = "Mine"
base_url = "https://archive.example/"
language = "de"
page_size = 20
[crawl]
contact = "desk@example.org"
delay = 3
max_crawl_delay = 30
max_retry_after = 60
max_page_bytes = 1000000
timeout = 10
max_pages = 10
max_minutes = 5
min_free_disk = 0
[[site]]
start = "https://news.example/"
hosts = ["m.news.example"]
include = ["/20"]
exclude = ["/quiz/"]
since = 2020-01-01
delay = 5
languages = ["en"]
"""


def test_every_key_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "pressmark.toml"
    path.write_text(GOOD)
    config = load_config(path)
    assert config.archive.title == "Mine"
    assert config.crawl.user_agent == "Pressmark/0.1 (+desk@example.org)"
    [site] = config.sites()
    assert (site.name, site.hosts, site.delay_seconds, str(site.since)) == (
        "news.example",
        ("m.news.example",),
        5,
        "2020-01-01",
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("[crawl]\ndelai = 3", "unknown key crawl.delai; allowed are contact, delay"),
        ("[crwal]\ndelay = 3", "unknown key crwal; allowed are archive, crawl, site"),
        ("[crawl]\ndelay = 0.5", "crawl.delay = 0.5"),
        ("[crawl]\ndelay = 'two'", "crawl.delay = 'two'"),
        ("[crawl]\ncontact = 'nobody'", "crawl.contact = 'nobody'"),
        ("[archive]\npage_size = 0", "archive.page_size = 0"),
        ("[archive]\nbase_url = 'here'", "archive.base_url = 'here'"),
        ("[[site]]\nstart = 'nowhere'", "nowhere"),
        ("[[site]]\nstart = 'https://a.example'\nexclude = ['(']", "regular expression"),
        ("[[site]]\ndelay = 2", "start"),
        ("[crawl", "pressmark.toml"),
    ],
)
def test_what_is_not_allowed_is_named_in_one_line(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "pressmark.toml"
    path.write_text(line)
    with pytest.raises(BadConfig) as error:
        load_config(path)
    assert said in str(error.value)
    assert "\n" not in str(error.value)
    assert "pressmark.toml" in str(error.value)


def test_without_a_file_there_are_defaults_unless_one_was_named(tmp_path: Path) -> None:
    assert load_config(tmp_path / "absent.toml").crawl.delay == 2.0
    with pytest.raises(BadConfig, match="no such file"):
        load_config(tmp_path / "absent.toml", required=True)


def test_a_bare_host_name_is_a_site() -> None:
    assert site_at("news.example").start == "https://news.example/"
    assert site_at("https://www.news.example/").name == "news.example"
    for address in ("news", "ftp://x.example/", ""):
        with pytest.raises(BadConfig):
            site_at(address)

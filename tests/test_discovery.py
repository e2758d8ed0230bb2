"""Links out of feeds, sitemaps and pages, however they are written."""

import gzip
from datetime import UTC, datetime

import pytest

from crawler.discovery import BadListing
from crawler.discovery.dates import instant, iso
from crawler.discovery.feeds import links_in_feed
from crawler.discovery.pages import anchors_of, feeds_of
from crawler.discovery.sitemaps import read_sitemap, read_text_sitemap
from crawler.items import Capture, Kind, Link, Source
from crawler.page import parse
from crawler.reading import read, sniff

URL = "https://news.example/feed.xml"
RSS = """<?xml version="1.0"?><rss version="2.0"><channel><title>News</title>
<item><title>One &amp; all</title><link>/2025/one?utm_source=rss</link><pubDate>Sat, 01 Nov 2025 23:30:00 -0400</pubDate></item>
<item><title>Two</title><link>https://news.example/two</link></item></channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>News</title><entry><title>One</title>
<link href="https://news.example/one"/><id>urn:1</id><published>2025-11-01T08:00:00+08:00</published>
<updated>2025-11-02T08:00:00Z</updated></entry></feed>"""
JSON_FEED = """{"version": "https://jsonfeed.org/version/1.1", "title": "News", "items": [
{"id": "1", "url": "https://news.example/one", "title": "One", "date_published": "2025-11-01T08:00:00+08:00"}, 7]}"""


def test_rss_gives_links_titles_and_dates_with_their_offset() -> None:
    one, two = links_in_feed(RSS.encode(), URL)
    assert (one.url, one.title, one.published) == (
        "https://news.example/2025/one", "One & all", "2025-11-01T23:30:00-04:00",
    )  # fmt: skip
    assert (two.url, two.published) == ("https://news.example/two", None)
    assert one.source is Source.FEED


def test_atom_and_json_feeds_say_the_same() -> None:
    [atom], [json_feed] = links_in_feed(ATOM.encode(), URL), links_in_feed(JSON_FEED.encode(), URL)
    assert (atom.url, atom.title, atom.published) == (json_feed.url, json_feed.title, json_feed.published)
    assert atom.modified == "2025-11-02T08:00:00+00:00"


@pytest.mark.parametrize(
    "body", [b"", b"<html><body>Please accept cookies", b"{}", b'{"items": 3}', b"[" * 100_000]
)
def test_what_is_no_feed_is_named(body: bytes) -> None:
    with pytest.raises(BadListing):
        links_in_feed(body, URL)


def test_a_broken_feed_gives_what_came_before_the_break() -> None:
    assert [link.title for link in links_in_feed(RSS.encode()[: RSS.index("<item><title>Two")], URL)] == [
        "One & all"
    ]


SITEMAP = """<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
 xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">
<url><loc>https://news.example/old</loc><lastmod>2025-10-01</lastmod></url>
<url><loc> https://news.example/new </loc><news:news><news:publication><news:name>News</news:name>
<news:language>de</news:language></news:publication><news:publication_date>2025-11-01T09:00:00+01:00</news:publication_date>
<news:title>Neu</news:title></news:news></url></urlset>"""


def test_a_news_sitemap_gives_title_date_and_language_newest_first() -> None:
    sitemap = read_sitemap(SITEMAP.encode(), URL)
    assert sitemap.form == "news-sitemap"
    new, old = sitemap.links
    assert (new.url, new.title, new.published, new.language) == (
        "https://news.example/new", "Neu", "2025-11-01T09:00:00+01:00", "de",
    )  # fmt: skip
    assert (old.url, old.modified, old.title) == ("https://news.example/old", "2025-10-01", None)


def test_an_index_leads_to_sitemaps() -> None:
    body = b"<sitemapindex><sitemap><loc>https://news.example/a.xml.gz</loc></sitemap></sitemapindex>"
    sitemap = read_sitemap(body, URL)
    assert (sitemap.form, [link.url for link in sitemap.links]) == (
        "sitemap-index",
        ["https://news.example/a.xml.gz"],
    )


def test_a_broken_sitemap_gives_what_came_before_and_says_so() -> None:
    sitemap = read_sitemap(SITEMAP.encode()[: SITEMAP.index("<news:title>")], URL)
    assert [link.url for link in sitemap.links] == ["https://news.example/old"]
    assert sitemap.broken is not None
    with pytest.raises(BadListing):
        read_sitemap(b"<urlset><url><loc>", URL)


def test_entities_are_not_expanded_and_nothing_is_fetched() -> None:
    bomb = b"""<!DOCTYPE x [<!ENTITY a "https://news.example/"><!ENTITY f SYSTEM "file:///etc/passwd">
    <!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><urlset><url><loc>&b;</loc></url><url><loc>&f;</loc></url>
    <url><loc>https://news.example/one</loc></url></urlset>"""
    assert [link.url for link in read_sitemap(bomb, URL).links] == ["https://news.example/one"]


def test_a_text_sitemap_is_one_address_a_line() -> None:
    assert [link.url for link in read_text_sitemap(b"https://news.example/a\r\n\nnonsense\n", URL).links] == [
        "https://news.example/a"
    ]


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("2025-11-01", "2025-11-01"),
        ("2025-11-01T08:00:00Z", "2025-11-01T08:00:00+00:00"),
        ("2025-11-01T08:00+08:00", "2025-11-01T08:00:00+08:00"),
        ("Sat, 01 Nov 2025 08:00:00 GMT", "2025-11-01T08:00:00+00:00"),
        ("yesterday", None),
        ("", None),
        (None, None),
        ("2025-13-45", None),
    ],
)
def test_dates_are_read_as_stated(stated: str | None, expected: str | None) -> None:
    assert iso(stated) == expected


def test_an_instant_counts_the_offset() -> None:
    assert instant("2025-11-01T08:00:00+08:00") == instant("2025-11-01") == instant("2025-11-01T00:00:00")


PAGE = b"""<html><head><base href="/sub/"><link rel="alternate" type="application/atom+xml" href="/atom.xml"></head><body>
<a href="story?utm_source=x">Short</a> <a href="story">A longer headline of the story</a> <a href="#top">Top</a>
<a href="/login" rel="nofollow">Log in</a> <a href="/photo.jpg">Photo</a> <a href="javascript:void(0)">Menu</a>
<a href="https://news.example/here">Self</a> <a href="https://other.example/x">Elsewhere</a></body></html>"""


def test_anchors_are_joined_to_the_base_each_once_with_its_longest_text() -> None:
    page = parse(PAGE, "https://news.example/here")
    found = anchors_of(page, Source.SECTION)
    assert [(link.url, link.text) for link in found] == [
        ("https://news.example/sub/story", "A longer headline of the story"),
        ("https://other.example/x", "Elsewhere"),
    ]
    assert [link.url for link in feeds_of(page)] == ["https://news.example/atom.xml"]


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        (b"<!doctype html><p>x", "text/html", "html"),
        (b"<html><p>x", "application/xml", "html"),
        (RSS.encode(), "text/html", "feed"),
        (ATOM.encode(), "", "feed"),
        (SITEMAP.encode(), "text/plain", "sitemap"),
        (JSON_FEED.encode(), "application/json", "feed"),
        (b"https://news.example/a\n", "text/plain", "text"),
        (b"%PDF-1.7", "text/html", "application/pdf"),
        (b"\x89PNG\r\n", "image/png", "image/png"),
        (b"<svg xmlns='x'/>", "image/svg+xml", "xml of an unknown kind"),
        (b"", "", "html"),
    ],
)
def test_kind_is_told_by_content(body: bytes, content_type: str, expected: str) -> None:
    assert sniff(body, content_type) == expected


def capture(body: bytes, content_type: str = "text/html", url: str = "https://news.example/x") -> Capture:
    return Capture(
        url=url, status=200, headers=(("Content-Type", content_type),), body=body,
        captured=datetime(2025, 11, 2, tzinfo=UTC),
    )  # fmt: skip


def test_a_gzipped_sitemap_is_read_whatever_it_is_called() -> None:
    reading = read(
        capture(gzip.compress(SITEMAP.encode()), "text/html"), Link(url=URL, source=Source.SITEMAP)
    )
    assert (reading.kind, reading.form, len(reading.links)) == (Kind.LISTING, "news-sitemap", 2)


@pytest.mark.parametrize(
    "body", [b"", b"<title>x</title>", b"%PDF-1.7", gzip.compress(b"<urlset>")[:-9], b"\xff\xfe\x00"]
)
def test_anything_else_is_other_with_its_reason(body: bytes) -> None:
    reading = read(capture(body), Link(url=URL, source=Source.PAGE))
    assert reading.kind is Kind.OTHER
    assert reading.reasons


def test_a_front_page_is_a_listing_whatever_stands_on_it() -> None:
    story = (
        b"<article><h1>A story</h1>"
        + b"<p>The council met on Tuesday and talked for a long time about bridges.</p>" * 20
    )
    start = Link(url="https://news.example/", source=Source.START)
    reading = read(capture(story + b"<a href=/a>A</a>", url="https://news.example/"), start)
    assert (reading.kind, reading.form) == (Kind.LISTING, "section")
    assert [link.url for link in reading.links] == ["https://news.example/a"]

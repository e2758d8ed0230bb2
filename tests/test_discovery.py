"""Links out of feeds, sitemaps and pages, however they are written."""

import gzip
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.discovery import MAX_LINKS, BadListing
from crawler.discovery.dates import instant, iso
from crawler.discovery.feeds import read_feed
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
    one, two = read_feed(RSS.encode(), URL).links
    assert (one.url, one.title, one.published) == (
        "https://news.example/2025/one", "One & all", "2025-11-01T23:30:00-04:00",
    )  # fmt: skip
    assert (two.url, two.published) == ("https://news.example/two", None)
    assert one.source is Source.FEED


def test_atom_and_json_feeds_say_the_same() -> None:
    [atom], [json_feed] = read_feed(ATOM.encode(), URL).links, read_feed(JSON_FEED.encode(), URL).links
    assert (atom.url, atom.title, atom.published) == (json_feed.url, json_feed.title, json_feed.published)
    assert atom.modified == "2025-11-02T08:00:00+00:00"


@pytest.mark.parametrize(
    "body", [b"", b"<html><body>Please accept cookies", b"{}", b'{"items": 3}', b"[" * 100_000]
)
def test_what_is_no_feed_is_named(body: bytes) -> None:
    with pytest.raises(BadListing):
        read_feed(body, URL)


def test_a_broken_feed_gives_what_came_before_the_break() -> None:
    assert [link.title for link in read_feed(RSS.encode()[: RSS.index("<item><title>Two")], URL).links] == [
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
    "body", [b"", b"<title>x</title>", b"%PDF-1.7", gzip.compress(b"<urlset>", mtime=0)[:-9], b"\xff\xfe\x00"]
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


RDF = """<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><item rdf:about="https://news.example/one"><title>One</title>
<link>https://news.example/one</link><dc:date>2025-11-01T08:00:00+08:00</dc:date></item></rdf:RDF>"""


def test_rss_1_gives_the_address_and_the_date_of_dublin_core() -> None:
    [one] = read_feed(RDF.encode(), URL).links
    assert (one.url, one.title, one.published or one.modified) == (
        "https://news.example/one", "One", "2025-11-01T08:00:00+08:00",
    )  # fmt: skip


def rss(item: str) -> bytes:
    return f"<rss version='2.0'><channel><item>{item}</item></channel></rss>".encode()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (rss("<title>No link</title>"), []),
        (rss("<link></link>"), []),
        (rss("<link>javascript:alert(1)</link>"), []),
        (rss("<guid>https://news.example/g</guid>"), ["https://news.example/g"]),
        (rss("<guid isPermaLink='false'>g</guid><link>one</link>"), ["https://news.example/one"]),
        (rss("<link>../one#c</link>"), ["https://news.example/one"]),
        (b"\n\n " + rss("<link>/one</link>"), ["https://news.example/one"]),
        (rss("<title>a & b</title><link>/one</link>"), ["https://news.example/one"]),
        (b"<feed><entry xml:base='/deep/'><link rel='self' href='/self'/><link href='one'/></entry></feed>",
         ["https://news.example/deep/one"]),
        (b'{"version":"https://jsonfeed.org/version/1","items":[{"title":"none"},{"url":7},{"url":"/one"}]}',
         ["https://news.example/one"]),
    ],
)  # fmt: skip
def test_an_entry_without_an_address_of_its_own_is_none(body: bytes, expected: list[str]) -> None:
    assert [link.url for link in read_feed(body, URL).links] == expected


BOMB = (
    b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a0 'lol'>"
    + b"".join(b"<!ENTITY a%d '%s'>" % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 9))
    + b"<!ENTITY f SYSTEM 'file:///etc/passwd'>]>"
)


def test_a_feed_that_multiplies_itself_is_refused() -> None:
    with pytest.raises(BadListing, match="entities"):
        read_feed(BOMB + rss("<title>&a8;&f;</title><link>/one</link>"), URL)


def test_a_sitemap_that_multiplies_itself_gives_nothing_of_it() -> None:
    body = (
        BOMB + b"<urlset><url><loc>https://news.example/a</loc></url><url><loc>&a8;&f;</loc></url></urlset>"
    )
    with suppress(BadListing):  # where libxml2 counts how much an entity grows
        assert [link.url for link in read_sitemap(body, URL).links] == ["https://news.example/a"]


@given(st.sampled_from([RSS, ATOM, RDF, JSON_FEED, SITEMAP]), st.data())
def test_a_hostile_listing_is_read_or_named_as_bad(text: str, data: st.DataObject) -> None:
    body = bytearray(text.encode())
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(body)))
        cut = data.draw(st.integers(0, 40))
        body[at : at + cut] = data.draw(
            st.sampled_from([b"", b"<", b"&", b"&#xD800;", b"]]>", b"\x00", b"\xff\xfe", b"<x:y>", b"[[["])
        )
    for reader in (lambda: read_feed(bytes(body), URL).links, lambda: read_sitemap(bytes(body), URL).links):
        with suppress(BadListing):  # and nothing else
            assert all(link.url.startswith("http") for link in reader())


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("<lastmod>2025-11-01</lastmod>", (None, "2025-11-01")),
        ("<lastmod>2025-11-01T08:00:00.5Z</lastmod>", (None, "2025-11-01T08:00:00.500000+00:00")),
        ("<lastmod>2025-11</lastmod>", (None, None)),
        ("<lastmod>yesterday</lastmod>", (None, None)),
        ("<lastmod></lastmod>", (None, None)),
        ("<image:image><image:loc>/i.jpg</image:loc><image:title>Image</image:title></image:image>", (None, None)),
        ("<video:video><video:title>V</video:title><video:publication_date>2020-01-01</video:publication_date></video:video>",
         (None, None)),
        ("<news:news><news:title>N</news:title></news:news>", ("N", None)),
    ],
)  # fmt: skip
def test_an_image_or_video_says_nothing_of_the_page(
    entry: str, expected: tuple[str | None, str | None]
) -> None:
    namespaces = " ".join(
        f'xmlns:{prefix}="http://www.google.com/schemas/sitemap-{prefix}/{version}"'
        for prefix, version in (("image", "1.1"), ("video", "1.1"), ("news", "0.9"))
    )
    body = f"\n<?xml version='1.0'?><urlset {namespaces}><url>{entry}<loc>https://news.example/a</loc></url></urlset>"
    [link] = read_sitemap(body.encode(), URL).links
    assert (link.url, link.title, link.modified, link.published) == (
        "https://news.example/a",
        *expected,
        None,
    )


def test_an_entry_of_a_sitemap_without_an_address_is_none() -> None:
    body = b"<urlset><url><lastmod>2025-11-01</lastmod></url><url><loc/></url><url><loc>mailto:x</loc></url></urlset>"
    assert read_sitemap(body, URL).links == ()


def test_a_prefix_bound_to_nothing_breaks_no_sitemap() -> None:
    body = b"<urlset><url><loc>https://news.example/a</loc><news:title>N</news:title></url></urlset>"
    assert [link.url for link in read_sitemap(body, URL).links] == ["https://news.example/a"]


def test_a_byte_order_mark_hides_no_address() -> None:
    assert (
        len(read_text_sitemap(b"\xef\xbb\xbfhttps://news.example/a\nhttps://news.example/b", URL).links) == 2
    )
    with pytest.raises(BadListing):
        read_text_sitemap(b"no address\n", URL)


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("20251101", "2025-11-01"),
        (" 2025-11-01 08:00:00 ", "2025-11-01T08:00:00"),
        ("2025-11-01T08:00:00+0530", "2025-11-01T08:00:00+05:30"),
        ("Sat, 01 Nov 2025 08:00:00 -0000", "2025-11-01T08:00:00"),
        ("Sat, 1 Nov 2025 08:00:00 EST", "2025-11-01T08:00:00-05:00"),
        ("2025-11-01T08:00:00-24:00", None),
        ("Sat, 01 Nov 99999 08:00:00 GMT", None),
    ],
)
def test_more_dates_are_read_as_stated(stated: str, expected: str | None) -> None:
    assert iso(stated) == expected


@given(
    st.text(max_size=30)
    | st.from_regex(r"[A-Z][a-z]{2}, \d{1,2} Nov \d{1,5} \d\d:\d\d:\d\d [+-]?\w{1,5}", fullmatch=True)
)
def test_every_date_read_is_an_instant(stated: str) -> None:
    read_as = iso(stated)
    assert read_as is None or isinstance(instant(read_as), float)


def anchors(markup: str) -> list[tuple[str, str | None]]:
    page = parse(f"<html><body>{markup}</body></html>".encode(), "https://news.example/here/")
    return [
        (link.url.removeprefix("https://news.example"), link.text) for link in anchors_of(page, Source.PAGE)
    ]


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("<a href='a'>A\n  <b>b</b></a>", [("/here/a", "A b")]),
        ("<a href='/a'><img alt='x'></a>", [("/a", None)]),
        ("<a href='/a'></a><a href='/a'>A</a>", [("/a", "A")]),
        ("<a href='/a?utm_source=x'>A</a><a href='/a#c'>AB</a>", [("/a", "AB")]),
        ("<map><area href='/a'></map>", [("/a", None)]),
        ("<a href=''>self</a><a href='?'>self</a><a href='http://www.news.example/here/#x'>self</a>", []),
        ("<a>none</a><a href='tel:1'>t</a><a href='http://['>broken</a>", []),
        ("<a rel='NoFollow noopener' href='/a'>A</a>", []),
        ("<a href='/a.PDF?x=1'>A</a><a href='/a.mp3#t'>A</a>", []),
        ("<base href='https://news.example/other/'><a href='a'>A</a>", [("/other/a", "A")]),
        ("<base href='javascript:1'><a href='a'>A</a>", [("/here/a", "A")]),
        (f"<a href='/a'>{'x' * 500}</a>", [("/a", "x" * 300)]),
    ],
)
def test_where_anchors_lead(markup: str, expected: list[tuple[str, str | None]]) -> None:
    assert anchors(markup) == expected


def test_no_page_or_feed_gives_links_without_end() -> None:
    assert len(anchors("".join(f"<a href='/{n}'>x</a>" for n in range(MAX_LINKS + 50)))) == MAX_LINKS
    items = "</item><item>".join(f"<link>/{n}</link>" for n in range(MAX_LINKS + 50))
    assert len(read_feed(rss(items), URL).links) == MAX_LINKS

"""What one capture turns out to be, told by its content."""

import gzip
from datetime import UTC, datetime

import pytest

from crawler.items import Capture, Kind, Link, Reading, Source
from crawler.reading import MAX_SITEMAP_BYTES, read, sniff

HOME = "https://news.example/"
STORY = (
    b"<html><head><title>A bridge is opened</title><meta property='og:type' content='article'>"
    b'<script type=\'application/ld+json\'>{"@type":"NewsArticle","headline":"A bridge is opened",'
    b'"datePublished":"2025-11-01T08:00:00+08:00"}</script></head><body><article><h1>A bridge is opened</h1>'
    + b"".join(
        b"<p>On day %d the council met, and talked for a long time about the new bridge over the river.</p>"
        % day
        for day in range(12)
    )
    + b"</article><a href='/other'>Another story of the day</a></body></html>"
)
FEED = b"<rss><channel><item><title>A</title><link>/a</link></item></channel></rss>"
URLSET = b"<urlset><url><loc>https://news.example/a</loc></url></urlset>"


def reading(
    body: bytes,
    content_type: str | None = "text/html",
    *,
    url: str = HOME + "x",
    source: Source = Source.PAGE,
) -> Reading:
    headers = () if content_type is None else (("content-type", content_type),)
    capture = Capture(
        url=url, status=200, headers=headers, body=body, captured=datetime(2025, 11, 2, tzinfo=UTC)
    )
    return read(capture, Link(url=url, source=source))


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        (b"<!DOCTYPE html><html>", "text/html; charset=utf-8", "html"),
        (b"<!DOCTYPE html><html>", "TEXT/HTML", "html"),
        (b"<?xml version='1.0'?><!DOCTYPE html><html xmlns='x'>", "application/xml", "html"),
        (b"<html>", "application/rss+xml", "html"),
        (b"<p>No root", "text/html", "html"),
        (b"Just words", "text/html", "html"),
        (b"<!-- <rss> --><html>", "text/html", "html"),
        (b"<!-- a comment --><rss>", "text/html", "feed"),
        (
            b"\xef\xbb\xbf\n <?xml version='1.0'?><?xml-stylesheet href='x.xsl'?><rss version='2.0'>",
            "text/html",
            "feed",
        ),
        (b"<?xml version='1.0'?><feed xmlns='http://www.w3.org/2005/Atom'>", "text/xml", "feed"),
        (b"<atom:feed xmlns:atom='x'>", "text/xml", "feed"),
        (b"<rdf:RDF>", "text/xml", "feed"),
        (b'{"version":"https://jsonfeed.org/version/1"}', "application/json", "feed"),
        (b'{"version":"https:\\/\\/jsonfeed.org\\/version\\/1.1"}', "application/json", "feed"),
        (b'{"a":1}', "application/json", "application/json"),
        (b"<urlset>", "text/html", "sitemap"),
        (b"<sm:sitemapindex xmlns:sm='x'>", "application/octet-stream", "sitemap"),
        (b"https://news.example/a\n", "text/plain; charset=utf-8", "text"),
        (b"\xef\xbb\xbfhttps://news.example/a\n", "text/plain", "text"),
        (b"Plain words", "text/plain", "text/plain"),
        (b"<note/>", "text/xml", "xml of an unknown kind"),
        (b"%PDF-1.7", "application/pdf", "application/pdf"),
        (b"%PDF-1.7", "text/html", "application/pdf"),
        (b"\x89PNG\r\n", "text/html", "a binary file"),
        (b"GIF89a", "", "a binary file"),
        (b"\xff\xd8\xff\xe0", "image/jpeg", "image/jpeg"),
        (b"RIFF....WEBP", "image/webp", "image/webp"),
        (b"x", "video/mp4", "video/mp4"),
        (b"", "text/html", "html"),
        (b"", "", "html"),
        (b"", "image/png", "image/png"),
    ],
)
def test_what_a_body_is(body: bytes, content_type: str, expected: str) -> None:
    assert sniff(body, content_type) == expected


@pytest.mark.parametrize("content_type", ["text/html", "application/x-gzip", "text/plain", None])
@pytest.mark.parametrize(
    ("body", "form", "links"),
    [(FEED, "feed", [HOME + "a"]), (URLSET, "sitemap", [HOME + "a"]),
     (b"<sitemapindex><sitemap><loc>/b.xml</loc></sitemap></sitemapindex>", "sitemap-index", [HOME + "b.xml"])],
)  # fmt: skip
def test_a_listing_is_one_packed_or_not_whatever_it_is_called(
    body: bytes, form: str, links: list[str], content_type: str | None
) -> None:
    for sent in (body, gzip.compress(body)):
        found = reading(sent, content_type)
        assert (found.kind, found.form, [link.url for link in found.links]) == (Kind.LISTING, form, links)


def test_a_text_sitemap_is_a_listing() -> None:
    found = reading(b"\xef\xbb\xbfhttps://news.example/a\nhttps://news.example/b\n", "text/plain")
    assert (found.kind, found.form, len(found.links)) == (Kind.LISTING, "sitemap", 2)


@pytest.mark.parametrize(
    ("body", "content_type", "reason"),
    [
        (b"%PDF-1.7", "text/html", "not a page but application/pdf"),
        (b'{"a":1}', "application/json", "not a page but application/json"),
        (gzip.compress(URLSET, mtime=0)[:-1], "text/xml", "ends before its trailer"),
        (gzip.compress(b"\0" * (MAX_SITEMAP_BYTES + 1), mtime=0), "text/xml", "unpacked"),
        (b"<urlset><url><loc>https://", "text/xml", "cannot be read: broken XML"),
        (b"<rss", "text/xml", "cannot be read: no feed"),
        (b'{"jsonfeed.org":', "application/json", "cannot be read: no JSON feed"),
        (b"http", "text/plain", "without an address"),
        (b"", "text/html", ""),
        (b"\0" * 100, "text/html", ""),
    ],
)
def test_anything_else_is_other_and_says_why(body: bytes, content_type: str, reason: str) -> None:
    found = reading(body, content_type)
    assert (found.kind, found.article, found.links) == (Kind.OTHER, None, ())
    assert reason in found.reasons[0]


@pytest.mark.parametrize("packed", [False, True])
def test_an_article_is_read_with_the_links_around_it(packed: bool) -> None:
    found = reading(gzip.compress(STORY) if packed else STORY)
    assert found.kind is Kind.ARTICLE
    assert found.article is not None
    assert (found.article.title, found.article.date) == ("A bridge is opened", "2025-11-01T08:00:00+08:00")
    assert [link.url for link in found.links] == [HOME + "other"]


def test_a_front_page_is_always_a_listing() -> None:
    found = reading(STORY, url=HOME, source=Source.START)
    assert (found.kind, found.form, found.article) == (Kind.LISTING, "section", None)
    assert [(link.url, link.source) for link in found.links] == [(HOME + "other", Source.SECTION)]


def test_a_start_page_is_a_listing_unless_it_is_an_article_of_its_own() -> None:
    empty = b"<html><title>News</title><a href='/a'>A</a></html>"
    assert reading(empty, url=HOME + "en/", source=Source.START).kind is Kind.LISTING
    assert reading(STORY, url=HOME + "2025/a-bridge", source=Source.START).kind is Kind.ARTICLE

"""A page is parsed once, whatever it is made of."""

import time

import pytest

from crawler.page import MAX_NESTING, MAX_TAGS_AS_THEY_ARE, flatten, parse

URL = "https://news.example/2025/11/a-story"


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        ("<meta charset=windows-1251><p>Новости".encode("cp1251"), None, "Новости"),
        ("\ufeff<p>grün".encode(), "text/html; charset=iso-8859-1", "grün"),
        ("<meta charset=utf-8><p>grün".encode("cp1252"), "text/html; charset=windows-1252", "grün"),
        ("<p>grün – “so”".encode(), None, "grün – “so”"),
        ("<p>grün".encode("cp1252"), None, "grün"),
        ("<meta charset=latin1><p>“so”".encode("cp1252"), None, "“so”"),
        (b"<meta charset=utf-7><p>+ADw-script+AD4-", None, "+ADw-script+AD4-"),
        ("<meta charset=gb2312><p>新闻".encode("gbk"), None, "新闻"),
        ("<meta charset=shift_jis><p>新聞".encode("shift_jis"), None, "新聞"),
    ],
)
def test_the_encoding_is_found_in_the_order_of_browsers(
    body: bytes, content_type: str | None, text: str
) -> None:
    assert parse(body, URL, content_type=content_type).root.text().strip() == text


@pytest.mark.parametrize(
    ("script", "headlines"),
    [
        ('{"@type":"NewsArticle","headline":"A"}', ["A"]),
        ('[{"headline":"A"},{"headline":"B"}]', ["A", "B"]),
        ('{"@graph":[{"headline":"A","author":{"headline":"B"}}]}', ["A", "B"]),
        ('{"headline":"A",}', ["A"]),
        ('{"headline":"A\nB"}', ["A\nB"]),
        ('<!-- {"headline":"A"} -->', ["A"]),
        ('{"headline":"A"};{"headline":"B"}', ["A", "B"]),
        ("{&quot;headline&quot;:&quot;A&quot;}", ["A"]),
        ('{"headline":', []),
        ("[" * 100_000, []),
        ('{"a":' * 5_000 + "1" + "}" * 5_000, []),
        ('{"headline":"A","n":' + "9" * 10_000 + "}", ["A"]),
        ("7", []),
        ("", []),
    ],
)
def test_broken_json_ld_gives_what_can_be_read(script: str, headlines: list[str]) -> None:
    page = parse(f"<script type='application/ld+json'>{script}</script><p>x".encode(), URL)
    assert [one["headline"] for one in page.json_ld if "headline" in one] == headlines


def test_nesting_is_flattened_before_the_parse_and_no_text_is_lost() -> None:
    body = b"<div>" * 100_000 + b"deep" + b"</div>" * 100_000 + b"<p>after</p>"
    started = time.process_time()
    page = parse(body, URL)
    assert time.process_time() - started < 5
    depth, node = 0, page.tree.css("div")[-1]
    while node.parent is not None:
        node, depth = node.parent, depth + 1
    assert depth <= MAX_NESTING + 8
    assert "deep" in page.root.text()
    assert "after" in page.root.text()


@pytest.mark.parametrize("stray", [b"</x>", b"<!--</div>-->", b"<script>'</div>'</script>", b"</p>", b"<br>"])
def test_stray_end_tags_hide_no_nesting(stray: bytes) -> None:
    body = (b"<div>" + stray) * MAX_TAGS_AS_THEY_ARE + b"text"
    assert flatten(body).count(b"<div>") <= MAX_NESTING


MANY = b"<ul>" + b"<li>one" * MAX_TAGS_AS_THEY_ARE + b"</ul>"


@pytest.mark.parametrize(
    "drawing",
    [
        b"<svg>" + b"<path d='M0 0'/>" * 600 + b"</svg>",
        b"<svg viewBox='0 0 1 1'/>" * 600,
        b"<svg><!-- </svg> --><desc>An icon</desc><defs><svg><title>Inner</title><path/></svg></defs>" + b"<g/>" * 600 + b"</svg>",
    ],
)  # fmt: skip
def test_drawings_go_and_their_elements_nest_nothing(drawing: bytes) -> None:
    assert (
        flatten(MANY + b"<div>" + drawing + b"<div><p>text</p></div></div>")
        == MANY + b"<div><div><p>text</p></div></div>"
    )


@pytest.mark.parametrize(
    "body",
    [
        b"<div><svg><path/><p>The story</p></div><svg><p>goes on</p></svg>",
        b"<div><svg><path/></div>The story<a>goes on</a></svg>",
        b"<script>draw('<svg>', 'The story', '</svg>')</script>",
        b"<!-- <svg> -->The story<!-- </svg> -->",
        b"<svg>The story goes on to the end",
    ],
)
def test_what_may_be_no_drawing_stays(body: bytes) -> None:
    assert flatten(MANY + body) == MANY + body


def test_an_ordinary_page_is_left_as_it_is() -> None:
    body = b"<ul>" + b"<li>one<p>two" * MAX_TAGS_AS_THEY_ARE + b"</ul><div><b>x</b></div>"
    assert flatten(body) is body


def test_what_a_page_declares() -> None:
    page = parse(
        b"""<html lang="pt-BR"><head><base href="/sub/"><link rel="canonical" href="x">
        <link rel="alternate" type="application/rss+xml" title="News" href="/rss">
        <meta property="og:title" content="A &amp;amp; B"><meta name="Author" content=" Jane  Roe ">
        <meta name="author" content="John Doe"><title> T
        U </title></head>""",
        URL,
    )
    assert page.language == "pt-BR"
    assert page.canonical == "https://news.example/sub/x"
    assert page.feeds == (("https://news.example/rss", "News"),)
    assert page.meta["og:title"] == ["A & B"]
    assert page.meta["author"] == ["Jane Roe", "John Doe"]
    assert page.title == "T U"


@pytest.mark.parametrize(
    "body", [b"", b"\x00", b"<", b"<!--", b"<html><head><script>", b"\xff\xfe", b"<a href='http://['>x</a>"]
)
def test_a_page_of_nothing_is_a_page(body: bytes) -> None:
    page = parse(body, URL)
    assert page.json_ld == []
    assert page.canonical is None

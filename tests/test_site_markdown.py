"""The corpus's dialect becomes HTML that reads as CommonMark does and can carry no markup of its own."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from site_builder.markdown import link_targets, render, text


def plain(html: str) -> str:
    """Return *html* without what `render` adds for readers."""
    html = re.sub(r'<p id="p\d+"><a class="para" [^>]*></a>', "<p>", html)
    return html.replace(' rel="noopener nofollow ugc"', "")


@pytest.mark.parametrize(
    ("body", "html"),
    [
        ("Two *em* and **strong**.", "<p>Two <em>em</em> and <strong>strong</strong>.</p>"),
        (r"5 \< 6 \& \<b>", "<p>5 &lt; 6 &amp; &lt;b&gt;</p>"),
        ("<b>x</b> <!-- y -->", "<p>&lt;b&gt;x&lt;/b&gt; &lt;!-- y --&gt;</p>"),
        (
            "<div>\n\n<p>x</p>\n\n</div>",
            "<p>&lt;div&gt;</p>\n<p>&lt;p&gt;x&lt;/p&gt;</p>\n<p>&lt;/div&gt;</p>",
        ),
        ("&lt;b&gt; &amp;amp;", "<p>&lt;b&gt; &amp;amp;</p>"),
        ("#MeToo begins", "<p>#MeToo begins</p>"),
        (r"1990\. A year", "<p>1990. A year</p>"),
        ("## A\n\n#### B\n\n### C\n\n## D", "<h2>A</h2>\n<h3>B</h3>\n<h3>C</h3>\n<h2>D</h2>"),
        ("# Top", "<h2>Top</h2>"),
        ("## C \\# and F\\# ##", "<h2>C # and F#</h2>"),
        ("[a](https://x.example/?a=1&b=2)", '<p><a href="https://x.example/?a=1&amp;b=2">a</a></p>'),
        ("[a](javascript:alert(1))", "<p><a>a</a></p>"),
        ("[a](/relative)", "<p><a>a</a></p>"),
        ("[1]: https://x.example", "<p>[1]: https://x.example</p>"),
        ("[a][1]", "<p>[a][1]</p>"),
        ("- a\n\n    - b", "<ul>\n<li>\n<p>a</p>\n<ul>\n<li>b</li>\n</ul>\n</li>\n</ul>"),
        ("3. c\n4. d", '<ol start="3">\n<li>c</li>\n<li>d</li>\n</ol>'),
        ("```\n<b> & `x`\n```", "<pre><code>&lt;b&gt; &amp; `x`\n</code></pre>"),
        ("> quoted", "<blockquote>\n<p>quoted</p>\n</blockquote>"),
        (
            '![A boat](https://x.example/b.jpg "At sea")',
            '<figure><a href="https://x.example/b.jpg">A boat</a><figcaption>At sea</figcaption>\n</figure>',
        ),
        (
            "See ![](https://x.example/b.jpg) there",
            '<p>See <a href="https://x.example/b.jpg">Image at the source</a> there</p>',
        ),
    ],
)
def test_the_dialect(body: str, html: str):
    assert plain(render(body)).strip() == html


def test_a_table_can_be_scrolled():
    html = render("| a | b |\n| --- | --: |\n| 1 | <i> |")
    assert html.startswith('<div class="wide" tabindex="0"><table>')
    assert '<td align="right">&lt;i&gt;</td>' in html


def test_paragraphs_are_numbered_in_order():
    html = render("one\n\n> two\n\nthree")
    assert re.findall(r'<p id="(p\d)"><a class="para" href="#(p\d)"', html) == [
        ("p1", "p1"),
        ("p2", "p2"),
        ("p3", "p3"),
    ]


def test_outside_links_pass_nothing_on():
    assert 'rel="noopener nofollow ugc"' in render("[a](https://x.example/)")


def test_a_body_nested_beyond_reason_keeps_its_words():
    assert "deep" in text(render("> " * 5000 + "deep"))
    assert "deep" in text(render("".join(" " * 4 * n + "- x\n\n" for n in range(400)) + "deep"))


def test_text_has_the_words_and_nothing_else():
    rendered = render("One *two*.\n\n- 5 \\< 6\n- b\n\n| h1 | h2 |\n| --- | --- |\n| c | d |")
    assert text(rendered).split() == ["One", "two.", "5", "<", "6", "b", "h1", "h2", "c", "d"]


def test_link_targets_are_addresses():
    assert link_targets(render("[a](https://x.example/?a=1&b=2) [m](mailto:a@x.example)")) == [
        "https://x.example/?a=1&b=2"
    ]


ALLOWED = set(
    "a blockquote br code div em figcaption figure h2 h3 h4 h5 h6 hr li ol p pre strong table tbody td th thead tr ul".split()
)


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.bad: list[str] = []

    def handle_starttag(self, tag, attrs):
        names = {"class", "href", "title", "rel", "id", "aria-label", "start", "align", "tabindex"}
        self.bad += [tag] if tag not in ALLOWED else []
        for name, value in attrs:
            if name not in names or (
                name == "href" and not re.match("https?:|mailto:|#p", value or "", re.IGNORECASE)
            ):
                self.bad.append(f"{tag} {name}={value}")


PIECES = st.sampled_from([
    "<script>", "</script>", "<img src=x onerror=y>", "\\<", "\\", "`", "```\n", "[", "](", ")", "javascript:", "https://x.example/", '"',
    "'", "onclick=", "&lt;", "&#60;", "<!--", "-->", "\n", "\n\n", "    ", "- ", "> ", "1. ", "|", "---", "*", "_", "#", "!", "<", ">", "\x02", "\x03",
    "wzxhzdk:0", "klzzwxh:0001", "x",
])  # fmt: skip


@given(st.lists(st.one_of(PIECES, st.text(max_size=3)), max_size=30).map("".join))
def test_no_text_becomes_markup(body: str):
    tags = Tags()
    tags.feed(render(body))
    assert tags.bad == []


@given(st.text(alphabet=st.characters(categories=["L", "N", "Zs"]), max_size=60))
def test_plain_words_stay_as_they_are(line: str):
    assert text(render(line)).split() == line.split()

"""One page in, one article out: nothing of the story lost, nothing else in it."""

import re
import textwrap
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawler.cleaner import NotAnArticle, clean, explain, read_article
from crawler.cleaner.notices import facts_in, is_notice
from crawler.cleaner.walk import layout
from crawler.cleaner.words import is_related_label
from crawler.page import MAX_NESTING, parse

PAGES = Path(__file__).parent / "pages"
URL = "https://beijingpost.example/us-secures-key-southeast-asia-agreements"
CAPTURED = datetime(2025, 11, 1, 17, 20, 41, tzinfo=UTC)

PARAGRAPHS = [
    "The council voted on Tuesday to keep the old bridge open, and the mayor said that work would begin in spring.",
    "Opponents called the cost too high, and asked that the money be spent on schools and on the hospital instead.",
    "Engineers who had looked at the pillars in the summer found cracks, but nothing that could not be mended in a year.",
    "The bridge was built in 1911, burned in the war, and was opened again by a king whose name it no longer bears.",
]
OTHERS = [
    f"Nobody is to read what stands here, for the {at}. time, as no browser shows it." for at in range(4)
]
STORY = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
HEAD = "<title>The old bridge stays open - The Paper</title><header><a href='/'>The Paper</a></header>"


def article(
    body: str, head: str = HEAD, url: str = "https://paper.example/2025/11/01/the-old-bridge-stays-open"
):
    return clean(f"<html lang=en>{head}<body>{body}".encode(), url, captured=CAPTURED)


def paragraphs(body: str) -> list[str]:
    return body.split("\n\n")


@pytest.mark.parametrize("name", ["beijing-post-clean", "beijing-post-soup"])
def test_the_seed_page_is_clean(name: str) -> None:
    cleaned = read_article(parse((PAGES / f"{name}.html").read_bytes(), URL), captured=CAPTURED)
    one = cleaned.article
    assert one.title == "U.S. Secures Key Southeast Asia Agreements to Reshape Rare Earth Supply Chains"
    assert one.description == (
        "Memoranda signed with Malaysia and Thailand mark a strategic pivot to diminish China’s dominance in critical minerals."
    )
    assert (one.date, one.date_source) == ("2025-11-01", "masthead")
    assert one.publisher == "Beijing Post"
    assert one.notices == ("ai-generated",)
    assert one.captured == "2025-11-01T17:20:41Z"
    body = paragraphs(one.body)
    assert len(body) == 21
    assert body[0].startswith("The United States has taken major strategic steps")
    assert body[-1].endswith("via its own strategic alliances.")
    for debris in (
        "Disclaimer",
        "Newsletter",
        "0:00",
        "Close",
        "×",
        "Related",
        "Nvidia",
        "World's Source",
        one.title,
        one.description,
    ):
        assert debris not in one.body
    related = [link for link in one.links if link.rel == "related"]
    assert len(related) == 49
    assert [link.position for link in related] == list(range(1, 50))
    assert related[0].text == "US and China Agree One-Year Trade Truce After Trump-Xi Talks"
    assert related[-1].text.startswith("At the Parade in China")
    assert len(cleaned.notices) == 1
    assert cleaned.notices[0].text.startswith("AI Disclaimer: An advanced")


@pytest.mark.parametrize(
    "wrapped",
    [
        f"<article><h1>The old bridge stays open</h1>{STORY}</article>",
        f"<h1>The old bridge stays open</h1>{STORY}",
        f"<div class=sidebar-layout><h1>The old bridge stays open</h1><div class=widget>{STORY}</div></div>",
        "<h1>The old bridge stays open</h1>" + "<br><br>".join(PARAGRAPHS),
        "<h1>The old bridge stays open</h1><div>" + "<br>".join(PARAGRAPHS) + "</div>",
        "<h1>The old bridge stays open</h1><div>"
        + "<span class='x br' id=y></span>".join(PARAGRAPHS)
        + "</div>",
        "<h1>The old bridge stays open</h1>" + "".join(f"<div><div>{p}</div></div>" for p in PARAGRAPHS),
        "<h1>The old bridge stays open</h1><table><tr><td>" + STORY + "</td></tr></table>",
        f"<form action=/x><h1>The old bridge stays open</h1>{STORY}</form>",
        "<div itemprop=articleBody>{}</div><div class=advert>Buy now.</div><div itemprop=articleBody>{}</div>".format(
            "".join(f"<p>{p}</p>" for p in PARAGRAPHS[:2]), "".join(f"<p>{p}</p>" for p in PARAGRAPHS[2:])
        ),
        f"<h1>The old bridge stays open</h1><div style='display:none'>{STORY}</div>",
        f"<h1>The old bridge stays open</h1><p>{PARAGRAPHS[0]}<p>{PARAGRAPHS[1]}<p>{PARAGRAPHS[2]}<p>{PARAGRAPHS[3]}",
        f"<h1>The old bridge stays open</h1><svg>{STORY}",
    ],
)
def test_the_story_is_whole_in_whatever_markup(wrapped: str) -> None:
    assert paragraphs(article(wrapped).body) == PARAGRAPHS


@pytest.mark.parametrize(
    "around",
    [
        "<div class='share-bar'><a href='https://facebook.com/share'>Share</a> <a href='https://x.com/share'>Tweet this story now</a></div>",
        "<p>By <a href='/authors/jane'>Jane Roe</a></p>",
        "<div>November 1, 2025</div>",
        "<p>Advertisement</p>",
        "<p>Read more: <a href='/2025/10/30/another-bridge'>Another bridge falls in the night</a></p>",
        "<p><a href='/2025/10/30/another-bridge'>Another bridge falls in the night, and nobody saw it</a></p>",
        "<aside class=promo><p>The Paper is read by more people than any other. It costs one euro and is worth two, we say.</p></aside>",
        "<div hidden><p>This paragraph is hidden from the reader, and is not to be kept in any archive. It is not.</p></div>",
        "<p style='display: none'>This paragraph is hidden from the reader, and is not to be kept in any archive.</p>",
        "<noscript><p>Please turn on scripts, as this paragraph is shown only to those who have none at all.</p></noscript>",
        "<script>var text = 'The council voted on nothing, and the paper never printed this sentence.';</script>",
        "<div class=newsletter><p>Sign up for our newsletter, and get the best of the week in your mailbox on Friday.</p></div>",
        "<div><span>0:00</span><span>0:00</span></div>",
        "<ul><li><a href='/2025/10/30/a'>Another bridge falls in the night</a></li><li><a href='/2025/10/30/b'>The king is dead</a></li></ul>",
        "<p>Photo: Jane Roe/The Paper</p>",
        "<button>Close</button>",
    ],
)
@pytest.mark.parametrize("place", [0, 2, 4])
def test_what_is_not_the_story_falls(around: str, place: int) -> None:
    parts = [f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS]
    parts.insert(place, around)
    assert (
        paragraphs(article(f"<h1>The old bridge stays open</h1><div>{''.join(parts)}</div>").body)
        == PARAGRAPHS
    )


def test_the_story_ends_before_comments_and_the_next_article() -> None:
    other = "".join(f"<p>Elsewhere, {p[0].lower()}{p[1:]}</p>" for p in PARAGRAPHS)
    body = article(
        f"<main><article><h1>The old bridge stays open</h1>{STORY}</article>"
        f"<article><h2><a href='/other'>Elsewhere</a></h2>{other}</article>"
        f"<div id=comments><h3>Comments</h3><p>I, for one, never liked the bridge. It is too narrow, and it is in the wrong place.</p></div></main>"
    ).body
    assert paragraphs(body) == PARAGRAPHS


def test_captions_belong_to_their_image() -> None:
    one = article(
        f"<h1>The old bridge stays open</h1><figure><img src='/b.jpg' alt='A bridge' width=800><figcaption>The bridge in May.</figcaption></figure>{STORY}"
    )
    assert paragraphs(one.body) == [
        '![A bridge](https://paper.example/b.jpg "The bridge in May.")',
        *PARAGRAPHS,
    ]
    assert one.image == "https://paper.example/b.jpg"
    assert one.image_caption == "The bridge in May."


@pytest.mark.parametrize(
    ("heading", "known"),
    [(label, True) for label in (
        "Related Articles", "Read more", "READ NEXT:", "Lesen Sie auch", "Mehr zum Thema", "À lire aussi", "Sur le même sujet", "Te puede interesar",
        "Leia também", "Leggi anche", "Lees ook", "Läs även", "Czytaj także", "Читайте также", "Читайте також", "Διαβάστε επίσης", "İlgili Haberler",
        "Baca juga", "اقرأ أيضا", "相关阅读", "延伸閱讀", "関連記事", "관련 기사", "यह भी पढ़ें", "More from The Paper",
    )] + [(label, False) for label in ("The old bridge", "More than one reader wrote to us about the bridge last week.", "What comes next", "Readers", "")],
)  # fmt: skip
def test_headings_of_related_links_are_known_in_any_language(heading: str, known: bool) -> None:
    assert is_related_label(heading) is known


def test_related_links_keep_order_and_text_and_leave_the_page_itself_out() -> None:
    one = article(
        f"<h1>The old bridge stays open</h1>{STORY}<h3>Related articles</h3><ul>"
        "<li><a href='/2025/11/01/the-old-bridge-stays-open?utm_source=x'>The old bridge stays open after all</a></li>"
        "<li><a href='/2025/10/30/b?utm_medium=y'>Another bridge falls in the night</a></li>"
        "<li><a href='https://other.example/c'>A third bridge is to be built</a></li>"
        "<li>A headline that links nowhere at all</li></ul>"
    )
    assert [(link.rel, link.position, link.text, link.url) for link in one.links] == [
        ("related", 1, "Another bridge falls in the night", "https://paper.example/2025/10/30/b"),
        ("related", 2, "A third bridge is to be built", "https://other.example/c"),
    ]


def test_inline_links_are_those_in_the_text() -> None:
    linked = STORY.replace("the mayor", "<a href='/people/mayor'>the mayor</a>")
    one = article(f"<h1>The old bridge stays open</h1>{linked}")
    assert [(link.rel, link.text, link.url) for link in one.links] == [
        ("inline", "the mayor", "https://paper.example/people/mayor")
    ]


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("AI Disclaimer: This text was generated by artificial intelligence.", ("ai-generated",)),
        ("Note to readers: This article was written with the help of AI.", ("ai-generated",)),
        ("Hinweis: Dieser Text wurde mit Hilfe künstlicher Intelligenz erstellt.", ("ai-generated",)),
        ("Avertissement : Cet article a été traduit automatiquement.", ("machine-translated",)),
        ("Aviso: Contenido patrocinado por una empresa.", ("sponsored",)),
        ("免责声明：本文由人工智能生成。", ("ai-generated",)),
        ("Disclosure: We earn a commission if you buy through our affiliate links.", ("affiliate-links",)),
        (
            "Hinweis: Für jeden Kauf über diese Links erhalten wir eine kleine Provision.",
            ("affiliate-links",),
        ),
        ("Hinweis: Dieser Beitrag ist eine Anzeige der Stadtwerke.", ("sponsored",)),
        ("Hinweis: Anzeige", ("sponsored",)),
        (
            "Disclosure: This article about how to book a flight for beginners was sponsored by an airline.",
            ("sponsored",),
        ),
        ("Disclaimer: This article is based on a press release.", ("press-release",)),
    ],
)
def test_a_notice_is_known_by_its_label_and_its_fact_is_kept(text: str, facts: tuple[str, ...]) -> None:
    assert is_notice(text)
    assert facts_in(text) == facts
    cleaned = read_article(
        parse(
            f"{HEAD}<h1>The old bridge stays open</h1>{STORY}<div><p>{text}</p></div>".encode(),
            "https://paper.example/2025/11/01/the-old-bridge",
        )
    )
    assert paragraphs(cleaned.article.body) == PARAGRAPHS
    assert cleaned.article.notices == facts
    assert tuple(notice.text for notice in cleaned.notices) == (text,)


@pytest.mark.parametrize(
    "text",
    [
        "Hinweis: Diese Provision zahlt die Stadt dem Verein für jede Anzeige, die bei der Polizei eingeht.",
        "Hinweis: Das Turnier wird seit Jahren von einer Brauerei gesponsert.",
        "Notice: The bill, sponsored by two senators, has a provision that the county had paid for by June.",
        "Disclosure: The European Commission on Tuesday named an affiliate of the firm in a press release.",
        "Notice: The market correction went on.",
        "Nota ai lettori: la storia è stata scritta da due cronisti.",
        "お断り：両社はタイアップを発表した。",
    ],
)
def test_a_word_of_the_story_is_no_fact_of_a_notice(text: str) -> None:
    assert is_notice(text)
    assert facts_in(text) == ("notice",)


@pytest.mark.parametrize(
    "text",
    [
        "The mayor noticed it.",
        "A notice hung on the bridge: closed.",
        "Intelligence was artificial, he said.",
    ],
)
def test_a_sentence_is_no_notice(text: str) -> None:
    assert not is_notice(text)


def test_a_story_only_in_a_script_is_rescued() -> None:
    body = "\\n".join(PARAGRAPHS)
    one = article(
        f'<script type="application/ld+json">{{"@type":"NewsArticle","headline":"The old bridge stays open","articleBody":"{body}"}}</script>'
        "<h1>The old bridge stays open</h1><div id=app></div>"
    )
    assert paragraphs(one.body) == PARAGRAPHS


def test_the_same_page_gives_the_same_article() -> None:
    raw = (PAGES / "beijing-post-clean.html").read_bytes()
    assert clean(raw, URL, captured=CAPTURED) == clean(raw, URL, captured=CAPTURED)


def test_an_explanation_names_each_source_and_what_fell() -> None:
    told = "\n".join(
        explain(parse((PAGES / "beijing-post-clean.html").read_bytes(), URL), captured=CAPTURED).lines()
    )
    assert "kind: article" in told
    assert "date: 2025-11-01  [masthead]" in told
    assert "dropped, among links: Related Articles" in told


def test_a_page_that_is_none_says_why() -> None:
    with pytest.raises(NotAnArticle, match="other: only 0 characters of text"):
        clean(b"<p></p>", URL)


HOSTILE = {
    "a million tags": b"<b>" * 1_000_000,
    "unclosed everything": b"<div><p><a href=x><table><tr><td><ul><li>" * 3_000,
    "an unclosed comment": b"<h1>x</h1><p>text</p><!-- " + b"x" * 100_000,
    "NULs": b"<p>\x00\x00text\x00</p>" * 500,
    "entities": b"<p>" + b"&#xD800;&#x110000;&#0;&bogus;" * 2_000,
    "attributes": b"<p " + b"a=1 " * 50_000 + b">x</p>",
    "a long line": b"<p>" + b"word " * 400_000,
    "no spaces": b"<p>" + b"x" * 2_000_000,
    "empty marks": b"<i></i><span><b class=star></b></span><a href=x></a>" * 20_000,
    "empty marks in a paragraph": b"<p>x" + b"<i></i><b> </b><a href=x></a>" * 20_000 + b"y</p>",
    "marks around every paragraph": b"".join(b"<i a%d>" % at for at in range(500)) + b"<p>text</p>" * 20_000,
    "formatting": b"<font size=1><b><i>x<p>" * 3_000,
    "nested lists": b"<ul><li>x" * 5_000,
    "nested tables": b"<table><tr><td>x" * 3_000,
    "nested quotes": b"<blockquote>x" * 5_000,
    "many links": b"<li><a href='/a/b-c-d-e'>A headline that leads to another page</a></li>" * 20_000,
    "brackets": b"<p>" + b"[" * 50_000 + b"](" * 50_000,
    "stars": b"<p>" + b"*_`" * 50_000,
    "digits": b"<h1>x</h1><p>" + b"1" * 100_000 + b"</p>",
    "dates": b"<time datetime='99999999-99-99T99:99:99+99:99'>x</time><meta name=date content='0000-00-00'>" * 500,
    "JSON-LD of the wrong types": b"""<script type=application/ld+json>{"@type":["NewsArticle",1,null],"headline":{"a":1},"author":[1,null,{"name":[{}]}],
        "datePublished":[{}],"keywords":{"a":[1]},"publisher":7,"articleBody":{"x":1},"image":[[[[]]]],"articleSection":[null,{}],"description":[],
        "mainEntityOfPage":[1],"@id":{},"inLanguage":{},"license":{}}</script><h1>x</h1>""",
    "lone surrogates": b"""<script type=application/ld+json>{"@type":"NewsArticle","headline":"\\ud800 x","author":"\\udfff"}</script>""" + STORY.encode(),
    "a breadcrumb of nonsense": b"""<script type=application/ld+json>{"@type":"BreadcrumbList","itemListElement":[1,{"item":3},{"name":{}}]}</script>""",
    "bad addresses": b"<base href='http://['><link rel=canonical href='http://['><a href='http://[::1'>x</a><img src='//['>" + STORY.encode(),
    "a UTF-16 page without a mark": "<p>text</p>".encode("utf-16-le") * 100,
    "random bytes": bytes(range(256)) * 500,
}  # fmt: skip


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_page_ends_in_an_article_or_a_reason(body: bytes) -> None:
    started = time.process_time()
    for raw in (body, f"<html>{HEAD}<h1>The old bridge stays open</h1>{STORY}".encode() + body):
        try:
            one = clean(raw, "https://paper.example/2025/11/01/the-old-bridge-stays-open", captured=CAPTURED)
        except NotAnArticle:
            continue
        else:
            one.body.encode()
            assert not re.search(
                "[\x00-\x09\x0b-\x1f\ud800-\udfff]", f"{one.body}{one.title}{one.description}{one.authors}"
            )
    assert time.process_time() - started < 30


@pytest.mark.parametrize(
    "unclosed", ["svg", "embed", "audio", "iframe", "object", "video", "math", "noscript", "select", "canvas"]
)
def test_an_unclosed_element_swallows_no_more_than_in_a_browser(unclosed: str) -> None:
    one = article(f"<h1>The old bridge stays open</h1>{STORY}<div><{unclosed}></div>")
    assert paragraphs(one.body) == PARAGRAPHS


WORDS = st.sampled_from(
    [
        *PARAGRAPHS,
        "Related articles",
        "By Jane Roe",
        "0:00",
        "AI Disclaimer: made by AI",
        "Comments",
        "*x*",
        "<",
        "&amp;",
        "a|b",
        "\u202e",
        "1.",
    ]
)
TAGS = st.sampled_from(["p", "div", "h1", "h2", "ul", "li", "ol", "a href=/x/y-z", "table", "tr", "td", "blockquote", "pre", "article", "main", "aside",
                        "b", "i", "br", "img src=/x.jpg alt=y", "figure", "figcaption", "form", "svg", "section class=related", "div class=comments", "span", "code"])  # fmt: skip


@st.composite
def markup(draw: st.DrawFn) -> str:
    parts = []
    for tag, text, closed in draw(st.lists(st.tuples(TAGS, WORDS, st.booleans()), max_size=30)):
        parts.append(f"<{tag}>{text}" + (f"</{tag.split()[0]}>" if closed else ""))
    return "".join(parts)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(body=markup())
def test_a_body_has_no_word_that_the_page_has_not(body: str) -> None:
    page = parse(
        f"<html><body><h1>The old bridge stays open</h1>{STORY}{body}".encode(),
        "https://paper.example/2025/11/01/the-old-bridge-stays-open",
    )
    try:
        one = read_article(page, captured=CAPTURED).article
    except NotAnArticle:
        return
    for picture in page.root.css("svg"):  # its labels are no text: what stands around it stands together
        picture.decompose()
    shown = "".join(re.findall(r"[^\W_]+", page.root.text()))  # without what nobody sees, such as U+202E
    text = re.sub(r"!?\[y?\]\([^()]*\)|\]\([^()]*\)|^[>\s]*[0-9]+\. ", " ", one.body, flags=re.MULTILINE)
    assert [word for word in re.findall(r"[^\W_]+", text) if word not in shown and word != "1"] == []
    assert not re.search(r"(?<!\\)<(?![^\n]*```)", re.sub(r"(?s)```.*?```|`[^`\n]*`", "", one.body))


@settings(max_examples=250, deadline=None)
@given(
    body=st.binary(max_size=400)
    | st.text(max_size=400).map(lambda text: text.encode("utf-8", "surrogatepass"))
)
def test_any_bytes_end_in_an_article_or_a_reason(body: bytes) -> None:
    try:
        clean(body, "https://paper.example/x", captured=CAPTURED)
    except NotAnArticle as refusal:
        reason = str(refusal)
    else:
        reason = "an article"
    assert reason


@pytest.mark.parametrize(
    "byline",
    [
        "By <a href=/authors/jane-roe>Jane Roe</a> | 1 October 2025",
        "By Jane Roe 9 October 2025, 17:40 Updated 1 November 2025, 18:05",
        "By Jane Roe and John Doe",
    ],
)
def test_a_byline_with_its_date_is_no_paragraph(byline: str) -> None:
    standfirst = (
        "<p class=standfirst>What the repair costs, who pays for it, and when the trams will cross again.</p>"
    )
    page = f"<html><body><div><h1>The old bridge stays open</h1>{standfirst}<div>{byline}</div>{STORY}</div></body></html>"
    one = clean(page.encode(), "https://paper.example/the-old-bridge-stays-open", captured=CAPTURED)
    assert "Roe" not in one.body
    assert one.authors[0] == "Jane Roe"


@pytest.mark.parametrize(
    "story",
    [
        STORY.replace("<p>", '<p id="a"\u00a0class="b">'),
        STORY.replace("council", '<span id="x"\u00a0lang=b>council</span>'),
        "<xmp><!--</xmp>" + STORY + "<!-- ad -->",
        STORY + "<template><template></template><p>Nobody is to read this, as it stands in a template.</p></template>",
        STORY + "<noscript><noscript></noscript><p>Nobody is to read this, who has scripts.</p></noscript>",
        f"<video src=a>{STORY}",
        f"<button>{STORY}",
        f"<a href='#story'>{STORY}</a>",
        STORY + f"<textarea>{STORY}</textarea><p>x</p>",
        STORY + f"<template><p>{'</p><p>'.join(OTHERS)}</p></template><div>x</div>",
        STORY + f"<xmp>{STORY}</xmp>",
        STORY + "<div " + "a" * 40_000 + '"=x></div>',
        STORY + "<plaintext>" + "<title>" * 100,
    ],
)  # fmt: skip
def test_odd_markup_loses_no_word_and_adds_none(story: str) -> None:
    started = time.process_time()
    body = article(f"<h1>The old bridge stays open</h1><div>{story}").body
    assert [text for text in paragraphs(body) if "<title>" not in text] == PARAGRAPHS
    assert time.process_time() - started < 5


def test_markup_that_is_text_takes_no_time() -> None:
    started = time.process_time()
    body = article(f"<h1>The old bridge stays open</h1><div>{STORY}<plaintext>" + "<title>" * 10_000).body
    assert PARAGRAPHS[0] in paragraphs(body)
    assert time.process_time() - started < 5


def test_marks_without_text_are_no_part_of_any_block() -> None:
    page = parse(f"<span><i class=star></i></span><a href=/x></a><p>{PARAGRAPHS[0]}</p>".encode(), URL)
    assert [block.tokens for block in layout(page).blocks] == [[("t", PARAGRAPHS[0])]]


def test_marks_without_text_leave_no_trace_in_a_paragraph() -> None:
    marked = PARAGRAPHS[0].replace("Tuesday", "<b></b><i>Tuesday</i><i><a href=/x> </a></i>")
    body = article(f"<h1>The old bridge stays open</h1><p>{marked}</p>{STORY[STORY.index('</p>') :]}").body
    assert paragraphs(body)[0] == PARAGRAPHS[0].replace("Tuesday", "*Tuesday*")


LONG = [*PARAGRAPHS, *(f"A year before that, {text[0].lower()}{text[1:]}" for text in PARAGRAPHS)]


@pytest.mark.parametrize("between", ["</p>{}<p>", " {}"], ids=["between paragraphs", "in a paragraph"])
@pytest.mark.parametrize(
    ("left_open", "after"),
    [(f"<{tag}>", "") for tag in (
        "noscript template svg math object applet canvas audio video map select button datalist progress meter dialog nav menu a textarea iframe "
        "title style noembed noframes xmp plaintext".split()
    )] + [
        ("<a href=/x>", ""), ("<a href='#x'>", ""), ("<dialog><dialog>", ""), ("<textarea>", "<form><textarea></textarea></form><p>x"),
        ("<iframe src=a>", "<iframe src=b></iframe><p>x"),
    ],
)  # fmt: skip
def test_an_element_left_open_swallows_no_story(left_open: str, after: str, between: str) -> None:
    story = "".join(f"<p>{text}</p>" for text in LONG)
    middle = story.index(" and ", len(story) // 3)
    opened = f"{story[:middle]}{between.format(left_open)}{story[middle:]}"
    one = article(f"<article><h1>The old bridge stays open</h1><div>{opened}</div></article>{after}")
    told = f"{one.description} {re.sub(r'[^a-zA-Z0-9,. -]', '', one.body)}"
    assert [text for text in LONG if text[:20] not in told or text[-20:] not in told] == []


@pytest.mark.parametrize("tag", ["div", "pre", "section", "blockquote", "x-y"])
def test_text_deeper_than_boxes_nest_is_read_whole(tag: str) -> None:
    levels = 3 * MAX_NESTING
    page = parse(
        ("".join(f"<{tag}>text {at}" for at in range(levels)) + f"</{tag}>after" * levels).encode(), URL
    )
    assert page.tree.css_first(tag) is not None
    found = layout(page)
    assert max(box.depth for box in found.boxes) == MAX_NESTING
    assert [block.text for block in found.blocks] == [f"text {at}" for at in range(levels)] + [
        "after"
    ] * levels


@pytest.mark.parametrize("tag", ["div", "section", "center", "article", "blockquote"])
@pytest.mark.parametrize("text", ["{}", "<p>{}"])
def test_a_story_of_parts_that_were_left_open_is_whole(tag: str, text: str) -> None:
    parts = "".join(f"<{tag} class=part>{text.format(one)}" for one in LONG)
    one = article(f"<h1>The old bridge stays open</h1>{parts}<footer><p>All rights reserved.</footer>")
    assert [text for text in LONG if text not in f"{one.description} {one.body}"] == []


def test_boxes_left_open_stand_beside_each_other() -> None:
    found = layout(
        parse(b"<main><p>a</p>" + b"<div>b<i>c</i><section>d</section>" * 5 + b"</main><p>e</p>", URL)
    )
    apart = [box for box in found.boxes if box.tag == "div"]
    assert {box.parent for box in apart} == {found.boxes[1]}
    assert [(box.depth, box.end - box.first) for box in apart] == [(2, 2)] * 5
    assert [[one.tag for one in found.boxes[box.order : box.stop]] for box in apart] == [
        ["div", "section"]
    ] * 5
    inner = [box for box in found.boxes if box.tag == "section"]
    assert [(box.parent, box.depth) for box in inner] == [(box, 3) for box in apart]


@pytest.mark.parametrize(
    ("body", "depths"),
    [
        ("<div>a" * 3 + "</div>" * 3, [0, 1, 2, 3]),
        ("<div>a<div>b</div>" + "<div></div>" * 5 + "</div>", [0, 1, *[2] * 6]),
        ("<blockquote>a" * 5 + "</blockquote>" * 5, [0, 1, 2, 3, 4, 5]),
    ],
)
def test_boxes_that_may_be_meant_to_nest_stay(body: str, depths: list[int]) -> None:
    assert [box.depth for box in layout(parse(body.encode(), URL)).boxes] == depths


@pytest.mark.parametrize("name", ["class", "id", "hidden", "style", "href", "datetime", "start"])
@pytest.mark.parametrize("tag", ["p", "div", "a", "time", "ol"])
def test_a_value_that_ends_like_the_start_of_an_attribute_is_none(tag: str, name: str) -> None:
    for after in ("", " id=b", " title=' style='"):
        found = layout(parse(f"<p>a <{tag} title=' {name}='{after}>text</{tag}>".encode(), URL))
        assert " ".join(block.text for block in found.blocks) == "a text"
        assert {box.names for box in found.boxes} <= {"", "b"}
        assert not any(
            block.hidden or block.times or any(link for link, _ in block.links) for block in found.blocks
        )


@pytest.mark.parametrize(
    "byline",
    [
        "By Jane Roe and John Doe / The Paper's Staff Writers",
        "By Jane Roe | Reuters",
        "By Jane Roe · 1 November 2025",
        "Von Jane Roe",
    ],
)
def test_a_byline_before_or_after_the_story_falls(byline: str) -> None:
    for around in (f"<p>{byline}</p>{STORY}", f"{STORY}<p>{byline}</p>"):
        assert paragraphs(article(f"<h1>The old bridge stays open</h1>{around}").body) == PARAGRAPHS


@pytest.mark.parametrize(
    "words", ["By The Numbers", "Text Messages Revealed", "De Facto Ruler", "Von Der Leyen Attends"]
)
def test_a_line_within_the_story_is_no_byline(words: str) -> None:
    told = "".join(f"<p>{text}</p>" for text in LONG)
    half = told.index("</p>", len(told) // 2) + 4
    body = article(
        f"<h1>The old bridge stays open</h1><p>By Jane Roe</p>{told[:half]}<p><b>{words}</b></p>{told[half:]}"
    ).body
    assert words in body
    assert "Jane Roe" not in body


@pytest.mark.parametrize(
    "apart",
    [
        "<nav><p>{}</p><nav><ul><li><a href=/x>World</a></ul></nav>{}</nav>",
        "<svg><title>{}</title><svg><desc>{}</desc></svg><text>World</text></svg>",
        "<svg data-x='</svg>'><title>{}{}</title></svg>",
        "<svg><!-- </svg><select> --><text>{}{}</text></svg>",
        "<svg><path d='</svg><nav>'/><text>{}{}</text></svg>",
        "<svg><foreignObject><style></svg><nav></style></foreignObject><text>{}{}</text></svg>",
        "<nav><svg><!-- </svg><nav> --></svg><p>{}</nav><nav>{}</nav>",
        "<select><option>{}<option>{}</select>",
    ],
)
def test_what_is_no_text_of_the_page_is_walked_past(apart: str) -> None:
    page = parse(f"<p>{PARAGRAPHS[0]}</p>{apart.format(*PARAGRAPHS)}<p>{PARAGRAPHS[1]}</p>".encode(), URL)
    assert [block.text for block in layout(page).blocks] == PARAGRAPHS[:2]


_VERSE = (
    "The river takes the bridge away,",
    "The ferry takes the school,",
    "And who shall pay, the mayor asks,",
)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("<p>{}<br>{}<br>\n{}</p>", "{}\n\n{}\n\n{}"),
        ("<p><b>{}<br>{}</b><br>{}</p>", "**{}**\n\n**{}**\n\n{}"),
        ("<ul><li>{}<br>{}<li>{}</ul>", "- {}\n\n    {}\n\n- {}"),
        ("<blockquote>{}<br>{}<br>{}</blockquote>", "> {}\n>\n> {}\n>\n> {}"),
        ("<h2>{}<br>{}</h2><p>{}</p>", "## {} {}\n\n{}"),
        ("<table><tr><td>1<td>{}<br>{}<tr><td>2<td>{}</table>", "| 1 | {} {} |\n| --- | --- |\n| 2 | {} |"),
        ("<pre>{}<br>{}\n{}</pre>", "```\n{}\n{}\n{}\n```"),
    ],
)
def test_a_line_is_a_line_where_the_page_breaks_it(written: str, told: str) -> None:
    middle = len(STORY) // 2 + STORY[len(STORY) // 2 :].index("</p>") + 4
    told_by = article(
        f"<h1>The old bridge stays open</h1>{STORY[:middle]}{written.format(*_VERSE)}{STORY[middle:]}"
    ).body
    assert f"\n\n{told.format(*_VERSE)}\n\n" in told_by


def test_running_text_that_breaks_keep_narrow_is_one_paragraph() -> None:
    narrow = "<br>\n".join(textwrap.wrap(" ".join(PARAGRAPHS[:2]), 60))
    rest = "".join(f"<p>{text}</p>" for text in PARAGRAPHS[2:])
    body = article(f"<h1>The old bridge stays open</h1><p>{narrow}</p>{rest}").body
    assert paragraphs(body) == [" ".join(PARAGRAPHS[:2]), *PARAGRAPHS[2:]]


@pytest.mark.parametrize("empty", ["<p>\u200d</p>", "<p><b>\u200d\u200c</b></p>", "<p>&lrm;<br>&rlm;</p>"])
def test_a_paragraph_that_shows_nothing_is_none(empty: str) -> None:
    body = article(f"<h1>The old bridge stays open</h1>{STORY.replace('</p>', '</p>' + empty)}").body
    assert paragraphs(body) == PARAGRAPHS


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("<p><a href=/q>Merkel</a> wrote: “[the bridge]: not now”.</p>", "[Merkel](https://paper.example/q) wrote: “[the bridge\\]: not now”."),
        ("<p>[Merkel]: not now, she wrote.</p>", "\\[Merkel\\]: not now, she wrote."),
        ("<table><tr><td>1<td><code>a|b</code><tr><td>2<td>c|d</table>", "| 1 | a\\|b |\n| --- | --- |\n| 2 | c\\|d |"),
    ],
)  # fmt: skip
def test_markup_of_our_own_is_not_escaped(written: str, told: str) -> None:
    middle = STORY.index("</p>") + 4
    body = article(f"<h1>The old bridge stays open</h1>{STORY[:middle]}{written}{STORY[middle:]}").body
    assert f"\n\n{told}\n\n" in body


def test_the_words_of_a_heading_are_not_marked_strong() -> None:
    middle = STORY.index("</p>") + 4
    body = article(
        f"<h1>The old bridge stays open</h1>{STORY[:middle]}<h2><b>The <i>long</i> way</b> home</h2>{STORY[middle:]}"
    ).body
    assert "\n\n## The *long* way home\n\n" in body


@pytest.mark.parametrize(
    ("headings", "kept"),
    [
        (
            "<h2>One</h2><h2>Two of them</h2><h2>And three</h2>",
            "\n\n## One\n\n## Two of them\n\n## And three",
        ),
        (
            "<h2>Over</h2><h3>One</h3><h3>Two of them</h3><h3>And three</h3>",
            "\n\n## Over\n\n### One\n\n### Two of them\n\n### And three",
        ),
        ("<h2>What the</h2><h2>Mayor said</h2>", ""),
        ("<h2>What the</h2><h3>Mayor</h3><h3>Said</h3>", ""),
        ("<h2>What the mayor said</h2><img src=/mayor.jpg>", ""),
    ],
)
def test_headings_with_nothing_under_them_fall_unless_they_are_the_text(headings: str, kept: str) -> None:
    body = article(f"<article><h1>The old bridge stays open</h1>{STORY}{headings}</article>").body
    assert body.partition("\n\n![")[0].endswith(
        PARAGRAPHS[-1] + kept if not kept or "###" not in kept else kept
    )


def test_a_heading_falls_with_the_notice_under_it() -> None:
    notice = (
        "<h2>About this article</h2><p>Disclosure: this article was written with the help of AI tools.</p>"
    )
    cleaned = read_article(
        parse(f"<article><h1>The old bridge stays open</h1>{STORY}{notice}</article>".encode(), URL)
    )
    assert cleaned.article.body.endswith(PARAGRAPHS[-1])
    assert "About this article" in [one.block.text for one in cleaned.dropped]


@pytest.mark.parametrize("image", ["<img src=/logo.png>", "<img src=/a.png alt='The Paper logo'>"])
def test_a_logo_above_the_story_is_none_of_its_pictures(image: str) -> None:
    body = article(f"<article><h1>The old bridge stays open</h1><p>{image}</p>{STORY}</article>").body
    assert body == "\n\n".join(PARAGRAPHS)
    inside = article(
        f"<article><h1>The old bridge stays open</h1>{STORY.replace('</p>', '</p>' + image, 1)}</article>"
    ).body
    assert "![" in inside


def test_an_image_that_counts_visitors_is_none_of_the_story() -> None:
    page = (
        "<html><head><title>The old bridge stays open</title><noscript><img src='https://count.example/p?c1=2'></noscript></head>"
        f"<body><article><h1>The old bridge stays open</h1><img src=/bridge.jpg>{STORY}</article></body></html>"
    )
    body = clean(page.encode(), URL).body
    assert body.startswith("![](https://beijingpost.example/bridge.jpg)\n\nThe council voted")


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("10<sup>6</sup> of them", "10⁶ of them"),
        ("10<sup>−6</sup> and x<sup>n+<i>i</i></sup>", "10⁻⁶ and xⁿ⁺*ⁱ*"),
        ("CO<sub>2</sub>, H<sub>n</sub>", "CO₂, Hₙ"),
        ("in 1931.<sup>1</sup> And", "in 1931.¹ And"),
        ("in 1931<sup><a href=#a>(2)</a></sup> and 7", "in 1931⁽²⁾ and 7"),
        ("the 1<sup>st</sup>, 2<sup>nd</sup>", "the 1st, 2nd"),
        ("a note<sup>[1]</sup>", "a note[1]"),
        ("a channel<sup>+</sup>", "a channel+"),
    ],
)
def test_a_figure_off_the_line_is_no_digit_of_the_number_before(written: str, told: str) -> None:
    body = article(f"<h1>The old bridge stays open</h1>{STORY.replace('the old bridge', written, 1)}").body
    assert paragraphs(body)[0] == PARAGRAPHS[0].replace("the old bridge", told)


@pytest.mark.parametrize(
    "part",
    [
        "<details><summary>{}</summary><p>{}</p></details>",
        "<h2><button aria-expanded=false>{}</button></h2><div><p>{}</p></div>",
        "<details><summary> <button><b>{}</b></button></summary><p>{}</p></details>",
    ],
)
def test_what_opens_a_part_of_the_text_heads_it(part: str) -> None:
    questions = ["What is to be kept?", "Who was against it?", "What did they find?", "How old is it?"]
    told = "".join(part.format(*one) for one in zip(questions, PARAGRAPHS, strict=True))
    body = article(f"<h1>The old bridge stays open</h1><p>{LONG[-1]}</p>{told}").body
    assert [text.lstrip("# ") for text in paragraphs(body.replace("**", "")) if text in body or "?" in text][
        1:
    ] == [text for pair in zip(questions, PARAGRAPHS, strict=True) for text in pair]


def test_a_button_beside_a_heading_is_no_text() -> None:
    heading = "<h2>What it costs <button>Share</button></h2>"
    body = article(f"<h1>The old bridge stays open</h1><p>{LONG[-1]}</p>{heading}{STORY}").body
    assert paragraphs(body) == [LONG[-1], "## What it costs", *PARAGRAPHS]


def test_a_page_of_too_many_blocks_is_refused_and_not_cut() -> None:
    with pytest.raises(NotAnArticle, match="60,000 blocks"):
        article("<h1>The old bridge stays open</h1>" + "<p>x" * 61_000 + STORY)

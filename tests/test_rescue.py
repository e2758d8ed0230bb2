"""A story that stands in scripts only is found there, whatever form it has, and nothing else is taken for it."""

import json
import time
from datetime import UTC, datetime

import pytest

from crawler.classify import classify
from crawler.cleaner import Cleaned, explain, read_article
from crawler.items import Kind, Memory, Recurring
from crawler.page import Page, parse
from crawler.worker import TIME_LIMIT_SECONDS

URL = "https://paper.example/2025/11/01/the-old-bridge-stays-open"
TITLE = "The old bridge stays open"
PARAGRAPHS = [
    "The council voted on Tuesday to keep the old bridge open, and the mayor said that work would begin in spring.",
    "Opponents called the cost too high, and asked that the money be spent on schools and on the hospital instead.",
    "Engineers who had looked at the pillars in the summer found cracks, but nothing that could not be mended in a year.",
    "The bridge was built in 1911, burned in the war, and was opened again by a king whose name it no longer bears.",
]
OTHERS = [
    "A bakery in the north of the town has sold its last loaf, and its owner says that nobody wants to follow her there.",
    "The orchestra plays in the park on Sunday, and brings a singer who has not been heard in this country for a decade.",
    "Farmers wait for rain, and say that the harvest of this year will be half of what it was when the wells were full.",
    "A school has been given a new roof, and its pupils have written a play about the storm that took the old one away.",
]
MARKUP = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)


def page(*scripts: str, shown: str = "<div id=app></div>") -> Page:
    head = f"<title>{TITLE} - The Paper</title><meta property=og:type content=article>"
    return parse(f"<html lang=en>{head}<body><h1>{TITLE}</h1>{shown}{''.join(scripts)}".encode(), URL)


def script(text: str, kind: str = "") -> str:
    return f"<script{f' type={kind}' if kind else ''}>{text}</script>"


def safe(value: object) -> str:
    """Return *value* as sites write it into scripts."""
    return json.dumps(value).replace("<", "\\u003c").replace(">", "\\u003e")


def read(one: Page) -> Cleaned:
    return read_article(one, captured=datetime(2025, 11, 2, tzinfo=UTC))


def paragraphs(one: Page) -> list[str]:
    return read(one).article.body.split("\n\n")


def pushes(text: str, size: int) -> list[str]:
    return [
        script(f"self.__next_f.push({safe([1, text[at : at + size]])})") for at in range(0, len(text), size)
    ]


STATE = {"props": {"pageProps": {"article": {"title": TITLE, "content": MARKUP}}, "build": "x1"}}
ELEMENTS = [
    {"_id": "A", "type": "text", "content": PARAGRAPHS[0]},
    {"_id": "B", "type": "header", "level": 3, "content": "What it costs"},
    {"_id": "C", "type": "text", "content": PARAGRAPHS[1]},
    {"_id": "D", "type": "image", "url": "https://paper.example/a.jpg", "caption": "The bridge."},
    {"_id": "E", "type": "list", "list_type": "unordered", "items": [
        {"type": "text", "content": "One pillar"}, {"type": "text", "content": "Two arches"}]},
    {"_id": "F", "type": "text", "content": PARAGRAPHS[2]},
    {"_id": "G", "type": "text", "content": f"<b>Update</b> {PARAGRAPHS[3]}"},
]  # fmt: skip
NODES = [
    {"nodeType": "paragraph", "content": [
        {"nodeType": "text", "value": text[:20]}, {"nodeType": "text", "value": text[20:]}]}
    for text in PARAGRAPHS
]  # fmt: skip
TREE = [
    "$",
    "div",
    None,
    {"children": [["$", "p", str(at), {"children": text}] for at, text in enumerate(PARAGRAPHS)]},
]
FLAT = [["Reactive", 1], {"title": 2, "body": 3}, TITLE, [4, 5, 6, 7], *PARAGRAPHS]


@pytest.mark.parametrize(
    "scripts",
    [
        [script(json.dumps({"@type": "NewsArticle", "headline": TITLE, "articleBody": "\n".join(PARAGRAPHS)}), "application/ld+json")],
        [script(json.dumps(STATE), "application/json")],
        [script(f"window.__INITIAL_STATE__ = {safe(STATE)};window.after = 1")],
        [script(f"window.state = JSON.parse({safe(json.dumps(STATE))})")],
        [script("window.state = JSON.parse('" + safe(STATE).replace("\\", "\\\\") + "')")],
        [script(f"var page = {{title: {json.dumps(TITLE)}, live: !0, body: {safe(MARKUP)}}}")],
        [script(f"window.n=(function(a,b){{return {{parts:[{','.join(f'{{is:a,props:{{text:{safe(p)}}}}}' for p in PARAGRAPHS)}]}}}}('p',2))")],
        [script(safe({"node:1": {"__typename": "Article", "body": json.dumps({"html": MARKUP})}}), "application/json")],
        [script(f"f({safe({'data': {'paragraphs': PARAGRAPHS}})})")],
        [script(f"x={safe({'document': {'content': NODES}})}")],
        [script(safe(FLAT), "application/json")],
        pushes(f"1:{json.dumps({'title': TITLE, 'html': MARKUP})}\n", 90),
        pushes(f"1:{json.dumps({'title': TITLE, 'html': '$a'})}\na:T{len(MARKUP):x},{MARKUP}2:null\n", 90),
        pushes(f"1:{json.dumps(TREE)}\n", 90),
    ],
    ids=[
        "articleBody", "next data", "assignment", "string of JSON", "quoted by apostrophes", "no JSON", "function",
        "twice encoded", "list of strings", "spans", "flat list", "pushes", "row of text", "elements",
    ],
)  # fmt: skip
def test_a_story_in_scripts_only_is_rescued(scripts: list[str]) -> None:
    assert paragraphs(page(*scripts)) == PARAGRAPHS


def test_the_markup_of_the_story_survives() -> None:
    told = (
        f"<h2>What it costs</h2><p>{PARAGRAPHS[0]} <a href='/cost'>Read</a> <b>it</b>.</p>"
        f"<ul><li>One pillar</li><li>Two arches</li></ul><p>{PARAGRAPHS[1]}</p><p>{PARAGRAPHS[2]}</p>"
    )
    body = read(page(script(safe({"title": TITLE, "body": told})))).article.body
    assert body.startswith("## What it costs\n\n")
    assert "[Read](https://paper.example/cost) **it**." in body
    assert "- One pillar\n- Two arches" in body


def test_a_list_of_elements_becomes_headings_lists_and_text() -> None:
    body = read(
        page(script(f"Fusion.globalContent={safe({'content_elements': ELEMENTS})};Fusion.x=1"))
    ).article.body
    assert body.split("\n\n") == [
        PARAGRAPHS[0],
        "## What it costs",
        PARAGRAPHS[1],
        "- One pillar\n- Two arches",
        PARAGRAPHS[2],
        f"**Update** {PARAGRAPHS[3]}",
    ]


def test_it_is_said_where_the_story_was_found() -> None:
    one = page(script(json.dumps(STATE), "application/json"))
    assert read(one).stated["body"][0][1] == "script"
    assert any(line.startswith("body: ") and line.endswith("[script]") for line in explain(one).lines())


SIGN_UP = "Sign up here for the letter that The Paper sends to its readers on Friday."
REMEMBERED = Memory(articles=20, lines=(Recurring(text=SIGN_UP, articles=12),))


@pytest.mark.parametrize("in_script", [True, False])
def test_a_page_read_again_says_the_same_and_what_the_memory_took(in_script: bool) -> None:
    told = f"{MARKUP}<p>{SIGN_UP}</p>"
    stated, shown = script(safe({"title": TITLE, "body": told})), f"<article>{told}</article>"
    one = page(stated) if in_script else page(shown=shown)
    without, first, again = (
        read(one),
        read_article(one, memory=REMEMBERED),
        read_article(one, memory=REMEMBERED),
    )
    assert SIGN_UP not in first.article.body
    assert SIGN_UP in {dropped.block.text for dropped in first.dropped}
    assert first == again
    assert first.marks == without.marks
    assert read(one) == without


def test_text_of_a_script_is_no_markup() -> None:
    hostile = f"{MARKUP}<script>alert('no story')</script><p># <img src=x onerror=alert(1)> &lt;script&gt;alert(2)&lt;/script&gt; [a](javascript:b)</p>"
    body = read(page(script(safe({"title": TITLE, "body": hostile})))).article.body
    assert "no story" not in body
    assert "onerror" not in body
    assert "\\<script>alert(2)\\</script>" in body
    assert "[a](" not in body


def test_teasers_of_other_articles_are_no_story() -> None:
    teasers = [
        {"title": f"Another headline {at}", "url": f"/news/{at}", "text": text}
        for at, text in enumerate(OTHERS)
    ]
    one = page(script(safe({"title": TITLE, "related": teasers}), "application/json"))
    assert classify(one).kind is not Kind.ARTICLE
    named = [{**one, "text": f"{one['text']} Not so the old bridge that stays open."} for one in teasers]
    assert classify(page(script(safe({"latest": named}), "application/json"))).kind is not Kind.ARTICLE


def test_the_words_of_a_consent_box_are_no_story() -> None:
    text = " ".join(["The old bridge stays open to cookies, and your consent to cookies is asked for."] * 9)
    assert classify(page(script(safe({"title": TITLE, "text": text})))).kind is not Kind.ARTICLE


def test_a_page_that_shows_its_story_is_taken_at_its_word() -> None:
    other = "".join(f"<p>{text} And the old bridge stays open.</p>" for text in OTHERS * 3)
    shown = read(page(script(safe({"title": TITLE, "body": other})), shown=f"<article>{MARKUP}</article>"))
    assert shown.article.body.split("\n\n") == PARAGRAPHS
    assert "body" not in shown.stated


def test_a_story_of_which_the_page_shows_the_beginning_is_completed() -> None:
    shown = f"<article><p>{PARAGRAPHS[0]}</p></article>"
    assert paragraphs(page(script(json.dumps(STATE), "application/json"), shown=shown)) == PARAGRAPHS


@pytest.mark.parametrize(
    "broken",
    [
        "window.a = {",
        '{"a": "' + "x" * 400,
        '{"a": ' * 300,
        "[" * 5_000,
        "(" * 5_000,
        '[["Reactive",1],[1,1,1,1],2,3,"' + "x" * 300 + '"]',
        '{"n": ' + "9" * 5_000 + "}",
        "a = '[" + "\\'[" * 400,
        "\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "replace") * 300,
        '{"a":"\\ud800' + "x " * 300 + '."}',
    ],
)
def test_a_broken_script_is_passed_over(broken: str) -> None:
    assert paragraphs(page(script(broken), script(json.dumps(STATE), "application/json"))) == PARAGRAPHS


HUGE = 1_500_000


@pytest.mark.parametrize(
    "piece",
    [
        "[",
        '["',
        '{"a":',
        '{"a":[',
        '\\"',
        "='[\\",
        "'[\\'",
        "`{",
        "<p",
        " ",
        '{"a":"b. c"},',
        "1:T9,<p>",
        "[1,",
        "f(",
        'f([1,"a. b"]);',
        "[[[[[[[[\n",
        '"\n',
    ],
)
@pytest.mark.parametrize("lead", ["", 'x={"a":"'])
def test_a_huge_hostile_script_takes_no_time(piece: str, lead: str) -> None:
    one = page(script(lead + piece * (HUGE // len(piece))))
    started = time.process_time()
    classify(one)
    assert time.process_time() - started < TIME_LIMIT_SECONDS


def test_many_numbered_names_take_no_time() -> None:
    told = {
        f"k{at}": f"The council voted {at} times to keep the old bridge open, it said."
        for at in range(40_000)
    }
    one = page(script(json.dumps(told), "application/json"))
    started = time.process_time()
    classify(one)
    assert time.process_time() - started < TIME_LIMIT_SECONDS / 2

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


HEADING, THINGS, NESTED, QUOTE = (
    "What it costs",
    ("One pillar", "Two arches"),
    "Of stone",
    "We build it, she said.",
)
CELLS = (("Year", "Cost"), ("1911", "4 million"))
REPORT = "https://paper.example/report"


def editor_js(kind: str, **data: object) -> dict[str, object]:
    return {"id": "x", "type": kind, "data": data}


def contentful(kind: str, *content: object, **data: object) -> dict[str, object]:
    return {"nodeType": kind, "data": data, "content": list(content)}


def value(text: str, *marks: str) -> dict[str, object]:
    return {"nodeType": "text", "value": text, "marks": [{"type": mark} for mark in marks]}


def slate(kind: str, *children: object, **more: object) -> dict[str, object]:
    return {"type": kind, "children": [{"text": c} if isinstance(c, str) else c for c in children], **more}


def prose_mirror(kind: str, *content: object, **attrs: object) -> dict[str, object]:
    return {
        "type": kind,
        "attrs": attrs,
        "content": [{"type": "text", "text": c} if isinstance(c, str) else c for c in content],
    }


def portable(*spans: object, style: str = "normal", **more: object) -> dict[str, object]:
    children = [{"_type": "span", "marks": [], **({"text": s} if isinstance(s, str) else s)} for s in spans]
    return {"_type": "block", "_key": "k", "style": style, "markDefs": [], "children": children, **more}


def gutenberg(kind: str, *inner: object, **attributes: object) -> dict[str, object]:
    return {"name": f"core/{kind}", "attributes": attributes, "innerBlocks": list(inner)}


def told(kind: str, text: str) -> dict[str, object]:
    return {"type": kind, "content": text}


LINKED_HTML = f'See <a href="{REPORT}">the report</a> and <b>mind</b> it.'
STORIES = {
    "plain": [
        *({"type": "paragraph", "text": text} for text in PARAGRAPHS[:2]),
        {"type": "heading", "level": 3, "text": HEADING},
        {"type": "list", "items": [*THINGS[:1], {"type": "list", "items": [NESTED]}, *THINGS[1:]]},
        {"type": "quote", "text": QUOTE},
        {"type": "table", "rows": CELLS},
        {"type": "paragraph", "content": LINKED_HTML},
        *({"type": "paragraph", "text": text} for text in PARAGRAPHS[2:]),
    ],
    "Editor.js": {"blocks": [
        *(editor_js("paragraph", text=text) for text in PARAGRAPHS[:2]),
        editor_js("header", text=HEADING, level=3),
        editor_js("list", style="unordered", items=[
            {"content": THINGS[0], "items": [{"content": NESTED, "items": []}]}, {"content": THINGS[1], "items": []}]),
        editor_js("quote", text=QUOTE, alignment="left"),
        editor_js("table", withHeadings=True, content=CELLS),
        editor_js("paragraph", text=LINKED_HTML),
        *(editor_js("paragraph", text=text) for text in PARAGRAPHS[2:]),
    ]},
    "Contentful": contentful("document",
        *(contentful("paragraph", value(text)) for text in PARAGRAPHS[:2]),
        contentful("heading-3", value(HEADING)),
        contentful("unordered-list",
            contentful("list-item", contentful("paragraph", value(THINGS[0])),
                contentful("unordered-list", contentful("list-item", contentful("paragraph", value(NESTED))))),
            contentful("list-item", contentful("paragraph", value(THINGS[1])))),
        contentful("blockquote", contentful("paragraph", value(QUOTE))),
        contentful("table", *(contentful("table-row", *(
            contentful(kind, contentful("paragraph", value(text))) for text in row))
            for kind, row in zip(("table-header-cell", "table-cell"), CELLS, strict=True))),
        contentful("paragraph", value("See "), contentful("hyperlink", value("the report"), uri=REPORT), value(" and "),
            value("mind", "bold"), value(" it.")),
        *(contentful("paragraph", value(text)) for text in PARAGRAPHS[2:]),
    ),
    "Slate": [
        *(slate("paragraph", text) for text in PARAGRAPHS[:2]),
        slate("heading-two", HEADING),
        slate("bulleted-list", slate("list-item", THINGS[0], slate("bulleted-list", slate("list-item", NESTED))),
            slate("list-item", THINGS[1])),
        slate("block-quote", QUOTE),
        slate("table", *(slate("table-row", *(slate("table-cell", text) for text in row)) for row in CELLS)),
        slate("paragraph", "See ", slate("link", "the report", url=REPORT), " and ", {"text": "mind", "bold": True}, " it."),
        *(slate("paragraph", text) for text in PARAGRAPHS[2:]),
    ],
    "Arc XP": {"content_elements": [
        *(told("text", text) for text in PARAGRAPHS[:2]),
        told("header", HEADING),
        {"type": "list", "list_type": "unordered", "items": [told("text", THINGS[0]),
            {"type": "list", "list_type": "unordered", "items": [told("text", NESTED)]}, told("text", THINGS[1])]},
        {"type": "quote", "subtype": "blockquote", "content_elements": [told("text", QUOTE)]},
        {"type": "table", "header": [told("text", text) for text in CELLS[0]],
            "rows": [[told("text", text) for text in CELLS[1]]]},
        told("text", LINKED_HTML),
        *(told("text", text) for text in PARAGRAPHS[2:]),
    ]},
    "ProseMirror": prose_mirror("doc",
        *(prose_mirror("paragraph", text) for text in PARAGRAPHS[:2]),
        prose_mirror("heading", HEADING, level=3),
        prose_mirror("bulletList",
            prose_mirror("listItem", prose_mirror("paragraph", THINGS[0]),
                prose_mirror("bulletList", prose_mirror("listItem", prose_mirror("paragraph", NESTED)))),
            prose_mirror("listItem", prose_mirror("paragraph", THINGS[1]))),
        prose_mirror("blockquote", prose_mirror("paragraph", QUOTE)),
        prose_mirror("table", *(prose_mirror("tableRow", *(
            prose_mirror(kind, prose_mirror("paragraph", text)) for text in row))
            for kind, row in zip(("tableHeader", "tableCell"), CELLS, strict=True))),
        prose_mirror("paragraph", "See ",
            {"type": "text", "text": "the report", "marks": [{"type": "link", "attrs": {"href": REPORT}}]}, " and ",
            {"type": "text", "text": "mind", "marks": [{"type": "bold"}]}, " it."),
        *(prose_mirror("paragraph", text) for text in PARAGRAPHS[2:]),
    ),
    "Portable Text": [
        *(portable(text) for text in PARAGRAPHS[:2]),
        portable(HEADING, style="h3"),
        portable(THINGS[0], listItem="bullet", level=1),
        portable(NESTED, listItem="bullet", level=2),
        portable(THINGS[1], listItem="bullet", level=1),
        portable(QUOTE, style="blockquote"),
        {"_type": "table", "rows": [{"_type": "tableRow", "cells": row} for row in CELLS]},
        portable("See ", {"text": "the report", "marks": ["a1"]}, " and ", {"text": "mind", "marks": ["strong"]}, " it.",
            markDefs=[{"_key": "a1", "_type": "link", "href": REPORT}]),
        *(portable(text) for text in PARAGRAPHS[2:]),
    ],
    "Gutenberg": [
        *(gutenberg("paragraph", content=text) for text in PARAGRAPHS[:2]),
        gutenberg("heading", content=HEADING, level=3),
        gutenberg("list", gutenberg("list-item", gutenberg("list", gutenberg("list-item", content=NESTED)), content=THINGS[0]),
            gutenberg("list-item", content=THINGS[1]), ordered=False),
        gutenberg("quote", gutenberg("paragraph", content=QUOTE)),
        gutenberg("table", **{part: [{"cells": [{"content": text, "tag": tag} for text in row]}]
            for part, tag, row in zip(("head", "body"), ("th", "td"), CELLS, strict=True)}),
        gutenberg("paragraph", content=LINKED_HTML),
        *(gutenberg("paragraph", content=text) for text in PARAGRAPHS[2:]),
    ],
}  # fmt: skip


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_what_editors_write_keeps_its_form_and_order(story: object) -> None:
    body = read(page(script(safe({"article": {"title": TITLE, "body": story}})))).article.body
    assert body.split("\n\n") == [
        *PARAGRAPHS[:2],
        f"## {HEADING}",
        f"- {THINGS[0]}\n    - {NESTED}\n- {THINGS[1]}",
        f"> {QUOTE}",
        "| Year | Cost |\n| --- | --- |\n| 1911 | 4 million |",
        f"See [the report]({REPORT}) and **mind** it.",
        *PARAGRAPHS[2:],
    ]


def test_items_of_lists_that_are_written_flat_are_counted_and_nested() -> None:
    kinds = (
        ("ordered-list-item", 0),
        ("unordered-list-item", 1),
        ("unordered-list-item", 1),
        ("ordered-list-item", 0),
    )
    items = [{"type": kind, "depth": depth, "text": f"Point {at}"} for at, (kind, depth) in enumerate(kinds)]
    blocks = [{"type": "unstyled", "text": text} for text in PARAGRAPHS]
    body = read(
        page(script(safe({"title": TITLE, "blocks": [*blocks[:2], *items, *blocks[2:]]})))
    ).article.body
    assert "\n\n1. Point 0\n    - Point 1\n    - Point 2\n2. Point 3\n\n" in body


@pytest.mark.parametrize(
    "part",
    [
        gutenberg("list", values="<li>One pillar</li><li>Two arches</li>"),
        {"type": "list", "content": "<ul><li>One pillar</li><li>Two arches</li></ul>"},
        {"type": "unordered_list", "body": {"items": [{"value": "One pillar"}, {"value": "Two arches"}]}},
        {"type": "bullets", "points": ["One pillar", "Two arches"], "tags": ["bridge", "stone"]},
    ],
)
def test_a_list_is_known_by_what_it_holds(part: object) -> None:
    blocks = [{"type": "paragraph", "content": text} for text in PARAGRAPHS]
    body = read(page(script(safe({"title": TITLE, "parts": [*blocks[:2], part, *blocks[2:]]})))).article.body
    assert body.split("\n\n") == [*PARAGRAPHS[:2], "- One pillar\n- Two arches", *PARAGRAPHS[2:]]


def test_paragraphs_with_markup_in_them_stay_apart() -> None:
    texts = [f"<b>Update</b> {text}" for text in PARAGRAPHS]
    elements = [{"type": "text", "content": text} for text in texts]
    assert paragraphs(page(script(safe({"title": TITLE, "elements": elements})))) == [
        text.replace("<b>", "**").replace("</b>", "**") for text in texts
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

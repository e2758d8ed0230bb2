"""What of a page is its story, in the forms and languages that newspapers write it."""

import pytest

from crawler.classify import classify
from crawler.cleaner import explain, read_article
from crawler.items import Kind
from crawler.page import parse

URL = "https://harbour.example/2025/03/04/council-closes-harbour-bridge"
TITLE = "Council closes harbour bridge after cracks found"
STORY = (
    "The city council voted on Tuesday to close the old harbour bridge after engineers found cracks in two of its pillars.",
    "Mayor Anna Berg said the decision was taken for the safety of the twelve thousand people who cross the bridge each day.",
    "Engineers from the university had warned in March that the northern pillar could fail under the load of heavy lorries.",
    "The bridge, built in 1931, carries the only tram line between the old town and the docks on the southern shore.",
    "A temporary ferry will start on Monday, the port authority said, and will run every ten minutes until midnight.",
    "Repairs are expected to cost forty million euros and to take at least three years to complete, officials said.",
)
OTHER = (
    "A man was hurt in a fire on Mill Street on Monday night, the police said, and he was taken to the hospital on the hill.",
    "The fire began in a bakery on the ground floor, and thirty people who live in the house had to leave it in the night.",
)


def paragraphs(*texts: str) -> str:
    return "".join(f"<p>{text}</p>" for text in texts)


def page(body: str, *, title: str = TITLE, lang: str = "en", head: str = "") -> bytes:
    return f"""<!doctype html><html lang={lang}><head><title>{title} | Harbour Times</title>
<meta property=og:title content="{title}"><meta property=og:type content=article>
<meta property=article:published_time content="2025-03-04T10:00:00+01:00">{head}</head><body>
<header><nav><ul><li><a href=/>Home</a><li><a href=/news>News</a></ul></nav></header>
<main>{body}</main>
<footer><p>© 2025 Harbour Times. All rights reserved.</p><ul><li><a href=/about>About us</a></ul></footer></body></html>""".encode()


def told(body: str, *, title: str = TITLE, lang: str = "en") -> tuple[str, ...]:
    return read_article(parse(page(body, title=title, lang=lang), URL)).paragraphs


def article(*parts: str, title: str = TITLE) -> str:
    return f"<article><h1>{title}</h1><p class=byline>By <a href=/author/jane-roe>Jane Roe</a></p>{''.join(parts)}</article>"


KOREAN = (
    "시의회는 화요일 기술자들이 교각 두 곳에서 균열을 발견한 뒤 오래된 항구 다리를 폐쇄하기로 의결했다.",
    "시장은 매일 다리를 건너는 1만 2천 명의 안전을 위해 내린 결정이라고 말했다.",
    "임시 여객선은 월요일부터 자정까지 10분 간격으로 운항할 예정이라고 항만 당국이 밝혔다.",
    "1931년에 지어진 이 다리는 구시가지와 남쪽 부두를 잇는 유일한 전차 노선이 지나는 곳이다.",
)
THAI = (
    "สภาเมืองลงมติเมื่อวันอังคารให้ปิดสะพานท่าเรือเก่าหลังจากวิศวกรพบรอยร้าวที่เสาสองต้นของสะพาน",
    "นายกเทศมนตรีกล่าวว่าการตัดสินใจครั้งนี้เพื่อความปลอดภัยของผู้คนกว่าหนึ่งหมื่นสองพันคน",
    "เรือข้ามฟากชั่วคราวจะเริ่มให้บริการในวันจันทร์ และจะวิ่งทุกสิบนาทีจนถึงเที่ยงคืน",
)
SHORT = (
    "A man was injured in a fire on Mill Street late on Monday evening.",
    "Police said he is in a stable condition in hospital.",
    "The road has been open again since this morning.",
)
SHORTER = (
    "Police have closed Mill Street.",
    "It follows a fire at a bakery.",
    "One man was taken to hospital.",
    "He is said to be stable.",
    "Two fire engines attended.",
    "The road will stay shut tonight.",
)


@pytest.mark.parametrize(
    ("texts", "title", "lang"),
    [
        (KOREAN, "시의회, 균열 발견 후 항구 다리 폐쇄", "ko"),
        (THAI, "สภาเมืองปิดสะพานท่าเรือหลังพบรอยร้าว", "th"),
        (SHORT, TITLE, "en"),
        (SHORTER, TITLE, "en"),
    ],
)
def test_no_paragraph_is_too_short_to_be_told(texts: tuple[str, ...], title: str, lang: str) -> None:
    assert told(article(paragraphs(*texts), title=title), title=title, lang=lang) == texts


def test_korean_lines_that_breaks_part() -> None:
    title = "시의회, 균열 발견 후 항구 다리 폐쇄"
    body = article(f"<div>{'<br><br>'.join(KOREAN)}</div>", title=title)
    assert classify(parse(page(body, title=title, lang="ko"), URL)).kind is Kind.ARTICLE
    assert told(body, title=title, lang="ko") == KOREAN


@pytest.mark.parametrize("own", [1, 6])
@pytest.mark.parametrize("heading", ["h1", "h2"])
def test_an_article_with_a_heading_of_its_own_is_another(own: int, heading: str) -> None:
    second = f"<article><{heading}>Fire on Mill Street leaves one man hurt</{heading}>{paragraphs(*OTHER * own)}</article>"
    assert told(article(paragraphs(*STORY)) + second) == STORY


def test_an_article_without_a_heading_goes_on_with_the_story() -> None:
    parts = [paragraphs(*STORY[at : at + 2]) for at in (2, 4)]
    body = article(paragraphs(*STORY[:2])) + "".join(f"<article>{part}</article>" for part in parts)
    assert told(body) == STORY


CAFES = (
    "Anker, for its rolls",
    "Boje, for the best coffee",
    "Cora, cake",
    "Delfin, soup",
    "Ebbe, tea",
    "Flut, pies",
)
LIST = "".join(f"<li>{name}" for name in CAFES)
TABLE = "".join(f"<tr><td>{at}<td>{name}" for at, name in enumerate(CAFES))
DEFINED = "<dl><dt>Ferry<dd>A boat that runs to and fro.<dt>Tram<dd>Out of service.</dl>"
CODE = "<p>Run this:</p><pre>cd /tmp\nls -la\ndate</pre>"


@pytest.mark.parametrize("place", ["first", "middle", "last"])
@pytest.mark.parametrize(
    ("markup", "texts"),
    [
        (f"<ul>{LIST}</ul>", CAFES),
        (f"<ol>{LIST}</ol>", CAFES),
        (f"<table>{TABLE}</table>", CAFES),
    ],
)
def test_a_list_or_table_stays_whole(markup: str, texts: tuple[str, ...], place: str) -> None:
    at = {"first": 1, "middle": 3, "last": 6}[place]
    kept = told(article(paragraphs(*STORY[:at]), markup, paragraphs(*STORY[at:])))
    assert [text for text in kept if not text.isdigit()] == [*STORY[:at], *texts, *STORY[at:]]


def test_a_list_may_say_a_thing_twice_and_a_page_shows_a_paragraph_twice() -> None:
    twice = "A weekly meeting at the harbour office, open to everyone who lives here"
    markup = f"<ul><li>Monday</li><li>{twice}</li><li>Tuesday</li><li>{twice}</li></ul>"
    kept = told(article(paragraphs(*STORY[:3]), markup, paragraphs(*STORY[3:], STORY[0])))
    assert kept == (*STORY[:3], "Monday", twice, "Tuesday", twice, *STORY[3:])


@pytest.mark.parametrize("place", [1, 3])
def test_a_list_of_terms_stays_whole(place: int) -> None:
    kept = told(article(paragraphs(*STORY[:place]), DEFINED, paragraphs(*STORY[place:])))
    terms = ("Ferry", "A boat that runs to and fro.", "Tram", "Out of service.")
    assert kept == (*STORY[:place], *terms, *STORY[place:])


@pytest.mark.parametrize("place", [3, 6])
def test_code_stays(place: int) -> None:
    kept = told(article(paragraphs(*STORY[:place]), CODE, paragraphs(*STORY[place:])))
    assert kept == (*STORY[:place], "Run this:", "cd /tmp\nls -la\ndate", *STORY[place:])


def test_a_figure_below_the_last_paragraph_stays() -> None:
    figure = (
        "<figure><img src=/ferry.jpg alt='The ferry'><figcaption>The ferry on Monday</figcaption></figure>"
    )
    cleaned = read_article(parse(page(article(paragraphs(*STORY), figure)), URL))
    assert cleaned.article.body.endswith(
        '![The ferry](https://harbour.example/ferry.jpg "The ferry on Monday")'
    )


def test_a_sentence_that_opens_as_a_credit_is_a_sentence() -> None:
    text = "Photo by photo, the police went through the night's pictures, and found the man who had cut the cable."
    assert told(article(paragraphs(*STORY[:3], text, *STORY[3:]))) == (*STORY[:3], text, *STORY[3:])
    assert "Photo: Jane Roe / Harbour Times" not in told(
        article(paragraphs("Photo: Jane Roe / Harbour Times", *STORY))
    )


@pytest.mark.parametrize("name", ["comments", "disqus_thread", "respond"])
def test_what_readers_wrote_below_is_not_the_story(name: str) -> None:
    assert told(article(paragraphs(*STORY)) + f"<div id={name}>{paragraphs(*OTHER)}</div>") == STORY


def test_the_first_of_two_containers_holds_the_story_and_no_standfirst() -> None:
    parts = (f"<div class=body>{paragraphs(*some)}</div>" for some in (STORY[:2], STORY[2:]))
    assert told(article("<div class=ad></div>".join(parts))) == STORY
    single = article(
        f"<div class=body>{paragraphs(STORY[0])}</div><div class=body>{paragraphs(*STORY[1:])}</div>"
    )
    assert told(single) == STORY


@pytest.mark.parametrize("free", ["false", '"False"', "true"])
def test_the_first_lines_of_what_is_not_free_are_no_article(free: str) -> None:
    head = f'<script type=application/ld+json>{{"@type":"NewsArticle","headline":"{TITLE}","isAccessibleForFree":{free}}}</script>'
    wall = "<div class=paywall><p>Subscribe to read on.</p></div>"
    teaser = page(article(paragraphs(*STORY[:2]), wall), head=head)
    assert classify(parse(teaser, URL)).kind is (Kind.ARTICLE if free == "true" else Kind.WALL)
    whole = page(article(paragraphs(*STORY, *OTHER), wall), head=head)
    assert classify(parse(whole, URL)).kind is Kind.ARTICLE


@pytest.mark.parametrize(
    ("declared", "wall", "kind"),
    [
        (True, "<div class=offer><h2>This article is for subscribers only</h2><p>Subscribe now for 1 euro a month.</p></div>", Kind.WALL),
        (True, "<div class=offer><p>Jetzt weiterlesen mit dem Digitalabo, monatlich kündbar.</p></div>", Kind.WALL),
        (False, "<div class=paywall><p>Already a subscriber? Log in to continue reading.</p></div>", Kind.WALL),
        (False, "<div class=offer><p>Already a subscriber? Log in to continue reading.</p></div>", Kind.ARTICLE),
        (False, "<div class=paywall><p>All of our coverage of the bridge.</p></div>", Kind.ARTICLE),
        (True, "<div class=offer><p>All of our coverage of the bridge.</p></div>", Kind.ARTICLE),
        (True, "<div class=paywall hidden><p>Become a member to read the full story.</p></div>", Kind.WALL),
    ],
)  # fmt: skip
def test_two_of_three_have_to_say_that_the_rest_is_not_free(declared: bool, wall: str, kind: Kind) -> None:
    head = f'<script type=application/ld+json>{{"@type":"NewsArticle","headline":"{TITLE}","isAccessibleForFree":false}}</script>'
    preview = page(article(paragraphs(*STORY[:2]), wall), head=head if declared else "")
    assert classify(parse(preview, URL)).kind is kind
    whole = page(article(paragraphs(*STORY, *OTHER), wall), head=head if declared else "")
    assert classify(parse(whole, URL)).kind is Kind.ARTICLE


@pytest.mark.parametrize("heading", ["Oops! That page can’t be found.", "Seite nicht gefunden"])
def test_a_heading_that_says_that_the_page_is_gone_is_believed(heading: str) -> None:
    gone = page(
        f"<h1>{TITLE}</h1><h2>{heading}</h2><p>It looks like nothing was found here. Try a search?</p>"
    )
    verdict = classify(parse(gone, URL))
    assert verdict.kind is Kind.OTHER
    assert "under status 200" in verdict.reasons[0]


@pytest.mark.parametrize("lead", ["READ:", "Lesen Sie auch:", "Czytaj |", "اقرأ:"])
def test_a_line_that_leads_to_another_story_is_a_related_link(lead: str) -> None:
    line = f"<p><strong>{lead}</strong> <a href=/2025/02/01/old-tram>Why the old tram may have to stop in the spring</a></p>"
    cleaned = read_article(parse(page(article(paragraphs(*STORY[:3]), line, paragraphs(*STORY[3:]))), URL))
    assert cleaned.paragraphs == STORY
    assert [(link.rel, link.url) for link in cleaned.article.links if "tram" in (link.url or "")] == [
        ("related", "https://harbour.example/2025/02/01/old-tram")
    ]


@pytest.mark.parametrize("name", ["intro", "teaser", "lead"])
def test_a_teaser_above_the_full_text_takes_nothing_from_it(name: str) -> None:
    full = f"<div class=full>{paragraphs(*STORY)}</div>"
    one = read_article(parse(page(article(f"<div class={name}><p>{STORY[0]}</p></div>", full)), URL))
    assert one.paragraphs == STORY


def test_a_bare_word_is_an_item_among_others() -> None:
    items = ("Stop", "Next", "Slow", "Live")
    listed = f"<ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>"
    assert told(article(paragraphs(*STORY[:3]), listed, paragraphs(*STORY[3:]))) == (
        *STORY[:3], *items, *STORY[3:],
    )  # fmt: skip
    bare = "<ul><li>Share</li><li>Print</li><li>Save</li></ul>"
    assert told(article(paragraphs(*STORY[:3]), bare, paragraphs(*STORY[3:]))) == STORY


@pytest.mark.parametrize("words", ["Key points", "Sources", "Table of contents"])
def test_a_heading_of_bare_words_stays_above_a_list_of_the_story(words: str) -> None:
    listed = f"<h2>{words}</h2><ul><li>{OTHER[0]}</li><li>{OTHER[1]}</li></ul>"
    assert told(article(paragraphs(*STORY[:3]), listed, paragraphs(*STORY[3:]))) == (
        *STORY[:3], words, *OTHER, *STORY[3:],
    )  # fmt: skip
    links = f"<h2>{words}</h2><ul><li><a href=/2025/01/01/a-tram-falls>A tram falls into the river</a></ul>"
    assert told(article(paragraphs(*STORY[:3]), links, paragraphs(*STORY[3:]))) == STORY
    assert told(article(paragraphs(*STORY[:3]), f"<h2>{words}</h2>", paragraphs(*STORY[3:]))) == STORY


@pytest.mark.parametrize(
    ("heading", "told_as"),
    [
        ('<h2><a href="{url}#next">What comes next</a></h2>', "## What comes next"),
        ('<a href="{url}#next" id=next><h2>What comes next</h2></a>', "## What comes next"),
        ('<h2>What comes next <a class=anchor href="#next">#</a></h2>', "## What comes next"),
        ("<h2><a href='#next'>¶</a>What comes next</h2>", "## What comes next"),
        ("<h2>What comes next in F<a href='/sharp'>#</a></h2>", "## What comes next in F[#](https://harbour.example/sharp)"),
    ],
)  # fmt: skip
def test_a_heading_that_links_to_itself_is_a_heading(heading: str, told_as: str) -> None:
    html = page(article(paragraphs(*STORY[:3]), heading.format(url=URL), paragraphs(*STORY[3:])))
    assert f"\n\n{told_as}\n\n" in read_article(parse(html, URL)).article.body


@pytest.mark.parametrize(
    ("line", "facts"),
    [
        ("<em>This article was machine translated and has not been reviewed.</em>", ("machine-translated",)),
        ("Dies ist eine maschinelle Übersetzung eines Artikels unserer Kollegen.", ("machine-translated",)),
        ("Cet article a été généré par une intelligence artificielle.", ("ai-generated",)),
        ("This post contains affiliate links.", ("affiliate-links",)),
        ("Machine translation is cheap, the mayor said, and this city needs it.", ()),
        ("The minister said that artificial intelligence had written the speech.", ()),
    ],
)
@pytest.mark.parametrize("place", [0, 6])
def test_a_fact_that_the_text_states_of_itself_is_kept_with_the_line(
    line: str, facts: tuple[str, ...], place: int
) -> None:
    parts = [f"<p>{text}</p>" for text in STORY]
    parts.insert(place, f"<p>{line}</p>")
    one = read_article(parse(page(article(*parts)), URL)).article
    assert one.notices == facts


def test_a_notice_within_the_running_story_is_the_storys() -> None:
    line = "Disclaimer: this sign was written by artificial intelligence, says the sign on the bridge, and nobody laughs."
    assert told(article(paragraphs(*STORY[:3], line, *STORY[3:]))) == (*STORY[:3], line, *STORY[3:])
    assert told(article(paragraphs(*STORY, line))) == STORY


def test_the_image_of_a_teaser_is_none_of_the_storys() -> None:
    teaser = f"<div class=teaser><a href=/2025/02/01/fire-on-mill-street><img src=/fire.jpg><h3>Fire on Mill Street</h3></a><p>{OTHER[0]}</p></div>"
    own = "<figure><img src=/bridge.jpg></figure>"
    html = page(article(paragraphs(*STORY[:3]), teaser, own, paragraphs(*STORY[3:])))
    body = read_article(parse(html, URL)).article.body
    assert "bridge.jpg" in body
    assert "fire.jpg" not in body


def test_the_question_on_a_button_that_opens_its_answer_is_a_heading() -> None:
    asked = "".join(
        f"<div class=item><button aria-expanded=false><span>{words}</span><svg><path d=M0/></svg></button><div><p>{text}</p></div></div>"
        for words, text in (("Who pays for the repairs?", OTHER[0]), ("Show more", OTHER[1]))
    )
    html = page(article(paragraphs(*STORY[:3]), asked, paragraphs(*STORY[3:])))
    body = read_article(parse(html, URL)).article.body
    assert f"\n\n## Who pays for the repairs?\n\n{OTHER[0]}\n\n{OTHER[1]}\n\n" in body
    unread = [line for line in explain(parse(html, URL)).lines() if line.startswith("not read")]
    assert "not read, in <button>: Show more" in unread
    assert not any("Who pays" in line for line in unread)


@pytest.mark.parametrize("count", [120, 400, 2_000])
def test_a_story_of_hundreds_of_paragraphs_is_whole(count: int) -> None:
    texts = [
        f"On day {at} of the hearing the council heard witness {at * 7}, who spoke of the {1900 + at % 90} plans of the bridge and of who had drawn them."
        for at in range(count)
    ]
    comments = "".join(f"<div class=comment><p>{text}</p></div>" for text in OTHER)
    assert told(
        article(f"<div class=body>{paragraphs(*texts)}</div>") + f"<div id=comments>{comments}</div>"
    ) == tuple(texts)

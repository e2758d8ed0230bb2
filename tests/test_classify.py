"""What a page is, judged by what it holds, in any language and without any markup that says so."""

import pytest

from crawler.classify import classify
from crawler.items import Kind, Link, Source
from crawler.page import parse

SENTENCE = "The council voted on Tuesday to keep the old bridge open, and the mayor said that work would begin in spring. "
STORY = "".join(f"<p>On day {n} of the debate, this was heard again. {SENTENCE}</p>" for n in range(1, 9))
NAV = "<nav><a href='/'>The Paper</a> <a href='/world'>World</a> <a href='/sport'>Sport</a></nav>"


def teasers(count: int) -> str:
    return "".join(
        f"<div><h2><a href='/2025/11/0{n % 9 + 1}/story-{n}'>Council votes to keep bridge number {n} open</a></h2>"
        "<p>The council voted on Tuesday to keep it open.</p></div>"
        for n in range(count)
    )


def kind(body: str, path: str = "/2025/11/01/the-old-bridge-stays-open", link: Link | None = None) -> Kind:
    return classify(parse(f"<html><body>{body}".encode(), f"https://paper.example{path}"), link).kind


PAGES = {
    "a story with an h1": (f"{NAV}<h1>The old bridge stays open</h1>{STORY}", "/bridge", Kind.ARTICLE),
    "a story in div soup": (f"<div>The old bridge stays open</div>{STORY.replace('<p>', '<div>').replace('</p>', '</div>')}", "/2025/11/01/x", Kind.ARTICLE),
    "a tiny post": (f"<h1>Bridge open</h1><p>{SENTENCE * 2}</p>", "/2025/11/01/bridge-open", Kind.ARTICLE),
    "a story with related teasers": (f"<h1>The old bridge stays open</h1>{STORY}<h3>Related articles</h3>{teasers(12)}", "/bridge", Kind.ARTICLE),
    "a newsletter of foreign links": (
        "<h1>This week's links</h1><p>Hello and welcome to another issue of the weekly letter, with all that was written.</p><ul>"
        + "".join(f"<li><a href='https://blog{n}.example/post'>An essay about the making of bridges, part {n}</a></li>" for n in range(30))
        + "</ul>",
        "/2025/11/01/links-of-the-week",
        Kind.ARTICLE,
    ),
    "a Chinese story": ("<h1>市议会决定保留旧桥</h1>" + "<p>市议会周二投票决定保留旧桥，市长表示，工程将于春季开始，预计需要两年时间完成。</p>" * 1 + "<p>反对者认为，这项工程的费用过高，应当把钱用在学校和医院上，而不是用在一座旧桥上。议会将于下周继续讨论这一问题，并听取居民的意见。</p>", "/news/12345", Kind.ARTICLE),
    "an Arabic story": ("<h1>المجلس يقرر إبقاء الجسر القديم</h1>" + "<p>صوت المجلس يوم الثلاثاء لصالح إبقاء الجسر القديم مفتوحا، وقال رئيس البلدية إن العمل سيبدأ في الربيع المقبل.</p><p>ويرى المعارضون أن تكلفة المشروع مرتفعة جدا، وأنه ينبغي إنفاق المال على المدارس والمستشفيات بدلا من ذلك.</p>", "/news/12345", Kind.ARTICLE),
    "the home page": (f"{NAV}<h1>The Paper</h1>{teasers(20)}", "/", Kind.LISTING),
    "a section": (f"{NAV}<h1>World</h1>{teasers(12)}", "/world", Kind.LISTING),
    "a second page": (f"{NAV}{teasers(10)}", "/page/2", Kind.LISTING),
    "a tag page": (f"<h1>Posts tagged bridge</h1>{teasers(3)}", "/tag/bridge", Kind.LISTING),
    "headlines alone": ("<h1>Past issues</h1><ul>" + "".join(f"<li><a href='/i/{n}'>This week in bridges, issue {n}</a></li>" for n in range(40)) + "</ul>", "/issues", Kind.LISTING),
    "an about page": ("<h1>About us</h1>" + STORY, "/about", Kind.OTHER),
    "a privacy policy": ("<h1>Datenschutz</h1>" + STORY, "/datenschutz", Kind.OTHER),
    "a soft 404": ("<title>Page not found</title><h1>Page not found</h1><p>The page that you were looking for is not here any more, sorry.</p>", "/2025/11/01/x-y-z-w", Kind.OTHER),
    "a German soft 404": ("<title>Seite nicht gefunden</title><h1>Seite nicht gefunden</h1><p>Die Seite gibt es nicht mehr.</p>", "/artikel/x", Kind.OTHER),
    "a bot challenge": ("<title>Just a moment...</title><p>Checking your browser before accessing the site. Please wait.</p>", "/x", Kind.WALL),
    "JavaScript only": ("<div id=root></div><noscript>You need to enable JavaScript to run this app.</noscript>", "/x", Kind.WALL),
    "a consent wall": ("<h1>Your privacy</h1><p>We and our partners use cookies to store information on your device. You can accept all cookies or manage your consent.</p><button>Accept</button>", "/x", Kind.WALL),
    "a paywall without text": ("<h1>The old bridge stays open</h1><p>Subscribe to continue reading.</p><p>Already a subscriber? Sign in to read.</p>", "/x", Kind.WALL),
    "nothing": ("", "/x", Kind.OTHER),
}  # fmt: skip


@pytest.mark.parametrize(("body", "path", "expected"), PAGES.values(), ids=PAGES)
def test_a_page_is_what_it_holds(body: str, path: str, expected: Kind) -> None:
    assert kind(body, path) is expected


def test_a_feed_that_names_a_short_post_speaks_for_it() -> None:
    body = "<div><a href='/'>The Paper</a></div><p>" + SENTENCE * 2 + "</p>"
    link = Link(url="https://paper.example/x", source=Source.FEED, title="Bridge open")
    assert kind(body, "/x", link) is Kind.ARTICLE


def test_each_verdict_gives_its_reasons() -> None:
    for body, path, _ in PAGES.values():
        verdict = classify(parse(body.encode(), f"https://paper.example{path}"))
        assert verdict.reasons
        assert all(reason and "\n" not in reason for reason in verdict.reasons)

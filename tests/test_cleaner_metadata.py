"""Each field of an article is merged from all that state it, and nothing is guessed."""

import json
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.cleaner import clean
from crawler.cleaner.authors import clean_names
from crawler.cleaner.dates import read_date
from crawler.cleaner.language import languages
from crawler.cleaner.title import strip_site
from crawler.items import Article, Link, Source
from crawler.page import parse

CAPTURED = datetime(2025, 11, 3, 9, 0, tzinfo=UTC)
STORY = (
    "<p>The council voted on Tuesday to keep the old bridge open, and the mayor said that work would begin in spring.</p>"
    "<p>Opponents called the cost too high, and asked that the money be spent on schools and on the hospital instead.</p>"
    "<p>Engineers who had looked at the pillars in the summer found cracks, but nothing that could not be mended.</p>"
)
URL = "https://paper.example/news/the-old-bridge-stays-open"


def article(
    head: str = "",
    above: str = "",
    *,
    below: str = "",
    url: str = URL,
    link: Link | None = None,
    lang: str = "en",
) -> Article:
    page = f"<html lang={lang}><head>{head}</head><body><header><a href='/'>The Paper</a></header><h1>The old bridge stays open</h1>{above}<div>{STORY}</div>{below}"
    return clean(page.encode(), url, link=link, captured=CAPTURED)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("2025-11-01T08:30:00+08:00", "2025-11-01T08:30:00+08:00"),
        ("2025-11-01T08:30:00Z", "2025-11-01T08:30:00+00:00"),
        ("2025-11-01T08:30:00.123-0500", "2025-11-01T08:30:00-05:00"),
        ("2025-11-01 08:30", "2025-11-01T08:30:00"),
        ("2025-11-01", "2025-11-01"),
        ("20251101", "2025-11-01"),
        ("1761955200", "2025-11-01T00:00:00+00:00"),
        ("1761955200000", "2025-11-01T00:00:00+00:00"),
        ("Saturday, Nov 01, 2025", "2025-11-01"),
        ("November 1st, 2025 at 3:05 p.m.", "2025-11-01T15:05:00"),
        ("Sat, 01 Nov 2025 08:30:00 GMT", "2025-11-01T08:30:00+00:00"),
        ("1. November 2025, 14:30 Uhr", "2025-11-01T14:30:00"),
        ("Samstag, 1. Nov. 2025", "2025-11-01"),
        ("Publié le 1er novembre 2025 à 14h30", "2025-11-01T14:30:00"),
        ("1 de noviembre de 2025", "2025-11-01"),
        ("1 de novembro de 2025", "2025-11-01"),
        ("1 novembre 2025", "2025-11-01"),
        ("1 november 2025", "2025-11-01"),
        ("1 listopada 2025", "2025-11-01"),
        ("1. listopadu 2025", "2025-11-01"),
        ("2025. november 1.", "2025-11-01"),
        ("1 ноября 2025, 12:00", "2025-11-01T12:00:00"),
        ("1 листопада 2025 р.", "2025-11-01"),
        ("1 Νοεμβρίου 2025", "2025-11-01"),
        ("1 Kasım 2025", "2025-11-01"),
        ("2025年11月1日", "2025-11-01"),
        ("2025년 11월 1일", "2025-11-01"),
        ("١ نوفمبر ٢٠٢٥", "2025-11-01"),
        ("۱ نوامبر ۲۰۲۵", "2025-11-01"),
        ("1 बजे, 1 नवंबर 2025", "2025-11-01"),
        ("01.11.2025", "2025-11-01"),
        ("01.11.2025 - 15:48 Uhr", "2025-11-01T15:48:00"),
        ("2025/11/01", "2025-11-01"),
        ("31/10/2025", "2025-10-31"),
        ("10/31/2025", "2025-10-31"),
        ("06 AUG 2019", "2019-08-06"),
        ("Nov. 1, 2025 at 3:05 p.m. EDT", "2025-11-01T15:05:00-04:00"),
        ("2025-11-01 08:30:00 EST", "2025-11-01T08:30:00-05:00"),
        ("2025-11-01 03:05 PM", "2025-11-01T15:05:00"),
        ("01 Nov 2025, 10:00 AM (IST)", "2025-11-01T10:00:00+05:30"),
        ("1. November 2025, 14:30 Uhr MEZ", "2025-11-01T14:30:00+01:00"),
        ("Sabtu, 1 November 2025 19.30 WIB", "2025-11-01T19:30:00+07:00"),
        ("1 November 2025 10:00 GMT+8", "2025-11-01T10:00:00+08:00"),
        ("1 November 2025 10:00 gmt", "2025-11-01T10:00:00+00:00"),
        ("1. November 2025 um 14:30 Uhr ist es so weit", "2025-11-01T14:30:00"),
        ("Le 1er novembre 2025 à 14h30, est-ce vrai ?", "2025-11-01T14:30:00"),
        ("2025年11月1日 10時00分", "2025-11-01T10:00:00"),
        ("2025年11月1日 午後3時5分", "2025-11-01T15:05:00"),
        ("2025年11月1日 午後0時30分", "2025-11-01T12:30:00"),
        ("2025年11月1日 午後3時", "2025-11-01T15:00:00"),
        ("2025年11月1日 3時間前", "2025-11-01"),
        ("2025년 11월 1일 오후 3시", "2025-11-01T15:00:00"),
        ("2025년 11월 1일, 3시간 전", "2025-11-01"),
        ("1. November 2025, 16 Uhr", "2025-11-01T16:00:00"),
        ("1 November 2025, 3 p.m. EDT", "2025-11-01T15:00:00-04:00"),
        ("2025-11-01 11am", "2025-11-01T11:00:00"),
        ("3 hours ago, 1 November 2025", "2025-11-01"),
        ("1 November 2025 · 6 amusing pictures", "2025-11-01"),
        ("２０２５年１１月１日 １０時００分", "2025-11-01T10:00:00"),
        ("1 November 2025, 10:00:75", "2025-11-01"),
        ("2025年11月01日 10时00分05秒", "2025-11-01T10:00:05"),
        ("2025年11月01日 下午3:05", "2025-11-01T15:05:00"),
        ("2025년 11월 1일 10시 00분", "2025-11-01T10:00:00"),
        ("2025.11.01. 오후 3:05", "2025-11-01T15:05:00"),
        ("2025-11-01 오전 12:05:30", "2025-11-01T00:05:30"),
        ("1989-12-31", None),
        ("2025-11-06", None),
        ("2099-01-01", None),
        ("2025-02-30", None),
        ("0000-00-00", None),
        ("2025-13-45T99:99:99", None),
        ("12 ways to cook", None),
        ("", None),
        ("9" * 400, None),
        (None, None),
        (True, None),
        ({"a": 1}, None),
    ],
)
def test_a_date_is_read_as_stated_or_not_at_all(raw: object, value: str | None) -> None:
    assert read_date(raw, latest=date(2025, 11, 5)) == value


@pytest.mark.parametrize(
    ("lang", "host", "path", "printed", "day"),
    [
        ("en", "paper.com", "/a", "Published: 04/03/2025", "2025-04-03"),
        ("en-US", "paper.co.uk", "/a", "Published: 04/03/2025", "2025-04-03"),
        ("en-GB", "paper.com", "/a", "Published: 04/03/2025", "2025-03-04"),
        ("en", "paper.co.uk", "/a", "Published: 04/03/2025 21:15", "2025-03-04T21:15:00"),
        ("de", "paper.com", "/a", "04/03/2025", "2025-03-04"),
        ("en", "paper.com", "/2025/03/04/a", "Published: 04/03/2025 21:15", "2025-03-04T21:15:00"),
        ("en", "paper.com", "/2025/04/03/a", "Published: 04/03/2025", "2025-04-03"),
        ("en", "paper.com", "/2025/05/01/a", "Published: 04/03/2025", "2025-04-03"),
        ("en", "paper.com", "/a", "Published: Tuesday 04/03/2025", "2025-03-04"),
        ("en-GB", "paper.com", "/a", "Thursday, 04/03/2025", "2025-04-03"),
        ("en", "paper.com", "/a", "Monday 04/03/2025", "2025-04-03"),
    ],
)
def test_a_day_in_digits_is_read_as_the_page_writes_it(
    lang: str, host: str, path: str, printed: str, day: str
) -> None:
    assert article("", f"<p class=date>{printed}</p>", lang=lang, url=f"https://{host}{path}").date == day


@given(st.text(max_size=60) | st.integers() | st.floats() | st.none() | st.lists(st.text(max_size=5)))
def test_reading_a_date_is_total(raw: object) -> None:
    value = read_date(raw)
    assert value is None or datetime.fromisoformat(value).year >= 1990


LD = '<script type="application/ld+json">{"@type":"NewsArticle","headline":"The old bridge stays open",%s}</script>'
LD_OF = '<script type="application/ld+json">{"@type":"NewsArticle","headline":"%s"}</script>'


@pytest.mark.parametrize(
    ("head", "above", "url", "link", "expected"),
    [
        (LD % '"datePublished":"2025-11-01T08:00:00+01:00"', "", URL, None, ("2025-11-01T08:00:00+01:00", "json-ld")),
        ("<meta property='article:published_time' content='2025-11-01T08:00:00Z'>", "", URL, None, ("2025-11-01T08:00:00+00:00", "meta")),
        ("", "<time datetime='2025-11-01T08:00:00+01:00'>1 November</time>", URL, None, ("2025-11-01T08:00:00+01:00", "time")),
        ("", "<p>By Jane Roe, 1 November 2025</p>", URL, None, ("2025-11-01", "time")),
        ("", "", "https://paper.example/2025/11/01/the-old-bridge", None, ("2025-11-01", "url")),
        ("", "", URL, Link(url=URL, source=Source.FEED, published="2025-11-01T08:00:00Z"), ("2025-11-01T08:00:00+00:00", "feed")),
        ("", "", URL, Link(url=URL, source=Source.NEWS_SITEMAP, published="2025-11-01"), ("2025-11-01", "sitemap")),
        (LD % '"datePublished":"2025-11-01"', "<time datetime='2025-11-01T08:00:00Z'>x</time>", URL, None, ("2025-11-01T08:00:00+00:00", "time")),
        ("", "<time itemprop=datePublished datetime='2025-11-01T08:00:00Z'>x</time>", URL, None, ("2025-11-01T08:00:00+00:00", "time")),
        ("", "", "https://paper.example/article/A2025110109300001", None, ("2025-11-01", "url")),
        ("", "", "https://paper.example/article/420251139", None, (None, None)),
        ('<script type="application/ld+json">{"@type":"WebPage","datePublished":"2025-11-01"}</script>', "", URL, None, ("2025-11-01", "json-ld")),
        (LD % '"datePublished":"2099-01-01"', "", URL, None, (None, None)),
        (LD % '"datePublished":{"x":1}', "", URL, None, (None, None)),
        ("", "", URL, None, (None, None)),
    ],
)  # fmt: skip
def test_the_best_statement_of_the_date_wins(
    head: str, above: str, url: str, link: Link | None, expected: tuple[str | None, str | None]
) -> None:
    one = article(head, above, url=url, link=link)
    assert (one.date, one.date_source) == expected


def test_a_date_about_the_end_of_the_story_counts_when_nothing_else_states_one() -> None:
    below = "<p>Last updated 2 November 2025</p><p>Published on 1 November 2025</p>"
    assert article(below=below).date == "2025-11-01"
    assert article("<meta name=date content=2025-10-30>", below=below).date == "2025-10-30"


def test_a_change_is_kept_only_when_it_is_later() -> None:
    assert (
        article(LD % '"datePublished":"2025-11-01T08:00:00Z","dateModified":"2025-11-02T08:00:00Z"').modified
        == "2025-11-02T08:00:00+00:00"
    )
    assert (
        article(LD % '"datePublished":"2025-11-01T08:00:00Z","dateModified":"2025-11-01T08:00:00Z"').modified
        is None
    )


@pytest.mark.parametrize(
    ("title", "stripped"),
    [
        ("The bridge stays open | The Paper", "The bridge stays open"),
        ("The bridge stays open - The Paper", "The bridge stays open"),
        ("The bridge stays open — The Paper", "The bridge stays open"),
        ("The Paper: The bridge stays open", "The bridge stays open"),
        ("The Paper » The bridge stays open", "The bridge stays open"),
        ("The bridge stays open - World - The Paper", "The bridge stays open - World"),
        ("The bridge stays open · thepaper.example", "The bridge stays open"),
        ("Mayor: bridge stays open - for now", "Mayor: bridge stays open - for now"),
        ("The Paper", "The Paper"),
        ("Issue 12 · The Paper", "Issue 12"),
        ("다리는 그대로ㅣThe Paper", "다리는 그대로"),
        ("The bridge stays open | Paper", "The bridge stays open"),
        ("The bridge stays open | The Paper Example", "The bridge stays open"),
        ("The bridge stays open | Pap", "The bridge stays open | Pap"),
    ],
)
def test_the_title_loses_the_name_of_the_site(title: str, stripped: str) -> None:
    assert strip_site(title, {"the paper"}, "thepaper.example") == stripped


@pytest.mark.parametrize(
    ("values", "names"),
    [
        (["By Jane Roe"], ("Jane Roe",)),
        (["Jane Roe and John Doe"], ("Jane Roe", "John Doe")),
        (["Von Jane Roe, John Doe und Max Muster"], ("Jane Roe", "John Doe", "Max Muster")),
        (["Jane Roe (Berlin)"], ("Jane Roe",)),
        (["Jane Roe, Political Editor"], ("Jane Roe",)),
        (["Jane Roe", "jane roe", "The Paper"], ("Jane Roe",)),
        (["https://paper.example/jane", "@jane", "jane@paper.example"], ()),
        (["The Paper"], ()),
        (["admin"], ()),
        # What a machine or a template left.
        (["undefined", "262588213843476", "3d23d65-ddc6-4ce5", "page.head.extra.author"], ()),
        (["Ed Bede", "50 Cent", "J.R.R. Tolkien"], ("Ed Bede", "50 Cent", "J.R.R. Tolkien")),
        (["记者 王小明"], ("王小明",)),
        (["Martin Luther King, Jr."], ("Martin Luther King, Jr.",)),
        ([""], ()),
        (["Jane Roe, (Image: Some Agency/Some Stock)"], ("Jane Roe",)),
        (["Jane Roe, MD, RN, Rui Ma, Do Won"], ("Jane Roe, MD, RN", "Rui Ma", "Do Won")),
        (["김철수 기자"], ("김철수",)),
        (["Jane Roe", "View all posts by Jane Roe"], ("Jane Roe",)),
        # What opens a byline opens names too.
        (["Van Jones", "Van Dyke Parks"], ("Van Jones", "Van Dyke Parks")),
        (["Di Stefano Rossi", "von der Leyen"], ("Di Stefano Rossi", "von der Leyen")),
        (["Oleh Sentsov, Yazan Saadi"], ("Oleh Sentsov", "Yazan Saadi")),
        (["Oleh: Budi Santoso", "Par Jean Dupont", "Av Kari Nordmann", "By Reuters", "Von DPA"], ("Budi Santoso", "Jean Dupont", "Kari Nordmann", "Reuters", "DPA")),
        (["作者/王小明"], ("王小明",)),
        (["By | Jane Roe"], ("Jane Roe",)),
        # What joins two names joins the parts of one.
        (["José Ortega y Gasset", "Ramón y Cajal", "Susan E Rice"], ("José Ortega y Gasset", "Ramón y Cajal", "Susan E Rice")),
        (["María Díaz y Juan Gil e Ana Sousa"], ("María Díaz", "Juan Gil", "Ana Sousa")),
    ],
)  # fmt: skip
def test_authors_are_names_alone(values: list[str], names: tuple[str, ...]) -> None:
    assert clean_names(values, {"the paper"}) == names


@pytest.mark.parametrize(
    ("head", "above", "names"),
    [
        (
            LD % '"author":[{"@type":"Person","name":"Jane Roe"},{"@type":"Person","name":"John Doe"}]',
            "",
            ("Jane Roe", "John Doe"),
        ),
        (
            LD % '"author":{"@id":"#j"}'
            + '<script type="application/ld+json">{"@id":"#j","@type":"Person","name":"Jane Roe"}</script>',
            "",
            ("Jane Roe",),
        ),
        (
            LD
            % '"author":{"@type":"ItemList","itemListElement":[{"@type":"ListItem","item":{"@type":"Person","name":"Jane Roe"}},{"@type":"Person","name":"John Doe"}]}',
            "",
            ("Jane Roe", "John Doe"),
        ),
        ("<meta name=author content='Jane Roe'>", "", ("Jane Roe",)),
        ("", "<div class=byline>By Van Jones</div>", ("Van Jones",)),
        ("", "<p>By <a rel=author href='/jane'>Jane Roe</a></p>", ("Jane Roe",)),
        ("", "<div class=byline>Jane Roe</div>", ("Jane Roe",)),
        ("", "<p>By Jane Roe | 1 November 2025</p>", ("Jane Roe",)),
        (
            "",
            "<p><a href='/authors/jane-roe'>Jane Roe</a>, <a href='/city/'>City Hall</a></p>",
            ("Jane Roe",),
        ),
        ("", "<div class=storyAuthorLine>Jane Roe</div>", ("Jane Roe",)),
        ("", "<div><p>Jane Roe</p><p>1 November 2025</p></div>", ("Jane Roe",)),
        ("", "<div><p>City Hall News</p><p>1 November 2025</p></div>", ()),
        ("<meta name=author content=jroe7>", "<div class=byline>Jane Roe</div>", ("Jane Roe",)),
        ("<meta name=author content=jroe7>", "", ("jroe7",)),
        ("<meta name=author content='The Paper'>", "<p>By Jane Roe</p>", ("Jane Roe",)),
        ("<meta name=author content='The Paper'>", "", ("The Paper",)),
        ("", "<div itemprop=author><b itemprop=name>Jane Roe</b> of the city desk</div>", ("Jane Roe",)),
        ("", "", ()),
    ],
)
def test_authors_are_found_where_they_stand(head: str, above: str, names: tuple[str, ...]) -> None:
    assert article(head, above).authors == names


@pytest.mark.parametrize(
    ("lang", "above", "names"),
    [
        ("en", "<div class=byline>Van Dyke Parks</div>", ("Van Dyke Parks",)),
        ("en-GB", "<div class=byline>Di Maria Lopez | 1 November 2025</div>", ("Di Maria Lopez",)),
        ("en", "<div class=byline>Nick van Mead</div>", ("Nick van Mead",)),
        ("en", "<p>Van Falls Into Harbour</p>", ()),
        ("nl", "<p>Van Jan de Vries</p>", ("Jan de Vries",)),
        ("it", "<div class=byline>Di Maria Lopez</div>", ("Maria Lopez",)),
        ("", "<p>De Jeanne Roux</p>", ("Jeanne Roux",)),
    ],
)
def test_a_name_that_opens_as_a_byline_does_elsewhere_is_whole(
    lang: str, above: str, names: tuple[str, ...]
) -> None:
    assert article("", above, lang=lang).authors == names


def test_the_other_fields() -> None:
    one = article(
        LD
        % '"articleSection":"Business","keywords":["bridges","PACKAGE:US-TOP","The Paper"],"publisher":{"name":"The Paper"}'
        + """<meta property="og:site_name" content="The Paper"><meta name="news_keywords" content="bridges, kings">
        <link rel=canonical href="https://paper.example/canonical"><meta property="og:image" content="/a.jpg">
        <meta name=robots content="index, noarchive"><meta name=tdm-reservation content=1>
        <meta name=description content="Why the vote matters to all who cross the river.">
        <link rel=license href="https://creativecommons.org/licenses/by/4.0/">""",
        lang="en_gb",
    )
    assert one.section == "Business"
    assert one.keywords == ("bridges", "kings")
    assert one.publisher == "The Paper"
    assert one.canonical_url == "https://paper.example/canonical"
    assert one.image == "https://paper.example/a.jpg"
    assert one.description == "Why the vote matters to all who cross the river."
    assert one.language == "en-GB"
    assert one.rights == (
        "robots: noarchive",
        "tdm-reservation: 1",
        "license: https://creativecommons.org/licenses/by/4.0/",
    )
    assert one.words == 60


def test_a_canonical_address_that_is_the_page_itself_is_left_out() -> None:
    assert article(f"<link rel=canonical href='{URL}?utm_source=x'>").canonical_url is None


def test_a_description_that_is_only_the_beginning_is_left_out() -> None:
    assert (
        article(
            "<meta name=description content='The council voted on Tuesday to keep the old bridge open, and the mayor…'>"
        ).description
        is None
    )


def test_a_printed_standfirst_is_the_description_and_not_in_the_body() -> None:
    one = article(
        "<meta name=description content='Short.'>",
        "<p class=standfirst>After years of doubt, a vote settles it.</p>",
    )
    assert one.description == "After years of doubt, a vote settles it."
    assert "After years" not in one.body


def test_visible_tags_are_keywords_when_nothing_else_is_stated() -> None:
    one = article(below="<p>Tags: <a href='/tag/bridges'>bridges</a>, <a href='/tag/kings'>kings</a></p>")
    assert one.keywords == ("bridges", "kings")


@pytest.mark.parametrize(
    "last",
    [
        {"item": {"@id": URL, "name": "An earlier headline of the bridge story"}},
        {"name": "An earlier headline of the bridge story", "item": "/news/the-old-bridge-stays-open?utm_source=x"},
    ],
)  # fmt: skip
def test_the_section_is_the_last_step_of_the_trail_before_the_page_itself(last: dict[str, object]) -> None:
    trail = [{"item": {"@id": "/", "name": "Home"}}, {"name": "City", "item": "/city/"}, last]
    stated = json.dumps({"@type": "BreadcrumbList", "itemListElement": trail})
    assert article(f"<script type='application/ld+json'>{stated}</script>").section == "City"


def titled(head: str, h1: str) -> str:
    page = f"<html lang=en><head>{head}</head><body><h1>{h1}</h1><div>{STORY}</div>"
    return clean(page.encode(), URL, link=None, captured=CAPTURED).title


@pytest.mark.parametrize(
    ("head", "h1", "title"),
    [
        # What is printed, though search engines are told another headline.
        ("<meta property=og:title content='Bridge vote: all you need to know'>", "Council keeps the crossing after all", "Council keeps the crossing after all"),
        # A section's name is no headline.
        ("<meta property=og:title content='The old bridge stays open'>", "City", "The old bridge stays open"),
        # What a newspaper's own system states, without the kicker.
        (LD % '"wordCount":60', "City Hall: old bridge to remain in use", "The old bridge stays open"),
        # What is printed, though a newspaper's system states what nothing else does.
        (LD_OF % "H" + "<meta property=og:title content='Council keeps the crossing after all'>", "Council keeps the crossing after all", "Council keeps the crossing after all"),
        (LD_OF % "Voters and their bridge" + "<title>Council keeps the crossing - The Paper</title>", "Council keeps the crossing", "Council keeps the crossing"),
        (LD_OF % "Council keeps the crossing" + "<meta property=og:title content='Vote on a bridge'><title>Council keeps the crossing</title>", "Vote on a bridge", "Council keeps the crossing"),
        # The whole headline, where it is cut elsewhere.
        (LD_OF % "The council keeps the old bridge over the river open for another..." + "<meta property=og:title content='The council keeps the old bridge over the river open for another year'>", "City", "The council keeps the old bridge over the river open for another year"),
        (LD_OF % "The council keeps the old bridge over the river open for ano…", "The council keeps the old bridge over the river open for another year", "The council keeps the old bridge over the river open for another year"),
        (LD_OF % "And then there was one…", "City", "And then there was one…"),
        # The printed headline with any name behind it.
        ("<meta property=og:title content='Two crowns - Some Other Gazette Of The Valley'>", "Two crowns", "Two crowns"),
    ],
)  # fmt: skip
def test_the_title_is_the_printed_headline(head: str, h1: str, title: str) -> None:
    assert titled(head, h1) == title


def test_an_update_of_a_live_blog_is_not_the_article() -> None:
    update = {"@type": "BlogPosting", "headline": "A bang is heard", "datePublished": "2025-11-02T10:00:00Z"}
    blog = {
        "@type": "LiveBlogPosting",
        "datePublished": "2025-11-01T10:00:00Z",
        "liveBlogUpdate": [{**update, "author": "Jane Roe", "articleBody": "x"}],
    }
    one = article(f"<script type='application/ld+json'>{json.dumps(blog)}</script>")
    assert (one.title, one.date) == ("The old bridge stays open", "2025-11-01T10:00:00+00:00")


@pytest.mark.parametrize(
    ("head", "below", "keywords"),
    [
        # The first source that gives enough; one keyword may be the section alone.
        (LD % '"keywords":["bridges","kings"]' + "<meta property=article:tag content=news>", "", ("bridges", "kings")),
        (LD % '"keywords":["city"]' + "<meta property=article:tag content=bridges>", "", ("city", "bridges")),
        # A list inside a string.
        (LD % r'"keywords":"[\"bridges\", \"kings, queens\", 7]"', "", ("bridges", "kings, queens")),
        (LD % r'"keywords":["[\"bridges\",\"kings\"]"]', "", ("bridges", "kings")),
        ("<meta name=news_keywords content='[\"bridges\",\"kings\"]'>", "", ("bridges", "kings")),
        ("<meta name=news_keywords content='[sic] bridges, kings'>", "", ("[sic] bridges", "kings")),
        # Labels, numbers and categories for machines.
        (LD % '"keywords":["Topic: bridges","topic/kings","sections/city","(1) crowns","Category: News","_promo"]', "", ("bridges", "kings", "city", "crowns")),
        ("<meta property=article:tag content='Business, Finance, &amp; Trade'>", "", ()),
        # The words of the address are no keywords.
        (LD % '"keywords":"the, old, bridge, stays, open"' + "<meta name=keywords content='bridges, kings'>", "", ("bridges", "kings")),
        ("", "<p><a rel=tag href='/x/bridges'>bridges</a> <a rel=tag href='/x/kings'>kings</a></p>", ("bridges", "kings")),
        ("", "<p>Themen: <a href='/thema/bridges'>bridges and kings</a></p>", ("bridges and kings",)),
    ],
)  # fmt: skip
def test_keywords_are_words_for_readers(head: str, below: str, keywords: tuple[str, ...]) -> None:
    assert article(head, below=below).keywords == keywords


def test_links_of_the_menu_are_no_keywords() -> None:
    page = f"<html><body><div class=mainNav><div class=nav><a href='/tag/city'>City</a></div></div><h1>The old bridge stays open</h1><div>{STORY}</div><footer><a href='/tag/crime'>Crime</a></footer>"
    assert clean(page.encode(), URL, link=None, captured=CAPTURED).keywords == ()


def test_the_headline_may_stand_in_a_bar_that_follows_the_reader() -> None:
    head = "<title>The old bridge stays open</title>" + LD_OF % "Old bridge saved"
    page = f"<html><head>{head}</head><body><nav><h1>The old bridge stays open</h1></nav><h2>Harbour</h2><div>{STORY}</div>"
    assert clean(page.encode(), URL, link=None, captured=CAPTURED).title == "The old bridge stays open"


@pytest.mark.parametrize(
    ("stated", "section"),
    [
        ("Opinion,Politics", "Opinion"),
        ("Waste, Fraud & Abuse", "Waste, Fraud & Abuse"),
        ("city_city-desk", None),
    ],
)
def test_a_section_is_one_for_readers(stated: str, section: str | None) -> None:
    assert article(LD % f'"articleSection":"{stated}"').section == section


@pytest.mark.parametrize(
    "opening",
    [
        "<div class='site-breadcrumbs'>",
        "<nav aria-label=Breadcrumb>",
        "<nav class=BreadCrumbs>",
        "<nav id=breadcrumbs>",
    ],
)
def test_the_section_is_read_from_a_printed_trail(opening: str) -> None:
    trail = f"{opening}<a href='/'>Home</a> › <a href='/city/'>City</a></{opening[1:4]}>"
    assert article(above=trail).section == "City"


@pytest.mark.parametrize(
    ("declared", "text", "told"),
    [
        ("en", "시의회는 화요일 오래된 항구 다리를 폐쇄하기로 의결했다.", "ko"),
        ("ko-KR", "시의회는 화요일 오래된 항구 다리를 폐쇄하기로 의결했다.", "ko-KR"),
        ("", "Το συμβούλιο αποφάσισε την Τρίτη να κρατήσει ανοιχτή την παλιά γέφυρα.", "el"),
        ("en", "市議会は火曜日、古い橋を開けておくことを決めた。", "ja"),
        ("en", "市议会星期二决定保留旧桥，市长说工程将在春天开始。", "zh"),
        ("zh-Hant", "市議會星期二決定保留舊橋，市長說工程將在春天開始。", "zh-Hant"),
        ("he-IL", "מועצת העיר החליטה ביום שלישי להשאיר את הגשר הישן פתוח.", "he-IL"),
        ("uk", "Міська рада у вівторок вирішила залишити старий міст відкритим.", "uk"),
        ("de", "Der Rat beschloss am Dienstag, die alte Brücke offen zu lassen.", "de"),
    ],
)
def test_the_language_is_one_that_the_text_is_written_in(declared: str, text: str, told: str) -> None:
    page = parse(f"<html lang='{declared}'><h1>A bridge</h1>".encode(), "https://paper.example/a")
    assert languages(page, None, text)[0][0] == told


def test_a_text_of_no_letters_is_in_no_language() -> None:
    assert languages(parse(b"<h1>A bridge</h1>", "https://paper.example/a"), None, "12 … 13") == []

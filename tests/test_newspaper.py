"""The sample newspaper is whole: its pages, its two editions, its server."""

import gzip
import http.client
import json
import re
import time
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin, urlsplit

import pytest
from bs4 import BeautifulSoup

from tests.newspaper import content, paper, serve
from tests.newspaper.serve import Newspaper, fail, hang_up, send, times, truncate

ORIGIN = "http://lantern.example:8765"
SECOND_ORIGIN = "http://beijing-post.example:8765"
LONG = "/2025/09/20/flood-what-we-know-street-by-street"
SITEMAP = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
NEWS = "{http://www.google.com/schemas/sitemap-news/0.9}"


@pytest.fixture(scope="module")
def pages() -> dict[str, paper.Response]:
    return paper.render(1, ORIGIN)


@pytest.fixture(scope="module")
def second_pages() -> dict[str, paper.Response]:
    return paper.render_second(SECOND_ORIGIN, ORIGIN)


@pytest.fixture
def newspaper() -> Iterator[Newspaper]:
    with Newspaper() as served:
        yield served


def soup(page: paper.Response) -> BeautifulSoup:
    return BeautifulSoup(page.body, "html.parser")


def links(page: paper.Response, base: str) -> list[str]:
    """Return where the links, images and stylesheets of *page* lead, queries and fragments dropped."""
    if not page.content_type.startswith("text/html"):
        return []
    tags = soup(page).find_all(["a", "img", "link", "form"])
    written = [tag[name] for tag in tags for name in ("href", "src", "action") if name in tag.attrs]
    return [urljoin(base, link).split("?")[0].split("#")[0] for link in written]


class TestContent:
    def test_the_lantern_prints_enough_of_everything(self) -> None:
        articles = content.articles(1)
        assert len(articles) >= 44
        assert set(Counter(a.section for a in articles)) == set(paper.SECTIONS)
        assert min(Counter(a.section for a in articles).values()) > paper.PAGE_SIZE
        assert {a.language for a in articles} == {"en", "zh", "ar"}
        assert min(Counter(a.markup for a in articles).values()) >= 10
        assert sum(count >= 3 for count in Counter(k for a in articles for k in a.keywords).values()) >= 12
        bylines = Counter(a.authors for a in articles)
        assert bylines[("Marta Elling",)] + bylines[("Tobias Wren",)] > len(articles) / 2
        assert bylines[("Northline",)]
        assert bylines[()]

    @pytest.mark.parametrize("article", content.articles(1), ids=lambda article: article.path)
    def test_an_article_is_sound(self, article: content.Article) -> None:
        words = len(" ".join(content.plain(block) for block in article.blocks).split())
        if article.language == "en":
            assert 90 <= words <= (1200 if article.path == LONG else 450)
        else:
            assert len(content.paragraphs(article.blocks)) >= 6
        assert "2025-09-01" <= article.published.date().isoformat() <= "2025-11-01"
        assert article.published.tzinfo
        assert article.keywords

    def test_titles_and_paths_are_unique(self) -> None:
        truth = paper.truth()
        assert len(truth) == len(content.articles(1)) + 7
        lantern = [fact["title"] for fact in truth.values() if fact["paper"] == paper.NAME]
        assert len(set(lantern)) == len(lantern)


class TestPages:
    def test_every_internal_link_resolves_but_one(
        self, pages: dict[str, paper.Response], second_pages: dict[str, paper.Response]
    ) -> None:
        lost = set()
        for origin, site in ((ORIGIN, pages), (SECOND_ORIGIN, second_pages)):
            for path, page in site.items():
                for link in links(page, origin + path):
                    for home, held in ((ORIGIN, pages), (SECOND_ORIGIN, second_pages)):
                        if link.startswith(f"{home}/") and link.removeprefix(home) not in held:
                            lost.add(link.removeprefix(home))
        assert lost == {paper.DEAD}

    def test_every_article_is_reached_from_the_front_page(self, pages: dict[str, paper.Response]) -> None:
        seen, due = set(), ["/"]
        while due:
            path = due.pop()
            if path in pages and path not in seen:
                seen.add(path)
                due += [
                    link.removeprefix(ORIGIN)
                    for link in links(pages[path], ORIGIN + path)
                    if link.startswith(ORIGIN)
                ]
        assert {article.path for article in content.articles(1)} <= seen
        assert {paper.PRIVATE, *paper.MOVED} <= seen

    @pytest.mark.parametrize("article", content.articles(2), ids=lambda article: article.path)
    def test_an_article_page_states_what_the_truth_says(self, article: content.Article) -> None:
        page = soup(paper.render(2, ORIGIN)[article.path])
        truth = paper.truth(2)[article.path]
        assert page.h1.get_text() == truth["title"]
        assert page.html["lang"] == truth["language"]
        assert page.html.get("dir") == ("rtl" if truth["language"] == "ar" else None)
        text = page.find(class_="story-body").get_text()
        assert all(paragraph in text for paragraph in truth["paragraphs"])
        assert [tag.get_text() for tag in page.find_all("a", rel="tag")] == truth["keywords"]
        assert 3 <= len(paper.related_articles(article, content.articles(2))) <= 5
        assert page.find(class_=["related-articles", "cards", "readalso"])
        described = page.find("script", type="application/ld+json")
        meta = page.find("meta", property="article:published_time")
        if article.markup == "json-ld":
            facts = json.loads(described.string)
            assert facts["headline"] == truth["title"]
            assert facts["datePublished"].startswith(truth["day"])
            assert [author["name"] for author in facts["author"]] == truth["authors"]
            assert facts["dateModified"] == truth.get("modified", facts["datePublished"])
        elif article.markup == "meta":
            assert meta["content"].startswith(truth["day"])
            assert page.find("meta", attrs={"name": "author"})["content"] == ", ".join(truth["authors"])
        if article.markup != "json-ld":
            assert described is None
        if article.markup == "visible":
            assert meta is None
            assert page.find("time") is None

    def test_one_page_has_a_print_version_that_names_the_article(
        self, pages: dict[str, paper.Response]
    ) -> None:
        printed = [path for path in pages if path.startswith("/print/")]
        assert len(printed) == 1
        assert soup(pages[printed[0]]).find("link", rel="canonical")["href"] == ORIGIN + paper.PRINTED

    def test_some_canonical_links_are_relative_and_some_links_are_tracked(
        self, pages: dict[str, paper.Response]
    ) -> None:
        canonical = [soup(page).find("link", rel="canonical") for page in html_pages(pages)]
        assert any(link and link["href"].startswith("/") for link in canonical)
        assert any(b"utm_source=" in page.body for page in html_pages(pages))

    def test_images_are_png(self, pages: dict[str, paper.Response]) -> None:
        images = [page for path, page in pages.items() if path.startswith("/images/")]
        assert len(images) > 20
        assert all(image.body.startswith(b"\x89PNG\r\n\x1a\n") for image in images)


def html_pages(pages: dict[str, paper.Response]) -> list[paper.Response]:
    return [page for page in pages.values() if page.content_type.startswith("text/html")]


class TestListings:
    def test_the_sitemaps_name_every_article_once(self, pages: dict[str, paper.Response]) -> None:
        index = ET.fromstring(pages["/sitemap.xml"].body)
        parts = [loc.text.removeprefix(ORIGIN) for loc in index.iterfind("s:sitemap/s:loc", SITEMAP)]
        assert set(parts) == {path for path in pages if path.startswith("/sitemap-")}
        named = []
        for part in parts:
            body = pages[part].body
            tree = ET.fromstring(gzip.decompress(body) if part.endswith(".gz") else body)
            urls = [loc.text for loc in tree.iterfind("s:url/s:loc", SITEMAP)]
            if "news" in part:
                assert len(urls) == len(list(tree.iter(f"{NEWS}publication_date"))) == 10
            else:
                named += urls
        assert sorted(named) == sorted(ORIGIN + article.path for article in content.articles(1))

    def test_robots_names_the_sitemap_and_one_closed_door(self, pages: dict[str, paper.Response]) -> None:
        robots = pages["/robots.txt"].body.decode()
        assert re.findall(r"(?m)^Disallow: (.+)$", robots) == ["/private/"]
        assert f"Sitemap: {ORIGIN}/sitemap.xml" in robots
        assert "Crawl-delay" not in robots
        assert paper.PRIVATE.startswith("/private/")

    def test_the_feed_holds_the_newest_fifteen(self, pages: dict[str, paper.Response]) -> None:
        feed = ET.fromstring(pages["/feed.xml"].body)
        titles = [title.text for title in feed.iterfind("{*}entry/{*}title")]
        assert titles == [article.title for article in content.articles(1)[:15]]
        advertised = soup(pages["/"]).find("link", rel="alternate", type="application/atom+xml")
        assert advertised["href"] == "/feed.xml"

    def test_the_pages_of_a_section_hold_each_of_its_articles_once(
        self, pages: dict[str, paper.Response]
    ) -> None:
        for section in paper.SECTIONS:
            first = f"/{section.lower()}/"
            parts = [path for path in pages if path == first or path.startswith(f"{first}page/")]
            assert len(parts) > 1
            named = [
                teaser.a["href"] for path in parts for teaser in soup(pages[path]).select(".list .teaser")
            ]
            assert sorted(named) == sorted(a.path for a in content.articles(1) if a.section == section)


class TestSecondEdition:
    def test_it_differs_where_it_must_and_nowhere_else(self, pages: dict[str, paper.Response]) -> None:
        later = paper.render(2, ORIGIN)
        assert later.keys() == pages.keys()
        changed = {path for path in pages if pages[path] != later[path]}
        assert changed == {paper.CHANGED, "/sitemap-2025-10.xml", "/sitemap.xml"}
        assert {path for path in pages if pages[path].etag != later[path].etag} == changed

    def test_a_headline_is_corrected_and_a_paragraph_added(self) -> None:
        before, after = (paper.truth(edition)[paper.CHANGED] for edition in (1, 2))
        assert after["title"] == before["title"].replace("38", "83") != before["title"]
        assert len(after["paragraphs"]) == len(before["paragraphs"]) + 1
        assert after["modified"].startswith("2025-11-01")

    def test_one_line_of_the_monthly_sitemap_changes(self, pages: dict[str, paper.Response]) -> None:
        path = "/sitemap-2025-10.xml"
        before, after = (site[path].body.decode().splitlines() for site in (pages, paper.render(2, ORIGIN)))
        changed = [new for old, new in zip(before, after, strict=True) if old != new]
        assert len(changed) == 1
        assert paper.CHANGED in changed[0]
        assert "<lastmod>2025-11-01T18:05:00+00:00</lastmod>" in changed[0]


class TestSecondPaper:
    def test_the_seed_page_is_the_seed_text_word_for_word(
        self, second_pages: dict[str, paper.Response]
    ) -> None:
        printed = soup(second_pages[paper.SEED_PATH]).body.get_text("\n").splitlines()
        seed = content.SEED_FILE.read_text(encoding="utf-8").splitlines()
        assert [line.strip() for line in printed if line.strip()] == [line for line in seed if line.strip()]
        assert len(content.seed().paragraphs) == 21

    def test_the_seed_page_says_nothing_to_machines(self, second_pages: dict[str, paper.Response]) -> None:
        page = second_pages[paper.SEED_PATH].body.decode()
        assert "ld+json" not in page
        assert "og:" not in page
        assert "<time" not in page
        assert "/robots.txt" not in second_pages
        assert not [path for path in second_pages if "sitemap" in path or "feed" in path]

    def test_six_of_fifty_headlines_lead_to_pages_of_this_paper(
        self, second_pages: dict[str, paper.Response]
    ) -> None:
        related = [a["href"] for a in soup(second_pages[paper.SEED_PATH]).select(".rel a")]
        assert len(related) == 50
        assert related[0] == paper.SEED_PATH
        own = [href for href in related if href.startswith("/")]
        assert len(own) == 6
        assert set(own) <= second_pages.keys()
        elsewhere = [href for href in related if href not in own]
        assert all(href.startswith("https://www.beijingpost.example/") for href in elsewhere)

    def test_its_own_briefs_are_short(self) -> None:
        for brief in content.briefs():
            assert 80 <= len(" ".join(content.paragraphs(brief.blocks)).split()) <= 150

    def test_one_article_is_carried_word_for_word(self, second_pages: dict[str, paper.Response]) -> None:
        truth = paper.truth()
        carried = [
            path
            for path, fact in truth.items()
            if fact["paper"] == paper.SECOND_NAME and fact["paragraphs"] == truth[paper.CARRIED]["paragraphs"]
        ]
        assert len(carried) == 1
        page = soup(second_pages[carried[0]])
        assert page.h1.get_text() == truth[paper.CARRIED]["title"]
        assert f"First published by {paper.NAME}" in page.get_text()


def ask(
    newspaper: Newspaper, path: str, *, method: str = "GET", second: bool = False, **headers: str
) -> tuple[http.client.HTTPResponse, bytes]:
    """Request *path* on a connection of its own; header names are given with underscores."""
    host = newspaper.hosts[1 if second else 0]
    connection = http.client.HTTPConnection(host, timeout=5)
    try:
        connection.request(method, path, headers={name.replace("_", "-"): v for name, v in headers.items()})
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


class TestServer:
    def test_a_page_comes_with_its_validators(self, newspaper: Newspaper) -> None:
        response, body = ask(newspaper, paper.CHANGED)
        assert response.status == 200
        assert response.headers["Content-Type"] == "text/html; charset=utf-8"
        assert int(response.headers["Content-Length"]) == len(body)
        assert response.headers["ETag"].startswith('"')
        modified = parsedate_to_datetime(response.headers["Last-Modified"])
        assert modified.isoformat() == "2025-10-09T16:40:00+00:00"

    def test_a_page_held_already_is_not_sent_again(self, newspaper: Newspaper) -> None:
        response, _ = ask(newspaper, "/")
        for validator in (
            {"If_None_Match": response.headers["ETag"]},
            {"If_None_Match": f'"other", W/{response.headers["ETag"]}'},
            {"If_Modified_Since": response.headers["Last-Modified"]},
        ):
            again, body = ask(newspaper, "/", **validator)
            assert (again.status, body) == (304, b"")
        unknown = {"If_None_Match": '"other"', "If_Modified_Since": response.headers["Last-Modified"]}
        assert ask(newspaper, "/", **unknown)[0].status == 200

    def test_a_page_is_compressed_for_those_who_ask(self, newspaper: Newspaper) -> None:
        _, plain = ask(newspaper, "/")
        response, body = ask(newspaper, "/", Accept_Encoding="gzip, br")
        assert response.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(body) == plain
        assert ask(newspaper, "/", If_None_Match=response.headers["ETag"])[0].status == 304
        packed, _ = ask(newspaper, "/sitemap-2025-09.xml.gz", Accept_Encoding="gzip")
        assert "Content-Encoding" not in packed.headers

    def test_a_missing_page_is_an_html_404(self, newspaper: Newspaper) -> None:
        for second in (False, True):
            response, body = ask(newspaper, "/no-such-page", second=second)
            assert response.status == 404
            assert b"</html>" in body
        assert ask(newspaper, paper.DEAD)[0].status == 404

    def test_an_old_address_leads_to_the_new_one(self, newspaper: Newspaper) -> None:
        (old, new), *_ = paper.MOVED.items()
        response, _ = ask(newspaper, old)
        assert (response.status, response.headers["Location"]) == (301, newspaper.origin + new)

    def test_head_answers_without_a_body(self, newspaper: Newspaper) -> None:
        response, body = ask(newspaper, "/", method="HEAD")
        assert (response.status, body) == (200, b"")
        assert int(response.headers["Content-Length"]) > 0

    def test_a_connection_serves_many_requests(self, newspaper: Newspaper) -> None:
        connection = http.client.HTTPConnection(newspaper.hosts[0], timeout=5)
        for path in ("/", "/about", "/no-such-page", "/feed.xml"):
            connection.request("GET", path)
            connection.getresponse().read()
            sock = connection.sock
            assert sock is not None
        connection.close()
        assert len(newspaper.requests) == 4

    def test_queries_and_spellings_of_a_path_find_the_page(self, newspaper: Newspaper) -> None:
        chinese = next(a.path for a in content.articles(1) if a.language == "zh")
        assert ask(newspaper, f"{paper.CHANGED}?utm_source=x")[0].status == 200
        assert ask(newspaper, chinese)[0].status == 200
        assert ask(newspaper, chinese.lower())[0].status == 200

    def test_the_two_papers_stand_on_two_hosts(self, newspaper: Newspaper) -> None:
        assert urlsplit(newspaper.url).netloc != urlsplit(newspaper.second_url).netloc
        assert b"Lantern" in ask(newspaper, "/")[1]
        assert b"Beijing Post" in ask(newspaper, paper.SEED_PATH, second=True)[1]

    def test_where_there_is_one_loopback_address_the_second_paper_takes_another_port(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(serve, "SECOND_ADDRESS", "192.0.2.1")  # RFC 5737: nobody's
        with Newspaper() as newspaper:
            assert {urlsplit(host).hostname for host in (newspaper.url, newspaper.second_url)} == {
                "127.0.0.1"
            }
            assert b"Beijing Post" in ask(newspaper, "/", second=True)[1]

    def test_the_second_edition_goes_on_sale_at_once(self, newspaper: Newspaper) -> None:
        response, _ = ask(newspaper, paper.CHANGED)
        newspaper.edition = 2
        again, body = ask(newspaper, paper.CHANGED, If_None_Match=response.headers["ETag"])
        assert again.status == 200
        assert b"83 million" in body

    def test_requests_are_kept(self, newspaper: Newspaper) -> None:
        before = time.monotonic()
        ask(newspaper, "/about?x=1", User_Agent="reader/1.0")
        (request,) = newspaper.requests
        assert before <= request.time <= time.monotonic()
        assert request.host == newspaper.hosts[0]
        assert request[2:6] == ("GET", "/about?x=1", 200, "reader/1.0")
        assert request.headers["user-agent"] == "reader/1.0"

    def test_faults_happen_instead_of_the_page(self, newspaper: Newspaper) -> None:
        newspaper.faults = {
            "/about": times(1, fail(503, {"Retry-After": "1"})),
            "/contact": truncate,
            "/privacy": hang_up,
            f"{newspaper.second_origin}/": send(b"x" * 1_000_000),
        }
        response, _ = ask(newspaper, "/about")
        assert (response.status, response.headers["Retry-After"]) == (503, "1")
        assert ask(newspaper, "/about")[0].status == 200
        with pytest.raises(http.client.IncompleteRead):
            ask(newspaper, "/contact")
        with pytest.raises(http.client.RemoteDisconnected):
            ask(newspaper, "/privacy")
        assert len(ask(newspaper, "/", second=True)[1]) == 1_000_000
        assert ask(newspaper, "/")[0].status == 200
        assert [request.status for request in newspaper.requests] == [503, 200, 200, 0, 200, 200]

    def test_a_closed_newspaper_answers_no_more(self) -> None:
        with Newspaper() as closed:
            connection = http.client.HTTPConnection(closed.hosts[0], timeout=5)
            connection.request("GET", "/")
            connection.getresponse().read()
            host = closed.hosts[0]
        assert connection.sock.recv(1) == b""
        connection.close()
        with pytest.raises(ConnectionError):
            http.client.HTTPConnection(host, timeout=5).connect()

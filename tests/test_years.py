"""What keeps a crawl right over years: budgets, lying sites, moved and doubled articles, walls, patience, alarms."""

import itertools
import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from crawler.corpus import Corpus
from crawler.frontier import Frontier
from crawler.items import Article, Quality, RunReport, Yield
from crawler.urls import site_name
from tests.conftest import Done, pressmark
from tests.newspaper.serve import Handler, Newspaper, fail, redirect, send

NOW = datetime.now(UTC).replace(microsecond=0)
PARAGRAPH = (
    "The harbour office counted {n} crates on the quay before noon, and the clerks wrote each of them into the ledger"
    " that has lain open on the same desk since the flood. Nobody in town could say who had sent them or why number {n}"
    " stood apart from the others, wet through and smelling of tar. By evening the council had met, spoken and gone home."
)


class Small(Newspaper):
    """A site of a few pages, each as the test wants it."""

    def __init__(self) -> None:
        super().__init__()
        self.site: dict[str, str] = {}

    def page(self, path: str, html: str) -> None:
        """Serve *html* at *path*."""
        self.site[path] = html
        self.faults[path] = send(html.encode())

    def article(
        self, path: str, number: int, *, title: str = "", head: str = "", days_ago: float = 0.5
    ) -> None:
        """Serve an article at *path* that tells of *number*."""
        when = (NOW - timedelta(days=days_ago)).isoformat()
        title = title or f"Crate number {number} stands on the quay"
        text = "".join(f"<p>{PARAGRAPH.format(n=number * 10 + part)}</p>" for part in range(4))
        self.page(
            path,
            f'<!doctype html><html lang="en"><head><title>{title}</title><meta property="og:type" content="article">'
            f'<meta property="article:published_time" content="{when}">{head}</head>'
            f"<body><article><h1>{title}</h1><p>By Ada Quill</p>{text}</article></body></html>",
        )

    def front(self, *paths: str, head: str = "") -> None:
        """Serve a front page that links to *paths*."""
        items = "".join(
            f'<li><a href="{path}">A headline that leads to the page {path}</a></li>' for path in paths
        )
        self.page(
            "/",
            f"<!doctype html><html><head><title>Small</title>{head}</head><body><ul>{items}</ul></body></html>",
        )

    def feed(self, *paths: str, path: str = "/feed.xml", days_ago: float = 0.2) -> None:
        """Serve a feed of *paths*."""
        when = format_datetime(NOW - timedelta(days=days_ago))
        items = "".join(
            f"<item><title>The page {one}</title><link>{self.origin}{one}</link><pubDate>{when}</pubDate></item>"
            for one in paths
        )
        self.xml(path, f'<rss version="2.0"><channel><title>Small</title>{items}</channel></rss>')

    def sitemap(self, path: str, *entries: tuple[str, str]) -> None:
        """Serve a sitemap of (path, lastmod)."""
        urls = "".join(
            f"<url><loc>{self.origin}{one}</loc><lastmod>{when}</lastmod></url>" for one, when in entries
        )
        self.xml(path, f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>')

    def xml(self, path: str, body: str) -> None:
        self.faults[path] = send(f'<?xml version="1.0"?>{body}'.encode(), "application/xml")

    def robots(self, text: str) -> None:
        self.faults["/robots.txt"] = send(text.encode(), "text/plain")

    def asked(self, path: str) -> list[int]:
        """The statuses of the answers to *path*."""
        return [request.status for request in self.requests if request.path == path]


@pytest.fixture
def small() -> Iterator[Small]:
    with Small() as site:
        site.robots("User-agent: *\nDisallow:\n")
        for path in ("/feed", "/rss", "/rss.xml", "/atom.xml", "/index.xml", "/feed.xml", "/sitemap.xml",
                     "/sitemap_index.xml", "/news-sitemap.xml", "/sitemap-news.xml"):  # fmt: skip
            site.faults[path] = fail(404)
        yield site


def run(site: Small, archive: Path, *more: object) -> Done:
    hosts = [part for host in site.hosts for part in ("--allow-host", host)]
    return pressmark("crawl", site.url, *hosts, "--delay", "0", "--archive", archive, "--json", *more)


def report(done: Done) -> dict[str, Any]:
    [one] = done.json
    return one  # type: ignore[no-any-return]


def held(archive: Path) -> dict[str, Article]:
    corpus = Corpus(archive)
    return {a.url.partition("/")[2].partition("/")[2].partition("/")[2]: a
            for a in (corpus.read(file.stem) for file in corpus.scan())}  # fmt: skip


def state(archive: Path) -> Path:
    return next(path for path in (archive / "state").glob("*.sqlite"))


def change(archive: Path, statement: str, *values: object) -> None:
    with sqlite3.connect(state(archive)) as db:
        db.execute(statement, values)
    db.close()


class TestDiscovery:
    def test_todays_news_comes_before_a_backfill_of_years(self, small: Small, tmp_path: Path) -> None:
        old = [f"/{year}/01/old-story-number-{n}" for year in range(2001, 2011) for n in range(3)]
        for number, path in enumerate([*old, "/today"]):
            small.article(path, number, days_ago=0.1 if path == "/today" else 9000 - number)
        small.robots(f"User-agent: *\nDisallow:\nSitemap: {small.origin}/sitemap.xml\n")
        small.sitemap("/sitemap.xml", *((path, f"{path[1:5]}-02-01") for path in old))
        small.front(head='<link rel="alternate" type="application/rss+xml" href="/feed.xml">')
        small.feed("/today")
        first = report(run(small, tmp_path, "--limit", 4))
        assert first["waiting"] > 20
        urls = [request.path for request in small.requests if request.path in {*old, "/today"}]
        assert urls == ["/today", *sorted(old, reverse=True, key=lambda path: path[:5])[:3]]
        small.article("/tomorrow", 99)
        small.feed("/today", "/tomorrow")
        small.requests.clear()
        run(small, tmp_path, "--limit", 2)
        assert small.asked("/tomorrow") == [200]

    def test_a_run_ends_at_its_bytes_and_the_next_goes_on(self, small: Small, tmp_path: Path) -> None:
        paths = [f"/story-of-crate-{n}" for n in range(12)]
        for number, path in enumerate(paths):
            small.article(path, number)
        small.front(*paths)
        config = tmp_path / "pressmark.toml"
        config.write_text("[crawl]\nmax_bytes = 8000\n")
        first = report(run(small, tmp_path / "a", "--config", config))
        assert first["finished"] == "limit of 8000 bytes (crawl.max_bytes)"
        assert 0 < first["held"] < 12
        assert report(run(small, tmp_path / "a"))["held"] == 12

    def test_when_robots_txt_names_only_dead_sitemaps_the_customary_ones_are_tried(
        self, small: Small, tmp_path: Path
    ) -> None:
        small.robots(f"User-agent: *\nDisallow:\nSitemap: {small.origin}/dead.xml\n")
        small.faults["/dead.xml"] = fail(404)
        small.article("/only-in-the-sitemap", 1)
        small.sitemap("/sitemap_index.xml", ("/only-in-the-sitemap", "2025-01-01"))
        small.front()
        assert report(run(small, tmp_path))["held"] == 1

    def test_a_feed_that_is_a_consent_page_falls_through_to_the_customary_ones(
        self, small: Small, tmp_path: Path
    ) -> None:
        small.front(head='<link rel="alternate" type="application/rss+xml" href="/consent">')
        small.page(
            "/consent", "<!doctype html><title>Cookies</title><p>We value your privacy. Accept cookies.</p>"
        )
        small.article("/only-in-the-feed", 1)
        small.feed("/only-in-the-feed", path="/rss.xml")
        assert report(run(small, tmp_path))["held"] == 1

    def test_sitemaps_that_say_that_all_changed_just_now_make_nothing_due(
        self, small: Small, tmp_path: Path
    ) -> None:
        paths = [f"/story-of-crate-{n}" for n in range(25)]
        for number, path in enumerate(paths):
            small.article(path, number, days_ago=400)
        small.robots(f"User-agent: *\nDisallow:\nSitemap: {small.origin}/sitemap.xml\n")
        small.front()
        for turn in range(2):
            small.sitemap(
                "/sitemap.xml", *((path, (NOW + timedelta(seconds=turn)).isoformat()) for path in paths)
            )
            small.requests.clear()
            run(small, tmp_path)
        assert [path for path in paths if small.asked(path)] == []

    def test_sub_sitemaps_older_than_since_are_not_read(self, small: Small, tmp_path: Path) -> None:
        small.robots(f"User-agent: *\nDisallow:\nSitemap: {small.origin}/index.xml\n")
        entries = "".join(
            f"<sitemap><loc>{small.origin}/sitemap-{year}.xml</loc><lastmod>{year}-12-31</lastmod></sitemap>"
            for year in (2010, 2024)
        )
        small.xml(
            "/index.xml",
            f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</sitemapindex>',
        )
        for year in (2010, 2024):
            small.sitemap(f"/sitemap-{year}.xml", (f"/{year}/crate", f"{year}-06-01"))
            small.article(f"/{year}/crate", year, days_ago=(NOW.year - year) * 365)
        small.front()
        run(small, tmp_path, "--since", "2020-01-01")
        assert small.asked("/sitemap-2010.xml") == []
        assert small.asked("/sitemap-2024.xml") == [200]
        run(small, tmp_path)
        assert small.asked("/sitemap-2010.xml") == [200]


class TestIdentity:
    def test_one_text_at_addresses_that_say_so_is_one_article(self, small: Small, tmp_path: Path) -> None:
        small.article("/news/123456/a-crate-on-the-quay", 1)
        small.article("/news/123456/a-crate-on-the-quay-of-town", 1)
        small.front("/news/123456/a-crate-on-the-quay", "/news/123456/a-crate-on-the-quay-of-town")
        done = report(run(small, tmp_path))
        assert (done["held"], done["outcomes"]["copy"]) == (1, 1)
        told = pressmark(
            "explain", small.origin + "/news/123456/a-crate-on-the-quay-of-town", "--archive", tmp_path
        ).out
        assert "copy" in told or "leads to" in told

    def test_one_text_at_unlike_addresses_is_two_articles_one_of_them_marked(
        self, small: Small, tmp_path: Path
    ) -> None:
        small.article("/sport/crates", 1)
        small.article("/agency/quay", 1)
        small.article("/city/another", 2)
        small.front("/sport/crates", "/agency/quay", "/city/another")
        run(small, tmp_path)
        articles = held(tmp_path)
        assert len(articles) == 3
        copies = [article for article in articles.values() if article.copy_of]
        assert [copy.copy_of for copy in copies] == [articles["sport/crates"].id]
        report(run(small, tmp_path, "--recheck"))
        assert {a.url: a.copy_of for a in held(tmp_path).values()} == {
            a.url: a.copy_of for a in articles.values()
        }
        pressmark("build", "--archive", tmp_path)
        page = next((tmp_path / "site").rglob(f"*{copies[0].id}.html")).read_text()
        assert "The same text twice." in page

    def test_a_canonical_address_that_is_the_same_on_all_pages_merges_nothing(
        self, small: Small, tmp_path: Path
    ) -> None:
        paths = [f"/story-of-crate-{n}" for n in range(4)]
        for number, path in enumerate(paths):
            small.article(path, number, head=f'<link rel="canonical" href="{small.origin}/">')
        small.front(*paths)
        assert report(run(small, tmp_path))["held"] == 4

    def test_a_moved_article_keeps_its_identity_though_its_new_address_was_found_first(
        self, small: Small, tmp_path: Path
    ) -> None:
        small.article("/old/crate", 1)
        small.article("/city/other", 2)
        small.front("/old/crate", "/city/other")
        run(small, tmp_path)
        before = held(tmp_path)["old/crate"]
        small.article("/new/crate-on-the-quay", 1)
        small.faults["/old/crate"] = redirect("/new/crate-on-the-quay", 301)
        small.front("/old/crate", "/city/other", "/new/crate-on-the-quay")
        run(small, tmp_path)
        change(tmp_path, "update link set next_check = 0 where url like '%/old/crate'")
        run(small, tmp_path)
        assert set(held(tmp_path)) == {"old/crate", "city/other"}
        assert held(tmp_path)["old/crate"].id == before.id
        assert pressmark("verify", "--archive", tmp_path).code == 0
        told = pressmark("explain", small.origin + "/old/crate", "--archive", tmp_path).out
        assert f"leads to {small.origin}/new/crate-on-the-quay (redirect)" in told

    def test_an_article_that_moves_there_and_back_is_followed(self, small: Small, tmp_path: Path) -> None:
        small.article("/old/crate", 1)
        small.front("/old/crate")
        run(small, tmp_path)
        small.article("/new/crate", 1)
        small.faults["/old/crate"] = redirect("/new/crate", 301)
        run(small, tmp_path, "--recheck")
        change(
            tmp_path, "update link set next_check = 0 where article_id is not null or moved_from is not null"
        )
        run(small, tmp_path)
        del small.faults["/old/crate"]
        small.faults["/new/crate"] = redirect("/old/crate", 301)
        small.article("/old/crate", 7)
        told = report(run(small, tmp_path, "--recheck"))
        assert told["outcomes"]["revised"] == 1
        assert set(held(tmp_path)) == {"old/crate"}
        assert pressmark("verify", "--archive", tmp_path).code == 0

    def test_an_article_that_redirects_to_a_section_is_gone_and_the_section_stays(
        self, small: Small, tmp_path: Path
    ) -> None:
        small.article("/city/crate", 1)
        small.article("/city/other", 2)
        small.front("/city/crate", "/city/other", "/city/")
        small.page("/city/", small.site["/"].replace("Small", "City"))
        run(small, tmp_path)
        for target in ("/city/", "/"):
            small.faults["/city/crate"] = redirect(target, 301)
            run(small, tmp_path, "--recheck")
        held_now = held(tmp_path)
        assert held_now["city/crate"].gone
        told = pressmark("explain", small.origin + "/", "--archive", tmp_path).out
        assert "kind: listing" in told
        assert pressmark("verify", "--archive", tmp_path).code == 0

    def test_an_address_that_now_leads_to_another_article_takes_nothing_along(
        self, small: Small, tmp_path: Path
    ) -> None:
        small.article("/city/crate", 1)
        small.front("/city/crate")
        run(small, tmp_path)
        small.article("/city/brand-new", 7)
        small.faults["/city/crate"] = redirect("/city/brand-new", 301)
        run(small, tmp_path, "--recheck")
        articles = held(tmp_path)
        assert set(articles) == {"city/crate", "city/brand-new"}
        assert "number 7" in articles["city/brand-new"].title

    def test_a_page_whose_canonical_address_is_dead_is_kept_itself(
        self, small: Small, tmp_path: Path
    ) -> None:
        small.article("/city/crate/amp", 1, head=f'<link rel="canonical" href="{small.origin}/city/crate">')
        small.faults["/city/crate"] = fail(404)
        small.front("/city/crate/amp")
        run(small, tmp_path)
        change(tmp_path, "update link set next_check = 0 where url like '%/amp'")
        run(small, tmp_path)
        assert set(held(tmp_path)) == {"city/crate/amp"}


class TestRevisions:
    def test_what_a_reader_would_not_see_is_no_revision(self, small: Small, tmp_path: Path) -> None:
        small.article("/city/crate", 1)
        small.article("/city/other", 2)
        small.front("/city/crate", "/city/other")
        run(small, tmp_path)
        before = held(tmp_path)["city/crate"]
        html = small.site["/city/crate"]
        small.page(
            "/city/crate",
            html.replace(
                "</body>", "<aside><h2>Related</h2><a href='/city/other'>Another crate</a></aside></body>"
            ),
        )
        assert report(run(small, tmp_path, "--recheck"))["outcomes"].get("revised") is None
        assert held(tmp_path)["city/crate"] == before
        small.page("/city/crate", html.replace("before noon", "after noon"))
        assert report(run(small, tmp_path, "--recheck"))["outcomes"]["revised"] == 1
        assert "after noon" in held(tmp_path)["city/crate"].body

    def test_a_gone_article_that_comes_back_is_gone_no_more(self, small: Small, tmp_path: Path) -> None:
        small.article("/city/crate", 1)
        small.front("/city/crate")
        run(small, tmp_path)
        page = small.faults["/city/crate"]
        small.faults["/city/crate"] = fail(410)
        assert report(run(small, tmp_path, "--recheck"))["outcomes"]["gone"] == 1
        assert held(tmp_path)["city/crate"].gone
        small.faults["/city/crate"] = page
        change(tmp_path, "update link set next_check = 0 where article_id is not null")
        run(small, tmp_path)
        assert held(tmp_path)["city/crate"].gone is None
        assert pressmark("verify", "--archive", tmp_path).code == 0


class TestTrust:
    def test_a_304_that_lies_is_found_out_and_believed_no_more(self, small: Small, tmp_path: Path) -> None:
        """The site answers 304 to whatever carries its one ETag, though its articles change."""
        paths = [f"/story-of-crate-{n}" for n in range(3)]
        for number, path in enumerate(paths):
            small.article(path, number)
        small.front(*paths)

        def lying(path: str) -> Any:
            def answer(handler: Handler) -> None:
                if handler.headers.get("If-None-Match") == '"always"':
                    handler.answer(304, {"ETag": '"always"'})
                else:
                    body = small.site[path].encode()
                    handler.answer(200, {"Content-Type": "text/html", "ETag": '"always"'}, body)

            return answer

        for path in paths:
            small.faults[path] = lying(path)
        run(small, tmp_path)
        for path in paths:
            small.site[path] = small.site[path].replace("before noon", "after noon")
        assert (
            report(run(small, tmp_path, "--recheck"))["outcomes"].get("revised") is None
        )  # so far it is believed
        small.robots(f"User-agent: *\nDisallow:\nSitemap: {small.origin}/sitemap.xml\n")
        later = (NOW + timedelta(hours=1)).isoformat()
        small.sitemap("/sitemap.xml", *((path, later) for path in paths[:2]))
        change(tmp_path, "update host set robots_at = 0")
        assert report(run(small, tmp_path))["outcomes"]["revised"] == 2
        small.requests.clear()
        assert report(run(small, tmp_path, "--recheck"))["outcomes"]["revised"] == 1
        assert small.asked(paths[2]) == [200]


class TestManners:
    def test_retry_after_is_kept_by_what_is_already_in_line(self, small: Small, tmp_path: Path) -> None:
        paths = [f"/story-of-crate-{n}" for n in range(6)]
        for number, path in enumerate(paths):
            small.article(path, number)
        small.front(*paths)
        page, told = small.faults[paths[0]], []

        def busy_once(handler: Handler) -> None:
            if told:
                page(handler)
            else:
                told.append(time.monotonic())
                fail(429, {"Retry-After": "2"})(handler)

        small.faults[paths[0]] = busy_once
        assert report(run(small, tmp_path))["held"] == 6
        after = [request.time - told[0] for request in small.requests if request.time > told[0]]
        assert min(after) >= 2

    def test_a_long_pause_is_kept_by_the_next_run_too(self, small: Small, tmp_path: Path) -> None:
        small.article("/city/crate", 1)
        small.front("/city/crate")
        small.faults["/city/crate"] = fail(503, {"Retry-After": "7200"})
        done = run(small, tmp_path)
        assert done.code == 3
        assert report(done)["finished"].startswith("asked to wait 7200 s")
        small.requests.clear()
        again = run(small, tmp_path)
        assert small.requests == []
        assert "asked for nothing before" in report(again)["finished"]
        assert "asked for patience" in pressmark("status", "--archive", tmp_path).out

    def test_a_host_left_for_long_ends_no_run_in_a_loop(self, small: Small, tmp_path: Path) -> None:
        """A second own host asks for a day of patience: the run ends, and the first host is not stopped."""
        second = small.second_url.rstrip("/")
        small.article("/city/crate", 1)
        small.front(
            "/city/crate", head=f'<link rel="alternate" type="application/rss+xml" href="{second}/feed.xml">'
        )
        small.faults[f"{second}/robots.txt"] = send(b"User-agent: *\nDisallow:\n", "text/plain")
        small.faults[f"{second}/feed.xml"] = fail(503, {"Retry-After": "90000"})
        began = time.monotonic()
        done = report(run(small, tmp_path))
        assert time.monotonic() - began < 60
        assert done["held"] == 1
        assert [
            request.status
            for request in small.requests
            if request.path == "/feed.xml" and request.status != 404
        ] == [503]

    def test_a_crawl_delay_that_is_remembered_and_too_long_asks_for_nothing(
        self, small: Small, tmp_path: Path
    ) -> None:
        small.article("/city/crate", 1)
        small.front("/city/crate")
        run(small, tmp_path)
        small.robots("User-agent: *\nCrawl-delay: 600\n")
        change(tmp_path, "update host set robots_at = 0")
        run(small, tmp_path)
        small.requests.clear()
        done = run(small, tmp_path)
        assert small.requests == []
        assert "asks for 600 s" in report(done)["finished"]

    def test_what_robots_txt_forbids_uses_up_no_budget(self, small: Small, tmp_path: Path) -> None:
        small.robots("User-agent: *\nDisallow: /no/\n")
        small.article("/city/crate", 1)
        small.front(*(f"/no/{n}" for n in range(30)), "/city/crate")
        config = tmp_path / "pressmark.toml"
        config.write_text("[crawl]\nmax_pages = 12\n")
        assert report(run(small, tmp_path / "a", "--config", config))["held"] == 1

    def test_sites_that_share_a_host_share_its_clock(self, small: Small, tmp_path: Path) -> None:
        """Two sites read feeds from one host, and the requests made there keep the gap whoever makes them."""
        second = small.second_url.rstrip("/")
        for number in range(4):
            small.feed(path=f"/feeds/{number}")
        small.front(head='<link rel="alternate" type="application/rss+xml" href="/feeds/0">')
        feeds = "".join(
            f'<link rel="alternate" type="application/rss+xml" href="{small.origin}/feeds/{n}">'
            for n in (1, 2, 3)
        )
        front = f"<!doctype html><title>Second</title><head>{feeds}</head><p>Nothing here.</p>"
        small.faults[small.second_url] = send(front.encode())
        small.faults[f"{second}/robots.txt"] = send(b"User-agent: *\nDisallow:\n", "text/plain")
        hosts = [part for host in small.hosts for part in ("--allow-host", host)]
        pressmark(
            "crawl", small.url, small.second_url, *hosts, "--delay", "0.3", "--archive", tmp_path, "--json"
        )
        times = [request.time for request in small.requests if request.host == small.hosts[0]]
        assert len([r for r in small.requests if r.path.startswith("/feeds/")]) == 4
        assert min(later - earlier for earlier, later in itertools.pairwise(times)) >= 0.3


class TestWalls:
    def test_walls_are_counted_as_such_and_never_stored(self, small: Small, tmp_path: Path) -> None:
        wall = "<!doctype html><title>Just a moment...</title><p>Checking your browser before accessing. Enable JavaScript and cookies to continue.</p>"
        for n in range(3):
            small.page(f"/story-of-crate-{n}", wall)
        small.article("/city/crate", 1)
        small.front("/city/crate", *(f"/story-of-crate-{n}" for n in range(3)))
        done = report(run(small, tmp_path))
        assert done["outcomes"]["wall"] == 3
        assert any(reason.startswith("wall: bot challenge") for reason in done["reasons"])
        assert set(held(tmp_path)) == {"city/crate"}
        assert "walls: 3 bot challenge" in pressmark("status", "--archive", tmp_path).out


class TestTheReport:
    def remember(self, archive: Path, days: int, fresh: int) -> None:
        """Give the site a past: *fresh* articles a day."""
        frontier = Frontier(state(archive))
        for day in range(days, 0, -1):
            when = f"{datetime.now(UTC) - timedelta(days=day):%Y-%m-%dT%H:%M:%SZ}"
            quality = Quality(
                articles=fresh, fresh=fresh, dated=fresh, signed=fresh, described=fresh, words=100
            )
            past = RunReport(
                site=state(archive).stem, started=when, ended=when, finished="done", failed=False, pages=fresh,
                requests=fresh, received_bytes=1, outcomes={"stored": fresh}, sources={"section": Yield(fresh=fresh)},
                quality=quality, held=1,
            )  # fmt: skip
            frontier.remember_run(f"{day}.json", past)
        frontier.close()

    def test_a_site_that_gave_forty_a_day_and_gives_none_is_an_alarm(
        self, small: Small, tmp_path: Path
    ) -> None:
        small.article("/city/crate", 1)
        small.front("/city/crate")
        run(small, tmp_path)
        change(tmp_path, "delete from run")
        self.remember(tmp_path, 10, 40)
        done = run(small, tmp_path)
        assert done.code == 3
        assert report(done)["alarms"] == ["new articles: 0 in 1 day, where 40 a day came before"]
        assert "ALARM new articles" in done.err
        assert "ALARM new articles" in pressmark("status", "--archive", tmp_path).out

    def test_fresh_articles_are_told_from_a_backfill_and_by_source(
        self, small: Small, tmp_path: Path
    ) -> None:
        small.article("/old/crate", 1, days_ago=300)
        small.article("/new/crate-of-today", 2)
        small.front("/old/crate", head='<link rel="alternate" type="application/rss+xml" href="/feed.xml">')
        small.feed("/new/crate-of-today")
        done = report(run(small, tmp_path))
        assert done["quality"]["articles"] == 2
        assert done["quality"]["fresh"] == 1
        assert done["sources"]["feed"] == {"named": 1, "only": 1, "fresh": 1}
        assert done["sources"]["section"] == {"named": 1, "only": 1, "fresh": 0}

    def test_a_schedule_with_nothing_due_asks_for_nothing_and_writes_no_report(
        self, small: Small, tmp_path: Path
    ) -> None:
        small.article("/city/crate", 1)
        small.front("/city/crate")
        run(small, tmp_path)
        small.requests.clear()
        hosts = [part for host in small.hosts for part in ("--allow-host", host)]
        done = pressmark("crawl", *hosts, "--archive", tmp_path)
        assert done.code == 0
        assert "nothing is due" in done.err
        assert small.requests == []
        assert len(list((tmp_path / "runs").glob("*.json"))) == 1


def test_a_state_file_damaged_while_it_is_crawled_ends_its_own_site_alone(
    small: Small, newspaper: Newspaper, tmp_path: Path
) -> None:
    for number in range(30):
        small.article(f"/story-{number}", number)
    small.front(*(f"/story-{number}" for number in range(30)))
    name = site_name(small.url)

    def damage(handler: Handler) -> None:
        for path in (tmp_path / "state").glob(f"{name}.sqlite*"):
            with path.open("r+b") as file:
                file.write(b"\x00" * path.stat().st_size)
        handler.answer(200, {"Content-Type": "text/html"}, small.site[handler.path].encode())

    # More than once: what is damaged while it is written may be written whole right after.
    damaging = [f"/story-{number}" for number in range(3, 30)]
    small.faults |= dict.fromkeys(damaging, damage)
    hosts = [part for host in (*small.hosts, *newspaper.hosts) for part in ("--allow-host", host)]
    done = pressmark(
        "crawl", small.url, newspaper.url, *hosts, "--delay", "0", "--archive", tmp_path, "--json"
    )
    assert done.code == 3
    [told] = [line for line in done.err.splitlines() if f"{name}.sqlite" in line]
    assert "--rebuild-state" in told
    [other] = done.json
    assert other["site"] == site_name(newspaper.url)
    assert other["finished"] == "done"
    assert other["outcomes"]["stored"] > 40
    assert pressmark("verify", name, "--rebuild-state", "--archive", tmp_path).code == 0
    small.faults |= {path: send(small.site[path].encode()) for path in damaging}
    assert report(run(small, tmp_path))["held"] == 30

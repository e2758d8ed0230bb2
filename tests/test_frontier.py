"""The crawler's memory: what is due, in which order, and what a kill or a second run leaves of it."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from crawler.captures import Place
from crawler.corpus import Corpus, file_digest
from crawler.frontier import (
    _LEASES,
    MAX_BARREN_DEPTH,
    BadState,
    Due,
    Frontier,
    Held,
    SiteBusy,
)
from crawler.items import Article, Kind, Link, Source, Yield
from crawler.store import store
from tests.conftest import ROOT

NOW = datetime(2025, 11, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
BASE = "https://news.example/"


def link(name: str, source: Source = Source.SECTION, **more: str) -> Link:
    return Link(url=BASE + name, source=source, **more)  # type: ignore[arg-type]


@pytest.fixture
def frontier(tmp_path: Path) -> Iterator[Frontier]:
    opened = Frontier(tmp_path / "state" / "news.example.sqlite")
    opened.begin(NOW)
    yield opened
    opened.close()


def names(leased: list[Due]) -> list[str]:
    return [due.link.url.removeprefix(BASE) for due in leased]


def finish(
    frontier: Frontier, due: Due, now: datetime = NOW, *, article: bool = False, **more: object
) -> None:
    """End *due* as a page that was fetched and read."""
    place = Place(file="a.warc.gz", offset=0, length=10)
    fetch_id = frontier.fetched(due, now, status=200, size=1, place=place, digest="sha256:1", read=False)
    held = (
        Held(
            article_id=f"{due.id:012}",
            stem=f"news.example/{due.id}",
            file_digest="sha256:2",
            captured="2025",
            text_digest=None,
        )
        if article
        else None
    )
    kind = Kind.ARTICLE if article else Kind.LISTING
    more = {"next_check": None, "form": None if article else "section"} | more
    frontier.done(due, fetch_id, now, kind=kind, held=held, **more)  # type: ignore[arg-type]


def test_the_most_promising_come_first_and_the_newest_among_equals(frontier: Frontier) -> None:
    frontier.add([link("page", Source.PAGE), link("old", Source.FEED, published="2025-10-01"), link("section"),
                  link("new", Source.FEED, published="2025-11-01"), link("", Source.START)], NOW)  # fmt: skip
    assert names(frontier.lease(10, NOW)) == ["", "new", "old"]  # the listing may name more that is new
    assert names(frontier.lease(10, NOW)) == ["section", "page"]


def test_no_link_is_leased_twice_in_a_run(frontier: Frontier) -> None:
    frontier.add([link("a")], NOW)
    [due] = frontier.lease(10, NOW)
    assert frontier.lease(10, NOW) == []
    finish(frontier, due, next_check=NOW)
    assert frontier.lease(10, LATER) == []
    frontier.begin(LATER)
    assert names(frontier.lease(10, LATER)) == ["a"]


def test_scheme_and_www_lead_to_one_link(frontier: Frontier) -> None:
    assert frontier.add([link("a"), Link(url="http://www.news.example/a", source=Source.FEED)], NOW) == 1


def test_a_second_try_waits_for_its_time_and_stays_in_the_run(frontier: Frontier) -> None:
    frontier.add([link("a")], NOW)
    [due] = frontier.lease(1, NOW)
    frontier.failed(due, "HTTP 503", NOW + timedelta(seconds=5), again=True)
    assert frontier.lease(1, NOW) == []
    assert frontier.next_try() == NOW + timedelta(seconds=5)
    assert names(frontier.lease(1, NOW + timedelta(seconds=5))) == ["a"]


def test_dates_a_listing_gives_keep_links_back_without_losing_them(frontier: Frontier) -> None:
    frontier.add([link("old", published="2025-10-01T10:00:00+00:00"), link("undated")], NOW)
    assert names(frontier.lease(10, NOW, since=NOW.date())) == ["undated"]
    assert names(frontier.lease(10, NOW)) == ["old"]


def test_a_link_gains_what_is_said_of_it_later(frontier: Frontier) -> None:
    frontier.add([link("a", text="A")], NOW)
    frontier.add([link("a", Source.FEED, title="The title", published="2025-11-01")], NOW)
    [due] = frontier.lease(1, NOW)
    assert (due.link.source, due.link.text, due.link.title, due.link.published) == (
        Source.FEED, "A", "The title", "2025-11-01",
    )  # fmt: skip


def test_a_newer_lastmod_makes_an_article_due_on_a_later_run(frontier: Frontier) -> None:
    frontier.add([link("a", Source.SITEMAP, modified="2025-10-01")], NOW)
    [due] = frontier.lease(1, NOW)
    finish(frontier, due, article=True)
    frontier.begin(LATER)
    frontier.add([link("a", Source.SITEMAP, modified="2025-10-01")], LATER)
    assert frontier.lease(1, LATER) == []
    frontier.add([link("a", Source.SITEMAP, modified="2025-10-02")], LATER)
    assert names(frontier.lease(1, LATER)) == ["a"]


def test_what_a_kill_left_leased_is_due_again(tmp_path: Path) -> None:
    path = tmp_path / "news.example.sqlite"
    first = Frontier(path)
    first.begin(NOW)
    first.add([link("a")], NOW)
    first.lease(1, NOW)
    first._lease.close()  # as the system does for a process that is killed
    second = Frontier(path)
    second.begin(LATER)
    assert names(second.lease(1, LATER)) == ["a"]
    second.close()
    first.db.close()


def test_another_process_is_kept_out(frontier: Frontier) -> None:
    script = f"import sys; sys.path.insert(0, {str(ROOT)!r})\nfrom pathlib import Path\nfrom crawler.frontier import *\n"
    script += f"try:\n    Frontier(Path({str(frontier.path)!r}))\nexcept SiteBusy:\n    print('busy')"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "busy\n"
    with pytest.raises(SiteBusy):
        Frontier(frontier.path)


def test_a_file_that_is_no_state_is_named(tmp_path: Path) -> None:
    path = tmp_path / "news.example.sqlite"
    path.write_bytes(b"something else entirely, and long enough" * 50)
    with pytest.raises(BadState, match="--rebuild-state"):
        Frontier(path)


def test_pages_that_lead_nowhere_are_followed_only_so_deep(frontier: Frontier) -> None:
    frontier.add([link("deep")], NOW, depth=9)
    assert frontier.lease(1, NOW) == []
    frontier.add([Link(url=BASE + "story", source=Source.SECTION, found_on=BASE + "list")], NOW, depth=8)
    frontier.add([Link(url=BASE + "next", source=Source.SECTION, found_on=BASE + "list")], NOW, depth=9)
    [story] = frontier.lease(9, NOW)
    finish(frontier, story, article=True)
    assert names(frontier.lease(9, NOW)) == ["next"]  # the listing gave an article after all


def test_a_moved_link_keeps_its_article_and_answers_to_both_addresses(frontier: Frontier) -> None:
    frontier.add([link("old")], NOW)
    [due] = frontier.lease(1, NOW)
    finish(frontier, due, article=True)
    assert frontier.readdress(due, BASE + "new")
    [again] = frontier.lease(1, NOW)
    assert (again.link.url, again.article_id) == (BASE + "new", f"{due.id:012}")
    for name in ("old", "new"):
        holder = frontier.holder(BASE + name)
        assert holder is not None
        assert holder.id == due.id
    assert frontier.add([link("old")], NOW) == 0


def test_yields_count_each_source_and_what_it_alone_names(frontier: Frontier) -> None:
    frontier.add([link("a", Source.FEED), link("b", Source.SITEMAP)], NOW)
    frontier.add([link("a", Source.SITEMAP)], NOW)
    for due in frontier.lease(9, NOW):
        finish(frontier, due, article=True)
    assert frontier.yields() == {Source.FEED: Yield(named=1), Source.SITEMAP: Yield(named=2, only=1)}
    assert frontier.held_count() == 2


def test_polling_makes_listings_due_but_not_what_lies_behind_them(frontier: Frontier) -> None:
    frontier.add(
        [link("", Source.START), link("feed", Source.AUTODISCOVERY), link("page-2"), link("story")], NOW
    )
    for due in frontier.lease(9, NOW):
        form = "feed" if due.link.url.endswith("feed") else "section"
        finish(
            frontier,
            due,
            article=due.link.url.endswith("story"),
            next_check=NOW + timedelta(days=30),
            form=form,
        )
    frontier.begin(LATER)
    frontier.poll_listings(LATER)
    assert names(frontier.lease(9, LATER)) == ["", "feed"]


ARTICLE = Article(
    title="Title", site="news.example", url=BASE + "a", id="0123456789ab", words=2, date="2025-11-01", date_source="meta",
    captured="2025-11-01T12:00:00Z", warc="a:0", digest="sha256:a", body="The body.",
)  # fmt: skip
SECOND = replace(ARTICLE, captured="2025-11-02T12:00:00Z", warc="b:0", digest="sha256:b")


@pytest.fixture
def held(frontier: Frontier, tmp_path: Path) -> tuple[Corpus, Due]:
    """The article as a first run stored it, and its link as the next run leases it."""
    corpus = Corpus(tmp_path)
    frontier.add([link("a")], NOW)
    [due] = frontier.lease(1, NOW)
    stored = store(corpus, ARTICLE, due)
    assert stored.outcome == "stored"
    return corpus, replace(
        due,
        article_id=ARTICLE.id,
        stem=stored.held.stem,
        file_digest=stored.held.file_digest,
        captured=ARTICLE.captured,
    )


def test_the_same_text_changes_no_byte(held: tuple[Corpus, Due]) -> None:
    corpus, due = held
    assert due.stem
    before = corpus.text_path(due.stem).read_bytes()
    assert store(corpus, SECOND, due).outcome == "unchanged"
    assert corpus.text_path(due.stem).read_bytes() == before


def test_a_change_of_metadata_is_no_revision(held: tuple[Corpus, Due]) -> None:
    corpus, due = held
    stored = store(corpus, replace(SECOND, keywords=("new",)), due)
    assert stored.outcome == "unchanged"
    kept = corpus.read(stored.held.stem)
    assert (kept.keywords, kept.captured) == (
        ("new",),
        SECOND.captured,
    )  # its file says what its capture gives
    assert not list(corpus.archive.glob("revisions/**/*.md"))
    assert stored.held.file_digest == file_digest(kept)


def test_a_change_of_text_is_a_revision_done_once(held: tuple[Corpus, Due]) -> None:
    corpus, due = held
    for _ in range(2):  # the second time as after a kill before the state was committed
        stored = store(corpus, replace(SECOND, body="Another body."), due)
        assert stored.outcome == "revised"
        assert corpus.read(stored.held.stem).captured == SECOND.captured
        assert len(list(corpus.archive.glob("revisions/**/*.md"))) == 1


def test_an_edit_by_hand_is_kept(held: tuple[Corpus, Due]) -> None:
    corpus, due = held
    assert due.stem
    path = corpus.text_path(due.stem)
    for edited in (path.read_text().replace("body", "corpse"), "no front matter"):
        path.write_text(edited)
        stored = store(corpus, replace(SECOND, body="Another body."), due)
        assert stored.outcome == "refused"
        assert "by hand" in (stored.reason or "")
        assert path.read_text() == edited


def test_a_masthead_that_moves_with_the_visit_is_no_date(frontier: Frontier, tmp_path: Path) -> None:
    corpus = Corpus(tmp_path)
    frontier.add([link("a")], NOW)
    [due] = frontier.lease(1, NOW)
    first = replace(ARTICLE, date_source="masthead")
    stored = store(corpus, first, due)
    due = replace(
        due,
        article_id=first.id,
        stem=stored.held.stem,
        file_digest=stored.held.file_digest,
        captured=first.captured,
    )
    store(corpus, replace(SECOND, date="2025-11-02", date_source="masthead"), due)
    assert corpus.read(stored.held.stem).date is None


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (None, None, ["none", "late", "day", "early"]),
        ("2025-10-15", None, ["none", "late", "day"]),
        (None, "2025-10-15", ["none", "day", "early"]),
        ("2025-10-15", "2025-10-15", ["none", "day"]),
        ("2026-01-01", None, ["none"]),
    ],
)
def test_since_and_until_hold_the_days_themselves(
    frontier: Frontier, since: str | None, until: str | None, expected: list[str]
) -> None:
    frontier.add([link("early", published="2025-10-01"), link("day", published="2025-10-15T23:59:00-08:00"),
                  link("late", published="2025-10-20T00:00:00+00:00"), link("none", Source.FEED)], NOW)  # fmt: skip
    span = {
        "since": date.fromisoformat(since) if since else None,
        "until": date.fromisoformat(until) if until else None,
    }
    assert frontier.has_due(NOW, **span)
    assert names(frontier.lease(10, NOW, **span)) == expected


def test_no_more_are_leased_than_asked_for(frontier: Frontier) -> None:
    frontier.add([link(str(number)) for number in range(5)], NOW)
    assert names(frontier.lease(2, NOW)) == ["0", "1"]
    assert names(frontier.lease(9, NOW)) == ["2", "3", "4"]


def test_the_first_hint_stays_and_a_weaker_source_takes_no_place(frontier: Frontier) -> None:
    frontier.add([link("a", Source.FEED, title="First", published="2025-11-01")], NOW)
    frontier.add([link("a", Source.PAGE, title="Second", text="Anchor", language="en")], NOW)
    [due] = frontier.lease(1, NOW)
    assert (due.link.source, due.link.title, due.link.text, due.link.language) == (
        Source.FEED,
        "First",
        "Anchor",
        "en",
    )


def test_a_newer_lastmod_waits_for_the_next_run(frontier: Frontier) -> None:
    frontier.add([link("a", Source.SITEMAP, modified="2025-10-01")], NOW)
    [due] = frontier.lease(1, NOW)
    finish(frontier, due, article=True)
    frontier.add([link("a", Source.SITEMAP, modified="2025-11-01")], NOW)
    assert frontier.lease(1, NOW) == []
    frontier.begin(LATER)
    assert frontier.lease(1, LATER) == []  # said in the run that fetched it, it may be what was fetched
    frontier.add([link("a", Source.SITEMAP, modified="2025-11-02")], LATER)
    assert names(frontier.lease(1, LATER)) == ["a"]


@pytest.mark.parametrize(
    ("modified", "due"), [("2025-10-31T23:00:00+00:00", False), ("2025-11-01T13:00:00+00:00", True)]
)
def test_a_first_lastmod_counts_when_it_is_after_the_fetch(
    frontier: Frontier, modified: str, due: bool
) -> None:
    frontier.add([link("a")], NOW)
    finish(frontier, frontier.lease(1, NOW)[0], article=True)
    frontier.begin(LATER)
    frontier.add([link("a", Source.SITEMAP, modified=modified)], LATER)
    assert bool(frontier.lease(1, LATER)) is due


def test_a_link_found_nearer_is_followed_after_all(frontier: Frontier) -> None:
    frontier.add([link("a")], NOW, depth=MAX_BARREN_DEPTH + 1)
    assert not frontier.has_due(NOW)
    frontier.add([link("a")], NOW, depth=MAX_BARREN_DEPTH)
    [due] = frontier.lease(1, NOW)
    assert due.depth == MAX_BARREN_DEPTH


def test_a_failed_link_is_left_until_the_next_run(frontier: Frontier) -> None:
    frontier.add([link("a")], NOW)
    for again in (True, True, False):
        [due] = frontier.lease(1, NOW)
        frontier.failed(due, "HTTP 500", NOW, again=again)
    assert frontier.lease(1, LATER) == []
    assert frontier.next_try() is None
    frontier.begin(LATER)
    [due] = frontier.lease(1, LATER)
    assert due.fails == 3
    finish(frontier, due, next_check=LATER)
    frontier.begin(LATER)
    assert frontier.lease(1, LATER)[0].fails == 0


def test_an_address_that_is_taken_is_left_to_its_link(frontier: Frontier) -> None:
    frontier.add([link("a"), link("b")], NOW)
    one, other = frontier.lease(2, NOW)
    assert not frontier.readdress(one, other.link.url)
    assert frontier.readdress(one, one.link.url.replace("https", "http"))  # the same identity
    assert frontier.holder(BASE + "a") is None


def test_a_link_that_moves_there_and_back_is_one_link(frontier: Frontier) -> None:
    frontier.add([link("a")], NOW)
    [due] = frontier.lease(1, NOW)
    for name in ("b", "c", "a"):
        assert frontier.readdress(due, BASE + name)
        [due] = frontier.lease(1, NOW)
    assert due.hops == 3
    assert frontier.add([link("a"), link("b"), link("c")], NOW) == 0


def test_captures_not_yet_read_are_known_after_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "news.example.sqlite"
    first = Frontier(path)
    first.begin(NOW)
    first.add([link("a"), link("b")], NOW)
    for offset, due in enumerate(first.lease(2, NOW)):
        place = Place(file="x.warc.gz", offset=offset * 100, length=100)
        first.fetched(
            due, NOW, status=200, size=5, place=place, digest=f"sha256:{offset}", etag='"e"', read=False
        )
    first.close()  # without a word of what was read
    second = Frontier(path)
    second.begin(LATER)
    assert second.warc_ends() == {"x.warc.gz": 200}
    assert second.newest_fetch() == NOW
    one, other = second.unread()
    assert (one[1].link.url, one[2], other[2]) == (BASE + "a", "x.warc.gz:0", "x.warc.gz:100")
    assert (second.place_of(other[0]), second.time_of(other[0])) == ("x.warc.gz:100", NOW)
    second.forget_fetch(one[0])
    second.done(other[1], other[0], LATER, kind=Kind.OTHER, next_check=None)
    assert second.unread() == []
    [due] = second.lease(9, LATER)
    assert (due.link.url, due.etag, due.digest) == (BASE + "a", None, None)
    second.close()


def test_a_change_of_a_page_makes_the_sections_on_it_due(frontier: Frontier) -> None:
    def section(name: str, on: str) -> Link:
        return Link(url=BASE + name, source=Source.SECTION, found_on=BASE + on)

    frontier.add([section("world", ""), section("world/asia", "world"), section("story", "")], NOW)
    for due in frontier.lease(9, NOW):
        finish(frontier, due, article=due.link.url.endswith("story"), next_check=NOW + timedelta(days=30))
    frontier.poll_sections_of(BASE, NOW)
    assert frontier.lease(9, LATER) == []
    frontier.begin(LATER)
    frontier.poll_sections_of(BASE, LATER)
    assert names(frontier.lease(9, LATER)) == ["world"]


def test_recheck_makes_every_held_article_due_but_those_gone(frontier: Frontier) -> None:
    frontier.add([link("a"), link("gone"), link("list")], NOW)
    for due in frontier.lease(9, NOW):
        finish(frontier, due, article=not due.link.url.endswith("list"))
        if due.link.url.endswith("gone"):
            frontier.done(due, None, NOW, state="gone", next_check=None)
    frontier.begin(LATER)
    assert not frontier.has_due(LATER)
    frontier.recheck_articles(LATER)
    assert names(frontier.lease(9, LATER)) == ["a"]


def test_robots_txt_is_kept_for_each_origin(frontier: Frontier) -> None:
    assert frontier.robots("https://news.example") is None
    place = Place(file="a.warc.gz", offset=7, length=10)
    frontier.keep_robots("https://news.example", NOW, 200, b"old", None)
    frontier.keep_robots("https://news.example", LATER, 404, b"", place)
    assert frontier.robots("https://news.example") == (int(LATER.timestamp()), 404, b"")
    assert frontier.robots_warc("https://news.example") == "a.warc.gz:7"
    assert frontier.robots("http://news.example") is None


def test_a_state_file_of_another_version_is_named_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "news.example.sqlite"
    Frontier(path).close()
    database = sqlite3.connect(path)
    database.execute("pragma user_version = 99")
    database.close()
    for _ in range(2):  # the lease is given back
        with pytest.raises(BadState, match="of version 99"):
            Frontier(path)


def test_a_write_that_fails_changes_nothing(frontier: Frontier) -> None:
    def links() -> Iterator[Link]:
        yield link("a")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        frontier.add(links(), NOW)
    assert not frontier.has_due(NOW)
    assert frontier.add([link("a")], NOW) == 1


def test_what_was_not_there_is_due_when_a_better_source_names_it(frontier: Frontier) -> None:
    frontier.add([link("sitemap.xml", Source.WELL_KNOWN)], NOW)
    [due] = frontier.lease(1, NOW)
    frontier.done(
        due, None, NOW, state="refused", reason="HTTP 404", missing=True, next_check=NOW + timedelta(days=3)
    )
    frontier.begin(LATER)
    assert frontier.add([link("sitemap.xml", Source.WELL_KNOWN)], LATER) == 0
    assert frontier.lease(1, LATER) == []
    assert frontier.add([link("sitemap.xml", Source.ROBOTS)], LATER) == 1
    assert names(frontier.lease(1, LATER)) == ["sitemap.xml"]


def test_each_lane_walks_an_index_of_its_own(frontier: Frontier) -> None:
    terms = {
        "now": 0,
        "run": 1,
        "since": "",
        "until": "9",
        "oldest": "",
        "newest": "9~",
        "paused": "[]",
        "full": False,
        "count": 1,
    }
    new = ("link_undated", "link_new", "link_undated")
    for query, index in zip(_LEASES, ("link_listing", *new, "link_again", *new), strict=True):
        plan = " / ".join(row["detail"] for row in frontier.db.execute(f"explain query plan {query}", terms))
        assert f"USING INDEX {index}" in plan, plan
        if index in new:
            assert "rank" in plan, plan
            assert "TEMP B-TREE" not in plan, plan


def test_an_article_among_the_very_many_of_its_sitemap_is_stored_without_a_look_at_each(
    frontier: Frontier,
) -> None:
    sitemap = BASE + "sitemap.xml"
    frontier.add(
        [replace(link(f"{number}", Source.SITEMAP), found_on=sitemap) for number in range(3000)], NOW
    )
    deep = replace(link("deep", Source.SITEMAP), found_on=sitemap)
    frontier.add([deep], NOW, depth=9)
    [due, *_] = frontier.lease(2, NOW)
    steps = 0

    def count() -> None:
        nonlocal steps
        steps += 100

    frontier.db.set_progress_handler(count, 100)
    finish(frontier, due, article=True)
    frontier.db.set_progress_handler(None, 0)
    assert steps < 1000
    assert "deep" in names(frontier.lease(3001, NOW))  # what stands beside an article has another chance


def test_no_link_is_leased_twice_when_the_last_day_wanted_is_before_the_first(frontier: Frontier) -> None:
    frontier.add([link("a", Source.FEED), link("b", Source.FEED, modified="2025-10-20")], NOW)
    frontier.add([link("c", Source.FEED, published="2025-10-20")], NOW)
    leased = frontier.lease(10, NOW, since=date(2025, 11, 1), until=date(2025, 10, 1))
    assert sorted(names(leased)) == ["a", "b"]


def test_a_state_file_made_before_an_index_gets_it(tmp_path: Path) -> None:
    def indexes(frontier: Frontier) -> set[str]:
        return {row[0] for row in frontier.db.execute("select name from sqlite_master where type = 'index'")}

    path = tmp_path / "state" / "news.example.sqlite"
    with closing(Frontier(path)) as frontier:
        made = indexes(frontier)
        frontier.db.execute("drop index link_undated")
        frontier.db.execute("drop index link_deep")
    with closing(Frontier(path)) as frontier:
        assert indexes(frontier) == made >= {"link_undated", "link_deep"}


def test_a_link_as_no_run_writes_it_makes_the_state_unusable(frontier: Frontier) -> None:
    frontier.add([link("a")], NOW)
    frontier.db.execute("update link set source = 'sectiom'")
    with pytest.raises(BadState, match=r"'sectiom' is not a valid Source.*--rebuild-state"):
        frontier.lease(1, NOW)


def test_a_change_stated_to_come_is_no_date(frontier: Frontier) -> None:
    frontier.add([link("a", Source.SITEMAP, modified="2099-01-01")], NOW)
    [due] = frontier.lease(1, NOW)
    assert due.link.modified is None
    finish(frontier, due, article=True)
    frontier.begin(LATER)
    assert frontier.add([link("a", Source.SITEMAP, modified="2025-11-02")], LATER) == 1


def test_what_was_gone_stays_so_through_a_failed_look_and_a_kill(frontier: Frontier) -> None:
    frontier.add([link("a")], NOW)
    [due] = frontier.lease(1, NOW)
    finish(frontier, due, article=True)
    frontier.done(due, None, NOW, state="gone", next_check=NOW)
    frontier.begin(LATER)
    [due] = frontier.lease(1, LATER)
    frontier.failed(due, "no answer in time", LATER, again=False)
    frontier.begin(LATER)
    [due] = frontier.lease(1, LATER)
    frontier.begin(LATER)  # as after a kill
    [due] = frontier.lease(1, LATER)
    assert due.gone
    finish(frontier, due, article=True)
    found = frontier.find(BASE + "a")
    assert found is not None
    assert not found.gone


def test_hops_are_those_since_the_last_answer_that_was_no_redirect(frontier: Frontier) -> None:
    frontier.add([link("a")], NOW)
    for turn in range(12):
        frontier.begin(NOW)
        [due] = frontier.lease(1, NOW)
        assert due.hops == 0
        assert frontier.readdress(due, BASE.replace("https", "http" if turn % 2 else "https") + "a")
        [due] = frontier.lease(1, NOW)
        assert due.hops == 1
        finish(frontier, due, next_check=NOW)


def test_an_older_capture_changes_no_validator(frontier: Frontier) -> None:
    frontier.add([link("a")], LATER)
    [due] = frontier.lease(1, LATER)
    frontier.fetched(due, LATER, status=200, size=1, place=None, digest="sha256:new", etag='"new"', read=True)
    frontier.done(due, None, LATER, kind=Kind.ARTICLE, next_check=LATER)
    frontier.begin(LATER)
    [due] = frontier.lease(1, LATER)
    frontier.fetched(due, NOW, status=200, size=1, place=None, digest="sha256:old", read=True)
    found = frontier.find(BASE + "a")
    assert found is not None
    assert (found.digest, found.etag) == ("sha256:new", '"new"')


def test_a_full_frontier_keeps_back_old_sitemaps_and_no_new_one(
    frontier: Frontier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crawler.frontier.MAX_WAITING", 2)
    frontier.add([link("1"), link("2"), link("old.xml", Source.SITEMAP_INDEX, modified="2001-01-01")], NOW)
    frontier.add([link("new.xml", Source.SITEMAP_INDEX)], NOW, news=True)
    assert names(frontier.lease(9, NOW)) == ["new.xml", "1", "2"]


def test_between_two_days_what_is_dated_to_them_comes_with_what_nothing_dates(frontier: Frontier) -> None:
    found = [
        link("undated"),
        link("changed-before", Source.SITEMAP, modified="2019-01-01"),
        *(
            link(day, Source.SITEMAP, published=day)
            for day in ("2020-12-31", "2021-01-01", "2021-12-31T23:00:00Z")
        ),
        link("changed-within", Source.SITEMAP, modified="2021-06-01"),
        link("after", Source.SITEMAP, published="2022-01-01"),
        link("map", Source.SITEMAP_INDEX),
    ]
    frontier.add(found, NOW)
    leased = frontier.lease(10, NOW, since=date(2021, 1, 1), until=date(2021, 12, 31))
    names = [due.link.url.removeprefix(BASE) for due in leased]
    assert names == [
        "map",
        "2021-12-31T23:00:00Z",
        "changed-within",
        "2021-01-01",
        "changed-before",
        "undated",
    ]


def test_the_day_of_publication_outweighs_the_last_change_once_it_is_known(frontier: Frontier) -> None:
    frontier.add([link("a", Source.SITEMAP, modified="2025-10-30"), link("b", published="2025-10-01")], NOW)
    frontier.add([link("a", Source.SITEMAP, published="2019-05-01"), link("b", modified="2025-10-31")], NOW)
    assert [due.link.url for due in frontier.lease(10, NOW, until=date(2019, 12, 31))] == [BASE + "a"]
    assert [due.link.url for due in frontier.lease(10, NOW)] == [BASE + "b"]


def test_a_publication_learnt_while_a_link_is_asked_for_counts_when_it_is_given_back(
    frontier: Frontier,
) -> None:
    frontier.add([link("a", Source.SITEMAP, modified="2025-10-30")], NOW)
    [due] = frontier.lease(1, NOW)
    frontier.add([link("a", Source.SITEMAP, published="2019-05-01")], NOW)
    frontier.release(due)
    assert [due.link.url for due in frontier.lease(1, NOW, until=date(2019, 12, 31))] == [BASE + "a"]

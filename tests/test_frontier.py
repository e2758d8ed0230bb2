"""The crawler's memory: what is due, in which order, and what a kill or a second run leaves of it."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crawler.captures import Place
from crawler.corpus import Corpus, file_digest
from crawler.frontier import (
    BadState,
    Due,
    Frontier,
    Held,
    SiteBusy,
    next_article_check,
    next_listing_check,
)
from crawler.items import Article, Kind, Link, Source
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
            article_id=f"{due.id:012}", stem=f"news.example/{due.id}", file_digest="sha256:2", captured="2025"
        )
        if article
        else None
    )
    kind = Kind.ARTICLE if article else Kind.LISTING
    frontier.done(due, fetch_id, now, kind=kind, form=None if article else "section", held=held,
                  **({"next_check": None} | more))  # type: ignore[arg-type]  # fmt: skip


def test_the_most_promising_come_first_and_the_newest_among_equals(frontier: Frontier) -> None:
    frontier.add([link("page", Source.PAGE), link("old", Source.FEED, published="2025-10-01"), link("section"),
                  link("new", Source.FEED, published="2025-11-01"), link("", Source.START)], NOW)  # fmt: skip
    assert names(frontier.lease(10, NOW)) == ["", "new", "old", "section", "page"]


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
    assert frontier.next_due() == NOW + timedelta(seconds=5)
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
    first._db.close()


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
    with pytest.raises(BadState, match="move it away"):
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
    assert frontier.yields() == ({"feed": 1, "sitemap": 2}, {"sitemap": 1})
    assert frontier.held_count() == 2


def test_polling_makes_listings_due_but_not_what_lies_behind_them(frontier: Frontier) -> None:
    frontier.add(
        [link("", Source.START), link("feed", Source.AUTODISCOVERY), link("page-2"), link("story")], NOW
    )
    for due in frontier.lease(9, NOW):
        finish(frontier, due, article=due.link.url.endswith("story"), next_check=NOW + timedelta(days=30))
    frontier.begin(LATER)
    frontier.poll_listings(LATER)
    assert names(frontier.lease(9, LATER)) == ["", "feed"]


def test_a_listing_that_changes_is_looked_at_sooner(frontier: Frontier) -> None:
    frontier.add([link("feed")], NOW)
    [due] = frontier.lease(1, NOW)
    _, first = next_listing_check(due, "feed", NOW, changed=True)
    slower = next_listing_check(replace(due, interval_seconds=first), "feed", NOW, changed=False)[1]
    sooner = next_listing_check(replace(due, interval_seconds=first), "feed", NOW, changed=True)[1]
    assert (first, slower, sooner) == (3600, 5400, 2880)
    assert (
        next_listing_check(replace(due, interval_seconds=10**7), "feed", NOW, changed=False)[1] == 7 * 86400
    )
    assert next_listing_check(replace(due, interval_seconds=1), "feed", NOW, changed=True)[1] == 900


@pytest.mark.parametrize(
    ("published", "hours"),
    [
        ("2025-11-01T12:00:00+00:00", 1),
        ("2025-11-01T10:00:00+00:00", 2),
        ("2025-10-30T12:00:00+00:00", 24),
        ("2013-06-07", None),
    ],
)
def test_an_article_is_looked_at_again_by_its_age(published: str, hours: int | None) -> None:
    expected = None if hours is None else NOW + timedelta(hours=hours)
    assert next_article_check(published, NOW, first_seen=NOW) == expected


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
    assert (kept.keywords, kept.captured) == (("new",), ARTICLE.captured)
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

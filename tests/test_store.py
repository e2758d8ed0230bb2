"""An article met again: which files change, and what of the earlier one stays."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from crawler import corpus as corpus_module
from crawler.corpus import Corpus, file_digest
from crawler.frontier import Due, Lane
from crawler.items import Article, Link, PageLink, Source
from crawler.store import Stored, store
from tests.conftest import tree

FIRST = Article(
    title="Title", site="news.example", url="https://news.example/a", id="0123456789ab", words=2, date="2025-11-01",
    date_source="meta", captured="2025-11-01T12:00:00Z", warc="a:0", digest="sha256:a", body="The body.",
    links=(PageLink(rel="related", position=1, text="B", url="https://news.example/b"),),
)  # fmt: skip
SECOND = replace(FIRST, captured="2025-11-02T12:00:00Z", warc="b:0", digest="sha256:b")
NEVER_HELD = Due(
    id=1, link=Link(url=FIRST.url, source=Source.FEED), lane=Lane.NEWS, depth=0, hops=0, kind=None, form=None, etag=None,
    last_modified=None, digest=None, interval_seconds=None, steady=0, fails=0, fetched_at=None, article_id=None, stem=None,
    file_digest=None, captured_at=None, captured=None, text_digest=None, gone=False,
    moved_from=None,
)  # fmt: skip


def held(stored: Stored) -> Due:
    """Return the link as the frontier gives it back after *stored*."""
    one = stored.held
    return replace(
        NEVER_HELD,
        article_id=one.article_id,
        stem=one.stem,
        file_digest=one.file_digest,
        captured=one.captured,
    )


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return Corpus(tmp_path)


def test_a_new_article_is_stored_at_its_stem(corpus: Corpus) -> None:
    stored = store(corpus, FIRST, NEVER_HELD)
    assert (stored.outcome, stored.held.stem) == ("stored", "news.example/2025/11/01-title-0123456789ab")
    assert (stored.held.file_digest, stored.held.captured) == (file_digest(FIRST), FIRST.captured)
    assert corpus.read(stored.held.stem) == FIRST


def test_other_links_beside_the_same_text_change_nothing(corpus: Corpus) -> None:
    due = held(store(corpus, FIRST, NEVER_HELD))
    before = tree(corpus.archive)
    for links in ((), (PageLink(rel="related", position=1, text="C", url="https://news.example/c"),)):
        stored = store(corpus, replace(SECOND, links=links), due)
        assert stored.outcome == "unchanged"
    assert tree(corpus.archive) == before


@pytest.mark.parametrize(
    "change",
    [
        {"body": "The  body."},
        {"modified": "2025-11-02"},
        {"image": "https://news.example/a.jpg?2"},
    ],
)
def test_what_no_reader_would_see_changes_nothing(corpus: Corpus, change: dict[str, Any]) -> None:
    due = held(store(corpus, FIRST, NEVER_HELD))
    before = tree(corpus.archive)
    stored = store(corpus, replace(SECOND, **change), due)
    assert (stored.outcome, stored.held.file_digest) == ("unchanged", due.file_digest)
    assert tree(corpus.archive) == before


def test_quotes_dashes_and_targets_of_links_are_no_change_of_text(corpus: Corpus) -> None:
    first = replace(FIRST, body='He said "no" - [here](https://news.example/x?t=1).')
    due = held(store(corpus, first, NEVER_HELD))
    second = replace(SECOND, body="He said “no” – [here](https://news.example/x?t=2).")
    assert store(corpus, second, due).outcome == "unchanged"
    assert store(corpus, replace(second, body=second.body.replace("no", "yes")), due).outcome == "revised"


def test_an_older_capture_changes_nothing(corpus: Corpus) -> None:
    due = held(store(corpus, SECOND, NEVER_HELD))
    before = tree(corpus.archive)
    assert store(corpus, replace(FIRST, body="An older text."), due).outcome == "unchanged"
    assert tree(corpus.archive) == before


@pytest.mark.parametrize("gone", ["corpus", "links"])
def test_what_was_deleted_by_hand_is_there_again(corpus: Corpus, gone: str) -> None:
    due = held(store(corpus, FIRST, NEVER_HELD))
    before = {path: data for path, data in tree(corpus.archive).items() if path.startswith(gone)}
    assert before
    for path in before:
        (corpus.archive / path).unlink()
    stored = store(corpus, replace(FIRST), due)
    assert stored.outcome == ("stored" if gone == "corpus" else "unchanged")
    assert {path: data for path, data in tree(corpus.archive).items() if path.startswith(gone)} == before


def test_id_address_and_stem_stay_those_of_the_first_capture(corpus: Corpus) -> None:
    due = held(store(corpus, FIRST, NEVER_HELD))
    later = replace(
        SECOND, id="f" * 12, url="https://news.example/moved", title="New title", date="2025-11-05"
    )
    stored = store(corpus, later, due)
    assert (stored.outcome, stored.held.stem, stored.held.article_id) == ("revised", due.stem, FIRST.id)
    kept = corpus.read(stored.held.stem)
    assert (kept.id, kept.url, kept.title, kept.date) == (FIRST.id, FIRST.url, "New title", "2025-11-05")
    assert kept.captured == SECOND.captured


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({"body": "Another body."}, "revised"),
        ({"title": "Another title"}, "revised"),
        ({"description": "A standfirst."}, "revised"),
        ({"keywords": ("rail",)}, "unchanged"),
        ({"date": "2025-10-31"}, "unchanged"),
        ({"authors": ("Jane Roe",)}, "unchanged"),
    ],
)
def test_only_title_description_and_body_make_a_revision(
    corpus: Corpus, change: dict[str, Any], outcome: str
) -> None:
    due = held(store(corpus, FIRST, NEVER_HELD))
    assert store(corpus, replace(SECOND, **change), due).outcome == outcome
    assert len(list(corpus.archive.glob("revisions/**/*.md"))) == (outcome == "revised")
    assert due.stem
    assert corpus.read(due.stem) == replace(SECOND, **change)  # the file says what the capture it names gives


def test_a_text_that_comes_and_goes_is_kept_each_time(corpus: Corpus) -> None:
    due = held(store(corpus, FIRST, NEVER_HELD))
    for number, body in enumerate(["Two.", "The body.", "Two."], 2):
        due = held(
            store(
                corpus,
                replace(SECOND, body=body, captured=f"2025-11-0{number}T12:00:00Z", warc=f"{number}:0"),
                due,
            )
        )
    kept = sorted(corpus.archive.glob("revisions/news.example/0123456789ab/*.md"))
    assert [path.read_text().rstrip().splitlines()[-1] for path in kept] == ["The body.", "Two.", "The body."]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (("2025-11-01", "masthead"), ("2025-11-01", "masthead"), ("2025-11-01", "masthead")),
        (("2025-11-01", "masthead"), ("2025-11-02", "masthead"), (None, None)),
        ((None, None), ("2025-11-02", "masthead"), (None, None)),
        (("2025-11-01", "json-ld"), ("2025-11-02", "masthead"), ("2025-11-01", "json-ld")),
        (("2025-11-01", "masthead"), ("2025-10-31", "json-ld"), ("2025-10-31", "json-ld")),
        (("2025-11-01", "meta"), ("2025-10-31", "json-ld"), ("2025-10-31", "json-ld")),
    ],
)
def test_a_masthead_dates_an_article_at_its_first_capture_only(
    corpus: Corpus,
    first: tuple[str | None, str | None],
    second: tuple[str | None, str | None],
    expected: tuple[str | None, str | None],
) -> None:
    due = held(store(corpus, replace(FIRST, date=first[0], date_source=first[1]), NEVER_HELD))
    stored = store(corpus, replace(SECOND, date=second[0], date_source=second[1]), due)
    kept = corpus.read(stored.held.stem)
    assert (kept.date, kept.date_source) == expected
    assert stored.outcome == "unchanged"


OTHER_LINKS = (PageLink(rel="related", position=1, text="C", url="https://news.example/c"),)


@pytest.mark.parametrize(
    ("links", "writes", "written"),
    [(OTHER_LINKS, 3, written) for written in range(4)] + [((), 2, written) for written in range(3)],
)
def test_cut_short_at_any_write_and_done_again_it_comes_to_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: tuple[PageLink, ...], writes: int, written: int
) -> None:
    later = replace(SECOND, body="Another body.", links=links)
    trees = []
    for cut in (None, written):
        corpus = Corpus(tmp_path / str(cut))
        due = held(store(corpus, FIRST, NEVER_HELD))
        if cut is not None:
            left = iter(range(cut))
            write_whole = corpus_module.write_whole

            def write_some(path: Path, data: bytes) -> None:
                if next(left, None) is None:  # noqa: B023 (called in this turn of the loop only)
                    raise OSError(28, "No space left on device")
                write_whole(path, data)  # noqa: B023

            with monkeypatch.context() as patch:
                patch.setattr(corpus_module, "write_whole", write_some)
                if cut < writes:
                    with pytest.raises(OSError, match="No space"):
                        store(corpus, later, due)
                else:
                    store(corpus, later, due)
        stored = store(corpus, later, due)
        assert stored.outcome == "revised"
        trees.append((tree(corpus.archive), stored.held))
    assert trees[0] == trees[1]

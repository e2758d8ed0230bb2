"""Other people's WARCs into the archive, in the forms they come in."""

import gzip
import io
from pathlib import Path

import pytest
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from crawler.corpus import Corpus
from tests.conftest import Done, pressmark, tree
from tests.newspaper import paper

ORIGIN = "https://lantern.example"
_OTHERS = [
    path for path, truth in paper.truth().items() if truth["paper"] == paper.NAME and path != paper.CHANGED
]
PATHS = [paper.CHANGED, *_OTHERS[:3]]


def written(
    path: Path, *, edition: int = 1, gzipped: bool = True, when: str = "2025-11-05T10:00:00Z"
) -> Path:
    """Write a WARC as a news crawl does: some articles, and what else comes along."""
    pages = paper.render(edition, ORIGIN)
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=gzipped, warc_version="WARC/1.0")
        writer.write_record(writer.create_warcinfo_record(path.name, {"software": "a news crawler"}))

        def add(url: str, body: bytes, status: str = "200 OK", *, headers: list[tuple[str, str]] | None = None,
                kind: str = "response", warc_headers: dict[str, str] | None = None) -> None:  # fmt: skip
            http = StatusAndHeaders(
                status, headers or [("Content-Type", "text/html; charset=utf-8")], "HTTP/1.1"
            )
            record = writer.create_warc_record(url, kind, payload=io.BytesIO(body), length=len(body), http_headers=http,
                                               warc_headers_dict={"WARC-Date": when} | (warc_headers or {}))  # fmt: skip
            writer.write_record(record)

        body = pages[PATHS[0]].body
        add(ORIGIN + PATHS[0], body)
        packed = gzip.compress(pages[PATHS[1]].body)
        chunked = (
            b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (packed[:100], packed[100:]))
            + b"0\r\n\r\n"
        )
        add(ORIGIN + PATHS[1], chunked, headers=[("Content-Type", "text/html"), ("Content-Encoding", "gzip"),
                                                  ("Transfer-Encoding", "chunked")])  # fmt: skip
        add(ORIGIN + PATHS[2] + "?utm_source=feed", pages[PATHS[2]].body)
        add(ORIGIN + "/", pages["/"].body)
        add(ORIGIN + PATHS[3], b"gone", "404 Not Found")
        add(ORIGIN + "/report.html", b"%PDF-1.7", headers=[("Content-Type", "application/pdf")])
        add(ORIGIN + "/half", gzip.compress(body)[:-20], headers=[("Content-Type", "text/html"),
                                                                ("Content-Encoding", "gzip")])  # fmt: skip
        add(ORIGIN + "/cut", body, warc_headers={"WARC-Truncated": "length"})
        add(
            "https://other.example/story-of-the-quay", body.replace(ORIGIN.encode(), b"https://other.example")
        )
        add("ftp://lantern.example/x", body)
        add(ORIGIN + "/early", body, warc_headers={"WARC-Date": "0001-01-01T00:00:00+14:00"})
        add(ORIGIN + "/never", body, warc_headers={"WARC-Date": "someday"})
        add("https://" + ".".join(["a" * 60] * 4) + "/x", body)
    return path


def imported(archive: Path, *arguments: object) -> Done:
    return pressmark("import", *arguments, "--archive", archive, "--json")


@pytest.mark.parametrize("form", ["members", "plain", "one member"])
def test_every_form_gives_the_same_articles(tmp_path: Path, form: str) -> None:
    path = written(tmp_path / "news.warc.gz", gzipped=form == "members")
    if form == "one member":
        path.write_bytes(gzip.compress(path.read_bytes()))
    done = imported(tmp_path / "archive", path)
    assert done.code == 0, done.err
    assert done.json["records"] == 13
    assert done.json["outcomes"] == {"stored": 4, "refused": 6, "failed": 3}
    assert done.json["sites"] == {"lantern.example": 3, "other.example": 1}
    corpus = Corpus(tmp_path / "archive")
    held = {article.url: article for article in (corpus.read(file.stem) for file in corpus.scan())}
    truth = paper.truth()
    for path_ in PATHS[:3]:
        article = held[ORIGIN + path_]
        assert article.title == truth[path_]["title"]
        assert article.captured == "2025-11-05T10:00:00Z"
    assert pressmark("verify", "--archive", tmp_path / "archive").code == 0
    assert '"rewritten": 0' in pressmark("reclean", "--archive", tmp_path / "archive", "--json").out


def test_done_twice_nothing_comes_twice(tmp_path: Path) -> None:
    path = written(tmp_path / "news.warc.gz")
    imported(tmp_path / "archive", path)
    before = {k: v for k, v in tree(tmp_path / "archive").items() if not k.startswith(("state", "logs"))}
    done = imported(tmp_path / "archive", path)
    assert done.json["outcomes"]["held already"] == 4
    after = {k: v for k, v in tree(tmp_path / "archive").items() if not k.startswith(("state", "logs"))}
    assert after == before


def test_a_later_capture_is_a_revision_and_an_earlier_one_changes_nothing(tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    first = written(tmp_path / "first.warc.gz", edition=1)
    later = written(tmp_path / "later.warc.gz", edition=2, when="2025-11-09T10:00:00Z")
    imported(archive, first)
    assert imported(archive, later).json["outcomes"]["revised"] == 2  # at either site
    assert len(list(archive.glob("revisions/**/*.md"))) == 2

    other = tmp_path / "other"
    imported(other, later)
    before = {k: v for k, v in tree(other).items() if k.startswith(("corpus", "revisions"))}
    imported(other, first)
    assert {k: v for k, v in tree(other).items() if k.startswith(("corpus", "revisions"))} == before


def test_only_the_sites_asked_for_are_taken(tmp_path: Path) -> None:
    path = written(tmp_path / "news.warc.gz")
    done = imported(tmp_path / "archive", path, "--site", "other.example")
    assert done.json["sites"] == {"other.example": 1}
    assert "of another site" in done.json["reasons"]


def test_a_site_of_imports_alone_is_crawled_by_no_schedule(tmp_path: Path) -> None:
    imported(tmp_path / "archive", written(tmp_path / "news.warc.gz"))
    done = pressmark("crawl", "--archive", tmp_path / "archive")
    assert done.code == 2
    assert "no site to crawl" in done.err
    status = pressmark("status", "--archive", tmp_path / "archive").out
    assert "lantern.example: 3 articles" in status


@pytest.mark.parametrize(
    ("content", "found"), [(b"not a WARC at all", "broken after 0 records"), (b"", "0 records")]
)
def test_a_file_that_is_no_warc_is_named(tmp_path: Path, content: bytes, found: str) -> None:
    path = tmp_path / "x.warc.gz"
    path.write_bytes(content)
    done = imported(tmp_path / "archive", path)
    assert found in done.err
    assert done.code == (1 if content else 0)


def test_what_comes_before_a_break_is_kept(tmp_path: Path) -> None:
    path = written(tmp_path / "news.warc.gz")
    path.write_bytes(path.read_bytes()[:-1500] + b"\x00" * 50)
    done = imported(tmp_path / "archive", path)
    assert done.json["outcomes"]["stored"] >= 3


def test_a_missing_file_is_named_before_anything_is_done(tmp_path: Path) -> None:
    done = imported(tmp_path / "archive", written(tmp_path / "news.warc.gz"), tmp_path / "nowhere.warc.gz")
    assert done.code == 2
    assert "nowhere.warc.gz" in done.err
    assert not (tmp_path / "archive").exists()


def test_a_site_whose_state_is_damaged_costs_the_others_nothing(tmp_path: Path) -> None:
    path, archive = written(tmp_path / "news.warc.gz"), tmp_path / "archive"
    state = archive / "state" / "lantern.example.sqlite"
    state.parent.mkdir(parents=True)
    state.write_bytes(b"no database" * 1000)
    done = imported(archive, path)
    assert done.json["sites"] == {"other.example": 1}
    assert done.json["reasons"]["the state of its site cannot be used"] == 3
    [broken] = done.json["broken"]
    assert "lantern.example.sqlite cannot be used" in broken
    assert broken in done.err
    assert done.code == 1
    assert len(list(Corpus(archive).scan())) == 1

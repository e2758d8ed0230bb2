"""A corpus file is read as it was written, by us and by others, and no damage goes unnamed."""

import hashlib
from contextlib import suppress
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from crawler.corpus import BadCorpusFile, Corpus, dump, dump_links, load, load_links, stem
from crawler.items import Article, Notice, PageLink, RunReport, SiteRecord, Yield

ARTICLE = Article(
    title="U.S. Secures “Key” Agreements: a #1 \\ test",
    date="2025-11-01T08:00:00+08:00",
    date_source="json-ld",
    authors=("Jane Roe", "John O'Doe"),
    site="news.example",
    url="https://news.example/a",
    id="0123456789ab",
    words=3,
    notices=("ai-generated",),
    captured="2025-11-01T17:20:41Z",
    body="One paragraph.\n\nAnother.",
    links=(PageLink(rel="related", position=1, text="Read “this”", url="https://news.example/b"),),
)

# Text without lone surrogates, which UTF-8 cannot hold; everything else may come.
HOSTILE = st.text(max_size=40) | st.sampled_from(
    [
        "---",
        "\n---\n",
        "- x",
        "key: value",
        "null",
        "1e3",
        "yes",
        "\x85",
        "\u2028",
        "\ufeff",
        "\x00",
        "\x7f",
        "'\"",
        "#",
        "\r\n",
        "𝒳",
    ]
)
ARTICLES = st.builds(
    Article,
    **{
        field.name: st.just("news.example") if field.name == "site"
        else st.integers(0, 10**6) if field.name == "words"
        else st.lists(HOSTILE, max_size=3).map(tuple) if field.name in {"authors", "keywords", "notices", "rights"}
        else st.lists(
            st.builds(PageLink, rel=st.sampled_from(["related", "inline"]), position=st.integers(1, 99), text=HOSTILE,
                      url=st.none() | HOSTILE), max_size=3,
        ).map(tuple) if field.name == "links"
        else HOSTILE if field.name in {"title", "url", "id", "body"}
        else st.none() | HOSTILE
        for field in fields(Article)
    },
)  # fmt: skip


@given(ARTICLES)
def test_an_article_survives_the_round_trip(article: Article) -> None:
    assert load(dump(article), dump_links(article.links)) == article


@given(ARTICLES)
def test_other_readers_of_yaml_take_the_same_values(article: Article) -> None:
    head = dump(article).split("\n---\n")[0].removeprefix("---\n")
    expected = {
        field.name: list(value) if isinstance(value, tuple) else value
        for field in fields(Article)
        if field.name not in {"body", "links"} and (value := getattr(article, field.name)) not in (None, ())
    }
    assert yaml.load(head, yaml.CSafeLoader) == expected
    assert yaml.load(head, yaml.SafeLoader) == expected
    assert YAML(typ="safe", pure=True).load(head) == expected


@pytest.mark.parametrize("char", "\0\b\t\n\x1f\x7f\x80\x85\x9f\u2028\u2029\ufeff\ufdd0\ufdef\ufffe\uffff")
def test_what_some_reader_takes_for_a_line_break_or_refuses_is_escaped(char: str) -> None:
    text = dump(replace(ARTICLE, title=f"a {char} b", body=""))
    assert char == "\n" or char not in text
    head = text.split("\n---\n")[0].removeprefix("---\n")
    for title in (yaml.load(head, yaml.SafeLoader)["title"], YAML(typ="safe", pure=True).load(head)["title"]):
        assert title == f"a {char} b"


@given(st.integers(0, 600), st.binary(min_size=1, max_size=3))
def test_damage_is_named_or_harmless(at: int, bytes_: bytes) -> None:
    whole = dump(ARTICLE).encode()
    damaged = (whole[:at] + bytes_ + whole[at + len(bytes_) :]).decode("utf-8", "replace")
    with suppress(BadCorpusFile):  # and nothing else
        load(damaged)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no front matter", "front matter"),
        (dump(ARTICLE).replace("title:", "tilte:"), "'tilte'"),
        (dump(ARTICLE).replace('id: "0123456789ab"\n', ""), "lacks id"),
        (dump(ARTICLE).replace("words: 3", "words: three"), "words takes an integer"),
        (dump(ARTICLE).replace("words: 3", "words: 3\nwords: 4"), "twice"),
        (dump(ARTICLE).replace('"news.example"', "news.example"), "double quotes"),
        (dump(ARTICLE).replace("authors:", "authors: x"), "takes a list"),
    ],
)
def test_each_damage_is_named(text: str, said: str) -> None:
    with pytest.raises(BadCorpusFile, match=said):
        load(text)


@pytest.mark.parametrize(
    "text",
    [
        dump(ARTICLE).replace('"news.example"', "[" * 200_000),
        dump(ARTICLE).replace('"news.example"', "9" * 5_000),
        dump(ARTICLE).replace('"news.example"', "null"),
        dump(ARTICLE).replace("\n", "\r\n"),
        dump(ARTICLE).replace("---\n\n", "---\n"),
        dump(ARTICLE).removesuffix("\n"),
        "---\n---\n",
        "",
    ],
)
def test_what_only_looks_like_a_corpus_file_is_refused(text: str) -> None:
    with pytest.raises(BadCorpusFile):
        load(text)


@given(st.integers(0, 10_000))
def test_a_file_cut_short_is_never_taken_for_another(at: int) -> None:
    whole = dump(ARTICLE)
    at %= len(whole)
    head = whole.index("\n---\n") + 5
    if at in {head, whole.index("\n\nAnother") + 2}:
        return  # a whole article without a body, or with one paragraph less
    if at > head + 1 and whole[at - 1] == "\n":
        return
    with pytest.raises(BadCorpusFile):
        load(whole[:at])


@pytest.mark.parametrize(
    "text",
    [
        dump_links(ARTICLE.links)[:-1],
        dump_links(ARTICLE.links) + "{",
        "\n",
        '{"rel":"inline","position":"1","text":"x"}\n',
        '{"rel":"inline","position":1,"text":"x","more":' + "[" * 100_000 + "}\n",
        "[]\n",
    ],
)
def test_damaged_links_are_refused_with_their_line(text: str) -> None:
    with pytest.raises(BadCorpusFile, match="line "):
        load_links(text)


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "\ud800"},
        {"body": "\udfff"},
        {"links": (PageLink(rel="inline", position=1, text="\ud800"),)},
    ],
)
def test_what_utf_8_cannot_hold_is_refused_before_anything_is_written(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    with pytest.raises((BadCorpusFile, UnicodeEncodeError)):
        Corpus(tmp_path).write(replace(ARTICLE, **changes), "news.example/undated/x")
    assert not list(tmp_path.rglob("*"))


def test_links_are_one_line_each() -> None:
    assert dump_links(ARTICLE.links) == (
        '{"rel":"related","position":1,"text":"Read “this”","url":"https://news.example/b"}\n'
    )
    with pytest.raises(BadCorpusFile, match="line 2"):
        load_links(dump_links(ARTICLE.links) + "{}\n")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "news.example/2025/11/01-us-secures-key-agreements-a-1-test-0123456789ab"),
        ({"date": None}, "news.example/undated/us-secures-key-agreements-a-1-test-0123456789ab"),
        ({"title": "东码头"}, "news.example/2025/11/01-0123456789ab"),
    ],
)
def test_a_stem_is_site_day_and_slug(changes: dict[str, str], expected: str) -> None:
    assert stem(replace(ARTICLE, **changes)) == expected


def test_what_is_written_is_scanned_and_read(tmp_path: Path) -> None:
    corpus = Corpus(tmp_path)
    corpus.write(ARTICLE, stem(ARTICLE))
    [file] = corpus.scan()
    assert file.stem == stem(ARTICLE)
    assert corpus.read(file.stem) == ARTICLE
    assert not [path for path in tmp_path.rglob("*") if path.name.startswith(".")]
    text, links = corpus.text_path(file.stem).stat(), corpus.links_path(file.stem).stat()
    assert file.stamp == (text.st_mtime_ns, text.st_size, links.st_mtime_ns, links.st_size)


def test_files_are_scanned_in_the_order_of_their_stems(tmp_path: Path) -> None:
    stems = [
        "a.example-8765/undated/x-0", "a.example/2024/12/31-x-1", "a.example/2025/01/01-x-2", "a.example/2025/01/01-x-2-y-3",
        "a.example/2025/01/02-x-4", "a.example/undated/x-5", "b.example/2025/01/01-x-6",
    ]  # fmt: skip
    assert stems == sorted(stems)
    for place in reversed(stems):
        path = Corpus(tmp_path).text_path(place)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dump(ARTICLE))
    for name in ("01-x-2", "01-x-2.txt", ".01-x-2.md.7.tmp", ".hidden.md"):  # nothing of ours
        (tmp_path / "corpus/a.example/2025/01" / name).write_text("")
    corpus = Corpus(tmp_path)
    assert [file.stem for file in corpus.scan()] == stems
    assert [file.stem for file in corpus.scan("a.example")] == stems[1:6]
    assert list(corpus.scan("c.example")) == []
    assert {file.stamp[2:] for file in corpus.scan()} == {(0, 0)}  # no links
    assert corpus.sites() == ("a.example", "a.example-8765", "b.example")


def test_a_damaged_file_is_named_by_its_path(tmp_path: Path) -> None:
    corpus, place = Corpus(tmp_path), stem(ARTICLE)
    corpus.write(ARTICLE, place)
    corpus.links_path(place).write_bytes(b"\xff\n")
    with pytest.raises(BadCorpusFile, match=ARTICLE.id):
        corpus.read(place)
    with pytest.raises(FileNotFoundError):
        corpus.read("news.example/undated/none")


def test_an_article_that_is_gone_is_marked_and_kept(tmp_path: Path) -> None:
    corpus, place = Corpus(tmp_path), stem(ARTICLE)
    corpus.write(ARTICLE, place)
    digest = corpus.mark_gone(place, "2025-12-01")
    assert corpus.read(place) == replace(ARTICLE, gone="2025-12-01")
    assert digest == f"sha256:{hashlib.sha256(corpus.text_path(place).read_bytes()).hexdigest()}"


def test_a_revision_keeps_the_earlier_text_once(tmp_path: Path) -> None:
    corpus, place = Corpus(tmp_path), stem(ARTICLE)
    corpus.write(ARTICLE, place)
    later = replace(ARTICLE, body="Another text.")
    assert corpus.revise(later, place) == 1
    kept = tmp_path / "revisions/news.example/0123456789ab/1.md"
    assert kept.read_text() == dump(ARTICLE)
    assert corpus.read(place).body == "Another text."
    # As after a kill between the two writes: the earlier text is kept, the later one not yet in place.
    corpus.write(ARTICLE, place)
    assert corpus.revise(later, place) == 1
    assert len(list(kept.parent.iterdir())) == 1


@pytest.mark.parametrize("step", ["os.fsync", "pathlib.Path.replace"])
def test_a_full_disk_leaves_the_old_file_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    corpus, place = Corpus(tmp_path), stem(ARTICLE)
    corpus.write(ARTICLE, place)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(step, full)
    with pytest.raises(OSError, match="No space"):
        corpus.write(replace(ARTICLE, body="New."), place)
    assert corpus.read(place) == ARTICLE
    assert not list(tmp_path.rglob("*.tmp"))


def test_a_site_record_survives_the_round_trip(tmp_path: Path) -> None:
    corpus = Corpus(tmp_path)
    record = SiteRecord(
        name="news.example",
        start="https://news.example/",
        publisher='The "News"',
        robots="rules",
        crawl_delay_seconds=1.5,
        rights=("licence: x",),
        notices=(Notice(fact="ai-generated", text="Made by \\ a machine \x7f “so it says”."),),
    )
    corpus.write_site_record(record)
    assert corpus.site_record("news.example") == record
    assert corpus.site_record("other.example") is None
    assert corpus.add_notices(record, record.notices) == record
    for other in (
        replace(record, crawl_delay_seconds=0.0, notices=()),
        SiteRecord(name="news.example", start="x", publisher=""),
    ):
        corpus.write_site_record(other)
        assert corpus.site_record("news.example") == other
    (tmp_path / "sites/news.example/site.toml").write_text("name = ")
    with pytest.raises(BadCorpusFile, match=r"site\.toml"):
        corpus.site_record("news.example")


def test_run_reports_come_oldest_first(tmp_path: Path) -> None:
    corpus = Corpus(tmp_path)
    report = RunReport(
        site="news.example", started="2025-11-02T00:00:00Z", ended="2025-11-02T00:01:00Z", finished="done", failed=False,
        pages=1, requests=2, received_bytes=3, outcomes={"stored": 1}, sources={"feed": Yield(named=1, only=1)}, held=1,
    )  # fmt: skip
    last = corpus.write_run(report)
    again = corpus.write_run(replace(report, pages=2))
    corpus.write_run(replace(report, started="2025-11-01T00:00:00Z"))
    other = corpus.write_run(replace(report, site="a-b.example", started="2025-11-01T00:00:00Z"))
    assert [corpus.read_run(path).started[8:10] for path in corpus.run_paths()] == ["01", "01", "02", "02"]
    assert corpus.read_run(last) == report
    assert corpus.last_runs() == {"news.example": again, "a-b.example": other}
    last.write_text("{")
    with pytest.raises(BadCorpusFile, match="cannot be read"):
        corpus.read_run(last)
    corpus.forget_runs(datetime(2025, 11, 2, 0, 0, 1, tzinfo=UTC))
    assert set(corpus.run_paths()) == {again, other}  # the last of a site stays, however old


def test_what_a_kill_left_half_written_is_swept_for_its_own_site(tmp_path: Path) -> None:
    corpus = Corpus(tmp_path)
    left = {
        "corpus/a.example/2025/11/.01-x-0123456789ab.md.77.tmp": True,
        "links/a.example/2025/11/.01-x-0123456789ab.jsonl.77.tmp": True,
        "sites/a.example/.site.toml.77.tmp": True,
        "runs/.20251101T000000Z-a.example.json.77.tmp": True,
        "corpus/a.example/2025/11/01-x-0123456789ab.md": False,
        "corpus/b.example/2025/11/.01-x-0123456789ab.md.78.tmp": False,
        "runs/.20251101T000000Z-b.example.json.78.tmp": False,
        "runs/.20251101T000000Z-x-a.example.json.79.tmp": False,
    }
    for path in left:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    corpus.sweep("a.example")
    assert {path: not (tmp_path / path).exists() for path in left} == left

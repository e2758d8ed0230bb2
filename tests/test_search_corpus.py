"""The corpus searched from the terminal: what is alike, what is found, in which order, and where exactly."""

from pathlib import Path

import pytest

from crawler.corpus import Corpus, stem
from crawler.items import Article
from crawler.search import CONTEXT_CHARS, MAX_LINES, Match, fold, search_corpus


def keep(
    archive: Path, number: int, title: str, body: str, *, date: str | None = None, site: str = "a.example"
) -> str:
    article = Article(
        title=title, date=date, site=site, url=f"https://{site}/{number}", id=f"{number:012}", words=1, body=body,
        description="The standfirst.",
    )  # fmt: skip
    Corpus(archive).write(article, stem(article))
    return article.url


def search(archive: Path, query: str, **more: str) -> list[Match]:
    return list(search_corpus(archive, query, **more))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("MÜNCHEN", "munchen"),
        ("Straße", "STRASSE"),
        ("café", "cafe\u0301"),
        ("Nguyễn", "nguyen"),
        ("Asia’s", "asia's"),
        ("Asiaʼs", "Asia`s"),
        ("“No”", '"no"'),
        ("«non»", "„NON‟"),
        ("2024–25", "2024-25"),
        ("one—two", "one−two"),
        ("rare\u00a0earth", "rare earth"),
        ("10\u202f000", "10 000"),
        ("ПРИВЕТ", "привет"),
    ],
)
def test_what_is_alike(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), [("rare", "rares"), ("a b", "ab"), ("中国", "中國"), ("e", "3")])
def test_what_is_not_alike(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("rare", True),
        ("RARE earth", True),
        ("earth rare", True),
        ('"rare earth"', True),
        ('"earth rare"', False),
        ("“rare earth”", True),
        ('"rare\u00a0earth"', True),
        ("mine", True),  # in the title
        ("standfirst", True),
        ("rare gold", False),
        ("muller", True),
        ("'a \"rare", False),
        ("0123", False),  # in the front matter only
        ("words", False),
        ("", False),
        ("   ", False),
        ("\u0301", False),  # nothing is left of it when it is folded
        ("mu\u0308ller", True),
        ("rare \u064b", True),
    ],
)
def test_every_word_and_phrase_asked_for_must_be_there(tmp_path: Path, query: str, *, found: bool) -> None:
    keep(tmp_path, 123, "A mine opens", "Rare earth, says Müller.\n\nThe shares rose.")
    assert bool(search(tmp_path, query)) is found


def test_a_phrase_does_not_run_over_the_end_of_a_paragraph(tmp_path: Path) -> None:
    keep(tmp_path, 1, "Title", "It ends here\n\nand goes on.")
    assert not search(tmp_path, '"here and"')


def test_newest_first_and_the_undated_last(tmp_path: Path) -> None:
    undated = keep(tmp_path, 1, "Undated", "word")
    old = keep(tmp_path, 2, "Zebra", "word", date="2024-12-31")
    new = keep(tmp_path, 3, "Aardvark", "word", date="2025-01-02T10:00:00+08:00", site="b.example")
    middle = keep(tmp_path, 4, "Middle", "word", date="2025-01-01")
    assert [match.url for match in search(tmp_path, "word")] == [new, middle, old, undated]
    assert [match.url for match in search(tmp_path, "word", site="b.example")] == [new]
    assert search(tmp_path, "word", site="none.example") == []


@pytest.mark.parametrize(
    ("body", "query", "expected"),
    [
        ("The rare earth.", "RARE", ("The ", "rare", " earth.")),
        ("Rare", "rare", ("", "Rare", "")),
        ("In Müller’s view", "muller's", ("In ", "Müller’s", " view")),
        ("Die Straße.", "strasse", ("Die ", "Straße", ".")),
        ("The ﬁnal", "final", ("The ", "ﬁnal", "")),
        ("a cafe\u0301 b", "cafe", ("a ", "cafe\u0301", " b")),
        ("x\u0301yz", "yz", ("x\u0301", "yz", "")),
        ("2024–25 figures", "2024-25", ("", "2024–25", " figures")),
        ("über 한국 über", "한국", ("über ", "한국", " über")),
        ("😀 smile", "smile", ("😀 ", "smile", "")),
    ],
)
def test_the_found_is_marked_to_the_letter(
    tmp_path: Path, body: str, query: str, expected: tuple[str, str, str]
) -> None:
    keep(tmp_path, 1, "Title", body)
    [match] = search(tmp_path, query)
    assert match.lines == (expected,)
    assert "".join(expected) == body


def test_long_lines_are_cut_and_many_are_few(tmp_path: Path) -> None:
    keep(tmp_path, 1, "Title", "\n\n".join(["x" * 100 + " needle " + "y" * 100] * (MAX_LINES + 2)))
    [match] = search(tmp_path, "needle")
    assert len(match.lines) == MAX_LINES
    before, found, after = match.lines[0]
    assert found == "needle"
    assert before == "…" + "x" * (CONTEXT_CHARS - 1) + " "
    assert after == " " + "y" * (CONTEXT_CHARS - 1) + "…"


def test_a_damaged_file_hides_no_other(tmp_path: Path) -> None:
    url = keep(tmp_path, 1, "Title", "word")
    keep(tmp_path, 2, "Broken", "word")
    for place in Corpus(tmp_path).scan():
        path = Corpus(tmp_path).text_path(place.stem)
        if "broken" in place.stem:
            path.write_bytes(path.read_bytes()[:40] + b"\xff word")
    assert [match.url for match in search(tmp_path, "word")] == [url]

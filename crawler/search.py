"""The corpus searched from the terminal: every word or "phrase" asked for, whatever the case, accents, quotes or dashes."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from crawler.corpus import BadCorpusFile, Corpus
from crawler.items import Article

MAX_LINES = 3
CONTEXT_CHARS = 60

ALIKE = str.maketrans({
    **dict.fromkeys("‘’‚‛ʼ′＇`´", "'"),
    **dict.fromkeys("“”„‟«»″＂", '"'),
    **dict.fromkeys("‐‑‒–—―−－", "-"),
    **dict.fromkeys("\u00a0\u2007\u202f", " "),
})  # fmt: skip
"""Quotes, dashes and spaces that look alike, each kind to one of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One article that has all that was asked for."""

    title: str
    date: str | None
    site: str
    url: str
    path: str
    """Of the corpus file, as it can be opened from here."""
    lines: tuple[tuple[str, str, str], ...]
    """Where it was found: the text before, the text found, the text after."""


def search_corpus(archive: Path, query: str, *, site: str | None = None) -> Iterator[Match]:
    """Yield the articles in which every word and every ``"phrase"`` of *query* occurs, newest first."""
    asked = re.findall(r'"([^"]+)"|(\S+)', query.translate(ALIKE))
    terms = [term for quoted, word in asked if (term := fold(quoted or word))]
    if not terms:
        return
    corpus = Corpus(archive)
    files = sorted(corpus.scan(site), key=lambda file: _day(file.stem), reverse=True)
    for file in files:
        path = corpus.text_path(file.stem)
        text = fold(path.read_bytes().decode(errors="replace"))
        if not all(term in text for term in terms):
            continue
        try:
            article = corpus.read(file.stem)
        except BadCorpusFile:
            continue
        if match := _match(article, terms, path):
            yield match


def fold(text: str) -> str:
    """Return *text* as it is compared: lower case, no accents, one form of quotes and dashes."""
    text = text.translate(ALIKE).casefold()
    if text.isascii():
        return text
    return "".join(char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char))


def _day(stem: str) -> tuple[str, ...]:
    """Return year, month and day of the article kept at *stem*; undated ones come before any."""
    _, *folders, name = stem.split("/")
    return () if folders == ["undated"] else (*folders, name[:2])


def _match(article: Article, terms: list[str], path: Path) -> Match | None:
    parts = [article.title, article.description or "", *article.body.split("\n")]
    folded = [fold(part) for part in parts]
    if not all(any(term in line for line in folded) for term in terms):
        return None
    lines: list[tuple[str, str, str]] = []
    for part, line in zip(parts[1:], folded[1:], strict=True):
        term = next((term for term in terms if term in line), None)
        if term is not None and len(lines) < MAX_LINES:
            lines.append(_around(part, term))
    return Match(
        title=article.title,
        date=article.date,
        site=article.site,
        url=article.url,
        path=str(path),
        lines=tuple(lines),
    )


def _around(line: str, term: str) -> tuple[str, str, str]:
    """Return *line* cut around the first place that folds to *term*: before, found, after."""
    places: list[int] = []  # for each folded character, the character of *line* it came from
    for index, char in enumerate(line):
        places += [index] * len(fold(char))
    at = fold(line).find(term)
    start, end = places[at], places[at + len(term) - 1] + 1
    while end < len(line) and not fold(line[end]):  # an accent of its own belongs to the letter before it
        end += 1
    before, after = line[:start], line[end:]
    if len(before) > CONTEXT_CHARS:
        before = "…" + before[-CONTEXT_CHARS:]
    if len(after) > CONTEXT_CHARS:
        after = after[:CONTEXT_CHARS] + "…"
    return before, line[start:end], after

"""Text → the words it is found by; ``templates/words.js`` does the same in the browser.

The table of what is a letter stands in that script alone and is read from there, so that there is one.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import accumulate

LONGEST = 64
"""Characters of a word that count."""

_MARKS = re.compile("[\u0300-\u036f]")
_ASCII_WORDS = re.compile("[a-z0-9]+")
_QUERY = re.compile(
    '(-?)(?:"([^"]*)"?|([^ \\t\\r\\n\u00a0\u3000"]+))'
)  # JavaScript's \\s is another than Python's
_QUOTES = str.maketrans(dict.fromkeys("“”„«»", '"'))


@dataclass(frozen=True, slots=True)
class _Table:
    others: re.Pattern[str]
    runs: re.Pattern[str]
    is_unspaced: re.Pattern[str]


@cache
def _table() -> _Table:
    script = (files("templates") / "words.js").read_text(encoding="utf-8")
    bounds = accumulate(numbers(_constant("BOUNDS", script)))
    inside = "".join(f"{chr(first)}-{chr(after - 1)}" for first, after in zip(bounds, bounds, strict=True))
    pairs = (pair.split("-") for pair in _constant("UNSPACED", script).split())
    unspaced = "".join(f"{chr(int(first, 16))}-{chr(int(last, 16))}" for first, last in pairs)
    return _Table(
        others=re.compile(f"[^{inside}]+"),
        runs=re.compile(f"[{unspaced}]+|(?:(?![{unspaced}])[{inside}])+"),
        is_unspaced=re.compile(f"[{unspaced}]"),
    )


def _constant(name: str, script: str) -> str:
    match = re.search(f'const {name} = "([^"]*)"', script)
    assert match, f"words.js has no {name}"
    return match[1]


DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"


def number(value: int) -> str:
    """Return *value* as digits of five bits, lowest first, all but the last with a sixth bit."""
    text = ""
    while value >= 32:
        text += DIGITS[32 + value % 32]
        value //= 32
    return text + DIGITS[value]


def numbers(text: str) -> list[int]:
    """Return the values that `number` wrote one after the other as *text*."""
    found = []
    value, unit = 0, 1
    for char in text:
        digit = DIGITS.index(char)
        value += digit % 32 * unit
        unit *= 32
        if digit < 32:
            found.append(value)
            value, unit = 0, 1
    return found


def fold(text: str) -> str:
    """Return *text* without case, compatibility forms, signs, and the marks of Latin, Greek and Cyrillic.

    These marks are U+0300–U+036F; those of other scripts are parts of words.
    """
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKD", _table().others.sub(" ", text))
    text = unicodedata.normalize("NFC", _MARKS.sub("", text))
    return text.lower().replace("ß", "ss").replace("ς", "σ")


def runs(text: str) -> list[tuple[str, bool]]:
    """Return the runs of letters, numbers and marks of *text*, folded, and whether each is of an unspaced script."""
    folded = fold(text)
    if folded.isascii():
        return [(word, False) for word in _ASCII_WORDS.findall(folded)]
    table = _table()
    return [(run, table.is_unspaced.match(run) is not None) for run in table.runs.findall(folded)]


def words(text: str) -> list[str]:
    """Return the words of *text* in order: a word's place is its position.

    In an unspaced run each character begins one, together with the character after it.
    """
    found: list[str] = []
    for run, unspaced in runs(text):
        if unspaced:
            found += [run[place : place + 2] for place in range(len(run))]
        else:
            found.append(run[:LONGEST])
    return found


@dataclass(frozen=True, slots=True)
class Sought:
    """A word to look for."""

    word: str
    prefix: bool
    """Whether words that begin with it count too."""


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of a query: words that follow one another."""

    items: tuple[Sought, ...]
    negated: bool
    """Whether they must not occur."""


def sought(text: str) -> list[Sought]:
    """Return what to look for to find *text*.

    A single unspaced character is found by the words that begin with it; the last of several has been found
    with the one before.
    """
    found: list[Sought] = []
    for run, unspaced in runs(text):
        if not unspaced:
            found.append(Sought(run[:LONGEST], prefix=False))
        elif len(run) == 1:
            found.append(Sought(run, prefix=True))
        else:
            found += [Sought(run[place : place + 2], prefix=False) for place in range(len(run) - 1)]
    return found


def parse(query: str) -> list[Clause]:
    """Return what *query* asks: all words, ``"phrases"``, ``-not``; while typing, the last word may go on."""
    clauses = []
    query = query.translate(_QUOTES)
    for match in _QUERY.finditer(query):
        quoted = match[2] is not None
        items = sought(match[2] if quoted else match[3])
        if not items:
            continue
        negated = match[1] == "-"
        if match.end() == len(query) and not quoted and not negated and len(items) == 1:
            items = [Sought(items[0].word, prefix=True)]
        clauses.append(Clause(tuple(items), negated))
    return clauses

"""How near an output comes to the truth: the body by its shingles, title and date by equality, names as sets.

The body's score is that of Zyte's article-extraction benchmark: shingles of four tokens, and the F1 of mean precision and
mean recall. Source: https://github.com/scrapinghub/article-extraction-benchmark. It leaves letters as they are spelled; here
"ü" is one, whether it is written as such or as "u" and its dots, which one truth does throughout.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import fmean

from benchmarks.extraction.data import Truth
from benchmarks.extraction.tools import Output

SHINGLE_TOKENS = 4
SAME_INSTANT_SECONDS = 60

_TOKEN = re.compile(r"\w+")
# Soft hyphens and characters without width stand in some truths, and mean nothing.
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_NO_WORD = re.compile(r"[\W_]+")
_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_CLOCK = re.compile(r"\d{4}-?\d\d-?\d\d[T ]\d\d")

Shingle = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Overlap:
    """The shingles of an output and of the truth: counts of those in both, in the output alone, in the truth alone."""

    both: int
    added: int
    missed: int

    @property
    def precision(self) -> float | None:
        """The share of the output that is right; ``None`` without output."""
        return self.both / (self.both + self.added) if self.both + self.added else None

    @property
    def recall(self) -> float | None:
        """The share of the truth that is there; ``None`` without truth."""
        return self.both / (self.both + self.missed) if self.both + self.missed else None

    @property
    def f1(self) -> float:
        """The F1 of this one page."""
        total = 2 * self.both + self.added + self.missed
        return 2 * self.both / total if total else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """The scores of one page; ``None`` where the truth is unknown."""

    body: Overlap
    lenient: Overlap
    """The body when the standfirst may be there or not, whichever is the better."""
    title: bool | None
    """The same words, whatever the case and the marks."""
    title_exact: bool | None
    day: bool | None
    instant: bool | None
    """Within a minute; ``None`` also when the truth knows no time of day."""
    authors: float | None
    topics: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The mean scores of many pages; ``None`` where no truth is known."""

    pages: int
    precision: float
    recall: float
    body: float
    lenient: float
    title: float | None
    title_exact: float | None
    day: float | None
    instant: float | None
    authors: float | None
    topics: float | None


def tokens(text: str) -> list[str]:
    """Return the words of *text*, in the one form of Unicode that every spelling of a letter has (NFC)."""
    return _TOKEN.findall(_INVISIBLE.sub("", unicodedata.normalize("NFC", text)))


def shingles(words: Sequence[str]) -> list[Shingle]:
    """Return every four *words* that follow each other; of fewer words, all."""
    if not words:
        return []
    return [tuple(words[at : at + SHINGLE_TOKENS]) for at in range(max(1, len(words) - SHINGLE_TOKENS + 1))]


def overlap(truth: str, text: str) -> Overlap:
    """Return what *text* has in common with *truth*."""
    wanted, found = Counter(shingles(tokens(truth))), Counter(shingles(tokens(text)))
    both = (wanted & found).total()
    return Overlap(both, found.total() - both, wanted.total() - both)


def mean_f1(overlaps: Iterable[Overlap]) -> tuple[float, float, float]:
    """Return the F1 of the mean precision and the mean recall of *overlaps*, and these two."""
    overlaps = list(overlaps)
    precision = _mean(one.precision for one in overlaps) or 0.0
    recall = _mean(one.recall for one in overlaps) or 0.0
    return f1(precision, recall), precision, recall


def f1(precision: float, recall: float) -> float:
    """Return the harmonic mean of *precision* and *recall*."""
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def normal(text: str) -> str:
    """Return the words of *text* in lower case, a space between them."""
    return _NO_WORD.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()


def names_f1(wanted: Iterable[str], found: Iterable[str]) -> float:
    """Return the F1 of *found* as a set of names."""
    true, given = {normal(one) for one in wanted} - {""}, {normal(one) for one in found} - {""}
    return 2 * len(true & given) / (len(true) + len(given)) if true or given else 1.0


def states_time(when: str | None) -> bool:
    """Whether the date *when* says a time of day."""
    return bool(when and _CLOCK.search(when))


def same_day(truth: str, found: str | None) -> bool:
    """Whether *found* is of the day of *truth*, as it is written or in the truth's zone."""
    wanted, given = _moment(truth), _moment(found)
    if wanted is None or given is None:
        return False
    if wanted.date() == given.date():
        return True
    if wanted.tzinfo is None or given.tzinfo is None or abs(given - wanted) > timedelta(days=2):
        return False
    return given.astimezone(wanted.tzinfo).date() == wanted.date()


def same_instant(truth: str, found: str | None) -> bool:
    """Whether *found* says the time of *truth*; when one of them states no zone, in the zone of the truth."""
    wanted, given = _moment(truth), _moment(found)
    if wanted is None or given is None or not states_time(found):
        return False
    if wanted.tzinfo is None or given.tzinfo is None:
        given = given.replace(tzinfo=wanted.tzinfo)
    return abs((given - wanted).total_seconds()) <= SAME_INSTANT_SECONDS


def _moment(when: str | None) -> datetime | None:
    """Return the ISO 8601 date *when*; of one that begins as such a date and is none, its day."""
    if not when:
        return None
    try:
        return datetime.fromisoformat(when.strip())
    except ValueError:
        day = _DAY.match(when.strip())
    try:
        return datetime.combine(date(*map(int, day.groups())), datetime.min.time()) if day else None
    except ValueError:
        return None


def score(truth: Truth, output: Output) -> Scores:
    """Return the scores of *output*."""
    text, title, published = output.get("text") or "", output.get("title") or "", output.get("published")
    body = lenient = overlap(truth.text, text)
    if truth.standfirst_lines:
        without = overlap("\n".join(truth.text.split("\n")[truth.standfirst_lines :]), text)
        lenient = max(body, without, key=lambda one: one.f1)
    timed = states_time(truth.published)
    return Scores(
        body=body,
        lenient=lenient,
        title=normal(title) == normal(truth.title) if truth.title else None,
        title_exact=title.split() == truth.title.split() if truth.title else None,
        day=same_day(truth.published, published) if truth.published else None,
        instant=same_instant(truth.published, published) if truth.published and timed else None,
        authors=names_f1(truth.authors, output.get("authors") or ()) if truth.authors else None,
        topics=names_f1(truth.topics, output.get("topics") or ()) if truth.topics else None,
    )


def figures(scores: Sequence[Scores]) -> Figures:
    """Return the means of *scores*."""
    body, precision, recall = mean_f1(one.body for one in scores)
    lenient, _, _ = mean_f1(one.lenient for one in scores)

    def of(field: Callable[[Scores], float | None]) -> float | None:
        return _mean(map(field, scores))

    return Figures(
        pages=len(scores),
        precision=precision,
        recall=recall,
        body=body,
        lenient=lenient,
        title=of(lambda one: one.title),
        title_exact=of(lambda one: one.title_exact),
        day=of(lambda one: one.day),
        instant=of(lambda one: one.instant),
        authors=of(lambda one: one.authors),
        topics=of(lambda one: one.topics),
    )


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None

"""The pages whose body is furthest from the truth, with the lines that make it so, for a person to judge whose fault it is."""

from collections.abc import Iterable, Iterator, Sequence

from benchmarks.extraction.data import Sample
from benchmarks.extraction.metrics import shingles, tokens
from benchmarks.extraction.scored import Scored

LINES = 3
LINE_CHARS = 100


def worst(ours: Scored, samples: Sequence[Sample], count: int) -> Iterator[str]:
    """Yield lines about the *count* pages of *samples* with the least F1."""
    for sample in sorted(samples, key=lambda one: ours.scores[one.id].body.f1)[:count]:
        body, result = ours.scores[sample.id].body, ours.results[sample.id]
        yield (
            f"{sample.id}  F1 {body.f1:.3f}, precision {body.precision or 0:.3f}, recall {body.recall or 0:.3f}  {sample.url}"
        )
        if result.error:
            yield f"    error: {result.error}"
        text = result.output.get("text") or ""
        for line in largest(lines_beyond(text, sample.truth.text)):
            yield f"  + {cut(line)}"
        for line in largest(lines_beyond(sample.truth.text, text)):
            yield f"  - {cut(line)}"


def lines_beyond(text: str, other: str) -> list[str]:
    """Return the lines of *text* of which less than half stands in *other*."""
    known = set(shingles(tokens(other)))
    words = {" ".join(tokens(line)) for line in other.split("\n")}
    beyond = []
    for line in text.split("\n"):
        mine = shingles(tokens(line))
        found = sum(one in known for one in mine)
        if mine and 2 * found < len(mine) and " ".join(tokens(line)) not in words:
            beyond.append(line)
    return beyond


def largest(lines: Iterable[str]) -> list[str]:
    """Return the few longest of *lines*, the longest first."""
    return sorted(lines, key=len, reverse=True)[:LINES]


def cut(line: str) -> str:
    """Return *line*, shortened to be read in a terminal, with its length when it is."""
    return line if len(line) <= LINE_CHARS else f"{line[:LINE_CHARS]}… ({len(line)} characters)"

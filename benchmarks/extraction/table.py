"""What is shown: tables for the terminal, one for the README, and its place there."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date

from benchmarks.extraction.data import Sample
from benchmarks.extraction.scored import Comparison, OnSet, Scored
from benchmarks.extraction.tools import RIVAL

BEGIN, END = "<!-- extraction table: begin -->", "<!-- extraction table: end -->"
COMMAND = "make bench-extraction"

FIELDS = ("title", "day", "instant", "authors", "topics")
"""What is scored besides the body, as `Figures` calls it."""
NOT_GIVEN = "–"


class NoPlace(Exception):
    """A README without the comments that the table stands between."""


def number(value: float | None, digits: int = 3) -> str:
    """Return *value* for a cell."""
    return NOT_GIVEN if value is None else f"{value:.{digits}f}"


def field(row: Scored, dataset: str, name: str) -> float | None:
    """Return the score of the field called *name*; ``None`` when *row* never states it, or the truth is unknown."""
    return getattr(row.sets[dataset].figures, name) if row.gives(name) else None


# For the terminal


def for_terminal(rows: Sequence[Scored]) -> Iterator[str]:
    """Yield the lines of a table for each data set."""
    columns: Mapping[str, Callable[[Scored, OnSet, str], str]] = {
        "body": lambda _, on, __: number(on.figures.body),
        "prec.": lambda _, on, __: number(on.figures.precision),
        "recall": lambda _, on, __: number(on.figures.recall),
        "sumOpt": lambda _, on, __: number(on.figures.lenient),
        "title": lambda row, _, name: number(field(row, name, "title")),
        "exact": lambda row, on, _: number(on.figures.title_exact if row.gives("title") else None),
        "day": lambda row, _, name: number(field(row, name, "day")),
        "instant": lambda row, _, name: number(field(row, name, "instant")),
        "authors": lambda row, _, name: number(field(row, name, "authors")),
        "topics": lambda row, _, name: number(field(row, name, "topics")),
        "CPU ms": lambda _, on, __: number(on.cost.mean, 1),
        "95 %": lambda _, on, __: number(on.cost.p95, 1),
        "most": lambda _, on, __: number(on.cost.most, 0),
        "errors": lambda _, on, __: str(on.errors),
        "empty": lambda _, on, __: str(on.empty),
    }
    for dataset, on_set in rows[0].sets.items():
        yield ""
        yield f"{f'{dataset}, {on_set.figures.pages} pages':<30}" + "".join(f"{name:>8}" for name in columns)
        for row in rows:
            cells = (make(row, row.sets[dataset], dataset) for make in columns.values())
            yield f"{row.name:<30}" + "".join(f"{cell:>8}" for cell in cells)


def differences(whole: Scored, parts: Sequence[Scored], metadata_set: str) -> Iterator[str]:
    """Yield the lines of a table: how much each of *parts*, a run without one part, is below or above *whole*."""
    columns = [(dataset, "body") for dataset in whole.sets] + [(metadata_set, name) for name in FIELDS]
    yield ""
    yield f"{'difference':<30}" + "".join(
        f"{(dataset if name == 'body' else name):>9}" for dataset, name in columns
    )
    for row in parts:
        cells = []
        for dataset, name in columns:
            before, after = (getattr(one.sets[dataset].figures, name) for one in (whole, row))
            cells.append(NOT_GIVEN if before is None or after is None else f"{after - before:+.4f}")
        yield f"{row.name:<30}" + "".join(f"{cell:>9}" for cell in cells)


def compared(found: Sequence[Comparison]) -> Iterator[str]:
    """Yield a line for each comparison."""
    names = {"body": "body", "lenient": "sumOpt"}
    for one in found:
        yield f"{one.dataset} {names[one.score]}, ours over {one.rival}, 95 %: {one.interval}"


# For the README


def metadata_set(samples: Sequence[Sample]) -> str:
    """Return the data set whose truth knows most of what is scored besides the body, the first of equals."""
    known: dict[str, set[str]] = {}
    for sample in samples:
        truth = sample.truth
        stated = {
            "title": truth.title,
            "date": truth.published,
            "authors": truth.authors,
            "topics": truth.topics,
        }
        known.setdefault(sample.dataset, set()).update(name for name, value in stated.items() if value)
    return max(known, key=lambda name: len(known[name]))


def markdown(
    rows: Sequence[Scored], samples: Sequence[Sample], found: Sequence[Comparison], note: str, today: date
) -> str:
    """Return the README's table with what has to be known to read it.

    Args:
        rows: Ours first.
        samples: The pages.
        found: How ours compares with another tool.
        note: How ours were trained.
        today: The day of the measurement.
    """
    about = metadata_set(samples)
    columns: dict[str, Callable[[Scored], float | None]] = {}
    for dataset in rows[0].sets:
        columns[dataset] = lambda row, dataset=dataset: row.sets[dataset].figures.body
        if any(one.truth.standfirst_lines for one in samples if one.dataset == dataset):
            columns[f"{dataset} ±"] = lambda row, dataset=dataset: row.sets[dataset].figures.lenient
    for name in FIELDS:
        columns[name] = lambda row, name=name: field(row, about, name)
    lines = [
        f"| | {' | '.join(columns)} | CPU ms | most |",
        f"|---|{'--:|' * (len(columns) + 2)}",
    ]
    best = {
        name: max((shown for shown in map(value, rows) if shown is not None), default=None)
        for name, value in columns.items()
    }
    for row in rows:
        cells = [_cell(number(value(row)), number(best[name])) for name, value in columns.items()]
        lines.append(f"| {row.name} | {' | '.join(cells)} | {row.cost.mean:.1f} | {row.cost.most:.0f} |")
    lines += ["", f"Measured on {today.isoformat()} by `{COMMAND}`. {_caption(samples, about)} {note}"]
    if found:
        over = "; ".join(
            f"{one.dataset}{' ±' if one.score == 'lenient' else ''} {one.interval.difference:+.3f} "
            f"({one.interval.low:+.3f} to {one.interval.high:+.3f})"
            for one in found
        )
        lines += [
            "",
            f"Our body over the best mode of {RIVAL}, with the 95 % interval of a paired bootstrap: {over}.",
        ]
    return "\n".join(lines)


def _cell(text: str, best: str) -> str:
    shown = text.removeprefix("0") if text.startswith("0.") else text
    return f"**{shown}**" if text == best != NOT_GIVEN else shown


def _caption(samples: Sequence[Sample], about: str) -> str:
    sites: dict[str, list[str]] = {}
    for one in samples:
        sites.setdefault(one.dataset, []).append(one.site)
    sets = ", ".join(f"{name} ({len(its)} pages of {len(set(its))} sites)" for name, its in sites.items())
    return (
        f"Body: F1 of mean precision and recall of four-word shingles, on {sets}; ± where the standfirst may be there or not. "
        f"Title (same words), day, instant (same minute), authors and topics (F1 of the names): on {about}. CPU: "
        "milliseconds a page in one thread, mean and most."
    )


def placed(readme: str, text: str) -> str:
    """Return *readme* with *text* where the table stands; raises `NoPlace`."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise NoPlace(f"the README has no “{BEGIN}” with “{END}” after it")
    return f"{before}{BEGIN}\n{text.strip()}\n{END}{after}"

"""A tool's results with their scores, and how far ours are from the best of another's."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from benchmarks.extraction.data import Sample
from benchmarks.extraction.intervals import Interval, interval
from benchmarks.extraction.metrics import Figures, Overlap, Scores, figures, score, states_time
from benchmarks.extraction.runner import Result, Run
from benchmarks.extraction.tools import Output


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """CPU milliseconds a page."""

    mean: float
    p95: float
    most: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OnSet:
    """What a tool came to on one data set."""

    figures: Figures
    cost: Cost
    errors: int
    empty: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """One row of the table."""

    name: str
    tool: str
    sets: Mapping[str, OnSet]
    cost: Cost
    """Of all pages together."""
    scores: Mapping[str, Scores]
    """By the id of the sample."""
    results: Mapping[str, Result]

    def gives(self, field: str) -> bool:
        """Whether the tool states *field*, as `Figures` calls it, of any page."""
        return any(GIVES[field](result.output) for result in self.results.values())


GIVES: Mapping[str, Callable[[Output], object]] = {
    "title": lambda output: output.get("title"),
    "day": lambda output: output.get("published"),
    "instant": lambda output: states_time(output.get("published")),
    "authors": lambda output: output.get("authors"),
    "topics": lambda output: output.get("topics"),
}
"""What has to be there for the score of a field to mean anything."""


def scored(run: Run, samples: Iterable[Sample]) -> Scored:
    """Return *run*, which has a result for each of *samples*, with its scores."""
    scores: dict[str, Scores] = {}
    of_set: dict[str, list[str]] = {}
    for sample in samples:
        scores[sample.id] = score(sample.truth, run.results[sample.id].output)
        of_set.setdefault(sample.dataset, []).append(sample.id)
    sets = {}
    for name, ids in of_set.items():
        results = [run.results[one] for one in ids]
        sets[name] = OnSet(
            figures=figures([scores[one] for one in ids]),
            cost=cost(results),
            errors=sum(result.error is not None for result in results),
            empty=sum(result.is_empty for result in results),
        )
    return Scored(
        name=run.name,
        tool=run.tool,
        sets=sets,
        cost=cost(list(run.results.values())),
        scores=scores,
        results=run.results,
    )


def cost(results: Sequence[Result]) -> Cost:
    """Return what *results* took."""
    times = sorted(result.cpu_ms for result in results)
    return Cost(mean=fmean(times), p95=times[int(0.95 * (len(times) - 1))], most=times[-1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How far our body is above that of a tool's best mode on a data set."""

    dataset: str
    score: str
    """``body`` or ``lenient``."""
    rival: str
    interval: Interval


def comparisons(ours: Scored, modes: Sequence[Scored]) -> list[Comparison]:
    """Return how far *ours* is from the best of *modes*, on each data set; the lenient score where it is another."""
    found = []
    for dataset, on_set in ours.sets.items():
        kinds: list[tuple[str, Callable[[Scores], Overlap], Callable[[Figures], float]]]
        kinds = [("body", lambda one: one.body, lambda one: one.body)]
        if on_set.figures.lenient != on_set.figures.body:
            kinds.append(("lenient", lambda one: one.lenient, lambda one: one.lenient))
        for kind, of_page, of_set in kinds:
            best = max(modes, key=lambda mode: of_set(mode.sets[dataset].figures))
            ids = [one for one in ours.scores if one.startswith(f"{dataset}/")]
            found.append(
                Comparison(
                    dataset=dataset,
                    score=kind,
                    rival=best.name,
                    interval=interval(
                        [of_page(ours.scores[one]) for one in ids], [of_page(best.scores[one]) for one in ids]
                    ),
                )
            )
    return found

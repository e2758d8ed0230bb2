"""What a person sees of a crawl or a build while it runs, and the summary after it."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from crawler.items import OUTCOMES, RunReport, Yield

if TYPE_CHECKING:  # a build with nothing to do should not wait for the crawler to load
    from crawler.run import Run


Progress = Callable[[str, int, int], None]
"""Told what is worked at, how much of it is done, and of how much."""

MAX_LINES = 10
"""Sites shown by a line of their own; more are shown together."""


@contextmanager
def crawl_progress(sites: int) -> Iterator[Callable[["Run"], None] | None]:
    """Show a line a site on a terminal, or one for all when *sites* are many.

    Gives the function that brings it up to date, or ``None`` without a terminal.
    """
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console  # noqa: PLC0415 (as above)
    from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (
        SpinnerColumn(),
        TextColumn("[bold]{task.description}"),
        TextColumn("{task.fields[counts]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        tasks: dict[str, TaskID] = {}
        outcomes: dict[str, Counter[str]] = {}

        def show(run: "Run") -> None:
            name = run.site.name if sites <= MAX_LINES else f"{sites} sites"
            if name not in tasks:
                tasks[name] = progress.add_task(name, total=None, counts="")
            outcomes[run.site.name] = run.account.outcomes
            told = counts(run.account.outcomes)
            if sites > MAX_LINES:
                told = f"{counts(sum(outcomes.values(), Counter()))} — {len(outcomes)} begun, now {run.site.name}"
            progress.update(tasks[name], counts=told or "robots.txt")

        yield show


@contextmanager
def bar_progress() -> Iterator[Progress | None]:
    """Show a bar for each stage on a terminal; give the function to call with (stage, done, all), or ``None``."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console  # noqa: PLC0415 (as above)
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn  # noqa: PLC0415

    columns = (TextColumn("[bold]{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        tasks: dict[str, TaskID] = {}

        def show(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = progress.add_task(stage, total=total)
            progress.update(tasks[stage], completed=done, total=total)

        yield show


def summary(report: RunReport) -> str:
    """Return *report* as a few lines for a person."""
    done = counts(report.outcomes) or "nothing was due"
    cost = f"{report.requests} requests, {report.received_bytes / 1e6:.1f} MB"
    waiting = f", {report.waiting} links waiting" if report.waiting else ""
    lines = [f"{report.site}: {done} — {cost}, {report.held} articles held{waiting}"]
    if report.finished != "done":
        lines.append(f"  ended: {report.finished}")
    lines += [f"  ALARM {alarm}" for alarm in report.alarms]
    lines += [f"  warning: {warning}" for warning in report.warnings]
    if report.outcomes.get("stored") and report.sources:
        lines.append(f"  {sources_line(report.sources)}")
    lines += [f"  {count} × {reason}" for reason, count in list(report.reasons.items())[:5]]
    if len(report.reasons) > 5:
        lines.append(f"  and {len(report.reasons) - 5} more reasons; all are in the run's report")
    return "\n".join(lines)


def sources_line(sources: Mapping[str, Yield]) -> str:
    """Return what *sources* gave as a line: ``articles named by: feed 30, sitemap 28 (3 only by links)``."""
    found = ", ".join(f"{source} {one.named}" for source, one in sources.items() if one.named)
    alone = ", ".join(f"{one.only} only by {source}" for source, one in sources.items() if one.only)
    return f"articles named by: {found or 'none'}{f' ({alone})' if alone else ''}"


def counts(outcomes: Mapping[str, int]) -> str:
    """Return *outcomes* as words: ``12 stored, 3 listing``."""
    names = [*OUTCOMES, *(name for name in outcomes if name not in OUTCOMES)]
    return ", ".join(f"{outcomes[name]} {name}" for name in names if outcomes.get(name))

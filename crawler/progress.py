"""What a person sees of a crawl or a build while it runs, and the summary after it."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from crawler.items import OUTCOMES, RunReport

if TYPE_CHECKING:  # a build with nothing to do should not wait for the crawler to load
    from crawler.run import Run


@contextmanager
def crawl_progress() -> Iterator[Callable[["Run"], None] | None]:
    """Show a line a site on a terminal; give the function that brings it up to date, or ``None`` without one."""
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

        def show(run: "Run") -> None:
            name = run.site.name
            if name not in tasks:
                tasks[name] = progress.add_task(name, total=None, counts="")
            progress.update(tasks[name], counts=counts(run.account.outcomes) or "robots.txt")

        yield show


@contextmanager
def build_progress() -> Iterator[Callable[[str, int, int], None] | None]:
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
    lines = [f"{report.site}: {done} — {cost}, {report.held} articles held"]
    if report.finished != "done":
        lines.append(f"  ended: {report.finished}")
    if report.outcomes.get("stored") and report.sources:
        found = ", ".join(f"{source} {count}" for source, count in report.sources.items())
        alone = ", ".join(f"{count} only by {source}" for source, count in report.only.items())
        lines.append(f"  articles named by: {found}{f' ({alone})' if alone else ''}")
    lines += [f"  {count} × {reason}" for reason, count in list(report.reasons.items())[:5]]
    if len(report.reasons) > 5:
        lines.append(f"  and {len(report.reasons) - 5} more reasons; all are in the run's report")
    return "\n".join(lines)


def counts(outcomes: Mapping[str, int]) -> str:
    """Return *outcomes* as words: ``12 stored, 3 listing``."""
    return ", ".join(f"{outcomes[name]} {name}" for name in OUTCOMES if outcomes.get(name))

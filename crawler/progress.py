"""What a person sees of a crawl or a build while it runs, and the summary after it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from crawler.items import RunReport
from crawler.run import OUTCOMES, Run


@contextmanager
def crawl_progress() -> Iterator[Callable[[Run], None] | None]:
    """Show a line a site on a terminal; give the function that brings it up to date, or ``None`` without one."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    columns = (
        SpinnerColumn(),
        TextColumn("[bold]{task.fields[site]}"),
        TextColumn("{task.fields[counts]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        tasks: dict[str, TaskID] = {}

        def show(run: Run) -> None:
            name = run.site.name
            if name not in tasks:
                tasks[name] = progress.add_task("", total=None, site=name, counts="")
            progress.update(tasks[name], counts=_counts(run.outcomes) or "robots.txt")

        yield show


@contextmanager
def build_progress() -> Iterator[Callable[[str, int, int], None] | None]:
    """Show a bar for each step on a terminal; give the function to call with (step, done, total), or ``None``."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    columns = (SpinnerColumn(), TextColumn("[bold]{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as progress:
        tasks: dict[str, TaskID] = {}

        def show(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = progress.add_task(step, total=total)
            progress.update(tasks[step], completed=done, total=total)

        yield show


def summary(report: RunReport) -> str:
    """Return *report* as a few lines for a person."""
    lines = [
        f"{report.site}: {_counts(report.outcomes) or 'nothing was due'}"
        f" — {report.requests} requests, {report.received_bytes / 1e6:.1f} MB, {report.held} articles held"
    ]
    if report.finished != "done":
        lines.append(f"  ended early: {report.finished}")
    if report.outcomes.get("stored") and report.sources:
        found = ", ".join(f"{source} {count}" for source, count in report.sources.items())
        alone = ", ".join(f"{count} only by {source}" for source, count in report.only.items())
        lines.append(f"  articles named by: {found}{f' ({alone})' if alone else ''}")
    for reason, count in list(report.reasons.items())[:5]:
        lines.append(f"  {count} × {reason}")
    if len(report.reasons) > 5:
        lines.append(f"  and {len(report.reasons) - 5} more reasons")
    return "\n".join(lines)


def _counts(outcomes: dict[str, int] | object) -> str:
    assert hasattr(outcomes, "get")
    return ", ".join(f"{outcomes.get(name)} {name}" for name in OUTCOMES if outcomes.get(name))


__all__ = ["build_progress", "crawl_progress", "summary", "sys"]

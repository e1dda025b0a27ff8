"""How far a bench has come: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from harness.linkbench.bench import Progress as Report


@contextmanager
def shown(console: Console, title: str) -> Iterator[Report]:
    """Gives the function to be told (done, total, what)."""
    if not console.is_terminal:
        console.print(title)
        told = -1

        def line(done: int, total: int, what: str) -> None:
            nonlocal told
            tenth = 10 * done // max(1, total)
            if tenth != told:
                told = tenth
                console.print(f"  {done}/{total} {what}")

        yield line
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(title)
        yield lambda done, total, what: bar.update(task, completed=done, total=total, description=what)

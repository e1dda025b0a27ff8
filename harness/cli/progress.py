"""What a person sees while ``hil`` works: a bar on a terminal, a few plain lines elsewhere. On standard error: standard output
is for the result."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from harness.text import printable

if TYPE_CHECKING:
    from harness.run.watch import Step, Watch

_BAR = 24  # columns
_NARROW = 72  # columns: below them the words are worth more than the bar


@contextmanager
def shown(what: str) -> Iterator[Watch]:
    """A watch that shows each step of ``what``."""
    from harness.run.watch import line, lines

    console = Console(stderr=True, highlight=False)
    if not console.is_terminal or console.is_dumb_terminal:
        yield lines(what, lambda text: console.print(printable(text), markup=False, soft_wrap=True))
        return
    from rich.progress import BarColumn, Progress, TextColumn
    from rich.table import Column

    columns = [TextColumn("{task.description}", table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis"))]
    bar = [BarColumn(bar_width=_BAR)] if console.width >= _NARROW else []
    with Progress(*bar, *columns, console=console, transient=True, expand=True) as progress:
        task = progress.add_task(escape(what), total=None)
        last = ""

        def watch(step: Step) -> None:
            nonlocal last
            # Without a share nobody knows how long it takes: the bar only moves.
            known = {"total": 1.0, "completed": step.share} if step.share > 0 else {"total": None, "completed": 0}
            # Between them the bar is drawn ten times a second; a step shorter than that is seen all the same.
            new, last = step.name != last, step.name
            progress.update(task, description=escape(printable(f"{what}: {line(step)}")), refresh=new, **known)

        yield watch

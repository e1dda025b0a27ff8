"""``history trend``: a measurement over time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.app import Output
from harness.cli.history_commands import (
    _DEFAULT_BASE,
    Base,
    Board,
    Json,
    Model,
    Plan,
    Since,
    Unit,
    history,
    opened,
    plain,
    wanted,
)
from harness.errors import MisuseError
from harness.text import printable

if TYPE_CHECKING:
    from harness.evidence.history import History, Wanted

_MOST_DRAWN = 3  # cells: more than a screen can show are named


@history.command(epilog="Example: hil history trend accuracy --plan digits --since 90d")
def trend(
    metric: Annotated[str, typer.Argument(metavar="METRIC", help="A measurement: `hil metrics` lists them.")],
    plan: Plan = None,
    board: Board = None,
    model: Model = None,
    unit: Unit = None,
    since: Since = None,
    as_json: Json = False,
    base: Base = _DEFAULT_BASE,
) -> None:
    """A measurement over the runs, oldest first, with its gate, where its level changed, drifting units and flaky cases."""
    from harness.cli import trend_view
    from harness.evidence.history.looking import flaky_cases, trends_of

    want = wanted(plan, board, model, None, unit, since)
    with opened(base) as store:
        found, flaky = trends_of(store, metric, want), flaky_cases(store, want)
        if not found:
            raise _nothing(store, metric, want)
    if as_json:
        typer.echo(
            json.dumps({"trends": [plain(one) for one in found], "flaky": [plain(one) for one in flaky]}, indent=2)
        )
        return
    console = Output()
    told: list[str] = []
    for one in found[:_MOST_DRAWN]:
        told += [*trend_view.lines(one, console.width), ""]
    told += [
        f"also: {one.plan} on {one.board}, {one.model}: --plan {one.plan} --board {one.board}"
        for one in found[_MOST_DRAWN:]
    ]
    told += [trend_view.flaky_line(one) for one in flaky]
    for line in told:
        console.print(printable(line), markup=False, highlight=False, soft_wrap=True)


def _nothing(store: History, metric: str, want: Wanted) -> MisuseError:
    from harness.plans.names import listed, suggestion

    known = store.metrics(want)
    return MisuseError(
        "no run has measured this",
        where=store.where,
        expected=f"one of: {listed(known)}",
        found=metric,
        next_step=suggestion(metric, known, "hil history list"),
    )

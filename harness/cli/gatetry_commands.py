"""``gate try``: a plan's gates on what was run before."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from harness.cli.app import Output
from harness.cli.gate_commands import gate
from harness.cli.history_commands import _DEFAULT_BASE, Base, Board, Json, Model, opened, plain, wanted
from harness.cli.plan_commands import PlanArgument, find_plan
from harness.text import printable


@gate.command("try", epilog="Example: hil gate try digits --since 90d")
def try_(
    plan: PlanArgument,
    since: Annotated[str, typer.Option("--since", metavar="WHEN", help="How far back: 12h, 30d, 2026-11-01.")] = "90d",
    board: Board = None,
    model: Model = None,
    as_json: Json = False,
    base: Base = _DEFAULT_BASE,
) -> None:
    """Try a plan's gates on its past runs: which healthy ones they would have stopped, and what their spread supports.

    Nothing is run. Samples are decided anew by the plan as it stands now.

    Exit status: 0 they were tried, 3 there is no run of the plan.
    """
    from harness.cli.gatetry_view import lines
    from harness.run.gatetry import try_gates

    found = find_plan(plan)
    with opened(base) as store:
        cells = try_gates(store, found, wanted(found.name, board, model, None, None, since))
    if as_json:
        typer.echo(json.dumps([plain(cell) for cell in cells], indent=2))
        return
    console = Output()
    for cell in cells:
        for line in lines(cell):
            console.print(printable(line), markup=False, highlight=False, soft_wrap=True)

"""The command ``rack recover``."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.app import Exit
from harness.cli.case_commands import Bench
from harness.cli.rack_commands import rack
from harness.clock import SystemClock
from harness.errors import MisuseError
from harness.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.bench.places import Place


@rack.command()
def recover(
    unit: Annotated[str, typer.Argument(metavar="UNIT", help="Its probe's id or its name in the bench file.")],
    bench: Bench = None,
    board: Annotated[
        str | None,
        typer.Option("--board", metavar="BOARD", help="The kind of board, for a unit that is in no bench file."),
    ] = None,
    budget_s: Annotated[float, typer.Option("--budget", metavar="SECONDS", min=1.0, help="So long at most.")] = 300.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Bring a unit back that does not answer: reconnect, reset, connect under reset, re-enumerate, cut its power, its hub's.

    Each step is proved before the next; page power of the guide has what counts as proof. Exit status 0 when it answers, else 2.

    Example: hil rack recover lab-3 --bench rack1.yaml
    """
    from harness.bench.boards import load_board
    from harness.farm import recovery
    from harness.run.options import RunOptions

    places = RunOptions.make(backend="auto", bench=bench, uid=None).places
    place = _place(places, unit, board)

    def tell(line: str) -> None:
        if not as_json:
            typer.echo(printable(line))

    found = recovery.recover(
        place, load_board(place.board), clock=SystemClock(), budget_s=budget_s, tell=tell, near=places
    )
    if as_json:
        typer.echo(json.dumps({"unit": place.uid, **asdict(found)}, indent=2))
    else:
        typer.echo(printable(f"{place.title} {found.told()}"))
    raise typer.Exit(Exit.PASS if found.ok else Exit.RIG)


def _place(places: Sequence[Place], unit: str, board: str | None) -> Place:
    """That unit: of the bench file, else attached. ``MisuseError`` when it cannot be told what it is."""
    from harness.bench.boards import load_board, names
    from harness.bench.places import known
    from harness.plans.names import suggestion

    kinds = [load_board(name) for name in ([board] if board else names())]
    near = [place for kind in kinds for place in known(kind, places)]
    fits = [place for place in near if unit in (place.uid, place.name)]
    if len(fits) == 1:
        return fits[0]
    if fits:
        raise MisuseError(
            "several kinds of board carry such a probe",
            where=f"unit {unit}",
            expected="--board BOARD, or a bench file",
            found=", ".join(place.board for place in fits),
            next_step=f"hil rack recover {unit} --board {fits[0].board}",
        )
    raise MisuseError(
        "no such unit is attached or in the bench file",
        found=unit,
        expected=", ".join(sorted({place.uid for place in near})) or "a bench file (--bench) that names it",
        next_step=suggestion(
            unit, [place.uid for place in near], "`hil units` shows what is there; name its bench file by --bench"
        ),
    )

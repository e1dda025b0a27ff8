"""The command ``rack check``."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.cli.app import Exit
from harness.cli.case_commands import Bench
from harness.cli.rack_commands import rack
from harness.clock import SystemClock
from harness.text import printable

if TYPE_CHECKING:
    from harness.bench.places import Place
    from harness.farm.rackcheck import Checked


@rack.command()
def check(
    unit: Annotated[
        list[str] | None,
        typer.Argument(metavar="[UNIT]...", help="Only these, by probe id or name.", show_default=False),
    ] = None,
    bench: Bench = None,
    quick: Annotated[
        bool,
        typer.Option("--quick", help="Fewer samples and test frames, some of the RAM: moves no state for the better."),
    ] = False,
    at_once: Annotated[int, typer.Option("--jobs", metavar="N", min=1, help="Units at once.")] = 4,
    forget_stops: Annotated[
        bool, typer.Option("--forget-stops", help="Let go on what the safety valve has stopped, and check nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Put every unit through its health plan: probe, port, chip, RAM, flash, hello, line, samples with known answers.

    A suspect unit that passes is good, one that fails is quarantined; a quarantined one that passes is good only when it is named.
    Exit status 0 when all are good, else 2.

    Example: hil rack check --bench rack1.yaml
    """
    from harness.bench.sources import open_source
    from harness.farm import rackcheck, valve
    from harness.run.options import RunOptions

    if forget_stops:
        typer.echo(f"{valve.forget()} stops of the safety valve are forgotten")
        return
    options = RunOptions.make(backend="auto", bench=bench, uid=None)
    places, source = options.places, open_source(options.bench) if options.bench else None
    chosen = rackcheck.units(places, unit or (), attached=bench is None)
    if not chosen:
        typer.echo("there is no unit to check: plug one in, or name a bench file with --bench", err=True)
        raise typer.Exit(Exit.RIG)
    each_step = bool(unit) and not as_json

    def tell(place: Place, line: str) -> None:
        if each_step:
            typer.echo(printable(f"{place.title}: {line}"))

    found = []
    for one in rackcheck.check_all(
        chosen,
        places or chosen,
        asked=bool(unit),
        quick=quick,
        at_once=at_once,
        clock=SystemClock(),
        tell=tell,
        source=source,
    ):
        found.append(one)
        if not as_json:
            typer.echo(printable(_line(one)))
            for line in one.told:
                typer.echo(f"  {line}")
    if as_json:
        typer.echo(json.dumps([_as_json(one) for one in found], indent=2))
    else:
        n = sum(one.is_good for one in found)
        typer.echo(f"{n} of {len(found)} units are good")
        for stop in valve.stops():
            typer.echo(f"stopped until {stop.until:%Y-%m-%d %H:%M} UTC: {stop.title}: {stop.why}")
    raise typer.Exit(Exit.PASS if all(one.is_good for one in found) else Exit.RIG)


def _line(one: Checked) -> str:
    mark = {True: "ok", False: "FAIL", None: "?"}[one.report.ok]
    return f"{mark:<5}{one.place.title}  {one.place.board}  {one.stands.state}  {one.report.title}"


def _as_json(one: Checked) -> dict[str, Any]:
    return asdict(one.report) | {"name": one.place.name, "state": one.stands.state, "told": one.told}

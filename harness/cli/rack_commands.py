"""Commands about the units of a rack: ``rack status|hold|release|quarantine|admit``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from harness.bench import rackstate
from harness.cli.app import app, wide_console
from harness.cli.case_commands import Bench
from harness.cli.when import age
from harness.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.bench.places import Place

rack = typer.Typer(help="The units of a rack.\n\nExample: hil rack status", no_args_is_help=True)
app.add_typer(rack, name="rack")

UnitArgument = Annotated[str, typer.Argument(metavar="UNIT", help="Its probe's id, or its name in the bench file.")]
_HOURS = int(rackstate.HOLD.total_seconds() // 3600)
_COLUMNS = ("unit", "board", "state", "held by", "why", "rig faults", "last move")


@rack.command()
def status(
    bench: Bench = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """How each unit stands: good, suspect, quarantined, or held; who has it, why, and what moved it last.

    Without a bench file those that are reached from here, and those that were moved and are not good.

    Example: hil rack status --bench rack1.yaml
    """
    from harness.bench import standing

    found = standing.standings(_places(bench))
    doubt = standing.doubt()
    if as_json:
        typer.echo(json.dumps({"units": [one.as_json() for one in found], "journal": doubt}, indent=2))
        return
    if doubt:
        typer.echo(printable(f"not all is known of the units: {doubt}; `hil doctor` says what to do"), err=True)
    if not found:
        typer.echo(
            "no unit is attached, no virtual one is running, and nothing is known of any; --bench FILE names some"
        )
        return
    table = Table(*_COLUMNS)
    for one in found:
        faults = str(one.state.rig_faults or "")
        cells = (one.title, one.board, one.stands(), one.held() or "free", one.why(), faults, one.moved())
        table.add_row(*(escape(printable(cell)) for cell in cells))
    wide_console().print(table)


@rack.command()
def hold(
    unit: UnitArgument,
    reason: Annotated[str, typer.Option(metavar="WHY", help="What for: those who want the unit read it.")],
    for_: Annotated[
        str,
        typer.Option("--for", metavar="AGE", help=f"How long, e.g. 2h; at most {rackstate.LONGEST_HOLD.days}d."),
    ] = f"{_HOURS}h",
    bench: Bench = None,
) -> None:
    """Keep a unit for yourself: it takes no work but yours, where you name it (`--device-serial UNIT`). It ends by itself.

    The hold outlives this shell. Who you are is your login name, or HIL_USER. Once more: it is held on.

    Example: hil rack hold 066EFF4851 --reason "soldering" --for 2h
    """
    from harness.bench import holds, lease, standing

    length = age(for_)
    uid = standing.find(unit, _places(bench))
    stands = holds.hold(uid, reason=reason, for_=length)
    typer.echo(printable(f"{uid}: held by {stands.by} until {standing.moment(stands.until)}: {stands.reason}"))
    if (user := lease.holder(uid)) is not None:
        typer.echo(printable(f"{uid}: still used by {user.describe()}"))


@rack.command()
def release(
    unit: UnitArgument,
    force: Annotated[bool, typer.Option("--force", help="Also another's hold; the journal says that you did.")] = False,
    bench: Bench = None,
) -> None:
    """End your hold on a unit before its time.

    Example: hil rack release 066EFF4851
    """
    from harness.bench import holds, standing

    _moved(holds.release(standing.find(unit, _places(bench)), force=force))


@rack.command()
def quarantine(
    unit: UnitArgument,
    reason: Annotated[str, typer.Option(metavar="WHY", help="What is wrong with it.")],
    bench: Bench = None,
) -> None:
    """Take a unit out of service until it passes `hil rack check`, or is admitted.

    Example: hil rack quarantine 066EFF4851 --reason "its port drops bytes"
    """
    from harness.bench import holds, standing

    _moved(holds.quarantine(standing.find(unit, _places(bench)), reason=reason))


@rack.command()
def admit(
    unit: UnitArgument,
    reason: Annotated[str, typer.Option(metavar="WHY", help="Why it is good again.")] = "",
    bench: Bench = None,
) -> None:
    """Put a quarantined or suspect unit back into service, unproved: you answer for it. `hil rack check` proves one.

    Example: hil rack admit 066EFF4851 --reason "new cable"
    """
    from harness.bench import holds, standing

    _moved(holds.admit(standing.find(unit, _places(bench)), reason=reason))


def _moved(stands: rackstate.UnitState) -> None:
    from harness.bench import standing

    why = f": {stands.reason}" if stands.reason else ""
    held = f" (held by {stands.by} until {standing.moment(stands.until)})" if stands.until else ""
    typer.echo(printable(f"{stands.uid}: {stands.beneath}{held or why}"))


def _places(bench: str | None) -> Sequence[Place] | None:
    if bench is None:
        return None
    from harness.run.options import RunOptions

    return RunOptions.make(backend="auto", bench=bench, uid=None).places

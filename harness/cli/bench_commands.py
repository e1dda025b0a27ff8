"""Commands about where things run: ``doctor``, ``boards``, ``units``, ``virtual``."""

from __future__ import annotations

import json
import platform
import sys
import threading
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from harness.bench import emulators
from harness.cli import output
from harness.cli.app import Exit, Output, app, wide_console
from harness.clock import SystemClock
from harness.errors import MisuseError
from harness.text import printable

if TYPE_CHECKING:
    from harness.bench.discover import Identified
    from harness.plans.bench import Bench

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_MARKS = {"ok": "[green]ok     [/]", "missing": "[yellow]missing[/]", "broken": "[red]broken [/]"}


@app.command()
def doctor(as_json: JsonOption = False) -> None:
    """What is installed, attached and missing, and the next command for each.

    Exit status 0 when all that is needed is there, else 2.

    Example: hil doctor
    """
    from harness.doctor import examine, folded

    findings = examine()
    healthy = all(finding.state == "ok" for finding in findings if finding.needed)
    if as_json:
        typer.echo(json.dumps({"healthy": healthy, "findings": [asdict(finding) for finding in findings]}, indent=2))
    else:
        console = Output(highlight=False)
        area = ""
        for finding in folded(findings):
            if finding.area != area:
                area = finding.area
                console.print(f"[bold]{area}[/]")
            console.print(
                f"  {_MARKS[finding.state]} {escape(finding.subject)}: {escape(finding.detail)}", soft_wrap=True
            )
            if finding.next_step:
                console.print(f"          -> {finding.next_step}", markup=False, soft_wrap=True)
        console.print("all that is needed is there" if healthy else "something that is needed is missing: see above")
    raise typer.Exit(Exit.PASS if healthy else Exit.RIG)


@app.command()
def boards(
    as_json: JsonOption = False,
    udev: Annotated[
        bool, typer.Option("--udev", help="Print rules for Linux's udev: who may use their probes and ports.")
    ] = False,
) -> None:
    """The kinds of boards known.

    Example: hil boards --udev
    """
    from harness.bench import boards as kinds

    known = [kinds.load_board(name) for name in kinds.names()]
    if udev:
        from harness.bench.udev import rules

        typer.echo(rules(known), nl=False)
        return
    if as_json:
        typer.echo(json.dumps([board.model_dump() for board in known], indent=2))
        return
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("board", "MCU", "MHz", "flash KB", "RAM KB", "port", "virtual"):
        table.add_column(column, no_wrap=True)  # fits 80 columns; --json has the rest
    for board in known:
        table.add_row(
            board.name,
            board.mcu,
            f"{board.clock_hz / 1e6:g}",
            f"{board.memory.flash_bytes // 1024}",
            f"{board.memory.ram_bytes // 1024}",
            board.uart.name,
            "yes" if board.virtual else "no",
        )
    wide_console().print(table)


@app.command()
def units(as_json: JsonOption = False) -> None:
    """The units reachable from this host, who holds them, and whether they take work (`hil rack status` tells more).

    Example: hil units
    """
    from harness.bench.reachable import reachable

    found = [
        {
            "uid": unit.uid,
            "board": unit.board,
            "backend": unit.backend,
            "port": unit.port,
            "holder": unit.holder.describe() if unit.holder else "",
            "state": str(unit.state.state),
            "reason": unit.state.reason,
        }
        for unit in reachable()
    ]
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    if not found:
        typer.echo(
            "no unit is attached and no virtual one is running; `hil virtual --board NAME` starts one to play with"
        )
        return
    table = Table("unit", "board", "backend", "port", "held by", "state")
    for line in found:
        state = line["state"] if line["state"] == "good" else f"{line['state']}: {line['reason']}"
        cells = (*(line[key] for key in ("uid", "board", "backend", "port")), line["holder"] or "free", state)
        table.add_row(*(escape(printable(cell)) for cell in cells))
    wide_console().print(table)


@app.command(name="discover")
def discover_units(
    write: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write what was found as a bench file, e.g. testplans/benches/HOST.yaml."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Ask every attached probe which board it sits on, and every port which chip it leads to. Units in use are left alone.

    A port is proved when the chip that says hello there is the one at the probe; else it is the port of the probe's USB device.
    Exit status 0 when at least one was identified, else 2. Units in FILE that are not attached now are kept, and so is what no
    search finds: names, tags, notes, power switches; comments are not. The chip that is found is written down too: another one at
    that probe is told by the next run, and nothing is written to it.

    Example: hil discover --write testplans/benches/lab.yaml
    """
    from harness.bench import discover, usb
    from harness.bench.identity import known_id
    from harness.bench.pairing import settle
    from harness.bench.probes.pyocd import PyocdProbe
    from harness.disk.folders import runtime_folder
    from harness.plans.bench import BenchUnit, dump_bench, merged, to_update
    from harness.session.whoami import whoami

    def ask(port: str, baud: int) -> str:
        hello = whoami(port, baud, SystemClock())
        return "" if hello is None else known_id(hello.chip_id).hex()

    old = to_update(write) if write is not None else None  # before the probes are asked: that takes its time
    runtime_folder()  # before any probe is asked: where it is unusable each of them would look as if it were in use
    seen = [
        discover.identify(unit, boards, lambda board, uid: PyocdProbe(uid, board.debug))
        for unit, boards in discover.candidates().items()
    ]
    found = settle(seen, ask)
    plugged = discover.usb_places()
    known = [
        BenchUnit(
            board=one.board,
            uid=one.uid,
            port=discover.stable_name(one.port),
            chip=one.chip_id,
            usb=plugged.get(one.uid, ""),
        )
        for one in found
        if one.board and one.port
    ]
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in found], indent=2))
    else:
        for one in found:
            typer.echo(printable(f"{one.uid}  {one.port or '?'}  {_found(one)}"))
        if not known:
            typer.echo("no board was identified; " + (usb.advice() or "plug one in, then `hil doctor`"), err=True)
    if write is not None and known:
        # A port that is proved another's must not stay beside a unit whose own one was not found.
        lost = [one.uid for one in found if one.board and not one.port]
        bench = merged(old, known, forget=lost)
        for line in _swapped(old, bench):
            typer.echo(printable(line), err=True)
        write.parent.mkdir(parents=True, exist_ok=True)
        text = dump_bench(bench, f"The units of {platform.node()}, written by `hil discover`.")
        output.write((write, text.encode()))
        typer.echo(f"{write}: {len(bench.units)} unit(s); use it with --bench {write}", err=as_json)
    raise typer.Exit(Exit.PASS if known else Exit.RIG)


def _swapped(old: Bench | None, new: Bench) -> list[str]:
    """A line for each probe that has another chip than the file said."""
    before = {unit.uid: unit.chip for unit in old.units if unit.chip} if old is not None else {}
    return [
        f"{unit.uid}: another board than before: chip {unit.chip}, not {before[unit.uid]}"
        for unit in new.units
        if unit.chip != before.get(unit.uid, unit.chip)
    ]


def _found(one: Identified) -> str:
    if not one.board:
        return f"unknown: {one.why}"
    chip = f", chip {one.chip_id}" if one.chip_id else ""
    proof = ", answers there" if one.proved else ""
    return f"{one.board}{chip}{proof}" + (f" ({one.why})" if one.why else "")


@app.command()
def virtual(
    board: Annotated[str | None, typer.Option("--board", metavar="BOARD", help="The kind of board.")] = None,
    rack: Annotated[
        str | None,
        typer.Option(metavar="BOARD=NUMBER,...", help="Several, on a virtual USB hub whose ports can be switched."),
    ] = None,
    write: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="With --rack: the bench file of its units. It gives them their ids."),
    ] = None,
    hub_lies: Annotated[
        bool, typer.Option("--hub-lies", help="With --rack: the hub says that a port is off and keeps its power.")
    ] = False,
) -> None:
    """Start a virtual board and keep it until Ctrl-C: for pyOCD, a debugger or a terminal program. Or a rack of them.

    Example: hil virtual --rack nucleo_f446re=3,cy8cproto_062_4343w=1 --write vrack.yaml
    """
    from harness.bench.boards import load_board
    from harness.cli import virtual_rack

    if rack is not None and board is None and write is not None:
        virtual_rack.keep(rack, write, lies=hub_lies)
        return
    if board is None or rack is not None or write is not None or hub_lies:
        raise MisuseError(
            "what to start is not clear",
            expected="--board BOARD, or --rack BOARD=NUMBER,... with --write FILE",
            next_step="hil virtual --help has an example",
        )
    kind = load_board(board)
    unit = emulators.start(emulators.DEFAULT, kind)
    try:
        typer.echo(f"{kind.title}, virtual: no cycles, no latency")
        typer.echo(f"  probe  {unit.uid}   e.g. pyocd flash -u {unit.uid} -t {kind.debug.target} fw.elf")
        typer.echo(f"  port   {unit.port}   {kind.uart.baud} baud")
        typer.echo("Ctrl-C ends it.")
        sys.stdout.flush()
        stop = threading.Event()
        while unit.alive:
            stop.wait(0.5)
        typer.echo(f"the board's process ended: {unit.why_dead}", err=True)
        raise typer.Exit(Exit.RIG)
    except KeyboardInterrupt:
        pass
    finally:
        unit.close()

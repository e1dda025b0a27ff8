"""``hil virtual --rack``: a rack of virtual units and its bench file, until Ctrl-C."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import typer

from harness.cli import output
from harness.errors import MisuseError


def keep(spec: str, write: Path, *, lies: bool) -> None:
    """Keep the units of ``spec`` until KeyboardInterrupt. ``write`` is written when all of them are there."""
    from harness.bench import rack
    from harness.plans.bench import dump_bench
    from harness.virtual.host.hub import Hub

    kinds = rack.kinds_of(spec)
    _check_overwritten(write)
    with Hub(rack.name_for(write), lies=lies) as hub:
        rack.fill(hub, kinds)
        bench = rack.bench_of(hub)
        heading = "A rack of virtual units, written by `hil virtual --rack`: they are there while it runs."
        write.parent.mkdir(parents=True, exist_ok=True)
        output.write((write, dump_bench(bench, heading).encode()))
        for unit in bench.units:
            typer.echo(f"  {unit.uid}  {unit.board}  {unit.port}")
        said = ", which says that a port is off and keeps its power" if lies else ""
        typer.echo(f"{write}: {len(bench.units)} virtual unit(s) on hub {hub.name}{said}; use it with --bench {write}")
        typer.echo("Ctrl-C ends them.")
        sys.stdout.flush()
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            pass


def _check_overwritten(bench: Path) -> None:
    """``MisuseError`` for a file that is no virtual rack's: the bench file of a rack of real units is somebody's work."""
    from harness.plans.bench import to_update
    from harness.plans.power import HUB_OF_OURS

    output.check(bench, new_folder=True)
    old = to_update(bench)
    if old is not None and not all(unit.power is not None and unit.power.driver == HUB_OF_OURS for unit in old.units):
        raise MisuseError(
            "this file names other units than those of a virtual rack, and would be written over",
            where=str(bench),
            expected="a file that is not there yet, or one that `hil virtual --rack` has written",
            next_step="name another file",
        )

"""``hil virtual --rack``: a rack of virtual units and its bench file, until Ctrl-C."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import typer

from harness.cli import output


def keep(spec: str, write: Path, *, lies: bool) -> None:
    """Keep the units of ``spec`` until KeyboardInterrupt. ``write`` is written when all of them are there."""
    from harness.bench import rack
    from harness.plans.bench import dump_bench
    from harness.virtual.host.hub import Hub

    kinds = rack.kinds_of(spec)
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

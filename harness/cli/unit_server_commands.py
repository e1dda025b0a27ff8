"""``hil unit-server``: what ssh runs on the host of a unit."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.app import app
from harness.errors import MisuseError


@app.command("unit-server")
def unit_server(
    uid: Annotated[
        str | None, typer.Argument(metavar="UID", help="The unit's id, or its name in the bench file.")
    ] = None,
    bench: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The bench file of this host; else what is attached is found.")
    ] = None,
    look: Annotated[
        list[str] | None,
        typer.Option(metavar="UID", help="Only tell who uses that unit, and whether it takes work. Repeatable."),
    ] = None,
    restricted: Annotated[
        bool,
        typer.Option("--restricted", help="Take the unit from what the ssh client asked for: for authorized_keys."),
    ] = False,
) -> None:
    """Serve one unit of this host over standard input and output: what a run on another host starts through ssh.

    The unit is held as by any run of this host, and given back when the stream ends, however it ends. Not for typing: ssh starts
    it for runs on another host whose bench file names this one as `via`.

    Example: hil unit-server 066EFF485155878281094633
    """
    from harness.bench.places import places_of
    from harness.farm.unitserver import stdio
    from harness.plans.bench import load_bench

    looked_at = stdio.looked_at(os.environ) if restricted else tuple(look or ())
    if looked_at:
        from harness.bench.labgrid import hosts

        typer.echo(hosts.here(looked_at))
        return
    if restricted == (uid is not None):
        raise MisuseError(
            "the unit's server needs the id of one unit, or --restricted",
            next_step='hil unit-server UID, or in authorized_keys: command="hil unit-server --restricted"',
        )
    if os.isatty(0) or os.isatty(1):
        raise MisuseError(
            "this command speaks to a program, not to people",
            next_step="name this host as `via` of the unit in a bench file of another host, and run there",
        )
    wanted = uid or stdio.asked_for(os.environ)
    places = places_of(load_bench(bench)) if bench is not None else ()
    if why := stdio.serve(wanted, places):
        print(f"hil: unit {wanted} was given back: {why}", file=sys.stderr)

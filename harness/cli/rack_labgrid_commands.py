"""The commands ``rack export`` and ``rack reap``: this host's units for labgrid, and what runs have left behind there."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.rack_commands import rack
from harness.text import printable


@rack.command()
def export(
    bench: Annotated[Path, typer.Option(metavar="FILE", help="The bench file of this host.")],
    exporter: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The exporter's name (default: this host's)", show_default=False),
    ] = None,
    host: Annotated[
        str | None,
        typer.Option(
            metavar="HOST",
            help="How ssh reaches this host from the others: host, user@host, ssh://user@host:port (default: its name)",
            show_default=False,
        ),
    ] = None,
    places: Annotated[
        bool,
        typer.Option("--places", help="Print the commands of labgrid-client that make the places, for sh, instead."),
    ] = False,
) -> None:
    """Print the file with which labgrid-exporter offers the units of a bench file, or the commands that make their places.

    Units with a `skip` are left out.

    Example: hil rack export --bench rack1.yaml --host hil@rack1
    """
    from harness.bench.boards import names
    from harness.bench.labgrid import export as made
    from harness.bench.places import places_of
    from harness.bench.remote import ssh
    from harness.plans.bench import load_bench

    units = places_of(load_bench(bench, names()))
    here = socket.gethostname()
    if places:
        typer.echo(made.places_script(units, exporter or here.partition(".")[0]), nl=False)
    else:
        typer.echo(made.exporter_file(units, ssh.check(host or here)), nl=False)


@rack.command()
def reap(
    bench: Annotated[
        str, typer.Option(metavar="URL", help="The coordinator: labgrid://host:port/. Of its places all are looked at.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Free what runs of hil have acquired and renew no more: their host died, or was cut off. For a timer, or by hand.

    Every run does it when it lists places. Acquisitions of people are never freed.

    Example: hil rack reap --bench labgrid://coordinator:20408/
    """
    from harness.bench.labgrid.beat import LIMIT_S
    from harness.bench.sources.labgrid import Labgrid

    source = Labgrid(bench)
    try:
        gone = source.reap()
    finally:
        source.close()
    if as_json:
        typer.echo(json.dumps({"limit_s": LIMIT_S, "freed": [{"place": each.place, "by": each.by} for each in gone]}))
        return
    for each in gone:
        typer.echo(printable(f"freed {each.place}: {each.by} has not renewed it for {LIMIT_S:g} s"))
    if not gone:
        typer.echo("nothing is left behind")

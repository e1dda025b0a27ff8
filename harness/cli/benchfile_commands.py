"""``hil bench``: bench files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli import output
from harness.cli.app import app
from harness.text import printable

bench_app = typer.Typer(
    help="Bench files: which units a host has.\n\nExample: hil bench import map.yml", no_args_is_help=True
)
app.add_typer(bench_app, name="bench")


@bench_app.command(name="import")
def import_map(
    file: Annotated[Path, typer.Argument(metavar="MAP", help="Twister's hardware map (map.yml).")],
    write: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where the bench file goes (default: it is printed).")
    ] = None,
) -> None:
    """Make a bench file of Twister's hardware map. `--bench MAP` reads a map as it is, too.

    Fixtures become tags. What Twister alone needs, and boards that hil does not know, are told and left out. Units that stand
    in FILE already keep what the map does not say; comments in FILE are not kept.

    Example: hil bench import map.yml --write testplans/benches/rack1.yaml
    """
    from harness.bench.boards import names
    from harness.plans.bench import dump_bench, imported, merged, to_update

    found = imported(file, names())
    old = to_update(write) if write is not None else None
    bench = merged(old, found.bench.units) if old is not None else found.bench
    for line in found.told:
        typer.echo(printable(line), err=True)
    text = dump_bench(bench, f"From Twister's hardware map {file.name}, by `hil bench import`.")
    if write is None:
        typer.echo(text, nl=False)
        return
    write.parent.mkdir(parents=True, exist_ok=True)
    output.write((write, text.encode()))
    typer.echo(f"{write}: {len(bench.units)} unit(s); use it with --bench {write}")

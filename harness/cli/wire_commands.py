"""Commands about the wire: ``wire-dump``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.app import app


@app.command("wire-dump")
def wire_dump(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A wire.log, or the report directory that holds one.")],
) -> None:
    """Show a log of --wire-log: every frame with its time, direction and fields, and what was damaged.

    Example: hil wire-dump hil-reports/latest/digits/nucleo_f446re/digits_cnn_int8
    """
    from harness.session import wirelog
    from harness.wire.dump import dump

    path = file / wirelog.FILENAME if file.is_dir() else file
    for line in dump((piece.to_board, piece.time_s, piece.data) for piece in wirelog.read(path)):
        typer.echo(line)

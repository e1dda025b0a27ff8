"""Commands about the units of a rack: ``rack``."""

from __future__ import annotations

import typer

from harness.cli.app import app

rack = typer.Typer(
    help="The units of a rack.\n\nExample: hil rack recover lab-3 --bench rack1.yaml", no_args_is_help=True
)
app.add_typer(rack, name="rack")

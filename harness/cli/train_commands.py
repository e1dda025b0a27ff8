"""``model train``: run a model's own training script."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.app import Exit
from harness.cli.model_commands import model
from harness.errors import BenchError, MisuseError


@model.command()
def train(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A shipped model, or the folder of one's own.")],
    out: Annotated[
        Path, typer.Option("-o", "--output", metavar="DIR", help="Where the folders of the trained models go.")
    ] = Path("models"),
    seed: Annotated[int | None, typer.Option(help="Another seed than the script's own.")] = None,
) -> None:
    """Train a model anew with the script that its model.toml names; data that it needs is looked for in HIL_DATA_DIR.

    Example: hil model train vowels_int8 -o models
    """
    from harness.models import find
    from harness.models.find import TOML
    from harness.models.metadata import read_facts

    toml = find(name)
    facts = read_facts(toml) if toml.name == TOML else None
    # Resolved: a model whose script is its neighbour's names it as ../neighbour/train.py, which is no place for people.
    script = (
        (toml.parent / facts.training.script).resolve() if facts is not None and facts.training is not None else None
    )
    if script is None or not script.is_file():
        raise MisuseError(
            "nobody says how this model is trained",
            where=str(toml),
            expected=f"a {TOML} whose [training] names a script",
            found="none" if script is None else f"no file {script}",
            next_step="name the script there, or run it yourself",
        )
    if find_spec("tensorflow") is None:
        raise MisuseError(
            "training needs TensorFlow",
            where=str(script),
            expected="the extra [tensorflow]",
            found="not installed",
            next_step="pip install 'hil[tensorflow]'",
        )
    out.mkdir(parents=True, exist_ok=True)
    said = [] if seed is None else ["--seed", str(seed)]
    status = subprocess.run([sys.executable, str(script), "--out", str(out.resolve()), *said], check=False).returncode
    if status:
        raise BenchError(
            "the training script failed",
            where=str(script),
            expected="exit status 0",
            found=status,
            next_step="read what it printed above; it names data that it needs",
        )
    typer.echo(f"next: hil model show {out / (facts.name if facts else name)}")
    raise typer.Exit(Exit.PASS)

"""The command ``init``: a project of one's own."""

from __future__ import annotations

import contextlib
import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from harness.cli.app import Exit, app
from harness.clock import SystemClock
from harness.text import printable

if TYPE_CHECKING:
    from harness.records import Tensor
    from harness.scaffold.make import Made


@app.command()
def init(
    model: Annotated[
        Path | None,
        typer.Argument(
            metavar="MODEL", help="A .tflite, .onnx, .keras or .h5 file; found in the folder if it is the only one."
        ),
    ] = None,
    data: Annotated[
        Path | None, typer.Argument(metavar="DATA", help="Labelled samples: a file or a folder; its form is found out.")
    ] = None,
    folder: Annotated[
        Path, typer.Option("--dir", metavar="DIR", help="The project's folder; made if it is not there.")
    ] = Path(),
    board: Annotated[str | None, typer.Option(metavar="NAME", help="The kind of board (`hil boards`).")] = None,
    ci: Annotated[
        Literal["auto", "github", "gitlab", "none"],
        typer.Option(metavar="NAME", help="Whose file to write: auto, github, gitlab or none."),
    ] = "auto",
    name: Annotated[str | None, typer.Option(metavar="NAME", help="The plan's name (default: the model's).")] = None,
    example: Annotated[bool, typer.Option("--example", help="The digits example; also in an empty folder.")] = False,
    no_run: Annotated[bool, typer.Option("--no-run", help="Write the files, and run nothing.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite files that differ from what would be written.")
    ] = False,
) -> None:
    """Make a project: plan, test and CI file for a model and its data; then run the plan.

    The gates are what the model reaches on this host. Files that are there are left alone.

    Example: hil init kws.tflite test.npz
    """
    from harness.plans import load
    from harness.scaffold.make import Asked, make

    asked = Asked(folder, model, data, board, None if ci == "auto" else ci, name, example, force)
    made = make(asked, SystemClock())
    for line in _told(made):
        typer.echo(printable(line))
    plan = load(made.plan)
    target = made.target.board if made.target.board in plan.boards else plan.boards[0]
    status = int(Exit.PASS)
    if not no_run:
        status = _run(made.names.plan, target, folder)
    for line in _next(made, target, folder):
        typer.echo(printable(line))
    raise typer.Exit(status)


def _run(plan: Path, board: str, folder: Path) -> int:
    """The exit status of `hil run`, called in the project's folder: its reports lie there."""
    from harness.cli import case_commands

    typed = sys.argv
    # An interrupted run tells how to go on with it: by the command that was typed, and that is not `hil init`.
    sys.argv = [typed[0], "run", str(plan), "--board", board]
    try:
        with contextlib.chdir(folder):
            case_commands.run(str(plan), board)
    except typer.Exit as end:
        return end.exit_code
    finally:
        sys.argv = typed
    return Exit.PASS


def _told(made: Made) -> Iterator[str]:
    """What was found out and what was written."""
    from harness.verdict.statistics import LEVEL, wilson

    pair, kept = made.pair, made.kept
    model = pair.model
    if made.example:
        yield "an empty folder: the digits example (for a model of your own: hil init MODEL DATA)"
    yield f"model  {model.file}: {_interface(model.inputs)} to {_interface(model.outputs)}"
    classes = f"classes {_some(pair.dataset.classes)}" if pair.decides else "no labels"
    yield f"data   {pair.data.title}: {pair.data.form}, {pair.n} samples, {classes}"
    yield f"board  {made.target.board}: {made.target.why}"
    if pair.decides:
        low, high = wilson(pair.hits, pair.n)
        right = f"{pair.hits} of {pair.n} right, {pair.hits / pair.n:.4f} ({LEVEL:.0%}: {low:.3f} to {high:.3f})"
    else:
        right = f"{pair.n} samples answered: the board is compared with that, and no more"
    yield f"host   {pair.workload.reference.engine}: {right}"
    for note in pair.notes:
        yield f"note   {note}"
    if kept.new:
        added = " (a line added to .gitignore)" if kept.ignored else ""
        yield f"wrote  {', '.join(str(path) for path in kept.new)}{added}"
    if kept.same:
        yield f"as is  {', '.join(map(str, kept.same))}"
    for path, difference in kept.other.items():
        yield f"left alone: {path}, which differs from what would be written; --force overwrites it"
        yield from (f"  {line}" for line in difference.splitlines())


def _next(made: Made, board: str, folder: Path) -> Iterator[str]:
    """Three commands to go on with."""
    there = "" if folder.resolve() == Path().resolve() else f"cd {shlex.quote(str(folder))} && "
    name = made.names.name
    yield "next:"
    yield f"  {there}pytest --board {board} testplans tests   # plan and test, as CI does it; so too after training anew"
    if made.pair.model.inputs[0].dtype == "float32":
        model = shlex.quote(str(made.pair.model.file))
        yield f"  {there}hil model quantize {model} --help   # int8 is smaller and faster on these boards"
    else:
        yield f"  {there}hil run {name} --board {board} --layers   # what each layer costs"
    yield f"  {there}hil plan check {name}   # after each change of gates, model or data"


def _interface(tensors: Sequence[Tensor]) -> str:
    return ", ".join(f"{one.name} {one.describe()}" if len(tensors) > 1 else one.describe() for one in tensors)


def _some(names: tuple[str, ...]) -> str:
    return ", ".join(names[:6]) + (f", ... ({len(names)})" if len(names) > 6 else "")

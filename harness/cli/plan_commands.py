"""Commands about plans: ``plan check``, ``plan schema``, ``metrics``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from textwrap import indent
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.table import Table

from harness.cli.app import Exit, app, wide_console
from harness.errors import PlanError
from harness.paths import shipped
from harness.text import printable

if TYPE_CHECKING:
    from harness.plans import Plan

PlanArgument = Annotated[str, typer.Argument(metavar="PLAN", help="A plan file, or the name of one in testplans/.")]

plan = typer.Typer(
    help="Plans: check them, and their JSON schema.\n\nExample: hil plan check testplans/digits.yaml",
    no_args_is_help=True,
)
app.add_typer(plan, name="plan")


def find_plan(name: str) -> Plan:
    """A plan by path, or by name in ``./testplans`` or among those that come with the project."""
    from harness.bench import boards
    from harness.plans import discover
    from harness.plans.names import suggestion
    from harness.run.reading import read_plan

    path = Path(name)
    if path.is_file():
        return read_plan(path, boards.names())
    folders = [Path("testplans"), shipped("testplans")]
    for folder in folders:
        for candidate in discover(folder):
            if candidate.stem == name:
                return read_plan(candidate, boards.names())
    known = sorted({candidate.stem for folder in folders for candidate in discover(folder)})
    beside = next((candidate.name for candidate in discover(Path()) if candidate.stem == name), None)
    raise PlanError(
        f"there is no plan {name!r}",
        expected=f"a file, or one of: {', '.join(known)}",
        next_step=f"say {beside}, or put it into the folder testplans"
        if beside
        else suggestion(path.stem, known, "name one of these, or a file"),
    )


@plan.command()
def check(
    plans: Annotated[list[str], typer.Argument(metavar="FILE...", help="Plan files, or names of those in testplans/.")],
) -> None:
    """Say all that is wrong with plans and can be known without a board: nothing is built, flashed or fetched.

    Each case is gone through with its model, its data and the reference. Of a rack plan its names are, and the plans it names are
    read. Exit status 0 when all are right, else 3.

    Example: hil plan check testplans/digits.yaml
    """
    wrong = False
    for name in plans:
        notes: list[str] = []
        errors = list(_errors_of_rack(Path(name), notes) if _is_rack_plan(name) else _errors(name, notes))
        wrong = wrong or bool(errors)
        for line in (f"{name}: {'wrong' if errors else 'right'}", *notes, *errors):
            typer.echo(printable(line))
    raise typer.Exit(Exit.MISTAKE if wrong else Exit.PASS)


def _is_rack_plan(name: str) -> bool:
    from harness.plans.load import is_rack_plan

    return Path(name).is_file() and is_rack_plan(Path(name))


def _errors_of_rack(file: Path, notes: list[str]) -> Iterator[str]:
    """What is wrong with a rack plan, and with the plans that it names; ``notes`` gets how many cases it is."""
    from harness.farm.nightly.begin import read

    try:
        rack, found = read(file)
    except PlanError as error:
        yield indent(str(error), "  ")
        return
    yield from (indent(f"{name}: {why}", "  ") for name, why in found.refused)
    boards = {case.board for case in found.cases}
    where = rack.bench or "virtual boards"
    notes.append(
        f"  {len(found.cases)} cases, {len({case.file for case in found.cases})} plans, {len(boards)} boards: {where}"
    )


def _errors(name: str, notes: list[str]) -> Iterator[str]:
    """What is wrong with a plan, each thing once; ``notes`` gets what is worth knowing of the rest."""
    from harness.bench import boards
    from harness.data import DataMissing
    from harness.plans import expand
    from harness.run.prepare import check_memory, rehearsed

    try:
        cases = expand(find_plan(name), boards=boards.names())
    except PlanError as error:
        yield indent(str(error), "  ")
        return
    told: set[str] = set()
    for case in cases:
        try:
            check_memory(case)
        except PlanError as error:
            if str(error) not in told:
                yield indent(str(error), "  ")
            told.add(str(error))
    for case in {case.model: case for case in reversed(cases)}.values():
        try:
            work = rehearsed(case)
        except DataMissing as missing:
            gone = missing.where or missing.what
            notes.append(f"  {case.model}: not looked at, since its data is not here: {gone}")
            notes += [f"    next: {missing.next_step}"] if missing.next_step else []
        except PlanError as error:
            if str(error) not in told:
                yield indent(str(error), "  ")
            told.add(str(error))
        else:
            what = "samples" if case.plan.continuous is None else "hops"
            notes.append(f"  {case.model}: {len(work.data)} {what}, answered by the reference {work.reference.engine}")
            notes += [f"    {warning}" for warning in work.warnings]


@plan.command()
def schema(
    kind: Annotated[
        Literal["plan", "rack"], typer.Argument(metavar="[KIND]", help="Of a plan, or of a rack plan: plan, rack.")
    ] = "plan",
) -> None:
    """Print the JSON schema of plans, or of rack plans. An editor that knows YAML takes it by a plan's first line.

    hil plan schema > testplans/plan.schema.json, and the line: # yaml-language-server: $schema=plan.schema.json

    Example: hil plan schema rack
    """
    from harness.data.forms import with_options
    from harness.plans import jsonschema, racks

    typer.echo(json.dumps(racks.json_schema() if kind == "rack" else with_options(jsonschema.json_schema()), indent=1))


@app.command()
def metrics(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """What is measured and may be gated on: name, unit, whether an emulator gives it, meaning.

    A gate in a plan: accuracy >= 0.95 confidence 0.95. Against a baseline: accuracy drop <= 0.01

    Example: hil metrics --json
    """
    from harness.verdict import relative
    from harness.verdict.metrics import described

    found, against = described(), relative.described()
    if as_json:
        every = [one | {"baseline": one in against} for one in (*found, *against)]
        typer.echo(json.dumps(every, indent=1))
        return
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("metric", "unit", "task", "emulator", "hardware", "interval"):
        # As wide as the longest name of one task: a few metrics are of four, and would leave no room for the meaning.
        table.add_column(column, no_wrap=column != "task", max_width=14 if column == "task" else None)
    table.add_column("meaning")
    for one in (*found, *against):
        marks = ("yes" if one[key] else "no" for key in ("emulator", "hardware"))
        table.add_row(
            str(one["name"]), str(one["unit"]), str(one["tasks"]), *marks, str(one["interval"]), str(one["meaning"])
        )
    wide_console().print(table)

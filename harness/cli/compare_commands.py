"""Commands that hold runs against each other: ``compare --units``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.app import app, worst
from harness.errors import MisuseError
from harness.text import printable

if TYPE_CHECKING:
    from harness.verdict.units import UnitRun, UnitsCompared

Reports = Annotated[
    list[Path], typer.Argument(metavar="DIR...", help="Report directories, or folders that hold several.", exists=True)
]


@app.command()
def compare(
    reports: Reports,
    units: Annotated[bool, typer.Option("--units", help="The same model on several units: identical outputs?")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compare runs of the same model on several units or backends, and name the odd one out.

    Exit status: 0 all identical, 1 some differ, 3 nothing to compare, 4 not every sample was answered by all.

    Example: hil compare --units hil-reports/latest
    """
    from harness.verdict.units import compare_units

    if not units:
        raise MisuseError("say what to compare", expected="--units", next_step="hil compare --units DIR DIR ...")
    groups = _by_subject(_runs(reports))
    if len(groups) > 1 and (alone := [name for name, runs in groups.items() if len(runs) < 2]):
        raise MisuseError(
            f"no other run has the model and the data of {alone[0]}",
            where=groups[alone[0]][0].name,
            expected="runs of the same model on the same data and split, two or more of each",
            found=f"{len(alone)} of {len(groups)} that stand alone",
            next_step="give the folders of runs of one plan, from several units or backends",
        )
    results = {name: compare_units(runs) for name, runs in groups.items()}
    if as_json:
        typer.echo(json.dumps([_as_json(name, result) for name, result in results.items()], indent=2))
    else:
        for name, result in results.items():
            _print(name, result)
    raise typer.Exit(worst([result.verdict for result in results.values()]))


def _runs(reports: list[Path]) -> list[UnitRun]:
    from harness.evidence import read_record, read_samples
    from harness.evidence.reports import json_, npz
    from harness.verdict.units import UnitRun

    found = sorted({record.parent.resolve() for folder in reports for record in folder.rglob(json_.FILENAME)})
    runs = [UnitRun(read_record(f), read_samples(f)) for f in found if (f / npz.FILENAME).is_file()]
    if not runs:
        raise MisuseError(
            "no run was found", where=", ".join(map(str, reports)), expected=f"{json_.FILENAME} beside {npz.FILENAME}"
        )
    return runs


def _by_subject(runs: list[UnitRun]) -> dict[str, list[UnitRun]]:
    """Runs of the same model on the same data, under the model's name. A group of one is refused by the comparison."""
    from harness.verdict.units import subject

    groups: dict[tuple[str, str, str], list[UnitRun]] = {}
    for run in runs:
        groups.setdefault(subject(run.record), []).append(run)
    return {f"{group[0].record.model} ({model[:12]})": group for (model, *_), group in groups.items()}


def _print(name: str, result: UnitsCompared) -> None:
    typer.echo(f"{result.verdict.value.upper()}  {name}: {len(result.runs)} runs")
    odd = {id(run) for run in result.odd}
    for run in result.runs:
        typer.echo(f"  {'ODD ' if id(run) in odd else '    '}{run.name}")
    for reason in result.reasons:
        typer.echo(printable(f"  {reason}"))
    for difference in result.differences:
        at = f", output {difference.output}" if difference.output else ""
        typer.echo(printable(f"  sample {difference.first_id} on {difference.run.name}{at}"))
        typer.echo(f"    outputs  {_numbers(difference.outputs)}")
        typer.echo(f"    expected {_numbers(difference.expected)}")


def _numbers(values: tuple[float, ...]) -> str:
    return " ".join(f"{value:g}" for value in values[:16]) + (" ..." if len(values) > 16 else "")


def _as_json(name: str, result: UnitsCompared) -> dict[str, object]:
    return {
        "model": name,
        "verdict": result.verdict.value,
        "reasons": list(result.reasons),
        "runs": [run.name for run in result.runs],
        "odd": [run.name for run in result.odd],
        "n_common": result.n_common,
        "n_compared": result.n_compared,
    }

"""The command that holds runs against each other: ``compare`` a candidate with a baseline, or ``--units``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import output
from harness.cli.app import Exit, app, wide_console, worst
from harness.cli.plan_commands import find_plan
from harness.errors import MisuseError
from harness.text import printable

if TYPE_CHECKING:
    from harness.run.comparing import Wishes
    from harness.verdict.units import UnitRun, UnitsCompared

References = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="RUN...",
        help="The baseline and the candidate: latest, a tag, a run's name or id (4 characters or more), a folder, a record.json.",
    ),
]
Base = Annotated[Path, typer.Option("--base", metavar="DIR", help="The folder that the runs lie in.")]


@app.command()
def compare(
    references: References = None,
    units: Annotated[bool, typer.Option("--units", help="The same model on several units: identical outputs?")] = False,
    margin: Annotated[
        float | None,
        typer.Option("--margin", metavar="SHARE", help="The accuracy that may be lost, 0..1.", min=0, max=1),
    ] = None,
    gate: Annotated[
        list[str] | None,
        typer.Option("--gate", metavar="GATE", help="A further limit, as in a plan: 'negative_flips <= 0.02'."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write compare.html, .md, .json and junit.xml there.")
    ] = None,
    all_flips: Annotated[bool, typer.Option("--all-flips", help="Show every decision that changed.")] = False,
    common: Annotated[
        bool, typer.Option("--common", help="Leave out samples that one side alone has, where that would be refused.")
    ] = False,
    plan: Annotated[
        str | None,
        typer.Option(metavar="PLAN", help="The plan whose data the pictures are read from, if not the runs' own."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON schema of compare.json.")] = False,
    base: Base = Path("hil-reports"),
) -> None:
    """Compare a candidate with a baseline on the same samples: what changed, and whether it got worse by more than the margin.

    Exit status: 0 no worse, 1 worse, 3 not comparable, 4 the samples do not tell.

    Example: hil compare release-1.4 latest --out comparison
    """
    if schema:
        from harness.evidence.comparison import json_

        typer.echo(json.dumps(json_.json_schema(), indent=1))
    elif units:
        _compare_units([Path(reference) for reference in references or []], as_json=as_json)
    else:
        from harness.run.comparing import Wishes, limit_of

        wishes = Wishes(
            margin=margin,
            limits=tuple(map(limit_of, gate or ())),
            common=common,
            pictures=not as_json or out is not None,
            all_flips=all_flips,
            plan=None if plan is None else find_plan(plan),
        )
        _compare_two(references or [], base, wishes, out, as_json=as_json)


def _compare_two(references: list[str], base: Path, wishes: Wishes, out: Path | None, *, as_json: bool) -> None:
    from harness.evidence import comparison
    from harness.evidence.comparison import json_, terminal
    from harness.run.comparing import compare_references

    if len(references) != 2:
        raise MisuseError(
            "say what to compare",
            expected="a baseline and a candidate, or --units and two or more",
            found=", ".join(references) or "nothing",
            next_step="hil compare BASELINE CANDIDATE, for example: hil compare release-1.4 latest",
        )
    forms = [comparison.load(name) for name in comparison.names()]
    if out is not None:
        for form in forms:
            output.check(out / form.FILENAME, new_folder=True)
    found, shown = compare_references(*references, base=base, wishes=wishes)
    if out is not None:
        output.write(*((out / form.FILENAME, form.render(found, shown)) for form in forms))
    if as_json:
        typer.echo(json_.render(found, shown), nl=False)
    else:
        console = wide_console()
        console.print(terminal.view(found, shown, ascii_only=not (console.encoding or "").startswith("utf")))
        where = f"compare.html and its like: {out}" if out else "--out DIR writes it as HTML, Markdown, JSON and JUnit"
        console.print(printable(where), style="dim", markup=False)
    status = worst([case.verdict for case in found.cases])
    raise typer.Exit(Exit.MISTAKE if found.refused and status is not Exit.FAIL else status)


def _compare_units(reports: list[Path], *, as_json: bool) -> None:
    """Exit status: 0 all identical, 1 some differ, 3 nothing to compare, 4 not every sample was answered by all."""
    from harness.verdict.units import compare_units

    if missing := [str(path) for path in reports if not path.exists()] or (not reports and ["no folder"]):
        raise MisuseError(
            "say which runs to compare",
            expected="report directories, or folders that hold several",
            found=", ".join(missing),
            next_step="hil compare --units DIR DIR ...",
        )
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

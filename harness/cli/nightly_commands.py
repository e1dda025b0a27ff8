"""``hil nightly``: a rack's night."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from harness.cli.app import Exit, app, wide_console
from harness.cli.when import age
from harness.clock import spoken
from harness.errors import MisuseError
from harness.text import printable

if TYPE_CHECKING:
    from harness.evidence.nightrecord import NightRecord
    from harness.farm.nightly.night import Wishes


@app.command()
def nightly(
    rackplan: Annotated[
        str | None,
        typer.Argument(
            metavar="RACKPLAN",
            help="A rack plan, or the name of one in testplans/racks/. With --resume it may be left out.",
        ),
    ] = None,
    bench: Annotated[
        str | None,
        typer.Option(
            metavar="BENCH", help="The units: a bench file, or labgrid://... (default: as the rack plan says)."
        ),
    ] = None,
    budget: Annotated[
        str | None,
        typer.Option(metavar="AGE", help="How long the night may take: 90m, 8h (default: as the rack plan says)."),
    ] = None,
    resume: Annotated[
        str | None,
        typer.Option(metavar="RUN", help="Go on with a night that was ended: its folder, its name, or latest."),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="So many cases at once (default: as many as units; virtual boards: as processors)."
        ),
    ] = None,
    report_dir: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where reports go (default: hil-reports/<run>).")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be run, and run nothing.")] = False,
    no_history: Annotated[bool, typer.Option("--no-history", help="Leave nothing in the history of runs.")] = False,
) -> None:
    """Run a rack plan: its plans over the rack's units, within its time, summed up by what is new since the last night.

    Exit status: 0 all passed, 1 a product is wrong, 2 the rig alone is, 3 a plan is, 4 verdicts are missing.

    Example: hil nightly testplans/racks/nightly.yaml --bench rack1.yaml --budget 8h
    """
    from harness.evidence import runrecord
    from harness.farm.nightly import night as whole_night
    from harness.farm.nightly.begin import find, night_folder
    from harness.farm.nightly.night import Wishes

    wishes = Wishes(bench, age(budget).total_seconds() if budget else None, jobs, history=not no_history)
    command = runrecord.command(["hil", *sys.argv[1:]], process=os.getpid(), started=datetime.now(UTC))
    if resume is not None:
        if report_dir is not None or dry_run:
            raise MisuseError(
                "a night that is gone on with stays where it is",
                found=f"--resume {resume} with {'--dry-run' if dry_run else f'--report-dir {report_dir}'}",
                next_step="leave one of the two out",
            )
        root = night_folder(resume)
        said = whole_night.resumed(root, find(rackplan) if rackplan else None, command, wishes)
    elif rackplan is None:
        raise MisuseError(
            "no rack plan is named",
            expected="RACKPLAN, or --resume RUN",
            next_step="hil nightly testplans/racks/nightly.yaml",
        )
    else:
        root, said = whole_night.planned(find(rackplan), report_dir, command, wishes)
    if dry_run:
        _show(said, wishes)
        raise typer.Exit(Exit.MISTAKE if said.refused else Exit.PASS)
    ended = whole_night.run(root, said, command, wishes, tell=lambda line: typer.echo(printable(line)))
    typer.echo(printable(f"{ended.headline}\nreports: {root}"))
    if ended.unwritten:
        typer.echo(f"hil: {ended.unwritten}", err=True)
    if ended.stopped_by:
        typer.echo(f"hil: ended by {ended.stopped_by}; go on with: hil nightly --resume {root}", err=True)
    raise typer.Exit(ended.status)


def _show(said: NightRecord, wishes: Wishes) -> None:
    """What a night would do, in the order in which it would."""
    from harness.farm.nightly.begin import jobs_of
    from harness.farm.schedule import Schedule

    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("case", "board", "priority", "expected", "before"):
        table.add_column(column, no_wrap=column == "case")
    cases = {case.id: case for case in said.cases}
    for job in Schedule(jobs_of(said.cases)).waiting:
        case = cases[job.id]
        table.add_row(
            case.id,
            case.board,
            str(case.priority),
            spoken(case.expected_s) if case.expected_s is not None else "not known",
            str(case.before.verdict) if case.before else "-",
        )
    wide_console().print(table)
    known = [case.expected_s for case in said.cases if case.expected_s is not None]
    where = said.bench or f"virtual boards, {said.slots} at once"
    budget = f", budget {spoken(said.budget_s)}" if said.budget_s is not None else ""
    typer.echo(printable(f"{len(said.cases)} cases on {where}{budget}; {spoken(sum(known))} of work is known"))
    for one in said.refused:
        typer.echo(printable(f"{one.id}: wrong: {one.reason}"))

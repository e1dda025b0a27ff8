"""``hil farm``: how far a rack goes."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.table import Table

from harness.cli import when
from harness.cli.app import Exit, app, wide_console
from harness.errors import BenchError, MisuseError

if TYPE_CHECKING:
    from harness.farm.simulate.fitted import Fitted
    from harness.farm.simulate.model import Rack, Work
    from harness.farm.simulate.needed import Needed
    from harness.farm.simulate.report import Figures

farm = typer.Typer(
    help="A rack as a whole.\n\nExample: hil farm simulate --units nucleo_f446re=8", no_args_is_help=True
)
app.add_typer(farm, name="farm")
_UNITS = "KIND=N"


@farm.command()
def simulate(
    units: Annotated[
        list[str] | None,
        typer.Option(metavar=_UNITS, help="So many units of a kind; repeatable. Else those of --bench."),
    ] = None,
    bench: Annotated[Path | None, typer.Option(metavar="FILE", help="A bench file: its units.")] = None,
    deadline: Annotated[
        str | None,
        typer.Option(metavar="AGE", help="By when a night must be over, e.g. 8h: how many units that takes."),
    ] = None,
    rounds: Annotated[int, typer.Option(min=0, help="So many times every case of the history, all at the start.")] = 1,
    per_hour: Annotated[
        float, typer.Option(min=0, metavar="N", help="Cases that come at random besides, in an hour.")
    ] = 0.0,
    hours: Annotated[float, typer.Option(min=0, metavar="N", help="For so long.")] = 8.0,
    since: Annotated[str, typer.Option(metavar="AGE", help="How far back the history is asked.")] = "90d",
    evidence: Annotated[
        Literal["any", "hardware", "emulated"], typer.Option(help="Which of its runs say how long a case takes.")
    ] = "any",
    faults: Annotated[
        float | None, typer.Option(min=0, max=1, metavar="RATE", help="Rig faults per run, in place of the history's.")
    ] = None,
    cores: Annotated[
        float | None, typer.Option(min=0.1, metavar="N", help="Processors that all runs share (default: enough).")
    ] = None,
    host_share: Annotated[
        float,
        typer.Option(min=0, max=1, metavar="SHARE", help="The part of a run that the host computes, with --cores."),
    ] = 0.9,
    stretches: Annotated[int, typer.Option(min=1, help="How many nights are played.")] = 100,
    seed: Annotated[int, typer.Option(help="Of the random numbers.")] = 1,
    base: Annotated[Path, typer.Option(metavar="DIR", help="Where the history is, without HIL_DB.")] = Path(
        "hil-reports"
    ),
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Play nights of a rack from what the history has seen: waiting, throughput, and the units that a deadline takes.

    Times of cases are drawn from the runs that there were, faults from how often the rig spoilt one; after a fault a case is
    tried once more on another unit, three in a row send a unit to its health plan. Emulated runs say how long the host took.

    Exit status 0, 1 when the deadline is missed in more than 5 % of the nights or takes more units than can be.

    Example: hil farm simulate --units nucleo_f446re=4 --units cy8cproto_062_4343w=2 --deadline 8h
    """
    _need_simpy()
    from dataclasses import replace

    from harness.farm.simulate.model import Arrivals, Habits, Rack
    from harness.farm.simulate.needed import needed
    from harness.farm.simulate.needed import stretches as played
    from harness.farm.simulate.report import figures

    fitted = _fitted(since, evidence, base, host_share if cores is not None else 0.0)
    works = fitted.works if faults is None else tuple(replace(work, error_rate=faults) for work in fitted.works)
    rack = Rack(_units(units, bench), cores=cores)
    deadline_s = None if deadline is None else when.age(deadline).total_seconds()
    if not rack.units and deadline_s is None:
        raise MisuseError(
            "no units to simulate, and no deadline to find their number for",
            expected="--units KIND=N, --bench FILE, or --deadline AGE",
            next_step="hil farm simulate --deadline 8h",
        )
    arrivals, habits = Arrivals(rounds, per_hour, hours), Habits()
    enough = None
    if deadline_s is not None:
        enough = needed(rack, works, arrivals, habits, deadline_s=deadline_s, times=min(stretches, 40), seed=seed)
        if not rack.units:
            rack = replace(rack, units=enough.units or {})
    found = None
    if rack.units:
        found = figures(played(rack, works, arrivals, habits, times=stretches, seed=seed), rack, deadline_s)
    if as_json:
        told = {"runs": fitted.runs, "errors": fitted.errors, "works": [_short(work) for work in works]}
        told |= {"figures": asdict(found) if found else None, "needed": asdict(enough) if enough else None}
        typer.echo(json.dumps(told, indent=2))
    else:
        _show(fitted, works, rack, found, enough, deadline)
    late = deadline_s is not None and (found is None or (found.in_time or 0.0) < 0.95)
    raise typer.Exit(Exit.FAIL if late else Exit.PASS)


def _need_simpy() -> None:
    if importlib.util.find_spec("simpy") is None:
        raise BenchError(
            "the simulation needs SimPy, which is not installed",
            where="harness/farm/simulate",
            next_step="pip install 'simpy>=4.1,<5'",
        )


def _fitted(since: str, evidence: str, base: Path, host_share: float) -> Fitted:
    from harness.evidence.history import History, Wanted
    from harness.farm.simulate.fitted import fit

    want = Wanted(since=when.moment(since), evidence=None if evidence == "any" else evidence)
    with History.open(base=base, create=False) as history:
        runs = history.runs(want, limit=None)
        where = history.where
    fitted = fit(runs, host_share)
    if not fitted.works:
        raise MisuseError(
            "the history has no run that says how long a case takes",
            where=where,
            expected=f"runs since {since}" + (f" with {evidence} evidence" if evidence != "any" else ""),
            found=f"{fitted.runs} runs, {fitted.errors} of them spoilt by the rig",
            next_step="run some plans first (`pytest --board NAME`), or ask further back with --since",
        )
    return fitted


def _units(asked: list[str] | None, bench: Path | None) -> dict[str, int]:
    from harness.bench.boards import load_board, names
    from harness.plans.bench import load_bench

    found: dict[str, int] = {}
    if bench is not None:
        for unit in load_bench(bench, names()).units:
            found[unit.board] = found.get(unit.board, 0) + (not unit.skip)
    for one in asked or ():
        kind, _, number = one.partition("=")
        if not number.isdecimal() or int(number) < 1:
            raise MisuseError(
                "this is no number of units",
                expected=_UNITS,
                found=one,
                next_step=f"--units {kind or 'nucleo_f446re'}=4",
            )
        found[load_board(kind).name] = int(number)
    return found


def _short(work: Work) -> dict[str, object]:
    usual = sum(work.seconds) / len(work.seconds)
    return {"case": work.case, "mean_s": usual, "runs": len(work.seconds), "error_rate": work.error_rate}


def _show(
    fitted: Fitted,
    works: tuple[Work, ...],
    rack: Rack,
    found: Figures | None,
    enough: Needed | None,
    deadline: str | None,
) -> None:
    from harness.farm.simulate.report import told_s

    console = wide_console()
    console.print(
        f"from {fitted.runs} runs of {len(works)} cases, {fitted.errors} of them spoilt by the rig; simulated"
    )
    if enough is not None:
        words = (
            ", ".join(f"{n} {board}" for board, n in enough.units.items())
            if enough.units
            else "no number of units is enough"
        )
        in_time = f" ({enough.share:.0%} of nights in time)" if enough.units else ""
        console.print(f"within {deadline}: {words}{in_time}")
    if found is None:
        return
    table = Table("figure", "value", box=None, padding=(0, 2, 0, 0))
    table.add_row("units", ", ".join(f"{n} {board}" for board, n in rack.units.items()))
    table.add_row("cases a night", f"{found.cases:.3g}, {found.per_hour:.3g} runs an hour")
    table.add_row("waiting", f"half within {told_s(found.wait_p50_s)}, 95 % within {told_s(found.wait_p95_s)}")
    table.add_row("over after", f"{told_s(found.end_p50_s)} (median), 95 % of nights within {told_s(found.end_p95_s)}")
    table.add_row("units in use", ", ".join(f"{board} {share:.0%}" for board, share in found.use.items()))
    table.add_row("rig faults a night", f"{found.errors:.3g}; left without a verdict {found.undone:.3g} cases")
    table.add_row("units lost a night", f"{found.quarantined:.3g}")
    if found.in_time is not None:
        table.add_row("nights in time", f"{found.in_time:.0%}")
    console.print(table)

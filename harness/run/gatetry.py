"""A plan's gates, tried on what the history has of it: how many healthy runs they would have stopped, and what they could ask."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass

from harness.errors import MisuseError
from harness.evidence.history import History, RunRow, StoredRun, Wanted
from harness.plans.schema import Gate, Plan
from harness.records import Verdict
from harness.verdict.gatetry import Replayed, Spread, replay, spread_of
from harness.verdict.relative import Baseline
from harness.verdict.swap.limits import kind_of

_MOST_RUNS = 200  # of a cell: each is decided anew
_NAMED = 5  # of the runs that a gate would have stopped


@dataclass(frozen=True)
class Tried:
    """One gate on the healthy runs of a cell. ``stopped`` names some of those that it would have failed, newest first.

    ``caught``: of the runs that came to fail then, how many it fails too. ``spread`` None: nothing of the metric was measured;
    of a gate against a baseline (``relative``) it is that of the differences.
    """

    gate: str
    relative: bool
    op: str
    limit: float
    passed: int
    failed: int
    inconclusive: int
    stopped: tuple[str, ...]
    caught: int
    spread: Spread | None


@dataclass(frozen=True)
class TriedCell:
    """A plan's gates on one board with one model. Healthy is what came to pass or to inconclusive: nothing spoke against it.

    ``left_out`` counts runs by why they say nothing. ``anew``: how many were decided again from their samples.
    """

    plan: str
    board: str
    model: str
    healthy: int
    failing: int
    anew: int
    passed: int
    failed: int
    inconclusive: int
    left_out: dict[str, int]
    gates: tuple[Tried, ...]


def try_gates(history: History, plan: Plan, want: Wanted) -> list[TriedCell]:
    """Every cell of the plan that the history has runs of. ``MisuseError`` when it has none.

    Runs of the model and the data of the newest run of a cell count; of others, and where the rig was at fault, is only said
    how many there are. Gates against a baseline hold each against the healthy run before it, the oldest against the one after:
    healthy runs of one model should keep every margin.
    """
    cells: dict[tuple[str, str], list[RunRow]] = defaultdict(list)
    for row in history.runs(want, limit=None):
        if row.plan == plan.name and row.model in plan.model_names:
            cells[row.board, row.model].append(row)
    if not cells:
        raise MisuseError(
            "the history has no run that the gates could be tried on",
            where=history.where,
            expected=f"runs of the plan {plan.name} with {' or '.join(plan.model_names)}",
            next_step="run it some times, or look farther back: --since",
        )
    return [_tried(history, plan, rows) for _, rows in sorted(cells.items())]


def _tried(history: History, plan: Plan, rows: list[RunRow]) -> TriedCell:
    board, model = rows[0].board, rows[0].model
    counted, left_out = _counted(rows)
    gates = plan.gates_for(model)
    runs = [history.load(row.run_id) for row in counted]
    replayed = [(run, replay(run.record, run.samples, plan, gates)) for run in runs]
    if any(gate.is_relative for gate in gates):
        replayed = [
            (run, replay(run.record, run.samples, plan, gates, _before(i, replayed)))
            for i, (run, _) in enumerate(replayed)
        ]
    healthy = [(run, again) for run, again in replayed if run.record.verdict is not Verdict.FAIL]
    failing = [again for run, again in replayed if run.record.verdict is Verdict.FAIL]
    verdicts = Counter(again.verdict for _, again in healthy)
    return TriedCell(
        plan=plan.name,
        board=board,
        model=model,
        healthy=len(healthy),
        failing=len(failing),
        anew=sum(again.anew for _, again in replayed),
        passed=verdicts[Verdict.PASS],
        failed=verdicts[Verdict.FAIL],
        inconclusive=verdicts[Verdict.INCONCLUSIVE],
        left_out=left_out,
        gates=tuple(_of_gate(i, gate, healthy, failing) for i, gate in enumerate(gates)),
    )


def _before(index: int, replayed: list[tuple[StoredRun, Replayed]]) -> Baseline | None:
    """The healthy run before that one, else the one after it; they are sorted newest first."""
    for run, again in (*replayed[index + 1 :], *reversed(replayed[:index])):
        if again.side is not None and run.record.verdict is not Verdict.FAIL:
            return Baseline(run.row.run_id, again.side)
    return None


def _counted(rows: list[RunRow]) -> tuple[list[RunRow], dict[str, int]]:
    """The runs that are repeats of the newest one that came to a verdict, newest first, and how many others are left out why."""
    left_out: Counter[str] = Counter()
    counted: list[RunRow] = []
    first = next((row for row in rows if row.verdict != Verdict.ERROR), rows[0])
    for row in rows:
        if row.verdict == Verdict.ERROR:
            left_out["the rig was at fault"] += 1
        elif row.model_sha256 != first.model_sha256:
            left_out["another model"] += 1
        elif row.dataset_sha256 != first.dataset_sha256:
            left_out["other data, or fewer samples"] += 1
        elif len(counted) == _MOST_RUNS:
            left_out[f"older than the newest {_MOST_RUNS}"] += 1
        else:
            counted.append(row)
    return counted, dict(left_out)


def _of_gate(index: int, gate: Gate, healthy: list[tuple[StoredRun, Replayed]], failing: list[Replayed]) -> Tried:
    came = Counter(again.gates[index].passed for _, again in healthy)
    return Tried(
        gate=gate.text(),
        relative=gate.is_relative,
        op=gate.op,
        limit=gate.limit,
        passed=came[True],
        failed=came[False],
        inconclusive=came[None],
        stopped=tuple(run.row.run_id for run, again in healthy if again.gates[index].passed is False)[:_NAMED],
        caught=sum(again.gates[index].passed is False for again in failing),
        spread=_spread_of_results(index, gate, healthy) if gate.is_relative else _spread(gate.metric, healthy),
    )


def _spread_of_results(index: int, gate: Gate, healthy: list[tuple[StoredRun, Replayed]]) -> Spread | None:
    found = [
        (result.value, run.row.unit)
        for run, again in healthy
        if (result := again.gates[index]).value is not None and math.isfinite(result.value)
    ]
    if not found:
        return None
    values, units = zip(*found, strict=True)
    kind = kind_of(gate.metric, gate.change or "")
    return spread_of(gate.limited, "%" if gate.percent or kind is None else kind.unit, values, units)


def _spread(metric: str, healthy: list[tuple[StoredRun, Replayed]]) -> Spread | None:
    found = [
        (m.value, run.row.unit, m.unit)
        for run, again in healthy
        for m in again.measurements
        if m.name == metric and math.isfinite(m.value)
    ]
    if not found:
        return None
    values, units, measured_in = zip(*found, strict=True)
    return spread_of(metric, measured_in[0], values, units)

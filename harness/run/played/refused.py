"""What a plan with recordings asks for that cannot be, no run could decide or is hardly meant: told before anything is built."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.data.dataset import Dataset
from harness.data.features import FrontEnd
from harness.errors import PlanError
from harness.models.codegen import has_memory
from harness.models.metadata import Model
from harness.plans.schema import Gate, Plan
from harness.run.origins import runs_tflite
from harness.run.played.playing import Playing
from harness.verdict import check_rule

#: Metrics of what was to be detected, and those that are shares of it: the latter need something that happens.
_OF_EVENTS = ("hit_rate", "misses", "delay_ms")
_OF_ANNOTATIONS = (*_OF_EVENTS, "repeats", "false_alarms_per_hour")


def check(plan: Plan, model: Model, output: int, playing: Playing, gates: Sequence[Gate]) -> None:
    """``PlanError`` for the first thing. ``output``: the index of the one that is decided on."""
    assert plan.continuous is not None
    front_end = playing.front_end
    check_rule(plan.decide, model.outputs[output], plan.where("decide.above"))
    if plan.continuous.sound_gate is not None and front_end.sample_dtype != "int16":
        raise PlanError(
            "the sound gate hears sound alone",
            where=plan.where("continuous.sound_gate"),
            expected="a front end of 16-bit sound",
            found=f"{front_end.name}, which takes {front_end.channels} values of {front_end.sample_dtype}",
            next_step="remove 'sound_gate'",
        )
    able = playing.hops - playing.lead
    if plan.continuous.every > able:
        raise PlanError(
            "in each recording the network would run once alone",
            where=plan.where("continuous.every"),
            expected=f"{able} at most: so many hops of a recording can run the network",
            found=plan.continuous.every,
            next_step="run it more often, or play a longer recording",
        )
    if plan.state is not None:
        raise PlanError(
            "in a recording the network's memory is the board's own affair",
            where=plan.where("state"),
            expected="no 'state' beside 'continuous': it is kept along a recording, and lost where the board begins anew",
            found=f"state: {plan.state.reset}",
            next_step="remove 'state'",
        )
    if runs_tflite(plan.reference) != plan.reference:
        raise PlanError(
            "recordings are held against the .tflite alone",
            where=plan.where("reference"),
            expected="litert, tensorflow or twin",
            found=plan.reference,
            next_step="leave 'reference' out",
        )
    for gate in gates:
        _check_gate(plan, gate, playing.data)


def remarks(plan: Plan, model: Model, front_end: FrontEnd) -> Iterator[str]:
    """What would run, and is hardly meant: a network with a memory that hears rows twice, or never."""
    assert plan.continuous is not None
    if not has_memory(model.path):
        return
    every, rows = plan.continuous.every, front_end.rows
    if every != rows:
        heard = "never hears some rows of features" if every > rows else "hears rows of features more than once"
        yield f"{model.name} has a memory and reads {rows} rows: with every: {every} it {heard}; is every: {rows} meant?"
    if plan.continuous.sound_gate is not None:
        yield f"{model.name} has a memory: it never hears what the sound gate holds back"


def _check_gate(plan: Plan, gate: Gate, data: Dataset) -> None:
    kind, _, name = gate.metric.partition(".")
    events = [e for e in data.events or () if kind != "hit_rate" or name in ("", e.name)]
    told = data.events is not None
    if (kind in _OF_ANNOTATIONS and not told) or (kind in _OF_EVENTS and not events):
        raise PlanError(
            "no run can decide this gate: " + ("nothing of that happens" if told else "nobody says what happens"),
            where=plan.where_gate(gate),
            expected="an event that can be detected" if told else "recordings with annotations",
            found=gate.text(),
            next_step="add it to the annotations, or remove the gate"
            if told
            else "name them: dataset.options.annotations; or remove the gate",
        )

"""What a case stands on before anything is built: its model, its data, and that plan, model and data belong together."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from harness.bench.boards import load_board
from harness.build.budget import check_fit
from harness.build.inputs import BuildBoard
from harness.data.dataset import Dataset
from harness.models.codegen import plan_layout
from harness.models.metadata import Model
from harness.plans import mistakes
from harness.plans.expand import Case
from harness.run import layouts
from harness.run.memory import Memory, of_case
from harness.run.origins import check_gates
from harness.run.played.workload import loaded
from harness.run.truth import fitted, looked_at
from harness.run.workload import Workload, load_case_model, load_data, make_workload
from harness.verdict import gate_mistakes, tasks


@dataclass(frozen=True)
class Prepared:
    """``planned``: how many samples the plan means; ``--samples`` may have left fewer in ``data``. ``warnings`` are for people.
    ``memory``: how the plan resets the network's."""

    model: Model
    data: Dataset
    planned: int
    warnings: tuple[str, ...]
    memory: Memory


def prepared(case: Case) -> Prepared:
    """``PlanError`` for what does not belong together; ``DataMissing`` when the data is not on this machine."""
    model = load_case_model(case)
    looked_at(case.plan, model)  # before the data is read, which takes longer
    data, planned = load_data(case)
    data, mapped = fitted(case.plan, model, data)
    clusters = data.sequences if data.groups is None else data.groups
    wrong = gate_mistakes(
        case.gates,
        case.plan.where_gate,
        classes=tasks.load(case.plan.task.name).parts(data),
        n_samples=planned,
        task=case.plan.task.name,
        outputs=[output.name for output in model.outputs],
        # Of a run that --samples cuts short nobody knows the groups of the rest; it passes no gate with confidence anyway.
        groups=None if clusters is None or len(data) < planned else len(np.unique(clusters)),
    )
    mistakes.raised(str(case.plan.origin or case.plan.name), list(wrong))
    for gate in case.gates:
        check_gates((gate,), model, case.plan.where_gate(gate))
    warnings = (*((mapped,) if mapped else ()), *layouts.told(case.plan, model, data))
    return Prepared(model, data, planned, warnings, of_case(case.plan, model, data))


def check_memory(case: Case) -> None:
    """``PlanError`` when the firmware with the case's model cannot fit the board's flash or RAM."""
    model = load_case_model(case)
    layout = plan_layout(model.path, name=model.name)
    check_fit(layout, BuildBoard.load(load_board(case.board).folder))


def rehearsed(case: Case) -> Workload:
    """All of a case that needs neither board nor compiler, up to what the reference answers. Errors as ``prepared``."""
    if case.plan.continuous is not None:
        return loaded(case)[1]
    ready = prepared(case)
    found = make_workload(ready.model, ready.data, case.plan.reference, ready.planned, ready.memory)
    return replace(found, warnings=(*ready.warnings, *found.warnings))

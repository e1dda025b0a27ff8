"""Reading a plan with everything that can be refused before a board, a model or data is touched."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path

from harness.data import DataMissing, datasets, features
from harness.errors import PlanError
from harness.models import reference
from harness.models.find import find
from harness.models.metadata import origin_file
from harness.plans import Plan, mistakes
from harness.plans.expand import unknown_board
from harness.plans.load import reading
from harness.plans.names import suggestion
from harness.run.workload import read_data
from harness.verdict import gate_mistakes, tasks
from harness.verdict.metrics import family_of, metric_names


def read_plan(path: Path, boards: Collection[str] | None = None) -> Plan:
    """The plan in a file. ``PlanError`` with file, line and key for what it cannot say, and for what no run could decide:

    a gate that always or never holds, a metric, data set, option, model, reference or board (of ``boards``, if given) that
    does not exist. ``PlanMistakes`` where several things are wrong: all of them.
    """
    plan, wrong = reading(path)
    wrong += _impossible(plan, boards)
    if wrong and not any(re.search(r":\d+:dataset\b", str(error.where)) for error in wrong):
        # Files that are missing are told with the rest; of a plan that is right its run reads them, once.
        wrong += _wrong_files(plan)
    mistakes.raised(str(path), wrong)
    return plan


def _impossible(plan: Plan, boards: Collection[str] | None) -> Iterator[PlanError]:
    """Of the parts of a plan that say what a plan may: what names nothing that is there, or cannot be decided."""
    if boards is not None:
        yield from (unknown_board(board, boards, plan) for board in plan.boards if board not in boards)
    try:
        tasks.options(plan.task)
    except PlanError as error:
        error.where = plan.where(error.where or "task")
        yield error
    else:
        yield from gate_mistakes(plan.gates, plan.where_gate, task=plan.task.name)
        yield from _strange_figures(plan)
    if "dataset" in plan.model_fields_set:
        yield from _wrong_data(plan)
    for index, model in enumerate(plan.models):
        try:
            find(model.text(), plan.folder)
            origin_file(model, plan.folder)
        except PlanError as error:
            error.where = plan.where(f"models[{index}]")
            yield error
    if plan.continuous is not None:
        try:
            features.load(plan.continuous.front_end)
        except PlanError as error:
            error.where = plan.where("continuous.front_end")
            yield error
    if plan.reference not in reference.names():
        yield PlanError(
            f"there is no reference {plan.reference!r}",
            where=plan.where("reference"),
            expected=", ".join(reference.names()),
            found=plan.reference,
            next_step=suggestion(plan.reference, reference.names(), "name one of these"),
        )


def _strange_figures(plan: Plan) -> Iterator[PlanError]:
    """Published figures that would stand beside none of ours."""
    known = metric_names(plan.task.name)
    for index, one in enumerate(plan.published):
        if family_of(one.metric, plan.task.name) is None:
            yield PlanError(
                f"no run measures {one.metric!r}",
                where=plan.where(f"published[{index}]"),
                expected="a metric of the plan's task: `hil metrics` lists them",
                found=one.metric,
                next_step=suggestion(one.metric, known, "name a known metric"),
            )


def _wrong_data(plan: Plan) -> Iterator[PlanError]:
    """The form of the data and each of its options: the check stops at the first that is wrong, and goes on without it."""
    options = dict(plan.dataset.options)
    while True:
        try:
            datasets.check(plan.dataset.name, options)
            return
        except PlanError as error:
            part = error.where or "dataset.name"
            option = part.removeprefix("dataset.options.")
            # What the options miss as a whole may be what is misspelt.
            if option in options or len(options) == len(plan.dataset.options):
                error.where = plan.where(part)
                yield error
            if option not in options:
                return
            del options[option]


def _wrong_files(plan: Plan) -> Iterator[PlanError]:
    try:
        if "dataset" in plan.model_fields_set:
            read_data(plan, plan.dataset)
    except DataMissing:
        return
    except PlanError as error:
        error.where = error.where or plan.where("dataset")
        yield error

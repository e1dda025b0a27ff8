"""Reading a plan with everything that can be refused before a board, a model or data is touched."""

from __future__ import annotations

from pathlib import Path

from harness.data import datasets
from harness.errors import PlanError
from harness.models import reference
from harness.models.find import find
from harness.plans import Plan, load
from harness.verdict import check_gates


def read_plan(path: Path) -> Plan:
    """The plan in a file. ``PlanError`` with file, line and key for what it cannot say, and for what no run could decide:

    a gate that always or never holds, a metric, data set, option, model or reference that does not exist.
    """
    plan = load(path)
    check_gates(plan.gates, plan.where_gate)
    try:
        datasets.check(plan.dataset.name, plan.dataset.options)
    except PlanError as error:
        error.where = plan.where(error.where or "dataset.name")
        raise
    for index, model in enumerate(plan.models):
        try:
            find(model.text(), plan.folder)
        except PlanError as error:
            error.where = plan.where(f"models[{index}]")
            raise
    if plan.reference not in reference.names():
        raise PlanError(
            f"there is no reference {plan.reference!r}",
            where=plan.where("reference"),
            expected=", ".join(reference.names()),
            found=plan.reference,
        )
    return plan

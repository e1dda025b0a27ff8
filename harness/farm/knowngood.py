"""What a unit has to do in its health plan: an image that is known to be good, and samples whose answers are known.

It is a plan as any other (``digits`` unless the bench file says otherwise): its first model, built for the unit's board, and the
first samples of its data with the reference's raw outputs. All of it is made on the host before a unit is touched, so what goes
wrong here is never the unit's.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from harness.bench.boards import load_board
from harness.errors import PlanError
from harness.models import load_model
from harness.paths import shipped
from harness.plans import Plan, discover
from harness.plans.names import suggestion
from harness.run.product import Product, build_product
from harness.run.reading import read_plan
from harness.run.workload import Workload, make_workload, read_data

SAMPLES: Final = 200


@dataclass(frozen=True)
class KnownGood:
    """The image, what is sent to it and what it has to answer."""

    plan: Plan
    product: Product
    workload: Workload


@cache
def known_good(plan: str, board: str) -> KnownGood:
    """For one kind of board; made once in a process. ``PlanError`` when the plan is none or cannot be had on this machine,

    ``BenchError`` when the image cannot be built.
    """
    found = _plan(plan)
    model = load_model(found.models[0], found.folder)
    if found.continuous is not None or len(model.outputs) > 1:
        raise PlanError(
            "this plan cannot prove a unit's health",
            where=plan,
            expected="samples that are sent, and a model with one output",
            found="recordings that are played" if found.continuous is not None else f"{len(model.outputs)} outputs",
            next_step="name another under `health: {plan: ...}` in the bench file, or leave it out",
        )
    data = read_data(found, found.dataset).first(SAMPLES)
    workload = make_workload(model, data, found.reference)
    return KnownGood(found, build_product(model, load_board(board), timeout_s=found.timeouts.build_s), workload)


def _plan(name: str) -> Plan:
    path = Path(name)
    if path.suffix and path.is_file():
        return read_plan(path)
    folders = (Path("testplans"), shipped("testplans"))
    known = {candidate.stem: candidate for folder in reversed(folders) for candidate in discover(folder)}
    if name not in known:
        raise PlanError(
            "the bench file's health plan is not there",
            where="health: plan",
            expected=f"a file, or one of: {', '.join(sorted(known))}",
            found=name,
            next_step=suggestion(name, sorted(known), "name one of these, or leave it out"),
        )
    return read_plan(known[name])

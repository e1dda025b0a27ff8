"""Which cells a release asks for: its plans, each board with each model. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from harness.clock import age
from harness.errors import PlanError
from harness.plans.names import listed, suggestion
from harness.plans.releases import Release, ReleasePlan, Wanted
from harness.plans.schema import Gate, Plan


@dataclass(frozen=True)
class Cell:
    """A plan on a board with a model, and what its run must be. ``fresh`` None: of any age. ``gates``: the plan's, as it is now."""

    plan: str
    board: str
    model: str
    needs: Wanted
    fresh: timedelta | None
    fresh_text: str
    gates: tuple[Gate, ...]
    margin: float | None = (
        None  # against the baseline, in the task's own figure; None: as the release says of the accuracy
    )

    @property
    def id(self) -> str:
        """``plan/board/model``, as in records."""
        return f"{self.plan}/{self.board}/{self.model}"


@dataclass(frozen=True)
class Asked:
    """What a release asks for, cell by cell, with the plans that say so."""

    release: Release
    plans: tuple[Plan, ...]
    cells: tuple[Cell, ...]

    @classmethod
    def of(cls, release: Release, plans: Sequence[Plan]) -> Asked:
        """``plans``: those that ``release.plans`` name, in that order. ``PlanError`` for a board or model that a plan has not,
        and for a cell that is asked for twice."""
        cells = [cell for want, plan in zip(release.plans, plans, strict=True) for cell in _cells(release, want, plan)]
        ids = [cell.id for cell in cells]
        if twice := sorted({one for one in ids if ids.count(one) > 1}):
            raise PlanError(
                "the release asks for a cell twice",
                where=str(release.origin or release.name),
                found=", ".join(twice),
                next_step="name each plan, board and model once",
            )
        return cls(release, tuple(plans), tuple(cells))


def _cells(release: Release, want: ReleasePlan, plan: Plan) -> Iterator[Cell]:
    for kind, asked, known in (("board", want.boards, plan.boards), ("model", want.models, plan.model_names)):
        for name in asked:
            if name not in known:
                raise PlanError(
                    f"the plan {plan.name!r} has no {kind} {name!r}",
                    where=f"{release.origin or release.name}: plans: {want.plan}",
                    expected=listed(known),
                    found=name,
                    next_step=suggestion(name, known, f"name a {kind} of the plan"),
                )
    fresh = want.fresh or release.fresh
    for board in want.boards or plan.boards:
        for model in want.models or plan.model_names:
            yield Cell(
                plan=plan.name,
                board=board,
                model=model,
                needs=want.evidence or release.evidence,
                fresh=age(fresh) if fresh else None,
                fresh_text=fresh or "",
                gates=plan.gates_for(model),
                margin=want.margin,
            )

"""From plans to cases. Pure: the same plan and names give the same cases in the same order."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from harness.errors import PlanError
from harness.plans.modelspec import ModelSpec
from harness.plans.names import listed, suggestion
from harness.plans.schema import DatasetSpec, Gate, Plan


@dataclass(frozen=True)
class Case:
    """One plan x one board x one model, ``source`` as the plan says which.

    ``id`` is stable: ``plan/board/model``. ``dataset`` and ``gates`` are those of this case (``--samples`` and
    the gates' ``models`` applied); the rest is read from ``plan``. ``at_most``: what ``--samples`` said, None = nothing.
    """

    id: str
    plan: Plan
    board: str
    source: ModelSpec
    dataset: DatasetSpec
    gates: tuple[Gate, ...]
    at_most: int | None = None

    @property
    def model(self) -> str:
        """What the plan calls its model."""
        return self.source.name


def expand(
    plan: Plan,
    *,
    boards: Collection[str],
    only_boards: Collection[str] | None = None,
    samples: int | None = None,
) -> tuple[Case, ...]:
    """The cases of ``plan``, boards in its order, models in its order within a board.

    ``boards`` are the names that exist. ``only_boards`` keeps the cases of those boards (which must exist too) and may
    leave none; ``samples`` bounds the number of samples further. Whether the models exist is for ``run.reading``: it
    takes a look at the disk.
    Raises ``PlanError`` for an unknown name, listing the known ones.
    """
    for board in (*plan.boards, *(only_boards or ())):
        if board not in boards:
            raise unknown_board(board, boards, plan)
    dataset = plan.dataset
    if samples is not None:
        if samples < 1:
            raise PlanError("no samples asked for", where="--samples", expected="1 or more", found=samples)
        dataset = dataset.model_copy(update={"samples": min(samples, dataset.samples or samples)})
    return tuple(
        Case(
            f"{plan.name}/{board}/{model.name}",
            plan,
            board,
            model,
            dataset,
            plan.gates_for(model.name),
            samples,
        )
        for board in plan.boards
        if only_boards is None or board in only_boards
        for model in plan.models
    )


def unknown_board(name: str, known: Collection[str], plan: Plan) -> PlanError:
    """What is said of a board of a plan that is none of the known ones."""
    places = [index for index, board in enumerate(plan.boards) if board == name]
    return PlanError(
        f"unknown board {name!r}",
        where=plan.where(f"boards[{places[0]}]") if places else "--board",
        expected=listed(known),
        found=name,
        next_step=suggestion(name, known, "name a known board"),
    )

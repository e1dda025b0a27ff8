"""The kind of board for a model: one that is attached, else the smallest virtual one that holds it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from harness.bench import discover
from harness.bench.boards import Board, load_board, names
from harness.build.budget import check_fit, fit
from harness.build.inputs import BuildBoard
from harness.errors import HarnessBug
from harness.models import Model
from harness.models.codegen import plan_layout


@dataclass(frozen=True)
class Target:
    """``why`` it is this board, in words; ``others``: boards that the model fits too."""

    board: str
    why: str
    others: tuple[str, ...]


def choose(
    model: Model, wanted: str | None, attached: Callable[[Board], bool] = lambda board: bool(discover.attached(board))
) -> Target:
    """The board that is ``wanted``, or the one that suits.

    ``PlanError`` with the figures when the model fits not that board, or none; ``MisuseError`` for an unknown one.
    """
    layout = plan_layout(model.path, name=model.name)
    if wanted is not None:
        check_fit(layout, BuildBoard.load(load_board(wanted).folder))
    sizes = {}
    for name in names():
        board = BuildBoard.load(load_board(name).folder)
        found = fit(layout, board)
        if found.flash_bytes <= board.flash_bytes and found.ram_bytes <= board.ram_bytes:
            sizes[name] = board.flash_bytes + board.ram_bytes
    fitting = sorted(sizes, key=lambda name: (sizes[name], name))
    others = [name for name in fitting if name != wanted]
    if wanted is not None:
        return Target(wanted, "as asked for", tuple(others))
    here = [name for name in fitting if attached(load_board(name))]
    virtual = [name for name in fitting if load_board(name).virtual is not None]
    if here:
        # Boards share kinds of probes: which of them it is the chip tells when it is flashed.
        why = (
            "attached" if len(here) == 1 else f"a probe is attached that {' and '.join(here)} carry: --board says which"
        )
        chosen = here[0]
    elif virtual:
        chosen, why = virtual[0], "none is attached: the smallest virtual one that the model fits"
    else:
        largest = max(names(), key=lambda name: load_board(name).memory.flash_bytes)
        check_fit(layout, BuildBoard.load(load_board(largest).folder))  # says by how much it does not fit
        raise HarnessBug(
            "a board holds the model, and was not found to", where=largest, next_step="name it: --board " + largest
        )
    return Target(chosen, why, tuple(name for name in fitting if name != chosen))

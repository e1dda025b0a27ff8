"""The virtual board (``harness.virtual``)."""

from __future__ import annotations

from harness.bench.boards import Board
from harness.bench.emulators import EmulatedUnit
from harness.errors import BenchError
from harness.virtual import process


def start(board: Board) -> EmulatedUnit:
    """Start one unit in a process of its own; it ends when ours does. ``BenchError`` when it does not come up."""
    if board.virtual is None:
        raise BenchError(
            f"{board.name} has no virtual board",
            where=str(board.folder / "board.toml"),
            expected="a [virtual] table with the name of a system-on-chip model",
            next_step="attach a real one, or add harness/virtual/soc/<name>.py",
        )
    return process.start(board.virtual.soc, board_name=board.name)

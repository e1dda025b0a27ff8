"""The kinds of boards, from their ``board.toml``."""

from __future__ import annotations

from harness.bench import boards, emulators
from harness.bench.boards import Board
from harness.guide.parts._words import code


def made() -> str:
    """A list: a terminal is too narrow for a table of it."""
    return "\n".join(_line(boards.load_board(name)) for name in boards.names())


def _line(board: Board) -> str:
    parts = (
        f"{board.mcu}, {board.clock_hz / 1e6:g} MHz from an {board.clock_source} clock",
        f"{board.memory.flash_bytes // 1024} KB of flash, {board.memory.ram_bytes // 1024} KB of RAM",
        f"{board.uart.name}, {board.uart.baud} to {max(board.uart.bauds)} baud",
        f"USB ids of its probe {', '.join(map(code, board.debug.usb_ids))}",
        f"emulators {', '.join(name for name in emulators.names() if emulators.load(name).can_be(board))}",
    )
    return f"- {code(board.name)} ({board.title}): {'; '.join(parts)}"

"""The kinds of boards, from their ``board.toml``."""

from __future__ import annotations

from harness.bench import boards
from harness.bench.boards import Board
from harness.guide.parts._words import code


def made() -> str:
    """A list: a terminal is too narrow for a table of it."""
    return "\n".join(_line(boards.load_board(name)) for name in boards.names())


def _line(board: Board) -> str:
    emulators = ["virtual", "renode"] if board.virtual else []
    emulators += ["qemu"] if board.qemu else []
    parts = (
        f"{board.mcu}, {board.clock_hz / 1e6:g} MHz from an {board.clock_source} clock",
        f"{board.memory.flash_bytes // 1024} KB of flash, {board.memory.ram_bytes // 1024} KB of RAM",
        f"{board.uart.name}, {board.uart.baud} to {max(board.uart.bauds)} baud",
        f"USB ids of its probe {', '.join(map(code, board.debug.usb_ids))}",
        f"emulators {', '.join(emulators)}",
    )
    return f"- {code(board.name)} ({board.title}): {'; '.join(parts)}"

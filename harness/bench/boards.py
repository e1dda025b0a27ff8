"""Kinds of boards, each described by ``firmware/boards/<name>/board.toml``. Adding one needs no edit here."""

from __future__ import annotations

import difflib
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from harness.disk import documents
from harness.errors import MisuseError, PlanError
from harness.paths import shipped


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Memory(_Part):
    """Where code and data live. Addresses and sizes in bytes."""

    flash_origin: int
    flash_bytes: int
    ram_origin: int
    ram_bytes: int
    stack_bytes: int


class Uart(_Part):
    """The port that the wire uses, its safe rate and the rates it may climb to (bits per second)."""

    name: str
    baud: int
    bauds: tuple[int, ...]


class Protection(_Part):
    """How the chip says that its flash must not be read out, and the register writes that end that by erasing it.

    Without writes it is only told: on some chips the way back needs more than writes, and a half-done one is worse than none.
    """

    level_register: int
    level_mask: int
    level_open: int  # what reads under the mask where there is no protection
    level_for_ever: int | None = None  # what reads where it cannot be taken back
    unlock: tuple[tuple[int, int], ...] = ()  # (address, word), in order
    busy_register: int = 0
    busy_mask: int = 0


class Debug(_Part):
    """How pyOCD reaches it. ``target`` is pyOCD's target name, ``pack_target`` its name in a CMSIS pack.

    ``application_core`` is the number, in pyOCD's order, of the core that runs the firmware. ``chip_id`` tells the kind of chip,
    the bytes at ``unique_id_address`` one chip from another of its kind: hello has the same ones.
    """

    target: str
    pack_target: str = ""
    application_core: int = 0
    chip_id_address: (
        int  # the identity register and what it reads under the mask: the last check before anything is written
    )
    chip_id_mask: int
    chip_id: int
    unique_id_address: int = 0
    unique_id_bytes: int = Field(0, ge=0, le=16)  # 0: there is none
    empty_flag_address: int = 0
    empty_flag_mask: int = (
        0  # a flag that sends resets to the boot ROM, set if flash was empty at power-on; 1 toggles it
    )
    protection: Protection | None = None
    rom_vectors: int | None = None  # where the ROM's are: programming calls the ROM by the core's NMI (PSoC 6)
    usb_ids: tuple[str, ...] = ()  # "vid:pid" of the probes that sit on such a board


class Virtual(_Part):
    """Which system-on-chip model stands in for it."""

    soc: str


class Qemu(_Part):
    """Which of QEMU's machines stands in for it."""

    machine: str


class Board(_Part):
    """A kind of board."""

    name: str
    title: str
    mcu: str
    core: str
    clock_hz: int
    clock_source: Literal["internal", "external"]  # the chip's own oscillator; a crystal or a clock from outside
    fallback_clocks: dict[
        str, int
    ] = {}  # oscillators by name, in Hz: what the firmware is left with when that one does not start
    memory: Memory
    uart: Uart
    debug: Debug
    virtual: Virtual | None = None
    qemu: Qemu | None = None

    @property
    def folder(self) -> Path:
        """The folder with ``board.toml`` and ``board.c``."""
        return _boards_folder() / self.name


def _boards_folder() -> Path:
    return shipped("firmware") / "boards"


@cache
def names() -> tuple[str, ...]:
    """The kinds known that can carry a device under test, sorted. ``native`` (the host build) is not one."""
    return tuple(sorted(p.parent.name for p in _boards_folder().glob("*/board.toml") if p.parent.name != "native"))


@cache
def load_board(name: str) -> Board:
    """The board of that name. ``MisuseError`` lists the known ones; ``PlanError`` says what is wrong in board.toml."""
    if name not in names():
        near = difflib.get_close_matches(name, names(), 1)
        raise MisuseError(
            f"no board is named {name!r}",
            expected=f"one of: {', '.join(names())}",
            next_step=f"did you mean {near[0]!r}?"
            if near
            else "see `hil boards`; a new board is a folder in firmware/boards",
        )
    path = _boards_folder() / name / "board.toml"
    try:
        board = Board.model_validate(documents.toml(path))
    except (OSError, ValueError) as error:
        raise PlanError("a board's description cannot be read", where=str(path), found=str(error)) from error
    if board.name != name:
        raise PlanError("a board's name is not its folder's", where=str(path), expected=name, found=board.name)
    return board

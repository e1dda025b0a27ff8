"""SSUB8 as Renode's core computed it up to 1.15.3: a lane's GE flag says "overflow" instead of "not below zero"."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator

from unicorn import arm_const, unicorn_const

from harness.virtual.core.cpu import Core, Registers

_HOOK = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint32, ctypes.c_void_p)
_GE_SHIFT = 16
_LANES = (0, 8, 16, 24)


class WrongFlags:
    """Makes every SSUB8 that is put into memory a wrong one."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._operands = Registers(core, [getattr(arm_const, f"UC_ARM_REG_R{n}") for n in range(13)])
        self._status = Registers(core, [arm_const.UC_ARM_REG_XPSR])
        self._flags = Registers(core, [arm_const.UC_ARM_REG_XPSR_NZCVQG])  # the name for writing alone

    def spoil(self, base: int, code: bytes) -> None:
        """``code`` was put to ``base``."""
        for at, n, m in _ssub8(code):
            lanes = [0]

            def before(
                _uc: int, _at: int, _size: int, _data: int, n: int = n, m: int = m, seen: list[int] = lanes
            ) -> None:
                values = self._operands.load()
                seen[0] = flags(values[n], values[m])

            def behind(_uc: int, _at: int, _size: int, _data: int, seen: list[int] = lanes) -> None:
                self._flags.values[0] = self._status.load()[0] & ~(0xF << _GE_SHIFT) | seen[0] << _GE_SHIFT
                self._flags.store()

            for where, hook in ((base + at, before), (base + at + 4, behind)):
                self._core._hook(unicorn_const.UC_HOOK_CODE, _HOOK(hook), where, where)


def flags(a: int, b: int) -> int:
    """The four flags as they were computed."""
    wide = (_signed(a >> lane) - _signed(b >> lane) for lane in _LANES)
    return sum((not -128 <= difference <= 127) << n for n, difference in enumerate(wide))


def _signed(byte: int) -> int:
    return (byte & 0xFF ^ 0x80) - 0x80


def _ssub8(code: bytes) -> Iterator[tuple[int, int, int]]:
    """Where the instruction is, and the numbers of its operands (encoding T1 of the architecture's manual)."""
    for at in range(0, len(code) - 3, 2):
        first, second = int.from_bytes(code[at : at + 2], "little"), int.from_bytes(code[at + 2 : at + 4], "little")
        if first & 0xFFF0 == 0xFAC0 and second & 0xF0F0 == 0xF000 and first & 0xF < 13 and second & 0xF < 13:
            yield at, first & 0xF, second & 0xF

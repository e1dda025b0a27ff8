"""The debug port as a probe sees it: an SW-DP with an AHB-AP per core (ARM IHI 0031), in front of its bus."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import TypeVar

from harness.virtual.core.bus import BusError
from harness.virtual.core.coresight import ROM_TABLE_BASE
from harness.virtual.soc._chip import AccessPort

DPIDR = 0x2BA01477
AHB_AP_IDR = 0x24770011  # AHB-AP of a Cortex-M4; pyOCD takes 4 KB auto-increment pages from it
_DHCSR = 0xE000EDF0
_STICKY_ERROR = 1 << 5
_POWER_REQUESTS = 1 << 30 | 1 << 28 | 1 << 26
_T = TypeVar("_T")
_CSW, _TAR, _DRW, _BD0, _CFG, _BASE, _IDR = 0x00, 0x04, 0x0C, 0x10, 0xF4, 0xF8, 0xFC


class DapFault(Exception):
    """The access was answered with FAULT; the sticky error bit is set until ABORT clears it."""


class Dap:
    """DP registers, and the way to the APs.

    ``access_ports`` gives the core behind each AP. ``before_status()`` is called before DHCSR is read while that core
    runs (see ``unit``).
    """

    def __init__(self, access_ports: Mapping[int, AccessPort], before_status: Callable[[], None]) -> None:
        self._aps = {number: _MemoryAccess(port, before_status) for number, port in access_ports.items()}
        self._control = self._select = self._read_buffer = 0

    # -- debug port -----------------------------------------------------------------------------------------------

    def read_dp(self, address: int) -> int:
        """DPIDR, CTRL/STAT, RDBUFF."""
        address &= 0xC
        if address == 0:
            return DPIDR
        if address == 4:
            return self._control if not self._select & 0xF else 0
        return self._read_buffer if address == 0xC else 0

    def write_dp(self, address: int, value: int) -> None:
        """ABORT, CTRL/STAT, SELECT."""
        address &= 0xC
        if address == 0 and value & 4:
            self._control &= ~_STICKY_ERROR
        elif address == 4 and not self._select & 0xF:
            requests = value & _POWER_REQUESTS
            self._control = self._control & _STICKY_ERROR | value & 0x00FFFF00 | requests | requests << 1
        elif address == 8:
            self._select = value

    # -- access ports ---------------------------------------------------------------------------------------------

    def _selected(self, address: int) -> tuple[_MemoryAccess | None, int]:
        """The AP that an access reaches (None for one that does not exist) and its register."""
        if self._control & _STICKY_ERROR:
            raise DapFault
        return self._aps.get(self._select >> 24), self._select & 0xF0 | address & 0xC

    def read_ap(self, address: int) -> int:
        """One AP register; absent APs read 0."""
        port, register = self._selected(address)
        self._read_buffer = 0 if port is None else self._carried_out(lambda: port.read(register))
        return self._read_buffer

    def write_ap(self, address: int, value: int) -> None:
        """One AP register."""
        port, register = self._selected(address)
        if port is not None:
            self._carried_out(lambda: port.write(register, value))

    def _carried_out(self, access: Callable[[], _T]) -> _T:
        try:
            return access()
        except BusError:
            self._control |= _STICKY_ERROR
            raise DapFault from None

    def read_ap_block(self, address: int, count: int) -> bytes:
        """``count`` reads of one AP register, as little-endian words."""
        port, register = self._selected(address)
        block = port.read_block(count) if port is not None and register == _DRW else None
        if block is not None:
            return block
        return struct.pack(f"<{count}I", *(self.read_ap(address) for _ in range(count)))

    def write_ap_block(self, address: int, data: bytes) -> None:
        """A write of one AP register for each little-endian word of ``data``."""
        port, register = self._selected(address)
        if port is not None and register == _DRW and port.write_block(data):
            return
        for (word,) in struct.iter_unpack("<I", data):
            self.write_ap(address, word)


class _MemoryAccess:
    """One AHB-AP. Accesses that nobody answers raise ``BusError``."""

    def __init__(self, port: AccessPort, before_status: Callable[[], None]) -> None:
        self._machine, self._bus, self._before_status = port.machine, port.machine.bus, before_status
        self._base = ROM_TABLE_BASE | 3 if port.shows_core else 0xFFFFFFFF
        self._csw, self._tar = 0x23000052, 0

    def read(self, register: int) -> int:
        """CSW, TAR, DRW, BD0-3, BASE, IDR."""
        if register == _DRW:
            return self._transfer_in()
        if register & 0xF0 == _BD0:
            return self._word_in(self._tar & ~0xF | register & 0xC)
        return {_CSW: self._csw, _TAR: self._tar, _BASE: self._base, _IDR: AHB_AP_IDR}.get(register, 0)

    def write(self, register: int, value: int) -> None:
        """See ``read``."""
        if register == _CSW:
            # Size (8, 16, 32 bits) and increment (off, single; packed is not supported) are writable, so is protection.
            size = min(value & 7, 2)
            increment = value & 0x30 if value & 0x20 == 0 else 0
            self._csw = value & 0x7F000000 | 0x40 | increment | size
        elif register == _TAR:
            self._tar = value
        elif register == _DRW:
            self._transfer_out(value)
        elif register & 0xF0 == _BD0:
            self._bus.write(self._tar & ~0xF | register & 0xC, 4, value)

    def _next(self) -> int:
        """The address of this transfer; TAR moves on."""
        address = self._tar
        if self._csw & 0x10:
            self._tar = address & ~0xFFF | address + (1 << (self._csw & 7)) & 0xFFF
        return address

    def _transfer_in(self) -> int:
        size = 1 << (self._csw & 7)
        address = self._tar
        # The low bits that an access of this size does not have are ignored, in the lane as in the address.
        lane = 8 * (address & -size & 3)
        value = self._word_in(address) if size == 4 else self._read(address & -size, size) << lane
        self._next()
        return value

    def _transfer_out(self, value: int) -> None:
        size = 1 << (self._csw & 7)
        value = value >> 8 * (self._tar & -size & 3) & (1 << 8 * size) - 1
        self._bus.write(self._tar & -size, size, value)
        self._next()

    def _word_in(self, address: int) -> int:
        if address == _DHCSR and not self._machine.stopped:
            self._before_status()
        return self._read(address & ~3, 4)

    def _read(self, address: int, size: int) -> int:
        if self._machine.hidden(address):  # read-out protection answers a debugger as if nothing were there
            raise BusError(address)
        return self._bus.read(address, size)

    def read_block(self, count: int) -> bytes | None:
        """``count`` words at TAR at once; None if they are not all in one memory, or not read as words in a row."""
        if self._csw & 0x17 != 0x12 or self._machine.hidden(self._tar):
            return None
        block = self._bus.read_block(self._tar, 4 * count)
        if block is not None:
            self._tar = self._tar & ~0xFFF | self._tar + 4 * count & 0xFFF
        return block

    def write_block(self, data: bytes) -> bool:
        """Words to plain RAM at TAR at once; False if that is not possible."""
        if self._csw & 0x17 != 0x12 or not self._bus.write_block(self._tar, data):
            return False
        self._tar = self._tar & ~0xFFF | self._tar + len(data) & 0xFFF
        return True

"""The debug port as a probe sees it: an SW-DP with one AHB-AP (ARM IHI 0031), in front of the machine's bus."""

from __future__ import annotations

import struct
from collections.abc import Callable

from harness.virtual.bus import BusError
from harness.virtual.coresight import ROM_TABLE_BASE
from harness.virtual.machine import Machine

DPIDR = 0x2BA01477
AHB_AP_IDR = 0x24770011  # AHB-AP of a Cortex-M4; pyOCD takes 4 KB auto-increment pages from it
_DHCSR = 0xE000EDF0
_STICKY_ERROR = 1 << 5
_POWER_REQUESTS = 1 << 30 | 1 << 28 | 1 << 26
_CSW, _TAR, _DRW, _BD0, _CFG, _BASE, _IDR = 0x00, 0x04, 0x0C, 0x10, 0xF4, 0xF8, 0xFC


class DapFault(Exception):
    """The access was answered with FAULT; the sticky error bit is set until ABORT clears it."""


class Dap:
    """DP and AP registers. ``before_status()`` is called before DHCSR is read while the core runs (see ``unit``)."""

    def __init__(self, machine: Machine, before_status: Callable[[], None]) -> None:
        self._machine, self._bus, self._before_status = machine, machine.bus, before_status
        self._control = self._select = self._read_buffer = 0
        self._csw, self._tar = 0x23000052, 0

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

    # -- access port ----------------------------------------------------------------------------------------------

    def _register(self, address: int) -> int | None:
        """The AP register that an access reaches, None for an AP that does not exist."""
        if self._control & _STICKY_ERROR:
            raise DapFault
        return None if self._select >> 24 else self._select & 0xF0 | address & 0xC

    def read_ap(self, address: int) -> int:
        """One AP register; absent APs read 0."""
        register = self._register(address)
        self._read_buffer = 0 if register is None else self._read_register(register)
        return self._read_buffer

    def _read_register(self, register: int) -> int:
        if register == _DRW:
            return self._transfer_in()
        if register & 0xF0 == _BD0:
            return self._word_in(self._tar & ~0xF | register & 0xC)
        return {_CSW: self._csw, _TAR: self._tar, _BASE: ROM_TABLE_BASE | 3, _IDR: AHB_AP_IDR}.get(register, 0)

    def write_ap(self, address: int, value: int) -> None:
        """One AP register."""
        register = self._register(address)
        if register == _CSW:
            # Size (8, 16, 32 bits) and increment (off, single; packed is not supported) are writable, so is protection.
            size = min(value & 7, 2)
            increment = value & 0x30 if value & 0x20 == 0 else 0
            self._csw = value & 0x7F000000 | 0x40 | increment | size
        elif register == _TAR:
            self._tar = value
        elif register == _DRW:
            self._transfer_out(value)
        elif register is not None and register & 0xF0 == _BD0:
            self._out(self._tar & ~0xF | register & 0xC, 4, value)

    def _next(self) -> int:
        """The address of this transfer; TAR moves on."""
        address = self._tar
        if self._csw & 0x10:
            self._tar = address & ~0xFFF | address + (1 << (self._csw & 7)) & 0xFFF
        return address

    def _transfer_in(self) -> int:
        size = 1 << (self._csw & 7)
        address = self._tar
        lane = 8 * (address & 3)
        value = self._word_in(address) if size == 4 else self._in(address, size) << lane
        self._next()
        return value

    def _transfer_out(self, value: int) -> None:
        size = 1 << (self._csw & 7)
        value = value >> 8 * (self._tar & 3) & (1 << 8 * size) - 1 if size < 4 else value
        self._out(self._tar, size, value)
        self._next()

    def _word_in(self, address: int) -> int:
        if address == _DHCSR and not self._machine.stopped:
            self._before_status()
        return self._in(address, 4)

    def _in(self, address: int, size: int) -> int:
        try:
            if self._machine.hidden(address):
                raise BusError(address)
            return self._bus.read(address & -size, size)
        except BusError:
            self._control |= _STICKY_ERROR
            raise DapFault from None

    def _out(self, address: int, size: int, value: int) -> None:
        try:
            self._bus.write(address & -size, size, value)
        except BusError:
            self._control |= _STICKY_ERROR
            raise DapFault from None

    # -- blocks ---------------------------------------------------------------------------------------------------

    def read_ap_block(self, address: int, count: int) -> bytes:
        """``count`` reads of one AP register, as little-endian words."""
        register = self._register(address)
        if register == _DRW and self._csw & 0x17 == 0x12 and not self._machine.hidden(self._tar):
            block = self._bus.read_block(self._tar, 4 * count)
            if block is not None:
                self._tar = self._tar & ~0xFFF | self._tar + 4 * count & 0xFFF
                return block
        return struct.pack(f"<{count}I", *(self.read_ap(address) for _ in range(count)))

    def write_ap_block(self, address: int, data: bytes) -> None:
        """A write of one AP register for each little-endian word of ``data``."""
        register = self._register(address)
        if register == _DRW and self._csw & 0x17 == 0x12 and self._bus.write_block(self._tar, data):
            self._tar = self._tar & ~0xFFF | self._tar + len(data) & 0xFFF
            return
        for (word,) in struct.iter_unpack("<I", data):
            self.write_ap(address, word)

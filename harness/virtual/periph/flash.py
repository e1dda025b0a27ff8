"""The flash controller (RM0390, 3.8): keys, erase, programming that can only clear bits, error flags."""

from __future__ import annotations

from collections.abc import Callable
from mmap import mmap

from harness.virtual.periph.base import Peripheral, field, put

ACR, KEYR, OPTKEYR, SR, CR, OPTCR = 0x00, 0x04, 0x08, 0x0C, 0x10, 0x14
SR_EOP, SR_OPERR, SR_WRPERR, SR_PGAERR, SR_PGPERR, SR_PGSERR, SR_BSY = 1, 2, 1 << 4, 1 << 5, 1 << 6, 1 << 7, 1 << 16
CR_PG, CR_SER, CR_MER, CR_STRT, CR_EOPIE, CR_LOCK = 1, 2, 4, 1 << 16, 1 << 24, 1 << 31
_ERRORS = SR_OPERR | SR_WRPERR | SR_PGAERR | SR_PGPERR | SR_PGSERR
_KEYS = (0x45670123, 0xCDEF89AB)
_OPTION_KEYS = (0x08192A3B, 0x4C5D6E7F)
ACR_LATENCY, CR_SNB, CR_PSIZE = 15, 15 << 3, 3 << 8
OPTCR_OPTLOCK, OPTCR_OPTSTRT, OPTCR_RDP, OPTCR_nWRP = 1, 2, 0xFF << 8, 0xFF << 16
OPTCR_RDP_OPEN, OPTCR_RDP_FOR_EVER = 0xAA << 8, 0xCC << 8
_ALIAS = 1 << 27  # flash is there again at 0
_ROW = 16


class Flash(Peripheral):
    """Works on the array that the core executes from.

    ``sectors`` is a tuple of (offset, size). BSY is seen once after each operation and takes no time.
    ``on_change(offset, size)`` tells which bytes of the array changed.
    """

    reset_values = {CR: CR_LOCK, OPTCR: 0x0FFFAAED}  # noqa: RUF012

    def __init__(
        self, array: mmap, base: int, sectors: tuple[tuple[int, int], ...], on_change: Callable[[int, int], None]
    ) -> None:
        super().__init__("FLASH")
        self._array, self._base, self._sectors, self._on_change = array, base, sectors, on_change
        self._keys_seen = self._option_keys_seen = 0
        self._locked_for_good = False
        self._busy = False
        self.refuses_until_erased = False  # a test's fault injection: programming fails until a mass erase
        self._options = self.reset_values[OPTCR]  # option bytes: they outlive every reset
        self.on_wait_states: Callable[[], None] = lambda: None

    @property
    def wait_states(self) -> int:
        """ACR.LATENCY."""
        return field(self.regs.get(ACR, 0), ACR_LATENCY)

    @property
    def protected(self) -> bool:
        """Whether a debugger is kept from the array (read-out protection level 1 or 2)."""
        return self._options & OPTCR_RDP != OPTCR_RDP_OPEN

    def protect(self, level: int = 0x55) -> None:
        """Program the read-out protection byte, as a product's last production step does. For tests."""
        self._options = self.regs[OPTCR] = self._options & ~OPTCR_RDP | put(OPTCR_RDP, level)

    def reset(self) -> None:
        """Locked again, whatever happened before. The content and the option bytes stay."""
        super().reset()
        self.regs[OPTCR] = self._options
        self._keys_seen = self._option_keys_seen = 0
        self._locked_for_good = self._busy = False

    def get(self, offset: int) -> int:
        """SR shows BSY once after an operation."""
        if offset == SR and self._busy:
            self._busy = False
            return self.regs.get(SR, 0) | SR_BSY
        return 0 if offset in (KEYR, OPTKEYR) else super().get(offset)

    def set(self, offset: int, value: int) -> None:
        """See the manual; CR is read-only while locked."""
        if offset == KEYR:
            self._unlock(value)
        elif offset == OPTKEYR:
            known = self._option_keys_seen < 2 and value == _OPTION_KEYS[self._option_keys_seen]
            self._option_keys_seen = self._option_keys_seen + 1 if known else 0
            if self._option_keys_seen == 2:
                self.regs[OPTCR] &= ~OPTCR_OPTLOCK
        elif offset == SR:
            self.regs[SR] = self.regs.get(SR, 0) & ~(value & (_ERRORS | SR_EOP))
        elif offset == CR:
            self._control(value)
        elif offset != OPTCR:
            super().set(offset, value)
            self.on_wait_states()
        elif not self.regs[OPTCR] & OPTCR_OPTLOCK:
            self.regs[OPTCR] = value & ~OPTCR_OPTSTRT  # it finishes at once
            self._option_keys_seen = 0
            if value & OPTCR_OPTSTRT:
                self._program_options()

    def _program_options(self) -> None:
        """3.6.3: level 2 is for ever; going back from level 1 erases everything first."""
        if self._options & OPTCR_RDP == OPTCR_RDP_FOR_EVER:
            self.regs[OPTCR] = self._options
            return
        was_protected, self._options = self.protected, self.regs[OPTCR]
        if was_protected and not self.protected:
            self._array[:] = b"\xff" * len(self._array)
            self._on_change(0, len(self._array))
        self._busy = True

    def _unlock(self, key: int) -> None:
        if self._locked_for_good or not self.regs[CR] & CR_LOCK:
            return
        if key != _KEYS[self._keys_seen]:
            self._locked_for_good = True  # a wrong sequence locks the register until the next reset
            return
        self._keys_seen += 1
        if self._keys_seen == 2:
            self.regs[CR] &= ~CR_LOCK
            self._keys_seen = 0

    def _control(self, value: int) -> None:
        if self.regs[CR] & CR_LOCK:
            return
        self.regs[CR] = value & ~CR_STRT
        if value & CR_STRT:
            self._erase(value)

    def _erase(self, control: int) -> None:
        self._busy = True
        if control & CR_MER:
            offset, size = 0, len(self._array)
            self.refuses_until_erased = False
        elif control & CR_SER and (number := field(control, CR_SNB)) < len(self._sectors):
            offset, size = self._sectors[number]
        else:
            self._fail(SR_OPERR)
            return
        if not self._writable(offset, size):
            self._fail(SR_WRPERR)
            return
        self._array[offset : offset + size] = b"\xff" * size
        self._on_change(offset, size)
        self._finish()

    def store(self, address: int, size: int, value: int) -> None:
        """A write to the array: programs if PG is set and the width is PSIZE's; flags an error otherwise."""
        control = self.regs[CR]
        if not control & CR_PG or control & CR_LOCK or control & (CR_SER | CR_MER):
            self._fail(SR_PGSERR)
            return
        if size != 1 << field(control, CR_PSIZE):
            self._fail(SR_PGPERR)
            return
        offset = (address - self._base) % _ALIAS
        if offset % _ROW + size > _ROW:
            self._fail(SR_PGAERR)
            return
        if self.refuses_until_erased or not self._writable(offset, size):
            self._fail(SR_WRPERR)
            return
        old = int.from_bytes(self._array[offset : offset + size], "little")
        # Programming pulls bits to 0 only; what was 0 stays 0 until the sector is erased.
        self._array[offset : offset + size] = (old & value).to_bytes(size, "little")
        self._busy = True
        self._on_change(offset, size)
        self._finish()

    def _writable(self, offset: int, size: int) -> bool:
        protection = field(self.regs[OPTCR], OPTCR_nWRP)
        touched = [
            i for i, (start, length) in enumerate(self._sectors) if start < offset + size and offset < start + length
        ]
        return all(protection >> i & 1 for i in touched)

    def _finish(self) -> None:
        if self.regs[CR] & CR_EOPIE:
            self.regs[SR] = self.regs.get(SR, 0) | SR_EOP

    def _fail(self, bit: int) -> None:
        self.regs[SR] = self.regs.get(SR, 0) | bit

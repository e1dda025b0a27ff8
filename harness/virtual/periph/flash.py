"""The flash controller (RM0390, 3.8): keys, erase, programming that can only clear bits, error flags."""

from __future__ import annotations

from collections.abc import Callable
from mmap import mmap

from harness.virtual.periph.base import Peripheral

ACR, KEYR, OPTKEYR, SR, CR, OPTCR = 0x00, 0x04, 0x08, 0x0C, 0x10, 0x14
EOP, OPERR, WRPERR, PGAERR, PGPERR, PGSERR, BSY = 1, 2, 1 << 4, 1 << 5, 1 << 6, 1 << 7, 1 << 16
PG, SER, MER, STRT, EOPIE, LOCK = 1, 2, 4, 1 << 16, 1 << 24, 1 << 31
_ERRORS = OPERR | WRPERR | PGAERR | PGPERR | PGSERR
_KEYS = (0x45670123, 0xCDEF89AB)
_OPTION_KEYS = (0x08192A3B, 0x4C5D6E7F)
_OPEN, _FOR_EVER = 0xAA, 0xCC


class Flash(Peripheral):
    """Works on the array that the core executes from.

    ``sectors`` is a tuple of (offset, size). BSY is seen once after each operation and takes no time.
    ``on_change(offset, size)`` tells which bytes of the array changed.
    """

    reset_values = {CR: LOCK, OPTCR: 0x0FFFAAED}  # noqa: RUF012

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
        return self.regs.get(ACR, 0) & 15

    @property
    def protected(self) -> bool:
        """Whether a debugger is kept from the array (read-out protection level 1 or 2)."""
        return self._options >> 8 & 0xFF != _OPEN

    def protect(self, level: int = 0x55) -> None:
        """Program the read-out protection byte, as a product's last production step does. For tests."""
        self._options = self.regs[OPTCR] = self._options & ~0xFF00 | level << 8

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
            return self.regs.get(SR, 0) | BSY
        return 0 if offset in (KEYR, OPTKEYR) else super().get(offset)

    def set(self, offset: int, value: int) -> None:
        """See the manual; CR is read-only while locked."""
        match offset:
            case 0x04:
                self._unlock(value)
            case 0x08:
                known = self._option_keys_seen < 2 and value == _OPTION_KEYS[self._option_keys_seen]
                self._option_keys_seen = self._option_keys_seen + 1 if known else 0
                if self._option_keys_seen == 2:
                    self.regs[OPTCR] &= ~1
            case 0x0C:
                self.regs[SR] = self.regs.get(SR, 0) & ~(value & (_ERRORS | EOP))
            case 0x10:
                self._control(value)
            case 0x14:
                if not self.regs[OPTCR] & 1:
                    self.regs[OPTCR] = value & ~2  # OPTSTRT finishes at once
                    self._option_keys_seen = 0
                    if value & 2:
                        self._program_options()
            case _:
                super().set(offset, value)
                self.on_wait_states()

    def _program_options(self) -> None:
        """3.6.3: level 2 is for ever; going back from level 1 erases everything first."""
        if self._options >> 8 & 0xFF == _FOR_EVER:
            self.regs[OPTCR] = self._options
            return
        was_protected, self._options = self.protected, self.regs[OPTCR]
        if was_protected and not self.protected:
            self._array[:] = b"\xff" * len(self._array)
            self._on_change(0, len(self._array))
        self._busy = True

    def _unlock(self, key: int) -> None:
        if self._locked_for_good or not self.regs[CR] & LOCK:
            return
        if key != _KEYS[self._keys_seen]:
            self._locked_for_good = True  # a wrong sequence locks the register until the next reset
            return
        self._keys_seen += 1
        if self._keys_seen == 2:
            self.regs[CR] &= ~LOCK
            self._keys_seen = 0

    def _control(self, value: int) -> None:
        if self.regs[CR] & LOCK:
            return
        self.regs[CR] = value & ~STRT
        if value & STRT:
            self._erase(value)

    def _erase(self, control: int) -> None:
        self._busy = True
        if control & MER:
            offset, size = 0, len(self._array)
            self.refuses_until_erased = False
        elif control & SER and (number := control >> 3 & 15) < len(self._sectors):
            offset, size = self._sectors[number]
        else:
            self._fail(OPERR)
            return
        if not self._writable(offset, size):
            self._fail(WRPERR)
            return
        self._array[offset : offset + size] = b"\xff" * size
        self._on_change(offset, size)
        self._finish()

    def store(self, address: int, size: int, value: int) -> None:
        """A write to the array: programs if PG is set and the width is PSIZE's; flags an error otherwise."""
        control = self.regs[CR]
        if not control & PG or control & LOCK or control & (SER | MER):
            self._fail(PGSERR)
            return
        if size != 1 << (control >> 8 & 3):
            self._fail(PGPERR)
            return
        offset = (address - self._base) % (1 << 27)
        if offset % 16 + size > 16:
            self._fail(PGAERR)
            return
        if self.refuses_until_erased or not self._writable(offset, size):
            self._fail(WRPERR)
            return
        old = int.from_bytes(self._array[offset : offset + size], "little")
        # Programming pulls bits to 0 only; what was 0 stays 0 until the sector is erased.
        self._array[offset : offset + size] = (old & value).to_bytes(size, "little")
        self._busy = True
        self._on_change(offset, size)
        self._finish()

    def _writable(self, offset: int, size: int) -> bool:
        protection = self.regs[OPTCR] >> 16
        touched = [
            i for i, (start, length) in enumerate(self._sectors) if start < offset + size and offset < start + length
        ]
        return all(protection >> i & 1 for i in touched)

    def _finish(self) -> None:
        if self.regs[CR] & EOPIE:
            self.regs[SR] = self.regs.get(SR, 0) | EOP

    def _fail(self, bit: int) -> None:
        self.regs[SR] = self.regs.get(SR, 0) | bit

"""The flash controller of the STM32L4 and L4+ (RM0351, RM0432: chapter FLASH): keys, page and bank erase, programming of
whole double words that must be erased, error flags.

Two banks with pages of ``page_bytes``: 2 KB on the L4, 4 KB on the L4+ with its factory option DBANK = 1. The other
geometry of the L4+ (one bank, 8 KB pages), fast programming and the ECC are not modelled.

The empty check of those that have one: power-on and an option byte load look at the first word, and SR.PEMPTY keeps what
they saw, whatever is programmed since. Software toggles it by writing 1.
"""

from __future__ import annotations

from collections.abc import Callable
from mmap import mmap

from harness.virtual.periph.base import Peripheral

ACR, KEYR, OPTKEYR, SR, CR, OPTR = 0x00, 0x08, 0x0C, 0x10, 0x14, 0x20
EOP, OPERR, PROGERR, WRPERR, PGAERR, SIZERR, PGSERR = 1, 2, 1 << 3, 1 << 4, 1 << 5, 1 << 6, 1 << 7
BSY, PEMPTY = 1 << 16, 1 << 17
PG, PER, MER1, BKER, MER2, STRT, EOPIE, LOCK = 1, 2, 4, 1 << 11, 1 << 15, 1 << 16, 1 << 24, 1 << 31
_ERRORS = OPERR | PROGERR | WRPERR | PGAERR | SIZERR | PGSERR | 1 << 8 | 1 << 9 | 1 << 14 | 1 << 15
_KEYS = (0x45670123, 0xCDEF89AB)
_PROTECTED = ((0x2C, 0x30), (0x4C, 0x50))  # WRP1AR, WRP1BR, WRP2AR, WRP2BR: first and last page
_NOTHING = 0x000000FF  # first page behind the last
_OPEN = 0xAA
_READ_ONLY = frozenset({KEYR, OPTKEYR})


class FlashL4(Peripheral):
    """Works on the array that the core executes from.

    BSY is seen once after each operation and takes no time. ``on_change(offset, size)`` tells which bytes changed.
    """

    def __init__(
        self,
        array: mmap,
        base: int,
        page_bytes: int,
        options: int,
        on_change: Callable[[int, int], None],
        *,
        checks_empty: bool = False,
    ) -> None:
        areas = {register: _NOTHING for bank in _PROTECTED for register in bank}
        self.reset_values = {ACR: 0x600, CR: LOCK | 1 << 30, OPTR: options, **areas}
        super().__init__("FLASH")
        self._array, self._base, self._page_bytes, self._on_change = array, base, page_bytes, on_change
        self._bank_bytes = len(array) // 2
        self._checks_empty = checks_empty
        self.on_wait_states: Callable[[], None] = lambda: None
        self.empty = False
        self.reset()

    def check_empty(self) -> None:
        """What power-on does."""
        self.empty = self._checks_empty and self._array[:4] == b"\xff" * 4

    @property
    def wait_states(self) -> int:
        """ACR.LATENCY."""
        return self.regs.get(ACR, 0) & 15

    @property
    def protected(self) -> bool:
        """Whether a debugger is kept from the array (read-out protection level 1 or 2)."""
        return self.regs[OPTR] & 0xFF != _OPEN

    def protect(self, level: int = 0x55) -> None:
        """Program the read-out protection byte, as a product's last production step does. For tests."""
        self.reset_values[OPTR] = self.regs[OPTR] = self.regs[OPTR] & ~0xFF | level

    def reset(self) -> None:
        """Locked again, whatever happened before. The content and the option bytes stay."""
        super().reset()
        self._keys_seen = 0
        self._locked_for_good = self._busy = False
        self._first: tuple[int, int] | None = None  # offset and value of the double word's first half

    def get(self, offset: int) -> int:
        """SR shows BSY once after an operation."""
        if offset == SR:
            busy, self._busy = self._busy, False
            return self.regs.get(SR, 0) | BSY * busy | PEMPTY * self.empty
        return 0 if offset in _READ_ONLY else super().get(offset)

    def set(self, offset: int, value: int) -> None:
        """See the manual; CR is read-only while locked, option bytes always."""
        if offset == KEYR:
            self._unlock(value)
        elif offset == SR:
            self.regs[SR] = self.regs.get(SR, 0) & ~(value & (_ERRORS | EOP))
            self.empty ^= self._checks_empty and bool(value & PEMPTY)
        elif offset == CR:
            self._control(value)
        elif offset == ACR:
            super().set(offset, value)
            self.on_wait_states()

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
        self._first = None
        if value & STRT:
            self._erase(value)

    def _erase(self, control: int) -> None:
        if control & PG or self.regs.get(SR, 0) & _ERRORS:
            self._fail(PGSERR)
            return
        self._busy = True
        ranges = [(bank * self._bank_bytes, self._bank_bytes) for bank, bit in ((0, MER1), (1, MER2)) if control & bit]
        if not ranges and control & PER:
            bank = 1 if control & BKER else 0
            page = (control >> 3 & 0xFF) % (self._bank_bytes // self._page_bytes)
            ranges = [(bank * self._bank_bytes + page * self._page_bytes, self._page_bytes)]
        for offset, size in ranges:
            if not self._writable(offset, size):
                self._fail(WRPERR)
                return
            self._array[offset : offset + size] = b"\xff" * size
            self._on_change(offset, size)
        self._finish()

    def store(self, address: int, size: int, value: int) -> None:
        """A write to the array: the second half of an aligned double word programs it, if it is erased or all zero."""
        offset = (address - self._base) % (1 << 27)
        control = self.regs[CR]
        if not control & PG or control & LOCK or self.regs.get(SR, 0) & _ERRORS:
            self._fail(PGSERR)
        elif size != 4:
            self._fail(SIZERR)
        elif self._first is None:
            if offset % 8:
                self._fail(PGAERR)
            else:
                self._first = (offset, value)
        else:
            (first, low), self._first = self._first, None
            if offset != first + 4:
                self._fail(PGAERR)
            else:
                self._program(first, (low | value << 32).to_bytes(8, "little"))

    def _program(self, offset: int, data: bytes) -> None:
        if not self._writable(offset, 8):
            self._fail(WRPERR)
        elif self._array[offset : offset + 8] != b"\xff" * 8 and data != bytes(8):
            self._fail(PROGERR)  # each double word has check bits: it can be written once, and then only with zeros
        else:
            self._array[offset : offset + 8] = data
            self._busy = True
            self._on_change(offset, 8)
            self._finish()

    def _writable(self, offset: int, size: int) -> bool:
        bank, within = divmod(offset, self._bank_bytes)
        first, last = within // self._page_bytes, (within + size - 1) // self._page_bytes
        areas = (self.regs[register] for register in _PROTECTED[bank])
        return not any(
            area & 0xFF <= last and first <= area >> 16 & 0xFF for area in areas if area & 0xFFFF != _NOTHING
        )

    def _finish(self) -> None:
        if self.regs[CR] & EOPIE:
            self.regs[SR] = self.regs.get(SR, 0) | EOP

    def _fail(self, bit: int) -> None:
        self._first = None
        self.regs[SR] = self.regs.get(SR, 0) | bit

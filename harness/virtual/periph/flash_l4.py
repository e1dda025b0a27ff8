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

from harness.virtual.periph.base import Peripheral, field

ACR, KEYR, OPTKEYR, SR, CR, OPTR = 0x00, 0x08, 0x0C, 0x10, 0x14, 0x20
WRP1AR, WRP1BR, WRP2AR, WRP2BR = 0x2C, 0x30, 0x4C, 0x50
SR_EOP, SR_OPERR, SR_PROGERR, SR_WRPERR, SR_PGAERR, SR_SIZERR, SR_PGSERR = 1, 2, 1 << 3, 1 << 4, 1 << 5, 1 << 6, 1 << 7
SR_MISERR, SR_FASTERR, SR_RDERR, SR_OPTVERR, SR_BSY, SR_PEMPTY = 1 << 8, 1 << 9, 1 << 14, 1 << 15, 1 << 16, 1 << 17
ACR_LATENCY, CR_PNB, CR_OPTLOCK = 15, 0xFF << 3, 1 << 30
OPTR_RDP, OPTR_RDP_OPEN = 0xFF, 0xAA
WRP1AR_WRP1A_STRT, WRP1AR_WRP1A_END = 0xFF, 0xFF << 16
CR_PG, CR_PER, CR_MER1, CR_BKER, CR_MER2, CR_STRT, CR_EOPIE, CR_LOCK = (
    1,
    2,
    4,
    1 << 11,
    1 << 15,
    1 << 16,
    1 << 24,
    1 << 31,
)
_ERRORS = SR_OPERR | SR_PROGERR | SR_WRPERR | SR_PGAERR | SR_SIZERR | SR_PGSERR | SR_MISERR | SR_FASTERR
_ERRORS |= SR_RDERR | SR_OPTVERR
_KEYS = (0x45670123, 0xCDEF89AB)
_PROTECTED = ((WRP1AR, WRP1BR), (WRP2AR, WRP2BR))  # of each bank
_NOTHING = WRP1AR_WRP1A_STRT  # the first page behind the last, which is 0
_ALIAS = 1 << 27  # flash is there again at 0
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
        self.reset_values = {ACR: 0x600, CR: CR_LOCK | CR_OPTLOCK, OPTR: options, **areas}
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
        return field(self.regs.get(ACR, 0), ACR_LATENCY)

    @property
    def protected(self) -> bool:
        """Whether a debugger is kept from the array (read-out protection level 1 or 2)."""
        return self.regs[OPTR] & OPTR_RDP != OPTR_RDP_OPEN

    def protect(self, level: int = 0x55) -> None:
        """Program the read-out protection byte, as a product's last production step does. For tests."""
        self.reset_values[OPTR] = self.regs[OPTR] = self.regs[OPTR] & ~OPTR_RDP | level

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
            return self.regs.get(SR, 0) | SR_BSY * busy | SR_PEMPTY * self.empty
        return 0 if offset in _READ_ONLY else super().get(offset)

    def set(self, offset: int, value: int) -> None:
        """See the manual; CR is read-only while locked, option bytes always."""
        if offset == KEYR:
            self._unlock(value)
        elif offset == SR:
            self.regs[SR] = self.regs.get(SR, 0) & ~(value & (_ERRORS | SR_EOP))
            self.empty ^= self._checks_empty and bool(value & SR_PEMPTY)
        elif offset == CR:
            self._control(value)
        elif offset == ACR:
            super().set(offset, value)
            self.on_wait_states()

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
        self._first = None
        if value & CR_STRT:
            self._erase(value)

    def _erase(self, control: int) -> None:
        if control & CR_PG or self.regs.get(SR, 0) & _ERRORS:
            self._fail(SR_PGSERR)
            return
        self._busy = True
        ranges = [
            (bank * self._bank_bytes, self._bank_bytes) for bank, bit in ((0, CR_MER1), (1, CR_MER2)) if control & bit
        ]
        if not ranges and control & CR_PER:
            bank = 1 if control & CR_BKER else 0
            page = field(control, CR_PNB) % (self._bank_bytes // self._page_bytes)
            ranges = [(bank * self._bank_bytes + page * self._page_bytes, self._page_bytes)]
        for offset, size in ranges:
            if not self._writable(offset, size):
                self._fail(SR_WRPERR)
                return
            self._array[offset : offset + size] = b"\xff" * size
            self._on_change(offset, size)
        self._finish()

    def store(self, address: int, size: int, value: int) -> None:
        """A write to the array: the second half of an aligned double word programs it, if it is erased or all zero."""
        offset = (address - self._base) % _ALIAS
        control = self.regs[CR]
        if not control & CR_PG or control & CR_LOCK or self.regs.get(SR, 0) & _ERRORS:
            self._fail(SR_PGSERR)
        elif size != 4:
            self._fail(SR_SIZERR)
        elif self._first is None:
            if offset % 8:
                self._fail(SR_PGAERR)
            else:
                self._first = (offset, value)
        else:
            (first, low), self._first = self._first, None
            if offset != first + 4:
                self._fail(SR_PGAERR)
            else:
                self._program(first, low.to_bytes(4, "little") + value.to_bytes(4, "little"))

    def _program(self, offset: int, data: bytes) -> None:
        if not self._writable(offset, 8):
            self._fail(SR_WRPERR)
        elif self._array[offset : offset + 8] != b"\xff" * 8 and data != bytes(8):
            self._fail(SR_PROGERR)  # each double word has check bits: it can be written once, and then only with zeros
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
            field(area, WRP1AR_WRP1A_STRT) <= last and first <= field(area, WRP1AR_WRP1A_END)
            for area in areas
            if area != _NOTHING
        )

    def _finish(self) -> None:
        if self.regs[CR] & CR_EOPIE:
            self.regs[SR] = self.regs.get(SR, 0) | SR_EOP

    def _fail(self, bit: int) -> None:
        self._first = None
        self.regs[SR] = self.regs.get(SR, 0) | bit

"""What Unicorn may do with a page of the address map, asked once a page and kept in its translation buffer.

By its own map of an M-profile core all of SRAM is executable, and for that alone every store takes a slow way: it might change
code. Here a page of RAM is executable from the first fetch on, and only then. So the stack and the data are stored to at
once, and code in RAM (flash algorithms, functions that a program copies there) is as safe against its own stores as before:
what was translated of a page is dropped when a store touches it.

It also says where code must never be (ARM DDI 0403E, B3.1, the XN regions), and makes the returns from exceptions fast. A branch
to an EXC_RETURN value is a fetch from such a region, which costs Unicorn an abort each time; it is given a page of
breakpoints to execute instead, which it translates once.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from mmap import mmap
from typing import Any, Final

from unicorn import unicorn_const as const

PAGE_BYTES: Final = 1024  # of an M-profile core in Unicorn
#: Fetches from here on are returns from exceptions (B1.5.8), or faults.
SYSTEM_SPACE: Final = 0xF0000000
#: Physical address of the page of breakpoints: beyond all that a program can name.
TRAPS_AT: Final = 1 << 32
_TRAPS = b"\x00\xbe" * 0x800  # BKPT 0
_LAST = 0xFFFFFFFF
_ALL, _DATA = const.UC_PROT_ALL, const.UC_PROT_READ | const.UC_PROT_WRITE


class _Entry(ctypes.Structure):
    _fields_ = (("physical", ctypes.c_uint64), ("rights", ctypes.c_uint32))


#: What Unicorn calls for UC_HOOK_TLB_FILL.
FILL = ctypes.CFUNCTYPE(
    ctypes.c_bool, ctypes.c_void_p, ctypes.c_uint64, ctypes.c_int, ctypes.POINTER(_Entry), ctypes.c_void_p
)


class Pages:
    """The rights of each page. ``code`` holds the pages of RAM that were executed, by their addresses; its owner clears it.

    ``forbidden`` is set by a fetch from where code must not be, until it is cleared.
    """

    def __init__(self) -> None:
        #: Ends an IT block in Unicorn's state. Before it asks about a data access it restores that state as of the access, IT bits
        #: included, and then goes on in translated code that takes them for zero, as they are while it runs.
        self.end_it_block: Callable[[], None] = lambda: None
        self.traps = mmap(-1, len(_TRAPS))
        self.traps[:] = _TRAPS
        self.forbidden = False
        self.code: set[int] = set()
        self._memories: list[tuple[int, int]] = []  # [start, end) of RAM
        self.callback = FILL(self._fill)

    def add_memory(self, start: int, size: int) -> None:
        """RAM lies there."""
        self._memories.append((start, start + size))

    def elsewhere(self) -> Iterator[tuple[int, int]]:
        """What is not RAM: first and last address of each range."""
        start = 0
        for begin, end in sorted(self._memories):
            if start < begin:
                yield start, begin - 1
            start = max(start, end)
        if start <= _LAST:
            yield start, _LAST

    def may_hold_code(self, start: int, end: int) -> bool:
        """Whether anything in ``[start, end)`` may have been executed since ``code`` was last cleared."""
        if not self._is_ram(start):
            return True
        return any(page in self.code for page in range(start & -PAGE_BYTES, end, PAGE_BYTES))

    def _fill(self, _uc: int, page: int, kind: int, entry: Any, _data: int) -> bool:
        # Called from C: nothing here may raise.
        found = entry[0]
        found.physical, found.rights = page, _ALL
        if kind == const.UC_MEM_FETCH:
            if page >= SYSTEM_SPACE:
                found.physical = TRAPS_AT
            elif never_executable(page):
                self.forbidden = True
                return False
            elif self._is_ram(page):
                self.code.add(page)
        else:
            self.end_it_block()
            if page not in self.code and self._is_ram(page):
                found.rights = _DATA
        return True

    def _is_ram(self, page: int) -> bool:
        return any(start <= page < end for start, end in self._memories)


def never_executable(address: int) -> bool:
    """Whether the architecture's map has no code there."""
    return 0x40000000 <= address < 0x60000000 or address >= 0xA0000000

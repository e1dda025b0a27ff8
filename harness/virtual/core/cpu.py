"""The processor core: Unicorn behind a narrow, fast interface.

Only this module knows Unicorn. It calls the library through its own ctypes prototypes, because the Python binding
spends several microseconds per call on things that a board does a hundred thousand times a second.

Exact instruction counting rests on two fields inside Unicorn's private state, ``emu_counter`` and ``emu_count``.
Unicorn counts every instruction into the first and ends a run when it passes the second, so lowering ``emu_count``
from inside a callback ends the run *before the next instruction*. ``uc_emu_stop`` cannot do that: called while a store
is being carried out it leaves the PC on that store, which is then executed twice. Where the two fields lie is found by
experiment at start (``_find_counters``) and checked, so another build of Unicorn is refused rather than miscounted.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable, Sequence
from mmap import mmap
from typing import Any

from unicorn import arm_const as reg
from unicorn import unicorn_const as const
from unicorn.unicorn_py3 import unicorn as binding  # the package's own __init__ re-exports it untyped

from harness.errors import HarnessBug
from harness.virtual.core.pages import PAGE_BYTES, SYSTEM_SPACE, TRAPS_AT, Pages

_READ = ctypes.CFUNCTYPE(ctypes.c_uint64, ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint, ctypes.c_void_p)
_WRITE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint, ctypes.c_uint64, ctypes.c_void_p)
_INTR = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_void_p)
_BLOCK = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint32, ctypes.c_void_p)
_MEM = ctypes.CFUNCTYPE(
    ctypes.c_bool, ctypes.c_void_p, ctypes.c_int, ctypes.c_uint64, ctypes.c_int, ctypes.c_int64, ctypes.c_void_p
)

# What ``Core.run`` ended with.
LIMIT = "limit"  # the instruction budget is used up, or a callback asked for the end
SLEEP = "sleep"  # WFI or WFE
BREAKPOINT = "breakpoint"
TRAP = "trap"  # SVC, BKPT, or a fetch from where code must not be: see ``Core.trap``
MEMORY = "memory"  # an access nobody answers: see ``Core.bad_access``
UNDEFINED = "undefined"  # no such instruction

READ, WRITE, EXEC = const.UC_PROT_READ, const.UC_PROT_WRITE, const.UC_PROT_EXEC

_PREFETCH_ABORT, _BREAKPOINT, _EXCEPTION_EXIT = 3, 7, 8  # QEMU's numbers
_THUMB = 1 << 24  # of EPSR: the T bit, and no IT block
_WFE, _YIELD = 0xBF20, 0xBF10
_HINT_EVENT = (_WFE, _YIELD)


def _prototypes() -> ctypes.CDLL:
    lib = ctypes.CDLL(binding.uclib._name)
    handle, u64, address = ctypes.c_void_p, ctypes.c_uint64, ctypes.c_void_p
    lib.uc_emu_start.argtypes = [handle, u64, u64, u64, ctypes.c_size_t]
    lib.uc_emu_stop.argtypes = [handle]
    lib.uc_mem_map_ptr.argtypes = [handle, u64, u64, ctypes.c_uint32, address]
    lib.uc_mmio_map.argtypes = [handle, u64, ctypes.c_size_t, _READ, address, _WRITE, address]
    lib.uc_reg_read_batch.argtypes = [handle, address, address, ctypes.c_int]
    lib.uc_reg_write_batch.argtypes = [handle, address, address, ctypes.c_int]
    return lib


class Registers:
    """A fixed group of core registers read or written with one library call.

    ``values`` is the group's staging area: ``load`` fills it from the core, ``store`` writes it back in the given
    order.
    """

    def __init__(self, core: Core, ids: Sequence[int]) -> None:
        self.values = (ctypes.c_uint32 * len(ids))()
        self._ids = (ctypes.c_int * len(ids))(*ids)
        at = ctypes.addressof(self.values)
        self._pointers = (ctypes.c_void_p * len(ids))(*[at + 4 * i for i in range(len(ids))])
        arguments = (core.handle, ctypes.addressof(self._ids), ctypes.addressof(self._pointers), len(ids))
        self._arguments = arguments
        self._read, self._write = core.lib.uc_reg_read_batch, core.lib.uc_reg_write_batch

    def load(self) -> Any:
        """Read the group; return ``values`` (ctypes array of uint32)."""
        self._read(*self._arguments)
        return self.values

    def store(self) -> None:
        """Write ``values``. Writing the PC inside a callback redirects execution."""
        self._write(*self._arguments)


class Core:
    """A Cortex-M4 without its system peripherals.

    After ``run`` the registers are those of the architecture at an instruction boundary. ``executed`` counts all
    instructions of past runs; during a run ``counter.value`` holds those of the present one.
    """

    def __init__(self) -> None:
        # MCLASS mode would select a Cortex-M33 whatever model is asked for, and run v8-M instructions silently.
        self._uc: Any = binding.Uc(const.UC_ARCH_ARM, const.UC_MODE_THUMB, cpu=reg.UC_CPU_ARM_CORTEX_M4)
        handle = ctypes.cast(self._uc._uch, ctypes.c_void_p).value
        assert handle is not None
        self.handle: int = handle
        self.lib = _prototypes()
        self._start = self.lib.uc_emu_start
        self._keep: list[Any] = []
        self.executed = 0
        self.running = False
        self.thumb = True
        self.trap: int | None = None
        self.bad_access: tuple[int, int] | None = None  # (Unicorn access kind, address)
        self.breakpoints: frozenset[int] = frozenset()
        self._exits_on = False
        self._end_asked = False
        self.ran = 0  # instructions of the last run
        self._failure: BaseException | None = None
        self._put_back: list[tuple[mmap, int, bytes]] = []
        self._pc = Registers(self, [reg.UC_ARM_REG_PC])
        self.counter, self._count = self._find_counters()
        self.pages = Pages()
        state = Registers(self, [reg.UC_ARM_REG_EPSR])
        state.values[0] = _THUMB
        self.pages.end_it_block = state.store
        self._on_return: Callable[[], bool] = lambda: False
        self._watched = False
        self._uc.ctl_set_tlb_mode(const.UC_TLB_VIRTUAL)
        self._hook(const.UC_HOOK_TLB_FILL, self.pages.callback, 0, TRAPS_AT)
        self.map_buffer(TRAPS_AT, self.pages.traps, READ | EXEC)

    # -- memory ---------------------------------------------------------------------------------------------------

    def map_buffer(self, base: int, buffer: mmap, rights: int) -> None:
        """Map host memory at ``base``; both sides see each other's writes. Size and base are multiples of 4096."""
        address = ctypes.addressof(ctypes.c_char.from_buffer(buffer))
        self._check(self.lib.uc_mem_map_ptr(self.handle, base, len(buffer), rights, address), f"map {base:#x}")
        self._keep.append(buffer)
        if rights & WRITE:
            self.pages.add_memory(base, len(buffer))

    def map_registers(
        self, base: int, size: int, read: Callable[[int, int], int], write: Callable[[int, int, int], None]
    ) -> None:
        """Map device registers: ``read(offset, size)`` and ``write(offset, size, value)`` are called on access."""

        def on_read(_uc: int, offset: int, width: int, _data: int) -> int:
            try:
                return read(offset, width)
            except BaseException as error:  # noqa: BLE001 - ctypes would print it and go on with a wrong value
                self._fail(error)
                return 0

        def on_write(_uc: int, offset: int, width: int, value: int, _data: int) -> None:
            try:
                write(offset, width, value)
            except BaseException as error:  # noqa: BLE001
                self._fail(error)

        callbacks = (_READ(on_read), _WRITE(on_write))
        self._keep.append(callbacks)
        self._check(
            self.lib.uc_mmio_map(self.handle, base, size, callbacks[0], None, callbacks[1], None), f"map {base:#x}"
        )

    def forget_code(self, start: int, end: int) -> None:
        """Drop translations of ``[start, end)``: the memory under them changed behind Unicorn's back."""
        if self.pages.may_hold_code(start, end):
            self._uc.ctl_remove_cache(start, end)

    def forget_code_in_ram(self) -> None:
        """Drop all that was translated from RAM: its pages are data until they are executed again."""
        for page in self.pages.code:
            self._uc.ctl_remove_cache(page, page + PAGE_BYTES)
        self.pages.code.clear()
        self._uc.ctl(const.UC_CTL_TLB_FLUSH, const.UC_CTL_IO_WRITE)

    # -- hooks ----------------------------------------------------------------------------------------------------

    def hook_traps(self, on_return: Callable[[], bool]) -> None:
        """``on_return()`` handles a branch to an EXC_RETURN value; False means that it was none."""

        self._on_return = on_return

        def on_intr(_uc: int, number: int, _data: int) -> None:
            try:
                if number == _EXCEPTION_EXIT and on_return():  # it knows by itself where its flags say "handler"
                    return
                if number == _BREAKPOINT:
                    self.counter.value -= 1
                    if on_return():
                        return
                    if self._pc.load()[0] >= SYSTEM_SPACE:
                        number = _PREFETCH_ABORT  # the breakpoint was ours, the fetch not allowed
                    else:
                        self.counter.value += 1
                self.trap = number
                self.lib.uc_emu_stop(self.handle)
            except BaseException as error:  # noqa: BLE001
                self._fail(error)

        self._hook(const.UC_HOOK_INTR, _INTR(on_intr), 1, 0)

    def _hook_bad_access(self) -> None:
        """Record unmapped accesses in ``bad_access`` and end the run. Not where RAM is: a hook there would slow its stores down."""

        def on_access(_uc: int, kind: int, address: int, _size: int, _value: int, _data: int) -> bool:
            self.bad_access = (kind, address & 0xFFFFFFFF)
            return False

        callback = _MEM(on_access)
        for first, last in self.pages.elsewhere():
            self._hook(const.UC_HOOK_MEM_UNMAPPED | const.UC_HOOK_MEM_FETCH_PROT, callback, first, last)
        self._watched = True

    def hook_blocks(self, on_block: Callable[[int, int], None]) -> None:
        """``on_block(address, bytes)`` is called before each run of instructions up to a branch. It costs most of the speed."""

        def on_entry(_uc: int, address: int, size: int, _data: int) -> None:
            try:
                on_block(address, size)
            except BaseException as error:  # noqa: BLE001
                self._fail(error)

        self._hook(const.UC_HOOK_BLOCK, _BLOCK(on_entry), 1, 0)
        self._uc.ctl_flush_tb()  # what is translated already would not call it

    def hook_rom_write(self, base: int, buffer: mmap, on_write: Callable[[int, int, int], None]) -> None:
        """``on_write(address, size, value)`` is called for a store to a read-only range and decides what comes of it.

        Unicorn carries the store out all the same when the hook returns. Where that is not what ``on_write`` left in
        ``buffer``, the run ends and its bytes are put back before the next instruction.
        """

        def on_access(_uc: int, _kind: int, address: int, width: int, value: int, _data: int) -> bool:
            try:
                value &= (1 << 8 * width) - 1
                on_write(address, width, value)
                at = address - base
                wanted = buffer[at : at + width]
                if wanted != value.to_bytes(width, "little"):
                    self._put_back.append((buffer, at, wanted))
                    self.end_within(0)
            except BaseException as error:  # noqa: BLE001
                self._fail(error)
            return True

        self._hook(const.UC_HOOK_MEM_WRITE_PROT, _MEM(on_access), base, base + len(buffer) - 1)

    def _hook(self, kind: int, callback: Any, begin: int, end: int) -> None:
        out = ctypes.c_size_t()
        self._keep.append(callback)
        uc, u64 = ctypes.c_void_p(self.handle), ctypes.c_uint64
        self._check(
            self.lib.uc_hook_add(uc, ctypes.byref(out), ctypes.c_int(kind), callback, None, u64(begin), u64(end)),
            f"hook {kind}",
        )

    # -- running --------------------------------------------------------------------------------------------------

    def set_pc(self, value: int, *, thumb: bool = True) -> None:
        """Set the PC (bit 0 ignored) and the T bit."""
        self.thumb = thumb
        self._pc.values[0] = (value & ~1) | thumb
        self._pc.store()

    @property
    def pc(self) -> int:
        """The address of the next instruction."""
        return int(self._pc.load()[0])

    def run(self, instructions: int) -> str:
        """Execute up to ``instructions`` (>= 1) and say why it ended. An error raised in a callback is raised here."""
        if not self._watched:
            self._hook_bad_access()  # now that all of the map is known
        self.trap = self.bad_access = None
        self.pages.forbidden = self._end_asked = False
        start = self._pc.load()[0] | self.thumb
        self.thumb = True
        self.running = True
        # until=0 on purpose: for any other value Unicorn drops the translation at that address after each run.
        error = self._start(self.handle, start, 0, 0, instructions)
        self.running = False
        if self._put_back:
            for buffer, at, wanted in self._put_back:
                buffer[at : at + len(wanted)] = wanted
            self._put_back.clear()
        counted = self.counter.value
        stopped_by_limit = counted > self._count.value
        self.executed += counted - 1 if stopped_by_limit else counted
        self.ran = counted - 1 if stopped_by_limit else counted
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure
        if self.trap is not None:
            return TRAP
        if error:
            return self._explain(error)
        if stopped_by_limit and self._pc.load()[0] >= SYSTEM_SPACE and not self._on_return():
            self.trap = _PREFETCH_ABORT
            return TRAP
        if stopped_by_limit or self._end_asked:
            return LIMIT
        return BREAKPOINT if self.breakpoints and self._pc.load()[0] in self.breakpoints else SLEEP

    def run_while_equal(self, group: Registers, instructions: int) -> str:
        """Execute one instruction at a time until a register of ``group`` changes; otherwise like ``run``."""
        before, ran, reason = list(group.load()), 0, LIMIT
        while ran < instructions and reason == LIMIT:
            reason = self.run(1)
            ran += self.ran
            if self._end_asked or list(group.load()) != before:
                break
        self.ran = ran
        return reason

    def _explain(self, error: int) -> str:
        if self.bad_access is not None:
            return MEMORY
        if self.pages.forbidden:
            self.trap = _PREFETCH_ABORT
            return TRAP
        pc = self.pc
        if error == const.UC_ERR_INSN_INVALID and self.halfword(pc - 2) in _HINT_EVENT:
            return SLEEP if self.halfword(pc - 2) == _WFE else LIMIT
        if error in (const.UC_ERR_INSN_INVALID, const.UC_ERR_EXCEPTION):
            return UNDEFINED
        if error == const.UC_ERR_WRITE_PROT:
            return LIMIT
        self.bad_access = (const.UC_MEM_FETCH_UNMAPPED, pc)
        return MEMORY

    def halfword(self, address: int) -> int | None:
        """The halfword at ``address`` in mapped memory, else None."""
        try:
            return int(struct.unpack("<H", self._uc.mem_read(address & 0xFFFFFFFE, 2))[0])
        except binding.UcError:
            return None

    def end_within(self, instructions: int) -> None:
        """From a callback: end the present run at the latest after so many further instructions."""
        self._end_asked = self._end_asked or instructions == 0
        at = self.counter.value + instructions
        if at < self._count.value:
            self._count.value = at

    def stop(self) -> None:
        """From a trap's callback: end the present run here. Not from a device's: that would repeat its instruction."""
        if self.running:
            self._end_asked = True
            self.lib.uc_emu_stop(self.handle)

    def set_breakpoints(self, addresses: frozenset[int]) -> None:
        """Runs end before the instruction at any of these addresses."""
        if addresses == self.breakpoints:
            return
        if not self._exits_on and addresses:
            self._uc.ctl_exits_enabled(True)
            self._exits_on = True
        if self._exits_on:
            self._uc.ctl_set_exits(sorted(addresses))
        for address in addresses ^ self.breakpoints:
            self.forget_code(address, address + 2)
        if self._exits_on and not addresses:
            self._uc.ctl_exits_enabled(False)
            self._exits_on = False
        self.breakpoints = addresses

    def _fail(self, error: BaseException) -> None:
        self._failure = self._failure or error
        self._count.value = self.counter.value

    # -- self-check -----------------------------------------------------------------------------------------------

    def _find_counters(self) -> tuple[Any, Any]:
        """The two private fields, found by running known numbers of instructions and looking for them."""
        self._uc.mem_map(0x1000, 0x1000)
        self._uc.mem_write(0x1000, b"\x00\xbf" * 0x7FE + b"\xfe\xe7")
        words = 512
        state = (ctypes.c_uint64 * words).from_address(self.handle)
        candidates = set(range(words - 1))
        for count in (1237, 771, 1999):
            self._check(self._start(self.handle, 0x1001, 0, 0, count), "self-check")
            candidates = {i for i in candidates if state[i] == count + 1 and state[i + 1] == count}
        self._uc.mem_unmap(0x1000, 0x1000)
        if len(candidates) != 1:
            raise HarnessBug(
                "Unicorn's instruction counter was not found",
                expected="unicorn 2.1.4, one place that counts",
                found=f"unicorn {'.'.join(map(str, binding.uc_version()))}, {len(candidates)} places",
                next_step="pip install unicorn==2.1.4",
            )
        at = self.handle + 8 * candidates.pop()
        return ctypes.c_uint64.from_address(at), ctypes.c_uint64.from_address(at + 8)

    def _check(self, error: int, what: str) -> None:
        if error:
            raise HarnessBug(f"Unicorn refused: {what}", found=str(binding.UcError(error)))

"""From what the core stumbled over to the architecture's fault (ARM DDI 0403E, B1.5.14)."""

from __future__ import annotations

from collections.abc import Callable

from unicorn import unicorn_const as const

from harness.virtual.core import exceptions as exc
from harness.virtual.core.bus import Bus
from harness.virtual.core.cpu import MEMORY, TRAP, UNDEFINED, Core
from harness.virtual.core.pages import never_executable

# CFSR
IACCVIOL = 1 << 0
IBUSERR, PRECISERR, UNSTKERR, STKERR, BFARVALID = 1 << 8, 1 << 9, 1 << 11, 1 << 12, 1 << 15
UNDEFINSTR, INVSTATE, INVPC, NOCP = 1 << 16, 1 << 17, 1 << 18, 1 << 19
# HFSR
VECTTBL, FORCED, DEBUGEVT = 1 << 1, 1 << 30, 1 << 31
# DEMCR vector catch bits
VC_MMERR, VC_STATERR, VC_BUSERR, VC_INTERR, VC_HARDERR = 1 << 4, 1 << 7, 1 << 8, 1 << 9, 1 << 10

LOCKUP_ADDRESS = 0xFFFFFFFE

_SVC, _PREFETCH_ABORT, _BREAKPOINT, _EXC_EXIT = 2, 3, 7, 8
_FETCHES = frozenset({const.UC_MEM_FETCH, const.UC_MEM_FETCH_UNMAPPED, const.UC_MEM_FETCH_PROT})


class Faults:
    """Fault status and the way into fault handlers.

    ``locked_up`` is set when a fault cannot be handled; the PC is then ``LOCKUP_ADDRESS`` and nothing runs until a
    reset or a debugger's halt. ``on_breakpoint()`` returns True if a debugger takes a BKPT; ``on_catch(mask)`` tells a
    debugger of a fault's entry.
    """

    def __init__(self, core: Core, bus: Bus, exceptions: exc.Exceptions) -> None:
        self._core, self._bus, self._exc = core, bus, exceptions
        self.on_breakpoint: Callable[[], bool] = lambda: False
        self.on_catch: Callable[[int], None] = lambda _mask: None
        exceptions.on_derived = self._derived
        self.reset()

    def reset(self) -> None:
        """The state after a system reset."""
        self.cfsr = self.hfsr = self.mmfar = self.bfar = 0
        self.locked_up = False

    def handle(self, reason: str) -> None:
        """React to the end of a run for ``TRAP``, ``MEMORY`` or ``UNDEFINED``."""
        if reason == TRAP:
            self._trap()
        elif reason == MEMORY:
            assert self._core.bad_access is not None
            self._memory(*self._core.bad_access)
        elif reason == UNDEFINED:
            self._undefined()

    def _trap(self) -> None:
        number = self._core.trap
        if number == _SVC:
            self.synchronous(exc.SVCALL)
        elif number == _BREAKPOINT:
            if not self.on_breakpoint():
                self.hfsr |= DEBUGEVT
                self._enter_hard_fault()
        elif number in (_PREFETCH_ABORT, _EXC_EXIT):
            self._fetch(self._core.pc)
        else:
            self._undefined()

    def _fetch(self, address: int) -> None:
        if never_executable(address):
            self.raise_fault(exc.MEM_MANAGE, IACCVIOL)
        else:
            self.raise_fault(exc.BUS_FAULT, IBUSERR)

    def _memory(self, kind: int, address: int) -> None:
        if kind in _FETCHES:
            self._fetch(address)
        else:
            self.bus_fault_at(address)

    def bus_fault_at(self, address: int) -> None:
        """A data access that nobody answers. Stores are precise too: the write buffer is not modelled."""
        self.bfar = address
        self.raise_fault(exc.BUS_FAULT, PRECISERR | BFARVALID)

    def _undefined(self) -> None:
        thumb = self._exc._out.load()[7] >> 24 & 1
        self._core.thumb = bool(thumb)
        self.raise_fault(exc.USAGE_FAULT, UNDEFINSTR if thumb else INVSTATE)

    def raise_fault(self, number: int, bits: int) -> None:
        """Set status bits and enter the fault's handler, HardFault's if it cannot run, or lock up."""
        self.cfsr |= bits
        self.synchronous(number)

    def synchronous(self, number: int) -> None:
        """Enter ``number`` now if it is enabled and urgent enough, else escalate (B1.5.14)."""
        e = self._exc
        if e.enabled & 1 << number and e._group(e.priorities[number]) < e.execution_priority():
            self._enter(number)
        else:
            self.hfsr |= FORCED
            self._enter_hard_fault()

    def _enter_hard_fault(self) -> None:
        if self._exc.execution_priority() <= -1:
            self.lock_up()
        else:
            self._enter(exc.HARD_FAULT)

    def _enter(self, number: int) -> None:
        self._exc.enter(number)
        self._catch(number)

    def _catch(self, number: int) -> None:
        mask = {exc.HARD_FAULT: VC_HARDERR, exc.BUS_FAULT: VC_BUSERR, exc.MEM_MANAGE: VC_MMERR}.get(number, 0)
        if number == exc.USAGE_FAULT:
            mask = VC_STATERR
        if mask:
            self.on_catch(mask)

    def lock_up(self) -> None:
        """Stop for good at the architecture's lockup address."""
        self.locked_up = True
        self._core.set_pc(LOCKUP_ADDRESS)
        self._core.stop()

    def _derived(self, kind: str, address: int) -> None:
        """A fault during exception entry or return."""
        e = self._exc
        if kind == exc.VECTOR_READ:
            self.hfsr |= VECTTBL
            if e.running_priority <= -1:
                self.lock_up()
            else:
                self._chain(exc.HARD_FAULT)
        elif kind == exc.BAD_VECTOR:
            self.raise_fault(exc.MEM_MANAGE, IACCVIOL)
        elif kind == exc.STACKING:
            self.cfsr |= STKERR
            # The handler that was being entered runs if it is HardFault already: there is nothing more urgent to run.
            if e.running_priority > -1 and not self.locked_up:
                self._chain_or_escalate(exc.BUS_FAULT)
        else:
            e.active &= ~(1 << e.current)
            e.update_running_priority()
            self.cfsr |= UNSTKERR if kind == exc.UNSTACKING else INVPC
            self._chain_or_escalate(exc.BUS_FAULT if kind == exc.UNSTACKING else exc.USAGE_FAULT)

    def _chain_or_escalate(self, number: int) -> None:
        e = self._exc
        if e.enabled & 1 << number and e._group(e.priorities[number]) < e.running_priority:
            self._chain(number)
            return
        self.hfsr |= FORCED
        if e.running_priority <= -1:
            self.lock_up()
        else:
            self._chain(exc.HARD_FAULT)

    def _chain(self, number: int) -> None:
        """Enter ``number`` on the frame that is already there."""
        self._exc.tail_chain(number)
        self._catch(number)

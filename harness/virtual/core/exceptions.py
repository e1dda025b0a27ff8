"""Exceptions of ARMv7-M: pending, priority, entry, return and tail-chaining (ARM DDI 0403E, B1.5).

The NVIC's state is a few integers used as bit sets over exception numbers. Differences from the architecture: floating
point state is always stacked at once (no lazy stacking), and an unstacking fault is taken before the return instead of
tail-chained from it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from unicorn import arm_const as reg

from harness.virtual.core.bus import Bus, BusError
from harness.virtual.core.cpu import Core, Registers

NMI, HARD_FAULT, MEM_MANAGE, BUS_FAULT, USAGE_FAULT = 2, 3, 4, 5, 6
SVCALL, DEBUG_MONITOR, PENDSV, SYSTICK, IRQ0 = 11, 12, 14, 15, 16

_ALWAYS_ENABLED = 1 << NMI | 1 << HARD_FAULT | 1 << SVCALL | 1 << PENDSV | 1 << SYSTICK
_LEAST = 256  # priority of thread mode
_FLAGS = 0xF80F0000  # NZCVQ and GE of xPSR
_THUMB = 1 << 24
_SYSTEM_SPACE = 0xF0000000  # branches in handler mode to here and above are exception returns
_CONTROL_NPRIV, _CONTROL_SPSEL, _CONTROL_FPCA = 1, 2, 4
_FRAME = struct.Struct("<8I")
_FP_FRAME = struct.Struct("<18I")
_VALID_RETURNS = frozenset({0xFFFFFFE1, 0xFFFFFFE9, 0xFFFFFFED, 0xFFFFFFF1, 0xFFFFFFF9, 0xFFFFFFFD})

_THREAD_RETURNS = frozenset({0xFFFFFFE9, 0xFFFFFFED, 0xFFFFFFF9, 0xFFFFFFFD})

STACKING, UNSTACKING, VECTOR_READ, BAD_RETURN = "stacking", "unstacking", "vector read", "bad return"
BAD_VECTOR = "bad vector"


class Exceptions:
    """Which exceptions wait, which run, and the way in and out of them.

    ``on_derived(kind, address)`` is called for a fault during entry or return; the owner (``faults``) decides what
    follows.
    """

    def __init__(self, core: Core, bus: Bus, exceptions: int) -> None:
        self._core, self._bus = core, bus
        self.count = exceptions
        self.on_derived: Callable[[str, int], None] = lambda _kind, _address: None
        ids = [reg.UC_ARM_REG_R0 + i for i in (0, 1, 2, 3, 12)] + [reg.UC_ARM_REG_LR]
        self._out = Registers(
            core, [*ids, reg.UC_ARM_REG_PC, reg.UC_ARM_REG_XPSR, reg.UC_ARM_REG_SP, reg.UC_ARM_REG_CONTROL]
        )
        self._back = Registers(
            core,
            [*ids, reg.UC_ARM_REG_XPSR_NZCVQG, reg.UC_ARM_REG_CONTROL, reg.UC_ARM_REG_SP, reg.UC_ARM_REG_PC],
        )
        self._jump = Registers(
            core, [reg.UC_ARM_REG_LR, reg.UC_ARM_REG_CONTROL, reg.UC_ARM_REG_XPSR_NZCVQG, reg.UC_ARM_REG_PC]
        )
        self._sp = Registers(core, [reg.UC_ARM_REG_SP])
        self._msp = Registers(core, [reg.UC_ARM_REG_MSP])
        self._ipsr = Registers(core, [reg.UC_ARM_REG_IPSR])
        self._control = Registers(core, [reg.UC_ARM_REG_CONTROL])
        self._rebuild = Registers(core, [reg.UC_ARM_REG_APSR_NZCV])
        masks = [reg.UC_ARM_REG_PRIMASK, reg.UC_ARM_REG_BASEPRI, reg.UC_ARM_REG_FAULTMASK]
        stacks = [reg.UC_ARM_REG_SP, reg.UC_ARM_REG_PSP, reg.UC_ARM_REG_CONTROL, reg.UC_ARM_REG_XPSR]
        self._leave = Registers(core, [reg.UC_ARM_REG_PC, *masks, *stacks])
        self._again = Registers(core, [reg.UC_ARM_REG_LR, reg.UC_ARM_REG_PC])
        self._vectors: dict[int, int] = {}  # vectors read before; dropped when anything that holds them changes
        self.masks = Registers(core, masks)
        self._faultmask = Registers(core, [reg.UC_ARM_REG_FAULTMASK])
        self._fp = Registers(core, [*range(reg.UC_ARM_REG_S0, reg.UC_ARM_REG_S15 + 1), reg.UC_ARM_REG_FPSCR])
        self.reset()

    @property
    def taken(self) -> tuple[int, ...]:
        """Exceptions whose vectors were read since the table last changed."""
        return tuple(self._vectors)

    def forget_vectors(self) -> None:
        """The vector table or what it lies in changed."""
        self._vectors.clear()

    def reset(self) -> None:
        """The state after a system reset."""
        self.forget_vectors()
        self.pending = self.active = self.levels = 0
        self.enabled = _ALWAYS_ENABLED
        self.priorities = [0] * self.count
        self.priorities[NMI], self.priorities[HARD_FAULT] = -2, -1
        self.prigroup = 0
        self.vtor = 0
        self.align_stack = True
        self.sleep_on_exit = False
        self.sleep_requested = False
        self.current = 0  # IPSR
        self.running_priority = _LEAST

    # -- pending --------------------------------------------------------------------------------------------------

    def set_level(self, number: int, high: bool) -> None:
        """A device drives its (level-sensitive) request line."""
        bit = 1 << number
        if high:
            if not self.levels & bit:
                self.levels |= bit
                self.pend(number)
        elif self.levels & bit:
            self.levels &= ~bit
            self.pending &= ~bit

    def pend(self, number: int) -> None:
        """Make an exception pending. During a run, end it if that exception may have to be taken or watched for."""
        self.pending |= 1 << number
        if self._core.running:
            self.look_again()

    def look_again(self) -> None:
        """End the present run when something enabled outranks what is active: only then is there anything to do."""
        if self.pending & self.enabled and self._core.running and self._best()[0] < self.running_priority:
            self._core.end_within(0)

    def _best(self) -> tuple[int, int]:
        """(group priority, number) of the most urgent enabled pending exception; the caller checked there is one."""
        waiting = self.pending & self.enabled
        best, number = _LEAST, 0
        while waiting:
            low = waiting & -waiting
            candidate = low.bit_length() - 1
            if self.priorities[candidate] < best:
                best, number = self.priorities[candidate], candidate
            waiting ^= low
        return self._group(best), number

    def _group(self, priority: int) -> int:
        return priority if priority < 0 else priority & (0xFF << (self.prigroup + 1)) & 0xFF

    def execution_priority(self, masks: Any = None) -> int:
        """B1.5.4 ExecutionPriority(), from the active exceptions and PRIMASK, BASEPRI, FAULTMASK."""
        primask, basepri, faultmask = masks or self.masks.load()
        priority = self.running_priority
        if faultmask:
            priority = min(priority, -1)
        elif primask:
            priority = min(priority, 0)
        if basepri:
            priority = min(priority, self._group(basepri))
        return priority

    def update_running_priority(self) -> None:
        """Recompute what the active exceptions alone give."""
        best, rest = _LEAST, self.active
        while rest:
            low = rest & -rest
            best = min(best, self._group(self.priorities[low.bit_length() - 1]))
            rest ^= low
        self.running_priority = best

    @property
    def wakes(self) -> bool:
        """Whether WFI ends: something pending would preempt if PRIMASK were clear (B1.5.19)."""
        if not self.pending & self.enabled:
            return False
        _primask, basepri, faultmask = self.masks.load()
        return self._best()[0] < self.execution_priority((0, basepri, faultmask))

    def masked(self) -> bool:
        """Whether something waits only because of a mask register, which the program may clear at any instruction."""
        return bool(self.pending & self.enabled) and self._best()[0] < self.running_priority

    def take(self) -> bool:
        """Enter the most urgent exception if it may preempt. Called between runs."""
        priority, number = self._best()
        if priority >= self.running_priority or priority >= self.execution_priority():
            return False
        self.pending &= ~(1 << number)
        self.enter(number)
        return True

    # -- entry ----------------------------------------------------------------------------------------------------

    def enter(self, number: int) -> None:
        """Stack the present context and start the handler (B1.5.6). The stacked return address is the present PC."""
        v = self._out.load()
        control, sp = v[9], v[8]
        floating = control & _CONTROL_FPCA
        frame = sp - (0x68 if floating else 0x20)
        shifted = frame & 4 if self.align_stack or floating else 0
        frame &= ~7 if self.align_stack or floating else ~3
        xpsr = v[7] & ~(1 << 9) | (1 << 9 if shifted else 0)
        if not self._core.thumb:
            xpsr &= ~_THUMB
        words = v[0], v[1], v[2], v[3], v[4], v[5], v[6], xpsr
        link = 0xFFFFFFF1 if self.current else 0xFFFFFFFD if control & _CONTROL_SPSEL else 0xFFFFFFF9
        stacked = self._put(frame, _FRAME, words)
        if floating:
            link &= ~0x10
            stacked &= self._put(frame + 0x20, _FP_FRAME, (*self._fp.load(), 0))
        self._sp.values[0] = frame & 0xFFFFFFFF
        self._sp.store()
        if control & _CONTROL_NPRIV and not self.current:
            self._drop_thread_stack(control)
        self._go(number, link, control, v[7])
        if not stacked:
            self.on_derived(STACKING, frame & 0xFFFFFFFF)

    def _drop_thread_stack(self, control: int) -> None:
        """Unicorn refuses CONTROL writes from unprivileged thread mode: be a handler for a moment to change SPSEL."""
        for ipsr, bits in ((HARD_FAULT, control & ~_CONTROL_NPRIV), (0, control & ~_CONTROL_SPSEL)):
            self._ipsr.values[0] = ipsr
            self._ipsr.store()
            self._control.values[0] = bits
            self._control.store()

    def _put(self, address: int, layout: struct.Struct, words: Any) -> bool:
        ram = self._bus.ram
        if ram.buffer is None or not ram.base <= address <= ram.end - layout.size:
            return False
        layout.pack_into(ram.buffer, address - ram.base, *words)
        return True

    def _go(self, number: int, link: int, control: int, xpsr: int) -> None:
        """Fetch the vector and jump, with the return code in LR."""
        self.active |= 1 << number
        self.current = number
        priority = self._group(self.priorities[number])
        self.running_priority = min(self.running_priority, priority)
        vector = self._vectors.get(number)
        if vector is None:
            try:
                vector = self._bus.word(self.vtor + 4 * number)
            except BusError as error:
                self.on_derived(VECTOR_READ, error.address)
                return
            if self.vtor < self._bus.ram.base:
                self._vectors[number] = vector
        thumb = vector & 1
        j = self._jump.values
        j[0], j[1] = link, control & _CONTROL_NPRIV
        j[2] = xpsr & _FLAGS | (_THUMB if thumb else 0) | number
        j[3] = vector
        self._core.thumb = bool(thumb)
        self._jump.store()
        if control & _CONTROL_NPRIV:
            self._refresh_mode(xpsr)
        if vector >= _SYSTEM_SPACE:
            # Left alone this fetch would look like a branch to an EXC_RETURN value.
            self.on_derived(BAD_VECTOR, vector)

    def tail_chain(self, number: int) -> None:
        """Start another handler on the stack frame that exists, keeping LR's return code."""
        v = self._out.load()
        self._go(number, v[5], v[9], v[7])

    def _refresh_mode(self, xpsr: int) -> None:
        # Unicorn keeps the privilege level in cached translation flags; of all writes only this one refreshes them.
        self._rebuild.values[0] = xpsr & 0xF0000000
        self._rebuild.store()

    # -- return ---------------------------------------------------------------------------------------------------

    def on_return(self) -> bool:
        """Leave the handler (B1.5.8) or tail-chain, from inside a run. False if this was no exception return."""
        number = self.current
        target, primask, basepri, faultmask, sp, psp, control, xpsr = self._leave.load()
        if not number or target < _SYSTEM_SPACE:
            return False
        code = target | 1
        bit = 1 << number
        remaining = self.active & ~bit
        if (
            self.levels & bit
            and code in _THREAD_RETURNS
            and not remaining
            and not control & _CONTROL_FPCA
            and not primask | basepri | faultmask
            and not self.pending & self.enabled
            and number in self._vectors
        ):
            # The device wants the same handler again and nobody else wants anything: tail-chain without a detour.
            a = self._again.values
            a[0], a[1] = code, self._vectors[number]
            self._again.store()
            return True
        if code not in _VALID_RETURNS or not self.active & bit or bool(remaining) == bool(code & 8):
            self.on_derived(BAD_RETURN, target)
            return True
        self.active = remaining
        if faultmask and number != NMI:
            faultmask = self._faultmask.values[0] = 0
            self._faultmask.store()
        if self.levels & bit:
            self.pending |= bit
        self.update_running_priority()
        if self.pending & self.enabled:
            priority, waiting = self._best()
            if priority < self.running_priority and priority < self.execution_priority((primask, basepri, faultmask)):
                self.pending &= ~(1 << waiting)
                self._go(waiting, code, control, xpsr)
                return True
        self._unstack(code, psp if code & 4 else sp, control, xpsr)
        if self.pending & self.enabled and self.masked():
            self._core.end_within(0)
        if self.sleep_on_exit and not self.active:
            self.sleep_requested = True
            self._core.end_within(0)
        return True

    def _unstack(self, code: int, frame: int, control: int, xpsr: int) -> None:
        ram, floating = self._bus.ram, not code & 0x10
        size = 0x68 if floating else 0x20
        if ram.buffer is None or not ram.base <= frame <= ram.end - size:
            self.on_derived(UNSTACKING, frame)
            return
        at = frame - ram.base
        words = _FRAME.unpack_from(ram.buffer, at)
        if floating:
            self._fp.values[:] = list(_FP_FRAME.unpack_from(ram.buffer, at + 0x20)[:17])
            self._fp.store()
        b = self._back.values
        status = words[7]
        self.current = status & 0x1FF if not code & 8 else 0
        b[0:6] = list(words[0:6])
        b[6] = status & ~0x3FF | self.current
        if control & _CONTROL_NPRIV:
            self._control.values[0] = control & ~_CONTROL_NPRIV
            self._control.store()
        b[7] = control & _CONTROL_NPRIV | (code & 4) >> 1 | (_CONTROL_FPCA if floating else 0)
        b[8] = frame + size | (4 if status & 1 << 9 else 0)
        thumb = bool(status & _THUMB)
        self._core.thumb = thumb
        b[9] = words[6] & ~1 | thumb
        self._back.store()
        if control & _CONTROL_NPRIV:
            self._refresh_mode(status)

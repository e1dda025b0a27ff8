"""The machine: core, system peripherals and clock in one run loop. Chips add memory and devices (``soc/``)."""

from __future__ import annotations

import time
from collections.abc import Callable

from unicorn import arm_const as reg

from harness.virtual.core import cpu
from harness.virtual.core.bus import Bus, BusError
from harness.virtual.core.clock import NEVER, VirtualClock
from harness.virtual.core.coresight import ROM_TABLE_BASE, BreakpointUnit, Dwt, Itm, RomTable
from harness.virtual.core.cpu import Core, Registers
from harness.virtual.core.exceptions import USAGE_FAULT, Exceptions
from harness.virtual.core.faults import NOCP, Faults
from harness.virtual.core.halting import HALT, HALTED, MASKINTS, TRCENA, Debug
from harness.virtual.core.noticed import Noticed
from harness.virtual.core.scs import BASE as SCS_BASE
from harness.virtual.core.scs import CORTEX_M4F, CoreModel, SystemControl
from harness.virtual.core.systick import SysTick

_STEPS = 256  # single instructions while an interrupt waits for a mask bit that the program may clear at any of them
_SHORT_RUN = 64  # then runs of this length and ever so often single instructions again
_POLL_BUDGET = 4_000  # ticks of a polling program between two looks at the outside world
_FPCA = 4
ST = 0x20  # STMicroelectronics in JEP106
_EXCEPTION_TICKS = 12
_MAX_PAUSE_S = 10.0
_TIMER_PAUSE_S = 0.01
_STICKY_INTERRUPTS = (1 << 14 | 1 << 15) | ~0xFFFF  # what C_MASKINTS holds back: PendSV, SysTick, all IRQs


class Machine:
    """One chip under power. ``run`` lets it live; between runs a debugger may look and change.

    ``resets`` counts system resets. ``frozen`` (a test's fault injection) stops the core as if its clock had stopped.
    ``noticed`` is what the firmware did that a chip would not do, or that may explain a failure.
    """

    def __init__(self, irqs: int, *, part: int, designer: int = ST, model: CoreModel = CORTEX_M4F) -> None:
        """``part`` and ``designer`` (JEP106, continuation 0) identify the chip in its ROM table."""
        self.core = Core()
        self.clock = VirtualClock(self.core)
        self.bus = Bus(self.core)
        self.exceptions = Exceptions(self.core, self.bus, 16 + irqs)
        self.faults = Faults(self.core, self.bus, self.exceptions)
        self.debug = Debug(self.core, self.exceptions, self.faults)
        self.systick = SysTick(self.clock, self.exceptions)
        self.scs = SystemControl(self.exceptions, self.faults, self.systick, self.debug, model)
        self.dwt = Dwt(self.core, self.clock, lambda: bool(self.debug.demcr & TRCENA))
        self.resettable: list[Callable[[], None]] = []
        self.on_reset: Callable[[str], None] = lambda _cause: None
        self.hidden: Callable[[int], bool] = lambda _address: False  # from a debugger, by read-out protection
        self.vector_base = 0
        self.sleeping = self.polling = self.frozen = self.in_reset = False
        self.resets = 0
        self.noticed = Noticed(self.core, self.exceptions)
        self._masked_runs = 0
        self._reset_cause: str | None = None
        self._stale: list[tuple[int, int]] = []
        #: The time outside, in s, at whose pace idle time passes.
        self.wall: Callable[[], float] = time.monotonic
        self._waiting_since: tuple[float, int] | None = None
        self._all = self._register_file()
        self._control = Registers(self.core, [reg.UC_ARM_REG_CONTROL])
        self.systick.refuse = self.noticed.refuse
        self.debug.sleeping = lambda: self.sleeping
        self.debug.in_reset = lambda: self.in_reset
        self.debug.on_control = self._debug_changed
        self.scs.on_reset_request = self._asked_for_reset
        self.core.hook_traps(self.exceptions.on_return)
        for name, base, device in (
            ("SCS", SCS_BASE, self.scs),
            ("ITM", 0xE0000000, Itm()),
            ("DWT", 0xE0001000, self.dwt),
            ("FPB", 0xE0002000, BreakpointUnit(self.core.set_breakpoints)),
            ("ROM table", ROM_TABLE_BASE, RomTable(part, designer)),
        ):
            self.bus.add_device(name, base, 0x1000, device)

    def _register_file(self) -> Registers:
        general = [reg.UC_ARM_REG_R0 + i for i in range(13)]
        masks = [reg.UC_ARM_REG_PRIMASK, reg.UC_ARM_REG_BASEPRI, reg.UC_ARM_REG_FAULTMASK]
        # IPSR first and CONTROL after it: each decides which stack pointer the later writes reach.
        order = [reg.UC_ARM_REG_IPSR, reg.UC_ARM_REG_CONTROL, *masks, *general]
        order += [reg.UC_ARM_REG_PSP, reg.UC_ARM_REG_MSP, reg.UC_ARM_REG_LR, reg.UC_ARM_REG_XPSR_NZCVQG]
        return Registers(self.core, [*order, reg.UC_ARM_REG_FPSCR, reg.UC_ARM_REG_APSR_NZCV])

    # -- reset ----------------------------------------------------------------------------------------------------

    def request_reset(self, cause: str) -> None:
        """Reset at the next instruction boundary (``power``, ``pin``, ``software``, ``watchdog``)."""
        self._reset_cause = cause
        if self.core.running:
            self.core.end_within(0)
        else:
            self._reset()

    def _reset(self) -> None:
        """System reset: peripherals and core start afresh; memories and the debug logic keep their state."""
        cause, self._reset_cause = self._reset_cause or "pin", None
        self.resets += 1
        self.core.forget_code_in_ram()
        self.on_reset(cause)
        for action in (self.exceptions.reset, self.faults.reset, self.systick.reset, self.scs.reset, *self.resettable):
            action()
        self.exceptions.vtor = self.vector_base
        self.sleeping = self.polling = self.noticed.refused = False
        self._waiting_since = None
        self._all.values[:] = [0] * len(self._all.values)
        self._all.store()
        sp, start = self._vector(0), self._vector(4)
        stack = Registers(self.core, [reg.UC_ARM_REG_MSP, reg.UC_ARM_REG_LR])
        stack.values[:] = [sp & ~3, 0xFFFFFFFF]
        stack.store()
        self.core.set_pc(start, thumb=bool(start & 1))
        self.debug.system_reset()

    def _vector(self, offset: int) -> int:
        try:
            return self.bus.word(self.vector_base + offset)
        except BusError:
            return 0xFFFFFFFF

    def hold_reset(self, held: bool) -> None:
        """Drive the NRST pin."""
        if self.in_reset and not held:
            self._reset_cause = "pin"
            self._reset()
        self.in_reset = held

    def _asked_for_reset(self) -> None:
        self.noticed.reset_asked()
        self.request_reset("software")

    # -- running --------------------------------------------------------------------------------------------------

    @property
    def stopped(self) -> bool:
        """Whether the core executes nothing until someone outside acts."""
        d = self.debug
        return self.in_reset or self.frozen or self.noticed.refused or d.halted or self.faults.locked_up

    def code_changed(self, start: int, size: int) -> None:
        """Memory that may hold code changed behind the core's back; told to Unicorn before the next run."""
        self._stale.append((start, start + size))
        self.exceptions.forget_vectors()

    def _debug_changed(self) -> None:
        # A halt ends WFI: the core goes on behind it when it is resumed.
        self.sleeping = self.sleeping and not self.debug.halted
        if self.core.running:
            self.core.end_within(0)

    def run(self, ticks: int) -> float | None:
        """Live for up to ``ticks``. Returns None when there is more to do at once, else the pause in seconds that may
        be slept before anything but an outside event can happen.
        """
        clock, end = self.clock, self.clock.now() + ticks
        while clock.now() < end:
            if self._reset_cause is not None:
                self._reset()
            if self.stopped:
                self._waiting_since = None
                return _MAX_PAUSE_S
            if clock.next_at <= clock.now():
                clock.fire_due()
                continue
            if self.debug.stepping:
                self._step()
                continue
            if self.exceptions.pending and not self._attend():
                continue
            if self.sleeping or self.polling:
                pause = self._wait()
                if pause is not None:
                    return pause
                continue
            self._execute(min(end, clock.next_at) - clock.now())
        return None

    def _attend(self) -> bool:
        """Take a pending exception if it may be taken. False when the loop must look again."""
        e = self.exceptions
        if not e.pending & e.enabled or (self.debug.enabled and self.debug.control & MASKINTS):
            return True
        if self.sleeping and e.wakes:
            self.sleeping = False
        if self.sleeping:
            return True
        if e.take():
            self.polling = False
            self._masked_runs = 0
            return False
        if e.masked():
            self.polling = False
            self._execute_masked()
            return False
        return True

    def _execute_masked(self) -> None:
        """Nothing tells when the program clears a mask register, and it may set it again two instructions later.

        So look after each instruction, which is slow; a program that keeps the mask set for long gets longer runs.
        """
        if self._masked_runs < _STEPS:
            self._execute(_STEPS, self.exceptions.masks)
            self._masked_runs += _STEPS
        else:
            self._execute(_SHORT_RUN)
            self._masked_runs = self._masked_runs + 1 if self._masked_runs < 2 * _STEPS else 0

    def _execute(self, instructions: int, until_changed: Registers | None = None) -> None:
        if self._stale:
            for start, end in self._stale:
                self.core.forget_code(start, end)
            self._stale.clear()
        self._waiting_since = None
        reason = (
            self.core.run(instructions)
            if until_changed is None
            else self.core.run_while_equal(until_changed, instructions)
        )
        self.clock.advance(self.core.ran)
        if self.noticed.refused:
            self.noticed.settle()
        elif not self.scs.cpacr and self._used_fpu():
            self.noticed.hint("floating point is used while SCB_CPACR keeps the FPU off: a usage fault (NOCP)")
            self.faults.raise_fault(USAGE_FAULT, NOCP)
        elif reason == cpu.LIMIT:
            if self.exceptions.sleep_requested:
                self.exceptions.sleep_requested = False
                self.sleeping = True
        elif reason == cpu.SLEEP:
            self.sleeping = True
            self._masked_runs = 0
        elif reason == cpu.BREAKPOINT:
            if not self.debug.take_breakpoint():
                self._pass_breakpoint()
        else:
            self.faults.handle(reason)
            # Time must pass even if handler after handler faults on its first instruction.
            self.clock.advance(_EXCEPTION_TICKS)

    def _used_fpu(self) -> bool:
        """Unicorn runs floating point whether CPACR allows it or not; the trace in CONTROL.FPCA gives it away.

        So the fault comes late: at the end of the run, with the PC of that moment.
        """
        if not self._control.load()[0] & _FPCA:
            return False
        self._control.values[0] &= ~_FPCA
        self._control.store()
        return True

    def _pass_breakpoint(self) -> None:
        """FPB hits with debug disabled are ignored: step over the instruction without comparators."""
        active = self.core.breakpoints
        self.core.set_breakpoints(frozenset())
        self.core.run(1)
        self.clock.advance(self.core.ran)
        self.core.set_breakpoints(active)

    def _step(self) -> None:
        """C_STEP: one instruction, or an exception's entry, then halt."""
        active = self.core.breakpoints
        self.core.set_breakpoints(frozenset())
        self.sleeping = self.polling = False
        held_back = bool(self.debug.control & MASKINTS)
        if not (not held_back and self.exceptions.pending & self.exceptions.enabled and self.exceptions.take()):
            self._execute(1)
        self.core.set_breakpoints(active)
        self.sleeping = False
        if not self.debug.halted:
            self.debug.enter(HALTED)
        self.debug.control |= HALT

    # -- waiting --------------------------------------------------------------------------------------------------

    def poll_wait(self) -> None:
        """A device noticed that the program only polls it: treat that as idling (see ``periph/usart.py``)."""
        self.polling = True
        self.core.end_within(0)

    def _wait(self) -> float | None:
        """Skip idle time. Serial bytes under way are waited for at once; timers alone at the pace of the wall clock."""
        clock = self.clock
        if clock.line_busy and clock.next_at < NEVER:
            self._waiting_since = None
            self.polling = False
            clock.advance(max(0, clock.next_at - clock.now()))
            return None
        now = self.wall()
        if self._waiting_since is None:
            self._waiting_since = (now, clock.now())
        since, at = self._waiting_since
        reached = at + int((now - since) * clock.hz)
        if self.polling:
            if now > since:
                clock.advance(max(0, min(reached, clock.next_at) - clock.now()))
                self.polling = False
                self._execute(_POLL_BUDGET)
            return None if not self.polling else min(_TIMER_PAUSE_S, self._until(clock.next_at))
        if clock.next_at == NEVER:
            return _MAX_PAUSE_S
        if reached >= clock.next_at:
            clock.advance(clock.next_at - clock.now())
            return None
        # Timers are served in groups: a 1 kHz tick must not wake the host a thousand times a second.
        return max(_TIMER_PAUSE_S, self._until(clock.next_at))

    def _until(self, at: int) -> float:
        return min(_MAX_PAUSE_S, max(0.0, (at - self.clock.now()) / self.clock.hz))

    def outside_event(self) -> None:
        """Bytes or requests came from outside: idle time up to now has passed for the program as well."""
        if self._waiting_since is not None and (self.sleeping or self.polling):
            since, at = self._waiting_since
            reached = at + int((self.wall() - since) * self.clock.hz)
            self.clock.advance(max(0, min(reached, self.clock.next_at) - self.clock.now()))
            self._waiting_since = None
        self.polling = False

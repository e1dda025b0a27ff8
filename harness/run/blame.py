"""Whose fault it was: decided here and nowhere else. ``fail`` needs evidence against the product.

The first row that suits decides. *Asked* means: the probe says what the core does, then resets the board, and it is greeted once
more. *Idle* means: asleep where our firmware waits for bytes (``board_idle``); an idle one that spoke before is greeted before it
is reset too. Each row is a test (test_run_blame.py).

    row            what was seen                                                         verdict  why
    given-image    --firmware names no ELF, a damaged one, another board's or model's    mistake  nothing ran; the caller chose it
    built-image    an image built here, or cached, is not what it says                   error    the cache or the compiler is ours
    core-ended     the firmware did what makes going on impossible (emulator)            fail     no chip would have gone on either
    on-a-chip      an emulator saw the firmware do what no chip does, or not survive     fail     it worked there by luck
    rig            probe, port, flash, lease, host or emulator failed, was killed        error    nothing was learnt of the product
    crash          the board sent a report of its crash                                  fail     with pc, registers, backtrace
    shared-port    the line went wrong, and another process has the port open            error    two readers share the bytes
    not-flashed    wrong or silent at hello, and --skip-flash left the flash unread      error    nobody knows what ran
    violation      a frame with a good CRC breaks the protocol, or another identity      fail     only the firmware makes those
    unreachable    silent, and the probe cannot reach the core                           error    power, cable or probe
    in-reset       silent, and the core is held in reset                                 error    somebody holds its reset line
    never-began    silent from the start, and the core is before its first instruction   error    no clock, or too little supply
    stopped        silent, and the core is halted or locked up                           fail     its own doing, with its pc
    mute-pin       silent from the start, core idle, an emulator saw why (pin, clock)    fail     a chip would be as silent
    line-mute      silent from the start, image read back, core idle                     error    it waits for bytes and none come
    line-damage    only damage comes, image read back, core idle                         error    it said it right: the line did it
    never-spoke    silent or garbage from the start, and the core does something else    fail     it does not get to its loop
    line-gap       spoke before, silent, core idle, and answers again without a reset    error    the line was away for a while
    line-broken    spoke before, silent, and a reset does not bring it back              error    the line is what has changed
    crash-kept     silent, and after the reset it tells of a crash                       fail     as crash
    hung           silent with the core alive, and after the reset it answers again      fail     it had hung
    worker-killed  the test process (an xdist worker) ended in the middle of the case    error    out of memory, or somebody's kill
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final, Literal

from harness.bench.emulators import Findings
from harness.bench.probes import CoreReport, CoreState
from harness.bench.unit import Unit
from harness.build.symbols import Symbols
from harness.errors import BenchError, DeviceError, HilError, TakenError, WedgedError
from harness.findings import RigFault
from harness.records import FaultReport, Verdict
from harness.session.verbs import BoardFaultError, BoardGarbledError, BoardSilentError, Session
from harness.wire.messages import ResetCause

_HELLO_TIMEOUT_S = 2.0
#: Where a firmware of ours is asleep while it waits for bytes; the loop itself where the compiler has put the one into the other.
_IDLE: Final = ("board_idle", "hil_main")
#: Rows of an ``error`` that are not the unit's, whatever the error that they came of says.
_WHOSE: Final[dict[str, Literal["host", "nobody"]]] = {
    "built-image": "host",
    "shared-port": "nobody",
    "not-flashed": "nobody",
    "worker-killed": "host",
}
_LOOKS, _LOOK_S = 3, 0.1  # of an emulator that has not got the processor yet, the core stands still for a moment too
_SETTLE_S = 1.0  # a dying emulator hangs up a moment before its end can be seen


class OnAChipError(DeviceError):
    """Every sample was answered, and the emulator saw what a chip would not have done."""


@dataclass(frozen=True)
class Blame:
    """A verdict for a case that could not be finished, with its reasons in words and the crash behind it, if any.

    ``row`` is the row of the table that decided; ``rig`` says whose fault an ``error`` is.
    """

    row: str
    verdict: Verdict
    reasons: tuple[str, ...]
    fault: FaultReport | None = None
    rig: RigFault | None = None


_CORE_IN_WORDS = {
    CoreState.RUNNING: "the probe reaches the core: it runs",
    CoreState.SLEEPING: "the probe reaches the core: it sleeps",
    CoreState.HALTED: "the probe reaches the core: it is halted (a breakpoint instruction?)",
    CoreState.RESET: "the probe reaches the core: it is held in reset",
    CoreState.LOCKUP: "the probe reaches the core: it is locked up (a fault inside a fault handler)",
}


def blame(
    error: BenchError | DeviceError, unit: Unit | None, session: Session | None, symbols: Symbols | None
) -> Blame:
    """What an error during a case means for the product.

    ``unit`` is the open unit, None when there was none yet; ``session`` is one that has had an answer to hello before, None
    when there was none. A silent board is asked through the probe, then reset and spoken to once more.
    """
    found = _decided(error, unit, session, symbols)
    if found.verdict is not Verdict.ERROR or found.rig is not None:
        return found
    return replace(found, rig=rig_fault(found.row, error, unit.uid if unit is not None else ""))


def rig_fault(row: str, error: BenchError | DeviceError, unit: str) -> RigFault:
    """Whose fault an ``error`` of that row is. ``unit``: the id of the one that was open, "" when none was."""
    bench = error if isinstance(error, BenchError) else BenchError("")
    unit = unit or bench.unit
    return RigFault(
        whose=_WHOSE.get(row) or bench.whose or ("unit" if unit else "host"),
        unit=unit,
        row=row,
        wedged=isinstance(bench, WedgedError),
    )


def _decided(
    error: BenchError | DeviceError, unit: Unit | None, session: Session | None, symbols: Symbols | None
) -> Blame:
    if unit is not None and unit.core_fault:
        return Blame("core-ended", Verdict.FAIL, (unit.core_fault, f"then: {error.what}"))
    if isinstance(error, OnAChipError):
        return Blame("on-a-chip", Verdict.FAIL, (named_pc(str(error), symbols),))
    seen = noticed(unit)
    if seen.errors:
        return Blame(
            "on-a-chip", Verdict.FAIL, (*(named_pc(text, symbols) for text in seen.errors), f"then: {error.what}")
        )
    found = _blame(error, unit, session, symbols)
    if session is None and found.row in ("line-mute", "line-damage") and seen.hints:
        # No line can be broken where there is none, and the emulator saw what the firmware did to its port.
        found = Blame("mute-pin", Verdict.FAIL, found.reasons[:2])
    return replace(found, reasons=(*found.reasons, *seen.hints)) if found.verdict is Verdict.FAIL else found


def noticed(unit: Unit | None) -> Findings:
    """What the unit's emulator noticed; nothing when there is none, or when it is gone."""
    try:
        return Findings() if unit is None else unit.findings()
    except BenchError:
        return Findings()


def _blame(
    error: BenchError | DeviceError, unit: Unit | None, session: Session | None, symbols: Symbols | None
) -> Blame:
    if not isinstance(error, DeviceError):
        gone = unit.emulator_gone(_SETTLE_S) if unit is not None else None
        return Blame("rig", Verdict.ERROR, (str(error),) if gone is None else (str(gone), f"seen as: {error.what}"))
    if isinstance(error, BoardFaultError) and error.report is not None:
        return _crashed("crash", error.report, symbols, str(error))
    if unit is None:
        return Blame("built-image", Verdict.ERROR, (str(error),))
    if shared := shared_port(unit):
        return Blame("shared-port", Verdict.ERROR, (str(shared), f"that is why: {error.what}"))
    if session is None and not unit.read_back:
        return Blame("not-flashed", Verdict.ERROR, (str(error), "the flash was not read back: leave out --skip-flash"))
    if not isinstance(error, BoardSilentError):
        return Blame("violation", Verdict.FAIL, (str(error),))
    try:
        core = unit.core()
    except BenchError as unreachable:
        reasons = (str(unreachable), f"before that: {error.what}")
        return Blame("unreachable", Verdict.ERROR, reasons, rig=rig_fault("unreachable", unreachable, unit.uid))
    return _silent(error, core, unit, session, symbols)


def _silent(
    error: BoardSilentError, core: CoreReport, unit: Unit, session: Session | None, symbols: Symbols | None
) -> Blame:
    reasons = (str(error), describe_core(core, symbols))
    if core.state is CoreState.RESET:
        return Blame("in-reset", Verdict.ERROR, reasons)
    if session is None and _is_at_its_first(core, symbols):
        words = (
            "the image was read back, and its core has not executed the first instruction of it: the chip has no clock, too"
            " little supply, or somebody's debugger holds it"
        )
        return Blame("never-began", Verdict.ERROR, (*reasons, words))
    if core.state in (CoreState.HALTED, CoreState.LOCKUP) and session is None:
        return Blame("stopped", Verdict.FAIL, reasons)
    idle = unit.read_back and _is_idle(core, symbols)
    if idle and isinstance(error, BoardGarbledError):
        words = "the image was read back and its core waits for bytes: the line, or what is at the port, is the suspect"
        return Blame("line-damage", Verdict.ERROR, (*reasons, words))
    if session is None and idle:
        words = (
            "the image was read back and its core waits for bytes: line and port are the suspects (is it this unit's port?),"
            " then the pins and the speed of the firmware's UART"
        )
        return Blame("line-mute", Verdict.ERROR, (*reasons, words))
    if session is None:
        return _never_spoke(unit, symbols, reasons)
    # The image need not have been read back: the hello that came before has said which it is.
    if _is_idle(core, symbols) and (gap := _gap(unit, session, symbols, reasons)) is not None:
        return gap
    return _greeted_again(core, unit, session, symbols, reasons)


def _never_spoke(unit: Unit, symbols: Symbols | None, reasons: tuple[str, ...]) -> Blame:
    """A core that is somewhere in its start-up: is it the firmware that does not get on, or has it no clock any more?"""
    try:
        unit.probe.reset()
        for _ in range(_LOOKS):
            if not _is_at_its_first(unit.core(), symbols):
                return Blame("never-spoke", Verdict.FAIL, reasons)
            unit.clock.sleep_s(_LOOK_S)
    except BenchError as unreachable:
        fault = rig_fault("unreachable", unreachable, unit.uid)
        return Blame("unreachable", Verdict.ERROR, (str(unreachable), *reasons), rig=fault)
    words = "reset, it does not execute the first instruction of the image that was read back: its clock or its supply has gone"
    return Blame("never-began", Verdict.ERROR, (*reasons, words))


def _gap(unit: Unit, session: Session, symbols: Symbols | None, reasons: tuple[str, ...]) -> Blame | None:
    """Whether a board that only waits for bytes is heard again as it is, without any reset: then only the line was away."""
    try:
        hello = session.hello(_HELLO_TIMEOUT_S)
        kept = session.fault() if hello.reset_cause == ResetCause.FAULT else None
    except BenchError as gone:
        return Blame("rig", Verdict.ERROR, (str(gone), *reasons), rig=rig_fault("rig", gone, unit.uid))
    except DeviceError:
        return None  # not heard: it must be reset to tell why
    if kept is not None:
        return _crashed("crash-kept", kept, symbols, *reasons)
    words = "it had only waited for bytes, and answers again without having been reset: the line was interrupted for a while"
    return Blame("line-gap", Verdict.ERROR, (*reasons, words))


def _greeted_again(
    core: CoreReport, unit: Unit, session: Session, symbols: Symbols | None, reasons: tuple[str, ...]
) -> Blame:
    try:
        session.restart(unit.probe.reset, _HELLO_TIMEOUT_S)
    except BenchError as unreachable:
        fault = rig_fault("unreachable", unreachable, unit.uid)
        return Blame("unreachable", Verdict.ERROR, (str(unreachable), *reasons), rig=fault)
    except DeviceError:
        if core.state in (CoreState.HALTED, CoreState.LOCKUP):
            return Blame("stopped", Verdict.FAIL, (*reasons, "nor does it answer after a reset"))
        # Firmware that answered on this line before and, fresh from reset, does not now: the line is what has changed.
        words = (
            "the same firmware, reset, does not answer hello on this port either, as it did before: the line is broken"
        )
        return Blame("line-broken", Verdict.ERROR, (*reasons, words))
    try:
        found = session.fault()
    except HilError:
        found = None
    if found is not None:
        return _crashed("crash-kept", found, symbols, *reasons)
    row = "stopped" if core.state in (CoreState.HALTED, CoreState.LOCKUP) else "hung"
    return Blame(row, Verdict.FAIL, (*reasons, "after a reset it answers again: it had hung"))


def _crashed(row: str, report: FaultReport, symbols: Symbols | None, *reasons: str) -> Blame:
    fault = with_symbols(report, symbols)
    return Blame(row, Verdict.FAIL, (fault_reason(fault), *reasons), fault)


def shared_port(unit: Unit) -> BenchError | None:
    """What is wrong when another process has the unit's port open; None when none is seen to."""
    found = unit.sharers()
    if not found:
        return None
    return TakenError(
        "another process has the unit's serial port open, and takes bytes that are ours",
        where=f"unit {unit.uid}, {unit.port}",
        found=", ".join(found),
        next_step="end it, or keep it away from the port (ModemManager: a udev rule with ID_MM_DEVICE_IGNORE)",
    )


def worker_killed(words: str) -> Blame:
    """The process that ran the case is gone; ``words`` say how it went."""
    return Blame(
        "worker-killed",
        Verdict.ERROR,
        (words, "nothing was learnt of the product; look for: out of memory, a kill"),
        rig=RigFault(whose="host", row="worker-killed"),
    )


def _is_at_its_first(core: CoreReport, symbols: Symbols | None) -> bool:
    entry = symbols.entry if symbols is not None else None
    return core.state in (CoreState.RUNNING, CoreState.HALTED) and entry is not None and core.pc == entry


def _is_idle(core: CoreReport, symbols: Symbols | None) -> bool:
    if core.pc is None or symbols is None:
        return False
    name = symbols.describe(core.pc).partition("+")[0]
    return name == "board_idle" or (core.state is CoreState.SLEEPING and name in _IDLE)


def describe_core(core: CoreReport, symbols: Symbols | None) -> str:
    """What the probe sees of the core, in words, with the pc by its name."""
    return _CORE_IN_WORDS[core.state] + ("" if core.pc is None else f", pc {_at(core.pc, symbols)}")


def with_symbols(fault: FaultReport, symbols: Symbols | None) -> FaultReport:
    """The same report with names for pc, lr and the backtrace, where the ELF knows them."""
    if symbols is None:
        return fault
    callers = (_named(address, symbols.describe_caller(address)) for address in (fault.lr, *fault.backtrace))
    return fault.model_copy(update={"symbols": (_at(fault.pc, symbols), *callers)})


def fault_reason(fault: FaultReport) -> str:
    """One line for people."""
    place = fault.symbols[0] if fault.symbols else f"{fault.pc:#010x}"
    text = f"the firmware crashed at pc {place}, cfsr {fault.cfsr:#010x}"
    if fault.cfsr & 0x8000:
        text += f", bus address {fault.bfar:#010x}"
    if fault.cfsr & 0x80:
        text += f", memory address {fault.mmfar:#010x}"
    if fault.sample is not None:
        text += f", while computing sample {fault.sample}"
    if fault.last_message:
        text += f", last message {fault.last_message}"
    trail = fault.symbols[1:] or tuple(f"{address:#010x}" for address in fault.backtrace)
    return text + (f"; called from {' <- '.join(trail)}" if trail else "")


def named_pc(text: str, symbols: Symbols | None) -> str:
    """``text`` with the function behind "before pc 0x..." in it, where the ELF knows it."""

    def name(match: re.Match[str]) -> str:
        address = int(match[1], 16)
        return match[0] if symbols is None else f"before pc {_named(address, symbols.describe_caller(address))}"

    return re.sub(r"before pc (0x[0-9a-f]{8})", name, text)


def _at(address: int, symbols: Symbols | None) -> str:
    return f"{address:#010x}" if symbols is None else _named(address, symbols.describe(address))


def _named(address: int, name: str) -> str:
    bare = f"{address:#010x}"
    # Where nothing is known the name is an address itself, a caller's even another one.
    return bare if name.startswith("0x") else f"{bare} {name}"

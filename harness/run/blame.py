"""Whose fault it was: decided here and nowhere else.

- the firmware faults, hangs with the core alive, answers wrongly or breaks the wire: ``fail``
- a probe, port, host or power that is gone: ``error``
- when the board falls silent the probe is asked before blame is given
- an emulator that saw the firmware do what no chip does has the first word: ``fail``
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from harness.bench.emulators import Findings
from harness.bench.probes import CoreReport, CoreState
from harness.bench.unit import Unit
from harness.build.symbols import Symbols
from harness.errors import BenchError, DeviceError, HilError
from harness.records import FaultReport, Verdict
from harness.session.verbs import BoardFaultError, BoardSilentError, Session

_HELLO_TIMEOUT_S = 2.0
_SETTLE_S = 1.0  # a dying emulator hangs up a moment before its end can be seen


class OnAChipError(DeviceError):
    """Every sample was answered, and the emulator saw what a chip would not have done."""


@dataclass(frozen=True)
class Blame:
    """A verdict for a case that could not be finished, with its reasons in words and the crash behind it, if any."""

    verdict: Verdict
    reasons: tuple[str, ...]
    fault: FaultReport | None = None


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
    if unit is not None and unit.core_fault:
        return Blame(Verdict.FAIL, (unit.core_fault, f"then: {error.what}"))
    if isinstance(error, OnAChipError):
        return Blame(Verdict.FAIL, (named_pc(str(error), symbols),))
    seen = noticed(unit)
    if seen.errors:
        return Blame(Verdict.FAIL, (*(named_pc(text, symbols) for text in seen.errors), f"then: {error.what}"))
    found = _blame(error, unit, session, symbols)
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
        return Blame(Verdict.ERROR, (str(error),) if gone is None else (str(gone), f"seen as: {error.what}"))
    if isinstance(error, BoardFaultError) and error.report is not None:
        fault = with_symbols(error.report, symbols)
        return Blame(Verdict.FAIL, (fault_reason(fault), str(error)), fault)
    if unit is None or not isinstance(error, BoardSilentError):
        return Blame(Verdict.FAIL, (str(error),))
    try:
        core = unit.core()
    except BenchError as unreachable:
        return Blame(Verdict.ERROR, (str(unreachable), f"before that: {error.what}"))
    reasons = [str(error), describe_core(core, symbols)]
    if core.state is CoreState.RESET:
        return Blame(Verdict.ERROR, tuple(reasons))
    if session is None:
        return Blame(Verdict.FAIL, tuple(reasons))
    try:
        session.restart(unit.probe.reset, _HELLO_TIMEOUT_S)
    except BenchError as unreachable:
        return Blame(Verdict.ERROR, (str(unreachable), *reasons))
    except DeviceError:
        # Firmware that answered on this line before and, fresh from reset, does not now: the line is what has changed.
        reasons.append(
            "the same firmware, reset, does not answer hello on this port either, as it did before: the line is broken"
        )
        return Blame(Verdict.ERROR, tuple(reasons))
    try:
        found = session.fault()
    except HilError:
        found = None
    if found is None:
        return Blame(Verdict.FAIL, (*reasons, "after a reset it answers again: it had hung"))
    fault = with_symbols(found, symbols)
    return Blame(Verdict.FAIL, (fault_reason(fault), *reasons), fault)


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

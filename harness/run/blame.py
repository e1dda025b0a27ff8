"""Whose fault it was: decided here and nowhere else.

- the firmware faults, hangs with the core alive, answers wrongly or breaks the wire: ``fail``
- a probe, port, host or power that is gone: ``error``
- when the board falls silent the probe is asked before blame is given
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.bench.probes import CoreState
from harness.bench.unit import Unit
from harness.build.symbols import Symbols
from harness.errors import BenchError, DeviceError, HilError
from harness.records import FaultReport, Verdict
from harness.run.session import BoardFaultError, BoardSilentError, Session

_HELLO_TIMEOUT_S = 2.0


@dataclass(frozen=True)
class Blame:
    """A verdict for a case that could not be finished, with its reasons in words."""

    verdict: Verdict
    reasons: tuple[str, ...]


def blame(error: HilError, unit: Unit | None, symbols: Symbols | None) -> Blame:
    """What an error during a case means for the product.

    ``unit`` is the open unit, None when there was none yet; it is asked for its core's state when the firmware is accused.
    """
    if not isinstance(error, DeviceError):
        return Blame(Verdict.ERROR, (str(error),))
    if unit is None or not isinstance(error, BoardSilentError):
        return Blame(Verdict.FAIL, (str(error),))
    try:
        core = unit.core()
    except BenchError as unreachable:
        return Blame(
            Verdict.ERROR,
            (str(unreachable), f"the board had gone silent before: {error.what}"),
        )
    where = "" if core.pc is None else f", pc {_at(core.pc, symbols)}"
    words = {
        CoreState.RUNNING: "the probe reaches the core: it runs",
        CoreState.SLEEPING: "the probe reaches the core: it sleeps",
        CoreState.HALTED: "the probe reaches the core: it is halted (a breakpoint instruction?)",
        CoreState.RESET: "the probe reaches the core: it is held in reset",
        CoreState.LOCKUP: "the probe reaches the core: it is locked up (a fault inside a fault handler)",
    }
    verdict = Verdict.ERROR if core.state is CoreState.RESET else Verdict.FAIL
    return Blame(verdict, (str(error), words[core.state] + where))


def crash(error: HilError, unit: Unit, session: Session, symbols: Symbols | None) -> FaultReport | None:
    """The crash behind an error: the one it carries, else the one that a silent unit kept, asked for after a reset.

    None when there was none or the unit stays silent.
    """
    if isinstance(error, BoardFaultError):
        return None if error.report is None else with_symbols(error.report, symbols)
    if not isinstance(error, BoardSilentError):
        return None
    try:
        unit.probe.reset()
        session.hello(_HELLO_TIMEOUT_S)
        found = session.fault()
    except HilError:
        return None
    return None if found is None else with_symbols(found, symbols)


def with_symbols(fault: FaultReport, symbols: Symbols | None) -> FaultReport:
    """The same report with names for pc, lr and the backtrace, where the ELF knows them."""
    if symbols is None:
        return fault
    addresses = (fault.pc, fault.lr, *fault.backtrace)
    return fault.model_copy(update={"symbols": tuple(_at(address, symbols) for address in addresses)})


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


def _at(address: int, symbols: Symbols | None) -> str:
    bare = f"{address:#010x}"
    name = symbols.describe(address) if symbols is not None else bare
    return bare if name == bare else f"{bare} {name}"

"""Who answers after a reset, and at what clock it runs: asked before anything that it says is believed."""

from __future__ import annotations

from harness.bench.identity import known_id
from harness.bench.unit import Heard, Unit
from harness.errors import BenchError, DeviceError
from harness.session.verbs import BoardRefusedError, OtherBoardError, Session
from harness.wire.events import OTHER_PROTOCOL
from harness.wire.messages import ClockSource, ErrorCode, Hello


def arrive(unit: Unit, session: Session, timeout_s: float, *, flashed: bool) -> tuple[Hello, tuple[str, ...]]:
    """Reset the unit and say hello, see ``greet``; hello, and what a reader of the record must know.

    ``BenchError`` when another board answers, or the unit's clock did not start; ``DeviceError`` when the board is silent, or
    its firmware sets another clock on a chip that is emulated.
    """
    hello = greet(unit, session, timeout_s, flashed=flashed)
    warnings = check_clock(hello, unit)
    facts = unit.facts()
    if unit.evidence == "hardware" and unit.board.debug.unique_id_bytes and not (facts.chip_id and facts.chip_id_hello):
        who = "hello" if facts.chip_id else "the probe"
        warnings = (
            *warnings,
            f"{who} tells no unique id of the chip: that this unit answered is known by its reset alone",
        )
    return hello, warnings


def greet(unit: Unit, session: Session, timeout_s: float, *, flashed: bool) -> Hello:
    """Reset the unit through its probe and say hello on its port: whoever answers is proved to be that unit.

    It was reset by this probe, and its chip has the unique id that this probe reads, where both tell one. ``flashed``: this
    probe has just read our image back. ``BenchError`` when another board answers, ``DeviceError`` when none does.
    """
    chip_id = unit.read_chip_id()
    try:
        hello = session.restart(unit.probe.reset, timeout_s)
    except OtherBoardError as other:
        raise named(other, unit) from other.__cause__
    except DeviceError as error:
        if flashed and _speaks_another_version(error):
            raise BenchError(
                f"another firmware answers on the port of unit {unit.uid} than the one that its probe has just read back",
                where=f"unit {unit.uid}, port {unit.port}",
                expected=f"the flashed image's version of the wire, from chip {chip_id.hex() or '(without an id)'}",
                found=error.found,
                next_step="port and probe belong to two boards: `hil discover --write FILE` finds which port is whose",
            ) from error
        raise
    said = known_id(hello.chip_id)
    unit.heard = Heard(said, hello.clock_hz, _source(hello))
    if chip_id and said and said != chip_id:
        raise unit.crossed(said)
    return hello


def named(other: OtherBoardError, unit: Unit) -> BenchError:
    """The same with the names of the units, where the chips' ids tell them. Where they do not, the missed reset is all there is."""
    said = known_id(other.chip_id)
    unit.heard = Heard(said)
    return other if unit.facts().chip_id in ("", said.hex()) else unit.crossed(said)


def check_clock(hello: Hello, unit: Unit) -> tuple[str, ...]:
    """Hello's clock against board.toml's; what is to be told where it does not end the run.

    A unit whose clock is not the one that everything was built for measures nothing: ``BenchError`` on a real one (its crystal,
    its supply), ``DeviceError`` on an emulated chip, where only the firmware can be wrong.
    """
    board = unit.board
    if hello.clock_hz != board.clock_hz:
        left = [name for name, hz in board.fallback_clocks.items() if hz == hello.clock_hz]
        why = f", which is {left[0]}: the fast clock did not start" if left else ""
        expected, found = f"{board.clock_hz:,} Hz (board.toml)", f"{hello.clock_hz:,} Hz{why} (hello)"
        if not unit.clock_modelled:
            return (f"the clock is {found}, not {expected}: {unit.backend} models no clocks, so this was not judged",)
        where = f"unit {unit.uid}, {board.name}"
        if unit.evidence == "hardware":
            raise BenchError(
                "the unit does not run at its clock: no time of it would mean anything",
                where=where,
                expected=expected,
                found=found,
                next_step="power it off and on; if it stays, the unit is at fault (or clock_hz in board.toml is)",
            )
        raise DeviceError(
            "the firmware does not run at the board's clock",
            where=where,
            expected=expected,
            found=found,
            next_step="look at the clock's set-up in board.c, and at clock_hz in board.toml",
        )
    if board.clock_source == "external" and hello.clock_source == ClockSource.INTERNAL and unit.clock_modelled:
        return (
            "the clock from outside did not start: the unit runs from its chip's own oscillator, some 1 % off, and so is every"
            " latency; cycles are not touched by it",
        )
    return ()


def _source(hello: Hello) -> str:
    known = {int(source): source.name.lower() for source in ClockSource if source}
    return known.get(hello.clock_source, "")


def _speaks_another_version(error: DeviceError) -> bool:
    return error.what == OTHER_PROTOCOL or (isinstance(error, BoardRefusedError) and error.code == ErrorCode.PROTOCOL)

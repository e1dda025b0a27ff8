"""The errors that end a verb or a stream, in words, made of what the conversation has told. ``where`` names the line."""

from __future__ import annotations

from typing import Final

from harness.errors import BenchError, DeviceError
from harness.session.stream import (
    BoardFaultError,
    BoardGarbledError,
    BoardRefusedError,
    BoardSilentError,
    fault_report,
)
from harness.wire import messages as m
from harness.wire.events import Refused, SampleLost, Violation

#: What has come of a frame that broke off, or of a spark on the line, is no more than this.
_SOME_NOISE_BYTES: Final = 64


def violation(event: Violation, where: str) -> DeviceError:
    """A good frame that breaks the protocol."""
    return DeviceError(
        event.what,
        where=where,
        expected=event.expected,
        found=event.found,
        next_step="flash the firmware that belongs to this version of the harness",
    )


def unreadable(where: str, wish: str, needs: m.Capability, found: int) -> DeviceError:
    """The plan asks for an encoding that the board does not know."""
    return DeviceError(
        f"the board cannot read {wish.replace('_', ' ')}, which the plan asks for",
        where=where,
        expected=f"capability {needs.name}",
        found=f"capabilities {found:#x}",
        next_step="change stream.encoding in the plan, or leave it out",
    )


def refusal(event: Refused, where: str) -> BoardRefusedError:
    """The board's ERROR message; its ``code`` is on the error."""
    code = next((c.name.lower() for c in m.ErrorCode if c == event.code), str(event.code))
    entry = m.TABLE.get(event.type)
    error = BoardRefusedError(
        "the board refused a message",
        where=f"{where}, {entry.name if entry else hex(event.type)}",
        expected=f"version {m.PROTOCOL}" if event.code == m.ErrorCode.PROTOCOL else None,
        found=f"{code}: {event.text}",
    )
    error.code = event.code
    return error


def crash(fault: m.Fault, hello: m.Hello | None, where: str) -> BoardFaultError | None:
    """The board was reset by its fault handler, as its ``hello`` says; the report is on the error. None: an old report."""
    report = fault_report(fault)
    if report is None or hello is None or hello.reset_cause != m.ResetCause.FAULT:
        return None
    error = BoardFaultError(
        "the board crashed while streaming",
        where=f"{where}, pc 0x{report.pc:08x}, lr 0x{report.lr:08x}",
        found=f"CFSR 0x{report.cfsr:08x}, HFSR 0x{report.hfsr:08x}, BFAR 0x{report.bfar:08x},"
        f" last message {report.last_message or 'none'}",
        next_step="look the pc up in the ELF: addr2line -e fw.elf <pc>",
    )
    error.report = report
    return error


def astray(where: str, expected: str, noise_bytes: int, counted: str) -> BoardSilentError:
    """The board was asked at its safe speed, behind one that did not hold, and did not come: silence, not a broken protocol.

    A firmware that stays at the speed it had is as silent as a line that was cut meanwhile: the probe must tell which it is.
    """
    kind = BoardGarbledError if noise_bytes > _SOME_NOISE_BYTES else BoardSilentError
    return kind(
        "the board did not come back to its safe speed",
        where=where,
        expected=expected,
        found=f"{noise_bytes} B, not one good frame; {counted}",
        next_step="ask the probe: a core that waits for bytes has a broken line; else the firmware must go back when it hears no"
        " good frame (SPEC.md, Speed)",
    )


def worn(event: SampleLost, where: str) -> BenchError:
    """What is sent again and again is damaged again and again: that says nothing of the board."""
    return BenchError(
        "the line damages so much that a sample does not get through it",
        where=f"{where}, sample {event.key}",
        found=event.reason,
        next_step="look at cable, ground and speed; `hil rack check UNIT` counts what the line loses at each",
    )


def silence(where: str, waiting_for: str, quiet_s: float, noise_bytes: int, counted: str) -> BoardSilentError:
    """Nothing good came for ``quiet_s`` seconds, be it nothing at all or ``noise_bytes`` of garbage."""
    if noise_bytes > _SOME_NOISE_BYTES:
        return BoardGarbledError(
            "only garbage comes from the board: not one good frame",
            where=where,
            expected=waiting_for,
            found=f"{noise_bytes} B in {quiet_s:.1f} s; {counted}",
            next_step="is it the board's port, and nobody else's? Then look at cable, ground and speed",
        )
    return BoardSilentError(
        "the board is silent",
        where=where,
        expected=waiting_for,
        found=f"nothing good for {quiet_s:.1f} s; {counted}",
        next_step="ask the probe: is the core running, halted or locked up?",
    )

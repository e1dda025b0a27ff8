"""Our wire over the bench's line: the session that every run uses, and at the far end the native build of the firmware.

``virtual`` runs it in virtual time (``stepped``): exact, and not disturbed by what else the machine does. ``real`` runs
it against the clock through sockets, which shows that the other is right.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.clock import SystemClock
from harness.linkbench.line import Way
from harness.linkbench.party import outputs_of
from harness.linkbench.realtime import LineTransport, RealLine
from harness.linkbench.stepped import SteppedFirmware
from harness.linkbench.timed_model import N_OUTPUTS, RUN_US_VARIABLE
from harness.session.verbs import Session, StreamResult
from harness.testing.clock import ManualClock
from harness.testing.link import MemoryTransport

_END_S = 5.0


@dataclass(frozen=True)
class Outcome:
    """``right`` samples were read and answered as meant; ``wrong`` were scored although they were not."""

    right: int
    wrong: int
    wall_s: float
    payload_bytes: int  # data of chunks as encoded, each once; no heads of frames or pieces


def real(elf: Path, samples: Sequence[bytes], up: Way, down: Way, *, baud: int, inference_s: float) -> Outcome:
    """Stream ``samples`` to the native firmware in real time; the greeting is not counted.

    Raises what ``Session.hello`` and ``Session.stream`` raise when the board falls silent. No process is left.
    """
    clock = SystemClock()
    environment = {**os.environ, RUN_US_VARIABLE: str(round(inference_s * 1e6))}
    with RealLine(up, down, clock) as line:
        board = subprocess.Popen([str(elf)], stdin=line.device.fileno(), stdout=line.device.fileno(), env=environment)
        try:
            # The board has the only other copy of its end, so that it sees it when the line goes.
            session = Session(LineTransport(line, baud), clock, window=None)
            session.hello()
            return _judged(samples, session.stream(samples))
        finally:
            _end(board)


def _end(board: subprocess.Popen[bytes]) -> None:
    board.terminate()
    try:
        board.wait(_END_S)
    except subprocess.TimeoutExpired:
        board.kill()
        board.wait()


def virtual(elf: Path, samples: Sequence[bytes], up: Way, down: Way, *, baud: int, inference_s: float) -> Outcome:
    """The same stream in virtual time: the same session, the same program, the same line."""
    clock = ManualClock()
    with SteppedFirmware(elf, inference_s) as board:
        session = Session(
            MemoryTransport(board, clock, up=up, down=down, name="virtual line", baud=baud), clock, window=None
        )
        session.hello()
        return _judged(samples, session.stream(samples))


def _judged(samples: Sequence[bytes], stream: StreamResult) -> Outcome:
    right = wrong = 0
    for sample, result in zip(samples, stream.results, strict=True):
        if result is None:
            continue
        expected = bytes(value & 0xFF for value in outputs_of(sample, N_OUTPUTS))
        same = result.status == 0 and result.input_crc == result.sent_crc and result.outputs == expected
        right += same
        wrong += not same
    return Outcome(right, wrong, stream.wall_s, stream.counters.payload_bytes)

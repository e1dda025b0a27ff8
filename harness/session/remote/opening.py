"""A session with a unit, wherever it is plugged in."""

from __future__ import annotations

from harness.bench.unit import Unit
from harness.clock import Clock
from harness.session.pump import Tap
from harness.session.remote.elsewhere import SessionElsewhere
from harness.session.verbs import Session
from harness.wire.encodings import Wish


def session_with(
    unit: Unit,
    *,
    encoding: Wish = "auto",
    answer_timeout_s: float = 1.0,
    tap: Tap | None = None,
    tap_tx: bool = True,
    wall: Clock | None = None,
) -> Session:
    """Begins at the safe speed, whatever an earlier session of the same unit has climbed to. Arguments as of ``Session``.

    ``tap_tx``: whether ``tap`` is to see the bytes to the board; those of a unit here it sees anyhow.
    """
    if unit.far is not None:
        return SessionElsewhere(
            unit.far,
            unit.clock,
            encoding=encoding,
            answer_timeout_s=answer_timeout_s,
            tap=tap,
            tap_tx=tap_tx,
            port_changed=unit.port_moved,
        )
    safe_baud = unit.board.uart.baud
    if unit.transport.baud not in (None, safe_baud):
        unit.transport.set_baud(safe_baud)
    return Session(unit.transport, unit.clock, encoding=encoding, answer_timeout_s=answer_timeout_s, tap=tap, wall=wall)

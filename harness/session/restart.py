"""A board that is reset, and the proof that the one that answers then is the one that was reset."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from harness.session.pump import Pump
from harness.session.stream import OtherBoardError
from harness.wire.conversation import HostConversation
from harness.wire.events import OtherBoard
from harness.wire.messages import Hello

#: BOOT is said once and may be lost. Behind a second reset the number of boots has a hello before it to differ from.
_TRIES: Final = 2


def restart(
    conversation: HostConversation, pump: Pump, reset: Callable[[], object], hello: Callable[[], Hello], where: str
) -> Hello:
    """Reset the board by ``reset`` and return what ``hello`` says then.

    That board was reset: a BOOT came since with the number that HELLO has, or HELLO has another number than the last one had.
    ``OtherBoardError`` when neither is so, twice: whoever answers goes on as if nothing had been.
    """
    for _ in range(_TRIES):
        before = conversation.hello
        pump.discard()  # a BOOT that was waiting there is of an earlier start, and perhaps of another board
        conversation.announced = None
        reset()
        found = hello()
        if found.boot == conversation.announced or (before is not None and found.boot != before.boot):
            return found
    raise _other(
        found.chip_id,
        "the board that answers is not the one that the probe has reset",
        where=where,
        expected="a BOOT message, or another number of boots in HELLO, after each reset",
        found=f"HELLO with the same number of boots, {found.boot:#010x}, as if there had been no reset",
        next_step="see that port and probe belong to one unit (`hil discover`), and that the probe's reset line is connected",
    )


def other_chip(event: OtherBoard, where: str) -> OtherBoardError:
    """In the middle of it all hello came from another chip: a port that came back is another unit's, or a cable was moved."""
    return _other(
        event.found,
        "another board answers on this line than before",
        where=where,
        expected=f"the chip with the unique id {event.expected.hex() or '(none)'}",
        found=f"the one with {event.found.hex() or '(none)'}",
        next_step="see which unit is at that port (`hil discover`); was a cable moved?",
    )


def _other(chip_id: bytes, what: str, **parts: str) -> OtherBoardError:
    error = OtherBoardError(what, **parts)
    error.chip_id = chip_id
    return error

"""What a session's answers and errors look like on the way between hosts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final, TypeVar

from harness.bench.remote import words
from harness.errors import BenchError, HilError
from harness.records import FaultReport
from harness.session.climb import Climbed
from harness.session.stream import (
    BoardFaultError,
    BoardGarbledError,
    BoardRefusedError,
    BoardSilentError,
    OtherBoardError,
    StreamResult,
)
from harness.wire import messages as m
from harness.wire.events import BoardReset, LinkCounters, ResultReceived

KINDS: Final[Mapping[str, type[HilError]]] = {
    **words.KINDS,
    **{
        kind.__name__: kind
        for kind in (BoardFaultError, BoardGarbledError, BoardRefusedError, BoardSilentError, OtherBoardError)
    },
}

_M = TypeVar("_M", bound=m.Message)
Told = dict[str, Any]


def told_error(error: BaseException) -> Told:
    """An error with what it carries; of a stream's part all but the results, which have travelled already."""
    told = words.told(error, KINDS)
    if isinstance(error, BoardRefusedError):
        told["code"] = error.code
    if isinstance(error, OtherBoardError):
        told["chip_id"] = error.chip_id.hex()
    if isinstance(error, BoardFaultError) and error.report is not None:
        told["report"] = error.report.model_dump(mode="json")
    if isinstance(error, BoardSilentError | BoardFaultError) and error.partial is not None:
        told["partial"] = told_outcome(error.partial)
    return told


def complete_error(error: HilError, told: Told, results: Mapping[int, ResultReceived], n: int) -> None:
    """Put what an error carried back onto it."""
    if isinstance(error, BoardRefusedError):
        error.code = int(told.get("code", 0))
    if isinstance(error, OtherBoardError):
        error.chip_id = bytes.fromhex(told.get("chip_id", ""))
    if isinstance(error, BoardFaultError) and "report" in told:
        error.report = FaultReport.model_validate(told["report"])
    if isinstance(error, BoardSilentError | BoardFaultError) and "partial" in told:
        error.partial = outcome(told["partial"], results, n)


def told_outcome(found: StreamResult) -> Told:
    """What came of a stream, without its results."""
    return {
        "lost": {str(index): why for index, why in found.lost.items()},
        "counters": asdict(found.counters),
        "wall_s": found.wall_s,
        "resets": [asdict(reset) for reset in found.resets],
        "baud": found.baud,
        "revived": list(found.revived),
        "reopened": list(found.reopened),
        "climbs": found.climbs,
        "quiet": sorted(found.quiet),
    }


def outcome(told: Told, results: Mapping[int, ResultReceived], n: int) -> StreamResult:
    """The same again, with the results that came meanwhile, of ``n`` samples."""
    return StreamResult(
        results=tuple(results.get(index) for index in range(n)),
        lost={int(index): str(why) for index, why in told["lost"].items()},
        counters=LinkCounters(**told["counters"]),
        wall_s=float(told["wall_s"]),
        resets=tuple(BoardReset(**reset) for reset in told["resets"]),
        baud=told["baud"],
        revived=tuple(told["revived"]),
        reopened=tuple(told["reopened"]),
        climbs=int(told["climbs"]),
        quiet=frozenset(told["quiet"]),
    )


def told_climb(climbed: Climbed) -> Told:
    """Where a climb ended."""
    return {
        "baud": climbed.baud,
        "refused": {str(baud): why for baud, why in climbed.refused.items()},
        "steps": climbed.steps,
        "note": climbed.note,
    }


def climbed(told: Told) -> Climbed:
    """The same again."""
    return Climbed(told["baud"], {int(baud): why for baud, why in told["refused"].items()}, told["steps"], told["note"])


def told_messages(messages: Sequence[m.Message]) -> tuple[list[int], bytes]:
    """Messages of the wire as the wire has them: the length of each, and all of them."""
    bodies = [message.encode_body() for message in messages]
    return [len(body) for body in bodies], b"".join(bodies)


def messages(kind: type[_M], lengths: Sequence[int], blob: bytes) -> list[_M]:
    """The same again. ``BenchError`` when they are none of that kind."""
    found, at = [], 0
    for length in lengths:
        message = m.decode(kind.TYPE, blob[at : at + length])
        at += length
        if not isinstance(message, kind):
            raise BenchError(
                "the unit's server tells of the board what its wire cannot say",
                expected=kind.NAME,
                found=message,
                next_step="install the same version of hil on both hosts",
            )
        found.append(message)
    return found


def told_result(result: ResultReceived) -> list[int]:
    """An answer's numbers; its outputs travel beside them."""
    return [result.key, result.status, result.cycles, result.input_crc, result.sent_crc]


def result(told: Sequence[int], outputs: bytes) -> ResultReceived:
    """The same again."""
    key, status, cycles, input_crc, sent_crc = told
    return ResultReceived(key, status, cycles, input_crc, sent_crc, outputs)

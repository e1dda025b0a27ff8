"""Another board answers on a unit's port than the one at its probe: whose chip it is, the other units' probes are asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from harness.bench import lease
from harness.bench.boards import Board
from harness.bench.identity import known_id
from harness.bench.probes import Probe
from harness.errors import BenchError

OpenProbe = Callable[[Board, str], Probe]


def crossed(
    board: Board, uid: str, port: str, chip_id: bytes, answers: bytes, others: Iterable[str], open_probe: OpenProbe
) -> BenchError:
    """The error that names both: chip ``chip_id`` at the probe of unit ``uid``, chip ``answers`` behind ``port``.

    ``others`` are the ids of the units that it may be; those in use are left alone, and named.
    """
    owner, in_use = _owner(board, answers, others, open_probe)
    # The probes are asked now and not at the start: this is rare, and a neighbour that is being flashed must be left alone.
    whose = f", which is unit {owner}'s" if owner else ", which no other probe that is free has"
    if not owner and in_use:
        whose += f" (in use, so not asked: {', '.join(in_use)})"
    return BenchError(
        f"another board answers on the port of unit {uid} than the one at its probe",
        where=f"unit {uid}, port {port}",
        expected=f"chip {chip_id.hex()}, read through the probe of unit {uid}",
        found=f"chip {answers.hex() or '(none)'} in hello{whose}",
        next_step="the ports are crossed, in the bench file or by their cables: `hil discover --write FILE` puts them right",
    )


def _owner(board: Board, chip_id: bytes, others: Iterable[str], open_probe: OpenProbe) -> tuple[str, list[str]]:
    """The unit with that chip, "" when none is found, and those that could not be asked."""
    unasked: list[str] = []
    for uid in others if chip_id else ():
        try:
            with lease.acquire(uid, what="looking for a chip", care=True):
                if read_chip_id(board, uid, open_probe) == chip_id:
                    return uid, unasked
        except BenchError:
            unasked.append(uid)
    return "", unasked


def read_chip_id(board: Board, uid: str, open_probe: OpenProbe) -> bytes:
    """Connect, read the chip's unique id, let go. b"" when it has none; ``BenchError`` when the probe cannot."""
    probe = open_probe(board, uid)
    try:
        probe.open()
        return known_id(probe.chip_id())
    finally:
        probe.close()

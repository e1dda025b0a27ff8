"""Which port leads to which probe's chip: found, not believed. Both tell the chip's unique id, the probe and hello."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace

from harness.bench import boards, lease
from harness.bench.discover import Identified
from harness.errors import BenchError

#: The unique id, in hexadecimal, that is said in hello on a port at a speed; "" when nobody answers, or without an id.
Ask = Callable[[str, int], str]


def settle(found: Sequence[Identified], ask: Ask) -> tuple[Identified, ...]:
    """The same units with the ports that lead to them. Units in use meanwhile are left as they are, and so are their ports."""
    with ExitStack() as held:
        mine = []
        for unit in found:
            try:
                if unit.board:
                    held.enter_context(lease.acquire(unit.uid, what="hil discover", named=True, care=True))
                    mine.append(unit)
            except BenchError:
                continue
        bauds = {unit.port: boards.load_board(unit.board).uart.baud for unit in mine}
        answers = {port: ask(port, baud) for port, baud in bauds.items()}
    settled = {unit.uid: unit for unit in pair(mine, answers)}
    return tuple(settled.get(unit.uid, unit) for unit in found)


def pair(units: Sequence[Identified], answers: dict[str, str]) -> list[Identified]:
    """``answers`` maps each port to the chip that said hello on it, "" for none.

    A unit whose chip answered has that port, proved. One whose own port is proved another's has none. The rest keep theirs.
    """
    chips = Counter(unit.chip_id for unit in units)
    heard = Counter(answers.values())
    ports = {chip: port for port, chip in answers.items() if chip and heard[chip] == 1 and chips[chip] == 1}
    taken = set(ports.values())
    return [_placed(unit, ports.get(unit.chip_id), taken, chips, heard) for unit in units]


def _placed(
    unit: Identified, port: str | None, taken: set[str], chips: Counter[str], heard: Counter[str]
) -> Identified:
    if port is not None:
        why = "" if port == unit.port else f"not at {unit.port}, where its probe's own port is"
        return replace(unit, port=port, proved=True, why=why)
    if unit.chip_id and chips[unit.chip_id] > 1:
        return replace(unit, why="another chip has the same unique id: not proved")
    if unit.chip_id and heard[unit.chip_id] > 1:
        return replace(unit, why="its chip answers on several ports: not proved")
    if unit.port in taken:
        return replace(
            unit, port="", why=f"{unit.port} leads to another unit, and on no other port does this one answer"
        )
    return replace(unit, why="no firmware of ours answers there: not proved (`hil flash`, then again)")

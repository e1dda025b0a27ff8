"""What came back from several units, as one: arrays, counters, and each unit's part.

Nothing is averaged that is a unit's own. Cycles are pooled sample by sample, each from a unit at the board's clock; counters are
sums; the wall's time is from the first sample on any line to the last; and the use of the lines is what had to travel by what
all of them could have carried in that time.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import fields

import numpy as np
import numpy.typing as npt

from harness.records import Evidence, LinkFacts, Samples, UnitFacts, UnitShare
from harness.run.journal import Earlier
from harness.run.scoring import link_facts
from harness.run.sharded.seat import Seat
from harness.run.sharded.shared import Shared
from harness.session.verbs import StreamResult
from harness.verdict.alike import alike
from harness.wire.events import LinkCounters


def one_stream(shared: Shared, seats: Sequence[Seat], wall_s: float, earlier: Earlier | None) -> StreamResult:
    """All answers in the order of the set, as if one unit had given them."""
    parts = [part for seat in seats for part in seat.parts]
    n = shared.spread.n
    return StreamResult(
        results=tuple(shared.results.get(index) for index in range(n)),
        lost=dict(shared.lost),
        counters=_sum([part.counters for part in parts]),
        wall_s=wall_s,
        resets=tuple(reset for part in parts for reset in part.resets),
        baud=min((part.baud for part in parts if part.baud), default=None),
        earlier_s=earlier.spent_s if earlier else 0.0,
        overlap=_overlap(seats),
        revived=tuple(f"unit {seat.name}: {words}" for seat in seats for part in seat.parts for words in part.revived),
        reopened=tuple(f"{port} (unit {seat.name})" for seat in seats for part in seat.parts for port in part.reopened),
        climbs=sum(part.climbs for part in parts) + sum(_steps(seat) for seat in seats),
        quiet=frozenset(shared.alone),
    )


def all_lines(streamed: StreamResult, seats: Sequence[Seat], evidence: Evidence) -> LinkFacts:
    """The counters of all lines together."""
    found = link_facts(streamed, evidence)
    if found.line_use is None:
        return found
    lines = sum((seat.parts[-1].baud or 0) for seat in seats if seat.parts)
    return found.model_copy(update={"line_use": streamed.counters.line_use(lines, streamed.wall_s)})


def whose(shared: Shared, order: Sequence[str]) -> npt.NDArray[np.int16]:
    """[N] the number of the unit whose answer is scored; -1: nobody's."""
    numbers = {uid: number for number, uid in enumerate(order)}
    return np.array([numbers.get(shared.by.get(i, ""), -1) for i in range(shared.spread.n)], dtype=np.int16)


def parts_of(
    shared: Shared,
    seats: Sequence[Seat],
    samples: Samples | None,
    evidence: Evidence,
    earlier: Earlier | None,
) -> tuple[UnitShare, ...]:
    """Each unit's part, in the order in which ``Samples.units`` numbers them: those of now, then those of earlier parts alone."""
    odd = {uid for one in shared.disagreements() for uid in one.odd}
    found = [_share(shared, seat, number, samples, evidence, odd) for number, seat in enumerate(present(seats))]
    here = {share.unit.uid for share in found}
    before = dict.fromkeys(uid for uid in shared.by.values() if uid not in here)
    chips = dict(earlier.units) if earlier else {}
    for uid in before:
        facts = UnitFacts(uid=uid, chip_id=chips.get(uid, ""))
        found.append(_numbers(shared, UnitShare(unit=facts, answered=0), len(found), samples, evidence, odd))
    return tuple(found)


def present(seats: Sequence[Seat]) -> list[Seat]:
    """The units that were opened, or broke when they were: one that somebody else took had no part."""
    return [seat for seat in seats if not seat.taken]


def _share(
    shared: Shared, seat: Seat, number: int, samples: Samples | None, evidence: Evidence, odd: Collection[str]
) -> UnitShare:
    live = seat.notes.live
    facts = seat.facts or UnitFacts(uid=seat.name)
    share = UnitShare(
        unit=facts,
        answered=0,
        link=_line(seat, evidence) if seat.parts else None,
        own_s=seat.own_s,
        flash_s=live.flashed.duration_s if live and live.flashed else None,
        fault="; ".join(seat.fault.reasons) if seat.fault else "",
        rig=seat.fault.rig if seat.fault else None,
    )
    return _numbers(shared, share, number, samples, evidence, odd)


def _numbers(
    shared: Shared, share: UnitShare, number: int, samples: Samples | None, evidence: Evidence, odd: Collection[str]
) -> UnitShare:
    uid = share.unit.uid
    mine = [index for index, unit in shared.by.items() if unit == uid]
    known: dict[str, object] = {
        "answered": len(mine),
        "compared": shared.witnesses.compared(uid),
        "trusted": uid not in odd,
    }
    timed = [index for index in mine if index in shared.alone]
    if timed:
        known["timed"] = len(timed)
        cost = float(np.median([shared.results[index].cycles for index in timed]))
        known["cycles" if evidence == "hardware" else "instructions"] = cost
    if samples is not None and samples.units is not None:
        rows = samples.units == number
        apart = ~alike(samples.outputs[rows], samples.reference[rows]) if rows.any() else rows[:0]
        known["unlike"] = int(np.sum(apart))
    return share.model_copy(update=known)


def _line(seat: Seat, evidence: Evidence) -> LinkFacts:
    parts = seat.parts
    wall_s = sum(part.wall_s for part in parts)
    whole = StreamResult(
        results=(),
        lost={},
        counters=_sum([part.counters for part in parts]),
        wall_s=wall_s,
        resets=tuple(reset for part in parts for reset in part.resets),
        baud=parts[-1].baud,
        overlap=_overlap([seat]),
        revived=tuple(words for part in parts for words in part.revived),
        reopened=tuple(port for part in parts for port in part.reopened),
        climbs=sum(part.climbs for part in parts) + _steps(seat),
    )
    return link_facts(whole, evidence)


def _sum(counters: Sequence[LinkCounters]) -> LinkCounters:
    return LinkCounters(
        **{part.name: sum(getattr(one, part.name) for one in counters) for part in fields(LinkCounters)}
    )


def _overlap(seats: Sequence[Seat]) -> float | None:
    known = [seat.overlap for seat in seats if seat.overlap is not None]
    came = sum(n for _, n in known)
    return sum(n for n, _ in known) / came if came else None


def _steps(seat: Seat) -> int:
    return seat.notes.climbed.steps if seat.notes.climbed else 0

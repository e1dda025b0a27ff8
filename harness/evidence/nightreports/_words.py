"""How a night is put into words and sections: the same in every report of it."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from harness.clock import spoken
from harness.evidence.nightrecord import NightCase, NightRecord, NightUnit, Try, folder_of
from harness.evidence.reports import _words as case_words
from harness.evidence.runrecord import worst
from harness.records import Record, Verdict

_LACKS: Final = {
    "budget": "the night was too short for it",
    "unit": "no unit could take it",
    "stopped": "the night was ended before it",
    "valve": "too much of the rack went wrong at once",
    "data": "its data is not on this machine",
    "plan": "nothing can be made of its plan",
}


@dataclass(frozen=True)
class Section:
    """Cases that came to the same, seen from last night, each with why, in lines. ``kind`` is its colour's name."""

    title: str
    what: str
    kind: str
    cases: tuple[tuple[NightCase, list[str]], ...]


@dataclass(frozen=True)
class Lacking:
    """Cases without a verdict, for one and the same reason."""

    why: str
    cases: tuple[NightCase, ...]


@dataclass(frozen=True)
class Fault:
    """A try that the rig has spoilt, and what its case came to in the end."""

    case: NightCase
    number: int
    spoilt: Try
    folder: str


@dataclass(frozen=True)
class UnitLine:
    """A unit and what the night made of it."""

    unit: NightUnit
    tries: int
    faults: tuple[Fault, ...]
    use: float  # share of the night with a case on it
    spoilt: int = 0  # so many of its last tries, one after the other, were spoilt by it

    @property
    def state(self) -> str:
        """How it stands, with why. A good one whose last cases it has spoilt is not as good as it looks."""
        state, reason = self.unit.state, self.unit.reason
        if state != "good":
            return f"{state}: {reason}" if reason else state
        cases = "case was" if self.spoilt == 1 else f"{self.spoilt} cases were"
        return f"{state}, but its last {cases} spoilt by it" if self.spoilt else state


def verdict(night: NightRecord) -> Verdict | None:
    """The worst of all; None when no case has come to its end. A night with cases that have no verdict never passes."""
    found = [case.verdict for case in night.cases if case.verdict is not None]
    return worst(found, short=any(counts_as_missing(case) for case in night.cases) or bool(night.refused))


def counts_as_missing(case: NightCase) -> bool:
    """Whether a case without a verdict keeps the night from passing."""
    return case.verdict is None and not (case.lack == "budget" and case.spare)


def headline(night: NightRecord) -> str:
    """``2 fail (1 new), 1 error, 24 pass, 3 not run``."""
    told = []
    for one in (Verdict.FAIL, Verdict.ERROR, Verdict.INCONCLUSIVE, Verdict.PASS):
        cases = [case for case in night.cases if case.verdict is one]
        new = sum(is_new(case) for case in cases) if one is Verdict.FAIL else 0
        if cases:
            told.append(f"{len(cases)} {one}" + (f" ({new} new)" if new and night.compared else ""))
    missing = sum(case.verdict is None for case in night.cases) + len(night.refused)
    told += [f"{missing} not run"] if missing else []
    return ", ".join(told) or "nothing was run"


def is_new(case: NightCase) -> bool:
    """Whether it did not fail the last time."""
    return case.before is None or case.before.verdict is not Verdict.FAIL


def sections(night: NightRecord) -> list[Section]:
    """What needs a look, in the order in which it does; only those that have cases."""
    fail = Verdict.FAIL
    every = [
        _section(night, "New failures", "the product is wrong, and was not the last time", "fail",
                 lambda c: c.verdict is fail and is_new(c)),
        _section(night, "Still failing", "the product is as wrong as it was", "fail",
                 lambda c: c.verdict is fail and not is_new(c)),
        _section(night, "Not decided for the rig's sake", "nothing is said of the product", "error",
                 lambda c: c.verdict is Verdict.ERROR),
        _section(night, "Not enough evidence", "what is missing", "inconclusive",
                 lambda c: c.verdict is Verdict.INCONCLUSIVE),
        _section(night, "Fixed", "failed the last time, and passes", "pass",
                 lambda c: c.verdict is Verdict.PASS and c.before is not None and c.before.verdict is fail),
        _section(night, "Flaky", "the rig has spoilt the first try, and not the second", "warning",
                 lambda c: c.flaky, lambda case: tried(night, case)),
    ]  # fmt: skip
    return [section for section in every if section.cases]


def lacking(night: NightRecord) -> list[Lacking]:
    """The cases that were not run, by why; those of the highest priority first."""
    found = []
    for lack, why in _LACKS.items():
        cases = sorted((c for c in night.cases if c.lack == lack), key=lambda c: -c.priority)
        if cases:
            found.append(Lacking(why, tuple(cases)))
    broken = tuple(night.of_state("interrupted", "running"))
    return [*([Lacking("broken off: --resume goes on with it", broken)] if broken else []), *found]


def lines(case: NightCase) -> list[str]:
    """Why a case came to what it did."""
    last = case.last
    if last is None:
        return []
    told = list(last.reasons) or [case_words.meaning(last.verdict)] if last.verdict else list(last.reasons)
    if case.before is not None and case.before.verdict is not case.verdict:
        told.append(f"before: {case.before.verdict} in {case.before.session}")
    return told


def units(night: NightRecord) -> list[UnitLine]:
    """Every unit, those with faults of the rig first."""
    faults = rig_faults(night)
    wall_s = night.wall_s
    found = [
        UnitLine(
            unit,
            sum(unit.uid in (one.unit, *one.lent) for case in night.cases for one in case.tries),
            tuple(fault for fault in faults if unit.uid in fault.spoilt.blamed),
            unit.busy_s / wall_s if wall_s else 0.0,
            _spoilt(night, unit.uid),
        )
        for unit in night.units
    ]
    return sorted(
        found, key=lambda line: (-len(line.faults), line.unit.state == "good", line.unit.board, line.unit.uid)
    )


def _spoilt(night: NightRecord, uid: str) -> int:
    """How many of a unit's last tries, one after the other, came to an error that was its fault."""
    tries = sorted((one for c in night.cases for one in c.tries if uid in (one.unit, *one.lent)), key=lambda t: t.began)
    blamed = [uid in one.blamed for one in tries if one.verdict is not None]
    return next((n for n, mine in enumerate(reversed(blamed)) if not mine), len(blamed))


def of_no_unit(night: NightRecord) -> list[Fault]:
    """The faults that are none of a unit of the rack: the host's, a virtual board's."""
    known = {unit.uid for unit in night.units}
    return [fault for fault in rig_faults(night) if not known & set(fault.spoilt.blamed)]


def whose(night: NightRecord, fault: Fault) -> str:
    """Whose fault it was, for people."""
    return ", ".join(unit_title(night, uid) for uid in fault.spoilt.blamed) or "the host"


def rig_faults(night: NightRecord) -> list[Fault]:
    """Every try that the rig has spoilt."""
    return [
        Fault(case, number, one, folder_of(case, number))
        for case in night.cases
        for number, one in enumerate(case.tries, start=1)
        if one.verdict is Verdict.ERROR
    ]


def figures(night: NightRecord) -> list[tuple[str, str]]:
    """What the night took: label and value."""
    tries = [one for case in night.cases for one in case.tries if one.ended]
    busy_s = sum(one.wall_s * (1 + len(one.lent)) for one in tries)
    places = len(night.units) or night.slots
    told = [
        ("Wall time", spoken(night.wall_s) + (f" of {spoken(night.budget_s)}" if night.budget_s is not None else "")),
        ("Cases with a verdict", f"{sum(c.verdict is not None for c in night.cases)} of {len(night.cases)}"),
        ("Tries", str(len(tries))),
        ("Time on units" if night.units else "Time of cases", spoken(busy_s)),
    ]
    if night.wall_s and places:
        told.append(
            ("Use of the rack" if night.units else "Use of the slots", f"{100 * busy_s / night.wall_s / places:.0f} %")
        )
    return told


def facts(night: NightRecord) -> list[tuple[str, str]]:
    """How the night was run."""
    last = night.parts[-1]
    rows = [
        ("Rack plan", f"{night.name}: {night.file}"),
        ("Rack plan, SHA-256", night.sha256),
        ("Units", night.bench or f"virtual boards, {night.slots} at once"),
        ("Command", shlex.join(last.words)),
        ("Began", f"{night.began:%Y-%m-%d %H:%M:%S} UTC"),
        ("Exit status", "-" if last.exit_status is None else str(last.exit_status)),
        ("Compared with", compared(night)),
        ("In the history as", night.session),
        ("Host", f"{last.host}, {last.system}, Python {last.python}"),
        ("Harness", last.harness_version),
    ]
    for part in night.parts[:-1]:
        ended = "killed" if part.exit_status is None else f"exit status {part.exit_status}"
        rows.append((f"Earlier, {part.started:%Y-%m-%d %H:%M:%S} UTC", f"{shlex.join(part.words)} ({ended})"))
    return [(label, value) for label, value in rows if value]


def compared(night: NightRecord) -> str:
    """What the night is compared with. Why it is nothing, the night does not know: it is the first, or nothing could be asked."""
    return night.compared or "nothing: no earlier night of its cases is known"


def matrix(night: NightRecord) -> tuple[list[str], list[tuple[str, list[list[NightCase]]]]]:
    """The boards, and for each plan its cases on each of them."""
    boards = sorted({case.board for case in night.cases})
    plans = list(dict.fromkeys(case.id.partition("/")[0] for case in night.cases))
    cells: dict[tuple[str, str], list[NightCase]] = {}
    for case in night.cases:
        cells.setdefault((case.id.partition("/")[0], case.board), []).append(case)
    return boards, [(plan, [cells.get((plan, board), []) for board in boards]) for plan in plans]


def mark(case: NightCase) -> str:
    """The word and colour of a case: its verdict, or ``missing``."""
    return case.verdict.value if case.verdict else "missing"


def link(folder: str, file: str = "report.html") -> str:
    """A relative address, whatever is in the name of the folder."""
    return quote(f"{folder}/{file}")


def unit_title(night: NightRecord, uid: str) -> str:
    """What people call a unit."""
    return next((unit.title for unit in night.units if unit.uid == uid), uid or "a virtual board")


def banners(records: Mapping[str, Record]) -> list[str]:
    """What makes the evidence worth less."""
    return sorted({case_words.banner(record) for record in records.values()} - {""})


def headlines(case: NightCase, records: Mapping[str, Record], most: int = 3) -> list[tuple[str, str]]:
    """The headline measurements of a case, name and value."""
    record = records.get(case.last.folder) if case.last else None
    if record is None:
        return []
    return [(m.name, case_words.figure(m.value, m.unit)) for m in case_words.headlines(record)[:most]]


def tried(night: NightRecord, case: NightCase) -> list[str]:
    """What each try of a case came to, and where."""
    return [
        f"try {number} on {unit_title(night, one.unit)}: {one.verdict}"
        + (f": {'; '.join(one.reasons[:1])}" if one.verdict is Verdict.ERROR else "")
        for number, one in enumerate(case.tries, start=1)
    ]


def _section(
    night: NightRecord,
    title: str,
    what: str,
    kind: str,
    which: Callable[[NightCase], bool],
    why: Callable[[NightCase], list[str]] = lines,
) -> Section:
    return Section(title, what, kind, tuple((case, why(case)) for case in night.cases if which(case)))

"""From the runs that speak for a release's cells to one verdict with reasons. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from harness import __version__
from harness.plans.schema import number
from harness.records import Verdict
from harness.verdict.release.against import Against
from harness.verdict.release.alarms import alarms, chance_in_words, is_exact, raised
from harness.verdict.release.asked import Asked
from harness.verdict.release.choosing import Chosen, Run, short
from harness.verdict.release.facts import (
    AlarmFacts,
    CellFacts,
    CellStatus,
    Document,
    ReleaseFacts,
    RunFacts,
)


@dataclass
class _Judged:
    """A cell's chosen run while it is judged."""

    chosen: Chosen
    against: Against
    digests: Mapping[str, str]
    alarms: tuple[AlarmFacts, ...] = ()
    status: CellStatus = CellStatus.PASS
    reasons: list[str] = field(default_factory=list)

    @property
    def runs(self) -> tuple[Run, ...]:
        """Those that are judged: the one that speaks and others of the same image; none for a cell that has none."""
        return (self.chosen.run, *self.chosen.others) if self.chosen.run and self.chosen.status is None else ()


def judge_release(
    asked: Asked,
    commit: str,
    cells: Sequence[Chosen],
    *,
    now: datetime,
    digests: Mapping[str, str],
    against: Mapping[str, Against] | None = None,
    documents: Sequence[Document] = (),
    sources: Sequence[str] = (),
) -> ReleaseFacts:
    """``commit`` and ``cells`` as ``choose`` gives them; ``digests``: of each run's record.json, by its id.

    ``against``: by the cell's id; a cell that is missing there, while the release names a baseline, is inconclusive.
    """
    release = asked.release
    nothing = Against(missing="nothing was compared with the baseline") if release.baseline else Against()
    judged = [_Judged(one, (against or {}).get(one.cell.id, nothing), digests) for one in cells]
    family = [[*alarms(run.record for run in one.runs), *_compared(one)] for one in judged]
    for one, found in zip(judged, raised(family, release.false_alarms), strict=True):
        one.alarms = found
        _judge(one, release.false_alarms)
    facts = tuple(_facts(one) for one in judged)
    verdict, reasons = _together(facts)
    n_alarms = sum(map(len, family))
    first = [one.runs[0].record for one in judged if one.runs]
    n_exact = sum(is_exact(gate, record) for record in first for gate in record.gates)
    return ReleaseFacts(
        name=release.name,
        title=release.title,
        judged=now,
        verdict=verdict,
        reasons=reasons,
        commit=commit,
        false_alarms=release.false_alarms,
        n_alarms=n_alarms,
        n_exact=n_exact,
        chance=chance_in_words(release.false_alarms, n_alarms, n_exact),
        baseline=release.baseline.run if release.baseline else "",
        cells=facts,
        documents=tuple(documents),
        sources=tuple(sources),
        harness_version=__version__,
    )


def _compared(one: _Judged) -> tuple[AlarmFacts, ...]:
    return one.against.alarms if one.runs else ()


def _judge(one: _Judged, rate: float) -> None:
    """Status and reasons of one cell, now that its alarms are raised for all of the release."""
    if one.chosen.status is not None:
        one.status, one.reasons = one.chosen.status, list(one.chosen.reasons)
        return
    newest = one.runs[0]
    certain = [line for run in one.runs for line in _certain(run, run is newest)]
    certain += [f"against the baseline: {reason}" for reason in one.against.certain]
    standing = [found for found in one.alarms if found.stands]
    by_chance = [found for found in one.alarms if found.broken and not found.stands]
    if certain or standing:
        one.status = CellStatus.FAIL
        one.reasons = [*certain, *(_standing(found, newest) for found in standing)]
        return
    one.reasons = [
        f"{_standing(found, newest)}: not enough for a failure, since {number(100 * rate)} % of releases may fail by chance"
        for found in by_chance
    ]
    if newest.record.verdict is Verdict.INCONCLUSIVE:
        one.reasons += newest.record.reasons or ("the run was inconclusive",)
    if one.against.missing:
        one.reasons.append(one.against.missing)
    if one.against.facts is not None and one.against.facts.verdict is not Verdict.PASS:
        one.reasons += [f"against the baseline: {reason}" for reason in one.against.facts.reasons]
    if one.reasons:
        one.status = CellStatus.INCONCLUSIVE
    else:
        one.reasons = list(newest.record.reasons) or ["the run passed"]


def _certain(run: Run, newest: bool) -> list[str]:
    """What chance has no part in: gates that are broken as they are, and failures that are no gate's."""
    record = run.record
    if record.verdict is not Verdict.FAIL:
        return []
    broken = [gate for gate in record.gates if gate.breaks]
    told = [gate.reason or gate.metric for gate in broken if is_exact(gate, record)]
    if not broken:
        told = list(record.reasons) or ["the run failed"]
    if newest:
        return told
    when = f"run {record.run_id} of the same image failed on {record.finished:%Y-%m-%d}"
    return [f"{when}, and a later pass does not undo that: {reason}" for reason in told]


def _standing(found: AlarmFacts, newest: Run) -> str:
    of = "" if found.run_id == newest.record.run_id else f" in run {found.run_id}"
    return f"{found.gate} is broken{of} (p {_p(found.p)}, by Holm over the release {_p(found.p_holm)})"


def _p(value: float) -> str:
    return "below 0.0001" if value < 0.0001 else f"{value:.2g}"


def _facts(one: _Judged) -> CellFacts:
    cell, run = one.chosen.cell, one.chosen.run
    record = run.record if run else None
    asked = [gate.metric for gate in record.gates] if record else []
    return CellFacts(
        id=cell.id,
        plan=cell.plan,
        board=cell.board,
        model=cell.model,
        needs=cell.needs,
        fresh=cell.fresh_text,
        status=one.status,
        reasons=tuple(one.reasons),
        warnings=tuple(_warnings(one)),
        run=_run_facts(run, one.digests) if run else None,
        others=tuple(other.record.run_id for other in one.runs[1:]),
        gates=record.gates if record else (),
        figures=tuple(m for m in record.measurements if m.name in asked) if record else (),
        alarms=one.alarms,
        baseline=one.against.facts if one.runs else None,
    )


def _warnings(one: _Judged) -> Iterable[str]:
    yield from one.chosen.dismissed
    speaks = one.chosen.run
    firmware = speaks.record.firmware if speaks else None
    if speaks is not None:
        warned = [gate for gate in speaks.record.gates if gate.passed is False and not gate.breaks]
        yield from (f"a gate that only warns is broken: {gate.reason or gate.metric}" for gate in warned)
    if firmware is not None and firmware.given:
        yield (
            f"the image {short(firmware.elf_sha256)} was not built by the run but given: the commit is that of its plan"
        )


def _run_facts(run: Run, digests: Mapping[str, str]) -> RunFacts:
    record = run.record
    firmware, network, source, data = record.firmware, record.network, record.source, record.dataset
    model = firmware.model_sha256 if firmware else network.sha256 if network else ""
    converted = network is not None and network.file_sha256 not in ("", model)
    return RunFacts(
        run_id=record.run_id,
        origin=run.origin,
        record_sha256=digests.get(record.run_id, ""),
        verdict=record.verdict,
        evidence=record.evidence,
        backend=record.backend,
        caveat=record.caveat,
        unit=record.unit.uid if record.unit else "",
        started=record.started,
        finished=record.finished,
        commit=source.commit if source else "",
        dirty=source.dirty if source else None,
        given=firmware.given if firmware else False,
        elf_sha256=firmware.elf_sha256 if firmware else "",
        model_sha256=model,
        model_file=network.file if network and converted else "",
        model_file_sha256=network.file_sha256 if network and converted else "",
        dataset_sha256=data.sha256 if data else "",
        n=data.n if data else 0,
        harness_version=record.harness_version,
        host=record.host,
    )


def _together(cells: Sequence[CellFacts]) -> tuple[Verdict, tuple[str, ...]]:
    """One verdict for all: a release passes when every cell does."""
    short_of = [cell for cell in cells if cell.status is not CellStatus.PASS]
    told = tuple(f"{cell.id}: {cell.status}: {'; '.join(cell.reasons)}" for cell in short_of)
    if any(cell.status is CellStatus.FAIL for cell in cells):
        return Verdict.FAIL, told
    if short_of:
        return Verdict.INCONCLUSIVE, told
    return Verdict.PASS, ("the cell passes" if len(cells) == 1 else f"all {len(cells)} cells pass",)

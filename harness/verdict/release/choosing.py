"""Which run speaks for a cell of a release, and why none does. Pure.

Runs are sieved in a fixed order: evidence, age, limits, commit, model and data, extent, whose fault. The newest that is left
speaks; where none is left, the newest that had come so far says why. The newest run of all cells says which commit the release is
of, and the newest run of a plan's model says which model and which data: what is of others is stale.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from harness.plans.schema import Gate
from harness.records import Record, Verdict
from harness.verdict.release.asked import Asked, Cell
from harness.verdict.release.facts import CellStatus
from harness.verdict.statistics import LEVEL

#: Clocks of two hosts may differ by so much; a run that ended later than now by more is not told to be new.
_SKEW = timedelta(hours=1)


@dataclass(frozen=True)
class Run:
    """A run that is at hand. ``origin``: where it was found, for people."""

    record: Record
    origin: str = ""


@dataclass(frozen=True)
class Chosen:
    """The run that speaks for a cell, with ``others`` of the same image, newest first; ``status`` None: it is to be judged.

    With a status none speaks for it, ``reasons`` say why, and ``run`` is the nearest that there is. ``dismissed``: that failed runs
    do not count, and why, in the release's words.
    """

    cell: Cell
    run: Run | None = None
    others: tuple[Run, ...] = ()
    status: CellStatus | None = None
    reasons: tuple[str, ...] = ()
    dismissed: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Sieve:
    keeps: Callable[[Run], bool]
    status: CellStatus
    told: Callable[[Run], str]  # why the newest that was not kept is not enough


@dataclass
class _Sifted:
    """What is left of a cell's runs, newest first; once nothing is left, what the last sieve said."""

    cell: Cell
    left: list[Run]
    dismissed: tuple[str, ...]
    status: CellStatus | None = None
    reason: str = ""
    nearest: Run | None = None

    def sift(self, sieve: _Sieve) -> None:
        if not self.left:
            return
        kept = [run for run in self.left if sieve.keeps(run)]
        if not kept:
            self.nearest, self.status = self.left[0], sieve.status
            self.reason = sieve.told(self.left[0])
        self.left = kept

    def chosen(self) -> Chosen:
        if self.left:
            run, *rest = self.left
            image = _elf(run.record)
            others = tuple(other for other in rest if image and _elf(other.record) == image)
            return Chosen(self.cell, run, others, dismissed=self.dismissed)
        status = self.status or CellStatus.MISSING
        reason = self.reason or "it was never run" + (
            " but for failures that the release dismisses" * bool(self.dismissed)
        )
        return Chosen(self.cell, self.nearest, status=status, reasons=(reason,), dismissed=self.dismissed)


def choose(asked: Asked, runs: Iterable[Run], *, now: datetime, commit: str = "") -> tuple[str, tuple[Chosen, ...]]:
    """The release's commit and, cell by cell, the run that speaks for it.

    ``commit``: the one that is wanted, or how it begins; "": that of the newest run. The commit found is "" where the release
    does not ask for one, or no run knows its own.
    """
    release = asked.release
    by_cell = _by_cell(runs)
    cells = [_begun(cell, by_cell.get(cell.id, []), asked) for cell in asked.cells]
    for one in cells:
        for sieve in (_evidence(one.cell), _age(one.cell, now), _limits(one.cell)):
            one.sift(sieve)
    found = ""
    if release.commit == "one":
        found = _newest_commit(cells, commit)
        for one in cells:
            one.sift(_known_commit())
            one.sift(_one_commit(found or commit))
    for same in _together(cells):
        for digest, what in ((_model, "model"), (_data, "data set")):
            newest = _newest(same)
            if newest is not None and (expected := digest(newest.record)):
                for one in same:
                    one.sift(_same(digest, what, expected))
    for one in cells:
        one.sift(_whole())
        one.sift(_rig())
    return found, tuple(one.chosen() for one in cells)


def _by_cell(runs: Iterable[Run]) -> Mapping[str, list[Run]]:
    """Newest first. A run that was found in two places counts once, as it was when it had come furthest."""
    found: dict[str, dict[str, Run]] = {}
    for run in sorted(runs, key=lambda run: (run.record.finished, run.record.run_id), reverse=True):
        found.setdefault(run.record.case_id, {}).setdefault(run.record.run_id, run)
    return {cell: list(each.values()) for cell, each in found.items()}


def _begun(cell: Cell, runs: Sequence[Run], asked: Asked) -> _Sifted:
    left, told = [], []
    for run in runs:
        why = [one.reason for one in asked.release.dismissed if run.record.run_id.startswith(one.run)]
        if why and run.record.verdict is Verdict.FAIL:
            told.append(f"the failed run {run.record.run_id} was dismissed: {'; '.join(why)}")
        else:
            left.append(run)
    return _Sifted(cell, left, tuple(told))


def _evidence(cell: Cell) -> _Sieve:
    def told(run: Run) -> str:
        record = run.record
        if record.evidence == "unknown":
            why = next(iter(record.reasons), "no reason kept")
            return f"the release needs hardware, and run {record.run_id} ended before it had opened a unit: {why}"
        return f"only emulated: the release needs hardware, and run {record.run_id} was on {record.backend}"

    return _Sieve(lambda run: cell.needs == "any" or run.record.evidence == "hardware", CellStatus.INCONCLUSIVE, told)


def _age(cell: Cell, now: datetime) -> _Sieve:
    def told(run: Run) -> str:
        ago = now - run.record.finished
        if ago < -_SKEW:
            return f"run {run.record.run_id} ended in the future: the clock of {run.record.host or 'its host'} is wrong"
        return f"the newest run, {run.record.run_id}, is {_ago(ago)} old; the release takes {cell.fresh_text} at most"

    def keeps(run: Run) -> bool:
        ago = now - run.record.finished
        return ago >= -_SKEW and (cell.fresh is None or ago <= cell.fresh)

    return _Sieve(keeps, CellStatus.STALE, told)


def _limits(cell: Cell) -> _Sieve:
    return _Sieve(
        lambda run: as_asked(cell.gates, run.record),
        CellStatus.STALE,
        lambda run: f"the plan's gates are not those that run {run.record.run_id} was judged by: run it again",
    )


def as_asked(gates: Sequence[Gate], record: Record) -> bool:
    """Whether a run was judged by these gates, whatever else it was judged by: nothing is the easier for that.

    Beside the plan's own stand that float outputs are finite, and a gate against the baseline that a command named. One that
    broke off has none, and says what it says without.
    """
    if not record.gates and record.verdict in (Verdict.ERROR, Verdict.FAIL):
        return True
    asked = Counter((g.limited, g.op, g.limit, g.needs, _level(g), g.percent, g.severity) for g in gates)
    judged = Counter(
        (
            g.metric,
            g.op,
            g.limit,
            g.needs,
            None if g.baseline is not None and g.confidence == LEVEL else g.confidence,
            g.unit == "%",
            g.severity,
        )
        for g in record.gates
    )
    return not asked - judged


def _level(gate: Gate) -> float | None:
    """What a plan asks for beyond what goes without saying."""
    return None if gate.is_relative and gate.confidence == LEVEL else gate.confidence


def _newest_commit(cells: Sequence[_Sifted], wanted: str) -> str:
    """Of the newest run that is of a commit as it stands, and of the wanted one where one is; "" for none."""
    known = [run for one in cells for run in one.left if _is_committed(run)]
    known = [run for run in known if _commit(run.record).startswith(wanted)]
    return _commit(max(known, key=lambda run: run.record.finished).record) if known else ""


def _known_commit() -> _Sieve:
    def told(run: Run) -> str:
        source = run.record.source
        if source is None:
            return f"run {run.record.run_id} does not say which commit it is of: its plan stood in no git repository"
        return (
            f"run {run.record.run_id} had edits on top of commit {short(source.commit)}: no commit holds what it tested"
        )

    return _Sieve(_is_committed, CellStatus.INCONCLUSIVE, told)


def _one_commit(commit: str) -> _Sieve:
    return _Sieve(
        lambda run: _commit(run.record).startswith(commit),
        CellStatus.STALE,
        lambda run: (
            f"run {run.record.run_id} is of commit {short(_commit(run.record))}, the release of {short(commit)}"
        ),
    )


def _same(digest: Callable[[Record], str], what: str, expected: str) -> _Sieve:
    def told(run: Run) -> str:
        found = digest(run.record) or "an unknown one"
        return f"run {run.record.run_id} had another {what}: {short(found)}, the plan's newest {short(expected)}"

    return _Sieve(lambda run: digest(run.record) in (expected, ""), CellStatus.STALE, told)


def _whole() -> _Sieve:
    def keeps(run: Run) -> bool:
        data = run.record.dataset
        return data is None or data.planned is None or data.n >= data.planned

    def told(run: Run) -> str:
        data = run.record.dataset
        assert data is not None
        return f"run {run.record.run_id} was cut short: {data.n:,} of {data.planned or 0:,} samples"

    return _Sieve(keeps, CellStatus.INCONCLUSIVE, told)


def _rig() -> _Sieve:
    return _Sieve(
        lambda run: run.record.verdict is not Verdict.ERROR,
        CellStatus.INCONCLUSIVE,
        lambda run: (
            f"the rig was at fault in run {run.record.run_id}: {next(iter(run.record.reasons), 'no reason kept')}"
        ),
    )


def _together(cells: Sequence[_Sifted]) -> list[list[_Sifted]]:
    """The cells of a plan and a model, on all boards."""
    found: dict[tuple[str, str], list[_Sifted]] = {}
    for one in cells:
        found.setdefault((one.cell.plan, one.cell.model), []).append(one)
    return list(found.values())


def _newest(cells: Sequence[_Sifted]) -> Run | None:
    return max((one.left[0] for one in cells if one.left), key=lambda run: run.record.finished, default=None)


def _is_committed(run: Run) -> bool:
    return run.record.source is not None and not run.record.source.dirty


def _commit(record: Record) -> str:
    return record.source.commit if record.source else ""


def _elf(record: Record) -> str:
    return record.firmware.elf_sha256 if record.firmware else ""


def _model(record: Record) -> str:
    # A run that broke off before an image was made knows its network all the same.
    return record.firmware.model_sha256 if record.firmware else record.network.sha256 if record.network else ""


def _data(record: Record) -> str:
    return record.dataset.sha256 if record.dataset else ""


def short(digest: str) -> str:
    """The first characters of a digest or commit, as people tell them apart."""
    return digest[:12]


def _ago(time: timedelta) -> str:
    minutes = time / timedelta(minutes=1)
    for unit, length in (("d", 24 * 60), ("h", 60)):
        if minutes >= 2 * length:
            return f"{minutes / length:.1f} {unit}"
    return f"{minutes:.0f} min"

"""The whole comparison of two runs in one call. Pure: records and arrays in, a frozen ``Comparison`` out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from harness import __version__
from harness.errors import MisuseError
from harness.records import Verdict
from harness.verdict.clustered import SEED
from harness.verdict.statistics import LEVEL
from harness.verdict.swap import findings
from harness.verdict.swap.changes import changes
from harness.verdict.swap.classes import by_class
from harness.verdict.swap.decisions import Answers, decided, flips, rate
from harness.verdict.swap.facts import Check, Comparison, Decisions, Finding, SideFacts
from harness.verdict.swap.memory import amounts
from harness.verdict.swap.outputs import apart
from harness.verdict.swap.pairing import Side, pair


@dataclass(frozen=True)
class Margins:
    """What may be lost. ``accuracy``: so much of it, 0..1. ``lsb``: steps of the quantisation that outputs may be apart unseen."""

    accuracy: float = 0.02
    lsb: int = 1


def compare_sides(
    baseline: Side,
    candidate: Side,
    *,
    margins: Margins | None = None,
    level: float = LEVEL,
    seed: int = SEED,
    common: bool = False,
) -> Comparison:
    """Hold ``candidate`` against ``baseline`` on the samples that both were sent.

    ``level``: of all intervals, two-sided. ``common``: see ``pair``. Pass: the lower end of the accuracy's paired difference lies
    above -margin, and nothing else is wrong. ``MisuseError``: the runs are not of the same data or task, or hold no decisions.
    """
    margins = margins or Margins()
    one, other = baseline.record, candidate.record
    if one.task != other.task:
        raise MisuseError(
            "the two runs are not of the same task",
            expected=f"{one.task} ({baseline.name})",
            found=f"{other.task} ({candidate.name})",
        )
    pairs = pair(baseline, candidate, common=common)
    changed = changes(one, other)
    found = list(findings.sides(baseline, candidate, pairs, changed))
    checks: list[Check] = []
    parts: dict[str, object] = {}
    if one.task == "classification":
        name_of = _namer(baseline)
        answers = Answers(baseline, candidate, pairs)
        names = baseline.samples.groups
        groups = None if names is None else names[pairs.baseline]
        counts = decided(answers, groups, margin=margins.accuracy, level=level, seed=seed)
        churn = rate(int(answers.changed.sum()), pairs.n, level)
        found += findings.decisions(counts, churn, level)
        checks.append(_accuracy(counts, level))
        parts |= {
            "decisions": counts,
            "negative_flips": rate(counts.lost, pairs.n, level),
            "churn": churn,
            "classes": by_class(answers, name_of, level),
            "flips": flips(baseline.samples, answers, pairs, name_of),
        }
    verdict, reasons = _verdict(found, checks)
    return Comparison.model_validate(
        {
            "baseline": _side(baseline),
            "candidate": _side(candidate),
            "level": level,
            "task": one.task,
            "changes": changed,
            "pairing": pairs.facts,
            "outputs": apart(baseline, candidate, pairs, margins.lsb),
            "memory": amounts(one, other),
            "findings": tuple(sorted(found, key=lambda f: ("fault", "doubt", "note").index(f.weight))),
            "checks": tuple(checks),
            "verdict": verdict,
            "reasons": reasons,
            "seed": seed,
            "harness_version": __version__,
            **parts,
        }
    )


def _accuracy(counts: Decisions, level: float) -> Check:
    passed = {"yes": True, "no": False, "undecided": None}[counts.non_inferior]
    reason = (
        f"accuracy {counts.before:.4f} before, {counts.after:.4f} after: {counts.difference:+.4f}"
        f" ({counts.low:+.4f} to {counts.high:+.4f} at {level:.0%}), at most {counts.margin:g} may be lost"
    )
    if passed is None:
        n = counts.n_to_decide
        reason += ": the interval lies on both sides, " + (
            f"about {n} samples would decide" if n else "no number of samples would decide at these shares"
        )
    return Check(
        name="accuracy drop",
        value=-counts.difference,
        low=-counts.high,
        high=-counts.low,
        limit=counts.margin,
        passed=passed,
        reason=reason,
    )


def _verdict(found: list[Finding], checks: list[Check]) -> tuple[Verdict, tuple[str, ...]]:
    faults = [f.text for f in found if f.weight == "fault"]
    doubts = [f.text for f in found if f.weight == "doubt"]
    broken = [c.reason for c in checks if c.passed is False]
    open_ = [c.reason for c in checks if c.passed is None]
    held = [c.reason for c in checks if c.passed]
    if faults or broken:
        return Verdict.FAIL, (*faults, *broken, *doubts, *open_)
    if doubts or open_ or not checks:
        return Verdict.INCONCLUSIVE, (*doubts, *open_) or ("nothing could be judged",)
    return Verdict.PASS, tuple(held)


def _namer(side: Side) -> Callable[[int], str]:
    classes = side.record.dataset.classes if side.record.dataset else ()

    def name_of(index: int) -> str:
        return "unknown" if index < 0 else classes[index] if index < len(classes) else str(index)

    return name_of


def _side(side: Side) -> SideFacts:
    record, firmware = side.record, side.record.firmware
    return SideFacts(
        name=side.name,
        run_id=record.run_id,
        case_id=record.case_id,
        plan=record.plan,
        model=record.model,
        board=record.board,
        unit=record.unit.uid if record.unit else "",
        backend=record.backend,
        evidence=record.evidence,
        started=record.started,
        verdict=record.verdict,
        n=len(side.samples.ids),
        engine=firmware.engine if firmware else "",
        model_sha256=firmware.model_sha256 if firmware else record.network.sha256 if record.network else "",
        elf_sha256=firmware.elf_sha256 if firmware else "",
        dataset_sha256=record.dataset.sha256 if record.dataset else "",
    )

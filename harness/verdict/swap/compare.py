"""The whole comparison of two runs in one call. Pure: records and arrays in, a frozen ``Comparison`` out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from harness import __version__
from harness.errors import MisuseError
from harness.records import Verdict
from harness.verdict.clustered import SEED
from harness.verdict.statistics import LEVEL
from harness.verdict.swap import findings
from harness.verdict.swap.changes import changes
from harness.verdict.swap.classes import by_class
from harness.verdict.swap.decisions import Answers, decided, flips
from harness.verdict.swap.facts import Check, Comparison, SideFacts, Timing
from harness.verdict.swap.groups import Grouping
from harness.verdict.swap.limits import NO_LABELS, Limit, check
from harness.verdict.swap.memory import amounts
from harness.verdict.swap.outputs import apart
from harness.verdict.swap.pairing import Pairs, Side, pair
from harness.verdict.swap.scores import score, unscored
from harness.verdict.swap.timing import over_boots, timing


@dataclass(frozen=True)
class Margins:
    """What may be lost. ``accuracy``: so much of it, and of an area under the ROC curve, 0..1. ``score``: so much worse may the
    mean score of a task without classes be, in its unit; None: nobody said. ``lsb``: steps of the quantisation that outputs may
    be apart and count as near. ``more``: further limits.
    """

    accuracy: float = 0.02
    score: float | None = None
    lsb: int = 1
    more: tuple[Limit, ...] = ()


def compare_sides(
    baseline: Side,
    candidate: Side,
    *,
    margins: Margins | None = None,
    level: float = LEVEL,
    seed: int = SEED,
    common: bool = False,
    repeats: tuple[Sequence[Side], Sequence[Side]] = ((), ()),
) -> Comparison:
    """Hold ``candidate`` against ``baseline`` on the samples that both were sent.

    ``level``: of all intervals, two-sided. ``common``: see ``pair``. ``repeats``: further runs of the baseline's and of the
    candidate's firmware, other boots of theirs, for the timing.

    Pass: every margin is kept (that of the task's own figure always counts), nothing contradicts the runs themselves. Fail: a
    margin is broken for certain, or the same firmware gave other outputs for the same inputs. Else inconclusive.
    ``MisuseError``: the runs are not of the same data or task, or hold no decisions; or a repeat is of another firmware.
    """
    margins = margins or Margins()
    one, other = baseline.record, candidate.record
    if one.task != other.task:
        raise MisuseError(
            "the two runs are not of the same task",
            expected=f"{one.task} ({baseline.name})",
            found=f"{other.task} ({candidate.name})",
            next_step="compare two runs of one plan",
        )
    pairs = pair(baseline, candidate, common=common)
    changed = changes(one, other)
    if not pairs.facts.n_other_content and not pairs.facts.n_other_label:
        # Another hash is then of more samples or fewer, and the counts tell that.
        changed = tuple(change for change in changed if change.what != "dataset")
    found = list(findings.sides(baseline, candidate, pairs, changed))
    parts: dict[str, Any] = {}
    if one.task == "classification":
        parts = _decisions(baseline, candidate, pairs, margins, level, seed)
        if "decisions" in parts:
            found += findings.decisions(parts["decisions"], parts["churn"], level)
    else:
        margin = margins.accuracy if one.task == "anomaly" else margins.score
        parts["score"] = score(baseline, candidate, pairs, margin=margin, level=level, seed=seed)
        found += findings.scores(one.task, parts["score"], unscored(baseline, candidate, pairs), pairs.n)
    draft = Comparison(
        baseline=_side(baseline),
        candidate=_side(candidate),
        level=level,
        task=one.task,
        changes=changed,
        pairing=pairs.facts,
        outputs=apart(baseline, candidate, pairs, margins.lsb),
        timing=_timing(baseline, candidate, pairs, level, repeats),
        memory=amounts(one, other),
        findings=tuple(sorted(found, key=lambda f: ("fault", "doubt", "note").index(f.weight))),
        verdict=Verdict.INCONCLUSIVE,
        reasons=(),
        seed=seed,
        harness_version=__version__,
        **parts,
    )
    checks = tuple(check(draft, limit) for limit in (*_own(draft, margins), *margins.more))
    verdict, reasons = _verdict(draft, checks)
    return draft.model_copy(update={"checks": checks, "verdict": verdict, "reasons": reasons})


def _decisions(
    baseline: Side, candidate: Side, pairs: Pairs, margins: Margins, level: float, seed: int
) -> dict[str, Any]:
    name_of = _namer(baseline)
    answers = Answers(baseline, candidate, pairs)
    groups = Grouping.of(baseline, pairs, seed)
    if not answers.labelled:
        # Each would count as wrong on both sides, and any swap as one that loses nothing.
        return {"churn": groups.rate(answers.changed, level)}
    counts = decided(answers, groups, margin=margins.accuracy, level=level)
    return {
        "decisions": counts,
        "negative_flips": groups.rate(answers.right_before & ~answers.right_after, level),
        "churn": groups.rate(answers.changed, level),
        "classes": by_class(answers, groups, name_of, level),
        "flips": flips(baseline.samples, answers, pairs, name_of),
    }


def _timing(
    baseline: Side, candidate: Side, pairs: Pairs, level: float, repeats: tuple[Sequence[Side], Sequence[Side]]
) -> Timing | None:
    for side, others in zip((baseline, candidate), repeats, strict=True):
        for another in others:
            expected, found = (r.firmware.elf_sha256 if r.firmware else "" for r in (side.record, another.record))
            if expected != found:
                raise MisuseError(
                    "a repeat is of another firmware",
                    where=another.name,
                    expected=expected,
                    found=found,
                    next_step="give boots of the same image",
                )
    boots = over_boots([baseline, *repeats[0]], [candidate, *repeats[1]], level) if any(repeats) else None
    return boots or timing(baseline, candidate, pairs, level)


def _own(draft: Comparison, margins: Margins) -> Iterator[Limit]:
    """The margin on the task's own figure, unless a further limit is on the same."""
    if draft.decisions is not None:
        own = Limit("accuracy", "drop", margins.accuracy)
    elif draft.score is not None and draft.score.margin is not None:
        own = Limit(draft.score.metric, "drop" if draft.score.better == "higher" else "rise", draft.score.margin)
    else:
        return
    if own.name not in {limit.name for limit in margins.more}:
        yield own


def _verdict(draft: Comparison, checks: Sequence[Check]) -> tuple[Verdict, tuple[str, ...]]:
    faults = [f.text for f in draft.findings if f.weight == "fault"]
    doubts = [f.text for f in draft.findings if f.weight == "doubt"]
    broken = [c.reason for c in checks if c.passed is False]
    open_ = [c.reason for c in checks if c.passed is None]
    held = [c.reason for c in checks if c.passed]
    if faults or broken:
        return Verdict.FAIL, (*faults, *broken, *doubts, *open_)
    if doubts or open_:
        return Verdict.INCONCLUSIVE, (*doubts, *open_)
    no_figure = draft.decisions is None and (draft.score is None or draft.score.margin is None)
    if no_figure and not (draft.churn and "churn" in {c.name for c in checks}):
        if not _identical(draft):
            return Verdict.INCONCLUSIVE, (_no_margin(draft), *held)
        return Verdict.PASS, (f"the outputs are identical on {draft.pairing.n} samples", *held)
    return Verdict.PASS, tuple(held)


def _identical(draft: Comparison) -> bool:
    same = draft.outputs is not None and draft.outputs.identical == draft.pairing.n
    # Another threshold decides otherwise by the same outputs.
    decided = draft.churn is None or draft.churn.count == 0
    return same and decided and (draft.score is None or draft.score.difference == 0)


def _no_margin(draft: Comparison) -> str:
    score = draft.score
    if draft.churn is not None:
        changed = f"{draft.churn.count} of {draft.churn.n} decisions changed"
        return f"{NO_LABELS}: {changed}, for better or worse; a limit on churn would decide, such as 'churn <= 0.02'"
    if score is None:
        return "the outputs differ, and this task has no figure that says whether that is worse"
    text = (
        f"{score.name}: {score.before:.6g} before, {score.after:.6g} after, and no margin says how much worse it may be"
    )
    worst = None if score.low is None or score.high is None else score.high if score.better == "lower" else -score.low
    return text if worst is None else f"{text}; a margin of {max(0.0, worst):.4g} would be kept"


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

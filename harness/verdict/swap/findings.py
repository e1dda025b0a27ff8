"""What a reader must know beside the figures, and what no figure may average away. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from harness.records import Verdict
from harness.verdict.swap.changes import same_unit
from harness.verdict.swap.facts import Change, Decisions, Finding, Pairing, Rate, Score
from harness.verdict.swap.outputs import equal_rows
from harness.verdict.swap.pairing import Pairs, Side


def sides(baseline: Side, candidate: Side, pairs: Pairs, changes: Sequence[Change]) -> Iterator[Finding]:
    """What the two runs themselves are."""
    if repeat := _not_deterministic(baseline, candidate, pairs):
        yield repeat
    for side in (baseline, candidate):
        if side.record.verdict is Verdict.ERROR:
            why = side.record.reasons[0] if side.record.reasons else "no reason is known"
            text = f"the run {side.name} ended in an error of the rig: {why}"
            yield Finding(kind="side_error", weight="doubt", text=text)
    yield from _unpaired(pairs.facts)
    if text := _several(changes):
        yield Finding(kind="several_changes", weight="note", text=text)
    elif all(change.what == "source" for change in changes):
        text = "nothing changed between the two: this is one firmware run twice"
        if baseline.record.run_id == candidate.record.run_id:
            text = "both are one and the same run"
        elif changes:
            text = "nothing but the commit changed between the two: it makes the same firmware, which was run twice"
        yield Finding(kind="nothing_changed", weight="note", text=text)


def decisions(found: Decisions, churn: Rate, level: float) -> Iterator[Finding]:
    """What the counts say that the margin does not."""
    if found.lost > found.gained and found.p_midp < 1 - level:
        kept = {"yes": "within the margin", "no": "beyond the margin"}.get(
            found.non_inferior, "whether it is within the margin the samples do not tell"
        )
        yield Finding(
            kind="real_drop",
            weight="note",
            text=f"the drop is no accident: {found.lost} lost, {found.gained} gained, mid-p {found.p_midp:.2g}; {kept}",
        )
    elif churn.count and found.lost == found.gained:
        yield Finding(
            kind="changed_alike",
            weight="note",
            text=f"equal accuracy, and yet {churn.count} of {churn.n} decisions changed:"
            f" {found.lost} lost, {found.gained} gained, {churn.count - found.lost - found.gained} wrong in another way",
        )
    if found.n_groups == 1:
        yield Finding(
            kind="few_groups",
            weight="doubt",
            text="all samples come from one group (speaker, subject): nothing tells how others would do",
        )


def scores(task: str, found: Score | None, unscored: int, n: int) -> Iterator[Finding]:
    """What the means of a task without classes leave out."""
    if unscored:
        text = f"{unscored} of {n} samples have a score of the baseline and no finite one of the candidate: no mean shows them"
        yield Finding(kind="unanswered", weight="doubt", text=text)
    if found is None:
        text = f"the task {task} has no figure by which two runs are compared sample by sample: their outputs alone are"
        yield Finding(kind="unsupported", weight="note", text=text)


def _not_deterministic(baseline: Side, candidate: Side, pairs: Pairs) -> Finding | None:
    """The same image on the same unit read the same inputs, and gave other outputs."""
    one, other = baseline.record, candidate.record
    if one.firmware is None or other.firmware is None or one.firmware.elf_sha256 != other.firmware.elf_sha256:
        return None
    if not same_unit(one, other):
        return None
    if one.state_reset and (pairs.facts.n_only_baseline or pairs.facts.n_only_candidate):
        return None  # what a network remembers is then not the same
    equal = equal_rows(baseline.samples, candidate.samples, pairs)
    if equal is None:
        return None
    read = baseline.samples.input_crc[pairs.baseline] == candidate.samples.input_crc[pairs.candidate]
    differ = pairs.sound & read & ~equal
    if not differ.any():
        return None
    first = baseline.samples.ids[pairs.baseline[np.argmax(differ)]]
    return Finding(
        kind="not_deterministic",
        weight="fault",
        text=f"the same firmware on the same unit gave other outputs for the same inputs on {int(differ.sum())} of"
        f" {int((pairs.sound & read).sum())} samples, first on {first}: the rig, the memory or a value that nobody set is at"
        " fault, and no figure of either run can be relied on",
    )


def _unpaired(facts: Pairing) -> Iterator[Finding]:
    if facts.n_no_candidate:
        text = (
            f"{facts.n_no_candidate} of {facts.n} samples have no sound answer of the candidate: they count against it"
        )
        yield Finding(kind="unanswered", weight="note", text=text)
    if facts.n_no_baseline:
        text = f"{facts.n_no_baseline} samples are left out: the baseline has no sound answer to them"
        yield Finding(kind="unanswered", weight="note", text=text)


def _several(changes: Sequence[Change]) -> str:
    """Why no difference can be laid to one cause; "" where it can."""
    what = [change.what for change in changes if change.what != "source"]
    if "board" in what or "backend" in what:
        what = [one for one in what if one != "unit"]
    if len(what) < 2:
        return ""
    return f"{len(what)} things changed at once ({', '.join(what)}): what differs cannot be laid to one of them"

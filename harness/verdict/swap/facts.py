"""What a comparison of two runs found, as every report of it and every gate reads it. Frozen types, written as ``compare.json``.

*Baseline* is what is known and trusted, *candidate* what is to take its place. A difference is always candidate minus baseline.
A sample is *lost* when the baseline alone is right on it, *gained* when the candidate alone is. Shares lie in 0..1; intervals
are two-sided of the comparison's ``level``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from harness.frozen import Frozen, Written
from harness.records import Backend, Evidence, Verdict

SCHEMA = "hil.comparison/1"

#: Whether the margin is kept: the whole interval keeps it, none of it does, or the samples do not tell.
NonInferior = Literal["yes", "no", "undecided"]
FlipKind = Literal["lost", "gained", "changed_wrong"]
What = Literal["model", "firmware", "engine", "compiler", "dataset", "unit", "board", "backend", "harness", "source"]
#: A ``fault`` fails the comparison, a ``doubt`` keeps it from passing, a ``note`` changes no verdict.
Weight = Literal["fault", "doubt", "note"]


class SideFacts(Frozen):
    """One of the two runs."""

    name: str  # as the user calls it
    run_id: str  # of its record
    case_id: str  # plan/board/model
    plan: str  # the plan's name
    model: str  # what the plan calls the model
    board: str  # the kind of board
    unit: str  # its unique id; "" where none was opened
    backend: Backend  # "probe" for a real board, else the emulator
    evidence: Evidence  # what it is worth
    started: datetime  # with its time zone
    verdict: Verdict  # what the run itself came to
    n: int  # samples that were sent
    engine: str = ""  # what computed on the board, with its version
    model_sha256: str = ""  # of the .tflite; "": not known
    elf_sha256: str = ""  # of the image's file; "": not known
    dataset_sha256: str = ""  # of all samples and labels; "": not known


class Change(Frozen):
    """One thing that is not the same on both sides."""

    what: What  # which
    before: str  # of the baseline; "" where it is not known
    after: str  # of the candidate; "" where it is not known


class Pairing(Frozen):
    """Which samples both sides were sent, and what became of the others."""

    n: int  # samples that are compared
    by: Literal[
        "id and content", "id"
    ]  # how they were found; "id": a run kept no digests, but the data's hash is equal
    n_only_baseline: int = 0  # sent to the baseline alone
    n_only_candidate: int = 0  # sent to the candidate alone
    n_other_content: int = 0  # with the id of a sample that is another one: left out
    n_other_label: int = 0  # the same sample with another label: left out
    n_no_baseline: int = 0  # left out because the baseline has no sound answer
    n_no_candidate: int = 0  # compared, and counted against the candidate because it has no sound answer


class Rate(Frozen):
    """A count of samples, and its share with its interval: Clopper's and Pearson's, exact, or by groups where there are any."""

    count: int  # samples
    n: int  # of so many
    rate: float  # share
    low: float  # lower end of its interval
    high: float  # upper end
    n_groups: int = 0  # groups that the samples come from; 0: the data names none


class Decisions(Frozen):
    """Right and wrong, sample by sample. ``low`` and ``high`` are of ``difference`` and decide on the margin."""

    both_right: int  # samples that both decided rightly
    lost: int  # right before, wrong after
    gained: int  # wrong before, right after
    both_wrong: int  # samples that neither decided rightly
    before: float  # the baseline's accuracy on these samples
    after: float  # the candidate's
    difference: float  # after minus before, -1..1
    low: float  # lower end of its interval: clustered where the data names groups, else Tango's
    high: float  # upper end
    interval: Literal["tango", "clustered"]  # which of the two that is
    n_groups: int = 0  # groups (speakers, subjects) that the samples come from; 0: the data names none
    n_effective: float  # independent samples that would tell as much: n where the data names no groups
    plain_low: float  # lower end of Tango's interval, which takes each sample for a witness of its own
    plain_high: float  # upper end
    p_exact: float  # McNemar's exact p, two-sided
    p_midp: float  # its mid-p
    margin: float  # the accuracy that may be lost at most
    non_inferior: NonInferior  # whether the interval lies above -margin
    visible_drop: float  # the smallest true drop that so many samples, changing so often, show in 4 of 5 runs
    n_to_decide: int | None = (
        None  # samples that would decide, should the shares stay as they are; null: decided, or none would
    )


class ClassFacts(Frozen):
    """One class: of the samples that carry its label."""

    index: int  # of the class
    name: str  # its name
    n: int  # samples with its label
    lost: int  # right before, wrong after
    gained: int  # wrong before, right after
    before: float  # the baseline's recall
    after: float  # the candidate's
    difference: float  # after minus before
    low: float  # lower end of its interval: by groups where there are any, else Tango's
    high: float  # upper end
    n_groups: int = 0  # groups that its samples come from; 0: the data names none
    p: float  # McNemar's mid-p, two-sided
    p_holm: float  # the same, raised by Holm for the number of classes


class Outputs(Frozen):
    """How far the outputs themselves are apart, over the samples that both answered soundly."""

    n: int  # samples
    identical: int  # of them with the same bytes
    max_abs_diff: float  # largest difference of a value, in real units
    max_lsb: int | None = None  # the same in steps of the quantisation; null: floats, or another scale
    k: int = 1  # the steps that are tolerated
    beyond: float | None = None  # share of all values that differ by more than k steps; null as for max_lsb
    same_form: bool = True  # dtype, scale and zero point are the same; else only real values are compared


class Flip(Frozen):
    """A sample whose decision changed."""

    id: str  # of the sample
    baseline_row: int  # its place in the baseline's arrays
    candidate_row: int  # its place in the candidate's
    kind: FlipKind  # lost, gained, or wrong in another way
    label: int  # index of its class
    before: int  # the baseline's decision; -1: unknown
    after: int  # the candidate's; -1: unknown, or no sound answer
    label_name: str = ""  # name of the class
    before_name: str = ""  # name of the decision
    after_name: str = ""  # name of the decision


class Score(Frozen):
    """What a task without classes makes of each sample, sample by sample. ``difference`` is of the means, or of the areas."""

    metric: Literal["score", "auc"] = "score"  # the mean score of a sample, or the area under the ROC curve
    name: str  # what a score is, in words
    better: Literal["lower", "higher"]  # which way is better
    n: int  # samples (rows of windows) that both have a finite score of
    before: float  # the baseline's mean
    after: float  # the candidate's
    difference: float  # after minus before
    low: float | None = None  # lower end of its interval; null for fewer than two samples
    high: float | None = None  # upper end
    interval: Literal["t", "clustered", "mover"] = "t"  # Student's, by groups, or of two areas
    n_groups: int = 0  # groups that the samples come from; 0: the data names none
    margin: float | None = None  # how much worse the mean may become; null: nobody said
    non_inferior: NonInferior = "undecided"  # whether the interval keeps the margin


class Shift(Frozen):
    """How a percentile moved. ``low`` and ``high`` are of ``rise``; both equal to it where it is exact."""

    quantile: float  # 0.5 or 0.99
    before: float  # the baseline's
    after: float  # the candidate's
    rise: float  # (after - before) / before
    low: float | None = None  # lower end of its interval; null: so few samples give none
    high: float | None = None  # upper end


class Timing(Frozen):
    """Cycles on hardware, instructions on an emulator. ``why_not``: why there are no shifts, or none with an interval."""

    unit: Literal["cycles", "instructions"]  # what is counted
    how: Literal[
        "paired", "exact", "boots", "none"
    ]  # by sample on one unit; instructions; by unit over boots; not at all
    n: int  # samples that were timed on both sides
    shifts: tuple[Shift, ...] = ()  # p50 and p99
    why_not: str = ""  # in words


class Amount(Frozen):
    """A size. It has no interval."""

    name: str  # as a gate names it: flash_bytes, ram_bytes, stack_bytes
    unit: str  # its unit
    before: float | None  # the baseline's; null: not known
    after: float | None  # the candidate's; null: not known
    difference: float | None  # after minus before
    exact: bool = True  # false: the most that was seen, which further samples may exceed


class Finding(Frozen):
    """Something beside the figures that a reader must know."""

    kind: Literal[
        "not_deterministic",
        "several_changes",
        "nothing_changed",
        "real_drop",
        "changed_alike",
        "unanswered",
        "side_error",
        "few_groups",
        "unsupported",
    ]  # for machines
    weight: Weight  # what it does to the verdict
    text: str  # in words


class Check(Frozen):
    """A margin and what came of it."""

    name: str  # accuracy drop, negative_flips, ...
    value: float | None  # what was found; null: it could not be
    low: float | None = None  # lower end of its interval; null: exact, or none
    high: float | None = None  # upper end
    limit: float  # at most so much
    unit: str = "ratio"  # of value and limit
    passed: bool | None  # null: the samples do not tell
    reason: str  # in words, with the figures


class Comparison(Written):
    """Everything that a comparison of two runs found."""

    schema_: str = SCHEMA  # changes when a reader of old files would break
    baseline: SideFacts  # what is known
    candidate: SideFacts  # what is to take its place
    level: float  # of all intervals
    task: str  # what the outputs mean
    changes: tuple[Change, ...]  # what is not the same on both sides
    pairing: Pairing  # which samples are compared
    decisions: Decisions | None = None  # null: the task decides on no class, or the data has no labels
    negative_flips: Rate | None = None  # right before, wrong after; null as for decisions
    churn: Rate | None = None  # decisions that changed in any way; null: the task decides on no class
    classes: tuple[ClassFacts, ...] = ()  # each class that has a sample
    outputs: Outputs | None = None  # null: they have different numbers of values
    flips: tuple[Flip, ...] = ()  # every decision that changed, in the baseline's order
    score: Score | None = None  # null: the task gives no score to a sample
    timing: Timing | None = None  # null: neither side counted anything
    memory: tuple[Amount, ...] = ()  # what either side knows
    findings: tuple[Finding, ...] = ()  # what else a reader must know, the gravest first
    checks: tuple[Check, ...] = ()  # the margins, and what came of each
    verdict: Verdict  # pass, fail or inconclusive
    reasons: tuple[str, ...]  # why, a line each
    seed: int  # of what was drawn by chance
    harness_version: str = ""  # of hil

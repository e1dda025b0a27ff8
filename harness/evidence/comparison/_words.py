"""A comparison in words: the same names, figures and tables in every report of it for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.evidence.reports._words import between, figure, p_value, signed
from harness.records import Verdict
from harness.verdict.swap import Comparison
from harness.verdict.swap.facts import Change, Check, Flip, FlipKind, Rate, Shift, SideFacts, What

_MEANING = {
    Verdict.PASS: "what was compared is no worse than the margins allow",
    Verdict.FAIL: "the candidate is worse than the margins allow",
    Verdict.ERROR: "the rig is wrong: nothing is said of the candidate",
    Verdict.INCONCLUSIVE: "the samples do not tell",
}
_WHAT: dict[What, str] = {
    "model": "the model",
    "firmware": "the firmware (ELF)",
    "engine": "the engine",
    "compiler": "the compiler",
    "dataset": "the data set",
    "unit": "the unit",
    "board": "the board",
    "backend": "the backend",
    "harness": "hil itself",
    "source": "the commit of the plan",
}
#: Each kind of flip: its heading, and what it means.
KINDS: dict[FlipKind, tuple[str, str]] = {
    "lost": ("Lost", "right before, wrong after"),
    "gained": ("Gained", "wrong before, right after"),
    "changed_wrong": ("Wrong otherwise", "wrong before, wrong in another way after"),
}
#: Findings that are told before any figure.
_WARNED = frozenset({"several_changes", "nothing_changed"})
_HASH = 12  # characters of a digest that are shown; the whole is in compare.json


@dataclass(frozen=True)
class Table:
    """``columns``: (title, whether it is a number)."""

    title: str
    columns: tuple[tuple[str, bool], ...]
    rows: tuple[tuple[str, ...], ...]


def meaning(verdict: Verdict) -> str:
    """What a verdict says, in half a sentence."""
    return _MEANING[verdict]


def limit(check: Check) -> str:
    """``accuracy drop <= 2.00 %``."""
    return f"{check.name} <= {figure(check.limit, check.unit)}"


def outcome(check: Check) -> str:
    """``pass``, ``fail`` or ``inconclusive``."""
    return {True: "pass", False: "fail", None: "inconclusive"}[check.passed]


def subject(comparison: Comparison) -> str:
    """The case that is judged; both where they differ."""
    before, after = comparison.baseline.case_id, comparison.candidate.case_id
    return after if before == after else f"{before} → {after}"


def runs(comparison: Comparison) -> str:
    """``release-1.4 (run 7f3a19, virtual) → latest (run 9b1c2d, probe)``."""
    return " → ".join(
        f"{side.name} (run {side.run_id}, {side.backend})" for side in (comparison.baseline, comparison.candidate)
    )


def changed(comparison: Comparison) -> str:
    """``the model: 01f1c600c9bb → 9a2b...; the firmware (ELF): ...``, or that nothing has."""
    told = [f"{what}: {before} → {after}" for what, before, after in changes(comparison)]
    return "; ".join(told) if told else "nothing that the records tell apart"


def changes(comparison: Comparison) -> list[tuple[str, str, str]]:
    """What is not the same on both sides: what, before, after."""
    return [
        (_WHAT[change.what], _side_of(change, change.before), _side_of(change, change.after))
        for change in comparison.changes
    ]


def warnings(comparison: Comparison) -> list[str]:
    """What makes the comparison worth less, to be told before its figures."""
    return [one.text for one in comparison.findings if one.kind in _WARNED]


def notes(comparison: Comparison) -> list[str]:
    """What else a reader must know beside the figures, and how many samples were left out."""
    told = [one.text for one in comparison.findings if one.weight == "note" and one.kind not in _WARNED]
    pairing = comparison.pairing
    left_out = [
        (pairing.n_only_baseline, "of the baseline alone"),
        (pairing.n_only_candidate, "of the candidate alone"),
        (pairing.n_other_content, "with the same id and another content"),
        (pairing.n_other_label, "with another label"),
    ]
    if some := [f"{count:,} {what}" for count, what in left_out if count]:
        told.append(f"samples left out: {', '.join(some)}")
    return told


def other_reasons(comparison: Comparison) -> list[str]:
    """The reasons that are not those of a margin: the table of margins has these."""
    of_checks = {check.reason for check in comparison.checks}
    return [reason for reason in comparison.reasons if reason not in of_checks]


def sides(comparison: Comparison) -> Table:
    """Both runs, beside each other."""
    facts = (comparison.baseline, comparison.candidate)
    rows = [
        ("Named as", *(side.name for side in facts)),
        ("Case", *(side.case_id for side in facts)),
        ("Run id", *(side.run_id for side in facts)),
        ("Started", *(f"{side.started:%Y-%m-%d %H:%M:%S} {side.started.tzname() or ''}".strip() for side in facts)),
        ("Verdict of the run", *(side.verdict.value for side in facts)),
        ("Unit", *(_unit(side) for side in facts)),
        ("Engine", *(side.engine for side in facts)),
        ("Model SHA-256", *(side.model_sha256 for side in facts)),
        ("ELF SHA-256", *(side.elf_sha256 for side in facts)),
        ("Data SHA-256", *(side.dataset_sha256 for side in facts)),
        ("Samples", *(f"{side.n:,}" for side in facts)),
    ]
    return Table("The two runs", (("", False), ("Baseline", False), ("Candidate", False)), tuple(rows))


def checks(comparison: Comparison) -> Table:
    """The margins, and what came of each."""
    rows = [(limit(one), outcome(one), one.reason) for one in comparison.checks]
    return Table("Margins", (("Margin", False), ("Result", False), ("Because", False)), tuple(rows))


def figures(comparison: Comparison) -> Table:
    """What both reach on the same samples, and the difference with its interval."""
    rows: list[tuple[str, ...]] = []
    if (d := comparison.decisions) is not None:
        rows.append(_row("accuracy", d.before, d.after, d.difference, d.low, d.high))
    if (score := comparison.score) is not None:
        span = "" if score.low is None or score.high is None else f"{score.low:+.4g} to {score.high:+.4g}"
        rows.append((score.name, f"{score.before:.4g}", f"{score.after:.4g}", f"{score.difference:+.4g}", span))
    for amount in comparison.memory:
        before, after, change = (
            "-" if value is None else figure(value, amount.unit)
            for value in (amount.before, amount.after, amount.difference)
        )
        sign = "+" if amount.difference and amount.difference > 0 else ""
        known = "" if amount.difference is None else "exact" if amount.exact else "as seen"
        rows.append((amount.name, before, after, f"{sign}{change}", known))
    if (timing := comparison.timing) is not None:
        rows += [_shift(timing.unit, shift, exact=timing.how == "exact") for shift in timing.shifts]
    columns = (("", False), ("Baseline", True), ("Candidate", True), ("Difference", True), (_level(comparison), True))
    return Table(f"On the same {comparison.pairing.n:,} samples", columns, tuple(rows))


def counts(comparison: Comparison) -> list[tuple[str, str]]:
    """What was counted sample by sample: label and value."""
    rows: list[tuple[str, str]] = []
    if (d := comparison.decisions) is not None:
        rows += [
            ("Lost: right before, wrong after", f"{d.lost:,}"),
            ("Gained: wrong before, right after", f"{d.gained:,}"),
            ("Right on both", f"{d.both_right:,}"),
            ("Wrong on both", f"{d.both_wrong:,}"),
        ]
    rows += [
        (title, f"{figure(rate.rate, 'ratio')} ({rate.count:,} of {rate.n:,}; {between(rate.low, rate.high)})")
        for title, rate in (("Negative flips", comparison.negative_flips), ("Decisions that changed", comparison.churn))
        if rate is not None
    ]
    if d is not None:
        exact = f"{p_value(d.p_exact)} exact, {p_value(d.p_midp)} mid-p"
        rows.append(("McNemar's p, which decides nothing", exact))
        if d.n_groups:
            rows.append(("Groups of samples that belong together", f"{d.n_groups:,}; the interval is over groups"))
            rows.append(("Interval if each sample stood for itself", between(d.plain_low, d.plain_high, change=True)))
    if (out := comparison.outputs) is not None:
        told = f"{out.identical:,} of {out.n:,} samples; largest difference {out.max_abs_diff:.4g}"
        if out.max_lsb is not None:
            told += f" ({out.max_lsb:,} steps)"
        if out.beyond is not None:
            told += f", {figure(out.beyond, 'ratio')} of the values beyond {out.k} step{'s' * (out.k != 1)}"
        rows.append(("Identical outputs", told))
    if (timing := comparison.timing) is not None and timing.why_not:
        rows.append((timing.unit.capitalize(), timing.why_not))
    return rows


def power(comparison: Comparison) -> list[str]:
    """What so many samples could have shown, and how many would decide; nothing for a task without decisions."""
    d = comparison.decisions
    if d is None:
        return []
    told = [
        f"the smallest true drop of accuracy that {comparison.pairing.n:,} samples show in 4 of 5 such comparisons:"
        f" {figure(d.visible_drop, 'ratio')}"
    ]
    if d.n_to_decide is not None:
        told.append(f"about {d.n_to_decide:,} samples would decide, if the shares stay as they are")
    return told


def classes(comparison: Comparison) -> Table:
    """Classes of which a sample was lost or gained, the largest loss first."""
    some = sorted((c for c in comparison.classes if c.lost or c.gained), key=lambda c: (c.difference, c.index))
    rows = [
        (
            c.name,
            f"{c.n:,}",
            f"{c.lost:,}",
            f"{c.gained:,}",
            figure(c.before, "ratio"),
            figure(c.after, "ratio"),
            signed(c.difference),
            between(c.low, c.high, change=True),
            p_value(c.p_holm),
        )
        for c in some
    ]
    columns = (
        ("Class", False), ("n", True), ("Lost", True), ("Gained", True), ("Recall before", True), ("After", True),
        ("Difference", True), (_level(comparison), True), ("p (Holm)", True),
    )  # fmt: skip
    return Table("Classes", columns, tuple(rows))


def of_kind(comparison: Comparison, kind: FlipKind) -> list[Flip]:
    """The changed decisions of one kind, in the baseline's order."""
    return [flip for flip in comparison.flips if flip.kind == kind]


def decision(flip: Flip) -> str:
    """``8 decided 8 → 3``: its label, and what either made of it."""
    return f"{flip.label_name} decided {flip.before_name} → {flip.after_name}"


def kind_title(comparison: Comparison, kind: FlipKind) -> str:
    """``Lost (25): right before, wrong after``."""
    title, what = KINDS[kind]
    return f"{title} ({len(of_kind(comparison, kind)):,}): {what}"


def rate(one: Rate) -> str:
    """``25 of 450``."""
    return f"{one.count:,} of {one.n:,}"


def joined(lines: Sequence[str]) -> str:
    """Sentences of one paragraph."""
    return " ".join(f"{line[0].upper()}{line[1:]}." for line in lines if line)


def _level(comparison: Comparison) -> str:
    return f"{comparison.level:.0%} interval".replace("%", " %")


def _row(name: str, before: float, after: float, change: float, low: float, high: float) -> tuple[str, ...]:
    both = (figure(before, "ratio"), figure(after, "ratio"))
    return name, *both, signed(change), between(low, high, change=True)


def _shift(unit: str, shift: Shift, *, exact: bool) -> tuple[str, ...]:
    span = "exact" if exact else ""
    if not exact and shift.low is not None and shift.high is not None:
        span = f"{_rise(shift.low).removesuffix(' %')} to {_rise(shift.high)}"
    change = f"{shift.after - shift.before:+,.0f} ({_rise(shift.rise)})" if shift.after != shift.before else "0"
    return f"{unit}.p{100 * shift.quantile:g}", figure(shift.before, "1"), figure(shift.after, "1"), change, span


def _rise(share: float) -> str:
    """Three digits: cores repeat a sample to a few thousandths of a percent, and so much is worth telling."""
    return f"{100 * share:+.3f} %"


def _unit(side: SideFacts) -> str:
    return f"{side.board} {side.unit}, backend {side.backend} ({side.evidence})"


def _side_of(change: Change, text: str) -> str:
    """A digest in short; other words as they are."""
    if not text:
        return "an emulated one" if change.what == "unit" else "not known"
    digest = len(text) == 64 and all(c in "0123456789abcdef" for c in text)
    return text[:_HASH] if digest else text

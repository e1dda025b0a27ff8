"""How many releases with nothing wrong would fail by chance, and what is done about it. Pure.

A gate without a confidence is exact: a value is held against a limit as it is, and nothing about it is chance. A gate with one
asks what the value says of all samples that there could be; it is broken by chance in (1 - confidence) / 2 of the products that
keep its limit just so. Over many cells that adds up: of 40 such gates one is broken by chance in a release with nothing wrong.

So the p of every such gate is raised by Holm's method (S. Holm, "A simple sequentially rejective multiple test procedure",
Scandinavian Journal of Statistics 6 (1979) 65-70), which holds for gates that depend on each other too: a break *stands*, and
fails the release, when its raised p is at most the release's rate of false alarms. One that does not stand keeps the release from
passing all the same. That a wrong product passes needs no such care: it would have to pass every gate, also the one that it
breaks (an intersection-union test: R. L. Berger, Technometrics 24 (1982) 295-300).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from statistics import NormalDist

from harness.plans.schema import number
from harness.records import GateResult, Measurement, Record
from harness.verdict.metrics import family_of
from harness.verdict.release.facts import AlarmFacts
from harness.verdict.statistics import LEVEL, functions, holm, two_sided_z


def alarms(records: Iterable[Record]) -> tuple[AlarmFacts, ...]:
    """The gates of a cell's runs that chance alone could break. ``p_holm`` is ``p`` until ``raised`` has seen all of a release.

    A run that repeats another one to the figure, as the same image does on the same data, is no second chance to break a gate.
    """
    found: dict[tuple[str, float, int], AlarmFacts] = {}
    for record in records:
        for gate in record.gates:
            if (seen := _chance_and_n(gate, record)) is None:
                continue
            p, value, n = seen
            alarm = AlarmFacts(
                run_id=record.run_id, gate=_text(gate), p=p, p_holm=p, broken=gate.passed is False, stands=False
            )
            found.setdefault((alarm.gate, value, n), alarm)
    return tuple(found.values())


def _chance_and_n(gate: GateResult, record: Record) -> tuple[float, float, int] | None:
    """``chance_of`` a gate that its run was judged by, with the figure and its samples; None where chance has no part in it."""
    if gate.severity == "warn":
        return None
    if gate.baseline is not None:
        if gate.value is None or gate.low is None:
            return None
        p = chance_beyond(gate.value, gate.limit, gate.low) if gate.value > gate.limit else 1.0
        return p, gate.value, 0
    measured = record.measurement(gate.metric)
    if gate.confidence is None or measured is None or not math.isfinite(measured.value):
        return None
    return chance_of(gate, measured), measured.value, measured.n


def raised(each: Sequence[Sequence[AlarmFacts]], rate: float) -> list[tuple[AlarmFacts, ...]]:
    """The gates of all cells, their p raised by Holm for all of them together; ``stands``: broken all the same."""
    ps = iter(holm([one.p for cell in each for one in cell]))
    out = []
    for cell in each:
        holms = [next(ps) for _ in cell]
        out.append(
            tuple(
                one.model_copy(update={"p_holm": p, "stands": one.broken and p <= rate})
                for one, p in zip(cell, holms, strict=True)
            )
        )
    return out


def chance_of(gate: GateResult, measured: Measurement) -> float:
    """How often chance would put the value at least so far beyond the limit if the product kept it just so.

    A share: the binomial distribution's tail at the limit, exact. Another measurement: from its 95 % interval, whose end
    towards the limit gives the standard error, by the normal distribution (D. G. Altman, J. M. Bland, "How to obtain the
    P value from a confidence interval", BMJ 343 (2011) d2304). 1 for a value within the limit, and where there is no interval.
    """
    below = gate.op in (">=", ">")  # a value below such a limit breaks it
    if (measured.value >= gate.limit) if below else (measured.value <= gate.limit):
        return 1.0
    family = family_of(gate.metric)
    if family is not None and family.is_share(gate.metric) and measured.n > 0:
        hits, limit = round(measured.value * measured.n), min(max(gate.limit, 0.0), 1.0)
        # P(X <= hits), or P(X >= hits).
        tail = functions().bdtr(hits, measured.n, limit) if below else functions().bdtrc(hits - 1, measured.n, limit)
        return float(tail)
    end = measured.high if below else measured.low
    return chance_beyond(measured.value, gate.limit, end)


def chance_beyond(value: float, limit: float, end: float | None) -> float:
    """``chance_of`` a value beyond its limit, whose 95 % interval ends at ``end`` on the limit's side; 1 without an end."""
    if end is None:
        return 1.0
    error = abs(end - value) / two_sided_z(LEVEL)
    return 1 - NormalDist().cdf(abs(limit - value) / error) if error > 0 else 0.0


def chance_in_words(rate: float, n_alarms: int, n_exact: int) -> str:
    """What the rate of false alarms of the whole release is, and what it is of."""
    exact = f"{n_exact} gate{'s' * (n_exact != 1)} without a confidence" if n_exact else ""
    if not n_alarms:
        return f"{exact}: values against limits as they are, nothing that chance could break." if exact else ""
    gates = f"{n_alarms} gate{'s' * (n_alarms != 1)} with a confidence"
    told = f"At most {number(100 * rate)} % of releases with nothing wrong fail by chance ({gates}, Holm's method over all cells)."
    return f"{told} Chance has no part in the other {n_exact}." if n_exact else told


def is_exact(gate: GateResult, record: Record) -> bool:
    """Whether chance has no part in what came of a gate of this run."""
    return gate.severity == "block" and _chance_and_n(gate, record) is None


def _text(gate: GateResult) -> str:
    return f"{gate.metric} {gate.op} {number(gate.limit)} confidence {number(gate.confidence or 0)}"

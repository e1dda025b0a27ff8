from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from harness.plans import Gate
from harness.plans.gatetext import parse_gate
from harness.plans.schema import COMPARED


@given(
    metric=st.from_regex(r"[a-z_]+(\.[a-z0-9_]+)?", fullmatch=True),
    op=st.sampled_from([">=", "<=", ">", "<", "=="]),
    limit=st.floats(allow_nan=False, allow_infinity=False),
    hardware=st.booleans(),
    change=st.sampled_from([None, "drop", "rise"]),
    percent=st.booleans(),
    severity=st.sampled_from(["block", "warn"]),
)
def test_a_gates_text_reads_back_as_the_gate(
    metric: str, op: str, limit: float, hardware: bool, change: str | None, percent: bool, severity: str
) -> None:
    assume(metric not in COMPARED)
    said = {"metric": metric, "op": op, "limit": limit, "needs": "hardware" if hardware else None, "severity": severity}
    gate = Gate.model_validate(said | {"change": change, "percent": percent and change is not None})
    assert Gate.model_validate(gate.text()) == gate


@pytest.mark.parametrize("text", ["accuracy <= 1 %", "negative_flips drop <= 0.1", "accuracy sinks <= 0.1"])
def test_words_that_do_not_go_together_are_no_gate(text: str) -> None:
    with pytest.raises(ValueError, match=r"percent|two runs already|METRIC OP NUMBER"):
        Gate.model_validate(text)


@given(st.text(max_size=60))
def test_any_text_is_a_gate_or_a_value_error(text: str) -> None:
    try:
        parts = parse_gate(text)
    except ValueError:
        return
    assert {"metric", "op", "limit"} <= parts.keys()


@pytest.mark.parametrize(
    "text", ["accuracy 0.95", "accuracy >= ", ">= 1", "a >= 1 needs", "a >= 1 and b >= 2", "a ≥ 1"]
)
def test_what_is_no_gate_is_answered_with_the_form(text: str) -> None:
    with pytest.raises(ValueError, match="METRIC OP NUMBER"):
        parse_gate(text)


def test_text_and_mapping_may_be_mixed_but_not_contradict() -> None:
    mixed = Gate.model_validate({"gate": "accuracy >= 0.9 confidence 0.99", "models": ("m",)})
    assert (mixed.limit, mixed.confidence, mixed.models) == (0.9, 0.99, ("m",))
    with pytest.raises(ValueError, match="given twice"):
        Gate.model_validate({"gate": "accuracy >= 0.9", "limit": 0.8})

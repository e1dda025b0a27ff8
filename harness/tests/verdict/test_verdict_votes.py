"""Votes of a sequence's last decisions, counted by hand and held against the rule that the firmware has."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.data.features.decisions import Majority
from harness.errors import PlanError
from harness.plans.schema import Gate, ThresholdRule
from harness.verdict import View, check_gates, measure_all
from harness.verdict.decide import UNKNOWN
from harness.verdict.metrics.votes import UNCERTAIN, voted
from harness.verdict.view import Truth


def _voted(decisions: list[int], sequences: str, over: int) -> list[int]:
    return voted(np.array(decisions), np.array(list(sequences)), over).tolist()


def test_more_than_half_of_the_last_decisions_decide_and_a_sequence_begins_anew() -> None:
    assert _voted([0, 1, 1, 0, 0, 1], "aaaaaa", 3) == [0, UNCERTAIN, 1, 1, 0, 0]
    assert _voted([0, 0, 0, 1, 1, 1], "aaabbb", 3) == [0, 0, 0, 1, 1, 1]
    assert _voted([0, UNKNOWN, UNKNOWN], "aaa", 3) == [0, UNCERTAIN, UNKNOWN]
    assert _voted([0, 1, 2], "aaa", 3) == [0, UNCERTAIN, UNCERTAIN]


_DECISIONS = st.lists(st.integers(-1, 3), min_size=1, max_size=40)


@given(_DECISIONS, st.integers(1, 10))
def test_where_there_is_a_majority_it_is_what_the_firmware_s_rule_takes(decisions: list[int], over: int) -> None:
    rule = Majority(over)
    for ours, theirs in zip(_voted(decisions, "a" * len(decisions), over), map(rule.step, decisions), strict=True):
        assert ours in (theirs, UNCERTAIN)


@given(_DECISIONS)
def test_one_vote_is_the_decision(decisions: list[int]) -> None:
    assert _voted(decisions, "a" * len(decisions), 1) == decisions


def test_the_shares_are_of_all_samples_and_an_unsound_one_is_wrong(view: Callable[..., View]) -> None:
    outputs = np.array([[0.9, 0.0], [0.9, 0.0], [0.0, 0.9], [0.5, 0.4], [0.0, 0.9], [0.0, 0.9]])
    made = view(
        outputs,
        [0, 0, 0, 0, 1, 1],
        answered=[1, 1, 1, 1, 1, 0],
        rule=ThresholdRule(rule="threshold", above=0.8),
        truth=Truth(sequences=np.array(list("aaaabb"))),
    )
    found = {m.name: m for m in measure_all(made)}
    assert found["vote_accuracy.1"].value == found["accuracy"].value == pytest.approx(3 / 6)
    assert found["vote_unknown_rate.1"].value == found["unknown_rate"].value == pytest.approx(1 / 6)
    assert found["vote_uncertain_rate.1"].value == 0
    assert found["vote_accuracy.3"].value == pytest.approx(4 / 6)  # the third is outvoted
    assert found["vote_uncertain_rate.3"].value == pytest.approx(1 / 6)  # the fourth; the lost one is no answer
    assert found["vote_accuracy.3"].by_group is not None  # windows of one recording are no witnesses of their own
    assert found["vote_accuracy.3"].by_group.groups == 2


def test_without_sequences_nothing_votes(view: Callable[..., View]) -> None:
    assert not [m for m in measure_all(view(np.eye(2), [0, 1])) if m.name.startswith("vote")]


def test_a_gate_on_more_votes_than_there_are_is_refused() -> None:
    check_gates([Gate(metric="vote_accuracy.10", op=">=", limit=0.9)], classes=("a", "b"))
    for name in ("vote_accuracy.11", "vote_accuracy.a"):
        with pytest.raises(PlanError, match="there is no"):
            check_gates([Gate(metric=name, op=">=", limit=0.9)], classes=("a", "b"))

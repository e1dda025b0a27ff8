from __future__ import annotations

import pytest

from harness.errors import PlanError
from harness.plans import Plan, expand

PLAN = Plan.model_validate(
    {
        "name": "demo",
        "boards": ("b1", "b2"),
        "models": ("m1", "m2"),
        "dataset": {"name": "digits", "samples": 100},
        "gates": ("accuracy >= 0.9", {"gate": "agreement == 1", "models": ("m2",)}),
    }
)
KNOWN = {"boards": ["b1", "b2", "b3"]}


def test_cases_are_boards_times_models_with_stable_ids() -> None:
    assert [case.id for case in expand(PLAN, **KNOWN)] == ["demo/b1/m1", "demo/b1/m2", "demo/b2/m1", "demo/b2/m2"]


def test_a_case_carries_the_gates_of_its_model() -> None:
    by_id = {case.id: [gate.metric for gate in case.gates] for case in expand(PLAN, **KNOWN)}
    assert by_id["demo/b1/m1"] == ["accuracy"]
    assert by_id["demo/b1/m2"] == ["accuracy", "agreement"]


def test_boards_can_be_chosen_down_to_none() -> None:
    assert [case.board for case in expand(PLAN, **KNOWN, only_boards=["b2"])] == ["b2", "b2"]
    assert expand(PLAN, **KNOWN, only_boards=["b3"]) == ()


def test_samples_bounds_but_never_raises_the_plans_number() -> None:
    assert expand(PLAN, **KNOWN, samples=10)[0].dataset.samples == 10
    assert expand(PLAN, **KNOWN, samples=1000)[0].dataset.samples == 100
    assert [expand(PLAN, **KNOWN, samples=n)[0].at_most for n in (None, 10, 1000)] == [None, 10, 1000]
    with pytest.raises(PlanError, match="no samples"):
        expand(PLAN, **KNOWN, samples=0)


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(PlanError) as caught:
        expand(PLAN, boards=["b1", "nucleo"])
    assert caught.value.expected == "b1, nucleo"
    with pytest.raises(PlanError, match="unknown board 'b9'"):
        expand(PLAN, **KNOWN, only_boards=["b9"])

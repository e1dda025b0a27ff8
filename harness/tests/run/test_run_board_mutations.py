"""One mistake in the board's own code at a time: none passes on the virtual board, and the verdict names what it is.

On the bench most of these would be a board that says nothing, or one that runs hot; a passing run on an emulator would have
proved nothing.
"""

import pytest
from run_mutations import MUTATIONS, NO_VTOR

from harness.bench.boards import names
from harness.paths import shipped
from harness.plans import ModelSpec, expand, load
from harness.plans.schema import Timeouts
from harness.records import Verdict
from harness.run.options import RunOptions
from harness.run.runner import run_case

SAMPLES = 2  # the second is not needed; one less would make no statistics


@pytest.fixture
def image_with(workshop, tmp_path):
    """The image that a mutation gives."""

    def built(mutation):
        return workshop(mutation.board, mutation.model).changed(mutation.changes, tmp_path / "fw.elf")

    return built


def verdict_of(mutation, elf):
    """The record of the digits plan on a virtual board with that image; a silent board is believed soon."""
    plan = load(shipped("testplans") / "digits.yaml")
    timeouts = Timeouts(hello_s=0.5, answer_s=2.0)
    exact = tuple(gate for gate in plan.gates if gate.metric == "agreement")  # what so few samples can decide
    plan = plan.model_copy(
        update={
            "boards": (mutation.board,),
            "models": (ModelSpec(name=mutation.model),),
            "gates": exact,
            "timeouts": timeouts,
        }
    )
    (case,) = expand(plan, boards=names(), only_boards=[mutation.board], samples=SAMPLES)
    return run_case(case, RunOptions(backend="virtual", firmware=elf), watch=lambda _step: None).record


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_mistake_in_the_boards_code_fails_with_a_reason_that_names_it(image_with, mutation):
    record = verdict_of(mutation, image_with(mutation))
    assert record.verdict is Verdict.FAIL, record.reasons
    assert any(mutation.reason in reason for reason in record.reasons), record.reasons


def test_the_same_image_without_a_mistake_passes(image_with):
    unchanged = MUTATIONS[0].__class__("none", MUTATIONS[0].board, (), "")
    record = verdict_of(unchanged, image_with(unchanged))
    assert record.verdict is Verdict.PASS, record.reasons
    assert record.warnings == ()


def test_vectors_left_at_their_reset_address_are_right_here_and_warned_of(image_with):
    record = verdict_of(NO_VTOR, image_with(NO_VTOR))
    assert record.verdict is Verdict.PASS, record.reasons
    assert any(NO_VTOR.reason in warning for warning in record.warnings), record.warnings

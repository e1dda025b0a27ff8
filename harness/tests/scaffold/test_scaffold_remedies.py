"""What a mistake means for a plan is read from what it does."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.records import Tensor
from harness.run import mistakes
from harness.scaffold import remedies

INT8 = Tensor("x", (1, 4, 4, 3), "int8", 1 / 255, -128)
REAL = np.random.default_rng(0).uniform(-3, 250, (20, 4, 4, 3))


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ("the values multiplied by 1/255", (0.0, 255.0)),
        ("the values multiplied by 16", (0.0, 0.0625)),
        ("the values as x / 127.5 - 1", (127.5, 127.5)),
        ("the values as (x + 1) / 2", (-1.0, 2.0)),
        ("the values taken as already quantised", (-128.0, 255.0)),
    ],
)
def test_a_mistake_of_scale_is_a_subtrahend_and_a_divisor(words, options):
    assert remedies.scaling(words, REAL, INT8) == options


def test_every_mistake_is_undone_by_its_options_or_has_none():
    scales = 0
    for words, meant in mistakes.of_the_inputs(REAL, INT8):
        found = remedies.scaling(words, REAL, INT8)
        if found is not None:
            subtract, divide = found
            np.testing.assert_allclose((REAL - subtract) / divide, meant, rtol=1e-4, atol=1e-4 * np.abs(meant).max())
            scales += 1
        else:
            assert not np.allclose(np.polyval(np.polyfit(REAL.ravel(), meant.ravel(), 1), REAL), meant, rtol=1e-6)
    assert scales >= 10


def test_constant_data_has_no_scale():
    assert remedies.scaling("the values multiplied by 255", np.ones((3, 4)), INT8) is None


@given(st.permutations(range(5)))
def test_the_order_of_the_outputs_is_found_again(order):
    names = tuple("abcde")
    labels = np.arange(100) % 5
    decisions = np.array([order[label] for label in labels])
    found = remedies.reordered(decisions, labels, names)
    assert [found[output] for output in order] == list(names)


def test_mistakes_in_the_order_of_classes_are_told_from_the_others():
    assert remedies.is_of_classes("the classes in reverse order", ("a", "b"))
    assert remedies.is_of_classes("the classes in another order (a is b, b is a)", ("a", "b"))
    assert not remedies.is_of_classes("the values multiplied by 16", ("a", "b"))

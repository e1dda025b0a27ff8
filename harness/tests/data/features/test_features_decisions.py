"""The rules over a stream, on streams whose answers are plain to see."""

import numpy as np
import pytest

from harness.data.features.decisions import UNKNOWN, Average, Detection, Gate, Majority, Sliding, scores, threshold
from harness.errors import MisuseError
from harness.records import Tensor

INT8 = Tensor("out", (1, 4), "int8", 1 / 256, -128)
FLOAT = Tensor("out", (1, 4), "float32")


def loud(value):
    return np.array([0, value, 0], np.int16)


def test_the_gate_passes_the_loud_window_and_fourteen_more():
    gate = Gate(600, 14)
    assert [gate.step(loud(600)), gate.step(loud(601))] == [False, True]
    assert [gate.step(loud(0)) for _ in range(16)] == [True] * 14 + [False] * 2
    assert gate.step(loud(-32768))
    # While it is open nobody looks: a loud window does not hold it longer.
    assert [gate.step(loud(5000 if i == 3 else 0)) for i in range(15)] == [True] * 14 + [False]


def test_the_majority_is_of_the_latest_and_the_newest_wins_a_tie():
    majority = Majority(3)
    assert [majority.step(vote) for vote in (1, 2, 2, 1, 3, 1, UNKNOWN)] == [1, 2, 2, 2, 3, 1, UNKNOWN]
    assert [Majority(1).step(vote) for vote in (2, 3)] == [2, 3]
    with pytest.raises(MisuseError):
        Majority(11)


def test_a_threshold_is_in_real_units_and_says_what_an_equal_output_is():
    row = np.array([-128, 77, 76, 77], np.int8)  # 205 / 256
    assert threshold(row, INT8, None) == 1
    assert threshold(row, INT8, 0.8) == 1
    assert threshold(row, INT8, 205 / 256) == UNKNOWN
    assert threshold(row, INT8, 205 / 256, inclusive=True) == 1
    assert threshold(np.array([0, np.nan, 1, 0], np.float32), FLOAT, None) == UNKNOWN


def say(rule, at_ms, **classes):
    row = np.full(4, -128, np.int8)
    for name, value in classes.items():
        row[["silence", "unknown", "yes", "no"].index(name)] = value - 128
    return rule.step(row, INT8, at_ms)


def test_a_word_is_reported_once_its_mean_over_a_second_is_high_enough_and_not_again_at_once():
    rule = Average(4, average_ms=1000, suppression_ms=1500, minimum_count=3, threshold=90)
    found = [say(rule, t, silence=255) for t in range(0, 1000, 100)]
    assert [d.found for d in found] == [0] * 10
    assert [d.is_new for d in found] == [False] * 3 + [True] * 7  # too few, too short; silence is never suppressed
    word = [say(rule, t, yes=255) for t in range(1000, 4000, 100)]
    new = [index for index, d in enumerate(word) if d.is_new and d.found == 2]
    # 4 of 11 results are 92; reported at once, and again after more than 1500 ms.
    assert word[5] == Detection(2, 255 * 6 // 11, True)
    assert new == [5, 21]


def test_few_results_decide_nothing_and_repeat_what_was_reported_last():
    rule = Average(4, average_ms=1000, minimum_count=3, threshold=90)
    assert say(rule, 0, no=255) == Detection(0, 0, False)
    assert say(rule, 100, no=255) == Detection(0, 0, False)
    assert say(rule, 200, no=255) == Detection(0, 0, False)  # three, but over less than 250 ms
    assert say(rule, 300, no=255) == Detection(3, 255, True)
    assert say(rule, 9000, no=0) == Detection(3, 0, False)


WAKE = Tensor("out", (1, 1), "uint8", 1 / 256, 0)


def hear(rule, *values):
    """The results by number at which the only class is reported."""
    found = [rule.step(np.array([value], np.uint8), WAKE) for value in values]
    return [index for index, d in enumerate(found) if d.is_new]


def test_a_wake_word_is_reported_when_the_mean_of_the_latest_is_above_the_threshold():
    assert hear(Sliding(1, over=5, threshold=247), *[255] * 4) == []  # the one to come counts as 0
    assert hear(Sliding(1, over=5, threshold=247), *[255] * 5) == [4]
    assert hear(Sliding(1, over=5, threshold=247), *[247] * 9) == []
    # The sum is above, although the mean cut off to a whole number is not.
    assert hear(Sliding(1, over=5, threshold=247), *[247] * 4, 248) == [4]
    assert Sliding(1, over=2, threshold=100).step(np.array([255], np.uint8), WAKE) == Detection(0, 127, True)
    assert Sliding(1, over=2, threshold=200).step(np.array([255], np.uint8), WAKE) == Detection(UNKNOWN, 127, False)


def test_a_wake_word_rests_until_its_score_was_low_often_enough():
    rule = Sliding(1, over=2, threshold=100, rest=3)
    assert hear(rule, 255, 255, 99, 100, 99, 0, 255) == [6]  # three were below, and 100 is not
    assert hear(rule, *[255] * 50) == []  # it is still the same phrase
    assert hear(rule, 0, 0, 255, 255, 0, 255) == [5]  # not with the third of them, but behind it
    rule.reset()
    assert hear(rule, 255, 255) == []


def test_of_several_wake_words_the_highest_mean_is_reported_and_the_background_keeps_none_from_it():
    rule = Sliding(4, over=2, threshold=100, rest=1, background=frozenset({0, 1}))
    rows = np.array([[-128, 127, -128, -128], [127, 127, 100, 110], [127, 127, 110, 100]], np.int8)
    assert [rule.step(row, INT8) for row in rows] == [
        Detection(UNKNOWN, 0, False),
        Detection(3, 119, True),
        Detection(2, 119, False),
    ]
    assert Sliding(2, over=1, threshold=0, background=frozenset({0, 1})).step(rows[0][:2], INT8).found == UNKNOWN


def test_scores_are_of_0_to_255_whatever_the_type():
    assert scores(np.array([-128, 0, 127], np.int8), INT8).tolist() == [0, 128, 255]
    assert scores(np.array([0, 255], np.uint8), Tensor("out", (1, 2), "uint8", 1.0, 0)).tolist() == [0, 255]
    row = np.array([0.5, -1, 2, np.nan, np.inf], np.float32)
    assert scores(row, FLOAT).tolist() == [128, 0, 255, 0, 255]

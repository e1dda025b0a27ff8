"""Try to fool it: a wrong product must not pass, a right one must not fail, and a mistake of ours must be named.

To add a trick: write a function that takes the ``stage`` (``fool_stage.py``), plays it and returns the ``CaseResult``; the
decorator says what must come of it. ``@wrong`` and ``@right`` name the verdicts that are allowed, ``@mistake`` an error
class that must be raised before anything runs. ``says`` is a regular expression that reasons and warnings (or the error)
must match: a verdict for another reason is luck. The function's name is the claim.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from fool_stage import Stage

from harness.errors import HilError, PlanError
from harness.records import Verdict
from harness.run.runner import CaseResult
from harness.testing.device import Fault, Injection

PASS, FAIL, ERROR, OPEN = Verdict.PASS, Verdict.FAIL, Verdict.ERROR, Verdict.INCONCLUSIVE
Play = Callable[[Stage], CaseResult]


@dataclass(frozen=True)
class Trick:
    """One attempt, and what must come of it."""

    play: Play
    must: tuple[Verdict, ...] | type[HilError]
    says: str


TRICKS: dict[str, Trick] = {}


def trick(must: tuple[Verdict, ...] | type[HilError], says: str) -> Callable[[Play], Play]:
    def register(play: Play) -> Play:
        assert play.__name__ not in TRICKS, f"two tricks are named {play.__name__}"
        TRICKS[play.__name__] = Trick(play, must, says)
        return play

    return register


def wrong(*must: Verdict, says: str) -> Callable[[Play], Play]:
    """The product is wrong, or nothing is known of it: it must not pass."""
    assert must
    assert PASS not in must
    return trick(must, says)


def right(*must: Verdict, says: str = "") -> Callable[[Play], Play]:
    """The product is right: it must not fail."""
    assert must
    assert FAIL not in must
    return trick(must, says)


def mistake(kind: type[HilError], says: str) -> Callable[[Play], Play]:
    """What is asked for makes no sense: it must be refused before anything runs."""
    return trick(kind, says)


@pytest.fixture
def stage(tmp_path, image, monkeypatch, run):
    return Stage(tmp_path, image, monkeypatch, run)


def words(result: CaseResult) -> str:
    """Everything that a reader is told beside the figures."""
    return "\n".join((*result.record.reasons, *result.record.warnings))


# -- the outputs -------------------------------------------------------------------------------------------------------


@right(PASS, says="all 4 gates hold")
def an_honest_board(stage):
    return stage.fake()


@wrong(FAIL, says="agreement")
def one_output_of_one_sample_is_off_by_one_step(stage):
    return stage.fake(lambda out, run: out + np.int8(run == 7 and 1) * np.eye(10, dtype=np.int8)[3])


@wrong(FAIL, says="accuracy")
def every_answer_is_that_of_the_sample_before(stage):
    kept = [np.zeros(10, np.int8)]
    return stage.fake(lambda out, run: (kept.append(out), kept[-2])[1])


@wrong(FAIL, says="accuracy")
def the_outputs_stand_in_reverse_order(stage):
    return stage.fake(lambda out, run: out[::-1])


@wrong(FAIL, says="failed_samples|agreement|accuracy")
def an_engine_error_with_the_right_outputs_is_no_answer(stage):
    return stage.fake(inject=[Injection(Fault.ENGINE_ERROR, 5)])


@wrong(FAIL, says="input_integrity")
def the_engine_reads_another_input_than_was_sent(stage):
    return stage.fake(inject=[Injection(Fault.WRONG_INPUT, 5)])


@wrong(FAIL, says="the firmware carries another model")
def a_board_with_another_model(stage):
    return stage.fake(inject=[Injection(Fault.WRONG_MODEL)])


# -- the line ----------------------------------------------------------------------------------------------------------


@right(PASS)
def a_result_that_comes_twice_is_scored_once(stage):
    return stage.fake(inject=[Injection(Fault.DUPLICATE_FRAME, 5)])


@right(PASS)
def a_damaged_result_is_sent_again(stage):
    return stage.fake(inject=[Injection(Fault.BAD_CRC, 5), Injection(Fault.DROP_BYTE, 9)])


@right(PASS)
def text_between_the_frames(stage):
    return stage.fake(inject=[Injection(Fault.NOISE, 5)])


# -- the data ----------------------------------------------------------------------------------------------------------


@mistake(PlanError, says="do not have the shape")
def images_of_another_shape_with_as_many_values(stage):
    data = stage.digits()
    return stage.fake(data=stage.own_data(data.inputs.reshape(-1, 4, 16, 1), data.labels))


# -- the machinery -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TRICKS)
def test_it_is_not_fooled_by(name, stage):
    played = TRICKS[name]
    if isinstance(played.must, tuple):
        result = played.play(stage)
        assert result.record.verdict in played.must, words(result)
        assert re.search(played.says, words(result)), words(result)
        return
    with pytest.raises(played.must) as caught:
        played.play(stage)
    assert re.search(played.says, str(caught.value)), str(caught.value)

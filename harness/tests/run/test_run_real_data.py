"""The plans on real data, whole, on the virtual boards that they name; with HIL_DATA_DIR and HIL_FULL=1."""

import os

import pytest

from harness.models import load_model
from harness.paths import shipped
from harness.plans import expand, load
from harness.records import Verdict
from harness.run.options import RunOptions
from harness.run.runner import run_case

READY = os.environ.get("HIL_FULL") == "1" and "HIL_DATA_DIR" in os.environ
#: The plan, and its data in the figures of the models' pages.
PLANS = {
    "mnist": "mnist",
    "vowels_captures": "vowels-captures",
    "keywords_speech_commands": "speech-commands",
    "kws_dscnn_speech_commands": "speech-commands",
}


def cases(name):
    plan = load(shipped("testplans") / f"{name}.yaml")
    return expand(plan, boards=plan.boards)


CASES = [pytest.param(case, data, id=case.id) for name, data in PLANS.items() for case in cases(name)]


@pytest.mark.skipif(not READY, reason="minutes of emulation; with HIL_FULL=1 and HIL_DATA_DIR")
@pytest.mark.parametrize(("case", "data"), CASES)
def test_a_board_passes_on_real_data_and_reaches_what_the_models_page_says(case, data):
    record = run_case(case, RunOptions(backend="virtual"), watch=lambda _step: None).record
    assert record.verdict is Verdict.PASS, record.reasons
    measured = {one.name: one for one in record.measurements}
    if case.model.endswith("_int8"):
        assert measured["agreement"].value == 1
    facts = load_model(case.source, case.plan.folder).facts
    assert facts is not None
    pages = [one for one in facts.figures if one.dataset == data]
    assert pages
    for one in pages:
        # Pages have four places; a recall has as many samples as its class, whatever decided.
        assert measured[one.metric].value == pytest.approx(one.value, abs=6e-5), one.metric

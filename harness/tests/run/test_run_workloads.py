"""The reference workloads: what their plans ask for is what their models reach, on the host; on every board with HIL_FULL=1."""

import os

import numpy as np
import pytest

from harness.bench.boards import names
from harness.data import DataMissing, features
from harness.data import load as load_data
from harness.data.encode import quantise
from harness.models import load_model
from harness.models import reference as references
from harness.models.codegen import plan_layout
from harness.paths import shipped
from harness.plans import expand, load
from harness.records import Verdict
from harness.run.options import RunOptions
from harness.run.prepare import check_memory, rehearsed
from harness.run.runner import run_case
from harness.verdict.decide import decide

FULL = os.environ.get("HIL_FULL") == "1"
PLANS = ("vowels", "keywords", "keywords_s", "smart_lock", "smart_lock_votes", "kws_dscnn")
SAMPLES = 40


def cases(name, samples=None):
    plan = load(shipped("testplans") / f"{name}.yaml")
    return expand(plan, boards=names(), samples=samples)


@pytest.mark.parametrize("name", PLANS)
def test_a_workload_is_rehearsed_on_the_host_and_fits_each_of_its_boards(name):
    every = cases(name, SAMPLES)
    for case in every:
        check_memory(case)
    for case in {case.model: case for case in every}.values():
        work, model = rehearsed(case), load_model(case.source, case.plan.folder)
        (output,) = model.outputs
        decided = decide(references.apart(work.expected, model.outputs)[0], case.plan.decide, output)
        # Later windows have less of a sound: that is what the vote is for.
        assert np.mean(decided == work.data.labels) >= (0.7 if name == "smart_lock_votes" else 0.8), case.id
        assert work.data.name.endswith("synthetic"), "what is rendered is called so"


@pytest.mark.parametrize(
    "name",
    [
        "vowels_int8",
        "vowels_f32",
        "keywords_int8",
        "keywords_s_int8",
        "smart_lock_int8",
        "kws_dscnn_f32",
        "kws_dscnn_int8",
    ],
)
def test_a_model_says_its_front_end_its_seed_and_figures_with_intervals(name):
    facts = load_model(name).facts
    assert facts is not None
    assert facts.preprocessing is not None
    assert facts.preprocessing.front_end in features.names()
    assert facts.preprocessing.layout
    assert facts.training is not None
    assert facts.training.seed is not None
    assert (facts.figures, [f for f in facts.figures if f.low is None or not f.low <= f.value <= f.high]) != ((), [])
    assert all(f.low is not None and f.high is not None and f.low <= f.value <= f.high for f in facts.figures)


@pytest.mark.parametrize(
    ("name", "step", "zero"),
    [("keywords_int8", 26 / 256, -128), ("keywords_s_int8", 26 / 256, -128), ("smart_lock_int8", 1.0, -128)],
)
def test_an_integer_front_end_and_its_network_share_their_integers(name, step, zero):
    (source,) = load_model(name).inputs
    assert (source.scale, source.zero_point) == (pytest.approx(step, rel=1e-6), zero)


def test_the_four_blocks_of_the_ds_cnn_have_one_set_of_weights():
    layout = plan_layout(load_model("kws_dscnn_f32").path)
    assert sum(c.values.size for i in range(len(layout.kernels)) for c in layout.own_constants(i)) == 30_470
    assert sum(k.macs for k in layout.kernels) == 2_572_800
    assert len(layout.weights) < 30_470 * 4 + 1024


@pytest.mark.skipif(not FULL, reason="minutes of emulation; with HIL_FULL=1")
@pytest.mark.parametrize("case", [case for name in PLANS for case in cases(name)], ids=lambda case: case.id)
def test_a_workload_passes_its_gates_on_the_virtual_board(case):
    record = run_case(case, RunOptions(backend="virtual"), watch=lambda _step: None).record
    assert record.verdict is Verdict.PASS, record.reasons


REAL = {
    "vowels_int8": ("vowels", {"source": "captures"}, "argmax_accuracy", "vowels-captures"),
    "keywords_int8": ("spoken_words", {"source": "speech_commands"}, "accuracy", "speech-commands"),
    "mnist_f446_int8": ("idx", {"source": "mnist"}, "accuracy", "mnist"),
}


@pytest.mark.parametrize("name", REAL)
def test_a_figure_on_real_data_is_what_the_shipped_model_reaches(name):
    form, options, metric, called = REAL[name]
    model = load_model(name)
    assert model.facts is not None
    (figure,) = [one for one in model.facts.figures if (one.metric, one.dataset) == (metric, called)]
    try:
        data = load_data(form, options=options).first(figure.n)
    except DataMissing:
        pytest.skip("the data is not on this machine")
    raw = quantise(data.inputs, model.inputs[0])
    decided = references.load("litert").run(model.path, raw).argmax(axis=1)
    assert np.mean(decided == data.labels) == pytest.approx(figure.value, abs=1e-4)
    assert len(data) == figure.n

"""The training scripts make networks as good as the shipped ones: one seed again, within the spread of three (HIL_FULL=1)."""

import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

from harness.models import load_model
from harness.verdict.statistics import one_more, wilson

#: Each script's networks: those of one script are trained together.
MODELS = {
    "vowels_f32": ("vowels_f32", "vowels_int8"),
    "keywords_int8": ("keywords_int8",),
    "keywords_s_int8": ("keywords_s_int8",),
    "smart_lock_int8": ("smart_lock_int8",),
    "kws_dscnn_f32": ("kws_dscnn_f32", "kws_dscnn_int8"),
    "mnist_f446_f32": ("mnist_f446_f32", "mnist_f446_int8"),
}
NAMES = [name for made in MODELS.values() for name in made]
REAL = ("mnist", "vowels-captures", "speech-commands")
FULL = os.environ.get("HIL_FULL") == "1" and find_spec("tensorflow") is not None


def figures(name):
    facts = load_model(name).facts
    assert facts is not None
    assert facts.figures
    return facts.figures


def within(stated, value):
    mean, half = one_more((stated.value, *stated.seeds))
    return abs(value - mean) <= max(half, 1 / stated.n)  # three equal figures: one sample more or less is no spread


@pytest.mark.parametrize("name", NAMES)
def test_a_figure_says_its_interval_and_the_spread_of_three_seeds(name):
    for one in figures(name):
        assert len(one.seeds) == 2, (name, one.metric)
        assert one.low is not None, (name, one.metric)
        assert one.high is not None, (name, one.metric)
        assert one.low <= one.value <= one.high
        if one.metric.endswith("accuracy") and one.metric != "binary_accuracy":  # of whole samples: Wilson's
            assert (one.low, one.high) == pytest.approx(wilson(round(one.value * one.n), one.n), abs=1e-4)


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith("smart_lock")])
def test_a_model_states_what_it_reaches_on_real_data(name):
    assert {one.dataset for one in figures(name)} & set(REAL)


def test_the_lock_has_been_tried_on_rendered_sounds_alone_and_says_so():
    assert {one.dataset for one in figures("smart_lock_int8")} == {"lock-synthetic"}


@pytest.mark.skipif(not FULL, reason="minutes of training, and TensorFlow; with HIL_FULL=1")
@pytest.mark.parametrize("script", MODELS)
def test_a_script_makes_its_networks_again_within_the_spread_that_they_state(script, tmp_path):
    if not script.startswith("smart_lock") and "HIL_DATA_DIR" not in os.environ:
        pytest.skip("needs HIL_DATA_DIR with the real sets")
    command = [sys.executable, "-m", "harness", "model", "train", script, "-o", str(tmp_path)]
    assert subprocess.run(command, check=False).returncode == 0
    for name in MODELS[script]:
        again = {(one.metric, one.dataset): one for one in figures(tmp_path / name)}
        assert set(again) == {(one.metric, one.dataset) for one in figures(name)}
        far = []
        for one in figures(name):
            found = again[one.metric, one.dataset]
            assert found.n == one.n
            if not within(one, found.value):
                far.append((name, one.metric, one.dataset, found.value))
        assert far == []

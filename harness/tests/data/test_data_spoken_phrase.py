"""The script that lays a spoken phrase among other talk: what its labels say, and the same seed says the same."""

import importlib.util
import shutil

import numpy as np
import pytest

from harness.paths import shipped

pytestmark = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="needs espeak-ng")


@pytest.fixture(scope="module")
def script():
    path = shipped("fixtures") / "recordings" / "spoken_phrase.py"
    spec = importlib.util.spec_from_file_location("spoken_phrase", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_phrase_is_where_its_labels_say_and_the_same_seed_says_the_same(script):
    samples, labels = script.recording("okay nabu", 25, seed=3)
    assert samples.dtype == np.int16
    assert len(samples) == 25 * 16000
    assert len(labels) >= 2
    for start, end in labels:
        assert 0.3 < end - start < 2
        inside = samples[int(start * 16000) : int(end * 16000)].astype(float)
        before = samples[int((start - 0.5) * 16000) : int(start * 16000)].astype(float)
        assert inside.std() > 1.5 * before.std()  # nothing else is said for 0.8 s before
    again, same = script.recording("okay nabu", 25, seed=3)
    assert np.array_equal(again, samples)
    assert same == labels
    assert not np.array_equal(script.recording("okay nabu", 5, seed=4)[0], script.recording("okay nabu", 5, seed=3)[0])

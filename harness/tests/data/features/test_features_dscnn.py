"""The DS-CNN's MFCC: SciPy's transforms in float64 against the golden numbers, float32 against both."""

import os
from pathlib import Path

import numpy as np
import pytest
from scipy.io import wavfile

from harness.data import features
from harness.data.features import _float32, dscnn_mfcc
from harness.testing import clips

GOLDEN = clips.golden()["c_dscnn_mfcc"]
RECORDINGS, TONES = 1e-4, 1e-2


@pytest.fixture(scope="module")
def dscnn():
    return features.load("dscnn_mfcc")


def test_the_filters_cover_the_published_bins(dscnn):
    tables = dscnn.tables
    found = np.stack([tables["firsts"], tables["counts"]], axis=1).tolist()
    assert found == GOLDEN["mel_filters_first_bin_and_count"]
    assert len(tables["weights"]) == 493
    assert max(first + n for first, n in found) == dscnn_mfcc.BINS


@pytest.mark.parametrize("name", GOLDEN["clips_of_960_samples_2x10"])
def test_float64_meets_the_golden_numbers_and_float32_meets_it_within_the_bound(dscnn, name):
    clip, known = clips.BY_NAME[name](960)[None], np.array(GOLDEN["clips_of_960_samples_2x10"][name])
    assert np.abs(dscnn_mfcc.reference(clip)[0] - known).max() < 1e-6
    assert np.abs(dscnn.rows_of(clip)[0] - known).max() < (TONES if name == "sine" else RECORDINGS)


@pytest.mark.skipif("HIL_DATA_DIR" not in os.environ, reason="HIL_DATA_DIR is not set: no Speech Commands")
def test_recordings_are_within_the_bound(dscnn):
    root = Path(os.environ["HIL_DATA_DIR"]) / "speech-commands-v0.02"
    paths = sorted(root.glob("yes/*.wav"))[:10]
    if not paths:
        pytest.skip("no recordings below HIL_DATA_DIR")
    sound = np.stack([np.resize(wavfile.read(path)[1], 16000) for path in paths])
    assert np.abs(dscnn.rows_of(sound) - dscnn_mfcc.reference(sound)).max() < RECORDINGS


def test_the_transform_is_a_transform():
    random = np.random.default_rng(3)
    re, im = random.standard_normal((2, 4, 512)).astype(np.float32)
    found = _float32.complex_fft(re, im, _float32.roots(384, 512))
    expected = np.fft.fft(re.astype(np.float64) + 1j * im)
    assert np.abs(found[0] + 1j * found[1] - expected).max() < 2e-5


def test_the_logarithm_is_within_an_ulp_of_numpy_s():
    x = np.float32(2.0) ** np.random.default_rng(4).uniform(-33, 20, 20000).astype(np.float32)
    exact = np.log(x.astype(np.float64))
    assert (np.abs(_float32.log(x) - exact) <= np.spacing(np.abs(exact).astype(np.float32))).all()

"""The micro front end against the public library (PyPI's pymicro-features), the golden numbers, and its own claims."""

import ctypes
import hashlib
import importlib.util
import os
from pathlib import Path

import numpy as np
import pytest
from scipy.io import wavfile

from harness.data import features
from harness.testing import clips

GOLDEN = clips.golden()["a_micro_frontend"]
STAGES = {
    "energy_bins_5_to_40": "energy",
    "after_sqrt_and_shift": "signal",
    "after_noise": "noise",
    "noise_estimate": "estimate",
    "after_pcan": "gain",
}


def sha256(values, dtype):
    return hashlib.sha256(np.ascontiguousarray(values, dtype).tobytes()).hexdigest()


@pytest.fixture(scope="module")
def micro():
    return features.load("micro")


def test_the_tables_are_the_published_ones(micro):
    tables, known = micro.tables, GOLDEN["tables"]
    assert sha256(tables["window"], "<i2") == known["window_480_sha256_i16le"]
    assert sha256(tables["twiddles"], "<i2") == known["fft_twiddle_sha256_i16le_interleaved_256"]
    assert sha256(tables["split"], "<i2") == known["fftr_super_twiddle_sha256_i16le_interleaved_128"]
    assert sha256(tables["logarithms"], "<u2") == known["log_lut_129_sha256_u16le"]
    assert tables["gains"].tolist() == known["pcan_y0_a1_a2_by_msb_2_to_32"]
    assert tables["first_gains"].tolist() == known["pcan_x0_x1"]
    assert tables["sizes"].tolist() == [len(below) for _, below, _ in known["bands"]]
    assert tables["weights"][:, 0].tolist() == [w for _, below, _ in known["bands"] for w in below]
    assert tables["weights"][:, 1].tolist() == [u for _, _, above in known["bands"] for u in above]


@pytest.mark.parametrize("name", GOLDEN["frames_of_1760_samples"])
def test_each_stage_and_each_row_of_the_golden_clips_is_met(micro, name):
    known, stages = GOLDEN["frames_of_1760_samples"][name], micro.stages(clips.BY_NAME[name](1760)[None])
    assert stages["row"][0].tolist() == known["raw_u16"]
    assert micro.levels(stages["row"])[0].tolist() == known["int8"]
    first = known["frame0_stages"]
    assert stages["shift"][0, 0] == first["input_shift"]
    for theirs, ours in STAGES.items():
        assert stages[ours][0, 0, : len(first[theirs])].tolist() == first[theirs], ours


@pytest.mark.parametrize("name", GOLDEN["sha256_1s_49x40"])
def test_a_second_of_the_golden_clips_is_met_by_both_variants(micro, name):
    clip, known = clips.BY_NAME[name](16000)[None], GOLDEN["sha256_1s_49x40"][name]
    rows = micro.rows_of(clip)
    assert rows.shape == (1, 49, 40)
    assert sha256(rows, "<u2") == known["raw_u16le"]
    assert sha256(micro.levels(rows), "i1") == known["int8"]
    other = features.load({"name": "micro", "variant": "S"})
    assert sha256(other.levels(other.rows_of(clip)), "i1") == GOLDEN["variant_S_int8_sha256_1s_49x40"][name]


@pytest.mark.skipif("HIL_DATA_DIR" not in os.environ, reason="HIL_DATA_DIR is not set: no Speech Commands")
def test_recordings_have_the_golden_features(micro):
    root = Path(os.environ["HIL_DATA_DIR"]) / "speech-commands-v0.02"
    known = {root / name: hashes for name, hashes in GOLDEN["speech_commands_v0.02"].items()}
    here = {path: hashes for path, hashes in known.items() if path.is_file()}
    if not here:
        pytest.skip("the recordings of the golden numbers are not below HIL_DATA_DIR")
    rows = micro.rows_of(np.stack([wavfile.read(path)[1] for path in here]))
    for path, row, hashes in zip(here, rows, here.values(), strict=True):
        assert sha256(row, "<u2") == hashes["raw_u16le_sha256"], path.name
        assert sha256(micro.levels(row), "i1") == hashes["int8_sha256"], path.name


def strained():
    return np.concatenate([clips.loud(16000), np.stack([make(16000) for make in clips.BY_NAME.values()])])


def test_the_public_package_gives_the_same_features_at_its_step_of_10_ms():
    package = pytest.importorskip("pymicro_features")
    ours = features.load({"name": "micro", "step_ms": 10})
    rows = ours.rows_of(strained())
    assert rows.shape[1:] == (98, 40)
    for clip, expected in zip(strained(), rows, strict=True):
        front_end, found = package.MicroFrontend(), []
        for start in range(0, len(clip) - 159, 160):
            result = front_end.process_samples(clip[start : start + 160].tobytes())
            found += [result.features] if result.features else []
        assert np.array_equal(np.array(found, np.float32), ours.training(expected))


class Config(ctypes.Structure):
    """``struct FrontendConfig`` of the public library: window, filter bank, noise reduction, PCAN, logarithm."""

    _fields_ = [
        *[(name, ctypes.c_size_t) for name in ("size_ms", "step_ms")],
        ("channels", ctypes.c_int),
        *[(name, ctypes.c_float) for name in ("upper", "lower")],
        *[(name, ctypes.c_int) for name in ("output_shift", "smoothing_bits")],
        *[(name, ctypes.c_float) for name in ("even", "odd", "least")],
        ("pcan", ctypes.c_int),
        *[(name, ctypes.c_float) for name in ("strength", "offset")],
        *[(name, ctypes.c_int) for name in ("gain_bits", "log", "log_shift")],
    ]


class Output(ctypes.Structure):
    _fields_ = [("values", ctypes.POINTER(ctypes.c_uint16)), ("size", ctypes.c_size_t)]


def test_the_public_library_gives_the_same_rows_at_a_step_of_20_ms(micro):
    spec = importlib.util.find_spec("micro_features_cpp")
    if spec is None:
        pytest.skip("pymicro-features is not installed")
    library = ctypes.CDLL(spec.origin)
    library.FrontendProcessSamples.restype = Output
    config = Config(30, 20, 40, 7500, 125, 0, 10, 0.025, 0.06, 0.05, 1, 0.95, 80, 21, 1, 6)
    for clip, expected in zip(strained(), micro.rows_of(strained()), strict=True):
        state = ctypes.create_string_buffer(1 << 14)
        assert library.FrontendPopulateState(ctypes.byref(config), state, 16000) == 1
        found, taken = [], 0
        while taken < len(clip):
            read = ctypes.c_size_t()
            rest = np.ascontiguousarray(clip[taken:])
            output = library.FrontendProcessSamples(
                state, ctypes.c_void_p(rest.ctypes.data), ctypes.c_size_t(len(rest)), ctypes.byref(read)
            )
            taken += read.value
            if output.size:
                found.append(output.values[: output.size])
        library.FrontendFreeStateContents(state)
        assert found == expected.tolist()


def test_the_state_is_fresh_for_each_clip_and_kept_where_it_is_given(micro):
    clip = clips.noise(16000)[None]
    state = micro.start(1)
    first, second = micro.rows_of(clip, state), micro.rows_of(clip, state)
    assert np.array_equal(first, micro.rows_of(clip))
    assert (first != second).mean() > 0.3
    # A long stream in two parts that share what the windows share is the stream.
    state, whole = micro.start(1), np.concatenate([clip, clip[:, ::-1]], axis=1)
    parts = [micro.rows_of(whole[:, :16000], state), micro.rows_of(whole[:, 49 * 320 :], state)]
    assert np.array_equal(np.concatenate(parts, axis=1), micro.rows_of(whole))


def test_clips_side_by_side_have_the_rows_that_each_has_alone(micro):
    many = np.concatenate([strained()] * 9)  # more than are computed at once
    rows = micro.rows_of(many)
    assert np.array_equal(rows[:10], rows[-10:])
    assert np.array_equal(rows[7], micro.rows_of(strained()[7:8])[0])


def test_reals_give_back_the_integers_of_a_model_of_that_scale(micro):
    from harness.data.encode import quantise
    from harness.records import Tensor

    tensor = Tensor("in", (1, 49, 40), "int8", 26 / 256, -128)
    rows = micro.rows_of(strained())
    raw = quantise(micro.compute_all(strained()), tensor)
    assert np.array_equal(raw, micro.encoded(rows, tensor))
    assert np.array_equal(raw, micro.levels(rows))
    assert raw.min() == -128
    assert raw.max() > 100


@pytest.mark.parametrize(("dtype", "zero"), [("int8", -128), ("uint8", 0)])
def test_a_data_set_gives_a_model_of_nearly_that_scale_what_the_firmware_does(micro, dtype, zero):
    from harness.data.encode import quantise
    from harness.records import Tensor

    rows, inputs = micro.rows_of(strained()), micro.compute_all(strained())
    public = Tensor("in", (1, 49, 40), dtype, 0.10202206, zero)  # of the published tiny_conv
    raw = quantise(inputs, public, level_step=micro.level_step)
    assert raw.dtype == dtype
    assert np.array_equal(raw, micro.encoded(rows, public))
    off = quantise(inputs, public).astype(int) - raw
    assert set(np.unique(off)) == {-1, 0}  # its scale would make a quarter of them their neighbours
    coarse = Tensor("in", (1, 49, 40), dtype, 0.2, zero)  # no such model: its scale counts
    assert np.array_equal(quantise(inputs, coarse, level_step=micro.level_step), quantise(inputs, coarse))

"""The layout trap, on a virtual board: firmware that passes five canned vectors and is wrong about every recording.

Its driver takes an input of 20 x 20 x 6 for one of 6 x 20 x 20, which has the same shape in bytes. Vectors that were made for it
come out right; nothing but a run over the data set shows it.
"""

import os

import numpy as np
import pytest
from run_mutations import STWIN

from harness.bench.boards import names
from harness.data import load
from harness.plans import Plan, expand
from harness.records import Verdict
from harness.run.options import RunOptions
from harness.run.runner import run_case

MODEL = "vowels_int8"
FULL = os.environ.get("HIL_FULL") == "1"
_RUN = "failed = failed ? failed : e->run(NULL, NULL);"


def driver(before, after=""):
    """A change to the firmware: what its driver makes of ``as_sent``, and of the outputs."""
    return (
        "src/compute.c",
        _RUN,
        f"""static uint8_t as_sent[2400];
    memcpy(as_sent, input, sizeof as_sent);
    {before}
    {_RUN}
    {after}
    memcpy(input, as_sent, sizeof as_sent);""",
    )


def each(value):
    return f"for (uint32_t i = 0; i < sizeof as_sent; i++) {{ input[i] = (uint8_t)({value}); }}"


CHANNELS_FIRST = driver(each("as_sent[400u * (i % 6u) + i / 6u]"))
OTHERS = {
    "class order": driver("", "uint8_t *out = e->output(0)->data; uint8_t a = out[0]; out[0] = out[4]; out[4] = a;"),
    "scale": driver(each("as_sent[i] == 0x80u ? 0x80u : 0x7fu")),  # 255 times what it was, held at the end of the range
    "signedness": driver(each("as_sent[i] ^ 0x80u")),
}


def record_of(elf, dataset, gates, folder):
    plan = Plan.model_validate(
        {"name": "trap", "boards": (STWIN,), "models": (MODEL,), "dataset": dataset, "gates": gates}
    )
    (case,) = expand(plan.model_copy(update={"origin": folder / "trap.yaml"}), boards=names(), only_boards=[STWIN])
    return run_case(case, RunOptions(backend="virtual", firmware=elf), watch=lambda _step: None).record


def test_firmware_of_the_other_layout_passes_canned_vectors_and_fails_on_the_data_set_with_the_layout_named(
    workshop, tmp_path
):
    trapped = workshop(STWIN, MODEL).changed((CHANNELS_FIRST,), tmp_path / "fw.elf")
    data = load("vowels", samples=5)
    for_it = np.moveaxis(data.inputs, -1, 1).reshape(data.inputs.shape)
    np.savez(tmp_path / "canned.npz", x=for_it, y=data.labels, classes=np.array(data.classes))
    canned = {"name": "npz", "options": {"path": "canned.npz"}}
    record = record_of(trapped, canned, ("accuracy >= 0.9",), tmp_path)
    assert record.verdict is Verdict.PASS, record.reasons
    assert next(m.value for m in record.measurements if m.name == "accuracy") == 1.0

    record = record_of(trapped, {"name": "vowels", "samples": 25}, ("accuracy >= 0.9",), tmp_path)
    assert record.verdict is Verdict.FAIL
    assert record.explanation is not None
    assert (record.explanation.of, record.explanation.suspect) == ("outputs", "layout")
    assert record.explanation.mistake == "the data read as channels first"
    assert any("suspect the layout" in reason for reason in record.reasons), record.reasons


@pytest.mark.skipif(not FULL, reason="test_run_suspect.py has these on a fake board; with HIL_FULL=1")
@pytest.mark.parametrize("suspect", OTHERS)
def test_other_confusions_of_a_firmware_fail_and_are_named(workshop, tmp_path, suspect):
    elf = workshop(STWIN, MODEL).changed((OTHERS[suspect],), tmp_path / "fw.elf")
    record = record_of(elf, {"name": "vowels", "samples": 25}, ("accuracy >= 0.9",), tmp_path)
    assert record.verdict is Verdict.FAIL
    assert record.explanation is not None
    assert (record.explanation.of, record.explanation.suspect) == ("outputs", suspect), record.reasons

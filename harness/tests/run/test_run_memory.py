"""A network with a memory, a streaming keyword one, on virtual boards: the plan says when it forgets, LiteRT does the same."""

import dataclasses
import os
from contextlib import closing
from itertools import pairwise

import numpy as np
import pytest

from harness.bench.boards import load_board, names
from harness.data import datasets
from harness.data.encode import quantise
from harness.errors import DeviceError, PlanError
from harness.models.codegen import DEFAULTS
from harness.models.metadata import load_model
from harness.models.reference.litert import LiteRt
from harness.plans import expand
from harness.records import Verdict
from harness.run import memory, product, streaming
from harness.run.options import RunOptions
from harness.run.prepare import prepared
from harness.run.reading import read_plan
from harness.run.runner import run_case
from harness.session.stream import check_state
from harness.testing.device import hello_for
from harness.virtual.debug import registry
from harness.virtual.host.control import Control

NETWORK = "streaming_keyword_int8"
SEQUENCES = ["one"] * 100 + ["two"] * 15 + ["three"] * 5


@pytest.fixture
def case(tmp_path):
    """A case with this line about the state."""
    random = np.random.default_rng(5)
    steps = random.normal(0, 1, (len(SEQUENCES), 1, 10)).astype(np.float32)
    np.savez(tmp_path / "steps.npz", x=steps, y=np.zeros(len(steps), int), sequences=np.array(SEQUENCES))

    def write(line="", data="{path: steps.npz, unlabelled: true}", network=NETWORK, form="npz"):
        path = tmp_path / "wake.yaml"
        path.write_text(
            f"name: wake\nboard: nucleo_f446re\nmodel: {network}\ndataset: {{name: {form}, options: {data}}}\n"
            f"task: raw\ngates: [agreement >= 1]\n{line}\n"
        )
        (found,) = expand(read_plan(path), boards=names())
        return found

    return write


def run(case, at=None, backend="virtual"):
    pending = dict(at or {})

    def watch(step):
        for share in sorted(pending):
            if step.name == "stream" and step.share >= share:
                (unit,) = registry.running()
                with closing(Control(unit.uid)) as control:
                    pending.pop(share)(control)

    return run_case(case, RunOptions(backend=backend), watch=watch)


def in_words_of_litert(case, ends):
    """LiteRT over the raw steps, begun anew at each of ``ends``: by hand, one interpreter a sequence."""
    model = load_model(NETWORK)
    raw = prepared_raw(case, model)
    edges = [0, *ends, len(raw)]
    parts = [raw[a:b] for a, b in pairwise(edges)]
    return np.concatenate([LiteRt(keep_state=True).run(model.path, part) for part in parts])


def prepared_raw(case, model):
    return quantise(prepared(case).data.inputs, model.inputs[0])


def test_a_hundred_steps_and_more_on_a_board_equal_litert_s_through_damage_and_a_reset_in_mid_sequence(case):
    plan = case("state: {reset: each sequence}")

    def damage(control):
        for after in (30, 200, 420):
            control.corrupt_byte("to_board", after=after)
            control.corrupt_byte("to_host", after=after)

    result = run(plan, {0.2: damage, 0.6: lambda control: control.reset("pin"), 0.7: damage})
    record = result.record
    assert record.verdict is Verdict.PASS, record.reasons
    assert record.state_reset == "each sequence"
    assert (record.link.resets, record.link.lost) == (1, 0)
    assert record.link.frames_bad > 0
    # All that the first sequence had behind it by then, and the memory that it left is right again.
    assert 60 <= record.link.replayed < 100
    assert any("computed once more" in told for told in record.warnings)
    expected = in_words_of_litert(plan, [100, 115])
    assert np.array_equal(result.samples.outputs, expected)
    assert not np.array_equal(expected, LiteRt().run(load_model(NETWORK).path, prepared_raw(plan, load_model(NETWORK))))


def test_never_goes_on_over_all_samples_and_each_sample_begins_anew(case):
    kept, anew = run(case("state: never")), run(case("state: each sample"))
    assert (kept.record.verdict, anew.record.verdict) == (Verdict.PASS, Verdict.PASS)
    assert (kept.record.state_reset, anew.record.state_reset) == ("never", "each sample")
    assert np.array_equal(kept.samples.outputs, in_words_of_litert(case(), []))
    assert not np.array_equal(kept.samples.outputs, anew.samples.outputs)
    assert not any("memory" in told for told in anew.record.warnings)


def test_a_plan_that_does_not_say_begins_anew_and_is_told_so(case):
    found = prepared(case()).memory
    assert (found.reset, found.follows) == ("each sample", None)
    assert "does not say when it is reset" in found.warning
    assert prepared(case(network="digits_cnn_int8", form="digits", data="{}")).memory == memory.Memory()


def test_a_network_without_a_memory_is_told_that_the_line_changes_nothing(case):
    found = prepared(case("state: never", network="digits_cnn_int8", form="digits", data="{}")).memory
    assert found.follows is None
    assert "changes nothing" in found.warning


@pytest.mark.parametrize(
    ("line", "change", "told", "next_step"),
    [
        ("state: each sequence", {"sequences": None}, "the data names none", "sequence: COLUMN"),
        ("state: each sequence", {"sequences": np.array(["a", "b"] * 60)}, "begins a second time", "sort the data"),
    ],
)
def test_data_that_does_not_bear_it_is_the_plan_s_mistake(case, line, change, told, next_step):
    plan = case(line)
    data = dataclasses.replace(prepared(case("state: each sample")).data, **change)
    with pytest.raises(PlanError, match=told) as caught:
        memory.of_case(plan.plan, load_model(NETWORK), data)
    assert next_step in caught.value.next_step
    assert "wake.yaml:7" in caught.value.where


def test_shuffled_steps_are_refused_also_where_shuffling_is_the_form_s_own_way(case):
    data = "{path: steps.npz, unlabelled: true, order: shuffled}"
    with pytest.raises(PlanError, match="shuffled"):
        prepared(case("state: never", data=data))


def test_a_layer_that_cannot_keep_its_state_is_refused(case, tmp_path):
    plan = case("state: never", network="recurrent_lstm_sequence_int8")
    with pytest.raises(PlanError, match="kept from sample to sample"):
        memory.of_case(plan.plan, load_model("recurrent_lstm_sequence_int8"), prepared(case()).data)


@pytest.mark.skipif(
    os.environ.get("HIL_FULL") != "1", reason="an image of its own; the next test says the same: with HIL_FULL=1"
)
def test_firmware_that_begins_anew_with_each_sample_is_refused_before_it_is_asked_to_go_on(case, tmp_path, monkeypatch):
    monkeypatch.setattr(product, "for_boards", lambda path: DEFAULTS)  # as it was made before
    old = tmp_path / "old.elf"
    product.build_product(load_model(NETWORK), load_board("nucleo_f446re"), out=old)
    with pytest.raises(PlanError, match="keeps no memory from sample to sample") as caught:
        run_case(case("state: never"), RunOptions(backend="virtual", firmware=old), watch=lambda step: None)
    assert "wake.yaml:7" in caught.value.where
    assert "--firmware" in caught.value.next_step


def test_old_firmware_is_refused_in_one_line_with_what_to_do():
    with pytest.raises(DeviceError, match="keeps no memory from sample to sample") as caught:
        check_state(hello_for([10], [2]))
    assert "built anew" in caught.value.next_step


def test_a_run_that_is_gone_on_with_streams_from_the_beginning_of_the_sequence_that_is_not_whole():
    follows = [False, True, True, False, True, True, False, True]
    answered = dict.fromkeys((0, 1, 2, 3, 4, 6), None)
    assert streaming._open_samples(8, answered, follows) == [3, 4, 5, 6, 7]
    assert streaming._open_samples(8, answered, None) == [5, 7]


def test_sequences_are_read_from_archives_columns_and_folders(tmp_path):
    (tmp_path / "steps.csv").write_text("label,take,v0,v1\nup,a,1,2\nup,a,3,4\ndown,b,5,6\n")
    data = datasets.load("csv", options={"path": "steps.csv", "sequence": "take", "shape": "2"}, folder=tmp_path)
    assert (data.sequences.tolist(), data.inputs.shape) == (["a", "a", "b"], (3, 2))
    assert data.first(2).sequences.tolist() == ["a", "a"]
    for name in ("up/s1/0.npy", "up/s1/1.npy", "up/s2/0.npy", "down/s1/0.npy"):
        (tmp_path / "folders" / name).parent.mkdir(parents=True, exist_ok=True)
        np.save(tmp_path / "folders" / name, np.zeros(3, np.float32))
    options = {"path": "folders", "sequence_folder": 2, "order": "stored"}
    data = datasets.load("numpy_folders", options=options, folder=tmp_path)
    assert data.sequences.tolist() == ["down/s1", "up/s1", "up/s1", "up/s2"]

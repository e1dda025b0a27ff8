"""Try to fool it: a wrong product must not pass, a right one must not fail, and a mistake of ours must be named.

To add a trick: write a function that takes the ``stage`` (``fool_stage.py``), plays it and returns the ``CaseResult``; the
decorator says what must come of it. ``@wrong`` and ``@right`` name the verdicts that are allowed, ``@mistake`` an error
class that must be raised before anything runs. ``says`` is a regular expression that reasons and warnings (or the error)
must match: a verdict for another reason is luck. The function's name is the claim.
"""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest
from fool_stage import CHIP, MODEL, Stage
from run_images import flip_byte

from harness.bench import holders
from harness.bench.probes import CoreState
from harness.errors import HilError, MisuseError, PlanError
from harness.models import load_model
from harness.models.reference import twin
from harness.records import Verdict
from harness.run.runner import CaseResult
from harness.testing.device import Fault, Injection
from harness.virtual.debug import registry
from harness.wire.messages import ClockSource

PASS, FAIL, ERROR, OPEN = Verdict.PASS, Verdict.FAIL, Verdict.ERROR, Verdict.INCONCLUSIVE
F32 = "digits_cnn_f32"
LOCK = "bench_lock_f32"  # without a softmax: what overflows in it comes out
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


def names_in(data, order):
    """The digits' images and labels with the classes listed in another order."""
    names = np.array(data.classes)[order]
    return {"y": np.argsort(order)[data.labels], "classes": names}


def beyond_floats(stage, rows):
    """Inputs of the lock network of which some make it overflow."""
    rng = np.random.default_rng(0)
    inputs = rng.random((20, 20, 15, 1), np.float32)
    inputs[list(rows)] = (2 * inputs[list(rows)] - 1) * np.float32(3e38)
    return stage.own_data(inputs, rng.integers(0, 4, 20))


# -- the outputs -------------------------------------------------------------------------------------------------------


@right(PASS, says="all 4 gates hold")
def an_honest_board(stage):
    return stage.fake()


@wrong(FAIL, says="agreement")
def one_output_of_one_sample_is_off_by_one_step(stage):
    return stage.fake(lambda out, run: out + np.int8(run == 7) * np.eye(10, dtype=np.int8)[3])


@wrong(FAIL, says="accuracy")
def every_answer_is_that_of_the_sample_before(stage):
    kept = [np.zeros(10, np.int8)]
    return stage.fake(lambda out, run: (kept.append(out), kept[-2])[1])


@wrong(FAIL, says="agreement")
def two_answers_are_swapped(stage):
    kept = {}
    return stage.fake(lambda out, run: kept.setdefault(run, out) if run != 8 else kept[7], gates=["agreement == 1"])


@wrong(FAIL, says="accuracy")
def the_outputs_stand_in_reverse_order(stage):
    return stage.fake(lambda out, run: out[::-1])


@wrong(FAIL, says="agreement")
def a_board_that_knows_the_labels_by_heart(stage):
    labels = stage.digits().labels
    by_heart = np.full((10, 10), -128, np.int8) + (np.eye(10) * 255).astype(np.int8)
    return stage.fake(lambda out, run: by_heart[labels[run]])


@wrong(FAIL, says="the same outputs: they do not depend on the input")
def a_board_that_always_answers_the_same(stage):
    return stage.fake(lambda out, run: np.arange(10, dtype=np.int8))


@wrong(FAIL, says="decided as '3'")
def a_board_that_always_decides_the_same(stage):
    return stage.fake(lambda out, run: np.where(np.arange(10) == 3, np.int8(100), np.minimum(out, 99).astype(np.int8)))


@wrong(FAIL, says="nonfinite_outputs")
def one_nan_among_right_answers(stage):
    gates = ["accuracy >= 0.9", "decision_agreement >= 0.9"]
    return stage.fake(lambda out, run: out * (np.float32(np.nan) if run == 7 else 1), model=F32, gates=gates)


@wrong(FAIL, says="nonfinite_outputs 1 ")
def nan_everywhere_on_board_and_reference_alike(stage):
    return stage.fake(data=beyond_floats(stage, range(20)), model=LOCK, gates=["agreement == 1", "max_abs_diff <= 0"])


@right(PASS, says="all 3 gates hold")
def the_same_nan_with_another_sign(stage):
    other = np.array([0xFFC12345], np.uint32).view(np.float32)[0]
    result = stage.fake(
        lambda out, run: np.where(np.isnan(out), other, out),
        data=beyond_floats(stage, [5]),
        model=LOCK,
        gates=["agreement == 1", "max_abs_diff <= 0", "nonfinite_outputs <= 0.1"],
    )
    assert np.isnan(result.samples.outputs).any()
    return result


@wrong(FAIL, says="max_abs_diff inf")
def a_difference_does_not_pass_over_a_nan(stage):
    gates = ["max_abs_diff <= 1e-6", "nonfinite_outputs <= 0.5"]
    return stage.fake(lambda out, run: out * (np.float32(np.nan) if run == 7 else 1), model=F32, gates=gates)


@wrong(FAIL, says="rmse inf")
def a_mean_difference_does_not_pass_over_an_infinity(stage):
    gates = ["rmse <= 1e-6", "nonfinite_outputs <= 0.5"]
    return stage.fake(lambda out, run: out + (np.float32(np.inf) if run == 7 else 0), model=F32, gates=gates)


@right(PASS)
def floats_that_differ_in_their_last_bit_with_a_gate_that_allows_it(stage):
    gates = ["max_abs_diff <= 1e-6", "decision_agreement == 1"]
    return stage.fake(lambda out, run: np.nextafter(out, np.float32(2)), model=F32, gates=gates)


@wrong(FAIL, says="accuracy 0")
def answers_below_the_threshold_are_not_right(stage):
    return stage.fake(decide={"rule": "threshold", "above": 0.996})


@mistake(PlanError, says=r"trick.yaml:[0-9]+:decide.above(.|\n)*did you mean 0.9\?")
def a_threshold_in_per_cent(stage):
    return stage.fake(decide={"rule": "threshold", "above": 90})


# -- the samples -------------------------------------------------------------------------------------------------------


@wrong(FAIL, says="agreement")
def an_engine_error_with_the_right_outputs_is_no_answer(stage):
    return stage.fake(inject=[Injection(Fault.ENGINE_ERROR, 5)])


@wrong(FAIL, says="input_integrity")
def the_engine_reads_another_input_than_was_sent(stage):
    return stage.fake(inject=[Injection(Fault.WRONG_INPUT, 5)])


# -- who answers -------------------------------------------------------------------------------------------------------


@wrong(FAIL, says="the firmware carries another model")
def a_board_with_another_model(stage):
    return stage.fake(inject=[Injection(Fault.WRONG_MODEL)])


@wrong(FAIL, says="output 0 of the firmware is not the model's")
def a_board_whose_outputs_have_another_scale(stage):
    return stage.fake(hello=lambda h: replace(h, outputs=(replace(h.outputs[0], scale=1 / 128),)))


@wrong(FAIL, says="input 0 of the firmware is not the model's")
def a_board_whose_input_has_another_zero_point(stage):
    return stage.fake(hello=lambda h: replace(h, inputs=(replace(h.inputs[0], zero_point=0),)))


@wrong(FAIL, says="another build")
def a_board_with_another_build(stage):
    return stage.fake(hello=lambda h: replace(h, build_id="f" * 40))


@wrong(FAIL, says="built for another board")
def a_board_of_another_kind(stage):
    return stage.fake(hello=lambda h: replace(h, board="cy8cproto_062_4343w"))


@wrong(FAIL, says=r"another build(.|\n)*\\x1b\[2J")
def a_board_that_would_clear_the_terminal(stage):
    return stage.fake(hello=lambda h: replace(h, build_id="\x1b[2J\u202e"))


# -- the line ----------------------------------------------------------------------------------------------------------


@right(PASS)
def a_result_that_comes_twice_is_scored_once(stage):
    return stage.fake(inject=[Injection(Fault.DUPLICATE_FRAME, 5)])


@right(PASS)
def results_in_another_order_are_scored_for_their_own_samples(stage):
    return stage.fake(inject=[Injection(Fault.REORDER, 5), Injection(Fault.LATE, 20)])


@right(PASS)
def a_damaged_result_is_sent_again(stage):
    return stage.fake(
        inject=[Injection(Fault.BAD_CRC, 5), Injection(Fault.DROP_BYTE, 9), Injection(Fault.HALF_FRAME, 12)]
    )


@right(PASS)
def text_between_the_frames(stage):
    return stage.fake(inject=[Injection(Fault.NOISE, 5), Injection(Fault.INSERT_BYTE, 9)])


# -- who answers, and at what clock ------------------------------------------------------------------------------------


@wrong(ERROR, says="(?s)another board answers.*ffff02ffff02.*010203040506")
def a_neighbour_with_the_same_image_answers(stage):
    return stage.fake(elsewhere=b"\xff\xff\x02" * 4)


@wrong(ERROR, says="not the one that the probe has reset")
def a_neighbour_answers_and_the_chips_have_one_id(stage):
    return stage.fake(elsewhere=CHIP)


@wrong(ERROR, says="not the one that the probe has reset")
def a_neighbour_answers_and_the_chips_have_no_id(stage):
    return stage.fake(elsewhere=b"", hello=lambda hello: replace(hello, chip_id=b""))


@wrong(ERROR, says="(?s)does not run at its clock.*16,000,000.*HSI")
def a_real_board_whose_clock_did_not_start(stage):
    return stage.fake(hello=lambda hello: replace(hello, clock_hz=16_000_000), real=True)


@wrong(FAIL, says="(?s)does not run at the board's clock.*90,000,000")
def a_firmware_that_sets_half_the_clock(stage):
    return stage.fake(hello=lambda hello: replace(hello, clock_hz=90_000_000))


@right(PASS, says="own oscillator, some 1 % off")
def a_board_without_its_clock_from_outside(stage):
    return stage.fake(hello=lambda hello: replace(hello, clock_source=ClockSource.INTERNAL))


@right(PASS)
def a_chip_that_does_not_tell_its_id(stage):
    return stage.fake(hello=lambda hello: replace(hello, chip_id=b""))


# -- the data ----------------------------------------------------------------------------------------------------------


@right(PASS, says="was reset 1 time")
def a_reset_on_the_way(stage):
    return stage.fake(inject=[Injection(Fault.RESET, 2000)])


# -- classes -----------------------------------------------------------------------------------------------------------


@right(PASS, says="mapped by name")
def the_same_classes_in_another_order(stage):
    data = stage.digits()
    return stage.fake(data=stage.own_data(data.inputs, **names_in(data, np.roll(np.arange(10), 3))))


@right(PASS)
def labels_of_text_in_the_order_in_which_they_come(stage):
    data = stage.digits()
    rows = [",".join([str(label), *map(str, x.ravel())]) for label, x in zip(data.labels, data.inputs, strict=True)]
    return stage.fake(data=stage.own_rows("\n".join(rows), shape="8x8x1"))


@mistake(PlanError, says=r"zero, one(.|\n)*")
def classes_by_other_names(stage):
    data = stage.digits()
    names = np.array(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"])
    return stage.fake(data=stage.own_data(data.inputs, data.labels, classes=names))


@mistake(PlanError, says="occurs twice")
def a_class_name_that_occurs_twice_in_the_data(stage):
    data = stage.digits()
    names = np.array([*"012345678", "8"])
    return stage.fake(data=stage.own_data(data.inputs, data.labels, classes=names), gates=["recall.8 >= 0.9"])


@mistake(PlanError, says="more than once: 8")
def a_class_name_that_occurs_twice_in_the_model(stage):
    return stage.fake(model=stage.own_model(classes=str([*"012345678", "8"]).replace("'", '"')))


@mistake(PlanError, says="label 10 is beyond")
def labels_counted_from_one_up_to_ten(stage):
    data = stage.digits()
    return stage.fake(data=stage.own_data(data.inputs, data.labels + 1))


@wrong(FAIL, says="with the labels counted from 1 it scores 100.0%")
def labels_counted_from_one_around(stage):
    data = stage.digits()
    return stage.fake(data=stage.own_data(data.inputs, (data.labels + 1) % 10))


@wrong(OPEN, says="recall.9 >= 0.9: there was nothing to measure it on")
def the_recall_of_a_class_that_does_not_occur(stage):
    data = stage.digits()
    few = data.labels != 9
    own = stage.own_data(data.inputs[few], data.labels[few], classes=np.array([*"0123456789"]))
    return stage.fake(data=own, gates=["recall.9 >= 0.9"])


# -- inputs ------------------------------------------------------------------------------------------------------------


@mistake(PlanError, says="do not have the shape")
def images_of_another_shape_with_as_many_values(stage):
    data = stage.digits()
    return stage.fake(data=stage.own_data(data.inputs.reshape(-1, 4, 16, 1), data.labels))


@wrong(FAIL, says="with the axes swapped it scores 100.0%")
def transposed_images(stage):
    data = stage.digits()
    return stage.fake(data=stage.own_data(data.inputs.swapaxes(1, 2), data.labels))


@wrong(FAIL, says="with the values inverted")
def light_and_dark_confused(stage):
    data = stage.digits()
    return stage.fake(data=stage.own_data(1 - data.inputs, data.labels))


@wrong(FAIL, says=r"clipped, 2 distinct values are left .*multiplied by 1/255 they would fit")
def pixels_of_0_to_255_where_0_to_1_is_meant(stage):
    data = stage.digits()
    return stage.fake(data=stage.own_data(data.inputs * 255, data.labels))


@wrong(FAIL, says="clipped, 2 distinct values are left")
def inputs_beyond_all_measure(stage):
    data = stage.digits()
    return stage.fake(data=stage.own_data(data.inputs * np.float32(1e30), data.labels))


@wrong(FAIL, says="every one of 60 samples has the same input")
def the_same_image_again_and_again(stage):
    data = stage.digits()
    return stage.fake(data=stage.own_data(np.repeat(data.inputs[:1], 60, axis=0), data.labels))


@wrong(FAIL, says="none of [0-9]+ usual mistakes")
def labels_that_have_nothing_to_do_with_the_images(stage):
    data = stage.digits()
    return stage.fake(data=stage.own_data(data.inputs, np.random.default_rng(2).permutation(data.labels)))


@mistake(PlanError, says="not a finite number")
def a_nan_among_the_inputs(stage):
    data = stage.digits()
    inputs = data.inputs.copy()
    inputs[3, 2, 2] = np.nan
    return stage.fake(data=stage.own_data(inputs, data.labels))


@mistake(PlanError, says="a sample id occurs twice")
def a_sample_that_is_counted_twice(stage):
    data = stage.digits()
    return stage.fake(data=stage.own_data(data.inputs, data.labels, ids=np.array(["a"] * 60)))


@mistake(PlanError, says="without samples")
def no_sample_at_all(stage):
    return stage.fake(data=stage.own_data(np.zeros((0, 8, 8, 1)), np.zeros(0, int)))


@mistake(PlanError, says="nearly a sample")
def a_damaged_first_row_is_no_heading(stage):
    return stage.fake(data=stage.own_rows("3,0.5,x\n4,0.1,0.2\n"))


@mistake(PlanError, says="1_000")
def a_number_that_only_python_reads(stage):
    return stage.fake(data=stage.own_rows("3,0.5,1\n4,1_000,0.2\n"))


# -- the files ---------------------------------------------------------------------------------------------------------


def damaged(stage, change):
    """Sixty digits in an archive whose bytes ``change`` has had."""
    data = stage.digits()
    named = stage.own_data(data.inputs, data.labels)
    path = stage.folder / "own.npz"
    path.write_bytes(change(path.read_bytes()))
    return named


@mistake(PlanError, says="Bad CRC-32")
def one_bit_of_a_pixel_flipped_on_the_disk(stage):
    at = 2000  # in the first array, far from any header
    return stage.fake(data=damaged(stage, lambda raw: raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]))


@mistake(PlanError, says="its end says")
def an_archive_whose_directory_hides_an_array(stage):
    return stage.fake(data=damaged(stage, lambda raw: raw[:-12] + bytes([1, 0]) + raw[-10:]))


@mistake(PlanError, says="cannot be read")
def the_end_of_a_download_is_missing(stage):
    return stage.fake(data=damaged(stage, lambda raw: raw[:-100]))


@mistake(PlanError, says="cannot be read")
def a_single_array_under_the_name_of_an_archive(stage):
    data = stage.own_data(stage.digits().inputs, stage.digits().labels)
    np.save(stage.folder / "own.npy", stage.digits().inputs)
    (stage.folder / "own.npy").replace(stage.folder / "own.npz")
    return stage.fake(data=data)


@mistake(PlanError, says="expected: +0..65535")
def a_label_that_would_name_three_thousand_million_classes(stage):
    data = stage.digits()
    labels = data.labels.copy()
    labels[5] = 3_000_000_000
    return stage.fake(data=stage.own_data(data.inputs, labels))


@mistake(PlanError, says="holds names")
def one_name_for_all_classes(stage):
    data = stage.digits()
    return stage.fake(data=stage.own_data(data.inputs, data.labels, classes=np.array("digit")))


@mistake(PlanError, says="cannot be read")
def a_folder_under_the_name_of_an_archive(stage):
    (stage.folder / "own.npz").mkdir()
    return stage.fake(data={"name": "npz", "options": {"path": "own.npz"}})


@mistake(PlanError, says="not a regular file")
def data_without_an_end(stage):
    return stage.fake(data={"name": "npz", "options": {"path": "/dev/zero"}})


@right(PASS)
def a_reference_that_was_damaged_in_the_cache(stage):
    stage.patch.setattr(twin, "cache_dir", lambda: stage.folder)
    library = twin.built(load_model(MODEL).path)
    raw = library.read_bytes()
    library.write_bytes(raw[: len(raw) // 2] + bytes(len(raw) - len(raw) // 2))
    return stage.fake(reference="twin")


@wrong(FAIL, says="agreement")
def a_wrong_board_beside_a_reference_that_was_damaged_in_the_cache(stage):
    stage.patch.setattr(twin, "cache_dir", lambda: stage.folder)
    twin.built(load_model(MODEL).path).write_bytes(b"")
    return stage.fake(lambda outputs, run: outputs + np.array([run == 3] + [0] * 9, outputs.dtype), reference="twin")


# -- gates -------------------------------------------------------------------------------------------------------------


@wrong(OPEN, says="nothing was judged")
def a_plan_without_gates(stage):
    return stage.fake(lambda out, run: out * 0, gates=[])


@mistake(PlanError, says=r"did you mean 'accuracy >= 0.95'")
def a_share_given_in_per_cent(stage):
    return stage.fake(gates=["accuracy >= 95"])


@mistake(PlanError, says="holds whatever is measured")
def a_gate_that_always_holds(stage):
    return stage.fake(lambda out, run: out * 0, gates=["accuracy >= 0"])


@mistake(PlanError, says="unknown metric")
def a_metric_that_nobody_measures(stage):
    return stage.fake(gates=["acuracy >= 0.9"])


@mistake(PlanError, says="20 samples cannot show that")
def a_confidence_that_so_few_samples_cannot_give(stage):
    return stage.fake(data={"name": "digits", "samples": 20}, gates=["accuracy >= 0.95 confidence 0.95"])


@wrong(OPEN, says="60 of 450 samples passes no gate with confidence")
def a_shortened_run(stage):
    return stage.fake(data={"name": "digits"}, gates=["accuracy >= 0.5 confidence 0.95"], samples=60)


@wrong(FAIL, says="accuracy")
def a_shortened_run_of_a_wrong_product(stage):
    gates = ["accuracy >= 0.5 confidence 0.95"]
    return stage.fake(lambda out, run: out[::-1], data={"name": "digits"}, gates=gates, samples=60)


@wrong(OPEN, says="the plan wants 100 at least")
def fewer_samples_than_the_plan_wants(stage):
    return stage.fake(data={"name": "digits"}, gates=["accuracy >= 0.5"], min_samples=100, samples=60)


@right(OPEN, says="needs hardware: no time of an emulator is a measurement")
def a_time_that_an_emulator_does_not_have(stage):
    return stage.fake(gates=["latency_us.p99 <= 1"])


# -- blame -------------------------------------------------------------------------------------------------------------

IDLE, BUSY = "board_idle", "hil_nn_conv_s8"
SENTENCE = b"$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47\r\n"


class Line:
    """Between a board and the host: ``down`` changes what the board says, ``chatter_per_s`` bytes come from somebody else."""

    def __init__(self, device, down=lambda data: data, chatter_per_s=0, until_s=1e9):
        self.device, self.down, self.rate, self.until_s = device, down, chatter_per_s, until_s
        self.chattered = 0

    def receive(self, data, now_s):
        self.device.receive(data, now_s)

    def send(self, now_s):
        due = int(min(now_s, self.until_s) * self.rate) - self.chattered
        self.chattered += due
        return self.down(self.device.send(now_s)) + (SENTENCE * (due // len(SENTENCE) + 1))[:due]

    def next_due_s(self):
        chatter = (self.chattered + 64) / self.rate if self.rate and self.chattered < self.until_s * self.rate else None
        return min((due for due in (self.device.next_due_s(), chatter) if due is not None), default=None)


def mute(data):
    return b""


def spoilt(data):
    return bytes(byte ^ 0x55 for byte in data)


@right(ERROR, says="line and port are the suspects")
def a_port_on_which_nothing_comes_while_the_core_waits_for_bytes(stage):
    return stage.fake(pc=IDLE, around=lambda device: Line(device, mute))


@wrong(FAIL, says=r"silent[^$]*hil_nn_conv_s8")
def a_board_that_says_nothing_because_it_never_leaves_a_kernel(stage):
    return stage.fake(core=CoreState.RUNNING, pc=BUSY, around=lambda device: Line(device, mute))


@wrong(FAIL, says="locked up")
def a_board_that_is_locked_up_before_it_says_a_word(stage):
    return stage.fake(core=CoreState.LOCKUP, around=lambda device: Line(device, mute))


@right(ERROR, says="held in reset")
def a_board_whose_reset_line_is_held(stage):
    return stage.fake(core=CoreState.RESET, around=lambda device: Line(device, mute))


@right(ERROR, says="only garbage comes[^$]*is the suspect")
def a_line_that_spoils_every_byte_while_the_core_waits_for_bytes(stage):
    return stage.fake(pc=IDLE, around=lambda device: Line(device, spoilt, 11_520))


@right(ERROR, says="only garbage comes[^$]*is the suspect")
def the_port_of_a_gps_receiver(stage):
    return stage.fake(pc=IDLE, around=lambda device: Line(device, mute, 960))


@wrong(FAIL, says="only garbage comes")
def a_firmware_that_pours_out_text_and_does_nothing_else(stage):
    return stage.fake(core=CoreState.RUNNING, pc=BUSY, around=lambda device: Line(device, mute, 11_520))


@right(PASS)
def a_boot_loader_that_talks_for_a_second_before_the_firmware_does(stage):
    return stage.fake(around=lambda device: Line(device, chatter_per_s=11_520, until_s=1.0))


@right(ERROR, says="the line is broken")
def a_line_that_breaks_in_the_middle(stage):
    def breaking(data, seen=[0]):  # noqa: B006 - the state of this one line
        seen[0] += len(data)
        return data if seen[0] < 1500 else b""

    return stage.fake(pc=IDLE, around=lambda device: Line(device, breaking))


@right(ERROR, says=r"takes bytes that are ours[^$]*ModemManager \(pid 77\)")
def a_modem_daemon_that_reads_from_the_port(stage):
    stage.patch.setattr(holders, "others", lambda port: ("ModemManager (pid 77)",))
    return stage.fake(core=CoreState.RUNNING, pc=BUSY, around=lambda device: Line(device, lambda data: data[::2]))


@right(PASS, says=r"another process has the unit's serial port open[^$]*ModemManager \(pid 77\)")
def a_modem_daemon_on_the_port_although_every_sample_came_through(stage):
    stage.patch.setattr(holders, "others", lambda port: ("ModemManager (pid 77)",))
    return stage.fake()


@right(ERROR, says="leave out --skip-flash")
def whatever_lies_in_a_flash_that_nobody_has_read(stage):
    return stage.fake(skip_flash=True, core=CoreState.RUNNING, pc=BUSY, around=lambda device: Line(device, mute))


@right(ERROR, says="leave out --skip-flash")
def the_model_of_yesterday_in_a_flash_that_nobody_has_read(stage):
    return stage.fake(skip_flash=True, inject=[Injection(Fault.WRONG_MODEL)])


@wrong(FAIL, says="crashed at pc")
def a_board_that_crashes_over_one_sample(stage):
    return stage.fake(inject=[Injection(Fault.CRASH, 20)])


@wrong(OPEN, says="needs hardware")
def a_speed_that_is_the_hosts_and_not_the_boards(stage):
    return stage.fake(gates=["samples_per_s >= 0.001", "agreement == 1"])


@wrong(OPEN, says="needs hardware")
def a_use_of_a_line_that_is_none(stage):
    return stage.fake(gates=["line_use <= 0.99", "agreement == 1"])


@mistake(MisuseError, says="not an ELF file")
def a_text_file_for_an_image(stage):
    path = stage.folder / "fw.elf"
    path.write_text("not today")
    return stage.virtual(firmware=path)


@mistake(MisuseError, says="not what was linked")
def an_image_with_an_instruction_that_was_changed_afterwards(stage):
    path = stage.folder / "fw.elf"
    path.write_bytes(stage.elf.read_bytes())
    flip_byte(path, ".text", 5000)
    return stage.virtual(firmware=path)


@mistake(MisuseError, says="not what was linked")
def an_image_with_a_weight_that_was_changed_afterwards(stage):
    path = stage.folder / "fw.elf"
    path.write_bytes(stage.elf.read_bytes())
    flip_byte(path, ".hil_model")
    return stage.virtual(firmware=path)


@mistake(MisuseError, says="ELF")
def an_image_of_which_half_was_copied(stage):
    path = stage.folder / "fw.elf"
    whole = stage.elf.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    return stage.virtual(firmware=path)


@right(ERROR, says="gone")
def a_virtual_board_whose_process_is_killed(stage):
    def kill():
        (entry,) = registry.running()
        os.kill(entry.pid, signal.SIGKILL)

    return stage.virtual(200, at={0.2: kill})


# -- the machinery -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TRICKS)
def test_it_is_not_fooled_by(name, stage):
    played = TRICKS[name]
    if isinstance(played.must, tuple):
        result = played.play(stage)
        assert "\x1b" not in words(result)
        assert result.record.verdict in played.must, words(result)
        assert re.search(played.says, words(result)), words(result)
        return
    with pytest.raises(played.must) as caught:
        played.play(stage)
    assert re.search(played.says, str(caught.value)), str(caught.value)

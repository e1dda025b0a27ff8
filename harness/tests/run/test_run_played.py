"""Recordings played to a real virtual unit: features, network and decisions are the board's, and the host's."""

import dataclasses
import os

import numpy as np
import pytest
from run_cases import BOARD, reset_half_way

from harness.bench.boards import names
from harness.errors import PlanError
from harness.paths import shipped
from harness.plans import expand
from harness.plans.load import parse_plan
from harness.records import Verdict
from harness.run.options import RunOptions
from harness.run.played import score, simulate
from harness.run.played.workload import loaded
from harness.run.reading import read_plan
from harness.run.runner import run_case

PLAN = """
name: gestures
boards: [nucleo_f446re]
model: bench_imu_int8
dataset:
  name: recording
  options: {path: moves.csv, rate: 200, annotations: moves.txt, classes: "rest,one,two,three,four"}
continuous:
  front_end: {name: imu, hop: 100}
  rule: {name: majority, over: 3, suppress_ms: 500}
  background: [rest]
gates:
  - features_agreement == 1.0
  - agreement == 1.0
  - detections_agreement == 1.0
  - {gate: hop_load.max <= 1.0, needs: hardware}
"""
HOPS, HOP_S = 24, 0.5


@pytest.fixture
def case(tmp_path):
    """``case(**changes of continuous)``: twelve seconds of movements, with two events."""

    def make(text=PLAN, samples=None):
        rng = np.random.default_rng(3)
        t = np.arange(int(HOPS * HOP_S * 200)) / 200
        swing = 900 * np.sin(2 * np.pi * np.outer(t, [0.5, 0.7, 0.9, 1.1, 1.3, 1.5])) * (1 + np.floor(t / 3))[:, None]
        rows = np.rint(swing + rng.normal(0, 40, (len(t), 6)))
        lines = [",".join(f"{v:g}" for v in row) for row in rows]
        (tmp_path / "moves.csv").write_text("ax,ay,az,gx,gy,gz\n" + "\n".join(lines) + "\n", encoding="utf-8")
        (tmp_path / "moves.txt").write_text("3.0\t4.0\tone\n7.5\t8.0\ttwo\n", encoding="utf-8")
        plan = parse_plan(text, "gestures.yaml").model_copy(update={"origin": tmp_path / "gestures.yaml"})
        (made,) = expand(plan, boards=names(), only_boards=[BOARD], samples=samples)
        return made

    return make


def values(record):
    return {m.name: m.value for m in record.measurements}


def test_every_window_every_output_and_every_detection_are_the_hosts_before_and_behind_a_reset(case):
    record = run_case(case(), RunOptions(backend="virtual"), watch=reset_half_way()).record
    found, playback = values(record), record.playback
    assert record.verdict is Verdict.INCONCLUSIVE, record.reasons
    assert record.reasons == ("hop_load.max <= 1 needs hardware: cannot be decided on an emulator",)
    assert found["features_agreement"] == found["agreement"] == found["detections_agreement"] == 1.0
    assert playback.divergence == ""
    assert record.link.lost == 0
    assert record.link.resets == 1
    (again,) = playback.beginnings
    assert HOPS / 2 * HOP_S - 1 <= again.at_s <= HOPS * HOP_S - 2
    # Four hops make a window: with the first three the network cannot run.
    assert found["lost_ms"] == again.lost_ms == 3 * 1000 * HOP_S
    assert playback.state == "kept"
    assert playback.played_s == HOPS * HOP_S
    assert [event.name for event in playback.truth] == ["one", "two"]
    assert found["detections"] == len(playback.detections) > 0
    assert found["hit_rate"] * 2 + found["misses"] == 2
    assert found["hop_instructions.max"] >= found["front_end_instructions.p50"] + found["network_instructions.p50"] > 0
    assert 0 < found["hop_instructions.share"] < 1
    assert not {"hop_load.max", "late_hops"} & set(found)


MEMORY = """
name: words
boards: [nucleo_f446re]
model: streaming_wake_int8
dataset: {name: rendered, options: {what: words, seconds: 5, events: "yes", others: 1.0, gap_s: 2}}
continuous:
  front_end: {name: micro, step_ms: 10, rows: 3}
  every: 3
  rule: {name: sliding, over: 5, above: 160, rest: 4}
gates: [features_agreement == 1.0, agreement == 1.0, detections_agreement == 1.0]
"""


def test_a_network_with_a_memory_keeps_it_from_hop_to_hop_and_forgets_it_with_a_reset():
    (case,) = expand(parse_plan(MEMORY, "words.yaml"), boards=names(), only_boards=[BOARD])
    found = run_case(case, RunOptions(backend="virtual"), watch=reset_half_way())
    assert found.record.verdict is Verdict.PASS, found.record.reasons
    playback = found.record.playback
    (again,) = playback.beginnings
    assert playback.divergence == ""
    assert playback.rule == "every 3 hops; mean of the last 5 above 160, behind 4 below it"
    assert playback.detections
    # Five hops make the first three windows: what was heard of the recording until then is lost with the memory.
    assert again.lost_ms == 40
    # What comes behind the reset is what a network makes that knows nothing of what came before.
    model, work = loaded(case)
    samples = work.playing.samples(0)[round(again.at_s * 16000) :]
    rows = work.playing.front_end.rows_of(samples[np.newaxis])[0][:60]
    read = work.playing.front_end.encoded(rows, model.inputs[0]).reshape(-1, 3, 40)
    first = round(again.at_s * 100) + 4
    fresh = simulate.network_of(model, "litert")(read)
    assert np.array_equal(found.samples.outputs[first : first + 60 : 3], fresh)
    assert not np.array_equal(simulate.network_of(model, "litert")(read[5:]), fresh[5:])  # it has a memory indeed


@pytest.mark.parametrize(
    ("every", "told"),
    [
        ("every: 3", []),
        ("every: 1", ["reads 3 rows: with every: 1 it hears rows of features more than once; is every: 3 meant?"]),
        ("every: 4", ["with every: 4 it never hears some rows of features"]),
        ("every: 3\n  sound_gate: {above: 100}", ["never hears what the sound gate holds back"]),
    ],
)
def test_a_network_with_a_memory_that_hears_rows_twice_or_never_is_told_of(every, told):
    text = MEMORY.replace("every: 3", every)
    (case,) = expand(parse_plan(text, "words.yaml"), boards=names(), only_boards=[BOARD])
    found = loaded(case)[1].warnings
    assert len(found) == len(told)
    assert all(words in warning for words, warning in zip(told, found, strict=True))


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ("name: imu, hop: 100", "unknown front end 'imp'"),
        ("background: [rest]", "no class of the network"),
        ("rate: 200", "another rate than the front end hears"),
        ("model: bench_imu_int8", "does not make the network's input"),
        ("rest,one,two,three,four", "not one for each output"),
        ("rest,one,two", "annotations name what is no class"),
    ],
)
def test_what_does_not_belong_together_is_refused_before_anything_runs(case, changed, told):
    instead = {
        "name: imu, hop: 100": "name: imp",
        "background: [rest]": "background: [sleep]",
        "rate: 200": "rate: 100",
        "model: bench_imu_int8": "model: digits_cnn_int8",
        "rest,one,two,three,four": "rest,one",
        "rest,one,two": "rest,eins,zwei",
    }[changed]
    with pytest.raises(PlanError, match=told):
        loaded(case(PLAN.replace(changed, instead)))


@pytest.mark.parametrize("path", sorted((shipped("testplans") / "long").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_plans_that_play_ten_minutes_say_what_can_be_decided(path):
    plan = read_plan(path, names())
    assert plan.continuous is not None
    assert plan.dataset.options["seconds"] == 600


@pytest.mark.skipif(os.environ.get("HIL_FULL") != "1", reason="ten minutes of a recording: with HIL_FULL=1")
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", ["vowels", "keywords", "keywords_speech_commands", "smart_lock"])
def test_ten_minutes_are_the_hosts_with_a_reset_in_the_middle(name):
    if name.endswith("speech_commands") and "HIL_DATA_DIR" not in os.environ:
        pytest.skip("needs HIL_DATA_DIR")
    plan = read_plan(shipped("testplans") / "long" / f"{name}.yaml", names())
    case = expand(plan, boards=names(), only_boards=plan.boards[:1])[0]
    record = run_case(case, RunOptions(backend="virtual"), watch=reset_half_way()).record
    assert record.verdict is Verdict.PASS, record.reasons
    assert record.playback.divergence == ""
    assert record.playback.beginnings
    assert record.playback.played_s == pytest.approx(600, abs=0.1)


def test_a_line_that_cannot_carry_the_sensors_pace_is_refused_before_the_run(case):
    slow = PLAN + "stream: {baud: 19200}\n"
    quick = slow.replace("background:", "speed: realtime\n  background:")
    loaded(case(slow))
    with pytest.raises(PlanError, match="the line cannot carry the recording") as refused:
        loaded(case(quick))
    # 100 instants of 24 bytes and their head, twice a second, in three chunks.
    assert "4,9" in refused.value.expected
    assert "19,200 baud" in refused.value.found
    loaded(dataclasses.replace(case(quick.replace("19200", "115200"))))


def test_a_run_that_fails_says_where_board_and_host_part(case, monkeypatch):
    # The host's rule is another one than the board was built with: nothing else of the run differs.
    from harness.verdict import rules

    honest = rules.Rule.step
    monkeypatch.setattr(
        rules.Rule, "step", lambda rule, row, now_ms: dataclasses.replace(honest(rule, row, now_ms), score=-1)
    )
    text = PLAN.replace("  - {gate: hop_load.max <= 1.0, needs: hardware}\n", "  - misses == 0\n")
    record = run_case(case(text, samples=12), RunOptions(backend="virtual"), watch=lambda step: None).record
    assert record.verdict is Verdict.FAIL, record.reasons
    assert any("board and host part: first at" in reason and "smoothing" in reason for reason in record.reasons)
    assert record.explanation is None


@pytest.mark.parametrize(
    ("changed", "instead", "told"),
    [
        ("gates:", "decide: {rule: threshold, above: 2}\ngates:", "the threshold is never passed"),
        ("background: [rest]", "sound_gate: {above: 100}", "the sound gate hears sound alone"),
        ("gates:", "state: {reset: never}\ngates:", "memory is the board's own affair"),
        ("gates:", "reference: keras\ngates:", "against the .tflite alone"),
        ("background:", "every: 22\n  background:", "would run once alone"),
        ("gates:", "min_samples: 25\ngates:", "fewer samples than the plan wants"),
        (", annotations: moves.txt", "", "nobody says what happens"),
        ("gates:", "gates:\n  - hit_rate.three >= 0.5", "nothing of that happens"),
    ],
)
def test_what_no_run_could_do_or_decide_is_refused_before_anything_runs(case, changed, instead, told):
    text = PLAN.replace("gates:", "gates:\n  - hit_rate >= 0.1")
    loaded(case(text))
    loaded(case(text.replace("background:", "every: 21\n  background:").replace("gates:", "min_samples: 24\ngates:")))
    with pytest.raises(PlanError, match=told) as refused:
        loaded(case(text.replace(changed, instead, 1)))
    assert "gestures" in (refused.value.where or "")
    assert refused.value.next_step


def test_hops_without_the_network_agree_with_nothing(case):
    every = PLAN.replace("background:", "every: 10\n  background:")
    record = run_case(case(every), RunOptions(backend="virtual"), watch=lambda _: None).record
    n = {m.name: m.n for m in record.measurements}
    # Three hops before the first window; the network runs behind windows 0, 10 and 20.
    assert (n["features_agreement"], n["agreement"], n["detections_agreement"], n["max_abs_diff"]) == (21, 3, 3, 3)
    assert values(record)["agreement"] == 1.0
    record = run_case(case(every, samples=3), RunOptions(backend="virtual", layers=True), watch=lambda _: None).record
    assert any("the layers were not profiled" in told for told in record.warnings)
    assert not {"features_agreement", "agreement", "max_abs_diff"} & set(values(record))
    assert record.verdict is Verdict.INCONCLUSIVE
    assert any("the network never ran" in reason for reason in record.reasons), record.reasons


def test_an_event_up_to_the_recordings_end_counts_although_no_whole_hop_has_its_end(case):
    playing = loaded(case())[1].playing
    last = dataclasses.replace(playing.data.events[-1], start_s=11.8, end_s=12.004)
    playing = dataclasses.replace(playing, data=dataclasses.replace(playing.data, events=(last,)))
    assert score._events(playing, HOPS) == ((last,), ())
    assert score._events(playing, HOPS - 1) == ((), (last,))


def test_a_detection_of_an_event_that_the_end_of_the_playing_cuts_is_no_false_alarm(case, tmp_path):
    # The same twelve hops, and what they detect at their end: nothing of that class was said, or something that goes on.
    record = run_case(case(samples=12), RunOptions(backend="virtual"), watch=lambda _: None).record
    last = record.playback.detections[-1]
    assert last.outcome == "false_alarm"
    before = values(record)["false_alarms_per_hour"]
    goes_on = case(samples=12)
    (tmp_path / "moves.txt").write_text(f"{last.start_s - 0.5}\t{last.start_s + 5}\t{last.name}\n", encoding="utf-8")
    record = run_case(goes_on, RunOptions(backend="virtual"), watch=lambda _: None).record
    assert record.playback.detections[-1].outcome == "unknown"
    assert values(record)["false_alarms_per_hour"] == pytest.approx(before - 3600 / 6)
    assert not {"hit_rate", "misses"} & set(values(record))

"""A unit in the hands of a user's own test takes the road of a plan: figures, gates, blame, record and reports."""

import dataclasses
import shutil

import numpy as np
import pytest
from dut_stage import digits, fake_dut

from harness.bench.probes import CoreState
from harness.errors import BenchError, DeviceError, MisuseError, PlanError
from harness.evidence import read_record, read_samples, write_reports
from harness.models import load_model
from harness.records import Verdict
from harness.run.outcome import Ending, GateBroken, NotMeasured, NotPrinted
from harness.session.verbs import BoardFaultError
from harness.testing.device import Fault, Injection

FORMS = {"record.json", "samples.npz", "junit.xml", "report.html", "summary.md"}


@pytest.fixture
def stage(monkeypatch, image, tmp_path):
    def go(**how):
        return fake_dut(monkeypatch, image, tmp_path, **how)

    return go


def wrong(outputs, run):
    return outputs[::-1] if run % 2 else outputs


def test_a_use_leaves_every_form_of_report_and_a_second_one_a_numbered_folder(stage, tmp_path):
    dut, trail, _ = stage()
    dut.classify(digits(20)).gate("accuracy >= 0.9")
    dut.classify(digits(10))
    left = trail.end(Ending())
    assert {path.name for path in tmp_path.iterdir() if path.is_file()} == FORMS
    assert {path.name for path in (tmp_path / "2").iterdir()} == FORMS
    first, second = read_record(tmp_path), read_record(tmp_path / "2")
    assert (first, second) == left.records
    assert (first.case_id, second.case_id) == ("test_mine.py::test_it", "test_mine.py::test_it #2")
    assert (first.dataset.n, second.dataset.n) == (20, 10)
    assert len(read_samples(tmp_path).ids) == 20
    assert first.verdict is Verdict.PASS
    assert first.firmware.verified
    assert second.firmware.verified  # flashed by the first use, and not again
    assert first.network.name == "digits_cnn_int8"
    assert (first.plan, first.board, first.model) == ("test_mine", "nucleo_f446re", "digits_cnn_int8")
    assert first.outputs == "int8"


def test_without_gates_the_record_says_what_the_test_itself_came_to(stage):
    for ending, verdict, words in (
        (Ending(), Verdict.PASS, "the test passed; it states no gates"),
        (Ending("assert 0.9 >= 0.95", judged=True), Verdict.FAIL, "the test failed: assert 0.9 >= 0.95"),
        (Ending("KeyError: 'x'"), Verdict.INCONCLUSIVE, "ended before it had judged this: KeyError: 'x'"),
    ):
        dut, trail, _ = stage()
        dut.classify(digits(10))
        (record,) = trail.end(ending).records
        assert record.verdict is verdict
        assert words in record.reasons[0]


def test_a_check_of_the_tests_own_outweighs_gates_that_hold(stage):
    dut, trail, _ = stage()
    dut.classify(digits(10)).gate("lost_samples == 0")
    (record,) = trail.end(Ending("assert 1 == 2", judged=True)).records
    assert record.verdict is Verdict.FAIL
    assert record.gates[0].passed


def test_a_hard_gate_raises_in_a_few_lines_and_is_in_the_record(stage):
    dut, trail, _ = stage(lie=wrong)
    run = dut.classify(digits(40))
    with pytest.raises(GateBroken) as caught:
        run.gate("agreement >= 0.95")
    lines = str(caught.value).splitlines()
    assert lines[0] == "gate broken: agreement >= 0.95"
    assert "n=40" in lines[1]
    assert "limit >= 0.95" in lines[1]
    assert len(lines) == 2
    left = trail.end(Ending("a gate of the test is broken"))
    assert left.records[0].verdict is Verdict.FAIL
    assert [gate.passed for gate in left.records[0].gates] == [False]


def test_soft_gates_are_all_told_at_the_end(stage):
    dut, trail, _ = stage(lie=wrong)
    run = dut.classify(digits(40))
    assert run.gate("agreement == 1", soft=True).passed is False
    assert run.gate("accuracy >= 0.99", soft=True).passed is False
    assert run.gate("lost_samples == 0", soft=True).passed is True
    left = trail.end(Ending())
    assert [reason.split()[0] for reason in left.broken] == ["agreement", "accuracy"]


def test_a_test_of_ones_own_is_held_against_what_it_left_before(stage, tmp_path):
    dut, trail, _ = stage()
    assert dut.classify(digits(40)).gate("churn <= 0.2").passed is None
    (before,) = trail.end(Ending()).records
    assert before.verdict is Verdict.INCONCLUSIVE
    assert "no baseline is named" in before.reasons[0]
    trusted = tmp_path / "trusted"
    before, samples = read_record(tmp_path), read_samples(tmp_path)
    write_reports(before, samples, trusted)

    dut, trail, _ = stage(baseline=str(trusted))
    run = dut.classify(digits(40))
    assert run.gate("churn <= 0.2").passed
    assert run.gate("flash_bytes rise <= 0").passed
    (record,) = trail.end(Ending()).records
    assert (record.verdict, record.baseline.run_id) == (Verdict.PASS, before.run_id)

    dut, trail, _ = stage(baseline=str(trusted), lie=wrong)
    with pytest.raises(GateBroken, match="churn"):
        dut.classify(digits(40)).gate("churn <= 0.2")
    (record,) = trail.end(Ending("a gate of the test is broken")).records
    assert record.verdict is Verdict.FAIL
    assert "the same firmware on the same unit gave other outputs" in record.reasons[0]


def test_a_test_without_a_gate_against_the_baseline_that_is_named_says_so(stage):
    dut, trail, _ = stage(baseline="release-1.4")
    dut.classify(digits(10)).gate("lost_samples == 0")
    (record,) = trail.end(Ending()).records
    assert any("states no gate against a baseline" in warning for warning in record.warnings)


def test_a_broken_gate_that_only_warns_lets_the_test_pass(stage):
    dut, trail, _ = stage(lie=wrong)
    assert dut.classify(digits(40)).gate("agreement >= 0.95 severity warn").passed is False
    dut.classify(digits(10)).gate("lost_samples == 0")
    first, second = trail.end(Ending()).records
    assert (first.verdict, second.verdict) == (Verdict.PASS, Verdict.PASS)
    assert any("a gate that only warns is broken" in warning for warning in first.warnings)


def test_a_gate_that_an_emulator_cannot_decide_lets_the_test_go_on_and_never_passes(stage):
    dut, trail, _ = stage(lie=lambda outputs, run: outputs[::-1] if run < 2 else outputs)
    run = dut.classify(digits(20))
    for gate in (run.gate("latency_us.p99 <= 3000"), run.gate("accuracy >= 0.5", needs="hardware")):
        assert gate.passed is None
    assert run.gate("accuracy >= 0.8", confidence=0.95).passed is None  # 18 of 20 do not show that
    left = trail.end(Ending())
    assert left.records[0].verdict is Verdict.INCONCLUSIVE
    assert len(left.undecided) == 3
    assert not left.broken


def test_on_hardware_the_same_gates_are_decided(stage):
    dut, trail, _ = stage(real=True)
    run = dut.classify(digits(20))
    assert run.gate("latency_us.p99 <= 3000").passed
    assert run.metric("latency_us.p50") == pytest.approx(1000, rel=0.01)
    assert trail.end(Ending()).records[0].evidence == "hardware"


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("acuracy >= 0.9", PlanError, "did you mean 'accuracy'?"),
        ("accuracy >= 95", PlanError, "did you mean 'accuracy >= 0.95'?"),
        ("recall.eleven >= 0.5", PlanError, "the dataset has no class 'eleven'"),
        ("accuracy", MisuseError, "not a gate"),
        ("accuracy >= 0", PlanError, "this gate holds whatever is measured"),
    ],
)
def test_what_a_plan_may_not_say_a_test_may_not_either(stage, text, kind, words):
    dut, trail, _ = stage()
    run = dut.classify(digits(10))
    with pytest.raises(kind) as caught:
        run.gate(text)
    assert words in str(caught.value)
    assert run.gates == ()
    trail.end(Ending())


def test_a_gate_that_contradicts_an_earlier_one_is_refused(stage):
    dut, _, _ = stage()
    run = dut.classify(digits(10))
    run.gate("accuracy >= 0.9")
    with pytest.raises(PlanError, match="no run can keep both gates"):
        run.gate("accuracy <= 0.5", soft=True)


def test_any_metric_can_be_asked_for_and_the_words_are_a_plans(stage):
    dut, _, _ = stage()
    run = dut.classify(digits(40))
    assert run.metric("accuracy") == run.accuracy
    assert run.metric("lost_samples") == run.lost == 0
    assert 0.9 < run.metric("f1.macro") <= 1
    assert run.metric("recall.3") == 1
    assert {"agreement", "max_abs_diff"} <= {m.name for m in run.measurements}
    with pytest.raises(MisuseError, match="did you mean 'accuracy'"):
        run.metric("acuracy")
    with pytest.raises(NotMeasured, match="no time of an emulator is a measurement"):
        run.metric("latency_us.p99")


def test_decision_rules_are_a_plans(stage):
    dut, _, _ = stage()
    every = dut.classify(digits(40), decide={"rule": "threshold", "above": 0.99})
    assert every.metric("unknown_rate") > 0
    assert every.accuracy == every.metric("accuracy") < 1
    same = dut.classify(digits(40), decide="threshold > 0.99")
    assert (same.decisions == every.decisions).all()
    with pytest.raises(PlanError, match="the threshold is never passed"):
        dut.classify(digits(40), decide="threshold > 90")
    for nonsense in ("argmin", "threshold", {"rule": "threshold"}):
        with pytest.raises(MisuseError, match="this is no decision rule"):
            dut.classify(digits(40), decide=nonsense)


def test_outputs_that_are_no_classes_are_compared_without_labels_and_have_no_accuracy(stage):
    dut, trail, _ = stage()
    data = dataclasses.replace(digits(12), classes=(), labels=np.full(12, -1))
    run = dut.run(data, "digits_cnn_int8")
    run.gate("agreement == 1")
    assert run.agreement == 1
    assert "accuracy" not in repr(run)
    with pytest.raises(MisuseError, match="decides on no class"):
        _ = run.accuracy
    with pytest.raises(MisuseError, match="no measurement 'accuracy'"):
        run.metric("accuracy")
    with pytest.raises(PlanError, match="'raw' has no metric 'accuracy'"):
        run.gate("accuracy >= 0.5")
    with pytest.raises(PlanError, match="needs labels"):
        dut.classify(data, "digits_cnn_int8")
    with pytest.raises(PlanError, match="unknown task"):
        dut.run(data, task="rwa")
    (record,) = trail.end(Ending()).records
    assert (record.task, record.verdict) == ("raw", Verdict.PASS)


def test_a_task_of_ones_own_data_has_its_figures(stage):
    dut, _, _ = stage()
    wanted = np.eye(10, dtype=np.float32)[digits(12).labels]
    data = dataclasses.replace(digits(12), labels=np.full(12, -1), targets=wanted)
    run = dut.run(data, "digits_cnn_int8", task={"name": "multi_label", "options": {"threshold": 0.4}})
    assert run.metric("label_f1.macro") > 0.8
    with pytest.raises(MisuseError):
        run.metric("label_f1.twelve")


def test_stream_and_timeouts_are_a_plans(stage):
    dut, _, device = stage()
    dut.classify(digits(10), stream={"window": 1, "quiet": 3}, timeouts={"answer_s": 3})
    assert device.resets == 1
    dut.classify(digits(10), stream={"window": 2}, timeouts={"answer_s": 3})
    assert device.resets == 1  # nothing of the session's is another
    run = dut.classify(digits(40), samples=5, stream={"encoding": "raw"})
    assert device.resets == 2
    assert len(run.decisions) == 5
    with pytest.raises(MisuseError, match="did you mean 'window'"):
        dut.classify(digits(10), stream={"windows": 1})
    with pytest.raises(MisuseError, match="answer_s has a wrong value"):
        dut.classify(digits(10), timeouts={"answer_s": -1})


def test_a_crash_leaves_its_record_and_the_test_is_told_whose_fault_it_was(stage, tmp_path):
    dut, trail, _ = stage(inject=[Injection(Fault.CRASH, 5)])
    with pytest.raises(BoardFaultError) as caught:
        dut.classify(digits(20))
    left = trail.end(Ending("BoardFaultError"))
    record = read_record(tmp_path)
    assert left.records == (record,)
    assert record.verdict is Verdict.FAIL
    assert record.fault.pc == 0x0800_1234
    assert "5 of 20 samples had been answered by then" in record.reasons
    assert trail.broke == [(caught.value, record)]
    assert (tmp_path / "report.html").is_file()
    # And the unit is good for another try.
    assert dut.classify(digits(20)).accuracy > 0.9
    assert trail.end(Ending()).records[0].case_id.endswith(" #2")


def test_silence_that_is_the_rigs_is_a_bench_error_for_the_test(stage, tmp_path):
    # The image was read back, its core waits for bytes, and nothing has ever come: the line is the suspect.
    class Mute:
        def __init__(self, device):
            self.device = device

        def receive(self, data, now_s):
            self.device.receive(data, now_s)

        def send(self, now_s):
            self.device.send(now_s)
            return b""

        def next_due_s(self):
            return None

    dut, trail, _ = stage(around=Mute, core=CoreState.RESET)
    with pytest.raises(BenchError):
        dut.classify(digits(20))
    trail.end(Ending("BenchError"))
    record = read_record(tmp_path)
    assert record.verdict is Verdict.ERROR
    assert record.link is None
    assert any("held in reset" in reason for reason in record.reasons)


def test_what_broke_off_while_loading_has_a_record_too(stage, tmp_path):
    dut, trail, _ = stage(inject=[Injection(Fault.WRONG_MODEL)])
    with pytest.raises(DeviceError, match="model"):
        dut.load("digits_cnn_int8")
    trail.end(Ending("DeviceError"))
    record = read_record(tmp_path)
    assert (record.verdict, record.dataset) == (Verdict.FAIL, None)
    assert record.network.name == "digits_cnn_int8"


def test_reports_of_an_earlier_run_in_the_same_folder_do_not_outlive_it(stage, tmp_path):
    dut, trail, _ = stage()
    dut.classify(digits(5))
    dut.classify(digits(5))
    trail.end(Ending())
    trail.begin()
    assert not list(tmp_path.rglob("record.json"))


def test_a_gate_on_a_lost_or_damaged_input_counts_against_the_product(stage):
    dut, _, _ = stage(inject=[Injection(Fault.WRONG_INPUT, 3), Injection(Fault.ENGINE_ERROR, 4)])
    run = dut.classify(digits(20))
    assert run.accuracy == run.metric("accuracy") == 0.9
    assert run.agreement == run.metric("agreement") == 0.9


def test_what_the_firmware_prints_is_there_and_takes_nothing_from_the_stream(stage, tmp_path):
    dut, trail, device = stage(lie=lambda outputs, run: device.board.log(f"run {run}\n") or outputs)
    run = dut.classify(digits(20))
    assert (run.accuracy, run.lost, run.link.frames_bad) == (1, 0, 0)
    assert dut.console == tuple(f"run {number}" for number in range(20))
    assert dut.expect(r"run (1\d)\n")[1] == "10"
    assert dut.expect(r"run (1\d)\n")[1] == "11"
    device.board.log("late\n")
    assert dut.expect("late", timeout_s=1)
    (record,) = trail.end(Ending()).records
    assert record.console == tuple(f"run {number}" for number in range(20))


def test_the_record_of_a_use_has_the_lines_of_that_use(stage):
    dut, trail, device = stage(lie=lambda outputs, run: device.board.log(f"run {run}\n") or outputs)
    dut.classify(digits(30))
    dut.classify(digits(2))
    first, second = trail.end(Ending()).records
    assert first.console == tuple(f"run {number}" for number in range(10, 30))  # the last of them
    assert second.console == ("run 30", "run 31")


def test_text_between_the_frames_is_printing_too(stage):
    dut, _, _ = stage(inject=[Injection(Fault.NOISE, 3)])
    run = dut.classify(digits(20))
    assert (run.accuracy, run.lost) == (1, 0)
    assert run.link.frames_bad == 1  # to the wire it is damage, and is counted
    assert dut.console == ("assertion failed",)


def test_what_is_not_printed_in_time_is_told_with_the_last_lines(stage):
    dut, _, device = stage()
    dut.load("digits_cnn_int8")
    with pytest.raises(NotPrinted, match="nothing was printed"):
        dut.expect("ready", timeout_s=0.5)
    for number in range(20):
        device.board.log(f"step {number}\n")
    with pytest.raises(NotPrinted) as caught:
        dut.expect("ready", timeout_s=0.5)
    lines = str(caught.value).splitlines()
    assert lines[0] == "the firmware did not print 'ready' within 0.5 s"
    assert "the last 8 of 20 lines" in lines[1]
    assert lines[-1] == "step 19"
    assert len(lines) <= 15
    assert dut.classify(digits(10)).accuracy == 1


def test_a_crash_while_a_test_waits_for_text_is_the_firmwares(stage, tmp_path):
    dut, trail, device = stage()
    dut.load("digits_cnn_int8")
    device._crash(7, 0.0)
    with pytest.raises(DeviceError):
        dut.expect("ready", timeout_s=5)
    trail.end(Ending("DeviceError"))
    assert read_record(tmp_path).fault.pc == 0x0800_1234


def test_a_reset_begins_the_same_firmware_anew_and_the_unit_answers(stage):
    dut, _, device = stage()
    for verb in (dut.reset, lambda: dut.expect("x")):
        with pytest.raises(MisuseError, match="needs a firmware that we know"):
            verb()
    dut.classify(digits(5))
    before, boots = device.resets, device.board.hello.boot
    dut.reset()
    assert device.resets == before + 1
    assert device.board.hello.boot != boots
    assert dut.model.name == "digits_cnn_int8"
    assert dut.classify(digits(5)).accuracy == 1
    assert device.resets == before + 1


def own_model(project, name, dataset):
    folder = project / "models" / name
    shutil.copytree(load_model("digits_cnn_int8").path.parent, folder)
    toml = folder / "model.toml"
    text = toml.read_text().replace('name = "digits_cnn_int8"', f'name = "{name}"')
    toml.write_text(text.replace('dataset = "digits"\ntrain_split', f'dataset = "{dataset}"\ntrain_split'))


def test_without_a_model_the_projects_own_for_that_data_set_comes_before_a_shipped_one(stage, tmp_path):
    project = tmp_path / "project"
    (project / "testplans").mkdir(parents=True)  # what the root of a project has
    own_model(project, "zz_ours", "digits")
    own_model(project, "aa_other", "birds")
    (project / "models" / "broken").mkdir()
    (project / "models" / "broken" / "model.toml").write_text("no toml [")
    tests = project / "tests"
    tests.mkdir()
    dut, trail, _ = stage(base=tests)
    dut.classify(digits(5))
    assert dut.model.name == "zz_ours"
    assert trail.end(Ending()).records[0].model == "zz_ours"


def test_without_one_it_says_which_there_are(stage, tmp_path):
    own_model(tmp_path, "ours", "birds")
    dut, _, _ = stage(base=tmp_path)
    with pytest.raises(MisuseError) as caught:
        dut.classify(dataclasses.replace(digits(5), name="planets"))
    assert "no model was made for the dataset 'planets'" in str(caught.value)
    assert "known: ours, " in str(caught.value)  # the project's first

"""Plans: what is read, what is refused, and where the message points."""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import PlanError
from harness.paths import shipped
from harness.plans import ArgmaxRule, ThresholdRule, discover, load
from harness.plans.continuous import MajorityRule
from harness.plans.load import parse_plan, reading
from harness.plans.mistakes import PlanMistakes

GOOD = """\
name: demo
boards: [nucleo_f446re]
models: [first, second]
dataset:
  name: digits
  samples: 100
decide: {rule: argmax}
gates:
  - accuracy >= 0.95
  - {metric: latency_us.p99, op: "<=", limit: 30000, needs: hardware}
  - {gate: agreement == 1.0, models: [first]}
tags: [smoke]
"""


def complaint(text: str) -> PlanError:
    with pytest.raises(PlanError) as caught:
        parse_plan(text, "demo.yaml")
    return caught.value


def refusal(text: str) -> str | None:
    """Where a ``PlanError`` points; None for a plan. Anything else that is raised fails the test."""
    try:
        parse_plan(text, "any.yaml")
    except PlanError as error:
        return error.where
    return None


def said(text: str) -> str:
    """What is told of a text; nothing of a plan."""
    try:
        parse_plan(text, "demo.yaml")
    except PlanError as error:
        return str(error)
    return ""


def test_a_plan_says_what_its_text_says() -> None:
    plan = parse_plan(GOOD, "demo.yaml")
    assert (plan.name, plan.boards, plan.model_names) == ("demo", ("nucleo_f446re",), ("first", "second"))
    assert (plan.dataset.name, plan.dataset.split, plan.dataset.samples) == ("digits", "test", 100)
    assert plan.decide == ArgmaxRule()
    assert plan.reference == "litert"
    assert [gate.text() for gate in plan.gates] == [
        "accuracy >= 0.95",
        "latency_us.p99 <= 30000 needs hardware",
        "agreement == 1",
    ]


def test_a_gate_limited_to_models_is_for_those_alone() -> None:
    plan = parse_plan(GOOD, "demo.yaml")
    assert "agreement" in {gate.metric for gate in plan.gates_for("first")}
    assert "agreement" not in {gate.metric for gate in plan.gates_for("second")}


def test_short_forms_mean_the_long_ones() -> None:
    short = "name: a\nboard: b\nmodel: m\ndataset: digits\ndecide: argmax\n"
    long = "name: a\nboards: [b]\nmodels: [m]\ndataset: {name: digits}\ndecide: {rule: argmax}\n"
    assert parse_plan(short, "x") == parse_plan(long, "x")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("{tag: release-1.4}", "release-1.4"),
        ("{run: 3f2a9c}", "3f2a9c"),
        ("{path: reports/one}", "/plans/reports/one"),
        ("3f2a9c", "3f2a9c"),
        ("../reports", "/plans/../reports"),
    ],
)
def test_a_baseline_is_a_tag_a_run_or_a_path_from_where_the_plan_stands(written: str, expected: str) -> None:
    plan = parse_plan(f"{GOOD}baseline: {written}\n", "demo.yaml")
    assert plan.baseline is not None
    assert plan.baseline.reference(Path("/plans")) == expected


@pytest.mark.parametrize("written", ["{}", "{tag: a, run: b}", "{tog: a}", "[a]", "''"])
def test_what_is_no_baseline_is_refused_at_its_line(written: str) -> None:
    with pytest.raises(PlanError, match=r"demo.yaml:\d+:baseline"):
        parse_plan(f"{GOOD}baseline: {written}\n", "demo.yaml")


def test_a_plan_without_a_word_of_baselines_reads_as_before() -> None:
    plan = parse_plan(GOOD, "demo.yaml")
    assert plan.baseline is None
    assert not any(gate.is_relative or gate.severity == "warn" for gate in plan.gates)


def test_a_threshold_rule_keeps_its_numbers() -> None:
    text = GOOD.replace("{rule: argmax}", "{rule: threshold, above: 0.8, inclusive: true}")
    assert parse_plan(text, "x").decide == ThresholdRule(rule="threshold", above=0.8, inclusive=True)


def test_yes_and_no_are_words_and_1e_minus_6_is_a_number() -> None:
    plan = parse_plan(GOOD.replace("[smoke]", "[yes, no, on]").replace("limit: 30000", "limit: 1e-6"), "x")
    assert plan.tags == ("yes", "no", "on")
    assert plan.gates[1].limit == 1e-6


@pytest.mark.parametrize(
    ("old", "new", "where", "says"),
    [
        ("boards:", "baords:", "demo.yaml:2:baords", "did you mean 'boards'?"),
        ("  samples:", "  sampels:", "demo.yaml:6:dataset.sampels", "did you mean 'samples'?"),
        ("samples: 100", "samples: 0", "demo.yaml:6:dataset.samples", "1 or more"),
        ("samples: 100", "samples: '100'", "demo.yaml:6:dataset.samples", "a whole number"),
        ("rule: argmax", "rule: argmix", "demo.yaml:7:decide.rule", "argmax"),
        ("{rule: argmax}", "{rule: threshold}", "demo.yaml:7:decide.above", "add 'above'"),
        ("accuracy >= 0.95", "accuracy => 0.95", "demo.yaml:9:gates[0]", "METRIC OP NUMBER"),
        ("limit: 30000", "limt: 30000", "demo.yaml:10:gates[1].limt", "did you mean 'limit'?"),
        ('op: "<="', 'op: "=<"', "demo.yaml:10:gates[1].op", "=<"),
        ("models: [first]}", "models: [third]}", "demo.yaml:11:gates[2].models", "third"),
        ("needs: hardware", "needs: luck", "demo.yaml:10:gates[1].needs", "hardware"),
        ("name: demo\n", "", "demo.yaml:1:name", "add 'name'"),
        ("name: demo\n", "name: ../demo\n", "demo.yaml:1:name", "a name of a-z"),
        ("tags: [smoke]", "name: again", "demo.yaml:12:name", "remove one of the two"),
        ("rule: argmax", "rule: argmxa", "demo.yaml:7:decide.rule", "did you mean 'argmax'?"),
        ("needs: hardware", "needs: hardwre", "demo.yaml:10:gates[1].needs", "did you mean 'hardware'?"),
        ("tags: [smoke]", "stream: {window: true}", "demo.yaml:12:stream.window", "a whole number"),
        ("tags: [smoke]", "stream: {encoding: atuo}", "demo.yaml:12:stream.encoding", "did you mean 'auto'?"),
        ("rule: argmax", "rule: threshold, above: 1, inclusive: 1", "demo.yaml:7:decide.inclusive", "true or false"),
        ("tags: [smoke]", "timeouts: {case_s: soon}", "demo.yaml:12:timeouts.case_s", "a number"),
        ("tags: [smoke]", "tags: {a: b}", "demo.yaml:12:tags", "a list"),
        (
            "samples: 100",
            "options: {a: {b: 1}}",
            "demo.yaml:6:dataset.options.a",
            "text or a whole number or a number or true",
        ),
        ("tags: [smoke]", "origin: /tmp", "demo.yaml:12:origin", "origin"),
        ("tags: [smoke]", "places: {a: b}", "demo.yaml:12:places", "places"),
        ("tags: [smoke]", "min_samples: 0", "demo.yaml:12:min_samples", "1 or more"),
        ("tags: [smoke]", "min_samples: 101", "demo.yaml:12:min_samples", "dataset.samples is 100"),
        ("tags: [smoke]", "tags: &a [smoke]", "demo.yaml:12", "&a"),
        ("tags: [smoke]", "tags: !!python/name:os.system x", "demo.yaml:12:tags", "python/name"),
        ("tags: [smoke]", "tags: [smoke", "demo.yaml:13", "expected"),
        ("boards: [nucleo_f446re]", "boards: []", "demo.yaml:2:boards", "at least one"),
        ("[first, second]", "[first, first]", "demo.yaml:3:models", "first"),
    ],
)
def test_a_mistake_is_refused_with_its_line_and_a_next_step(old: str, new: str, where: str, says: str) -> None:
    assert old in GOOD
    error = complaint(GOOD.replace(old, new))
    assert error.where == where
    assert says in str(error)


SEVERAL = """\
name: demo
board: nucleo_f446re
modles: [first]
dataset: {name: digits, sampels: 10, split: 3}
decide: {rule: threshold, above: high}
gates:
  - accuracy => 0.9
  - accuracy >= 0.9
  - {metric: rmse, op: "<=", limt: 1}
min_samples: true
"""


def test_all_that_is_wrong_is_told_at_once_a_line_each_in_the_order_of_the_file() -> None:
    error = complaint(SEVERAL)
    assert isinstance(error, PlanMistakes)
    first, *lines = str(error).splitlines()
    assert first == f"{len(lines)} mistakes in demo.yaml"
    assert [re.sub(r"^  demo.yaml:(\d+:[^:]+): .*", r"\1", line) for line in lines] == [
        "3:modles",
        "4:dataset.split",
        "4:dataset.sampels",
        "5:decide.above",
        "7:gates[0]",
        "9:gates[2].limt",
        "10:min_samples",
    ]
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_what_is_right_of_a_wrong_plan_is_kept_at_its_lines(tmp_path: Path) -> None:
    path = tmp_path / "demo.yaml"
    path.write_text(SEVERAL)
    plan, wrong = reading(path)
    assert len(wrong) == 7
    assert plan.model_fields_set - {"origin", "places"} == {"name", "boards", "dataset", "gates"}
    assert (plan.boards, plan.dataset.name, plan.models) == (("nucleo_f446re",), "digits", ())
    assert [plan.where_gate(gate) for gate in plan.gates] == [f"{path}:8:gates[1]"]


def test_parts_that_contradict_each_other_are_told_beside_what_is_wrong_elsewhere() -> None:
    text = GOOD.replace("[first]}", "[third]}").replace("[smoke]", "[smoke]\nmin_samples: 101\ntitel: a")
    assert [error.where for error in complaint(text).each] == [
        "demo.yaml:11:gates[2].models",
        "demo.yaml:13:min_samples",
        "demo.yaml:14:titel",
    ]
    wrong = GOOD.replace("[first]}", "[third]}").replace("[first, second]", "[first, 3]")
    assert complaint(wrong).where == "demo.yaml:3:models[1]"


def test_a_file_of_another_kind_is_told_in_a_page() -> None:
    error = complaint(GOOD + "".join(f"key{i}: 1\n" for i in range(5000)))
    assert len(str(error).splitlines()) == 22
    assert "and 4980 more" in str(error)


def test_no_complaint_speaks_of_pydantics_types() -> None:
    for key in ("name", "boards", "models", "dataset", "decide", "gates", "min_samples", "timeouts", "stream", "tags"):
        for value in ("3", "true", "3.5", "''", "[]", "[[]]", "{}", "{a: {b: c}}", "[{a: 1}]", "~", "[~]"):
            told = said(re.sub(rf"(?m)^{key}:.*(\n .*)*\n", "", GOOD) + f"{key}: {value}\n")
            assert not re.search(r"nput should|alid (str|int|num|bool|tup|dict)|ModelSpec|_type|tuple", told), told


def test_confidence_with_equality_is_refused() -> None:
    assert "confidence" in str(complaint(GOOD.replace("accuracy >= 0.95", "accuracy == 0.95 confidence 0.95")))


@pytest.mark.parametrize("text", ["", "just words", "- a\n- b\n", "---\na: 1\n---\nb: 2\n", "? [a]\n: b\n", "\x00"])
def test_what_is_no_mapping_is_refused(text: str) -> None:
    complaint(text)


@pytest.mark.parametrize(
    "text", ["a: " + "[" * 3000 + "]" * 3000, "[" * 10_000, "{" * 10_000, "- " * 10_000, "[\n" * 10_000]
)
def test_a_plan_nested_without_end_is_refused(text: str) -> None:
    assert "deep" in complaint(text).what


def test_too_deep_a_plan_is_refused_at_the_level_that_is_too_deep(monkeypatch: pytest.MonkeyPatch) -> None:
    # The scanner's work for each token grows with the depth: 10 kB of brackets, read to their end, took 84 s.
    taken = []
    whole = yaml.parse

    def counted(*arguments: object, **keywords: object) -> Iterator[yaml.Event]:
        for event in whole(*arguments, **keywords):
            taken.append(event)
            yield event

    monkeypatch.setattr(yaml, "parse", counted)
    complaint("[" * 10_000)
    assert len(taken) < 50


@given(st.text(max_size=200))
@settings(max_examples=150)
def test_any_text_is_a_plan_or_a_plan_error(text: str) -> None:
    assert refusal(text) is None or str(refusal(text)).startswith("any.yaml:")


@given(st.integers(0, len(GOOD)), st.integers(0, 12), st.text(alphabet=":{}[]&*!|>%@`-#,\"'\n\t x0.", max_size=6))
@settings(max_examples=300)
def test_a_damaged_plan_is_a_plan_or_a_plan_error(at: int, cut: int, put: str) -> None:
    where = refusal(GOOD[:at] + put + GOOD[at + cut :])
    assert where is None or where.startswith("any.yaml:")


def test_a_missing_plan_names_its_neighbours(tmp_path: Path) -> None:
    (tmp_path / "digits.yaml").write_text(GOOD)
    with pytest.raises(PlanError, match=r"did you mean 'digits\.yaml'"):
        load(tmp_path / "digit.yaml")


def test_a_loaded_plan_knows_its_file_and_does_not_save_it(tmp_path: Path) -> None:
    path = tmp_path / "demo.yaml"
    path.write_text(GOOD)
    plan = load(path)
    assert plan.origin == path
    assert not {"origin", "places"} & plan.model_dump().keys()


def test_a_loaded_plan_knows_the_line_of_each_of_its_parts(tmp_path: Path) -> None:
    path = tmp_path / "demo.yaml"
    path.write_text(GOOD)
    plan = load(path)
    assert [plan.where_gate(gate) for gate in plan.gates] == [
        f"{path}:{line}:gates[{index}]" for index, line in enumerate((9, 10, 11))
    ]
    assert plan.where("dataset.samples") == f"{path}:6:dataset.samples"
    assert plan.where("dataset.options.source") == f"{path}:4:dataset"
    assert plan.where("reference") == str(path)
    assert parse_plan(GOOD, "x").where("gates[0]") == "demo"


def test_bytes_that_are_not_utf8_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "demo.yaml"
    path.write_bytes(b"name: \xff\xfe")
    with pytest.raises(PlanError, match="cannot be read"):
        load(path)


def test_discover_finds_plans_in_order_and_nothing_in_no_folder(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.yml", "notes.txt"):
        (tmp_path / name).write_text("")
    (tmp_path / "folder.yaml").mkdir()
    assert [path.name for path in discover(tmp_path)] == ["a.yml", "b.yaml"]
    assert discover(tmp_path / "none") == []


def test_every_shipped_plan_loads_and_is_named_as_its_file() -> None:
    found = discover(shipped("testplans"))
    assert {"digits", "mnist"} <= {path.stem for path in found}
    for path in found:
        assert load(path).name == path.stem


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("kws", ("kws", "", ())),
        ("../nets/KWS v2.tflite", ("kws_v2", "../nets/KWS v2.tflite", ())),
        ("nets/kws", ("kws", "nets/kws", ())),
        ("nets/kws/model.toml", ("kws", "nets/kws/model.toml", ())),
        ("kws.H5", ("kws", "kws.H5", ())),
        ("v1.2", ("v1.2", "", ())),
        ("{file: a.onnx, classes: [no, yes], name: b}", ("b", "a.onnx", ("no", "yes"))),
        ("{file: a.onnx}", ("a", "a.onnx", ())),
        ("{name: kws, classes: [no, yes]}", ("kws", "", ("no", "yes"))),
    ],
)
def test_a_model_is_a_name_a_path_or_a_file_with_its_classes(written: str, expected: tuple[object, ...]) -> None:
    text = f"name: a\nboard: b\nmodel: {written}\ndataset: digits\n"
    (model,) = parse_plan(text, "demo.yaml").models
    assert (model.name, model.file, model.classes) == expected
    assert type(model).model_validate(model.model_dump()) == model


@pytest.mark.parametrize(
    ("written", "where", "says"),
    [
        ("[Bad Name]", "demo.yaml:3:models[0]", "a model is a name, a path"),
        ("[{file: a.onnx, clases: [a]}]", "demo.yaml:3:models[0].clases", "did you mean 'classes'?"),
        ("[{file: a.onnx, classes: [x, x]}]", "demo.yaml:3:models[0].classes", "named twice: x"),
        ("[{classes: [a]}]", "demo.yaml:3:models[0]", "needs 'file'"),
        ("[{file: [a]}]", "demo.yaml:3:models[0].file", "text"),
        ("[a.onnx, b/a.tflite]", "demo.yaml:3:models", "named twice: a"),
        ("[../]", "demo.yaml:3:models[0]", "no name can be made"),
        ("[3]", "demo.yaml:3:models[0]", "a name, a path"),
    ],
)
def test_what_is_no_model_is_refused_at_its_line(written: str, where: str, says: str) -> None:
    text = f"name: a\nboard: b\nmodels: {written}\ndataset: digits\n"
    with pytest.raises(PlanError) as caught:
        parse_plan(text, "demo.yaml")
    assert caught.value.where == where
    assert says in str(caught.value)


PLAYED = GOOD.replace("accuracy >= 0.95", "hit_rate >= 0.95")


@pytest.mark.parametrize(
    ("text", "where", "next_step"),
    [
        ("continuous: {fontend: imu}", "continuous.fontend", "did you mean 'front_end'?"),
        ("continuous: {front_end: imu, rule: {oer: 3}}", "continuous.rule.name", "add 'name'"),
        (
            "continuous: {front_end: imu, rule: {name: average, abov: 3}}",
            "continuous.rule.abov",
            "did you mean 'above'?",
        ),
        ("continuous: {front_end: imu, sound_gate: {abov: 3}}", "continuous.sound_gate.abov", "did you mean 'above'?"),
        ("continuous: {front_end: imu, rule: majorty}", "continuous.rule.name", "did you mean 'majority'?"),
        ("continuous: {front_end: imu, rule: {above: 3}}", "continuous.rule.name", "add 'name'"),
        ("state: {rest: never}", "state.rest", "did you mean 'reset'?"),
        ("task: {nam: raw}", "task.nam", "did you mean 'name'?"),
        ("published: [{metrik: accuracy, value: 1}]", "published[0].metrik", "did you mean 'metric'?"),
    ],
)
def test_a_wrong_key_of_any_part_is_told_with_the_right_one(text: str, where: str, next_step: str) -> None:
    error = complaint(PLAYED + text + "\n")
    assert error.where
    assert error.where.endswith(f":{where}")
    assert error.next_step == next_step


def test_a_rule_is_the_usual_one_where_nothing_says_another() -> None:
    head = GOOD.replace("decide: {rule: argmax}\n", "")
    assert parse_plan(head + "decide: {output: scores}\n", "a.yaml").decide == ArgmaxRule(output="scores")
    for rule in ("{over: 3}", "{name: majority, over: 3}"):
        played = parse_plan(head + f"continuous: {{front_end: imu, rule: {rule}}}\n", "a.yaml").continuous
        assert played is not None
        assert played.rule == MajorityRule(over=3)
    error = complaint(head + "decide: {above: 0.8}\n")
    assert (error.expected, error.next_step) == ("decide.rule: argmax or threshold", "add 'rule'")


def test_a_mistake_elsewhere_makes_no_second_one_of_a_plan_that_plays() -> None:
    text = PLAYED.replace("{rule: argmax}", "{rule: threshold, above: .nan}") + "continuous: {front_end: imu}\n"
    assert (complaint(text).where or "").endswith(":decide.above")


def test_playing_and_its_task_go_together() -> None:
    assert (complaint(PLAYED + "task: detection\n").where or "").endswith(":task")
    error = complaint(PLAYED + "task: raw\ncontinuous: {front_end: imu}\n")
    assert "'raw'" in str(error)
    assert (error.where or "").endswith(":continuous")

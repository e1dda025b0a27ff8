"""The schema for editors is held against its own reader, and both against a validator that others wrote."""

import pytest
import yaml

from harness.errors import PlanError
from harness.paths import shipped
from harness.plans import discover
from harness.plans.jsonschema import json_schema
from harness.plans.load import parse_plan

jsonschema = pytest.importorskip("jsonschema", reason="pip install hil[dev]")

HEAD = "name: a\nboard: b\nmodel: m\ndataset: d\n"
RIGHT = [
    HEAD,
    "name: a\nboards: b\nmodels: [m, n]\ndataset: {name: d, split: s, samples: 3, options: {x: 1, y: z}}\n",
    HEAD + "decide: argmax\ntags: smoke\ntitle: t\ndescription: d\nreference: litert\nmin_samples: 4\n",
    HEAD + "decide: {rule: threshold, above: 1, inclusive: true}\n",
    HEAD + "gates: [accuracy >= 0.9, 'latency_us.p99 <= 3e4 needs hardware', rmse < 1e-6 confidence 0.95]\n",
    HEAD + "gates: [{metric: rmse, op: '<', limit: 1}, {gate: rmse < 1, models: [m], needs: hardware}]\n",
    HEAD + "timeouts: {build_s: 1.5}\nstream: {window: 2, quiet: 1, baud: 9600, encoding: raw}\n",
    HEAD + "task: raw\nstate: never\npublished: [{metric: accuracy, value: 1}]\n",
    HEAD + "decide: {output: scores}\n",
    HEAD + "continuous: {front_end: imu, rule: average}\n",
    HEAD + "continuous: {front_end: {name: imu, hop: 20}, rule: {over: 3}, sound_gate: {above: 4}}\n",
]
WRONG = [
    "name: a\n",
    HEAD + "boards: [c]\n",
    HEAD + "gate: [accuracy >= 0.9]\n",
    HEAD + "gates: [accuracy 0.9]\n",
    HEAD + "gates: [accuracy >= 0.9 in all]\n",
    HEAD + "gates: [{metric: rmse}]\n",
    HEAD + "gates: [{gate: rmse < 1, metric: rmse}]\n",
    HEAD + "decide: threshold\n",
    HEAD + "decide: {above: 1}\n",
    HEAD + "continuous: {front_end: imu, rule: median}\n",
    HEAD + "continuous: {front_end: imu, rule: {above: 200}}\n",
    HEAD + "timeouts: {build_s: 0}\n",
    HEAD + "timeouts: {built_s: 1}\n",
    HEAD + "stream: {window: 256}\n",
    HEAD + "min_samples: 0\n",
    HEAD + "origin: /x\n",
    HEAD.replace("name: a", "name: A b"),
    HEAD.replace("board: b", "boards: []"),
]


def accepted(text: str) -> bool:
    return jsonschema.Draft202012Validator(json_schema()).is_valid(yaml.safe_load(text))


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())


@pytest.mark.parametrize("text", [*RIGHT, *(p.read_text() for p in discover(shipped("testplans")))])
def test_what_a_plan_may_say_the_schema_takes(text: str) -> None:
    parse_plan(text, "a.yaml")
    assert accepted(text)


@pytest.mark.parametrize("text", WRONG)
def test_what_a_plan_cannot_say_the_schema_marks(text: str) -> None:
    with pytest.raises(PlanError):
        parse_plan(text, "a.yaml")
    assert not accepted(text)


def keys() -> list[tuple[str, dict]]:
    """Every key that a plan may have, with what the schema says of it."""
    schema = json_schema()
    return [
        (f"{title}.{key}", value)
        for title, each in (("plan", schema), *schema["$defs"].items())
        for key, value in each.get("properties", {}).items()
    ]


@pytest.mark.parametrize(("key", "value"), keys())
def test_each_key_is_described_in_a_sentence(key: str, value: dict) -> None:
    assert value.get("description", "").endswith("."), key

"""What a release file may say, and what is told of one that says something else."""

import json

import pytest
import yaml

from harness.errors import PlanError
from harness.paths import shipped
from harness.plans.load import load_release, parse_release
from harness.plans.mistakes import PlanMistakes
from harness.plans.releases import json_schema

jsonschema = pytest.importorskip("jsonschema", reason='pip install "hil[dev]"')

HEAD = 'name: "1.5"\nplans: [kws]\n'
RIGHT = [
    HEAD,
    HEAD + "title: t\ndescription: d\nevidence: any\nfresh: 7d\ncommit: any\nfalse_alarms: 0.01\n",
    HEAD + "baseline: release-1.4\n",
    HEAD + "baseline: {run: release-1.4, margin: 0.005}\n",
    HEAD + "dismissed: [{run: a1b2c3, reason: a loose cable}]\n",
    "name: a\nplans: [{plan: ../kws.yaml, boards: nucleo, models: [a, b], evidence: hardware, fresh: 12h, margin: 0.5}, far]\n",
]
WRONG = [
    ("name: a\n", "the key 'plans' is missing"),
    ("plans: [kws]\n", "the key 'name' is missing"),
    ("name: a\nplans: []\n", "expected at least one"),
    (HEAD + "fresh: 7 days\n", "a number and m, h, d or w"),
    (HEAD + "fersh: 7d\n", "did you mean 'fresh'?"),
    (HEAD + "evidence: emulated\n", "one of: hardware, any"),
    (HEAD + "commit: two\n", "one of: one, any"),
    (HEAD + "false_alarms: 0\n", "more than 0"),
    (HEAD + "baseline: {margin: 0.1}\n", "the key 'run' is missing"),
    (HEAD + "dismissed: [{run: a1b2c3}]\n", "the key 'reason' is missing"),
    (HEAD + "dismissed: [{run: abcd, reason: x}, {run: abcd, reason: y}]\n", "named twice: abcd"),
    ("name: a\nplans: [{plan: kws, board: nucleo}]\n", "did you mean 'boards'?"),
    ("name: a\nplans: [{boards: [nucleo]}]\n", "the key 'plan' is missing"),
    ("name: a\nplans: kws\n", "a list"),
    (HEAD + "origin: /x\n", "unknown key 'origin'"),
    ("- kws\n", "a release is a mapping of keys"),
    ("", "an empty file"),
    ("name: &x a\n", "a release has no anchors or aliases"),
    ("name: [\n", "the release is not readable YAML"),
]


def accepted(text):
    return jsonschema.Draft202012Validator(json_schema()).is_valid(yaml.safe_load(text))


@pytest.mark.parametrize("text", RIGHT)
def test_what_a_release_may_say_its_schema_takes(text):
    parse_release(text, "a.yaml")
    assert accepted(text)


@pytest.mark.parametrize(("text", "why"), WRONG)
def test_what_is_wrong_is_told_with_file_line_and_what_would_be_right(text, why):
    with pytest.raises(PlanError) as error:
        parse_release(text, "a.yaml")
    assert error.value.where.startswith("a.yaml:")
    assert why in " ".join(str(error.value).replace("expected:", "expected").split())


def test_several_mistakes_are_told_at_once():
    with pytest.raises(PlanMistakes) as error:
        parse_release("name: A b\nplans: [{plan: kws, fresh: soon}]\ncommit: no\n", "a.yaml")
    assert [one.where for one in error.value.each] == ["a.yaml:1:name", "a.yaml:2:plans[0].fresh", "a.yaml:3:commit"]


def test_short_forms_are_made_long():
    found = parse_release("name: a\nplans: [kws, {plan: far, boards: nucleo}]\nbaseline: x\n", "a.yaml")
    assert [one.plan for one in found.plans] == ["kws", "far"]
    assert found.plans[1].boards == ("nucleo",)
    assert (found.baseline.run, found.evidence, found.commit) == ("x", "hardware", "one")


def test_a_file_that_is_not_there_is_told_with_what_is(tmp_path):
    (tmp_path / "1.5.yaml").write_text(HEAD)
    with pytest.raises(PlanError, match=r"did you mean '1.5.yaml'"):
        load_release(tmp_path / "1.6.yaml")


def test_the_example_is_right_and_the_schema_beside_it_is_the_present_one():
    example = shipped("testplans") / "releases" / "example.yaml"
    assert load_release(example).origin == example
    assert accepted(example.read_text())
    assert json.loads((shipped("testplans") / "release.schema.json").read_text()) == json_schema()

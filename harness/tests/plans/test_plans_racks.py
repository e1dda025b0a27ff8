"""What a rack plan may say, and what is told of one that says something else."""

import json

import pytest
import yaml

from harness.errors import PlanError
from harness.paths import shipped
from harness.plans.load import is_rack_plan, load_rack_plan, parse_rack_plan
from harness.plans.mistakes import PlanMistakes
from harness.plans.racks import json_schema

jsonschema = pytest.importorskip("jsonschema", reason='pip install "hil[dev]"')

HEAD = "name: a\nrun: [digits]\n"
RIGHT = [
    HEAD,
    HEAD
    + "title: t\ndescription: d\nbench: ../rack1.yaml\nbudget: 90m\nretries: 0\nquarantined: check\nreport_dir: /nights\n",
    HEAD + "bench: labgrid://coordinator:20408/?rack=lab2\nstop_on: {fails: 3, errors: 10}\n",
    "name: a\nrun: [{plans: all, boards: 'nucleo*', models: [x, y], tags: fast, priority: -5, samples: 9, shards: auto}]\n",
    "name: a\nrun: [{plans: [long/*, ../b.yaml], shards: 4, baseline: release-1.4, spare: true}, digits]\n",
]
WRONG = [
    ("name: a\n", "the key 'run' is missing"),
    ("run: [digits]\n", "the key 'name' is missing"),
    ("name: a\nrun: []\n", "expected at least one"),
    (HEAD + "budget: 8 hours\n", "a number and m, h, d or w"),
    (HEAD + "bugdet: 8h\n", "did you mean 'budget'?"),
    (HEAD + "retries: 2\n", "1 or less"),
    (HEAD + "quarantined: yes\n", "one of: skip, check"),
    (HEAD + "stop_on: {failed: 1}\n", "unknown key 'failed'"),
    (HEAD + "stop_on: 3\n", "keys: fails, errors"),
    ("name: a\nrun: [{plan: digits}]\n", "did you mean 'plans'?"),
    ("name: a\nrun: [{plans: digits, priority: high}]\n", "a whole number"),
    ("name: a\nrun: [{plans: digits, shards: 1}]\n", "run[0].shards"),
    ("name: a\nrun: [7]\n", "the name of a plan"),
    (HEAD + "origin: /x\n", "unknown key 'origin'"),
    ("- digits\n", "a rack plan is a mapping of keys"),
    ("", "an empty file"),
    ("name: &x a\n", "a rack plan has no anchors or aliases"),
]


def accepted(text):
    return jsonschema.Draft202012Validator(json_schema()).is_valid(yaml.safe_load(text))


@pytest.mark.parametrize("text", RIGHT)
def test_what_a_rack_plan_may_say_its_schema_takes(text):
    parse_rack_plan(text, "a.yaml")
    assert accepted(text)


@pytest.mark.parametrize(("text", "why"), WRONG)
def test_what_is_wrong_is_told_with_file_line_and_what_would_be_right(text, why):
    with pytest.raises(PlanError) as error:
        parse_rack_plan(text, "a.yaml")
    assert error.value.where.startswith("a.yaml:")
    assert why in " ".join(str(error.value).replace("expected:", "expected").split())


def test_several_mistakes_are_told_at_once():
    with pytest.raises(PlanMistakes) as error:
        parse_rack_plan("name: A b\nrun: [{plans: kws, samples: 0}]\nretries: 9\n", "a.yaml")
    assert [one.where for one in error.value.each] == ["a.yaml:1:name", "a.yaml:2:run[0].samples", "a.yaml:3:retries"]


def test_short_forms_are_made_long():
    found = parse_rack_plan("name: a\nrun: [kws, {plans: far, boards: nucleo}]\n", "a.yaml")
    assert [one.plans for one in found.run] == [("kws",), ("far",)]
    assert (found.run[0].boards, found.run[1].boards) == (("all",), ("nucleo",))
    assert parse_rack_plan("name: a\nrun: all\n", "a.yaml").run[0].plans == ("all",)


def test_the_shipped_rack_plans_are_right_and_their_schema_is_the_one_of_now():
    folder = shipped("testplans")
    assert json.loads((folder / "rack.schema.json").read_text()) == json_schema()
    for path in (folder / "racks").glob("*.yaml"):
        assert load_rack_plan(path).origin == path
        assert path.read_text().startswith("# yaml-language-server: $schema=../rack.schema.json\n")


def test_a_rack_plan_is_told_from_a_plan_by_its_folder_or_by_what_it_says(tmp_path):
    (tmp_path / "racks").mkdir()
    for name, text, is_one in (
        ("racks/a.yaml", "name: a\n", True),
        ("b.yaml", HEAD, True),
        ("c.yaml", "name: c\ndataset: digits\n", False),
        ("d.yaml", "name: [\n", False),
    ):
        (tmp_path / name).write_text(text)
        assert is_rack_plan(tmp_path / name) is is_one

"""The recipes for CI systems are what those systems take: their own published schemas say so, as others have packed them."""

import json
import re
from importlib import resources

import jsonschema
import pytest
import yaml
from page_blocks import blocks

from harness.plans.load import parse_plan

vendored = pytest.importorskip("check_jsonschema", reason="pip install hil[dev]")

FILES = {block.said["file"]: block for block in blocks("ci") if "file" in block.said}


def schema(name):
    folder = resources.files("check_jsonschema") / "builtin_schemas" / "vendor"
    return json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))


def errors(name, document):
    kind = jsonschema.validators.validator_for(schema(name))
    return [error.message for error in kind(schema(name)).iter_errors(document)]


@pytest.mark.parametrize(
    ("file", "name"), [(".github/workflows/hil.yml", "github-workflows"), (".gitlab-ci.yml", "gitlab-ci")]
)
def test_a_recipe_is_valid_and_the_schema_would_find_a_mistake(file, name):
    # To YAML 1.1, which PyYAML reads, the key `on` is a truth; GitHub and the schema read 1.2.
    document = {"on" if key is True else key: value for key, value in yaml.safe_load(FILES[file].text).items()}
    assert errors(name, document) == []
    broken = json.loads(json.dumps(document))
    job = broken.get("jobs", broken)["virtual-boards"]
    job["steps" if "steps" in job else "script"] = 7
    assert errors(name, broken)


def test_every_recipe_runs_the_same_and_keeps_cache_reports_and_junit():
    for file in (".github/workflows/hil.yml", ".gitlab-ci.yml", "Jenkinsfile"):
        text = FILES[file].text
        kept = "hil-reports/ci/summary.md" if "github" in file else "hil-reports/ci/junit.xml"
        for part in ("HIL_CACHE_DIR", "pip install -r requirements.txt", kept):
            assert part in text, f"{file} has no {part}"
        line = re.search(r"pytest --board.*?--report-dir hil-reports/ci", text)
        assert line, file
        assert line[0] in next(block.text for block in blocks("ci") if block.kind == "sh"), file


def test_the_jenkinsfile_is_a_declarative_pipeline_with_closed_braces():
    text = FILES["Jenkinsfile"].text
    path, seen = [], set()
    for line in text.splitlines():
        bare = re.sub(r"'[^']*'|\"[^\"]*\"", "", line)
        assert not re.search(r"['\"]", bare), f"a text is not closed: {line}"
        for word, brace in re.findall(r"(\w*)[ ()]*([{}])", bare):
            if brace == "{":
                path.append(word)
                seen.add("/".join(path))
            else:
                path.pop()
    assert path == []
    assert {"pipeline/agent", "pipeline/stages/stage/steps", "pipeline/post/always"} <= seen


def test_the_plan_of_the_page_is_one():
    parse_plan(FILES["testplans/smoke.yaml"].text, "smoke.yaml")

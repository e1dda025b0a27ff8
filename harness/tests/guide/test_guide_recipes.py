"""The recipes for CI systems are what those systems take: their own published schemas say so, as others have packed them."""

import configparser
import json
import re
import shutil
import subprocess
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


NIGHTS = (".github/workflows/nightly.yml", "nightly/.gitlab-ci.yml", "nightly/Jenkinsfile")


@pytest.mark.parametrize(("file", "name"), [(NIGHTS[0], "github-workflows"), (NIGHTS[1], "gitlab-ci")])
def test_a_nights_recipe_is_valid_and_the_schema_would_find_a_mistake(file, name):
    document = {"on" if key is True else key: value for key, value in yaml.safe_load(FILES[file].text).items()}
    assert errors(name, document) == []
    broken = json.loads(json.dumps(document))
    job = broken.get("jobs", broken)["rack1" if "jobs" in broken else "nightly"]
    job["steps" if "steps" in job else "script"] = 7
    assert errors(name, broken)


def test_every_nights_recipe_runs_the_shipped_rack_plan_with_options_that_there_are_and_keeps_history_and_reports():
    from harness.cli.tree import commands
    from harness.farm.nightly.begin import find

    (command,) = (each for each in commands() if each.name == "hil nightly")
    known = {word for parameter in command.parameters for word in re.findall(r"--[a-z-]+", parameter.usage)}
    for file in NIGHTS:
        text = FILES[file].text.replace("\\\n", " ")
        (line,) = re.findall(r"(?:hil|\$HIL) (nightly [^'\n]+)", text)
        assert find(line.split()[1]).is_file()
        assert {word for word in line.split() if word.startswith("--")} <= known
        assert "sqlite:////home/hil/history.db" in text
        assert "hil-reports" in text
        assert "junit" in text or "GITHUB_STEP_SUMMARY" in text


def test_githubs_runner_reaches_the_night_itself_when_it_cancels():
    """It signals the step's first process alone (its documentation, in actions/runner issue 1309): a shell keeps that to itself."""
    (run,) = (
        step["run"]
        for step in yaml.safe_load(FILES[NIGHTS[0]].text)["jobs"]["rack1"]["steps"]
        if "nightly" in step.get("run", "")
    )
    assert run.startswith("exec /home/hil/venv/bin/hil nightly ")


def test_a_jenkins_build_keeps_its_own_night_and_not_those_of_the_workspace_before():
    assert '"hil-reports/${env.BUILD_NUMBER}/**"' in FILES["nightly/Jenkinsfile"].text


def test_a_runner_is_set_up_in_ten_lines_each_with_what_the_ones_before_have_made():
    (block,) = (each for each in blocks("ci") if each.kind == "sh" and "useradd" in each.text)
    lines = block.text.strip().splitlines()
    assert len(lines) == 10
    uses = {
        "venv/bin/hil": "pip install",
        "pip install -r requirements.txt": "cp requirements.txt",
        "config.sh": "tar xz",
    }
    for used, made in uses.items():
        first = next(at for at, line in enumerate(lines) if used in line)
        assert any(made in line for line in lines[: first + (used == made)]), f"line {first + 1} needs {made!r}"


def directives(text):
    """The blocks of a declarative pipeline by their path, each text closed and each brace too."""
    path, seen = [], set()
    for line in text.splitlines():
        bare = re.sub(r"'[^']*'|\"[^\"]*\"", "", line)
        assert not re.search(r"['\"]", bare), f"a text is not closed: {line}"
        assert bare.count("(") == bare.count(")"), line
        for word, brace in re.findall(r"(\w*)(?:\([^)]*\))?\s*([{}])", bare):
            if brace == "{":
                path.append(word)
                seen.add("/".join(path))
            else:
                path.pop()
    assert path == []
    return seen


#: What Jenkins' declarative syntax knows at each place, of what a recipe may need.
DECLARATIVE = {
    "pipeline": {"agent", "triggers", "options", "environment", "stages", "post", "tools", "parameters"},
    "pipeline/stages": {"stage"},
    "pipeline/stages/stage": {"steps", "agent", "when", "environment", "post", "options"},
    "pipeline/post": {"always", "success", "failure", "unstable", "aborted", "cleanup"},
}


@pytest.mark.parametrize("file", ["Jenkinsfile", "nightly/Jenkinsfile"])
def test_every_block_of_a_jenkinsfile_is_a_directive_at_its_place(file):
    seen = directives(FILES[file].text)
    assert {"pipeline/agent", "pipeline/stages/stage/steps", "pipeline/post/always"} <= seen
    for each in seen - {"pipeline"}:
        above, _, word = each.rpartition("/")
        assert word in DECLARATIVE.get(above, {word}), f"{file}: {each}"


def test_a_misspelt_directive_would_be_found():
    seen = directives(FILES["nightly/Jenkinsfile"].text.replace("post {", "posts {"))
    assert "pipeline/posts" in seen
    assert "posts" not in DECLARATIVE["pipeline"]


UNITS = {block.said["file"]: block for block in blocks("nightly") if block.kind == "ini"}
#: The keys that we use, each as systemd.unit(5), systemd.service(5), systemd.exec(5), systemd.kill(5) and systemd.timer(5) have it.
SYSTEMD = {
    "Unit": {"Description", "Wants", "After", "OnFailure"},
    "Service": {
        "Type", "User", "WorkingDirectory", "Environment", "ExecStart", "TimeoutStartSec", "KillMode", "TimeoutStopSec",
    },
    "Timer": {"OnCalendar", "Persistent"},
    "Install": {"WantedBy"},
}  # fmt: skip


def test_the_units_for_systemd_have_sections_and_keys_that_it_knows():
    assert set(UNITS) == {"hil-nightly.service", "hil-nightly.timer"}
    for name, block in UNITS.items():
        parser = configparser.ConfigParser(interpolation=None, strict=True)
        parser.optionxform = str
        parser.read_string(block.text)
        for section in parser.sections():
            assert set(parser[section]) <= SYSTEMD[section], f"{name}: [{section}]"
    assert "KillMode=mixed" in UNITS["hil-nightly.service"].text  # the night ends its cases itself


def test_systemd_itself_takes_its_units(tmp_path):
    tool = shutil.which("systemd-analyze")
    if tool is None:
        pytest.skip("systemd-analyze is not here")
    for name, block in UNITS.items():
        # It looks whether the program is there and runs; that it is hil is the reader's business.
        (tmp_path / name).write_text(
            block.text.replace("/srv/rack/.venv/bin/hil", "/bin/true").replace("User=hil\n", "")
        )
    paths = [str(tmp_path / name) for name in UNITS]
    done = subprocess.run([tool, "verify", "--man=no", *paths], capture_output=True, text=True, timeout=60)
    told = [line for line in (done.stdout + done.stderr).splitlines() if "hil-nightly" in line]
    assert told == []
    (tmp_path / "hil-nightly.timer").write_text("[Timer]\nOnCalender=daily\n")
    broken = subprocess.run([tool, "verify", "--man=no", paths[1]], capture_output=True, text=True, timeout=60)
    assert "hil-nightly" in broken.stdout + broken.stderr


def test_the_plan_of_the_page_is_one():
    parse_plan(FILES["testplans/smoke.yaml"].text, "smoke.yaml")

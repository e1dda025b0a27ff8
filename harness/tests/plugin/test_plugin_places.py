"""pytest run from any folder: its root, the plans that it finds, and what it says of them."""

import os
import re
import shlex
import shutil
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plugin_runs import BOARD, command, digits_plan, pytest_in

from harness.paths import shipped
from harness.plugin import options, words

RACK = f"units:\n  - board: {BOARD}\n    uid: '1234'\n    port: /dev/null\n"


def root(output):
    return next(line.removeprefix("rootdir: ") for line in output.splitlines() if line.startswith("rootdir: "))


@pytest.fixture
def project(tmp_path):
    """A project with a plan and an ini file, and a folder outside of it with an ini file of its own."""
    folder = tmp_path / "project"
    (folder / "src" / "deep").mkdir(parents=True)
    digits_plan(folder)
    (folder / "pytest.ini").write_text("[pytest]\n")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    (outside / "rack.yaml").write_text(RACK)
    (outside / "fw.elf").write_bytes(b"")
    return folder


@pytest.mark.parametrize(
    "arguments",
    [
        ("--bench", "../outside/rack.yaml"),
        ("--firmware", "../outside/fw.elf"),
        ("--report-dir", "../outside"),
        ("--resume", "../outside"),
        ("--bench", "../outside/rack.yaml", "--firmware", "../outside/fw.elf", "testplans/digits.yaml"),
    ],
    ids=" ".join,
)
def test_a_path_given_to_an_option_does_not_move_the_root(project, arguments):
    run = pytest_in(project, "--board", BOARD, "--collect-only", *arguments)
    assert run.returncode == 0, run.stdout + run.stderr
    assert root(run.stdout) == str(project)
    assert "configfile: pytest.ini" in run.stdout
    assert "1 test collected" in run.stdout


def test_plans_in_a_folder_long_run_by_their_path_alone(project):
    long = project / "testplans" / "long"
    long.mkdir()
    (project / "testplans" / "digits.yaml").rename(long / "hours.yaml")
    unasked = pytest_in(project, "--board", BOARD, "--collect-only")
    assert "hours" not in unasked.stdout
    asked = pytest_in(project, "--board", BOARD, "--collect-only", "testplans/long/hours.yaml")
    assert "1 test collected" in asked.stdout, asked.stdout + asked.stderr


def test_a_project_below_a_folder_of_that_name_is_looked_into_all_the_same(tmp_path):
    from harness.plugin import ours, search

    assert search.is_looked_into(tmp_path / "long" / "testplans" / "audio")
    assert not search.is_looked_into(tmp_path / "testplans" / "long" / "audio")
    assert not search.is_looked_into(tmp_path / "testplans" / "benches")
    assert not search.is_looked_into(tmp_path / "testplans" / "releases")
    assert not search.is_looked_into(tmp_path / "testplans" / "racks")
    assert not ours.is_plan(tmp_path / "testplans" / "racks" / "nightly.yaml")
    assert not search.is_looked_into(tmp_path / "long")


def test_nor_does_one_of_the_environment(project):
    run = pytest_in(project, "--board", BOARD, "--collect-only", PYTEST_ADDOPTS="--bench ../outside/rack.yaml")
    assert run.returncode == 0, run.stdout + run.stderr
    assert root(run.stdout) == str(project)


def test_nor_on_a_worker_of_xdist(project):
    (project / "test_root.py").write_text(
        f"def test_root(pytestconfig):\n    assert str(pytestconfig.rootpath) == {str(project)!r}\n"
    )
    run = pytest_in(project, "-n", "1", "--report-dir", "../outside", "test_root.py")
    assert "1 passed" in run.stdout, run.stdout + run.stderr


def test_a_program_that_calls_pytest_is_told_how_to_write_it_and_goes_on_living(project):
    code = (
        "import pytest, sys\n"
        "code = pytest.main(['-p', 'harness.plugin', '--collect-only', '--bench', '../outside/rack.yaml'])\n"
        "print('alive', int(code))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=project, capture_output=True, text=True, timeout=120)
    assert "write --bench=../outside/rack.yaml as one word" in done.stderr
    assert "alive 4" in done.stdout


def test_an_installation_in_place_runs_its_plans_from_an_empty_folder_and_says_so(tmp_path):
    run = pytest_in(tmp_path, "--board", BOARD, "--collect-only")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "digits.yaml" in run.stdout
    assert f"in {shipped('testplans')} (they come with hil" in run.stdout
    assert root(run.stdout) == str(tmp_path)


def test_plans_are_looked_for_from_where_the_user_stands(project):
    run = pytest_in(project / "src" / "deep", "--board", BOARD, "--collect-only")
    assert f"hil: plans: digits.yaml in {project / 'testplans'}" in run.stdout
    assert "1 test collected" in run.stdout


def test_the_folder_of_plans_itself_is_a_place_to_stand(project):
    run = pytest_in(project / "testplans", "--board", BOARD, "--collect-only")
    assert "1 test collected" in run.stdout, run.stdout + run.stderr


def test_the_ini_files_testpaths_are_looked_into_and_both_folders_are_said(project):
    (project / "pytest.ini").write_text("[pytest]\ntestpaths = hw*\n")
    (project / "hwtests" / "testplans").mkdir(parents=True)
    shutil.copy(project / "testplans" / "digits.yaml", project / "hwtests" / "testplans" / "more.yaml")
    run = pytest_in(project, "--board", BOARD, "--collect-only")
    assert f"hil: plans: digits.yaml in {project / 'testplans'}" in run.stdout
    assert f"hil: plans: more.yaml in {project / 'hwtests' / 'testplans'}" in run.stdout
    assert "2 tests collected" in run.stdout


def test_a_board_that_no_plan_is_for_is_refused_with_what_there_is(project):
    run = pytest_in(project, "--board", "nucleo_l476rg", "--collect-only")
    assert run.returncode == 4
    assert "no plan is for nucleo_l476rg" in run.stderr
    assert "digits.yaml for nucleo_f446re" in run.stderr
    assert len((run.stdout + run.stderr).strip().splitlines()) <= 12


def test_beside_one_that_a_plan_is_for_it_is_said(project):
    run = pytest_in(project, "--board", "nucleo_l476rg", "--board", BOARD, "--collect-only")
    assert run.returncode == 0
    assert "hil: no plan is for nucleo_l476rg; there is: digits.yaml for nucleo_f446re" in run.stdout


def test_an_option_and_its_value_become_one_word_and_nothing_else_does():
    names = options.WITH_VALUE
    assert words.joined(["-q", "--bench", "a b", "x.yaml"], names) == ["-q", "--bench=a b", "x.yaml"]
    assert words.joined(["--bench=a", "--firmware"], names) == ["--bench=a", "--firmware"]
    assert words.joined(["--", "--bench", "a"], names) == ["--", "--bench", "a"]


@given(st.lists(st.sampled_from(["--bench", "--bench=x", "--", "x", "-q", "--firmware"])))
def test_joining_twice_changes_nothing_more(line):
    once = words.joined(line, {"--bench"})
    assert "".join(once).replace("=", "") == "".join(line).replace("=", "")
    assert words.joined(shlex.split(shlex.join(once)), {"--bench"}) == once


def test_every_option_of_ours_that_takes_a_value_is_known_to_be_one(tmp_path):
    done = subprocess.run(
        command("--help"), cwd=tmp_path, capture_output=True, text=True, env=os.environ | {"COLUMNS": "200"}
    )
    ours = done.stdout.partition("options of hil:")[2].partition("\n\n")[0]
    with_value = {
        name for line in ours.splitlines() if line.startswith("  --") for name in re.findall(r"(--[\w-]+)=", line)
    }
    assert with_value == options.WITH_VALUE

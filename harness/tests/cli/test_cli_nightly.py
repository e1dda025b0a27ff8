"""`hil nightly` from the outside: what it would run, and what it says of a call that is wrong."""

import json

import pytest

from harness.cli import main

PLAN = "name: {name}\nboards: [nucleo_f446re]\nmodels: [digits_cnn_int8]\ndataset: digits\ngates: [accuracy >= 0.9]\n"


@pytest.fixture
def hil(tmp_path, monkeypatch, capsys):
    """Call it in a project with two plans and a rack plan; (exit status, output, errors)."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "testplans" / "racks").mkdir(parents=True)
    for name in ("a", "b"):
        (tmp_path / "testplans" / f"{name}.yaml").write_text(PLAN.format(name=name))
    (tmp_path / "testplans" / "racks" / "mine.yaml").write_text(
        "name: mine\nbudget: 8h\nrun: [b, {plans: a, priority: 5}]\n"
    )

    def called(*arguments):
        with pytest.raises(SystemExit) as end:
            main(list(arguments))
        said = capsys.readouterr()
        return end.value.code, said.out, said.err

    return called


def test_a_dry_run_says_what_would_be_run_in_its_order_and_leaves_nothing(hil, tmp_path):
    status, out, _ = hil("nightly", "mine", "--dry-run", "--jobs", "3", "--budget", "90m")
    assert status == 0
    assert out.index("a/nucleo_f446re") < out.index("b/nucleo_f446re")
    assert "2 cases on virtual boards, 3 at once, budget 1 h 30 min" in out
    assert not (tmp_path / "hil-reports").exists()


def test_a_dry_run_tells_the_plans_that_are_wrong(hil, tmp_path):
    (tmp_path / "testplans" / "b.yaml").write_text("name: b\n")
    status, out, _ = hil("nightly", "mine", "--dry-run")
    assert status == 3
    assert "b.yaml: wrong:" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "no rack plan is named"),
        (["nosuch"], "there is no rack plan 'nosuch'"),
        (["mine", "--budget", "soon"], "this is no age"),
        (["mine", "--bench", "nosuch.yaml"], "there is no such bench file"),
        (["mine", "--bench", "ftp://host"], "no bench is reached by 'ftp'"),
        (["--resume", "nosuch"], "there is no night that could be gone on with"),
        (["--resume", ".", "--report-dir", "x"], "a night that is gone on with stays where it is"),
        (["--resume", "."], "this is no night that could be gone on with"),
    ],
)
def test_a_call_that_is_wrong_is_told_and_nothing_is_left(hil, tmp_path, arguments, said):
    status, _, err = hil("nightly", *arguments)
    assert status == 3
    assert said in err
    assert "next:" in err or "expected:" in err
    assert not (tmp_path / "hil-reports").exists()


def test_plan_check_reads_a_rack_plan_and_the_plans_that_it_names(hil, tmp_path):
    path = "testplans/racks/mine.yaml"
    status, out, _ = hil("plan", "check", path)
    assert (status, out.splitlines()) == (0, [f"{path}: right", "  2 cases, 2 plans, 1 boards: virtual boards"])
    (tmp_path / "testplans" / "b.yaml").write_text("name: b\n")
    (tmp_path / path).write_text("name: mine\nrun: [a, bb]\n")
    status, out, _ = hil("plan", "check", path)
    assert status == 3
    assert "did you mean 'b'?" in out


def test_the_schema_of_rack_plans_is_printed(hil):
    status, out, _ = hil("plan", "schema", "rack")
    assert status == 0
    assert json.loads(out)["title"] == "A rack plan of hil"


def test_udev_rules_are_printed_as_they_go_into_a_file(hil):
    status, out, _ = hil("boards", "--udev")
    assert status == 0
    assert out.startswith("# Who may use")
    assert 'ATTR{idProduct}=="f155"' in out

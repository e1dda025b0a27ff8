"""`hil farm simulate` on a history of made-up runs."""

import json
from datetime import timedelta

import pytest
from typer.testing import CliRunner

pytest.importorskip("simpy", reason="pip install simpy")

from harness.cli import farm_commands  # noqa: F401 - importing it adds its commands to `app`
from harness.cli.app import app
from harness.clock import SystemClock
from harness.errors import MisuseError
from harness.evidence.history import History
from harness.records import Record, Verdict

BOARD = "nucleo_f446re"


def record(number, seconds, verdict=Verdict.PASS, board=BOARD):
    began = SystemClock().now() - timedelta(days=1, seconds=number)
    return Record(
        run_id=f"run{number:04}",
        case_id=f"digits/{board}/m",
        started=began,
        finished=began + timedelta(seconds=seconds),
        verdict=verdict,
        reasons=("why",),
        plan="digits",
        board=board,
        model="m",
        unit=None,
        backend="virtual",
        evidence="emulated",
        firmware=None,
        dataset=None,
        reference=None,
        link=None,
    )


@pytest.fixture
def base(tmp_path, monkeypatch):
    monkeypatch.delenv("HIL_DB", raising=False)
    with History.open(base=tmp_path) as history:
        for number in range(6):
            history.add(record(number, 100.0), None, session="s")
        history.add(record(9, 5.0, Verdict.ERROR), None, session="s")
    return tmp_path


def simulate(base, *words):
    return CliRunner().invoke(app, ["farm", "simulate", "--base", str(base), "--stretches", "5", *words])


def test_nights_are_played_from_the_runs_that_there_were(base):
    done = simulate(base, "--units", f"{BOARD}=4", "--rounds", "8", "--faults", "0", "--deadline", "5m", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["works"] == [
        {"case": f"digits/{BOARD}/m", "mean_s": 100.0, "runs": 6, "error_rate": 0.0},
    ]
    assert told["figures"]["end_p50_s"] == 200.0
    assert told["needed"] == {"units": {BOARD: 3}, "share": 1.0}


def test_a_deadline_that_the_rack_misses_is_exit_status_1_and_says_what_would_keep_it(base):
    done = simulate(base, "--units", f"{BOARD}=1", "--rounds", "8", "--faults", "0", "--deadline", "5m")
    assert done.exit_code == 1, done.output
    assert f"within 5m: 3 {BOARD}" in done.output


def test_without_runs_it_says_how_to_get_some(tmp_path, monkeypatch):
    monkeypatch.delenv("HIL_DB", raising=False)
    done = simulate(tmp_path, "--units", f"{BOARD}=1")
    assert isinstance(done.exception, MisuseError)
    assert "pytest --board" in str(done.exception)


@pytest.mark.parametrize("words", [(), ("--units", "nucleo_f446re"), ("--units", f"{BOARD}=0")])
def test_a_rack_without_units_is_a_mistake(base, words):
    assert isinstance(simulate(base, *words).exception, MisuseError)

"""`hil history trend`, as a user types it."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from harness.cli import main
from harness.evidence.history import History
from harness.records import GateResult, Measurement, Record, UnitFacts, Verdict


def a_run(number, value, board="b1"):
    started = datetime.now(UTC) - timedelta(days=100 - number)
    return Record(
        run_id=f"{number:06x}{board}",
        case_id=f"digits/{board}/small",
        started=started,
        finished=started,
        verdict=Verdict.PASS,
        reasons=(),
        plan="digits",
        board=board,
        model="small",
        unit=UnitFacts(uid="unit-a"),
        backend="probe",
        evidence="hardware",
        firmware=None,
        dataset=None,
        reference=None,
        link=None,
        measurements=(Measurement(name="flash_bytes", value=value, unit="B", n=1),),
        gates=(GateResult(metric="flash_bytes", op="<=", limit=30_000.0, value=value, passed=True),),
    )


@pytest.fixture
def says(capsys, monkeypatch, tmp_path):
    """Ten runs of one board with a step in the middle, one of another; run a command; (exit status, standard output, error)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HIL_DB", raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    with History.open(base=tmp_path / "hil-reports") as history:
        for i in range(10):
            history.add(a_run(i, 28_000 if i < 5 else 29_000), None, session=f"s{i}")
        history.add(a_run(20, 500, board="b2"), None, session="s20")

    def run(*arguments):
        with pytest.raises(SystemExit) as end:
            main(["history", "trend", *map(str, arguments)])
        out, err = capsys.readouterr()
        return end.value.code or 0, out, err

    return run


def test_a_trend_is_drawn_with_its_gate_and_its_change(says):
    status, out, _ = says("flash_bytes", "--board", "b1")
    assert status == 0
    lines = out.splitlines()
    assert lines[0].startswith("flash_bytes: digits on b1, small: 10 runs since ")
    assert lines[0].endswith("last 29,000 B")
    drawn = [line for line in lines if "•" in line or "┈" in line]
    assert sum(line.count("•") for line in drawn) == 10
    assert any(line.count("┈") > 40 for line in drawn)  # the gate
    assert "gate: flash_bytes <= 30000" in lines
    assert any(
        line.startswith("changed with run 000005b1") and "28,000 B before, 29,000 B since" in line for line in lines
    )
    assert max(map(len, (line for line in lines if "•" in line))) <= 80
    assert "\x1b" not in out


def test_each_cell_stands_by_itself_and_one_run_is_told_without_a_picture(says):
    out = says("flash_bytes")[1]
    assert "digits on b2, small: 1 run since" in out
    assert "digits on b1, small: 10 runs since" in out
    assert sum(line.count("•") for line in out.splitlines()) == 10


def test_programs_get_it_as_json(says):
    told = json.loads(says("flash_bytes", "--board", "b1", "--json")[1])
    (trend,) = told["trends"]
    assert [point["value"] for point in trend["points"]] == [28_000] * 5 + [29_000] * 5
    ((change, first),) = trend["changes"]
    assert (change["index"], first["run_id"], trend["gates"][0]["limit"]) == (5, "000005b1", 30_000)
    assert told["flaky"] == []


def test_a_name_that_nothing_has_measured_is_answered_with_the_near_one(says):
    status, _, err = says("flash_byte")
    assert (status, "did you mean 'flash_bytes'?" in err) == (3, True)
    assert says("flash_bytes", "--since", "1d")[0] == 3

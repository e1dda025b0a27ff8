"""`hil gate try`, as a user types it, on a history whose truth is known."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from harness.cli import main
from harness.evidence.history import History
from harness.records import DatasetFacts, FirmwareFacts, Measurement, Record, UnitFacts, Verdict

NIGHTS = 6


def a_run(number, accuracy, *, unit="u0", verdict=Verdict.PASS, model="m" * 64, data="d" * 64, days=None):
    started = datetime.now(UTC) - timedelta(days=NIGHTS - number // 3 if days is None else days, minutes=9 - number % 9)
    shares = {"accuracy": accuracy, "agreement": 1.0, "input_integrity": 1.0}
    return Record(
        run_id=f"{number:06x}abcdef",
        case_id="digits/b1/digits_cnn_int8",
        started=started,
        finished=started,
        verdict=verdict,
        reasons=(),
        plan="digits",
        board="b1",
        model="digits_cnn_int8",
        unit=UnitFacts(uid=unit),
        backend="probe",
        evidence="hardware",
        firmware=FirmwareFacts(
            elf_sha256="e" * 64,
            model_sha256=model,
            engine="builtin",
            build_id="b",
            flash_bytes=1,
            ram_bytes=1,
            flash_s=None,
            verified=True,
        ),
        dataset=DatasetFacts(name="digits", split="test", sha256=data, n=450),
        reference=None,
        link=None,
        measurements=(
            *(
                Measurement(name=name, value=value, unit="ratio", n=450, low=value - 0.015, high=min(1, value + 0.015))
                for name, value in shares.items()
            ),
            Measurement(name="lost_samples", value=0.0, unit="samples", n=450),
        ),
    )


@pytest.fixture
def says(capsys, monkeypatch, tmp_path):
    """Six nights of three units, the last one a little worse; one run that failed, one of a broken rig, two of something else."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HIL_DB", raising=False)
    with History.open(base=tmp_path / "hil-reports") as history:
        for number in range(3 * NIGHTS):
            unit = number % 3
            value = 0.98 - 0.001 * (number // 3 % 2) - 0.02 * (unit == 2)
            history.add(a_run(number, value, unit=f"u{unit}"), None, session=f"s{number // 3}")
        for number, changed in enumerate(
            (
                {"accuracy": 0.80, "verdict": Verdict.FAIL},
                {"accuracy": 0.1, "verdict": Verdict.ERROR},
                {"accuracy": 0.5, "model": "x" * 64},
                {"accuracy": 0.5, "data": "x" * 64},
                {"accuracy": 0.5, "days": 400},
            ),
            start=100,
        ):
            history.add(a_run(number, **({"days": 2} | changed)), None, session="odd")

    def run(*arguments):
        with pytest.raises(SystemExit) as end:
            main(["gate", "try", *map(str, arguments)])
        out, err = capsys.readouterr()
        return end.value.code or 0, out, err

    return run


def test_healthy_runs_that_a_gate_would_have_stopped_or_left_open_are_counted(says):
    status, out, _ = says("digits")
    assert status == 0
    lines = [line.strip() for line in out.splitlines()]
    # u2 lies at 0.96 -+ 0.015: the interval is on both sides of 0.95.
    assert lines[0] == (
        "digits on b1, digits_cnn_int8: 18 runs that nothing spoke against: 12 would pass, 0 fail, 6 be inconclusive"
    )
    for why in ("the rig was at fault", "another model", "other data, or fewer samples"):
        assert f"left out: 1 run: {why}" in lines
    assert "accuracy >= 0.95 confidence 0.95: 12 pass, 0 fail, 6 inconclusive" in lines
    assert "fails 1 of 1 run that failed then" in lines
    assert "18 runs on 3 units lie from 95.90 % to 98.00 %" in lines
    assert any(
        line.startswith("a margin that 1 healthy pair in 100 would break: 0.2 points on one unit, ") for line in lines
    )
    assert "18 runs on 3 units, all 0 samples: what differs from it is the product's doing" in lines


def test_a_gate_that_is_too_strict_names_what_it_would_have_stopped(says, tmp_path):
    from harness.paths import shipped

    text = (shipped("testplans") / "digits.yaml").read_text()
    (tmp_path / "strict.yaml").write_text(text.replace("accuracy >= 0.95 confidence 0.95", "accuracy >= 0.97"))
    (cell,) = json.loads(says("strict.yaml", "--json")[1])
    gate = next(gate for gate in cell["gates"] if gate["gate"] == "accuracy >= 0.97")
    assert (cell["healthy"], cell["failed"], gate["failed"], gate["caught"], cell["failing"]) == (18, 6, 6, 1, 1)
    assert gate["stopped"][0] == "000011abcdef"
    assert gate["spread"]["units"] == 3
    assert gate["spread"]["same_unit"] < gate["spread"]["other_unit"]
    assert gate["spread"]["below"] < 0.959


def test_only_what_is_asked_for_is_looked_at(says):
    (cell,) = json.loads(says("digits", "--since", "3d", "--json")[1])
    assert cell["healthy"] == 6  # of the last two nights
    status, _, err = says("digits", "--board", "b2")
    assert (status, "no run that the gates could be tried on" in err) == (3, True)
    assert says("no-such-plan")[0] == 3

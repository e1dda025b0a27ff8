"""`hil history`, as a user types it."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from harness.cli import main
from harness.evidence.history import History
from harness.records import Measurement, Record, UnitFacts, Verdict

NOW = datetime.now(UTC)


@pytest.fixture
def says(capsys, monkeypatch, tmp_path):
    """Run a command in an empty folder; (exit status, standard output, standard error)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HIL_DB", raising=False)
    monkeypatch.setenv("HIL_USER", "ann")  # as by units: who shares an account has a name of their own

    def run(*arguments):
        with pytest.raises(SystemExit) as end:
            main(["history", *map(str, arguments)])
        out, err = capsys.readouterr()
        return end.value.code or 0, out, err

    return run


def a_record(number, *, days=0, verdict=Verdict.PASS, plan="digits"):
    started = NOW - timedelta(days=days, minutes=10 - number)
    return Record(
        run_id=f"{number:06x}abcdef",
        case_id=f"{plan}/b1/small",
        started=started,
        finished=started,
        verdict=verdict,
        reasons=("because",),
        plan=plan,
        board="b1",
        model="small",
        unit=UnitFacts(uid="unit-a"),
        backend="probe",
        evidence="hardware",
        firmware=None,
        dataset=None,
        reference=None,
        link=None,
        measurements=(Measurement(name="accuracy", value=0.9 + number / 100, unit="ratio", n=100),),
    )


@pytest.fixture
def filled(says, tmp_path):
    """Two old runs of one session, two new ones."""
    with History.open(base=tmp_path / "hil-reports") as history:
        for i, days in enumerate((200, 200, 1, 0)):
            plan, verdict = ("digits", Verdict.PASS) if i % 2 == 0 else ("words", Verdict.FAIL)
            history.add(a_record(i, days=days, plan=plan, verdict=verdict), None, session=f"s{i // 2}")
    return says


def numbers(out):
    return [int(line[:6], 16) for line in out.splitlines()[1:]]


def test_an_empty_history_is_told_and_not_made(says, tmp_path):
    assert says()[0] == 0
    assert "nothing is in the history yet" in says("list")[1]
    assert says("list", "--json")[1] == "[]\n"
    assert says("tags")[1].startswith("there is no tag in ")
    status, _, err = says("show", "latest")
    assert (status, "the history has no such run" in err) == (3, True)
    assert list(tmp_path.iterdir()) == []


def test_runs_are_listed_one_a_line_newest_first(filled):
    status, out, _ = filled()
    assert (status, numbers(out)) == (0, [3, 2, 1, 0])
    assert out == filled("list")[1]
    assert out.splitlines()[2].split()[3:9] == ["digits", "b1", "small", "pass", "accuracy", "92.00"]
    *short, rest = filled("list", "--limit", "2")[1].splitlines()
    assert (numbers("\n".join(short)), rest) == ([3, 2], "and 2 older: --limit 4")


def test_every_filter_and_json(filled):
    for options, found in (
        (("--plan", "words"), [3, 1]),
        (("--verdict", "pass"), [2, 0]),
        (("--since", "90d"), [3, 2]),
        (("--since", f"{NOW - timedelta(days=201):%Y-%m-%d}", "--plan", "digits"), [2, 0]),
        (("--board", "b1", "--model", "small", "--unit", "unit-a", "--text", "BECAUSE"), [3, 2, 1, 0]),
    ):
        assert numbers(filled("list", *options)[1]) == found, options
        told = json.loads(filled("list", *options, "--json")[1])
        assert [int(row["run_id"][:6], 16) for row in told] == found
    assert "there is no such run" in filled("list", "--plan", "x")[1]
    for bad in (("--verdict", "passed"), ("--since", "yesterday")):
        assert filled("list", *bad)[0] == 3
    assert "did you mean 'pass'?" in filled("list", "--verdict", "passed")[2]


def test_a_tag_stays_where_it_is_until_it_is_forced_and_its_moves_are_told(filled):
    status, out, _ = filled("tag", "latest", "release-1.4")
    assert (status, out) == (0, "release-1.4: 000002abcdef (digits/b1/small), 000003abcdef (words/b1/small)\n")
    status, _, err = filled("tag", "000000", "release-1.4")
    assert (status, "names other runs already" in err, "--force" in err) == (3, True, True)
    assert filled("tag", "000000", "release-1.4", "--force")[0] == 0
    first, second = filled("tags")[1].splitlines()
    assert first.startswith("release-1.4: 000000abcdef  since ")
    assert first.endswith(" by ann")
    assert second.endswith(" by ann: 000002abcdef, 000003abcdef")
    told = json.loads(filled("tags", "--json")[1])
    assert [len(move["run_ids"]) for move in told[0]["moves"]] == [2, 1]
    assert filled("untag", "release-1.4")[1] == "release-1.4: taken away\n"
    status, _, err = filled("untag", "release-1.4")
    assert (status, "no such tag" in err) == (3, True)


def test_a_run_is_shown_with_what_was_said_of_it(filled):
    filled("tag", "000002", "good")
    assert filled("note", "good", "the board was hot")[1] == "noted of 000002abcdef (digits/b1/small)\n"
    out = filled("show", "good")[1]
    assert "digits/b1/small" in out
    assert "run 000002abcdef of session s1" in out
    assert "tags: good" in out
    assert "by ann: the board was hot" in out
    (told,) = json.loads(filled("show", "good", "--json")[1])
    assert (told["record"]["schema"], told["notes"][0]["text"]) == ("hil.record/1", "the board was hot")
    assert len(json.loads(filled("show", "latest", "--json")[1])) == 2


def test_old_runs_are_pruned_but_for_tagged_ones(filled):
    filled("tag", "000000", "good")
    status, out, _ = filled("prune", "--keep", "90d", "--dry-run")
    assert (status, "would remove 000001abcdef" in out, "1 run would go" in out) == (0, True, True)
    assert len(numbers(filled()[1])) == 4
    assert [row["run_id"] for row in json.loads(filled("prune", "--keep", "90d", "--dry-run", "--json")[1])] == [
        "000001abcdef"
    ]
    assert filled("prune", "--keep", "90d")[1] == "1 run removed\n"
    assert numbers(filled()[1]) == [3, 2, 0]
    assert filled("prune", "--keep", "soon")[0] == 3


def test_an_export_is_imported_elsewhere(filled, tmp_path):
    assert filled("export", "out.zip", "--plan", "digits")[1] == "out.zip: 2 runs\n"
    status, out, _ = filled("import", "out.zip", "--base", "other")
    assert (status, out) == (0, "out.zip: 2 added, 0 known already\n")
    assert numbers(filled("list", "--base", "other")[1]) == [2, 0]
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "record.json").write_text("{")
    status, _, err = filled("import", "bad")
    assert (status, "hil: left out: bad" in err) == (2, True)


def test_a_history_that_is_off_or_broken_is_said(filled, monkeypatch, tmp_path):
    monkeypatch.setenv("HIL_DB", "off")
    status, _, err = filled()
    assert (status, "HIL_DB=off" in err) == (3, True)
    monkeypatch.delenv("HIL_DB")
    (tmp_path / "hil-reports" / "history.db").write_bytes(b"no database" * 1000)
    status, _, err = filled()
    assert (status, "file is not a database" in err) == (2, True)

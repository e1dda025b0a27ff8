"""Units that a scheduler lends to a case."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from harness.bench import loans
from harness.disk.folders import RUNTIME, runtime_folder


@pytest.fixture(autouse=True)
def _own_runtime(tmp_path_factory, monkeypatch):
    monkeypatch.setenv(RUNTIME, str(tmp_path_factory.mktemp("rt")))


def test_what_is_lent_is_known_to_the_case_until_it_is_given_back(tmp_path: Path):
    assert loans.lent(tmp_path, "plan/board/model") == ()
    loans.lend(tmp_path, "plan/board/model", ["v1", "v2"])
    assert loans.lent(tmp_path, "plan/board/model") == ("v1", "v2")
    assert loans.lent(tmp_path / ".", "plan/board/model") == ("v1", "v2")
    assert loans.give_back(tmp_path, "plan/board/model") == ("v1", "v2")
    assert loans.lent(tmp_path, "plan/board/model") == ()
    assert loans.give_back(tmp_path, "plan/board/model") == ()


def test_a_loan_is_of_one_case_of_one_run(tmp_path: Path):
    loans.lend(tmp_path / "a", "plan/board/model", ["v1"])
    assert loans.lent(tmp_path / "b", "plan/board/model") == ()
    assert loans.lent(tmp_path / "a", "plan/board/other") == ()


def test_another_process_sees_a_loan_and_one_of_a_dead_lender_counts_as_none(tmp_path: Path):
    loans.lend(tmp_path, "p/b/m", ["v1"])
    look = f"from pathlib import Path; from harness.bench import loans; print(loans.lent(Path({str(tmp_path)!r}), 'p/b/m'))"
    assert subprocess.run([sys.executable, "-c", look], capture_output=True, text=True).stdout.strip() == "('v1',)"
    lend = f"from pathlib import Path; from harness.bench import loans; loans.lend(Path({str(tmp_path)!r}), 'p/b/m', ['v9'])"
    subprocess.run([sys.executable, "-c", lend], check=True)
    assert loans.lent(tmp_path, "p/b/m") == ()
    loans.sweep()
    assert not list((runtime_folder() / "loans").iterdir())


@pytest.mark.parametrize("content", ["", "[]", "{}", json.dumps({"lender": "x"}), "[" * 100_000])
def test_a_damaged_loan_counts_as_none(content: str, tmp_path: Path):
    loans.lend(tmp_path, "p/b/m", ["v1"])
    for path in (runtime_folder() / "loans").iterdir():
        path.write_text(content)
    assert loans.lent(tmp_path, "p/b/m") == ()

"""``hil compare``: what cannot be compared is said as it is."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from harness.cli import compare_commands
from harness.errors import MisuseError


def test_runs_of_different_plans_are_not_called_one_run(monkeypatch):
    groups = {"net (12ab)": [SimpleNamespace(name="nucleo u1")], "kws (34cd)": [SimpleNamespace(name="nucleo u2")]}
    monkeypatch.setattr(compare_commands, "_runs", lambda reports: [])
    monkeypatch.setattr(compare_commands, "_by_subject", lambda runs: groups)
    with pytest.raises(MisuseError, match="no other run has the model and the data of net") as refused:
        compare_commands._compare_units([Path()], as_json=False)
    assert refused.value.found == "2 of 2 that stand alone"
    assert refused.value.next_step

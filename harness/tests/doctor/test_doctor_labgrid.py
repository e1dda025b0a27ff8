"""`hil doctor` on labgrid's environment."""

import pytest

from harness.doctor import labgrid


def named(tmp_path, monkeypatch, script):
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    monkeypatch.setenv("HIL_LABGRID", str(python))


@pytest.mark.parametrize(
    ("script", "state", "detail"),
    [
        ("echo 26.0.1", "ok", "26.0.1, by "),
        ("echo 25.0.1", "broken", "no labgrid 26: 25.0.1"),
        ("echo no module >&2; exit 1", "broken", "no labgrid 26: no module"),
    ],
)
def test_the_environment_is_told_with_its_release(tmp_path, monkeypatch, script, state, detail):
    named(tmp_path, monkeypatch, script)
    (finding,) = labgrid.environment()
    assert finding.state == state
    assert detail in finding.detail
    assert not finding.needed
    assert bool(finding.next_step) == (state == "broken")


def test_where_it_is_not_installed_and_not_asked_for_nothing_is_said(tmp_path, monkeypatch):
    monkeypatch.delenv("HIL_LABGRID", raising=False)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert list(labgrid.environment()) == []
    monkeypatch.setenv("HIL_LABGRID", str(tmp_path / "none"))
    (finding,) = labgrid.environment()
    assert finding.state == "broken"

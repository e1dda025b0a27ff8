"""`hil doctor` on units that take no work, and on the journal that says so."""

import pytest

from harness.bench import rackjournal, rackstate
from harness.bench.rackstate import State
from harness.doctor import examine, rack


@pytest.fixture(autouse=True)
def own_folders(tmp_path, monkeypatch):
    monkeypatch.setenv("HIL_STATE_DIR", str(tmp_path / "state"))


def test_a_rack_that_nobody_has_moved_is_no_finding():
    assert [*rack.journal(), *rack.units()] == []


def test_each_unit_that_is_not_good_is_a_finding_and_nothing_that_is_needed():
    rackstate.move("dead", State.QUARANTINED, reason="no answer", by="hil")
    rackstate.move("odd", State.SUSPECT, reason="2 rig faults", by="hil")
    rackstate.move("mine", State.MAINTENANCE, reason="soldering", by="ann")
    rackstate.move("fine", State.GOOD, reason="", by="hil")
    found = {finding.subject: finding for finding in rack.units()}
    assert [found[uid].state for uid in ("dead", "mine", "odd")] == ["broken", "ok", "broken"]
    assert "fine" not in found
    assert "no answer" in found["dead"].detail
    assert "hil rack check dead" in found["dead"].next_step
    assert "held by ann until" in found["mine"].detail
    assert not any(finding.needed for finding in found.values())
    (journal,) = rack.journal()
    assert (journal.state, journal.detail.partition(" ")[0]) == ("ok", "4")


def test_damaged_lines_and_a_journal_that_cannot_be_read_are_told():
    rackstate.move("dead", State.QUARANTINED, reason="no answer", by="hil")
    with rackjournal.path().open("ab") as file:
        file.write(b"{broken\n")
    (finding,) = rack.journal()
    assert (finding.state, finding.detail[:6]) == ("broken", "1 of 2")
    rackjournal.path().unlink()
    rackjournal.path().mkdir()
    (finding,) = rack.journal()
    assert finding.state == "broken"
    assert "directory" in finding.detail
    assert [one for one in examine() if one.area == "rack"] == [finding]

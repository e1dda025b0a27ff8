"""The ladder on virtual units: for each thing that goes wrong the gentlest rung that mends it, and the proof that it did."""

import os
import shlex
import shutil
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest
from recovery_rack import BOARD, injure, left_halted, put, recover, reset, tried

from harness.bench import holds, lease, onbus, rackstate
from harness.bench.boards import load_board
from harness.bench.places import Place
from harness.errors import BenchError
from harness.farm import recovery
from harness.farm.recovery import LADDER, OtherUnitError, hub, reenumerate
from harness.models import metadata
from harness.run.product import build_product
from harness.testing.rack import VirtualRack
from harness.virtual.debug import registry

FULL = os.environ.get("HIL_FULL") == "1"


@pytest.fixture(scope="module")
def elf(tmp_path_factory):
    out = tmp_path_factory.mktemp("image") / "digits.elf"
    build_product(metadata.load_model("digits_cnn_int8"), load_board(BOARD), out=out)
    return out


@pytest.fixture(scope="module")
def rack(tmp_path_factory, elf):
    with VirtualRack({BOARD: 2}, tmp_path_factory.mktemp("rack") / "bench.yaml") as rack:
        for place in rack.places():
            put(place, elf)
        yield rack


@pytest.fixture
def unit(rack, tmp_path, monkeypatch):
    monkeypatch.setenv("HIL_STATE_DIR", str(tmp_path))
    rack.start(rack.uids[0])
    return rack.places()[0]


def test_a_healthy_unit_answers_on_the_first_rung_and_is_not_reset(rack, unit):
    found = recover(unit)
    assert found.ok
    assert found.helped == "reconnect"
    assert "which is the one at the probe; last reset: power" in found.steps[0].proof
    assert lease.holder(unit.uid) is None
    (move,) = rackstate.moves(unit.uid)
    assert (move.state, move.by) == (rackstate.State.GOOD, "recovery")
    assert "after `reconnect`" in move.reason


def test_a_core_that_a_killed_run_left_halted_is_reset(unit, elf):
    left_halted(unit, elf)
    found = recover(unit)
    assert tried(found) == ["reconnect", "reset"]
    assert found.helped == "reset"
    assert "last reset: pin" in found.steps[-1].proof or "last reset: software" in found.steps[-1].proof


def test_firmware_that_takes_the_debug_pins_is_caught_under_reset(unit):
    injure(unit.uid, "take_debug_pins")
    found = recover(unit)
    assert found.helped == "under_reset"
    assert tried(found) == ["reconnect", "reset", "under_reset"]


# A killed unit loses its power in the next test.
@pytest.mark.parametrize("wound", ["cut_line", "freeze", "hang_probe"] if FULL else [])
def test_what_no_reset_mends_loses_its_power_and_says_so(unit, wound):
    injure(unit.uid, wound)
    # The rungs before it wait for an answer that does not come: all of them once.
    found = recover(unit, ladder=LADDER if FULL or wound == "cut_line" else ("reset", "reenumerate", "power_port"))
    assert found.helped == "power_port"
    last = found.steps[-1]
    assert last.power_cut is True
    assert last.proof.startswith("the probe left the bus and came back; hello from chip ")
    assert last.proof.endswith("last reset: power")
    assert [step.rung for step in found.steps if not step.done] == ["reenumerate"]


def test_a_killed_unit_is_back_when_its_port_had_no_power(rack, unit):
    rack.kill(unit.uid)
    found = recover(unit)
    assert found.helped == "power_port"
    assert found.steps[-1].power_cut is True


@pytest.mark.skipif(not FULL, reason="climbs the whole ladder in vain; with HIL_FULL=1")
def test_a_hub_that_lies_is_told_and_not_believed(rack, unit, monkeypatch):
    injure(unit.uid, "cut_line")
    monkeypatch.setattr(rack.hub, "lies", True)
    found = recover(unit)
    assert not found.ok
    assert found.helped is None
    power = next(step for step in found.steps if step.rung == "power_port")
    assert power.power_cut is False
    assert "said off, and the probe never left the bus: its power was not cut" in power.proof
    assert "answers no more" in rackstate.moves(unit.uid)[-1].reason


@pytest.mark.skipif(not FULL, reason="cuts the power once more; with HIL_FULL=1")
def test_a_board_with_a_supply_of_its_own_is_told(unit, tmp_path):
    class ProbeAlone:
        """A port that feeds the probe, and not the chip: only the probe leaves the bus."""

        title = "a port"

        def off(self):
            registry.entry_path(unit.uid).rename(tmp_path / "away")

        def on(self):
            (tmp_path / "away").rename(registry.entry_path(unit.uid))

        def is_on(self):
            return None

    reset(unit)
    found = recover(replace(unit, power=ProbeAlone()), ladder=("power_port",))
    assert found.ok
    assert found.steps[0].power_cut is False
    assert found.steps[0].proof.startswith(
        "the probe lost its power and the chip did not: it has another supply; hello"
    )


@pytest.mark.skipif(not FULL, reason="cuts the power twice; with HIL_FULL=1")
def test_a_kernel_that_notices_a_lost_device_only_when_it_is_back_hides_no_power_cut(rack, unit):
    class Unnoticed:
        """As on Linux before 6.0: off, the device seems to be there; on, it is enumerated anew."""

        title = "a port"

        def off(self):
            pass

        def on(self):
            rack.start(unit.uid)

        def is_on(self):
            return None

    found = recover(replace(unit, power=Unnoticed()), ladder=("power_port",))
    assert found.steps[0].power_cut is True
    assert found.steps[0].proof.startswith("the probe left the bus and came back; hello")


def test_the_hub_is_switched_only_while_all_that_hang_on_it_are_free(rack, unit):
    places = rack.places()
    neighbour = places[1]
    only_hub = {"near": places, "ladder": ("power_port", "hub")}
    without = replace(unit, power=None)
    injure(unit.uid, "freeze")
    with lease.acquire(neighbour.uid, what="somebody's run"):
        found = recover(without, **only_hub)
        assert not found.ok
        assert [step.done for step in found.steps] == [False, True]
        assert "a unit on the same hub is not free, so the hub was left alone" in found.steps[-1].proof
        assert "somebody's run" in found.steps[-1].proof
    before = onbus.mark(neighbour.uid)
    found = recover(without, **only_hub)
    assert found.helped == "hub"
    assert found.steps[-1].power_cut is True
    assert onbus.mark(neighbour.uid) not in (None, before)
    assert lease.holder(neighbour.uid) is None
    assert not recover(without, ladder=("hub",)).steps[0].done


def test_the_hub_is_left_alone_while_a_person_holds_a_unit_on_it_be_it_who_asks(tmp_path, monkeypatch):
    monkeypatch.setenv("HIL_STATE_DIR", str(tmp_path))
    holds.hold("held", reason="soldering")
    switch = object()  # which does nothing: it must not be asked
    sick, held = (Place("nucleo_f446re", uid, "loop://", hub=switch) for uid in ("sick", "held"))
    with pytest.raises(BenchError, match="the hub was left alone") as caught:
        hub.climb(SimpleNamespace(place=sick, near=(sick, held)))
    assert "soldering" in str(caught.value)


def test_another_chip_than_the_bench_file_names_ends_the_ladder(unit):
    with pytest.raises(OtherUnitError, match="not the one that the bench file names"):
        recover(replace(unit, chip_id="00" * 12))
    assert lease.holder(unit.uid) is None


def test_another_board_on_its_port_ends_the_ladder(rack, unit):
    with pytest.raises(OtherUnitError, match="another board answers"):
        recover(replace(unit, port=rack.places()[1].port))


def test_a_unit_in_use_is_left_alone_and_a_quarantined_one_is_not(unit):
    with lease.acquire(unit.uid, what="somebody's run"):
        with pytest.raises(lease.InUse):
            recover(unit)
        assert recover(unit, held=True).ok
    rackstate.move(unit.uid, rackstate.State.QUARANTINED, reason="x", by="y", rig_faults=3)
    assert recover(unit).ok
    now = rackstate.state_of(unit.uid)
    assert (now.state, now.rig_faults) == (rackstate.State.QUARANTINED, 3)


def test_a_unit_of_another_host_is_recovered_there_with_that_hosts_own_switches_and_told_here(unit, rack, monkeypatch):
    python = shlex.quote(sys.executable)
    monkeypatch.setenv("HIL_SSH", f"{python} -m harness.testing.far_host")
    monkeypatch.setenv("HIL_UNIT_SERVER", f"{python} -m harness unit-server --bench {rack.bench}")
    lines = []
    far = Place(unit.board, unit.uid, "", via="rack2")
    found = recovery.recover(far, load_board(BOARD), ladder=("power_port",), tell=lines.append)
    assert (found.ok, found.helped, found.steps[-1].power_cut) == (True, "power_port", True)
    assert lines == [found.steps[-1].told()]
    with lease.acquire(unit.uid, what="somebody's run"), pytest.raises(lease.InUse, match="is in use"):
        recovery.recover(far, load_board(BOARD))


def test_what_a_probe_does_without_its_power_is_told_where_it_is_not_allowed(tmp_path):
    device, node = tmp_path / "1-1.4", tmp_path / "node"
    with pytest.raises(BenchError, match="may not re-enumerate") as caught:
        reenumerate.again(device, node)
    assert str(node) in str(caught.value)
    assert "udev" in str(caught.value)
    device.mkdir()
    node.touch()  # no device, so it takes no such request: then the kernel's other way is tried
    assert reenumerate.again(device, node) == "1-1.4 deauthorized and authorized"
    assert (device / "authorized").read_text() == "1"


def test_leaving_the_bus_and_coming_back_is_seen_also_when_nobody_looked(rack, unit, tmp_path):
    before = onbus.mark(unit.uid)
    rack.start(unit.uid)
    assert onbus.mark(unit.uid) not in (None, before)
    device = tmp_path / "1-1.4"
    seen = []
    for number in ("7", "8"):
        device.mkdir()
        (device / "serial").write_text("066EFF\n")
        (device / "devnum").write_text(f"{number}\n")
        seen.append(onbus.mark("066eff", tmp_path))
        shutil.rmtree(device)
    assert onbus.mark("066EFF", tmp_path) is None
    assert len({*seen}) == 2
    assert all(mark.startswith("1-1.4, device ") for mark in seen)


def test_the_budget_ends_the_ladder(unit):
    injure(unit.uid, "cut_line")
    found = recover(unit, budget_s=1.0)
    assert not found.ok
    assert found.steps[-1].proof == "the time for recovery is over"
    assert "power_port" not in tried(found)

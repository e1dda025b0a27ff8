"""So many flashes at once on a controller, no listing meanwhile; a place goes with its process, and waiting says for whom."""

import subprocess
import sys
from contextlib import contextmanager

import pytest

from harness.bench import held, usb, usb_budget
from harness.bench.boards import load_board
from harness.bench.probes.pyocd import PyocdProbe
from harness.errors import BenchError, MisuseError
from harness.testing.rack import VirtualRack

GROUP = "0000:00:14.0"
HOLD = "import sys\nfrom harness.bench import usb_budget\nwith usb_budget.{what}:\n    print(flush=True)\n    sys.stdin.read()\n"


@pytest.fixture(autouse=True)
def _own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HIL_RUNTIME_DIR", str(tmp_path / "run"))


@contextmanager
def another(what):
    """Another process that holds that."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD.format(what=what)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        try:
            process.stdout.readline()
            yield process
        finally:
            process.kill()


def flashing(uid="x", wait_s=0.0, group=GROUP):
    return usb_budget.flashing(uid, group=group, wait_s=wait_s)


def test_a_controller_is_given_to_so_many_and_the_next_is_told_to_whom(monkeypatch):
    monkeypatch.setenv(usb_budget.VARIABLE, "2")
    told = []
    with another(f"flashing('unit-7', group={GROUP!r})") as other, flashing("unit-8"):
        with pytest.raises(BenchError, match="stays busy") as caught, flashing():
            pass
        assert f"process {other.pid}" in str(caught.value)
        assert "flashes unit-7" in str(caught.value)
        assert "flashes unit-8" in str(caught.value)
        with flashing(group="another"):
            pass
        other.kill()
        other.wait()
        with usb_budget.flashing("unit-9", group=GROUP, waits=told.append, wait_s=60.0):
            pass
    with flashing(), flashing():
        pass
    assert list(held.folder("usb").iterdir()) == []


def test_probes_are_listed_by_one_at_a_time_and_while_none_is_flashed():
    with another(f"flashing('unit-7', group={GROUP!r})") as other:
        with pytest.raises(BenchError, match="cannot be looked for") as caught, usb_budget.listing("x", wait_s=0.0):
            pass
        assert f"process {other.pid}" in str(caught.value)
    with another("listing('unit-7')"):
        with pytest.raises(BenchError, match="somebody lists probes"), usb_budget.listing("x", wait_s=0.0):
            pass
        with pytest.raises(BenchError, match="somebody lists probes"), flashing():
            pass
    with usb_budget.listing("x", wait_s=60.0):
        pass


def test_who_waits_to_list_goes_before_who_waits_to_flash():
    with another(f"flashing('unit-7', group={GROUP!r})"):
        waits = HOLD.format(what="listing('unit-8', waits=lambda who: print(flush=True))")
        with subprocess.Popen([sys.executable, "-c", waits], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as lister:
            lister.stdout.readline()
            with pytest.raises(BenchError), flashing():
                pass  # three places are free, and it is not its turn
            lister.kill()
        with flashing(wait_s=60.0):
            pass


def test_virtual_units_share_one_budget_and_wait_for_no_listing(tmp_path):
    with VirtualRack({"nucleo_f446re": 1}, tmp_path / "bench.yaml") as rack:
        (uid,) = rack.uids
        assert usb_budget.group_of(uid) == "emulated"
        assert usb.pyocd_kind(uid) == "hil-virtual"
        with (
            usb_budget.listing("a real one"),
            usb_budget.flashing(uid, wait_s=0.0),
            usb_budget.listing(uid, wait_s=0.0),
        ):
            pass
        with usb_budget.flashing(uid), usb_budget.listing("a real one", wait_s=0.0):
            pass


def test_a_number_that_is_none_is_told_with_its_variable():
    assert usb_budget.budget("") == usb_budget.FLASH_PARALLEL
    assert usb_budget.budget("12") == 12
    for nonsense in ("0", "-1", "many", "1.5"):
        with pytest.raises(MisuseError, match="no number of flashes"):
            usb_budget.budget(nonsense)


def test_a_probes_controller_is_read_from_its_place_in_sysfs(tmp_path):
    devices, sysfs = tmp_path / "devices", tmp_path / "bus"
    sysfs.mkdir()
    for root, path, serial in (("usb1", "1-1/1-1.4", "066EFF"), ("usb2", "2-1", "SUPER")):
        device = devices / "pci0000:00" / GROUP / root / path
        device.mkdir(parents=True)
        (device / "serial").write_text(f"{serial}\n")
        (device / "idVendor").write_text("0483\n")
        (device / "busnum").write_text("1\n")
        (device / "devnum").write_text("9\n")
        (sysfs / device.name).symlink_to(device)
    one, twin = usb.device_of("066eff", sysfs), usb.device_of("SUPER", sysfs)
    assert usb.controller_of(one) == usb.controller_of(twin) == GROUP
    assert str(usb.node_of(one)) == "/dev/bus/usb/001/009"
    assert usb.pyocd_kind("066EFF", sysfs) == "stlink"
    assert usb.device_of("nobody", sysfs) is None
    assert usb_budget.group_of("nobody") == "unknown"


def test_a_probe_that_waits_for_its_turn_has_not_answered():
    worker = """
import json, sys
for line in sys.stdin:
    request = json.loads(line)
    print(json.dumps({"id": request["id"], "waits": "somebody"}), flush=True)
    print(json.dumps({"id": request["id"], "result": {"data": "00"}}), flush=True)
"""
    probe = PyocdProbe("x", load_board("nucleo_f446re").debug, worker=[sys.executable, "-c", worker])
    try:
        assert probe.chip_id() == bytes(1)
    finally:
        probe.close()

"""Permissions, judged from a kernel's files."""

import os

import pytest

from harness.bench import usb


@pytest.fixture
def host(tmp_path):
    """A host with devices: name to (vid, pid, serial, usable)."""

    def build(**devices):
        sysfs, nodes = tmp_path / "sys", tmp_path / "dev"
        for number, (name, (vid, pid, serial, usable)) in enumerate(devices.items(), 1):
            folder = sysfs / name
            folder.mkdir(parents=True)
            for file, text in {
                "idVendor": vid,
                "idProduct": pid,
                "serial": serial,
                "busnum": "1",
                "devnum": str(number),
            }.items():
                (folder / file).write_text(f"{text}\n")
            node = nodes / "001" / f"{number:03d}"
            node.parent.mkdir(parents=True, exist_ok=True)
            if usable:
                node.write_bytes(b"")
        return usb.probes(sysfs, nodes)

    return build


def test_only_debug_probes_are_looked_at(host):
    found = host(mouse=("046d", "c077", "", True), stlink=("0483", "374b", "066EFF48", True))
    assert [(device.vid, device.pid, device.serial, device.usable) for device in found] == [
        ("0483", "374b", "066EFF48", True)
    ]


def test_a_probe_that_this_account_may_not_use_is_named_with_the_fix(host):
    devices = host(kitprog=("04b4", "f155", "1A0E0B5E", False))
    told = usb.advice("", devices)
    assert "1A0E0B5E" in told
    assert "udevadm" in told


def test_healthy_devices_and_other_errors_ask_for_nothing(host):
    devices = host(stlink=("0483", "374b", "066EFF48", True))
    assert usb.advice("TransferError: no ACK", devices) is None


@pytest.mark.parametrize(
    "error", ["USBError: [Errno 13] Access denied (insufficient permissions)", "Permission denied"]
)
def test_the_drivers_own_words_count_where_there_are_no_device_files(error):
    assert "udevadm" in usb.advice(error, ())


@pytest.mark.skipif(os.name == "nt", reason="a folder of the kernel's")
def test_a_host_without_usb_has_no_probes(tmp_path):
    assert usb.probes(tmp_path / "none", tmp_path) == ()

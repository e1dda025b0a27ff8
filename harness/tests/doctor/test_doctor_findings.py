"""Each lack that the doctor knows, shown to it; and this host."""

import importlib.metadata
import os
import sys
from pathlib import Path

import pytest

from harness import doctor
from harness.bench.boards import load_board
from harness.bench.discover import PortFacts
from harness.bench.emulators import renode
from harness.bench.usb import UsbDevice
from harness.doctor import data, host, rig

BOARD = load_board("nucleo_f446re")
ROOT = Path(__file__).resolve().parents[3]
UID = "066EFF485155878281094633"
PORT = PortFacts("/dev/ttyACM0", 0x0483, 0x374B, UID, "STM32 STLink", "1-2:1.2")


def only(findings):
    (finding,) = findings
    return finding


def stlink(**changes):
    parts = {
        "vid": "0483",
        "pid": "374b",
        "serial": UID,
        "product": "STM32 STLink",
        "node": Path("/n/001"),
        "usable": True,
    }
    return UsbDevice(**(parts | changes))


def test_on_this_host_every_line_that_is_not_ok_says_what_to_do():
    findings = doctor.examine()
    assert {finding.area for finding in findings} >= {
        "host",
        "packages",
        "compilers",
        "debug",
        "probes",
        "ports",
        "emulators",
        "data",
    }
    assert [finding for finding in findings if finding.state != "ok" and not finding.next_step] == []
    assert [finding for finding in findings if finding.state != "ok" and finding.needed] == []


def test_a_check_that_falls_ill_is_a_line_and_no_exception():
    def ill():
        raise RuntimeError("no such thing")
        yield

    finding = only(doctor.guarded("ports", ill))
    assert (finding.area, finding.state) == ("ports", "broken")
    assert "no such thing" in finding.detail


def test_a_screen_has_one_line_for_all_packages_that_are_right():
    findings = [f for name in ("numpy", "scipy") for f in host.packages([name], versions(numpy="2.0", scipy="1.0"))]
    folded = doctor.folded([*host.python(), *findings])
    assert [f.detail for f in folded if f.area == "packages" and f.state == "ok"] == ["numpy 2.0, scipy 1.0"]
    assert len([f for f in folded if f.state == "missing"]) == 2


def test_an_old_python_is_broken():
    assert only(host.python((3, 10, 2))).state == "broken"
    assert only(host.python((3, 11, 0))).state == "ok"


def versions(**known):
    def version(name):
        try:
            return known[name]
        except KeyError:
            raise importlib.metadata.PackageNotFoundError(name) from None

    return version


def test_a_missing_and_an_old_package_have_their_pip_line():
    found = list(host.packages(["numpy>=2.0", "scipy", "mypy; extra == 'dev'"], versions(numpy="1.26")))
    assert [(f.subject, f.state, f.needed) for f in found] == [
        ("numpy", "broken", True), ("scipy", "missing", True), ("tensorflow-cpu", "missing", False),
    ]  # fmt: skip
    assert found[0].next_step == "pip install 'numpy>=2.0'"
    assert found[2].next_step == "pip install 'hil[tensorflow]'"


@pytest.mark.parametrize("zig", [["/nowhere/zig"], [sys.executable, "-c", "raise SystemExit('damaged')"]])
def test_a_compiler_that_does_not_run_is_broken(zig):
    found, gcc = host.compilers(zig, lambda name: None)
    assert found.state == "broken"
    assert "ziglang" in found.next_step
    assert (gcc.state, gcc.needed) == ("missing", False)


def test_gcc_is_told_where_it_is():
    assert next(f for f in host.compilers(which=lambda name: f"/usr/bin/{name}") if "gcc" in f.subject).state == "ok"


def test_an_entry_point_that_pyocd_does_not_see_is_broken():
    assert only(rig.plugin([])).next_step == "pip install -e ."
    assert only(rig.plugin(["hil_virtual"])).state == "ok"


def test_a_missing_pack_has_its_install_line_and_is_not_needed():
    finding = only(rig.targets([BOARD], lambda target, pack: (target, "hil's own description")))
    assert (finding.state, finding.needed) == ("missing", False)
    assert finding.next_step == "pyocd pack install stm32f446retx"


def test_an_installed_pack_is_used():
    finding = only(rig.targets([BOARD], lambda target, pack: (pack, "CMSIS pack")))
    assert finding.state == "ok"
    assert "stm32f446retx (CMSIS pack)" in finding.detail


def test_a_probe_without_permission_is_broken_with_the_udev_fix():
    finding = next(iter(rig.probes([stlink(usable=False)], [PORT])))
    assert (finding.state, finding.needed) == ("broken", True)
    assert "udevadm" in finding.next_step
    assert UID in finding.subject


def test_a_probe_and_its_port_are_one_line_with_the_boards_it_may_be():
    finding = only(rig.probes([stlink()], [PORT]))
    assert (finding.subject, finding.state) == (UID, "ok")
    assert "/dev/ttyACM0, may be a nucleo_f446re" in finding.detail


def test_a_probe_without_a_port_is_told():
    finding = only(rig.probes([stlink()], []))
    assert finding.state == "broken"
    assert "no serial port" in finding.detail


def test_no_board_at_all_is_nothing_that_is_needed():
    finding = only(rig.probes([], []))
    assert (finding.state, finding.needed) == ("missing", False)


def test_a_held_port_names_its_holder(tmp_path):
    master, slave = os.openpty()
    try:
        port = PortFacts(os.ttyname(slave), 0x0483, 0x374B, UID, "a board")
        finding = next(iter(rig.ports([port])))
        assert finding.state == "broken"
        assert f"pid {os.getpid()}" in finding.detail
    finally:
        os.close(slave)
        os.close(master)
    assert next(iter(rig.ports([PORT], lambda path: None))).state == "ok"


def test_a_forbidden_port_has_the_group_to_join():
    finding = next(iter(rig.ports([PORT], lambda path: None, lambda path: False)))
    assert (finding.state, finding.needed) == ("broken", True)
    assert "dialout" in finding.next_step


def test_missing_data_has_the_command_that_fetches_it(tmp_path):
    *_, mnist = data.datasets(str(tmp_path))
    assert (mnist.state, mnist.needed) == ("missing", False)
    assert "hil data fetch mnist" in mnist.next_step
    (tmp_path / "mnist").mkdir()
    *_, mnist = data.datasets(str(tmp_path))
    assert mnist.state == "ok"


def script(path, text):
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_a_missing_renode_says_where_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setenv("HIL_RENODE", str(tmp_path / "none"))
    finding = only(renode.examine())
    assert (finding.state, finding.needed) == ("missing", False)
    assert "github.com/renode/renode" in finding.next_step


def test_a_renode_that_does_not_come_up_is_broken_with_its_last_words(monkeypatch, tmp_path):
    monkeypatch.setenv("HIL_RENODE", script(tmp_path / "renode", "exit 3"))
    finding = only(renode.examine())
    assert finding.state == "broken"
    assert "does not come up" in finding.detail


def test_a_renode_of_an_unknown_version_is_told_so(monkeypatch, tmp_path):
    dialogue = "printf '(monitor) '; read line; " * 3 + "printf 'Renode v1.9.0\\n(monitor) '; read line"
    monkeypatch.setenv("HIL_RENODE", script(tmp_path / "renode", dialogue))
    finding = only(renode.examine())
    assert finding.state == "broken"
    assert "1.9.0: known to work is 1.16" in finding.detail
    assert "take Renode 1.16" in finding.next_step


def test_a_renode_that_runs_is_told_with_version_and_how_it_is_driven(monkeypatch, tmp_path):
    command = (
        f'PYTHONPATH="{ROOT}:$PYTHONPATH" exec "{sys.executable}" -m harness.testing.renode_double --as 1.16.1 "$@"'
    )
    monkeypatch.setenv("HIL_RENODE", script(tmp_path / "renode", command))
    finding = only(renode.examine())
    assert finding.state == "ok", finding
    assert "1.16.1, driven over pipes" in finding.detail

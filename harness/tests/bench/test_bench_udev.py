"""The rules for udev: every probe of every board is in them, and they are rules to udev itself."""

import re
import shutil
import subprocess

import pytest

from harness.bench import boards, udev

KNOWN = [boards.load_board(name) for name in boards.names()]
TEXT = udev.rules(KNOWN)
# A pair of udev(7): a key, maybe with an attribute, an operator, a value in double quotes.
PAIR = re.compile(r'(?P<key>[A-Z]+)(\{(?P<attribute>[\w./]+)\})?(?P<operator>==|!=|=|\+=|-=|:=)"(?P<value>[^"]*)"')
MATCHES = {"SUBSYSTEM", "ENV", "ATTR", "ATTRS"}
SETS = {"MODE", "GROUP", "TAG", "ENV"}


def pairs():
    for line in TEXT.replace("\\\n", " ").splitlines():
        if not line or line.startswith("#"):
            continue
        found = [PAIR.fullmatch(part.strip()) for part in line.split(",")]
        assert all(found), f"this is no rule: {line}"
        yield [(m["key"], m["attribute"], m["operator"], m["value"]) for m in found]


def test_each_line_is_made_of_keys_and_operators_that_udev_knows_matches_before_what_is_set():
    for rule in pairs():
        kinds = [operator == "==" for _, _, operator, _ in rule]
        assert kinds == sorted(kinds, reverse=True)
        for key, _, operator, _ in rule:
            assert key in (MATCHES if operator == "==" else SETS)
        modes = [value for key, _, _, value in rule if key == "MODE"]
        assert modes == ["0660"]


def test_every_probe_of_every_board_has_a_rule_for_itself_its_hid_and_its_port():
    there = {
        tuple(
            value for key, attribute, _, value in rule if key == "SUBSYSTEM" or attribute in ("idVendor", "idProduct")
        )
        for rule in pairs()
    }
    wanted = {usb_id.lower() for board in KNOWN if board.debug for usb_id in board.debug.usb_ids}
    assert len(wanted) >= 10
    for usb_id in wanted:
        for subsystem in ("usb", "hidraw", "tty"):
            assert (subsystem, *usb_id.split(":")) in there
    assert len(there) == 3 * len(wanted)


def test_udev_itself_takes_them(tmp_path):
    """From systemd 254 on it says so by itself; those before have no way to be asked without being root."""
    tool = shutil.which("udevadm")
    if tool is None or "verify" not in subprocess.run([tool, "--help"], capture_output=True, text=True).stdout:
        pytest.skip("udevadm verify is not here (systemd 254)")
    file = tmp_path / udev.FILE
    file.write_text(TEXT)
    done = subprocess.run([tool, "verify", "--resolve-names=never", str(file)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr

"""Ports as three operating systems describe them, matched with the probes that pyOCD lists."""

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.bench import discover, emulators, lease
from harness.bench.boards import load_board
from harness.bench.discover import Attached, PortFacts, attached, callout, stable_name, unique_id
from harness.bench.probes.pyocd import PyocdProbe
from harness.plans.bench import Bench, BenchUnit, dump_bench, load_bench, merged

BOARD = load_board("nucleo_f446re")
UID = "066EFF485155878281094633"
KITPROG = BOARD.model_copy(update={"debug": BOARD.debug.model_copy(update={"usb_ids": ("04b4:f155",)})})

LINUX = PortFacts("/dev/ttyACM0", 0x0483, 0x374B, UID, "STM32 STLink - ST-Link VCP Ctrl", "1-2:1.2")
WINDOWS = PortFacts("COM7", 0x0483, 0x374B, UID, "STMicroelectronics STLink Virtual COM Port (COM7)", "1-2:x.2")
MACOS = PortFacts("/dev/cu.usbmodem14203", 0x0483, 0x374B, UID, "STM32 STLink", "20-2")


@pytest.mark.parametrize("port", [LINUX, WINDOWS, MACOS], ids=["linux", "windows", "macos"])
def test_an_st_link_is_found_by_its_serial_number_on_every_system(port):
    assert attached(BOARD, [port]) == (Attached(UID, port.device, port.description),)


def test_a_kitprog3_is_found_by_its_serial_number():
    port = PortFacts(
        "/dev/ttyACM1", 0x04B4, 0xF155, "1A0E0B5E03201400", "KitProg3 CMSIS-DAP - KitProg3 USB-UART", "1-3:1.1"
    )
    assert attached(KITPROG, [port, LINUX]) == (Attached("1A0E0B5E03201400", "/dev/ttyACM1", port.description),)
    assert [unit.uid for unit in attached(BOARD, [port, LINUX])] == [UID]


def test_of_two_ports_of_one_probe_the_first_is_the_targets():
    first = PortFacts("/dev/ttyACM11", 0x0483, 0x374E, UID, "STLINK-V3", "1-2:1.1")
    second = PortFacts("/dev/ttyACM2", 0x0483, 0x374E, UID, "STLINK-V3", "1-2:1.3")
    assert [unit.port for unit in attached(BOARD, [second, first])] == ["/dev/ttyACM11"]


def test_where_no_interface_is_told_com9_comes_before_com10():
    nine, ten = (PortFacts(f"COM{number}", 0x0483, 0x374B, UID, "") for number in (9, 10))
    assert [unit.port for unit in attached(BOARD, [ten, nine])] == ["COM9"]


@pytest.mark.parametrize("serial", ["6&2E5B0B9F&0&0002", "", None, "000000"])
def test_what_is_no_serial_number_matches_nothing(serial):
    assert attached(BOARD, [PortFacts("COM3", 0x0483, 0x374B, serial)]) == ()


def test_an_old_st_link_has_raw_bytes_for_a_serial_number():
    assert unique_id(PortFacts("COM3", 0x0483, 0x374B, "\x06nÿHQU\x87\x82\x81\tF3")) == "066EFF485155878281094633"


def test_windows_small_letters_are_the_same_probe():
    assert unique_id(PortFacts("COM3", 0x0483, 0x374B, UID.lower())) == UID
    # Blanks at the ends are seen by nobody, and pyOCD finds a probe by a part of its id.
    assert unique_id(PortFacts("COM3", 0x04B4, 0xF155, "1A0F 25 ")) == "1A0F 25"
    assert unique_id(PortFacts("COM3", 0x04B4, 0xF155, "1A\x1b0F")) is None


def test_ports_that_are_no_usb_devices_are_passed_over():
    assert attached(BOARD, [PortFacts("/dev/ttyS0"), PortFacts("COM1")]) == ()


def test_macos_ports_are_opened_without_waiting_for_a_carrier():
    assert callout("/dev/tty.usbmodem14203") == "/dev/cu.usbmodem14203"
    assert callout("/dev/ttyACM0") == "/dev/ttyACM0"


def test_a_bench_file_names_ports_by_what_does_not_change():
    link = f"/dev/serial/by-id/usb-STMicroelectronics_STM32_STLink_{UID}-if02"
    assert stable_name("/dev/ttyACM0", {link: "/dev/ttyACM0"}) == link
    assert stable_name("/dev/ttyACM1", {link: "/dev/ttyACM0"}) == "/dev/ttyACM1"


TEXT = st.text(st.characters(codec="ascii", min_codepoint=33, max_codepoint=126), min_size=1, max_size=30)


@given(
    st.lists(
        st.builds(BenchUnit, board=TEXT, uid=TEXT, port=TEXT),
        min_size=1,
        max_size=5,
        unique_by=(lambda u: u.uid, lambda u: u.port),
    )
)
def test_a_written_bench_file_reads_back_the_same(tmp_path_factory, units):
    path = tmp_path_factory.mktemp("bench") / "host.yaml"
    bench = Bench(units=tuple(units))
    path.write_text(dump_bench(bench, "found"), encoding="utf-8")
    assert load_bench(path) == bench


def test_a_unit_that_is_unplugged_today_stays_in_the_file():
    gone, moved, now = (
        BenchUnit(board="b", uid=uid, port=port) for uid, port in (("1", "p1"), ("2", "p2"), ("2", "p9"))
    )
    assert merged(Bench(units=(gone, moved)), [now]).units == (gone, now)


def test_a_line_of_the_file_that_is_known_to_be_wrong_is_not_kept():
    one, two = (BenchUnit(board="b", uid=uid, port=port) for uid, port in (("1", "p1"), ("2", "p2")))
    assert merged(Bench(units=(one, two)), [two], forget=["1"]).units == (two,)


@pytest.fixture(scope="module")
def unit():
    unit = emulators.start("virtual", BOARD)
    yield unit
    unit.close()


def open_probe(board, uid):
    return PyocdProbe(uid, board.debug)


def test_the_chip_tells_which_of_two_boards_with_the_same_probe_it_is(unit):
    other = BOARD.model_copy(update={"name": "other", "debug": BOARD.debug.model_copy(update={"chip_id": 0x470})})
    found = discover.identify(Attached(unit.uid, unit.port, ""), [other, BOARD], open_probe)
    assert (found.board, found.why) == ("nucleo_f446re", "")
    nothing = discover.identify(Attached(unit.uid, unit.port, ""), [other], open_probe)
    assert nothing.board == ""
    assert "0x421" in nothing.why


def test_a_unit_in_use_is_left_alone(unit):
    with lease.acquire(unit.uid, what="a run"):
        found = discover.identify(Attached(unit.uid, unit.port, ""), [BOARD], open_probe)
    assert found.board == ""
    assert "in use" in found.why
    assert "a run" in found.why


def test_the_package_imports_where_there_is_no_termios(tmp_path):
    script = (
        "import sys, zoneinfo, numpy, pydantic, serial, serial.tools.list_ports, subprocess, tempfile\n"
        "sys.modules['termios'] = sys.modules['fcntl'] = None\n"
        "sys.modules['msvcrt'] = type(sys)('msvcrt')\n"
        "sys.platform = 'win32'\n"
        "import harness.bench.transports.serial, harness.bench.unit, harness.bench.discover, harness.bench.usb\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=200, env=dict(os.environ)
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("location", "place"),
    [("1-1.4:1.2", "1-1.4"), ("3-2", "3-2"), ("1-10.2.3:x.2", "1-10.2.3"), ("", None), ("20-3-1", None), (None, None)],
)
def test_where_a_probe_is_plugged_in_is_told_where_the_system_says_it(location, place):
    port = PortFacts("/dev/ttyACM0", 0x0483, 0x374B, "0670FF485155878281094634", location=location)
    assert discover.usb_places([port]).get("0670FF485155878281094634") == place

"""What must hold for every chip in ``harness/virtual/soc``, a new one included."""

import itertools
import random
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from pyocd.core.memory_map import MemoryType
from pyocd.flash.loader import FlashLoader

from harness.errors import MisuseError
from harness.paths import shipped
from harness.virtual import soc
from harness.virtual.debug import registry
from harness.virtual.host import process

CHIPS = soc.names()


@pytest.fixture(params=CHIPS)
def running(request, runtime_dir):
    """A running, blank unit of each chip."""
    with process.start(request.param, board_name="b") as unit:
        yield unit


def flash_of(session):
    """Start and size of the flash that the target boots from, as one range."""
    regions = [r for r in session.target.memory_map if r.type is MemoryType.FLASH]
    boot = next(r for r in regions if r.is_boot_memory)
    end = boot.start
    for region in sorted(regions, key=lambda r: r.start):
        end = region.end + 1 if region.start == end else end
    return boot, boot.start, end - boot.start


def test_an_unknown_chip_lists_the_known_ones():
    with pytest.raises(MisuseError, match=CHIPS[0]):
        soc.build("z80", "x")


@pytest.mark.parametrize("name", CHIPS)
def test_a_blank_chip_waits_for_a_debugger_and_uses_no_time(name):
    _target, chip = soc.build(name, "blank")
    chip.reset("power")
    for port in chip.access_ports.values():
        assert any(port.machine.run(1_000_000) is not None for _ in range(3)), "it computes without a program"


@pytest.mark.parametrize("name", CHIPS)
def test_no_two_regions_of_a_chip_overlap(name):
    _target, chip = soc.build(name, "map")
    for port in chip.access_ports.values():
        regions = sorted(port.machine.bus.regions, key=lambda region: region.base)
        for one, other in itertools.pairwise(regions):
            assert one.end <= other.base, f"{one.name} and {other.name}"


@pytest.mark.parametrize("name", CHIPS)
def test_a_store_by_the_program_to_flash_that_is_locked_changes_nothing(name):
    _target, chip = soc.build(name, "locked")
    machine = chip.machine
    before = bytes(chip.array[64:72])
    flash = next(region.base for region in machine.bus.regions if region.buffer is chip.array)
    ram = machine.bus.ram
    # strd r1, r1, [r0]; b .
    ram.buffer[0:6] = bytes.fromhex("c0e90011fee7")
    machine.in_reset = False
    machine.debug.write(0xDF0, 0xA05F0003)
    for number, value in ((0, flash + 64), (1, 0x12345678), (16, 1 << 24), (15, ram.base)):
        machine.debug._write_register(number, value)
    machine.debug.write(0xDF0, 0xA05F0001)
    machine.run(1000)
    assert machine.core.pc == ram.base + 4
    assert bytes(chip.array[64:72]) == before


def test_the_real_algorithm_programs_both_ends_and_what_lies_between_stays_erased(running, open_probe):
    content = random.Random(1).randbytes(5000)
    with open_probe(running.uid, smart_flash=False) as session:
        boot, start, size = flash_of(session)
        last = session.target.memory_map.get_region_for_address(start + size - 1).sector_size
        places = (start, start + size // 2, start + size - last)
        for at in places:
            FlashLoader.program_binary_data(session, at, content[: min(last, len(content))])
        for at in places:
            wanted = content[: min(last, len(content))]
            assert bytes(session.target.read_memory_block8(at, len(wanted))) == wanted, hex(at)
        assert session.target.read32(start + size // 4) == boot.erased_byte_value * 0x01010101


def test_programming_one_sector_again_keeps_its_neighbours(running, open_probe):
    with open_probe(running.uid, smart_flash=False) as session:
        boot, start, _size = flash_of(session)
        sector = boot.sector_size
        whole = random.Random(2).randbytes(3 * sector)
        FlashLoader.program_binary_data(session, start, whole)
        fresh = random.Random(3).randbytes(sector)
        FlashLoader.program_binary_data(session, start + sector, fresh)
        found = bytes(session.target.read_memory_block8(start, 3 * sector))
        assert found == whole[:sector] + fresh + whole[2 * sector :]


@pytest.mark.skipif(
    not any(point.value.startswith("harness.virtual") for point in entry_points(group="pyocd.probe")),
    reason="the pyocd.probe entry point of this project is not installed here",
)
def test_the_pyocd_command_line_flashes_and_reads_each_chip(running, tmp_path):
    image = tmp_path / "image.bin"
    image.write_bytes(random.Random(4).randbytes(3000))
    entry = registry.find(running.uid)
    _target, chip = soc.build(entry.soc, "map")
    base = next(region.base for region in chip.machine.bus.regions if region.buffer is chip.array)

    def pyocd(*arguments):
        beside = Path(sys.executable).with_name("pyocd")
        command = [
            str(beside) if beside.exists() else "pyocd",
            *arguments,
            "-u",
            running.uid,
            "-t",
            entry.target,
            "--no-config",
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    pyocd("flash", "--base-address", hex(base), str(image))
    saved = tmp_path / "saved.bin"
    pyocd("cmd", "-c", f"savemem {base:#x} 3000 {saved}")
    assert saved.read_bytes() == image.read_bytes()


def test_the_fourth_board_is_named_in_two_files_and_one_chip_alone():
    root = shipped("firmware").parent
    folders = [root / "firmware", root / "harness"]  # a plan names whatever boards it likes
    files = [
        path for folder in folders for path in folder.rglob("*") if path.suffix in {".py", ".c", ".h", ".toml", ".yaml"}
    ]
    own = [path for path in files if "tests" not in path.parts]
    naming = {path.relative_to(root).as_posix() for path in own if "l476" in path.read_text().lower()}
    naming.discard(
        "harness/renode/soc/stm32l476rg.py"
    )  # its place in the second emulator, which a board may do without
    assert naming == {
        "firmware/boards/nucleo_l476rg/board.toml",
        "firmware/boards/nucleo_l476rg/board.c",
        "harness/virtual/soc/stm32l476rg.py",
    }

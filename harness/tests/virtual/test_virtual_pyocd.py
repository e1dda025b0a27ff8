import os
import shutil
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from pyocd.core import exceptions
from pyocd.core.target import Target
from pyocd.flash.file_programmer import FileProgrammer
from pyocd.flash.loader import FlashLoader
from virtual_lab import binary

from harness.virtual.host import process
from harness.virtual.host.control import Control

FLASH, RAM = 0x08000000, 0x20000000


def test_pyocd_finds_the_unit_and_knows_its_board_and_target(unit, open_probe):
    with open_probe(unit.uid) as session:
        assert session.probe.unique_id == unit.uid
        assert session.board.name == "nucleo_f446re"
        assert session.target.part_number == "Stm32F446RE"
        assert "virtual" in session.probe.description
        assert session.target.read32(0xE0042000) == 0x10006421
        assert session.target.read16(0x1FFF7A22) == 512


def test_a_blank_board_is_locked_up_until_an_image_is_flashed(unit, open_probe, image):
    with Control(unit.uid) as control:
        assert control.state()["locked_up"]
    with open_probe(unit.uid, connect_mode="attach") as session:
        assert session.target.get_state() is Target.State.LOCKUP
        session.target.halt()
        session.target.resume()
        assert session.target.get_state() is Target.State.LOCKUP
        session.target.halt()
        FileProgrammer(session).program(str(image))
        session.target.reset()
        assert session.target.get_state() in (Target.State.RUNNING, Target.State.SLEEPING)


def test_what_pyocd_flashed_reads_back_the_same(unit, open_probe, image):
    content = binary(image)
    with open_probe(unit.uid) as session:
        FileProgrammer(session).program(str(image))
        assert bytes(session.target.read_memory_block8(FLASH, len(content))) == content


def test_a_large_image_over_all_sector_sizes_is_programmed_by_the_real_algorithm(unit, open_probe):
    content = os.urandom(200_000)
    with open_probe(unit.uid, smart_flash=False) as session:
        FlashLoader.program_binary_data(session, FLASH, content)
        assert bytes(session.target.read_memory_block8(FLASH, len(content))) == content
        assert session.target.read32(FLASH + 0x70000) == 0xFFFFFFFF


def test_flashing_again_replaces_the_code_that_runs(unit, open_probe):
    with open_probe(unit.uid) as session:
        for value in (0x11, 0x22, 0x33):
            # stack, reset vector, then: movs r0, #value; b .
            code = (0x20001000).to_bytes(4, "little") + (FLASH + 9).to_bytes(4, "little")
            code += bytes((value, 0x20)) + b"\xfe\xe7"
            FlashLoader.program_binary_data(session, FLASH, code)
            session.target.reset()
            session.target.halt()
            assert session.target.read_core_register("r0") == value


def test_a_store_to_flash_by_the_debugger_without_unlocking_changes_nothing(unit, open_probe):
    with open_probe(unit.uid) as session:
        session.target.write32(FLASH, 0x12345678)
        assert session.target.read32(FLASH) == 0xFFFFFFFF


def test_registers_steps_and_breakpoints(unit, open_probe):
    with open_probe(unit.uid) as session:
        target = session.target
        target.halt()
        # movs r0, #1; adds r0, #1; adds r0, #1; b . -4
        target.write_memory_block8(RAM, b"\x01\x20\x01\x30\x01\x30\xfc\xe7")
        target.write_core_register("pc", RAM)
        target.write_core_register("xpsr", 0x01000000)
        target.step()
        assert (target.read_core_register("pc"), target.read_core_register("r0")) == (RAM + 2, 1)
        target.write_core_register("r0", 100)
        target.step()
        assert target.read_core_register("r0") == 101
        target.write_core_registers_raw(["r4", "s3", "sp"], [0xCAFE, 0x3F800000, 0x20001000])
        assert target.read_core_registers_raw(["r4", "s3", "sp"]) == [0xCAFE, 0x3F800000, 0x20001000]


def test_a_hardware_breakpoint_in_flash_halts_before_its_instruction(unit, open_probe):
    code = (0x20001000).to_bytes(4, "little") + (FLASH + 9).to_bytes(4, "little")
    code += b"\x00\x20\x01\x30\xfd\xe7"  # movs r0, #0; adds r0, #1; b . -2
    with open_probe(unit.uid) as session:
        target = session.target
        FlashLoader.program_binary_data(session, FLASH, code)
        target.reset_and_halt()
        assert target.read_core_register("pc") == FLASH + 8
        target.set_breakpoint(FLASH + 12, Target.BreakpointType.HW)
        target.resume()
        for _ in range(100):
            if target.get_state() is Target.State.HALTED:
                break
        assert target.get_state() is Target.State.HALTED
        assert (target.read_core_register("pc"), target.read_core_register("r0")) == (FLASH + 12, 1)
        target.remove_breakpoint(FLASH + 12)
        target.resume()
        assert target.get_state() is Target.State.RUNNING


def test_an_access_to_nowhere_is_a_transfer_fault_and_the_session_goes_on(unit, open_probe):
    with open_probe(unit.uid) as session:
        session.target.halt()
        with pytest.raises(exceptions.TransferFaultError):
            session.target.read32(0x60000000)
        assert session.target.read32(0xE0042000) == 0x10006421


def test_the_death_of_the_unit_is_a_clear_error(runtime_dir, open_probe):
    with process.start("stm32f446re", board_name="nucleo_f446re") as unit:
        session = open_probe(unit.uid)
        session.open()
        with Control(unit.uid) as control:
            control.kill()
        with pytest.raises(exceptions.ProbeDisconnected, match=unit.uid):
            session.target.read32(RAM)
        session.options.set("resume_on_disconnect", False)
        session.close()


def installed() -> bool:
    return any(point.value.startswith("harness.virtual") for point in entry_points(group="pyocd.probe"))


@pytest.mark.skipif(not installed(), reason="the pyocd.probe entry point of this project is not installed here")
def test_the_pyocd_command_line_lists_and_flashes_the_unit(unit, image):
    beside = Path(sys.executable).with_name("pyocd")
    pyocd = [str(beside)] if beside.exists() else [shutil.which("pyocd") or "pyocd"]

    def run(*arguments):
        return subprocess.run([*pyocd, *arguments], capture_output=True, text=True, timeout=60, check=False)

    listed = run("list", "--no-config")
    assert listed.returncode == 0, listed.stderr
    assert unit.uid in listed.stdout
    flashed = run("flash", "-t", "stm32f446re", "-u", unit.uid, "--no-config", str(image))
    assert flashed.returncode == 0, flashed.stderr
    read = run("cmd", "-t", "stm32f446re", "-u", unit.uid, "--no-config", "-c", "read32 0x08000000")
    assert f"{int.from_bytes(binary(image)[:4], 'little'):08x}" in read.stdout.lower()


@pytest.mark.parametrize("soc", ["stm32f446re", "stm32l476rg", "stm32l4r9zi"])
def test_a_connected_debugger_keeps_the_clocks_of_a_sleeping_core_and_holds_its_watchdogs(runtime_dir, open_probe, soc):
    with process.start(soc, board_name="b") as unit, open_probe(unit.uid, connect_mode="attach") as session:
        assert session.target.read32(0xE0042004) & 0b111 == 0b111  # DBGMCU_CR: sleep, stop, standby
        assert session.target.read32(0xE0042008) & 0x1800 == 0x1800  # WWDG, IWDG

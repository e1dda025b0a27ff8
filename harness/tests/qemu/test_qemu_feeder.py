"""The plug-in that hands bytes over: never needed, taken where it can be, and the firmware does not see a difference."""

import zipfile
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pyocd
import pytest
from qemu_lab import BOARD, needs_qemu

from harness.bench import emulators
from harness.bench.boards import load_board
from harness.qemu import feeder
from harness.qemu.machines import KINDS, Port

SLOW = "slow, without the feeder"


def test_it_is_compiled_once_and_kept():
    first = feeder.library()
    assert first is not None
    written_ns = first.stat().st_mtime_ns
    assert feeder.library() == first
    assert first.stat().st_mtime_ns == written_ns


def test_without_room_for_it_there_is_none(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("HIL_CACHE_DIR", str(tmp_path / "file"))
    assert feeder.library() is None


@pytest.mark.parametrize("program", ["false", "/nowhere/compiler"])
def test_without_a_compiler_that_makes_it_there_is_none_and_nothing_is_kept(monkeypatch, tmp_path, program):
    monkeypatch.setenv("HIL_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(feeder, "_COMMAND", (program, "cc"))
    assert feeder.library() is None
    assert list((tmp_path / "qemu").iterdir()) == []


def test_it_is_told_its_socket_and_where_handler_and_data_are():
    said = feeder.arguments(Path("/a,b/feeder.so"), 7, "wire", Port(0x40004424, 38), 0x08000000)
    assert said == ["-plugin", "/a,,b/feeder.so,fd=7,port=wire,vector=0x80000d8,data=0x40004424"]


def test_registers_and_interrupts_are_those_of_st_s_description_of_the_chip():
    archive = Path(pyocd.__file__).parent / "debug" / "svd" / "svd_data.zip"
    chip = ElementTree.fromstring(zipfile.ZipFile(archive).read("STM32L4x5.svd"))
    peripherals = {found.findtext("name"): found for found in chip.iter("peripheral")}
    for name, port in KINDS["b-l475e-iot01a"].ports.items():
        found = peripherals[name]
        assert port.received == int(found.findtext("baseAddress"), 16) + 0x24, name
        numbers = {int(at.findtext("value")) for at in found.iter("interrupt") if at.findtext("name") == name}
        assert numbers == ({port.interrupt} if name != "LPUART1" else set()), name  # of that it names no interrupt


@needs_qemu
def test_with_it_and_without_it_the_board_answers_the_same(run, monkeypatch):
    fed = run(12)
    monkeypatch.setattr(feeder, "library", lambda: None)
    alone = run(12)
    assert len(fed.samples.outputs) == 12
    assert np.array_equal(fed.samples.outputs, alone.samples.outputs)
    assert SLOW not in fed.record.unit.probe
    assert SLOW in alone.record.unit.probe
    assert fed.record.link.frames_bad == alone.record.link.frames_bad == 0


@needs_qemu
def test_a_qemu_that_does_not_take_it_runs_without(monkeypatch, tmp_path):
    (tmp_path / "feeder.so").write_text("no library")
    monkeypatch.setattr(feeder, "library", lambda: tmp_path / "feeder.so")
    unit = emulators.start("qemu", load_board(BOARD))
    try:
        assert SLOW in unit.probe(allow_mass_erase=False).description
    finally:
        unit.close()

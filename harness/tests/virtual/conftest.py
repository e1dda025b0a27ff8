"""Test images compiled once per session, chips in this process, units in processes of their own."""

import struct
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from harness.virtual import process
from harness.virtual.soc.stm32f446re import FLASH_BASE, RAM_BASE, Stm32F446

SOURCES = Path(__file__).parent / "firmware"
MAILBOX = 0x2001F000
MAGIC = 0x4D41494C
MODES = {
    name: number
    for number, name in enumerate(
        [
            "priorities", "basepri", "wfi_masked", "supervisor_call", "floating_point", "unprivileged", "systick",
            "count_instructions", "watchdog", "software_reset", "provoke", "sink", "polled_echo", "compute", "fpu_off",
        ],
        start=1,
    )
}  # fmt: skip


@pytest.fixture(scope="session")
def image(tmp_path_factory) -> Path:
    """The test firmware as an ELF file."""
    elf = tmp_path_factory.mktemp("firmware") / "probe.elf"
    command = [sys.executable, "-m", "ziglang", "cc", "-target", "thumb-freestanding-eabihf"]
    command += ["-mcpu=cortex_m4+vfp4d16sp", "-O2", "-fno-lto", "-fno-sanitize=all", "-nostdlib", "-Wall", "-Werror"]
    command += [f"-Wl,-T,{SOURCES / 'board.ld'}", "-Wl,-e,reset_handler", "-o", str(elf), str(SOURCES / "probe.c")]
    subprocess.run(command, check=True, timeout=120)
    return elf


def binary(elf: Path) -> bytes:
    """The bytes that belong at the start of flash."""
    content = bytearray()
    with elf.open("rb") as file:
        for segment in ELFFile(file).iter_segments("PT_LOAD"):
            if segment["p_filesz"]:
                at = segment["p_paddr"] - FLASH_BASE
                content.extend(b"\xff" * (at + segment["p_filesz"] - len(content)))
                content[at : at + segment["p_filesz"]] = segment.data()
    return bytes(content)


@dataclass
class Lab:
    """A chip in this process with the test firmware in its flash."""

    chip: Stm32F446

    @property
    def machine(self):
        return self.chip.machine

    def box(self) -> tuple[int, ...]:
        return struct.unpack_from("<6I", self.chip.ram, MAILBOX - RAM_BASE)

    @property
    def done(self) -> bool:
        return bool(self.box()[3])

    @property
    def results(self) -> list[int]:
        count = self.box()[5]
        return list(struct.unpack_from(f"<{count}I", self.chip.ram, MAILBOX - RAM_BASE + 24))

    def start(self, mode: str, argument: int = 0) -> None:
        struct.pack_into("<6I", self.chip.ram, MAILBOX - RAM_BASE, MAGIC, MODES[mode], argument, 0, 0, 0)
        self.machine.request_reset("power")

    def run(self, mode: str, argument: int = 0, limit: int = 20_000_000) -> list[int]:
        """Run one mode to its end; idle time passes at once, whatever the wall clock says."""
        self.start(mode, argument)
        end = self.machine.clock.now() + limit
        wall_s = 0.0
        self.machine._wall = lambda: wall_s
        while not self.done and self.machine.clock.now() < end and not self.machine.faults.locked_up:
            pause_s = self.machine.run(100_000)
            wall_s += pause_s or 0.0
        assert self.done or self.machine.faults.locked_up, f"mode {mode} did not end; pc {self.machine.core.pc:#x}"
        return self.results


@pytest.fixture
def lab(image) -> Lab:
    """A fresh chip per test."""
    chip = Stm32F446("test")
    content = binary(image)
    chip.array[: len(content)] = content
    return Lab(chip)


@pytest.fixture
def runtime_dir(monkeypatch):
    """A private registry, so that tests see their own units alone. Not tmp_path: a socket's path must be short."""
    with tempfile.TemporaryDirectory(prefix="hil-") as parent:
        path = Path(parent) / "run"
        monkeypatch.setenv("HIL_RUNTIME_DIR", str(path))
        yield path


@pytest.fixture
def unit(runtime_dir):
    """A running, blank unit."""
    with process.start("stm32f446re", board_name="nucleo_f446re") as running:
        yield running


@pytest.fixture
def open_probe():
    """Open a unit through pyOCD as the harness would: by its unique id alone."""
    from pyocd.core.helpers import ConnectHelper
    from pyocd.probe import aggregator

    if "hil-virtual" not in aggregator.PROBE_CLASSES:  # the entry point is not installed in this environment
        from harness.virtual.pyocd_plugin import VirtualProbePlugin

        plugin = VirtualProbePlugin()
        aggregator.PROBE_CLASSES[plugin.name] = plugin.load()

    def connect(uid: str, **options):
        chosen = {"no_config": True, "reset.post_delay": 0, "hide_programming_progress": True, **options}
        return ConnectHelper.session_with_chosen_probe(unique_id=uid, blocking=False, options=chosen)

    return connect

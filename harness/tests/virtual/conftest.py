"""Test images compiled once per session, chips in this process, units in processes of their own."""

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from virtual_lab import Lab, binary

from harness.virtual.host import process
from harness.virtual.soc.stm32f446re import Stm32F446

SOURCES = Path(__file__).parent / "firmware"


@pytest.fixture(scope="session")
def image(tmp_path_factory) -> Path:
    """The test firmware as an ELF file."""
    elf = tmp_path_factory.mktemp("firmware") / "probe.elf"
    command = [sys.executable, "-m", "ziglang", "cc", "-target", "thumb-freestanding-eabihf"]
    command += ["-mcpu=cortex_m4+vfp4d16sp", "-O2", "-fno-lto", "-fno-sanitize=all", "-nostdlib", "-Wall", "-Werror"]
    command += [f"-Wl,-T,{SOURCES / 'board.ld'}", "-Wl,-e,reset_handler", "-o", str(elf), str(SOURCES / "probe.c")]
    subprocess.run(command, check=True, timeout=120)
    return elf


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
        from harness.virtual.debug.pyocd_plugin import VirtualProbePlugin

        plugin = VirtualProbePlugin()
        aggregator.PROBE_CLASSES[plugin.name] = plugin.load()

    def connect(uid: str, **options):
        chosen = {"no_config": True, "reset.post_delay": 0, "hide_programming_progress": True, **options}
        return ConnectHelper.session_with_chosen_probe(unique_id=uid, blocking=False, options=chosen)

    return connect

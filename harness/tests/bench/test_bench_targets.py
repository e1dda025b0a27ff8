"""Which description of a chip is used, with a real pack that pyOCD's own reader reads."""

import os
import subprocess
import sys

import bench_packs
import cmsis_pack_manager
import pytest
from pyocd.target.pack.cmsis_pack import CmsisPack
from pyocd.target.pack.flash_algo import PackFlashAlgo
from pyocd.target.pack.pack_target import ManagedPacks

from harness.bench import emulators
from harness.bench.boards import load_board
from harness.bench.probes import CoreState, targets
from harness.bench.probes.pyocd import PyocdProbe
from harness.models import metadata
from harness.run.product import build_product

BOARD = load_board("steval_stwinkt1")
PART = BOARD.debug.pack_target


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    return bench_packs.pack(tmp_path_factory.mktemp("pack"))


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    out = tmp_path_factory.mktemp("image") / "digits.elf"
    return build_product(metadata.load_model("digits_cnn_int8"), BOARD, out=out).image.elf


@pytest.fixture
def data_home(tmp_path, monkeypatch):
    """Where cmsis-pack-manager keeps its packs: an empty place."""
    home = tmp_path / "data"
    for variable in ("XDG_DATA_HOME", "HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(variable, str(home))
    if not str(cmsis_pack_manager.Cache(True, True).data_path).startswith(str(home)):
        pytest.skip("this system keeps packs where a test cannot move them")
    return home


@pytest.fixture
def cache(archive, data_home):
    return bench_packs.install(archive, data_home)


def test_the_pack_is_read_by_pyocds_own_reader(archive):
    (device,) = CmsisPack(str(archive)).devices
    assert device.part_number == bench_packs.PART
    assert device.memory_map.get_region_for_address(0x08000000).length == BOARD.memory.flash_bytes
    algorithm = PackFlashAlgo(device.get_file("Flash/tests.FLM"))
    assert (algorithm.flash_start, algorithm.page_size, algorithm.sector_sizes) == (0x08000000, 0x400, [(0, 0x1000)])


def test_an_installed_pack_is_found_and_one_that_was_only_indexed_is_not(cache):
    assert targets.installed(PART)
    assert [str(pack) for pack in ManagedPacks.get_installed_packs()] == ["Hil.Tests_DFP.1.0.0"]
    assert not targets.installed("stm32f446retx")
    for archive in (p for p in os.scandir(os.path.join(cache.data_path, "Hil", "Tests_DFP"))):  # noqa: PTH118
        os.unlink(archive)  # noqa: PTH108
    assert not targets.installed(PART)


def test_without_any_pack_nothing_is_installed(data_home):
    assert not targets.installed(PART)


def choose(*arguments):
    """In a process of its own: pyOCD's table of targets is the process's."""
    program = f"from harness.bench.probes import targets; print(*targets.choose{arguments!r}, sep='|')"
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()


def test_an_installed_pack_comes_before_our_own_description_and_behind_pyocds(cache):
    assert choose(BOARD.debug.target, PART) == f"{PART}|CMSIS pack"
    assert choose("cy8c6xxa", PART) == "cy8c6xxa|pyOCD's own"
    assert choose("stm32f446re", "stm32f446retx") == "stm32f446re|hil's own description"


def test_a_board_is_flashed_by_the_algorithm_of_the_pack_and_read_back(image, cache):
    unit = emulators.start("virtual", BOARD)
    probe = PyocdProbe(unit.uid, BOARD.debug)
    try:
        probe.open()
        assert f"target {PART} (CMSIS pack)" in probe.description
        report = probe.flash(image)
        assert report.verified
        assert report.bytes_programmed == report.bytes_total > 10_000
        probe.reset()
        assert probe.core().state in (CoreState.RUNNING, CoreState.SLEEPING)
    finally:
        probe.close()
        unit.close()

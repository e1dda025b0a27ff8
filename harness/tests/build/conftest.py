import shutil

import pytest

from harness.build import build
from harness.paths import shipped

FIRMWARE = shipped("firmware")


@pytest.fixture(scope="session")
def board_dir():
    return FIRMWARE / "boards" / "nucleo_f446re"


@pytest.fixture(scope="session")
def generated_dir():
    """The engine of the C tests, which sums its inputs: small, and independent of the generator."""
    return FIRMWARE / "tests" / "sums"


@pytest.fixture(scope="session")
def build_cache(tmp_path_factory):
    return tmp_path_factory.mktemp("firmware-cache")


@pytest.fixture(scope="session")
def image(board_dir, generated_dir, build_cache):
    return build(board_dir, generated_dir, cache_dir=build_cache)


@pytest.fixture
def own_elf(image, tmp_path):
    """A copy of the image that a test may spoil."""
    return shutil.copyfile(image.elf, tmp_path / "own.elf")

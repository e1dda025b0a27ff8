"""Units in the double, the image built once."""

from functools import cache

import pytest
from renode_lab import BOARD, MODEL, VERSIONS, double

from harness.bench.boards import load_board
from harness.models import metadata
from harness.run.options import RunOptions
from harness.run.product import build_product
from harness.run.runner import run_case


@pytest.fixture(scope="session")
def images(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")

    @cache
    def built(board):
        out = folder / f"{board}.elf"
        build_product(metadata.load_model(MODEL), load_board(board), out=out)
        return out

    return built


@pytest.fixture(scope="session")
def image(images):
    return images(BOARD)


@pytest.fixture(params=VERSIONS)
def version(request):
    return request.param


@pytest.fixture
def renode(tmp_path, monkeypatch):
    """Make a version of the double the host's Renode; with flags of the double's own."""

    def use(version="1.16.1", *flags):
        script = double(tmp_path, version, *flags)
        monkeypatch.setenv("HIL_RENODE", str(script))
        return script

    return use


@pytest.fixture
def run():
    def go(case, firmware=None):
        return run_case(case, RunOptions(backend="renode", firmware=firmware), watch=lambda step: None)

    return go

"""Real cases on real virtual units; the image is built once (and cached between runs)."""

from pathlib import Path

import pytest
from run_cases import BOARD, MODEL, digits_case

from harness.bench.boards import load_board
from harness.models import metadata
from harness.run.options import RunOptions
from harness.run.product import build_product
from harness.run.runner import run_case


@pytest.fixture(scope="session")
def image(tmp_path_factory):
    """The digits firmware as a file that a test may copy and change."""
    out = tmp_path_factory.mktemp("image") / "digits.elf"
    build_product(metadata.load_model(MODEL), load_board(BOARD), out=out)
    return out


@pytest.fixture
def run():
    """Run the digits plan on a virtual unit; ``at`` maps a share of the stream to something that is done then."""

    def go(samples=60, *, firmware: Path | None = None, at=None, case=None, layers=False):
        pending = sorted((at or {}).items(), key=lambda item: item[0])

        def watch(step):
            while pending and step.name == "stream" and step.share >= pending[0][0]:
                pending.pop(0)[1]()

        options = RunOptions(backend="virtual", firmware=firmware, layers=layers)
        return run_case(case or digits_case(samples), options, watch=watch)

    return go

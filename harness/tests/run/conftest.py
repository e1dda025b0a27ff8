"""Real cases on real virtual units; the image is built once (and cached between runs)."""

from pathlib import Path

import pytest
from run_cases import BOARD, MODEL, digits_case
from run_mutations import Workshop

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


@pytest.fixture(scope="session")
def workshop(tmp_path_factory):
    """``workshop(board, model)``: each is built once in a session, and the kernels once for all of a board's kind."""
    sources = tmp_path_factory.mktemp("sources") / "firmware"
    made: dict[tuple[str, str], Workshop] = {}

    def one(board, model):
        if (board, model) not in made:
            made[board, model] = Workshop(tmp_path_factory.mktemp("workshop"), sources, board, model)
        return made[board, model]

    return one


@pytest.fixture
def run():
    """Run the digits plan on a virtual unit; ``at`` maps a share of the stream, or of a step by its name, to something
    that is done then: ``{0.5: cut}``, ``{("flash", 0.0): cut}``."""

    def go(samples=60, *, firmware: Path | None = None, at=None, case=None, layers=False):
        pending = {when if isinstance(when, tuple) else ("stream", when): what for when, what in (at or {}).items()}

        def watch(step):
            for name, share in sorted(pending):
                if step.name == name and step.share >= share:
                    pending.pop((name, share))()

        options = RunOptions(backend="virtual", firmware=firmware, layers=layers)
        return run_case(case or digits_case(samples), options, watch=watch)

    return go

"""Images built once, units that are closed."""

from functools import cache

import pytest
from qemu_lab import BOARD, case_of, plan_in

from harness.bench import emulators
from harness.bench.boards import load_board
from harness.models import metadata
from harness.run.options import RunOptions
from harness.run.product import build_product
from harness.run.runner import run_case


@pytest.fixture(scope="session")
def images(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")

    @cache
    def built(model):
        out = folder / f"{model}.elf"
        build_product(metadata.load_model(model), load_board(BOARD), out=out)
        return out

    return built


@pytest.fixture(scope="session")
def image(images):
    return images("digits_cnn_int8")


@pytest.fixture
def unit():
    unit = emulators.start("qemu", load_board(BOARD))
    yield unit
    unit.close()


@pytest.fixture
def run(tmp_path, image):
    """Run the digits plan; ``at`` is called with the number of each sample as it is answered."""

    def go(samples=20, *, backend="qemu", firmware=None, at=lambda n: None, layers=False):
        def watch(step):
            if step.name == "stream" and step.note:
                at(int(step.note.partition("/")[0]))

        case = case_of(plan_in(tmp_path, "digits"), "digits_cnn_int8", samples)
        return run_case(case, RunOptions(backend=backend, firmware=firmware or image, layers=layers), watch=watch)

    return go

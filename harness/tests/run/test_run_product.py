import pytest

from harness.bench.boards import load_board
from harness.build import engines
from harness.models import load_model
from harness.paths import shipped
from harness.run import product


class GeneratedError(Exception):
    pass


def test_kernels_of_others_compute_a_network_whose_tensors_lie_apart(monkeypatch):
    def generate(path, folder, *, options):
        raise GeneratedError(options.write_over)

    monkeypatch.setattr(product, "generate", generate)
    others = engines.load("cmsis_nn", shipped("firmware") / "tests" / "engines" / "cmsis_nn")
    for engine, write_over in ((None, True), (others, False)):
        with pytest.raises(GeneratedError, match=str(write_over)):
            product.build_product(load_model("digits_cnn_int8"), load_board("nucleo_f446re"), engine=engine)

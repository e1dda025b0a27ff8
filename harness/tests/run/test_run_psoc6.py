"""The PSoC 6 on its virtual chip: hello at 100 MHz, the climb to 921600 baud, digits and MNIST."""

import pytest

from harness.bench.boards import load_board, names
from harness.data.dataset import DataMissing
from harness.paths import shipped
from harness.plans import expand, load
from harness.records import Verdict
from harness.run.options import RunOptions
from harness.run.runner import run_case

BOARD = "cy8cproto_062_4343w"


def run(plan, model, samples=None):
    plan = load(shipped("testplans") / f"{plan}.yaml")
    cases = expand(plan, boards=names(), only_boards=[BOARD], samples=samples)
    (case,) = [case for case in cases if case.model == model]
    try:
        return run_case(case, RunOptions(backend="virtual"), watch=lambda step: None).record
    except DataMissing as missing:
        pytest.skip(str(missing))


def test_digits_hold_at_100_mhz_and_921600_baud():
    record = run("digits", "digits_cnn_int8")
    assert record.verdict is Verdict.PASS, record.reasons
    assert record.dataset.n == 450
    assert record.measurement("agreement").value == 1.0
    assert (record.link.lost, record.link.resent) == (0, 0)
    assert record.link.baud == 921_600
    assert record.unit.clock_hz == load_board(BOARD).clock_hz == 100_000_000


@pytest.mark.parametrize("model", ["mnist_f446_int8", "mnist_f446_f32"])
def test_mnist_holds(model):
    record = run("mnist", model, samples=200)
    values = {m.name: m.value for m in record.measurements}
    assert record.dataset.n == 200
    assert record.link.lost == 0
    assert values["decision_agreement"] == 1.0
    assert values["agreement"] == 1.0 if model.endswith("int8") else values["max_abs_diff"] <= 1e-6
    assert values["accuracy"] >= 0.95

"""The case that these tests run."""

from harness.bench.boards import names
from harness.paths import shipped
from harness.plans import expand, load

BOARD = "nucleo_f446re"
MODEL = "digits_cnn_int8"


def digits_case(samples=None):
    plan = load(shipped("testplans") / "digits.yaml")
    # A shortened run passes no gate with confidence, and these tests are not about how many samples there are.
    plan = plan.model_copy(update={"gates": tuple(g.model_copy(update={"confidence": None}) for g in plan.gates)})
    (case,) = expand(plan, boards=names(), only_boards=[BOARD], samples=samples)
    return case

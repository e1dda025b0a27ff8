"""The case that these tests run, and a reset in the middle of one."""

from harness.bench.boards import names
from harness.paths import shipped
from harness.plans import expand, load
from harness.virtual.debug import registry
from harness.virtual.host.control import Control

BOARD = "nucleo_f446re"
MODEL = "digits_cnn_int8"


def digits_case(samples=None):
    plan = load(shipped("testplans") / "digits.yaml")
    # A shortened run passes no gate with confidence, and these tests are not about how many samples there are.
    plan = plan.model_copy(update={"gates": tuple(g.model_copy(update={"confidence": None}) for g in plan.gates)})
    (case,) = expand(plan, boards=names(), only_boards=[BOARD], samples=samples)
    return case


def reset_half_way():
    """What ``run_case`` may call: one reset by the watchdog, when half of the samples or hops are through."""
    units = []

    def watch(step):
        if step.name == "stream" and step.share >= 0.5 and not units:
            units.extend(registry.running())
            with Control(units[0].uid) as control:
                control.reset("watchdog")

    return watch

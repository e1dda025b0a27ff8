"""What to run: plans, their gates, and the cases that come of them. See ``load``, ``discover`` and ``expand``."""

from harness.plans.expand import Case, expand
from harness.plans.load import discover, load
from harness.plans.schema import ArgmaxRule, DatasetSpec, DecideRule, Gate, Plan, Stream, ThresholdRule, Timeouts

__all__ = [
    "ArgmaxRule",
    "Case",
    "DatasetSpec",
    "DecideRule",
    "Gate",
    "Plan",
    "Stream",
    "ThresholdRule",
    "Timeouts",
    "discover",
    "expand",
    "load",
]

"""What to run: plans, their gates, and the cases that come of them. See ``load``, ``discover`` and ``expand``.

``schema`` says what a plan may hold, ``load`` is the only reader of YAML (file, line and key in every error), ``expand`` is
pure, ``modelspec`` is how a model is named. What needs data, models or metrics to be judged is judged in ``run.reading``. A
new key is a field in ``schema``.
"""

from harness.plans.expand import Case, expand
from harness.plans.load import discover, load
from harness.plans.modelspec import ModelSpec
from harness.plans.schema import ArgmaxRule, DatasetSpec, DecideRule, Gate, Plan, Stream, ThresholdRule, Timeouts

__all__ = [
    "ArgmaxRule",
    "Case",
    "DatasetSpec",
    "DecideRule",
    "Gate",
    "ModelSpec",
    "Plan",
    "Stream",
    "ThresholdRule",
    "Timeouts",
    "discover",
    "expand",
    "load",
]

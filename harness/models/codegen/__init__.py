"""From a model file to the C that runs it: IR, passes, arena planner, emitter, memory budget."""

from harness.models.codegen.generate import Generated, generate, plan_layout
from harness.models.codegen.kernel import DEFAULTS, Options

__all__ = ["DEFAULTS", "Generated", "Options", "generate", "plan_layout"]

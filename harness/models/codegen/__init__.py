"""From a model file to the C that runs it: passes, lowering (``operators/``), arena planner, layout, emitter, memory budget.

``generate`` is the way through all of it, ``plan_layout`` the way to know without writing. The same model gives the same bytes
anywhere. What a kernel computes is decided in ``firmware/engine``; here are its parameters.
"""

from harness.models.codegen.generate import Generated, for_boards, generate, has_memory, plan_layout
from harness.models.codegen.kernel import DEFAULTS, KEEPING, Options

__all__ = ["DEFAULTS", "KEEPING", "Generated", "Options", "for_boards", "generate", "has_memory", "plan_layout"]

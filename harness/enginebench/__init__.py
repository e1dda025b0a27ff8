"""What an inference costs: the engine alone with one model, compiled for a Cortex-M4F and run under emulation.

Instructions are counted exactly; they are not cycles, and no time is derived from them.
"""

from __future__ import annotations

from harness.enginebench.emulate import Board, Cost
from harness.enginebench.image import BareImage, compiled

__all__ = ["BareImage", "Board", "Cost", "compiled"]

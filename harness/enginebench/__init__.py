"""What an inference costs: the engine alone with one model, compiled for a Cortex-M4F and run under emulation.

Instructions are counted exactly; they are not cycles, and no time is derived from them.
"""

from __future__ import annotations

from harness.enginebench.emulate import Board
from harness.enginebench.image import BareImage, compiled
from harness.enginebench.processor import Cost

__all__ = ["BareImage", "Board", "Cost", "compiled"]

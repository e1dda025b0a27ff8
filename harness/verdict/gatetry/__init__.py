"""Gates tried on runs of the past: what they would have said, and how far healthy runs lie apart. Pure.

replay      a plan's gates on an archived run, its samples decided anew
spread      between nights and between units; the limits and margins that it supports
"""

from harness.verdict.gatetry.replay import Replayed, replay
from harness.verdict.gatetry.spread import LEVEL, Spread, spread_of

__all__ = ["LEVEL", "Replayed", "Spread", "replay", "spread_of"]

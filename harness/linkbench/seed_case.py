"""The workload this project grew from, through its own protocol and through ours: 784 pixels at 115200 baud.

The published run took 0.302 s an image with about 26 ms of inference; 784 float32 alone take 0.272 s of line time.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.linkbench import content
from harness.linkbench.bench import Bench
from harness.linkbench.grid import OURS, Cell, Setting, noise_samples
from harness.linkbench.line import byte_s

BAUD = 115_200
#: Of the ST-LINK's serial port, which the board has.
ADAPTER_MS = 1.0
#: What the published figures leave for it.
INFERENCE_MS = 26.0
_FLOAT_BYTES = 4
_N = 100


@dataclass(frozen=True)
class SeedCase:
    """``cells`` in the order of ``rows``: the seed's protocol, then ours with float32 and int8, noise and images."""

    rows: tuple[str, ...]
    cells: tuple[Cell, ...]
    wire_s: float  # line time of 784 float32

    @property
    def float_over_wire(self) -> float:
        """Time a sample of float32 noise took through ours, in units of its bare line time."""
        return 1 / (self.cells[1].samples_per_s * self.wire_s)

    def times_seed(self, row: int) -> float:
        """Samples a second of that row, in units of the seed's protocol."""
        return self.cells[row].samples_per_s / self.cells[0].samples_per_s


def run(bench: Bench, n: int = _N, inference_ms: float = INFERENCE_MS) -> SeedCase:
    """Measure the five rows. Errors as ``Bench.cell``."""
    whole = Setting(content.PIXELS, BAUD, ADAPTER_MS, inference_ms)
    floats = Setting(content.PIXELS * _FLOAT_BYTES, BAUD, ADAPTER_MS, inference_ms)
    name, pixels = content.images(n)
    pixels_noise, float_noise = noise_samples(n, whole.payload_bytes), noise_samples(n, floats.payload_bytes)
    rows = {
        "seed's protocol, float32": bench.cell("seed", whole, pixels_noise, "noise"),
        "ours, float32, noise": bench.cell(OURS, floats, float_noise, "noise"),
        f"ours, float32, {name}": bench.cell(OURS, floats, content.as_float32(pixels), name),
        "ours, int8, noise": bench.cell(OURS, whole, pixels_noise, "noise"),
        f"ours, int8, {name}": bench.cell(OURS, whole, content.as_int8(pixels), name),
    }
    return SeedCase(tuple(rows), tuple(rows.values()), floats.payload_bytes * byte_s(BAUD))

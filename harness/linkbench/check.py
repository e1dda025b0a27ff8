"""Is the virtual run right? The same cells of ours in real time, one for each payload and speed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.linkbench.bench import Bench, Progress, describe
from harness.linkbench.grid import OURS, Cell, Setting, noise_samples

#: A cell of the check lasts this long at the limit: eight samples of the largest and slowest, a second of the others.
_SECONDS = 2.0


def check_in_real_time(cells: Sequence[Cell], slots: int | None, progress: Progress) -> Iterator[tuple[Cell, Cell]]:
    """(virtual, real) pairs with the same samples, for the shortest inference and the longest adapter latency."""
    chosen: dict[tuple[int, int], Setting] = {}
    for cell in sorted(cells, key=lambda cell: (-cell.adapter_ms, cell.inference_ms)):
        if cell.protocol == OURS and cell.byte_error_rate == 0:
            chosen.setdefault((cell.payload_bytes, cell.baud), cell.setting)
    virtual, real = Bench(slots=slots), Bench(kind="real", slots=slots)
    for i, setting in enumerate(chosen.values()):
        progress(i, len(chosen), describe(setting))
        samples = noise_samples(setting.n_samples(_SECONDS), setting.payload_bytes)
        yield virtual.cell(OURS, setting, samples, "noise"), real.cell(OURS, setting, samples, "noise")
    progress(len(chosen), len(chosen), "done")

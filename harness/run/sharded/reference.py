"""Which answers are not what the host computes: of those every unit is asked, to tell a wrong unit from a wrong product."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from harness.models.reference import apart
from harness.records import Tensor
from harness.run.workload import Workload
from harness.wire.events import ResultReceived


def doubts(workload: Workload, outputs: Sequence[Tensor]) -> Callable[[int, ResultReceived], bool]:
    """Whether an answer is not the reference's, byte for byte. Of floats none is doubted: their last bits are nobody's promise."""
    if any(output.dtype == "float32" for output in outputs):
        return lambda index, result: False
    host = apart(workload.expected if workload.converted is None else workload.converted, outputs)
    arrays = [array.astype(array.dtype.newbyteorder("<"), copy=False) for array in host]

    def doubtful(index: int, result: ResultReceived) -> bool:
        return result.status != 0 or result.outputs != b"".join(array[index].tobytes() for array in arrays)

    return doubtful

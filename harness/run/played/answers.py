"""What the board said of each hop, as arrays: the report that stands before the network's outputs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from harness.run.played.playing import REPORT_BYTES
from harness.session.verbs import StreamResult
from harness.wire import messages as m

#: ``HOP_REPORT`` of the wire, a field each.
REPORT = np.dtype(
    [(name, "<i4" if part.name == "i32" else "<u4") for name, part in m.HOP_REPORT.parts if part.size == 4]
    + [("stages", "<u4", (m.MAX_STAGES,))]
)
assert REPORT.itemsize == REPORT_BYTES

Reports = npt.NDArray[np.void]


def split(streamed: StreamResult) -> tuple[StreamResult, Reports, npt.NDArray[np.bool_]]:
    """Results with the network's outputs alone, the reports [N], and which of them are there.

    A hop without an answer, or whose engine failed, has a report of zeros.
    """
    reports = np.zeros(len(streamed.results), dtype=REPORT)
    there = np.zeros(len(reports), dtype=np.bool_)
    results = list(streamed.results)
    for index, result in enumerate(streamed.results):
        if result is None or len(result.outputs) < REPORT_BYTES:
            continue
        reports[index] = np.frombuffer(result.outputs, REPORT, 1)[0]
        there[index] = True
        results[index] = replace(result, outputs=result.outputs[REPORT_BYTES:])
    return replace(streamed, results=tuple(results)), reports, there

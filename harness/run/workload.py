"""What is streamed and what should come back: the dataset as bytes, the reference's outputs."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from harness.data.classes import matched
from harness.data.dataset import Dataset
from harness.data.encode import quantise
from harness.models import reference as references
from harness.models.metadata import Model
from harness.records import ReferenceFacts


@dataclass(frozen=True)
class Workload:
    """``raw`` [N, *input shape] in the model's dtype; ``expected`` [N, outputs] raw in the output's dtype."""

    data: Dataset
    raw: npt.NDArray[np.generic]
    expected: npt.NDArray[np.generic]
    reference: ReferenceFacts

    def payloads(self) -> list[bytes]:
        """The bytes of each sample, as they travel."""
        return [row.tobytes() for row in self.raw]

    def sent_crc(self) -> npt.NDArray[np.uint32]:
        """CRC-32 of each sample as it was meant, uint32 [N]."""
        return np.array([zlib.crc32(payload) for payload in self.payloads()], dtype=np.uint32)


def matched_classes(model: Model, data: Dataset) -> tuple[Dataset, str]:
    """``data`` with its labels as the model's outputs, by name, and what that took in words. ``PlanError``: no match."""
    return matched(data, model.classes, model.outputs[0].elements, model=model.name)


def make_workload(model: Model, data: Dataset, reference: str) -> Workload:
    """Encode ``data`` for ``model`` and compute the expected outputs on the host.

    ``PlanError`` naming both sides when the data does not suit the model: before anything is built or flashed.
    """
    raw = quantise(data.inputs, model.inputs[0], dataset=data.name, model=model.name)
    oracle = references.load(reference)
    return Workload(
        data, raw, oracle.run(model.path, raw), ReferenceFacts(engine=oracle.engine, version=oracle.version)
    )

"""Quantising with what it costs: the accuracy on the test split before and after."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from harness.data.dataset import Dataset
from harness.data.encode import quantise
from harness.models import tflite
from harness.models.frontends.quantize import quantize
from harness.models.ir import Graph
from harness.models.reference.litert import LiteRt
from harness.records import DType, Tensor


@dataclass(frozen=True)
class Cost:
    """Top-1 accuracy in 0..1 on ``n`` samples, and how many of them changed their class."""

    before: float
    after: float
    changed: int
    n: int
    bytes_before: int
    bytes_after: int


def compressed(model: Path, out: Path, calibration: Dataset, test: Dataset) -> Cost:
    """Write the int8 form of a float32 ``model`` to ``out``. Both are run by LiteRT's reference kernels.

    ``calibration`` gives the activation ranges and must not be the test split. Errors as ``frontends.quantize`` and
    ``data.quantise``; ``out`` is not written then.
    """
    graph = tflite.read(model)
    inputs = quantise(calibration.inputs, _input(graph), dataset=calibration.name, model=model.stem)
    before = _classes(model, test)
    content = quantize(model, np.asarray(inputs))
    out.write_bytes(content)
    after = _classes(out, test)
    return Cost(
        before=float((before == test.labels).mean()),
        after=float((after == test.labels).mean()),
        changed=int((before != after).sum()),
        n=len(test),
        bytes_before=model.stat().st_size,
        bytes_after=len(content),
    )


def _classes(model: Path, data: Dataset) -> npt.NDArray[np.int64]:
    raw = quantise(data.inputs, _input(tflite.read(model)), dataset=data.name, model=model.stem)
    classes: npt.NDArray[np.int64] = LiteRt().run(model, raw).argmax(axis=1)
    return classes


def _input(graph: Graph) -> Tensor:
    tensor = graph.tensor(graph.inputs[0])
    dtype: DType = "int8" if tensor.dtype == "int8" else "float32"
    return tensor.as_record(graph.input_names[0], dtype)

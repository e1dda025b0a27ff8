"""onnxruntime on an .onnx file: what its author measured, for judging a conversion. The extra ``[onnx]``."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

import numpy as np

from harness.errors import PlanError
from harness.models.reference.base import Array, Inputs, checked_all
from harness.records import Tensor

_DTYPES: dict[str, Any] = {"tensor(float)": "float32"}


class OnnxRuntime:
    """The CPU provider of the ``onnxruntime`` package. Inputs and outputs are in ONNX's order of axes."""

    @property
    def engine(self) -> str:
        """What computes."""
        return "onnxruntime CPU"

    @property
    def version(self) -> str:
        """Of the package; "not installed" without it."""
        try:
            return installed_version("onnxruntime")
        except PackageNotFoundError:
            return "not installed"

    def run(self, model: Path, inputs: Inputs) -> Array:
        """See ``Reference.run``; raw inputs are those of the .onnx file. PlanError when the package is missing."""
        try:
            import onnxruntime
        except ImportError as error:
            raise PlanError("onnxruntime is not installed", next_step="pip install 'hil[onnx]'") from error
        try:
            session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
        except Exception as error:
            # Its exceptions are made by a C++ binding and share no base class but this.
            raise PlanError("onnxruntime cannot run the model", where=str(model), found=str(error)) from error
        sources = session.get_inputs()
        tensors = tuple(
            Tensor(s.name, (1, *(int(n) for n in s.shape[1:])), _DTYPES.get(s.type, "float32")) for s in sources
        )
        arrays = checked_all(inputs, tensors, str(model))
        rows = []
        for i in range(len(arrays[0])):
            try:
                outputs = session.run(None, {s.name: a[i : i + 1] for s, a in zip(sources, arrays, strict=True)})
            except Exception as error:
                raise PlanError("onnxruntime cannot run the model", where=str(model), found=str(error)) from error
            rows.append(np.concatenate([np.asarray(o).reshape(-1) for o in outputs]))
        return np.stack(rows)

    def run_layers(self, model: Path, inputs: Inputs) -> dict[int, Array]:
        """Not possible: the values on the way have no tensors in a .tflite."""
        raise PlanError("onnxruntime gives no layers", where=str(model), next_step="convert the model, use litert")


def reference() -> OnnxRuntime:
    """For ``load``."""
    return OnnxRuntime()

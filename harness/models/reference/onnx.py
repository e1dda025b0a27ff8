"""onnxruntime on an .onnx file: what its author measured, for judging a conversion. The extra ``[onnx]``."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

import numpy as np

from harness.errors import PlanError
from harness.models.reference.base import Array, ExtraMissing, Inputs, checked_all, extent
from harness.records import DType, Tensor

_DTYPES: dict[str, DType] = {
    "tensor(float)": "float32",
    "tensor(int8)": "int8",
    "tensor(uint8)": "uint8",
    "tensor(int16)": "int16",
    "tensor(int32)": "int32",
}


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

    @property
    def reads(self) -> tuple[str, ...]:
        """See ``Reference.reads``."""
        return (".onnx",)

    def inputs(self, model: Path) -> tuple[Tensor, ...]:
        """See ``Reference.inputs``."""
        return _inputs(_opened(model), model)

    def run(self, model: Path, inputs: Inputs) -> Array:
        """See ``Reference.run``; raw inputs are those of the .onnx file. ExtraMissing without the package."""
        session = _opened(model)
        sources, tensors = session.get_inputs(), _inputs(session, model)
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


def _opened(model: Path) -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise ExtraMissing(
            "onnxruntime is not installed", where=str(model), next_step="pip install 'hil[onnx]'"
        ) from error
    try:
        return onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    except Exception as error:
        # Its exceptions are made by a C++ binding and share no base class but this.
        raise PlanError("onnxruntime cannot run the model", where=str(model), found=str(error)) from error


def _inputs(session: Any, model: Path) -> tuple[Tensor, ...]:
    return tuple(
        Tensor(s.name, (1, *(extent(n, f"{model}, input {s.name!r}") for n in s.shape[1:])), _dtype(s, model))
        for s in session.get_inputs()
    )


def _dtype(source: Any, model: Path) -> DType:
    if source.type in _DTYPES:
        return _DTYPES[source.type]
    raise PlanError(
        "an input of the model has a type that no data set gives",
        where=f"{model}, input {source.name!r}",
        expected=f"one of {', '.join(_DTYPES)}",
        found=source.type,
        next_step="export the network with float32 inputs",
    )


def reference() -> OnnxRuntime:
    """For ``load``."""
    return OnnxRuntime()

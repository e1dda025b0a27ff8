"""float32 .tflite -> int8 with int8 inputs and outputs, by ai-edge-quantizer: the extra ``[quantize]``.

Chosen over TensorFlow's converter because it works on any .tflite (TensorFlow's needs the Keras model), installs at a tenth
of the size and takes under a second.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from harness.errors import MisuseError, PlanError
from harness.models import tflite
from harness.models.reference.base import Array


def quantize(model: Path, samples: Array) -> bytes:
    """The int8 model; activation ranges are those seen on ``samples`` float32 [N, *input shape[1:]], real values.

    Weights per channel, activations per tensor. Raises PlanError when the package is missing, when the model is not
    float32 with one input, or when the quantizer refuses it; MisuseError when the samples do not fit.
    """
    graph = tflite.read(model)
    if len(graph.inputs) != 1 or graph.tensor(graph.inputs[0]).dtype != "float32":
        raise PlanError(
            "only float32 models with one input can be quantised",
            where=str(model),
            expected="1 float32 input",
            found=[f"{graph.tensor(i).dtype}{list(graph.tensor(i).shape)}" for i in graph.inputs],
        )
    tensor = graph.tensor(graph.inputs[0])
    if not len(samples) or samples[0].size != tensor.elements:
        raise MisuseError(
            "the calibration samples do not fit the model",
            where=str(model),
            expected=f"1 or more of {list(tensor.shape)}",
            found=list(samples.shape),
        )
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        from ai_edge_quantizer import quantizer, recipe
    except ImportError as error:
        raise PlanError(
            "quantising needs ai-edge-quantizer, which is not installed", next_step="pip install 'hil[quantize]'"
        ) from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its own advice to developers
            return _quantized(quantizer, recipe, model, _name(model), samples.reshape(len(samples), *tensor.shape))
    except Exception as error:
        # The package raises whatever its algorithms raise.
        raise PlanError(
            "ai-edge-quantizer cannot quantise the model", where=str(model), found=f"{type(error).__name__}: {error}"
        ) from error


def _quantized(quantizer: Any, recipe: Any, model: Path, name: str, samples: Array) -> bytes:
    def fed() -> Iterator[dict[str, Array]]:
        for sample in samples:
            yield {name: np.ascontiguousarray(sample, np.float32)}

    job = quantizer.Quantizer(str(model))
    job.load_quantization_recipe(recipe.static_wi8_ai8())
    key = next(iter(_signatures(model)))
    calibrated = job.calibrate({key: list(fed())}, num_threads=1)
    result = job.quantize(calibrated, enable_progress_bar=False, enable_progress_report=False)
    return bytes(result.quantized_model)


def _signatures(model: Path) -> dict[str, Any]:
    from ai_edge_litert.interpreter import Interpreter

    found: dict[str, Any] = Interpreter(model_path=str(model)).get_signature_list()
    return found or {"serving_default": None}


def _name(model: Path) -> str:
    """What the input is called in the model's signature."""
    return tflite.read(model).input_names[0]

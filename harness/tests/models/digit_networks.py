"""Networks to put in the place of digits_cnn_int8: of its shape, made from its file. A worse one, and one that was trained anew."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from sklearn.linear_model import LogisticRegression

from harness.data import load, quantise
from harness.models import reference
from harness.models.metadata import tensors
from harness.paths import shipped

BASELINE = shipped("fixtures") / "models" / "digits_cnn_int8" / "digits_cnn_int8.tflite"
_FEATURES = 18  # the tensor [1, 32] that the last layer reads
_WEIGHTS, _BIAS = 3, 2  # of the last layer
_INT8 = 9


def worse() -> bytes:
    """Every weight rounded to a multiple of 32: what three bits a weight leave of it. Loses 25 of the 450 test images."""

    def coarse(model: Any) -> None:
        for tensor in model.subgraphs[0].tensors:
            content = model.buffers[tensor.buffer].data
            if tensor.type == _INT8 and content is not None and len(content):
                weights = np.frombuffer(bytes(content), np.int8).astype(int)
                _put(model, tensor, (np.round(weights / 32) * 32).clip(-127, 127).astype(np.int8))

    return _changed(coarse)


def retrained(folder: Path) -> bytes:
    """The last layer learned anew on the training images, by another algorithm: as good, and another network.

    ``folder``: for files that are needed on the way.
    """
    train = load("digits", "train")
    cut = folder / "features.tflite"
    cut.write_bytes(_changed(_without_the_last_layer))
    (image,), (features,) = tensors(cut, str(cut))
    real = features.real(reference.load("litert").run(cut, quantise(train.inputs, image)))
    learned = LogisticRegression(C=0.1, max_iter=2000).fit(real, train.labels)

    def other_head(model: Any) -> None:
        weights, bias = (model.subgraphs[0].tensors[index] for index in (_WEIGHTS, _BIAS))
        scales = np.abs(learned.coef_).max(axis=1) / 127
        weights.quantization.scale, bias.quantization.scale = [*scales], [*(scales * features.scale)]
        _put(model, weights, np.round(learned.coef_ / scales[:, None]).astype(np.int8))
        _put(model, bias, np.round(learned.intercept_ / (scales * features.scale)).astype(np.int32))

    return _changed(other_head)


def _without_the_last_layer(model: Any) -> None:
    model.subgraphs[0].outputs, model.signatureDefs = [_FEATURES], None


def _put(model: Any, tensor: Any, values: np.ndarray) -> None:
    model.buffers[tensor.buffer].data = [*np.ascontiguousarray(values).view(np.uint8).ravel()]


def _changed(change: Callable[[Any], None]) -> bytes:
    model = schema.ModelT.InitFromPackedBuf(BASELINE.read_bytes())
    change(model)
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())

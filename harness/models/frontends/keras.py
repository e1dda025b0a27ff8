"""``.keras`` and ``.h5`` through TensorFlow's own converter: the extra ``[tensorflow]``."""

from __future__ import annotations

import io
import os
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from harness.errors import PlanError


def convert(path: Path) -> bytes:
    """A float32 .tflite of a saved Keras model, its batch fixed to 1.

    Raises PlanError when TensorFlow is not installed or cannot load or convert the model.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        import tensorflow as tf
    except ImportError as error:
        raise PlanError(
            f"{path.suffix} files are read by TensorFlow, which is not installed",
            where=str(path),
            next_step="pip install 'hil[tensorflow]'",
        ) from error
    try:
        return _converted(tf, path)
    except Exception as error:
        # Keras and the converter raise whatever their layers raise; each is a model that cannot be taken as it is.
        raise PlanError(
            "TensorFlow cannot convert the model", where=str(path), found=f"{type(error).__name__}: {error}"
        ) from error


def _converted(tf: Any, path: Path) -> bytes:
    trained = tf.keras.models.load_model(path, compile=False)
    # An open batch would leave SHAPE/PACK chains in the graph.
    inputs = [tf.keras.Input(batch_shape=(1, *t.shape[1:]), dtype=t.dtype, name=_plain(t.name)) for t in trained.inputs]
    fixed = tf.keras.Model(inputs, trained(inputs if len(inputs) > 1 else inputs[0]))
    with redirect_stdout(io.StringIO()):  # Keras tells each of its captures in the middle of a run
        content: bytes = tf.lite.TFLiteConverter.from_keras_model(fixed).convert()
    return content


def _plain(name: str) -> str:
    return name.split(":")[0].replace("/", "_")

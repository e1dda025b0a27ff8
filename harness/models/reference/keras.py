"""Keras on a .keras or .h5 file: what its author measured, for judging a conversion. The extra ``[tensorflow]``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from harness.errors import PlanError
from harness.models.reference._tensorflow import imported, release
from harness.models.reference.base import Array, Inputs, checked_all, extent
from harness.records import Tensor

_BATCH = 256  # samples at once: a call for each takes Keras many times as long


class Keras:
    """``tf.keras`` in inference mode (no dropout, moving averages), in float32 as saved."""

    @property
    def engine(self) -> str:
        """What computes."""
        return "keras"

    @property
    def version(self) -> str:
        """Of keras and of what computes below it; "not installed" without."""
        return f"{release('keras')}, tensorflow {release('tensorflow')}"

    @property
    def reads(self) -> tuple[str, ...]:
        """See ``Reference.reads``."""
        return (".keras", ".h5")

    def inputs(self, model: Path) -> tuple[Tensor, ...]:
        """See ``Reference.inputs``."""
        return _inputs(_loaded(model), model)

    def run(self, model: Path, inputs: Inputs) -> Array:
        """See ``Reference.run``; float32, several outputs are concatenated. ExtraMissing without the package."""
        network = _loaded(model)
        arrays = checked_all(inputs, _inputs(network, model), str(model))
        parts = []
        for start in range(0, max(1, len(arrays[0])), _BATCH):
            given = [array[start : start + _BATCH] for array in arrays]
            try:
                outputs = network(given if len(given) > 1 else given[0], training=False)
            except Exception as error:
                raise _cannot(model, error) from error
            listed = outputs if isinstance(outputs, list | tuple) else [outputs]
            n = len(given[0])
            parts.append(np.concatenate([np.asarray(o, np.float32).reshape(n, -1) for o in listed], axis=1))
        return np.concatenate(parts)

    def run_layers(self, model: Path, inputs: Inputs) -> dict[int, Array]:
        """Not possible: the values on the way have no tensors in a .tflite."""
        raise PlanError("Keras gives no layers", where=str(model), next_step="use 'reference: litert'")


def reference() -> Keras:
    """For ``load``."""
    return Keras()


def _loaded(model: Path) -> Any:
    tf = imported(model)
    try:
        return tf.keras.models.load_model(model, compile=False)
    except Exception as error:
        # Keras raises whatever its layers raise; each is a file that it cannot run.
        raise _cannot(model, error) from error


def _inputs(network: Any, model: Path) -> tuple[Tensor, ...]:
    return tuple(
        Tensor(t.name, (1, *(extent(n, f"{model}, input {t.name!r}") for n in t.shape[1:])), str(np.dtype(t.dtype)))  # type: ignore[arg-type]
        for t in network.inputs
    )


def _cannot(model: Path, error: Exception) -> PlanError:
    return PlanError(
        "Keras cannot run the model",
        where=str(model),
        found=f"{type(error).__name__}: {error}",
        next_step="save it with the release of Keras that is installed here, without layers of your own",
    )

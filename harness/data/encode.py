"""From real inputs to the bytes that a model's input tensor takes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from harness.errors import PlanError
from harness.records import Tensor

_QUANTISED = ("int8", "uint8", "int16")
_WHOLE_MAX = 2**24  # what float32 data holds without a gap


def check_input(
    inputs: npt.NDArray[np.float32], tensor: Tensor, *, dataset: str = "dataset", model: str = "model"
) -> None:
    """Raise ``PlanError``, naming both sides, unless samples of ``inputs`` [N, ...] can be the model's input.

    Shapes are equal when they are so without their axes of extent 1: [8, 8] fills [1, 8, 8, 1] in the same order.
    Nothing else is reshaped: an equal number of values in another layout is the error that looks right and scores
    like chance.
    """
    sample = inputs.shape[1:]
    where = f"dataset {dataset} -> model {model}, input {tensor.name!r}"
    if tuple(n for n in sample if n != 1) != tuple(n for n in tensor.shape if n != 1):
        raise PlanError(
            "the dataset's samples do not have the shape of the model's input",
            where=where,
            expected=f"the model takes {tensor.describe()}",
            found=f"the dataset gives {list(sample)}, {int(np.prod(sample, dtype=np.int64))} values",
            next_step=_next_step(sample, tensor),
        )
    if tensor.shape and tensor.shape[0] != 1:
        raise PlanError(
            "the model's batch is not 1",
            where=where,
            expected="[1, ...]",
            found=tensor.describe(),
            next_step="convert the model with a batch of 1",
        )
    if tensor.dtype == "float32":
        return
    if tensor.dtype == "int32" and not tensor.scale:
        _check_whole(inputs, where, tensor)
        return
    if tensor.dtype not in _QUANTISED or not (np.isfinite(tensor.scale) and tensor.scale > 0):
        raise PlanError(
            "real inputs cannot be encoded for this input",
            where=where,
            expected=f"float32, int32, or {', '.join(_QUANTISED)} with a scale above 0",
            found=f"{tensor.describe()}, scale {tensor.scale:.9g}",
            next_step="convert the model with quantisation parameters on its input",
        )


def _next_step(sample: tuple[int, ...], tensor: Tensor) -> str:
    """Samples with their channels first are the usual case: as PyTorch has them, and ONNX files."""
    channels, rest = sample[:1], sample[1:]
    if len(sample) > 1 and [n for n in (*rest, *channels) if n != 1] == [n for n in tensor.shape if n != 1]:
        return f"turn {list(sample)} to {[*rest, *channels]}: say 'options: {{channels: first}}' in the plan's dataset"
    return "use a dataset of the model's shape, or a model of the dataset's"


def _check_whole(inputs: npt.NDArray[np.float32], where: str, tensor: Tensor) -> None:
    """``PlanError`` for what int32 without a scale (the numbers of words) does not take."""
    wrong = inputs[(inputs != np.floor(inputs)) | (np.abs(inputs) > _WHOLE_MAX)]
    if wrong.size:
        raise PlanError(
            "the model's input takes whole numbers",
            where=where,
            expected=f"{tensor.describe()}: whole numbers in -{_WHOLE_MAX}..{_WHOLE_MAX}",
            found=wrong.reshape(-1)[:4].tolist(),
            next_step="give the data as what the network was trained on: the numbers of words or events, not scaled",
        )


def quantise(
    inputs: npt.NDArray[np.float32],
    tensor: Tensor,
    *,
    dataset: str = "dataset",
    model: str = "model",
    level_step: float = 0.0,
) -> npt.NDArray[np.generic]:
    """Raw inputs [N, *tensor.shape[1:]] in the tensor's dtype, little endian and contiguous: row i's bytes are what
    travels.

    As the reference kernel of TFLite's QUANTIZE: value / float32(scale) in float32, rounded to the nearest whole number
    with ties away from zero, plus the zero point, clamped to the dtype's range. float32 inputs pass through, as whole
    numbers do for int32 without a scale. Values whose quotient does not fit an int32 are clamped too, where that kernel's
    cast is undefined. LiteRT's optimised kernel rounds ties to even instead (seen in ai-edge-litert 2.3): a reference run
    must be given these raw inputs, not real ones. Raises ``PlanError`` as ``check_input`` does.

    ``level_step``: the inputs are a front end's whole levels times it (``Dataset.level_step``; 0 = they are not). Firmware that
    makes such features gives the network the levels and knows no scale. Where the scale makes of each level itself or its
    neighbour they become the levels: what the product feeds to its network.
    """
    check_input(inputs, tensor, dataset=dataset, model=model)
    real = np.ascontiguousarray(inputs, dtype="<f4").reshape(len(inputs), *tensor.shape[1:])
    if tensor.dtype == "float32":
        return real
    if tensor.dtype == "int32" and not tensor.scale:
        return real.astype("<i4")
    if level_step and _holds_levels(tensor, level_step):
        levels = np.rint(real / np.float32(level_step)).astype(np.int32) + np.iinfo(tensor.dtype).min
        return np.ascontiguousarray(levels.astype(np.dtype(tensor.dtype).newbyteorder("<")))
    return _rounded(real, tensor)


def _holds_levels(tensor: Tensor, step: float) -> bool:
    """Whether each level 0..255 becomes itself, or its neighbour, counted from the least value of an 8-bit type."""
    if tensor.dtype not in ("int8", "uint8"):
        return False
    levels = np.arange(256)
    made = _rounded((levels * step).astype(np.float32), tensor).astype(np.int64) - np.iinfo(tensor.dtype).min
    return bool(np.abs(made - levels).max() <= 1)


def _rounded(real: npt.NDArray[np.float32], tensor: Tensor) -> npt.NDArray[np.generic]:
    limits = np.iinfo(tensor.dtype)
    with np.errstate(over="ignore"):  # an overflow is inf, which the clamp makes the limit
        quotient = real / np.float32(tensor.scale)
    # float64 from here on: adding 0.5 in float32 would round 0.49999997 up to 1.
    rounded = np.copysign(np.floor(np.abs(quotient.astype(np.float64)) + 0.5), quotient)
    raw = np.clip(rounded + tensor.zero_point, limits.min, limits.max)
    encoded: npt.NDArray[np.generic] = raw.astype(np.dtype(tensor.dtype).newbyteorder("<"))
    return encoded

"""The network between the file and the C code: frozen, free of flatbuffers, one dtype and shape per tensor.

Every shape is static with the batch (1) first; images are NHWC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from harness.records import DType, Tensor

Array = npt.NDArray[np.generic]


@dataclass(frozen=True)
class Quantization:
    """``real = scale[c] * (raw - zero_point[c])``; one entry for the whole tensor or one per index of ``axis``.

    ``scales`` are float32 values (held as Python floats, exactly); the same length as ``zero_points``.
    """

    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    axis: int = 0

    @property
    def per_tensor(self) -> bool:
        """Whether one scale holds for all elements."""
        return len(self.scales) == 1


@dataclass(frozen=True)
class IrTensor:
    """A value that flows, or a constant (``data`` set)."""

    index: int  # in the file's tensor table
    name: str
    shape: tuple[int, ...]
    dtype: str  # DType, or a name only constants and folded operators may carry (int64, bool ...)
    quantization: Quantization | None = None
    data: Array | None = field(default=None, compare=False, repr=False)
    variable: bool = False  # a state, which LiteRT keeps from run to run until it is reset
    state: Array | None = field(
        default=None, compare=False, repr=False
    )  # what a state of its own memory holds at first

    @property
    def elements(self) -> int:
        """Number of values."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def n_bytes(self) -> int:
        """Size in memory, without padding."""
        return self.elements * np.dtype(self.dtype).itemsize

    @property
    def scale(self) -> float:
        """The scale of a per-tensor quantised tensor, 0.0 where there is none."""
        return self.quantization.scales[0] if self.quantization else 0.0

    @property
    def zero_point(self) -> int:
        """The zero point of a per-tensor quantised tensor, 0 where there is none."""
        return self.quantization.zero_points[0] if self.quantization else 0

    def as_record(self, name: str, dtype: DType) -> Tensor:
        """The form that travels in hello, plans and records, under the name the file's signature gives it."""
        return Tensor(name, self.shape, dtype, self.scale, self.zero_point)


@dataclass(frozen=True)
class Layer:
    """One operator. ``inputs`` are tensor indices, -1 for an optional one that is absent."""

    index: int  # position in the file's operator list, kept through all passes
    op: str  # TFLite's name: "CONV_2D"
    code: int  # TFLite's builtin operator number
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Mapping[str, int | float | bool] = field(default_factory=dict)
    lists: Mapping[str, tuple[int, ...]] = field(default_factory=dict)  # options that are lists of integers
    intermediates: tuple[int, ...] = ()  # tensors that carry nothing but the scales of what a fused operator has inside

    def describe(self) -> str:
        """``CONV_2D (layer 3)``, for messages."""
        return f"{self.op} (layer {self.index})"


@dataclass(frozen=True)
class Graph:
    """A whole network in execution order."""

    tensors: tuple[IrTensor, ...]
    layers: tuple[Layer, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    input_names: tuple[str, ...]
    output_names: tuple[str, ...]

    def tensor(self, index: int) -> IrTensor:
        """The tensor of that index."""
        return self.tensors[index]

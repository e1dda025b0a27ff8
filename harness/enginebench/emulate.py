"""Runs a bare image on an emulated Cortex-M4F, counting instructions exactly."""

from __future__ import annotations

from collections import Counter

import numpy as np
import numpy.typing as npt

from harness.enginebench.cycles import Estimator
from harness.enginebench.image import BareImage
from harness.enginebench.processor import FLASH_BASE, RETURN_TO, SINK_BASE, Cost, Processor
from harness.errors import HarnessBug
from harness.models.ir import IrTensor

_FILL = 0xA5
Array = npt.NDArray[np.generic]


class Board:
    """A core with the image loaded and the engine started. One at a time per thread; memory is freed with the object."""

    def __init__(self, image: BareImage) -> None:
        self._layout = image.generated.layout
        self._processor = Processor(image.elf)
        self._processor.call("hil_bare_init")

    def size(self, symbol: str) -> int:
        """Bytes of an object in the image; 0 where it has none of that name."""
        return self._processor.size(symbol)

    def touched(self, symbol: str, sample: Array) -> int:
        """Up to where an inference writes to an object in RAM, in bytes; 0 where the image has none of that name."""
        if not (size := self.size(symbol)):
            return 0
        memory = self._processor.memory(symbol, size)
        memory[:] = _FILL
        self.run(sample)
        return int(np.flatnonzero(memory != _FILL).max(initial=-1)) + 1

    def run(self, sample: Array) -> Cost:
        """One inference of a single-input model, which is ``hil_engine.run``. ``sample``: the input's values, in any shape."""
        self._put(sample)
        return self._processor.call("hil_bare_run")

    def estimate(self, sample: Array) -> int:
        """Estimated cycles of one inference (``cycles``): a model of the core applied to what was executed, no measurement."""
        steps: Counter[tuple[int, int, int]] = Counter()
        before = RETURN_TO
        estimator = Estimator(self._processor.flash, FLASH_BASE)

        def on_block(address: int, size: int) -> None:
            nonlocal before
            steps[before, address, size] += 1
            before = address

        self._processor.on_block(on_block)
        exact = self.run(sample).instructions
        cycles, instructions = estimator.total(steps)
        if exact not in instructions:
            raise HarnessBug("blocks were missed", expected=f"{exact} instructions", found=f"{instructions}")
        return cycles

    def run_layers(self, sample: Array) -> dict[int, Array]:
        """One inference; each layer's values [elements] by its tensor's index, as ``Twin.run_layers`` has them."""
        self._put(sample)
        self._processor.call("hil_bare_run_layers", SINK_BASE)
        layers, start = {}, 0
        for kernel in self._layout.kernels:
            tensor = self._layout.result(kernel)
            layers[tensor.index] = self._processor.sink[start : start + tensor.n_bytes].copy().view(tensor.dtype)
            start += tensor.n_bytes
        return layers

    def value(self, tensor: IrTensor) -> Array:
        """A copy of a tensor's present values [elements]; those that the arena gave to others since are gone."""
        return self._memory(tensor).copy().view(tensor.dtype)

    def output(self) -> Array:
        """The first output's values."""
        return self.value(self._layout.outputs[0])

    def _put(self, sample: Array) -> None:
        (tensor,) = self._layout.inputs
        self._memory(tensor)[:] = np.ascontiguousarray(sample, tensor.dtype).reshape(-1).view(np.uint8)

    def _memory(self, tensor: IrTensor) -> npt.NDArray[np.uint8]:
        return self._processor.memory("hil_bare_arena", tensor.n_bytes, self._layout.offset(tensor))

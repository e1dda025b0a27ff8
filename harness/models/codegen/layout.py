"""Everything that the emitters need, decided: kernels in order, constants at their offsets, tensors in the arena."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate

import numpy as np

from harness.errors import PlanError
from harness.models.codegen.kernel import DEFAULTS, Constant, Kernel, Options, refuse
from harness.models.codegen.operators import lowered
from harness.models.codegen.operators.convolution import frugal
from harness.models.codegen.passes import Program
from harness.models.codegen.planner import ArenaPlan, Block, Over, lifetimes, place
from harness.models.ir import Array, Graph, IrTensor

_CONSTANT_ALIGNMENT = 4
_SECTION_GRANULE = 16
_MAX_DIMS = 6  # HIL_TENSOR_MAX_DIMS
_GENEROUS = 1.25
_SMALL = 6144  # bytes of an arena that no board is short of
_NAME_MAX = 40  # bytes: names travel in HELLO


@dataclass(frozen=True)
class Slot:
    """A constant's place in the weights struct, followed by ``padding`` zero bytes. ``also``: constants of later layers that are
    the same, as those of layers that share their weights are."""

    symbol: str
    constant: Constant
    padding: int
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Layout:
    """The program as it will lie in flash and RAM."""

    name: str
    model_sha256: str
    program: Program
    kernels: tuple[Kernel, ...]
    slots: tuple[Slot, ...]
    blocks: tuple[Block, ...]
    arena: ArenaPlan
    options: Options = DEFAULTS

    @property
    def states(self) -> tuple[IrTensor, ...]:
        """The tensors that keep their content from run to run."""
        return tuple(self.graph.tensor(i) for i in self.program.states)

    def first_value(self, tensor: IrTensor) -> Array:
        """The one value [1] that all of a state holds at first."""
        assert tensor.state is not None
        return tensor.state.reshape(-1)[:1]

    @property
    def graph(self) -> Graph:
        """The simplified graph."""
        return self.program.graph

    @property
    def inputs(self) -> tuple[IrTensor, ...]:
        """The network's inputs."""
        return tuple(self.graph.tensor(i) for i in self.graph.inputs)

    @property
    def outputs(self) -> tuple[IrTensor, ...]:
        """The network's outputs."""
        return tuple(self.graph.tensor(i) for i in self.graph.outputs)

    @property
    def input_names(self) -> tuple[str, ...]:
        """Their names as they travel."""
        return tuple(map(short_name, self.graph.input_names))

    @property
    def output_names(self) -> tuple[str, ...]:
        """Their names as they travel."""
        return tuple(map(short_name, self.graph.output_names))

    def result(self, kernel: Kernel) -> IrTensor:
        """What a kernel writes."""
        return self.graph.tensor(kernel.layer.outputs[0])

    @property
    def inputs_move(self) -> bool:
        """Whether the caller may keep the inputs outside the arena, which then needs ``arena.core_bytes``."""
        return self.options.keep_inputs and bool(movable_inputs(self.program))

    def input_of(self, tensor: IrTensor) -> int | None:
        """Which input the tensor is, in this shape or another; None for what a layer computed."""
        held = [self.program.storage[i] for i in self.graph.inputs]
        key = self.program.storage[tensor.index]
        return held.index(key) if key in held else None

    def offset(self, tensor: IrTensor) -> int:
        """Where a tensor lies in the arena, in bytes."""
        return self.arena.offsets[self.program.storage[tensor.index]]

    @cached_property
    def weights(self) -> bytes:
        """The exact bytes of the section .hil_model (little endian)."""
        little = (s.constant.values.astype(s.constant.values.dtype.newbyteorder("<")) for s in self.slots)
        return b"".join(v.tobytes() + bytes(s.padding) for v, s in zip(little, self.slots, strict=True))

    def own_constants(self, index: int) -> tuple[Constant, ...]:
        """Those of kernel ``index`` that no kernel before it has already."""
        symbols = {f"{constant.role}{index}" for constant in self.kernels[index].all_constants}
        return tuple(slot.constant for slot in self.slots if slot.symbol in symbols)

    @property
    def weights_sha256(self) -> str:
        """SHA-256 of ``weights``, hexadecimal."""
        return hashlib.sha256(self.weights).hexdigest()


def short_name(name: str) -> str:
    """A tensor's name cut to what may travel."""
    return name.encode()[:_NAME_MAX].decode("utf-8", "ignore")


def laid_out(name: str, model_sha256: str, program: Program, options: Options) -> Layout:
    """The layout of a program. Raises PlanError for what no kernel can do."""
    graph = program.graph
    for index in (*graph.inputs, *graph.outputs):
        _check_interface(graph.tensor(index))
    in_memory = {program.storage[index] for index in (*graph.inputs, *(o for k in graph.layers for o in k.outputs))}
    for tensor in (graph.tensor(index) for index in graph.outputs):
        if program.storage[tensor.index] not in in_memory:
            raise PlanError(
                "an output of the network is the same whatever the input",
                where=f"tensor {tensor.index} {tensor.name!r}",
                expected="a tensor that a layer computes",
                found="a constant",
            )
    kernels = tuple(lowered(graph, layer, options) for layer in graph.layers)
    blocks, arena = _planned(program, kernels, options)
    # A convolution's speed is not worth any amount of memory: the measure is what kernels of little scratch would need.
    bare = tuple(replace(kernel, scratch=None) for kernel in kernels)
    enough = _GENEROUS * _planned(program, bare, replace(options, write_over=False))[1].n_bytes
    for step in sorted(range(len(kernels)), key=lambda i: _scratch_bytes(kernels[i]), reverse=True):
        if arena.n_bytes <= max(enough, _SMALL):
            break
        thrifty = (*kernels[:step], frugal(kernels[step]), *kernels[step + 1 :])
        less = _planned(program, thrifty, options)
        if less[1].n_bytes < arena.n_bytes:
            kernels, (blocks, arena) = thrifty, less
    layout = Layout(name, model_sha256, program, kernels, _slots(kernels), blocks, arena, options)
    for tensor in layout.states:
        if tensor.state is not None and (tensor.state != layout.first_value(tensor)).any():
            raise PlanError(
                "a state begins with values that differ",
                where=f"tensor {tensor.index} {tensor.name!r}",
                expected="one value, as zeros are",
                found=tensor.state.reshape(-1)[:8].tolist(),
            )
    return layout


def _planned(program: Program, kernels: Sequence[Kernel], options: Options) -> tuple[tuple[Block, ...], ArenaPlan]:
    scratch = {step: k.scratch.n_bytes for step, k in enumerate(kernels) if k.scratch}
    blocks = lifetimes(program, scratch, keep_inputs=options.keep_inputs)
    over = _written_over(program, kernels, blocks) if options.write_over else {}
    return blocks, place(blocks, movable_inputs(program) if options.keep_inputs else (), over)


def _scratch_bytes(kernel: Kernel) -> int:
    return kernel.scratch.n_bytes if kernel.scratch else 0


def _written_over(program: Program, kernels: Sequence[Kernel], blocks: Iterable[Block]) -> dict[int, Over]:
    """By output: the operand whose memory it may take, since nothing reads that afterwards."""
    alive = {block.key: block for block in blocks}
    found: dict[int, Over] = {}
    for step, kernel in enumerate(kernels):
        output = alive[kernel.layer.outputs[0]]
        for tensor, distance in kernel.over.items():
            operand = alive[program.storage[tensor]]
            dies = operand.last == step and output.first == step and kernel.times == 1
            if dies and distance < output.n_bytes:
                found.setdefault(output.key, Over(operand.key, distance))
    return found


def movable_inputs(program: Program) -> frozenset[int]:
    """The inputs' keys in the plan if they may lie anywhere, back to back as samples travel; else none may.

    That is where no output is an input in another shape, and where each input begins on a word as the first does.
    """
    graph, storage = program.graph, program.storage
    held = [storage[i] for i in graph.inputs]
    starts = accumulate(graph.tensor(i).n_bytes for i in graph.inputs[:-1])
    if any(start % _CONSTANT_ALIGNMENT for start in starts) or any(storage[i] in held for i in graph.outputs):
        return frozenset()
    return frozenset(held)


def _check_interface(tensor: IrTensor) -> None:
    dtypes = ("int8", "uint8", "int16", "int32", "float32")
    if tensor.dtype not in dtypes:
        raise PlanError(
            "the engine cannot take this tensor in or give it out",
            where=f"tensor {tensor.name!r}",
            expected=" or ".join(dtypes),
            found=tensor.dtype,
            next_step="give ARG_MAX output_type=int32" if tensor.dtype == "int64" else None,
        )
    if len(tensor.shape) > _MAX_DIMS or any(not 0 < extent <= 0xFFFF for extent in tensor.shape):
        raise PlanError(
            "the tensor's shape does not fit the engine's interface",
            where=f"tensor {tensor.name!r}",
            expected=f"at most {_MAX_DIMS} dimensions of 1..65535",
            found=list(tensor.shape),
        )


def _slots(kernels: tuple[Kernel, ...]) -> tuple[Slot, ...]:
    placed: list[tuple[str, Constant]] = []
    known: dict[tuple[str, str, bytes], str] = {}
    also: dict[str, list[str]] = {}
    for index, kernel in enumerate(kernels):
        for constant in kernel.all_constants:
            if not np.all(np.isfinite(constant.values)):
                raise refuse(kernel.layer, "a weight is not a finite number", found="inf or NaN")
            symbol = f"{constant.role}{index}"
            first = known.setdefault((constant.role, constant.ctype, constant.values.tobytes()), symbol)
            if first == symbol:
                placed.append((symbol, constant))
            else:
                also.setdefault(first, []).append(symbol)
    slots, end = [], 0
    for position, (symbol, constant) in enumerate(placed):
        end += constant.values.nbytes
        # The last slot also rounds the whole up, so that sizeof adds nothing of its own under aligned(16).
        granule = _SECTION_GRANULE if position == len(placed) - 1 else _CONSTANT_ALIGNMENT
        padding = -end % granule
        end += padding
        slots.append(Slot(symbol, constant, padding, tuple(also.get(symbol, ()))))
    return tuple(slots)

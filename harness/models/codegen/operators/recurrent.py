"""UNIDIRECTIONAL_SEQUENCE_LSTM, int8 (with int16 cell state) and float32.

Each inference starts from zero state: the state tensors, which LiteRT keeps between runs until they are reset, become
working memory. Formula source: LiteRT's ``unidirectional_sequence_lstm`` and ``lstm_eval`` (effective scales, order).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from harness.models.codegen import fixedpoint
from harness.models.codegen.kernel import Constant, Kernel, Options, Scratch, Value, constant, quantized, refuse
from harness.models.codegen.operators.window import FLOAT_MAX
from harness.models.ir import Array, Graph, IrTensor, Layer

# Positions among the operator's inputs; gates in the order input, forget, cell, output.
_WEIGHTS, _RECURRENT, _BIAS = range(1, 5), range(5, 9), range(12, 16)
_STATE, _CELL = 18, 19
_UNSUPPORTED = {
    "peephole connections": range(9, 12),
    "a projection": range(16, 18),
    "layer normalisation": range(20, 24),
}
_HIDDEN = 4  # position among the intermediates: the output before a projection
_TANH = 4  # TFLite's ActivationFunctionType
_GATE_FRACTION = np.float32(2.0**-12)
_CELL_BITS = range(7)
_DIM_MAX = 0xFFFF


def lstm(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """One batch, time or batch first (the same in memory then). Coupled gates, peepholes, projection, layer normalisation
    and diagonal recurrent weights are refused by name."""
    _check_form(graph, layer)
    if options.keep_state:
        raise refuse(layer, "a state kept from sample to sample", expected="each sample from zero state", found="kept")
    source, target = graph.tensor(layer.inputs[0]), graph.tensor(layer.outputs[0])
    dtype = source.dtype
    if dtype not in ("int8", "float32") or target.dtype != dtype:
        raise refuse(layer, "data types", expected="int8 or float32 in and out", found=f"{dtype} to {target.dtype}")
    weights = [constant(graph, layer, i, dtype) for i in _WEIGHTS]
    recurrent = [constant(graph, layer, i, dtype) for i in _RECURRENT]
    bias = [constant(graph, layer, i, "int32" if dtype == "int8" else dtype) for i in _BIAS]
    cells, inputs = weights[0].shape
    steps = source.elements // inputs
    sizes: dict[str, Value] = {"steps": steps, "inputs": inputs, "cells": cells}
    _check_shapes(layer, source, target, (steps, inputs, cells), [*weights, *recurrent])
    macs = 4 * steps * cells * (inputs + cells)
    clip = float(layer.options.get("cellClip", 0.0))
    if dtype == "float32":
        sizes["cell_limit"] = clip if clip > 0 else FLOAT_MAX
        arrays = (_stacked("w", weights), _stacked("b", bias), _stacked("r", recurrent))
        scratch = Scratch("float", 4 * cells)
        return Kernel(layer, "hil_nn_lstm_f32", "hil_nn_lstm_f32_params", sizes, arrays, macs, scratch)
    state = quantized(graph, layer, layer.inputs[_STATE])
    params, constants = _gates(graph, layer, state, weights, recurrent, bias)
    params |= sizes | _cell(layer, graph.tensor(layer.inputs[_CELL]), clip) | _output(graph, layer)
    scratch = Scratch("int16_t", 2 * cells)
    return Kernel(layer, "hil_nn_lstm_s8", "hil_nn_lstm_s8_params", params, constants, macs, scratch)


def _check_form(graph: Graph, layer: Layer) -> None:
    given = {i for i, tensor in enumerate(layer.inputs) if tensor >= 0}
    for what, positions in _UNSUPPORTED.items():
        if given & set(positions):
            raise refuse(layer, what, expected="a plain LSTM", found=what)
    if _WEIGHTS[0] not in given or _RECURRENT[0] not in given:
        raise refuse(layer, "coupled input and forget gates", expected="weights of four gates", found="three")
    if layer.options.get("fusedActivationFunction", _TANH) != _TANH:
        raise refuse(layer, "activation", expected="TANH", found=layer.options["fusedActivationFunction"])
    for position in (_STATE, _CELL):
        tensor = graph.tensor(layer.inputs[position]) if position in given else None
        if tensor is None or not tensor.variable:
            raise refuse(layer, f"input {position}", expected="a state (variable tensor) of its own", found=tensor)


def _check_shapes(
    layer: Layer, source: IrTensor, target: IrTensor, sizes: tuple[int, int, int], matrices: Sequence[IrTensor]
) -> None:
    steps, inputs, cells = sizes
    batch = source.shape[1 if layer.options.get("timeMajor", False) else 0] if len(source.shape) == 3 else 0
    if batch != 1 or source.shape[2] != inputs or target.elements != steps * cells or max(sizes) > _DIM_MAX:
        raise refuse(layer, "shapes", expected="[1, steps, inputs] to [1, steps, cells]", found=list(source.shape))
    for position, tensor in enumerate(matrices):
        expected = (cells, inputs if position < len(_WEIGHTS) else cells)
        if tensor.shape != expected:  # recurrent weights of one axis are diagonal
            raise refuse(layer, f"weights {tensor.name!r}", expected=list(expected), found=list(tensor.shape))


def _gates(
    graph: Graph,
    layer: Layer,
    state: IrTensor,
    weights: Sequence[IrTensor],
    recurrent: Sequence[IrTensor],
    bias: Sequence[IrTensor],
) -> tuple[dict[str, Value], tuple[Constant, ...]]:
    """(parameters, constants) of all gates. Zero points are folded into the biases, as LiteRT does it before it runs."""
    source = quantized(graph, layer, layer.inputs[0])
    params: dict[str, Value] = {}
    constants: list[Constant] = []
    for name, roles, tensor, matrices, offsets in (
        ("", ("w", "b"), source, weights, bias),
        ("recurrent_", ("r", "z"), state, recurrent, [None] * len(recurrent)),
    ):
        pairs = []
        folded = []
        for matrix, offset in zip(matrices, offsets, strict=True):
            assert matrix.data is not None
            q = matrix.quantization
            if q is None or not q.per_tensor or q.zero_points != (0,):
                raise refuse(layer, f"weights {matrix.name!r}", expected="one scale, zero point 0", found=q)
            real = np.float32(q.scales[0]) * np.float32(tensor.scale) / _GATE_FRACTION
            pairs.append(fixedpoint.multiplier_and_shift(float(real)))
            rows = matrix.data.astype(np.int64)
            total = -tensor.zero_point * rows.sum(axis=1)
            if offset is not None:
                assert offset.data is not None
                total = total + offset.data
            _prove_range(layer, rows, total, pairs[-1][1])
            folded.append(total)
        params[f"{name}multiplier"] = [multiplier for multiplier, _ in pairs]
        params[f"{name}shift"] = [shift for _, shift in pairs]
        constants += [_stacked(roles[0], matrices), Constant(roles[1], np.concatenate(folded).astype(np.int32))]
    return params, tuple(constants)


def _prove_range(layer: Layer, rows: Array, bias: Array, shift: int) -> None:
    reach = int((np.abs(rows).sum(axis=1) * 128 + np.abs(bias)).max())
    if reach >= 2**30 or reach << max(shift, 0) >= 2**31:
        raise refuse(layer, "an accumulator could overflow", expected="below 2^30", found=reach << max(shift, 0))


def _cell(layer: Layer, state: IrTensor, clip: float) -> dict[str, Value]:
    """The cell state is int16; its scale is a power of two, of which the reference's tanh takes 2^-15..2^-9."""
    fraction, exponent = math.frexp(state.scale)
    integer_bits = 15 + exponent - 1
    if state.dtype != "int16" or state.zero_point != 0 or fraction != 0.5 or integer_bits not in _CELL_BITS:
        raise refuse(
            layer,
            "the cell state",
            expected="int16 with zero point 0 and a scale of 2^-15..2^-9",
            found=f"{state.dtype}, scale {state.scale}, zero point {state.zero_point}",
        )
    limits: tuple[int, int] = (-(2**15), 2**15 - 1)
    if clip > 0:
        raw = int(min(float(np.float32(clip) / np.float32(state.scale)), 2.0**15 - 1))
        limits = (-raw, raw) if raw > 0 else limits
    return {
        "cell_integer_bits": integer_bits,
        "cell_shift": 15 + integer_bits,
        "cell_min": limits[0],
        "cell_max": limits[1],
    }


def _output(graph: Graph, layer: Layer) -> dict[str, Value]:
    if len(layer.intermediates) <= _HIDDEN:
        raise refuse(layer, "no scale for the hidden state", expected="5 intermediates", found=len(layer.intermediates))
    hidden = quantized(graph, layer, layer.intermediates[_HIDDEN])
    real = float(np.float32(2.0**-15 / float(np.float32(hidden.scale)) * 2.0**-15))
    multiplier, shift = fixedpoint.multiplier_and_shift(real)
    if shift > 0:
        raise refuse(layer, "the output's scale is too small", expected="above 2^-30", found=hidden.scale)
    return {"out_multiplier": multiplier, "out_shift": shift, "out_offset": hidden.zero_point}


def _stacked(role: str, tensors: Sequence[IrTensor]) -> Constant:
    """The gates' arrays one after the other."""
    return Constant(role, np.concatenate([np.ascontiguousarray(t.data, t.dtype).reshape(-1) for t in tensors]))

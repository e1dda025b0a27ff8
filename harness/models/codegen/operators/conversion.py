"""QUANTIZE and DEQUANTIZE between float32 and int8, uint8 and int16, and from one of these to another."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from harness.models.codegen import fixedpoint
from harness.models.codegen.kernel import TYPES, Constant, Kernel, Options, quantized, refuse
from harness.models.ir import Graph, IrTensor, Layer

_SUFFIX: Mapping[str, str] = {"int8": "s8", "uint8": "u8", "int16": "s16"}
_BYTES = ("int8", "uint8")


def quantize(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """QUANTIZE. What goes from one byte to another is a table of 256 outputs."""
    source, target = graph.tensor(layer.inputs[0]), quantized(graph, layer, layer.outputs[0])
    if target.dtype not in _SUFFIX or source.dtype not in ("float32", *_SUFFIX):
        raise _misfit(layer, source, target)
    if source.dtype == "float32":
        params = {"elements": target.elements, "scale": target.scale, "zero_point": target.zero_point}
        return Kernel(layer, f"hil_nn_quantize_f32_{_SUFFIX[target.dtype]}", "hil_nn_quantize_params", params, (), 0)
    quantized(graph, layer, source.index)
    multiplier, shift = fixedpoint.multiplier_and_shift(source.scale / target.scale)
    if source.dtype in _BYTES and target.dtype in _BYTES:
        table = _table(source, target, multiplier, shift)
        count = {"elements": target.elements}
        return Kernel(
            layer, "hil_nn_lut_s8", "hil_nn_elementwise_params", count, (Constant("t", table.view(np.int8)),), 0
        )
    if source.dtype == "uint8" or target.dtype == "uint8":
        raise _misfit(layer, source, target)
    if fixedpoint.accumulator_limit(multiplier, shift) < 1 << 17:
        raise refuse(
            layer, "the scales are too far apart", expected="a ratio below 2^13", found=source.scale / target.scale
        )
    limits = np.iinfo(target.dtype)
    whole = {
        "elements": target.elements,
        "in_type": TYPES[source.dtype],
        "out_type": TYPES[target.dtype],
        "in_offset": -source.zero_point,
        "out_offset": target.zero_point,
        "multiplier": multiplier,
        "shift": shift,
        "low": int(limits.min),
        "high": int(limits.max),
    }
    return Kernel(layer, "hil_nn_requantize", "hil_nn_requantize_params", whole, (), 0)


def dequantize(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """DEQUANTIZE to float32."""
    source, target = quantized(graph, layer, layer.inputs[0]), graph.tensor(layer.outputs[0])
    if source.dtype not in _SUFFIX or target.dtype != "float32":
        raise _misfit(layer, source, target)
    params = {"elements": source.elements, "scale": source.scale, "zero_point": source.zero_point}
    return Kernel(layer, f"hil_nn_dequantize_{_SUFFIX[source.dtype]}_f32", "hil_nn_quantize_params", params, (), 0)


def _table(
    source: IrTensor, target: IrTensor, multiplier: int, shift: int
) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    """The output bytes by input byte, read as an int8: -128..127."""
    limits = np.iinfo(target.dtype)
    outputs = []
    for byte in range(-128, 128):
        raw = byte & 0xFF if source.dtype == "uint8" else byte
        value = fixedpoint.rescale(raw - source.zero_point, multiplier, shift) + target.zero_point
        outputs.append(min(int(limits.max), max(int(limits.min), value)) & 0xFF)
    return np.array(outputs, np.uint8)


def _misfit(layer: Layer, source: IrTensor, target: IrTensor) -> Exception:
    return refuse(
        layer,
        "data types",
        expected="between float32 and int8, uint8 or int16; between int8 and uint8 or int16",
        found=f"{source.dtype} to {target.dtype}",
    )

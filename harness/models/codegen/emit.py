"""Renders a lowered program as C text. Nothing here depends on time, paths or the machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from harness.models.codegen.kernel import Constant, Kernel, Value
from harness.models.codegen.layout import Layout, Slot
from harness.models.codegen.planner import scratch_key
from harness.models.ir import Array

ENGINE_NAME = "builtin"
ENGINE_VERSION = "0.2.0"  # of generator and kernels together; changes when results or the generated interface change
_DTYPE = {"float32": "HIL_F32", "int8": "HIL_S8", "uint8": "HIL_U8", "int16": "HIL_S16", "int32": "HIL_S32"}
_DTYPE["bool"] = _DTYPE["uint8"]
_CTYPE = {"float32": "float", "int8": "int8_t", "int32": "int32_t"}  # others travel as void *: one kernel takes several
_WIDTH = 118


def header(layout: Layout) -> str:
    """model.h: what the firmware's build needs to know of the model."""
    return f"""/* Generated from {comment(layout.name)}. Do not edit. */
#ifndef HIL_MODEL_H
#define HIL_MODEL_H

#ifndef HIL_ENGINE_NAME /* other kernels under this network have their own name */
#define HIL_ENGINE_NAME "{ENGINE_NAME}"
#endif
#define HIL_ENGINE_VERSION "{ENGINE_VERSION}"
#define HIL_MODEL_NAME {string(layout.name)}
/* SHA-256 of the .tflite file */
#define HIL_MODEL_SHA256_INIT {bytes_init(layout.model_sha256)}
/* SHA-256 of the section .hil_model: every weight, bias and table, {len(layout.weights)} bytes */
#define HIL_WEIGHTS_SHA256_INIT {bytes_init(layout.weights_sha256)}
#define HIL_MODEL_WEIGHTS_BYTES {len(layout.weights)}u
#define HIL_MODEL_ARENA_BYTES {layout.arena.n_bytes}u
/* the arena for who places the inputs elsewhere */
#define HIL_MODEL_CORE_BYTES {layout.arena.core_bytes if layout.inputs_move else layout.arena.n_bytes}u
#define HIL_MODEL_INPUT_BYTES {sum(t.n_bytes for t in layout.inputs)}u
#define HIL_MODEL_OUTPUT_BYTES {sum(t.n_bytes for t in layout.outputs)}u

#endif
"""


def source(layout: Layout) -> str:
    """model.c: the weights, the layer table and ``hil_engine_active``."""
    parts = [
        f"/* Generated from {comment(layout.name)}. Do not edit. */",
        '#include "engine.h"\n#include "hil_nn.h"\n#include "model.h"\n',
        _weights(layout),
        *(_params(i, kernel) for i, kernel in enumerate(layout.kernels)),
        _tensors(layout),
        _engine(layout),
    ]
    return "\n".join(parts)


def _weights(layout: Layout) -> str:
    if not layout.slots:
        return ""
    lines = [
        "/* One object in a section of its own, without hidden padding: HIL_WEIGHTS_SHA256_INIT covers its bytes. */",
        "#if defined(__ELF__)",
        '#define MODEL_SECTION __attribute__((section(".hil_model"), aligned(16), used))',
        "#else",
        "#define MODEL_SECTION",
        "#endif",
        "struct hil_model_weights {",
    ]
    for slot in layout.slots:
        lines.append(f"    {slot.constant.ctype} {slot.symbol}[{slot.constant.values.size}];")
        if slot.padding:
            lines.append(f"    uint8_t {slot.symbol}_padding[{slot.padding}];")
    lines.append("};")
    lines.append("extern const struct hil_model_weights hil_model_weights;")
    lines.append("const struct hil_model_weights hil_model_weights MODEL_SECTION = {")
    for slot in layout.slots:
        lines.append(f"    .{slot.symbol} = {{")
        lines.extend(_array(slot.constant.values))
        lines.append("    },")
        if slot.padding:
            lines.append(f"    .{slot.symbol}_padding = {{0}},")
    lines.append("};")
    lines.append(
        f"typedef char weights_have_no_hidden_padding[sizeof hil_model_weights == {len(layout.weights)} ? 1 : -1];\n"
    )
    return "\n".join(lines)


def _array(values: Array) -> Iterable[str]:
    line = "       "
    for value in values:
        text = f" {_literal(value.item())},"
        if len(line) + len(text) > _WIDTH:
            yield line
            line = "       "
        line += text
    yield line


def _params(index: int, kernel: Kernel) -> str:
    fields = "\n".join(f"    .{name} = {_value(value)}," for name, value in kernel.params.items())
    return f"static const {kernel.params_type} params_{index} = {{ /* {kernel.name} */\n{fields}\n}};\n"


def _tensors(layout: Layout) -> str:
    entries = [(name, t) for name, t in zip(layout.input_names, layout.inputs, strict=True)]
    entries += [(k.name, layout.result(k)) for k in layout.kernels]
    entries += [(name, t) for name, t in zip(layout.output_names, layout.outputs, strict=True)]
    n_in, n_layers = len(layout.inputs), len(layout.kernels)
    rows = "\n".join(tensor(n, t.dtype, t.shape, t.n_bytes, t.scale, t.zero_point) for n, t in entries)
    offsets = ", ".join(f"{layout.offset(t)}u" for _, t in entries)
    return f"""enum {{ N_INPUTS = {n_in}, N_LAYERS = {n_layers}, N_OUTPUTS = {len(layout.outputs)} }};
enum {{ FIRST_LAYER = N_INPUTS, FIRST_OUTPUT = N_INPUTS + N_LAYERS, N_TENSORS = N_INPUTS + N_LAYERS + N_OUTPUTS }};
static hil_tensor tensors[N_TENSORS] = {{ /* inputs, one per layer, outputs; data is filled in by init() */
{rows}
}};
static const uint32_t arena_offset[N_TENSORS] = {{{offsets}}};
"""


def tensor(name: str, dtype: str, shape: Sequence[int], n_bytes: int, scale: float, zero_point: int) -> str:
    """The initializer of one ``hil_tensor``, without its place in memory."""
    dims = ", ".join(str(extent) for extent in shape)
    return (
        f"    {{{string(name)}, {_DTYPE[dtype]}, {len(shape)}, {{{dims}}}, {n_bytes}u,"
        f" {_literal(scale)}, {zero_point}, 0}},"
    )


def _engine(layout: Layout) -> str:
    bit_exact = all(layout.result(k).dtype != "float32" for k in layout.kernels)
    capabilities = "HIL_CAP_LAYER_OUT | HIL_CAP_BITEXACT" if bit_exact else "HIL_CAP_LAYER_OUT"
    opcodes = ", ".join(str(k.layer.code) for k in layout.kernels)
    calls = "\n".join(_call(layout, i, kernel) for i, kernel in enumerate(layout.kernels))
    return f"""static const uint8_t model_sha256[32] = HIL_MODEL_SHA256_INIT;
static const uint16_t layer_op[] = {{{opcodes or 0}}}; /* TFLite's operator numbers */
static uint8_t *arena;

enum {{ ERROR_NO_ARENA = -1, ERROR_ARENA_TOO_SMALL = -2, ERROR_UNALIGNED = -3, ERROR_NO_INPUT = -4 }};

{_forget(layout)}static int init(void *memory, uint32_t bytes)
{{
    if (!memory) {{
        return ERROR_NO_ARENA;
    }}
    if (bytes < HIL_MODEL_CORE_BYTES) {{
        return ERROR_ARENA_TOO_SMALL;
    }}
    if ((uintptr_t)memory % 16u) {{
        return ERROR_UNALIGNED;
    }}
    arena = memory;
    for (uint32_t i = 0; i < N_TENSORS; ++i) {{
        tensors[i].data = i >= N_INPUTS || bytes >= HIL_MODEL_ARENA_BYTES ? arena + arena_offset[i] : 0;
    }}
{_forgotten(layout, init=True)}    return 0;
}}

static const hil_tensor *input(uint32_t i)
{{
    return i < N_INPUTS ? &tensors[i] : 0;
}}

{_place_input(layout)}static const hil_tensor *output(uint32_t i)
{{
    return i < N_OUTPUTS ? &tensors[FIRST_OUTPUT + i] : 0;
}}

static const hil_tensor *layer(uint32_t i)
{{
    return i < N_LAYERS ? &tensors[FIRST_LAYER + i] : 0;
}}

static uint32_t arena_used(void)
{{
    return HIL_MODEL_ARENA_BYTES;
}}

/* Two programs come of this one: without a callback no layer even asks whether there is one. */
#define ALWAYS_INLINE inline __attribute__((always_inline))

static ALWAYS_INLINE void report(hil_layer_cb callback, void *context, uint16_t index)
{{
    if (callback) {{
        const hil_tensor *out = &tensors[FIRST_LAYER + index];
        const hil_layer_event event = {{index, layer_op[index], out->name, out, 0}};
        callback(context, &event);
    }}
}}

static ALWAYS_INLINE void layers(uint8_t *const a, hil_layer_cb callback, void *context)
{{
{calls}
}}

static __attribute__((noinline)) void layers_with_hook(uint8_t *a, hil_layer_cb callback, void *context)
{{
    layers(a, callback, context);
}}

static int run(hil_layer_cb callback, void *context)
{{
    if (!arena) {{
        return ERROR_NO_ARENA;
    }}
    for (uint32_t i = 0; i < N_INPUTS; ++i) {{
        if (!tensors[i].data) {{
            return ERROR_NO_INPUT;
        }}
    }}
{_forgotten(layout, init=False)}    if (callback) {{
        layers_with_hook(arena, callback, context);
    }} else {{
        layers(arena, 0, 0);
    }}
    return 0;
}}

const hil_engine hil_engine_active = {{
    .engine = HIL_ENGINE_NAME,
    .version = HIL_ENGINE_VERSION,
    .model = HIL_MODEL_NAME,
    .model_sha256 = model_sha256,
    .capabilities = {capabilities},
    .arena_bytes = HIL_MODEL_ARENA_BYTES,
    .core_bytes = HIL_MODEL_CORE_BYTES,
    .n_inputs = N_INPUTS,
    .n_outputs = N_OUTPUTS,
    .n_layers = N_LAYERS,
    .macs = {sum(k.macs for k in layout.kernels)}u,
    .init = init,
    .input = input,
    .place_input = {"place_input" if layout.inputs_move else "0"},
    .output = output,
    .layer = layer,
    .run = run,
    .arena_used = arena_used,{_forget_member(layout)}
}};
"""


def _forget(layout: Layout) -> str:
    """A function that brings all states to their first values."""
    if not layout.states:
        return ""
    loops = []
    for tensor in layout.states:
        (value,) = layout.first_value(tensor).tolist()
        ctype = {**_CTYPE, "uint8": "uint8_t", "int16": "int16_t", "bool": "uint8_t"}[tensor.dtype]
        loops.append(
            f"    for (uint32_t i = 0; i < {tensor.elements}u; ++i) {{\n"
            f"        (({ctype} *)(void *)(arena + {layout.offset(tensor)}))[i] = {_literal(value)};\n"
            "    }"
        )
    body = "\n".join(loops)
    return f"""/* States: what a run leaves here, the next one finds. */
static void forget(void)
{{
{body}
}}

"""


def _forget_member(layout: Layout) -> str:
    return "\n    .forget = forget," if layout.states and layout.options.keep_state else ""


def _forgotten(layout: Layout, *, init: bool) -> str:
    return "    forget();\n" if layout.states and (init or not layout.options.keep_state) else ""


def _place_input(layout: Layout) -> str:
    if not layout.inputs_move:
        return ""
    return """static int place_input(uint32_t i, void *data)
{
    if (i >= N_INPUTS || !data) {
        return ERROR_NO_INPUT;
    }
    if ((uintptr_t)data % 4u) {
        return ERROR_UNALIGNED;
    }
    tensors[i].data = data;
    return 0;
}

"""


def _call(layout: Layout, index: int, kernel: Kernel) -> str:
    target = layout.result(kernel)
    operands = [_operand(layout, index, source, kernel.times) for source in kernel.sources[:1]]
    operands += [_operand(layout, index, source) for source in kernel.sources[1:]]
    constants = [_symbol(layout.slots, index, c) for c in kernel.constants]
    if kernel.gathered:
        operands = [f"(const void *const[]){{{', '.join(operands)}}}"]
    arguments = [
        f"&params_{index}",
        *operands,
        *constants,
        *([] if kernel.state is None else [f"(void *)(a + {layout.offset(layout.graph.tensor(kernel.state))})"]),
        *(
            [f"({kernel.scratch.ctype} *)(void *)(a + {layout.arena.offsets[scratch_key(index)]})"]
            if kernel.scratch
            else []
        ),
        f"{_pointer(target.dtype)}(void *)(a + {layout.offset(target)}{_part(target.n_bytes, kernel.times)})",
    ]
    joined = ",\n        ".join(arguments)
    often = f"    for (uint32_t i = 0; i < {kernel.times}u; ++i)\n    " if kernel.times > 1 else ""
    return f"{often}    {kernel.function}({joined});\n    report(callback, context, {index});"


def _part(n_bytes: int, times: int) -> str:
    """Where the i-th of equal parts begins, after a pointer to the first."""
    return f" + i * {n_bytes // times}u" if times > 1 else ""


def _operand(layout: Layout, index: int, source: int | Constant, times: int = 1) -> str:
    if isinstance(source, Constant):
        return _symbol(layout.slots, index, source) + _part(source.values.size, times)
    tensor = layout.graph.tensor(source)
    position = layout.input_of(tensor)
    part = _part(tensor.n_bytes, times)
    if position is not None and layout.inputs_move:
        at = f"tensors[{position}].data"
        if part:
            at = f"(const void *)((const uint8_t *){at}{part})"
        return f"{_pointer(tensor.dtype, 'const ') or '(const void *)'}{at}"
    return f"{_pointer(tensor.dtype, 'const ')}(const void *)(a + {layout.offset(tensor)}{part})"


def _pointer(dtype: str, const: str = "") -> str:
    return f"({const}{_CTYPE[dtype]} *)" if dtype in _CTYPE else ""


def _symbol(slots: tuple[Slot, ...], index: int, constant: Constant | None) -> str:
    if constant is None:
        return "0"
    wanted = f"{constant.role}{index}"
    return next(f"hil_model_weights.{s.symbol}" for s in slots if wanted in (s.symbol, *s.also))


def _value(value: Value) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f".{name} = {_value(item)}" for name, item in value.items()) + "}"
    if isinstance(value, Sequence):
        return "{" + ", ".join(map(_literal, value)) + "}"
    return _literal(value)


def _literal(value: int | float) -> str:
    """A C literal of exactly this value; floats in hexadecimal, since decimal would have to be rounded."""
    if isinstance(value, float):
        return f"{float(np.float32(value)).hex()}f"
    return "(-2147483647 - 1)" if value == -(2**31) else str(value)


def bytes_init(digest: str) -> str:
    """A C initializer of the bytes of a hexadecimal digest."""
    return "{" + ", ".join(f"0x{byte:02x}" for byte in bytes.fromhex(digest)) + "}"


def string(text: str) -> str:
    """A C string literal of the UTF-8 text; octal escapes end after three digits, hexadecimal ones would not."""
    plain = (chr(b) if 32 <= b < 127 and chr(b) not in '"\\?' else f"\\{b:03o}" for b in text.encode())
    return '"' + "".join(plain) + '"'


def comment(text: str) -> str:
    """Text that cannot end a comment."""
    return "".join(c if c.isprintable() and c not in "*/\\" else "_" for c in text)

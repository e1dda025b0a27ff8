"""A front end as C: its tables as constants for ``firmware/frontend``, and the header that the firmware's build reads.

Nothing here depends on time, paths or the machine: the same front end gives the same text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from harness.data.features._base import Array, FrontEnd
from harness.disk import files
from harness.errors import PlanError
from harness.records import Tensor

SOURCE, HEADER = "frontend.c", "frontend.h"
_WIDTH = 118
_DTYPES = {
    "int16": "HIL_S16",
    "int32": "HIL_S32",
    "float32": "HIL_F32",
    "uint16": "HIL_FE_U16",
    "uint32": "HIL_FE_U32",
    "uint64": "HIL_FE_U64",
}
_TENSORS = ("float32", "int8", "uint8")


def generate(front_end: FrontEnd, folder: Path, tensor: Tensor) -> tuple[Path, Path]:
    """Write ``frontend.c`` and ``frontend.h`` into ``folder`` for a network whose input is ``tensor``; their paths.

    ``PlanError``, naming both sides, when that input does not take the front end's rows. Nothing is written then.
    """
    check(front_end, tensor)
    source, head = folder / SOURCE, folder / HEADER
    files.replace(source, _source(front_end).encode())
    files.replace(head, _header(front_end, tensor).encode())
    return source, head


def check(front_end: FrontEnd, tensor: Tensor) -> None:
    """``PlanError``, naming both sides, unless the network's input takes the front end's rows."""
    where = f"front end {front_end.name} -> input {tensor.name!r}"
    if tuple(n for n in tensor.shape if n != 1) != tuple(n for n in front_end.input_shape if n != 1):
        raise PlanError(
            "the network's input does not have the shape of the front end's features",
            where=where,
            expected=f"{list(front_end.input_shape)}: {front_end.rows} rows of {front_end.values} values",
            found=tensor.describe(),
            next_step="name the front end, its rows and layout, that the network was trained with",
        )
    if tensor.dtype not in _TENSORS:
        raise PlanError(
            "the firmware cannot fill an input of this type with features",
            where=where,
            expected=", ".join(_TENSORS),
            found=tensor.dtype,
            next_step="convert the network with an input of one of these types",
        )


def stream_bytes(front_end: FrontEnd, tensor: Tensor) -> int:
    """The memory of a stream into that tensor in bytes: ``hil_stream_bytes`` of the C."""
    window = front_end.window * front_end.channels * np.dtype(front_end.sample_dtype).itemsize
    row = front_end.values * np.dtype(front_end.row_dtype).itemsize
    history = front_end.rows * front_end.values * np.dtype(tensor.dtype).itemsize
    return sum((part + 7) // 8 * 8 for part in (front_end.state_bytes, window, row, history))


def _header(front_end: FrontEnd, tensor: Tensor) -> str:
    numbers = {
        "SAMPLE_HZ": front_end.sample_hz,
        "INSTANT_BYTES": front_end.channels * np.dtype(front_end.sample_dtype).itemsize,
        "WINDOW": front_end.window,
        "HOP": front_end.hop,
        "VALUES": front_end.values,
        "ROW_BYTES": front_end.values * np.dtype(front_end.row_dtype).itemsize,
        "ROWS": front_end.rows,
        "STREAM_BYTES": stream_bytes(front_end, tensor),
    }
    lines = "\n".join(f"#define HIL_FRONTEND_{name} {value}u" for name, value in numbers.items())
    digest = ", ".join(f"0x{byte:02x}" for byte in bytes.fromhex(front_end.tables_sha256))
    return f"""/* Generated: the front end {front_end.name}. Do not edit. */
#ifndef HIL_GENERATED_FRONTEND_H
#define HIL_GENERATED_FRONTEND_H

#define HIL_FRONTEND_NAME "{front_end.name}"
/* SHA-256 over its settings and tables */
#define HIL_FRONTEND_SHA256_INIT {{{digest}}}
{lines}

#endif
"""


def _source(front_end: FrontEnd) -> str:
    c, settings = f"fe_{front_end.c_name}", json.dumps(dict(front_end.parameters), sort_keys=True)
    fields = [f"    .{name} = {value}," for name, value in front_end.c_settings.items()]
    for name, table in front_end.tables.items():
        fields += [f"    .{name} = {{", *_rows(table), "    },"]
    stages = _stages(front_end)
    sample, row = _DTYPES[front_end.sample_dtype], _DTYPES[front_end.row_dtype]
    return f"""/* Generated: the front end {front_end.name}, {settings}. Do not edit. */
#include "frontend.h"

#include "{c}.h"

static const {c}_tables tables = {{
{chr(10).join(fields)}
}};
static const uint8_t sha256[32] = HIL_FRONTEND_SHA256_INIT;
static const hil_frontend_stage stages[] = {{
{chr(10).join(f'    {{"{name}", {dtype}, {values}u}},' for name, dtype, values in stages)}
}};
typedef char state_has_the_size_that_the_build_knows[sizeof({c}_state) == {front_end.state_bytes} ? 1 : -1];

const hil_frontend hil_frontend_active = {{
    .name = HIL_FRONTEND_NAME,
    .tables_sha256 = sha256,
    .tables = &tables,
    .sample_hz = HIL_FRONTEND_SAMPLE_HZ,
    .sample_dtype = {sample},
    .channels = {front_end.channels},
    .row_dtype = {row},
    .n_stages = {len(stages)},
    .window = HIL_FRONTEND_WINDOW,
    .hop = HIL_FRONTEND_HOP,
    .values = HIL_FRONTEND_VALUES,
    .rows = HIL_FRONTEND_ROWS,
    .state_bytes = sizeof({c}_state),
    .stages = stages,
    .reset = {c}_reset,
    .compute = {c}_compute,
    .encode = {c}_encode,
}};
"""


def _stages(front_end: FrontEnd) -> list[tuple[str, str, int]]:
    """Name, C type and number of values of each stage, from computing a window of zeros."""
    silence = np.zeros((1, front_end.window, front_end.channels), front_end.sample_dtype)
    found = front_end.stages(silence if front_end.channels > 1 else silence[..., 0])
    return [
        (name, _DTYPES[stage.dtype.name], int(np.prod(stage.shape[2:], dtype=int))) for name, stage in found.items()
    ]


def _rows(table: Array) -> Iterator[str]:
    """A table's values as C: inner arrays in braces of their own."""
    values = [_value(value) for value in table.reshape(-1)]
    if table.ndim > 1:
        inner = table.shape[-1]
        values = ["{" + ", ".join(values[i : i + inner]) + "}" for i in range(0, len(values), inner)]
    line = "       "
    for text in values:
        if len(line) + len(text) + 2 > _WIDTH and line.strip():
            yield line
            line = "       "
        line += f" {text},"
    yield line


def _value(value: np.generic) -> str:
    number = value.item()
    return f"{number.hex()}f" if isinstance(number, float) else str(number)

"""What the firmware must know of a model that another engine computes: identity, inputs and outputs, and no kernels."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from harness.models.codegen import emit
from harness.models.codegen.generate import JSON_SCHEMA
from harness.records import Tensor

_ALIGNMENT = 16
_NO_DIGEST = "0" * 64  # the engine has its weights elsewhere: they cannot be checked in the image
_BYTES_PER_LINE = 24


def generate_external(
    out_dir: Path,
    *,
    name: str,
    model_sha256: str,
    engine: str,
    inputs: Sequence[Tensor],
    outputs: Sequence[Tensor],
    model_file: bytes | None = None,
) -> None:
    """Write model.c, model.h and model.json to ``out_dir`` (created if missing); the same inputs give the same bytes.

    ``model_file``: the .tflite itself goes into the image, for an engine that interprets it.
    """
    arena_bytes = sum(-(-t.n_bytes // _ALIGNMENT) * _ALIGNMENT for t in (*inputs, *outputs))
    out_dir.mkdir(parents=True, exist_ok=True)
    (out_dir / "model.h").write_text(
        _header(name, model_sha256, engine, inputs, outputs, arena_bytes), encoding="utf-8"
    )
    (out_dir / "model.c").write_text(_source(name, inputs, outputs, model_file), encoding="utf-8")
    document = {
        "schema": JSON_SCHEMA,
        "name": name,
        "engine": engine,
        "engine_version": "sdk",
        "model_sha256": model_sha256,
        "weights_sha256": _NO_DIGEST,
        "weights_bytes": len(model_file or b""),
        "arena_bytes": arena_bytes,
        "inputs": [_described(t) for t in inputs],
        "outputs": [_described(t) for t in outputs],
        "layers": [],
    }
    (out_dir / "model.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def _described(t: Tensor) -> dict[str, object]:
    return {"name": t.name, "shape": list(t.shape), "dtype": t.dtype, "bytes": t.n_bytes}


def _header(
    name: str, sha256: str, engine: str, inputs: Sequence[Tensor], outputs: Sequence[Tensor], arena_bytes: int
) -> str:
    return f"""/* Generated from {emit.comment(name)}. Do not edit. */
#ifndef HIL_MODEL_H
#define HIL_MODEL_H

#define HIL_ENGINE_NAME "{engine}"
#define HIL_ENGINE_VERSION "sdk"
#define HIL_MODEL_NAME {emit.string(name)}
#define HIL_MODEL_SHA256_INIT {emit.bytes_init(sha256)}
#define HIL_WEIGHTS_SHA256_INIT {{0}}
#define HIL_MODEL_ARENA_BYTES {arena_bytes}u /* inputs and outputs; the engine's own memory comes on top */
#define HIL_MODEL_INPUTS {len(inputs)}
#define HIL_MODEL_OUTPUTS {len(outputs)}
#define HIL_MODEL_INPUT_BYTES {sum(t.n_bytes for t in inputs)}u
#define HIL_MODEL_OUTPUT_BYTES {sum(t.n_bytes for t in outputs)}u

#endif
"""


def _source(name: str, inputs: Sequence[Tensor], outputs: Sequence[Tensor], model_file: bytes | None) -> str:
    tables = "\n".join(
        f"hil_tensor hil_model_{kind}[HIL_MODEL_{kind.upper()}] = {{\n"
        + "\n".join(emit.tensor(t.name, t.dtype, t.shape, t.n_bytes, t.scale, t.zero_point) for t in tensors)
        + "\n};"
        for kind, tensors in (("inputs", inputs), ("outputs", outputs))
    )
    head = f'/* Generated from {emit.comment(name)}. Do not edit. */\n#include "external.h"\n'
    digest = "const uint8_t hil_model_sha256[32] = HIL_MODEL_SHA256_INIT;\n"
    return "\n".join([head, digest, tables, *([] if model_file is None else [_file(model_file)])]) + "\n"


def _file(content: bytes) -> str:
    lines = (content[at : at + _BYTES_PER_LINE] for at in range(0, len(content), _BYTES_PER_LINE))
    rows = "\n".join("    " + ", ".join(map(str, line)) + "," for line in lines)
    return (
        "\nextern const uint8_t hil_model_file[];\n"
        f"__attribute__((aligned(16))) const uint8_t hil_model_file[] = {{\n{rows}\n}};"
    )

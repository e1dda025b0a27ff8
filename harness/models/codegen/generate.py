""".tflite -> model.c, model.h, model.json."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from harness.errors import PlanError
from harness.models import tflite
from harness.models.codegen import emit
from harness.models.codegen.kernel import DEFAULTS, KEEPING, Options
from harness.models.codegen.layout import Layout, laid_out
from harness.models.codegen.passes import simplified
from harness.models.ir import IrTensor

JSON_SCHEMA = "hil.model/1"


@dataclass(frozen=True)
class Generated:
    """The three files and what they say. Sizes in bytes."""

    model_c: Path
    model_h: Path
    model_json: Path
    layout: Layout

    @property
    def model_sha256(self) -> str:
        """Of the .tflite file, hexadecimal."""
        return self.layout.model_sha256

    @property
    def weights_sha256(self) -> str:
        """Of the bytes in section .hil_model, hexadecimal."""
        return self.layout.weights_sha256

    @property
    def weights_bytes(self) -> int:
        """Size of section .hil_model."""
        return len(self.layout.weights)

    @property
    def arena_bytes(self) -> int:
        """Working memory that the engine's init() needs, 16-byte aligned; input and output tensors lie in it."""
        return self.layout.arena.n_bytes


def plan_layout(model_path: Path, *, name: str | None = None, options: Options = DEFAULTS) -> Layout:
    """What would be generated, decided but not written. Errors as ``generate``."""
    graph = tflite.read(model_path)
    sha256 = hashlib.sha256(model_path.read_bytes()).hexdigest()
    try:
        return laid_out(name or model_path.stem, sha256, simplified(graph), options)
    except PlanError as error:  # the passes and lowerings know the layer, not the file
        error.where = f"{model_path}, {error.where}" if error.where else str(model_path)
        raise


def generate(model_path: Path, out_dir: Path, *, name: str | None = None, options: Options = DEFAULTS) -> Generated:
    """Write model.c, model.h and model.json to ``out_dir`` (created if missing).

    The same model and options give the same bytes anywhere. A file whose content would not change is left alone: build
    tools then see no change. ``name`` is what the board will say it runs; the file's stem by default.
    Raises PlanError, naming operator and layer, for a model that the engine cannot run; nothing is written then.
    """
    layout = plan_layout(model_path, name=name, options=options)
    contents = {"model.c": emit.source(layout), "model.h": emit.header(layout), "model.json": _json(layout, options)}
    out_dir.mkdir(parents=True, exist_ok=True)
    for file, content in contents.items():
        path = out_dir / file
        encoded = content.encode()
        if not path.is_file() or path.read_bytes() != encoded:
            path.write_bytes(encoded)
    return Generated(out_dir / "model.c", out_dir / "model.h", out_dir / "model.json", layout)


def has_memory(model_path: Path) -> bool:
    """Whether a run of the network leaves something that the next one finds. ``PlanError`` as ``generate``."""
    return bool(plan_layout(model_path).states)


def for_boards(model_path: Path) -> Options:
    """What a board's firmware is made with: a memory that it can keep it does keep, and is told with each sample whether to.

    A network of which a part can be kept and another cannot begins anew with each sample. ``PlanError`` as ``generate``.
    """
    if not has_memory(model_path):
        return DEFAULTS
    try:
        plan_layout(model_path, options=KEEPING)
    except PlanError:
        return DEFAULTS
    return KEEPING


def _json(layout: Layout, options: Options) -> str:
    """The layer table, with which the host decodes layer dumps."""

    def tensor(t: IrTensor) -> dict[str, object]:
        return {
            "tensor": t.index,
            "tensor_name": t.name,
            "shape": list(t.shape),
            "dtype": t.dtype,
            "scale": t.scale,
            "zero_point": t.zero_point,
            "bytes": t.n_bytes,
            "arena_offset": layout.offset(t),
        }

    document = {
        "schema": JSON_SCHEMA,
        "name": layout.name,
        "engine": emit.ENGINE_NAME,
        "engine_version": emit.ENGINE_VERSION,
        "model_sha256": layout.model_sha256,
        "weights_sha256": layout.weights_sha256,
        "weights_bytes": len(layout.weights),
        "arena_bytes": layout.arena.n_bytes,
        "core_bytes": layout.arena.core_bytes if layout.inputs_move else layout.arena.n_bytes,
        "macs": sum(k.macs for k in layout.kernels),
        "dense_rounding": "twice" if options.round_dense_twice else "once",
        "state": None if not layout.states else "kept" if options.keep_state else "each sample",
        "inputs": [{"name": n} | tensor(t) for n, t in zip(layout.input_names, layout.inputs, strict=True)],
        "outputs": [{"name": n} | tensor(t) for n, t in zip(layout.output_names, layout.outputs, strict=True)],
        "layers": [
            {"index": i, "name": k.name, "op": k.layer.op, "op_code": k.layer.code, "macs": k.macs}
            | {"source_layer": k.layer.index}
            | tensor(layout.result(k))
            for i, k in enumerate(layout.kernels)
        ],
    }
    return json.dumps(document, indent=1) + "\n"

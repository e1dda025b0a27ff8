"""The real firmware as a program of this host, with an engine that takes as long as it is told (firmware/tests/timed)."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

from harness.build import FirmwareImage, native
from harness.disk.scratch import scratch
from harness.paths import shipped

#: Values that the engine answers.
N_OUTPUTS = 10
#: The engine reads from this variable of its environment how many microseconds a run takes.
RUN_US_VARIABLE = "HIL_TIMED_RUN_US"


def build_timed(input_bytes: int, *, slots: int | None = None, cache_dir: Path | None = None) -> FirmwareImage:
    """The native build of the firmware for samples of ``input_bytes`` bytes. Errors as ``harness.build.native``.

    ``slots`` overrides the number of input slots that the build would compute.
    """
    with scratch("hil-timed-") as folder:
        write_model(folder, input_bytes)
        return native(folder, slots=slots, cache_dir=cache_dir)


def write_model(folder: Path, input_bytes: int) -> None:
    """model.c, model.h and model.json as the generator would leave them, for an input of that size."""
    source = shipped("firmware") / "tests" / "timed" / "model.c"
    shutil.copyfile(source, folder / "model.c")
    name = f"timed_{input_bytes}"
    digest = hashlib.sha256(source.read_bytes() + name.encode()).digest()
    arena_bytes = input_bytes + N_OUTPUTS
    macros = {
        "HIL_ENGINE_NAME": '"timed"',
        "HIL_ENGINE_VERSION": '"1"',
        "HIL_MODEL_NAME": f'"{name}"',
        "HIL_MODEL_SHA256_INIT": "{" + ", ".join(f"0x{byte:02x}" for byte in digest) + "}",
        "HIL_WEIGHTS_SHA256_INIT": "{0}",
        "HIL_MODEL_WEIGHTS_BYTES": "0u",
        "HIL_MODEL_INPUT_BYTES": f"{input_bytes}u",
        "HIL_MODEL_OUTPUT_BYTES": f"{N_OUTPUTS}u",
        "HIL_MODEL_ARENA_BYTES": f"{arena_bytes}u",
    }
    lines = [f"#define {macro} {value}" for macro, value in macros.items()]
    (folder / "model.h").write_text(
        "\n".join(["#ifndef HIL_MODEL_H", "#define HIL_MODEL_H", *lines, "#endif", ""]), encoding="ascii"
    )
    description = {
        "schema": "hil.model/1",
        "name": name,
        "engine": "timed",
        "engine_version": "1",
        "model_sha256": digest.hex(),
        "weights_sha256": bytes(32).hex(),
        "weights_bytes": 0,
        "arena_bytes": arena_bytes,
        "inputs": [{"name": "input", "bytes": input_bytes}],
        "outputs": [{"name": "output", "bytes": N_OUTPUTS}],
        "layers": [],
    }
    (folder / "model.json").write_text(json.dumps(description, indent=1), encoding="ascii")

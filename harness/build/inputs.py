"""What a build needs to know: of the board (board.toml) and of the model (model.json beside the generated sources)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.disk import documents, files
from harness.errors import PlanError
from harness.models.codegen.budget import TENSOR_RAM_BYTES


@dataclass(frozen=True)
class BuildBoard:
    """The part of ``board.toml`` that the firmware is built from. Sizes in bytes."""

    name: str
    core: str
    flash_origin: int
    flash_bytes: int
    ram_origin: int
    ram_bytes: int
    stack_bytes: int
    baud: int
    bauds: tuple[int, ...]

    @classmethod
    def load(cls, board_dir: Path) -> BuildBoard:
        """Read ``board_dir/board.toml``. PlanError when it is missing, not TOML, or lacks a key."""
        path = board_dir / "board.toml"
        try:
            data = documents.toml(path)
        except FileNotFoundError as error:
            raise PlanError(
                "this folder describes no board", where=str(path), next_step="name a folder of firmware/boards"
            ) from error
        except (OSError, ValueError) as error:
            raise PlanError("board.toml cannot be read", where=str(path), found=str(error)) from error
        try:
            memory, uart = data["memory"], data["uart"]
            return cls(
                name=str(data["name"]),
                core=str(data["core"]),
                flash_origin=int(memory["flash_origin"]),
                flash_bytes=int(memory["flash_bytes"]),
                ram_origin=int(memory["ram_origin"]),
                ram_bytes=int(memory["ram_bytes"]),
                stack_bytes=int(memory["stack_bytes"]),
                baud=int(uart["baud"]),
                bauds=tuple(int(baud) for baud in uart["bauds"]),
            )
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise PlanError(
                "board.toml lacks what the build needs, or has it in another type", where=str(path), found=repr(error)
            ) from error


@dataclass(frozen=True)
class BuildModel:
    """The part of ``model.json`` that the firmware is built from. Sizes in bytes, digests in hexadecimal.

    ``arena_bytes``: what the firmware gives the engine; without the inputs where the engine reads them in the slots.
    ``table_bytes``: the engine's table of its tensors, which lies in RAM too.
    ``stream``: recordings are played to the firmware; sizes are then those of a hop, and the arena has room for features.
    """

    name: str
    engine: str
    model_sha256: str
    weights_sha256: str
    weights_bytes: int
    arena_bytes: int
    input_bytes: int
    output_bytes: int
    table_bytes: int = 0
    stream: bool = False

    @classmethod
    def load(cls, generated_dir: Path) -> BuildModel:
        """Read ``generated_dir/model.json``. PlanError when it is missing, not JSON, or lacks a key."""
        path = generated_dir / "model.json"
        try:
            data = documents.parse_json(files.text(path))
        except FileNotFoundError as error:
            raise PlanError(
                "this folder holds no generated model",
                where=str(path),
                next_step="generate it with harness.models.codegen",
            ) from error
        except (OSError, ValueError) as error:
            raise PlanError("model.json cannot be read", where=str(path), found=str(error)) from error
        try:
            # What is played to the board travels in the place of the network's inputs.
            stream = dict(data).get("stream", {})
            return cls(
                name=str(data["name"]),
                engine=str(data["engine"]),
                model_sha256=str(data["model_sha256"]),
                weights_sha256=str(data["weights_sha256"]),
                weights_bytes=int(data["weights_bytes"]),
                arena_bytes=int(data.get("core_bytes", data["arena_bytes"])) + int(stream.get("ram_bytes", 0)),
                input_bytes=int(stream.get("sample_bytes", _total_bytes(data["inputs"]))),
                output_bytes=_total_bytes(data["outputs"]) + int(stream.get("report_bytes", 0)),
                stream=bool(stream),
                table_bytes=TENSOR_RAM_BYTES * sum(len(data[part]) for part in ("inputs", "layers", "outputs")),
            )
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise PlanError(
                "model.json lacks what the build needs, or has it in another type", where=str(path), found=repr(error)
            ) from error


def _total_bytes(tensors: list[dict[str, Any]]) -> int:
    return sum(int(tensor["bytes"]) for tensor in tensors)

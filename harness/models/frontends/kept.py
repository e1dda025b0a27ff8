"""Model files as people train them, for a run: converted once, and kept by the digest of all that the result hangs on."""

from __future__ import annotations

import hashlib
from importlib import metadata
from pathlib import Path

from harness.disk import folders
from harness.disk.cache import cached_file
from harness.errors import PlanError
from harness.models.frontends.convert import convert
from harness.paths import read_file


def as_tflite(path: Path) -> Path:
    """The model as a .tflite: itself, or the conversion in the user's cache, which is made when it is not there yet.

    A changed file, another front end, or another release of what it reads with is converted anew; so is a conversion
    that was damaged since. Raises PlanError as ``convert``, and BenchError when the cache cannot be used.
    """
    if path.suffix.lower() == ".tflite":
        return path
    try:
        content = read_file(path)
    except OSError as error:
        raise PlanError("the model file cannot be read", where=str(path), found=error.strerror) from error

    def make(folder: Path) -> Path:
        made = folder / "made.tflite"
        made.write_bytes(convert(path))
        return made

    return cached_file(folders.cache_path("converted"), _key(path, content), f"{path.stem}.tflite", make)


def _key(path: Path, content: bytes) -> str:
    digest = hashlib.sha256(f"{path.suffix.lower()}\n{path.stem}\n".encode())
    for package in ("tensorflow", "onnx"):
        digest.update(f"{package} {_version(package)}\n".encode())
    for module in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(hashlib.sha256(module.read_bytes()).digest())
    digest.update(content)
    if path.suffix.lower() == ".onnx" and b"location" in content:
        digest.update(_with_weights(path))
    return digest.hexdigest()


def _with_weights(path: Path) -> bytes:
    """An .onnx with the weights that it keeps in files beside it (``location``): retraining may change those alone."""
    from harness.models.frontends.onnx_graph import package

    try:
        whole: bytes = package().load(str(path)).SerializeToString(deterministic=True)
    except Exception as error:
        # protobuf and the checker have no common base class.
        raise PlanError("the .onnx file is damaged", where=str(path), found=str(error)) from error
    return whole


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "none"

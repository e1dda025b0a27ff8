"""Object files of the engine's kernels for this host, compiled once: a model then costs only its own C file."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path


def compiled(
    command: Sequence[str], sources: Sequence[Path], salt: str, home: Path, run: Callable[[list[str]], object]
) -> list[Path]:
    """Object files of ``sources`` compiled by ``command`` (compiler, flags and include folders), kept below ``home``.

    They are known by the hash of the sources, the command and ``salt``, which must stand for all headers and the
    compiler's version. ``run`` executes a command and raises when it fails. Two processes that compile the same at the
    same time each compile their own; the first to finish stays.
    """
    digest = hashlib.sha256(salt.encode())
    for part in (*command, *(source.read_text("utf-8") for source in sources)):
        digest.update(hashlib.sha256(part.encode()).digest())
    folder = home / f"objects-{digest.hexdigest()[:32]}"
    if not folder.is_dir():
        with tempfile.TemporaryDirectory(prefix="build-", dir=home) as scratch:
            fresh = Path(scratch) / "objects"
            fresh.mkdir()
            for source in sources:
                run([*command, "-c", str(source), "-o", str(fresh / f"{source.stem}.o")])
            try:
                fresh.replace(folder)
            except OSError:  # somebody else was faster: a folder that is not empty cannot be replaced
                if not folder.is_dir():
                    raise
    return [folder / f"{source.stem}.o" for source in sources]

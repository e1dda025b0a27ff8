"""Object files of the engine's kernels, compiled once: a model then costs only its own C file."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from harness.disk import files, locks
from harness.disk.scratch import scratch

_DIGESTS = "sha256"


def compiled(
    command: Sequence[str], sources: Sequence[Path], salt: str, home: Path, run: Callable[[list[str]], object]
) -> list[Path]:
    """Object files of ``sources`` compiled by ``command`` (compiler, flags and include folders), kept below ``home``.

    They are known by the hash of the sources, the command and ``salt``, which must stand for all headers and the
    compiler's version; they are compiled again when one is not as it was written. ``run`` executes a command and raises
    when it fails. A second process that wants the same waits for the first.
    """
    digest = hashlib.sha256(salt.encode())
    for part in (*command, *(source.read_text("utf-8") for source in sources)):
        digest.update(hashlib.sha256(part.encode()).digest())
    folder = home / f"objects-{digest.hexdigest()[:32]}"
    names = [f"{source.stem}.o" for source in sources]
    if not _intact(folder, names):
        with locks.wait_for(home / f"{folder.name}.lock"):
            if not _intact(folder, names):
                _make(command, sources, names, folder, run)
    return [folder / name for name in names]


def _make(
    command: Sequence[str], sources: Sequence[Path], names: list[str], folder: Path, run: Callable[[list[str]], object]
) -> None:
    with scratch("build-", folder.parent) as place:
        fresh = place / "objects"
        fresh.mkdir()
        commands = [[*command, "-c", str(f), "-o", str(fresh / name)] for f, name in zip(sources, names, strict=True)]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(run, commands))
        (fresh / _DIGESTS).write_text(_digests(fresh, names), "ascii")
        if folder.exists():
            # By a rename: whoever is linking these very files sees all of them or none.
            folder.replace(place / "old")
        files.move(fresh, folder)


def _digests(folder: Path, names: Sequence[str]) -> str:
    return "".join(f"{hashlib.sha256(files.content(folder / name)).hexdigest()}  {name}\n" for name in names)


def _intact(folder: Path, names: Sequence[str]) -> bool:
    try:
        return files.text(folder / _DIGESTS) == _digests(folder, names)
    except (OSError, UnicodeDecodeError):
        return False

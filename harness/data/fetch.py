"""Fetching public data sets into the user's cache, when asked to and never otherwise."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path

from harness.disk import download, folders
from harness.errors import BenchError, MisuseError
from harness.plans.names import suggestion

FETCHABLE = ("mnist", "speech_commands")

# The sum is the one that torchaudio checks (datasets/speechcommands.py, _CHECKSUMS).
SPEECH_COMMANDS = "https://storage.googleapis.com/download.tensorflow.org/data/speech_commands_v0.02.tar.gz"
SPEECH_COMMANDS_SHA256 = "af14739ee7dc311471de98f5f9d2c9191b18aedfe957f4a6ff791c709868ff58"


def fetch(name: str, split: str = "test", progress: download.Progress | None = None) -> tuple[Path, ...]:
    """Download a known set, checked against its published sums; what is there already is kept. The paths to it.

    ``split`` is of mnist alone. ``speech_commands`` is unpacked: its folder, for the form ``wav_folders``. Raises
    ``MisuseError`` for an unknown name or split, ``BenchError`` when the host cannot be reached, breaks off or sends something
    else: what came before a break is kept and gone on with.
    """
    if name not in FETCHABLE:
        raise MisuseError(
            f"no data set {name!r} to fetch",
            expected=", ".join(FETCHABLE),
            found=name,
            next_step=suggestion(name, FETCHABLE, "name one of these"),
        )
    if name == "speech_commands":
        return (_speech_commands(progress),)
    from harness.data.datasets import _mnist

    if split not in _mnist.FILES:
        raise MisuseError(
            f"{name} has no split {split!r}",
            expected=", ".join(_mnist.FILES),
            found=split,
            next_step=suggestion(split, _mnist.FILES, "name one of these"),
        )
    return _mnist.fetch(split, progress)


def _speech_commands(progress: download.Progress | None) -> Path:
    """The folder of the unpacked set: whole, or not there."""
    cache = folders.cache_path("speech_commands")
    there = cache / "v0.02"
    if there.is_dir():
        return there
    archive = download.fetched(SPEECH_COMMANDS, SPEECH_COMMANDS_SHA256, cache, progress)
    begun = cache / "v0.02.begun"
    try:
        shutil.rmtree(begun, ignore_errors=True)
        with tarfile.open(archive) as file:
            file.extractall(begun, filter="data")
        begun.rename(there)
        archive.unlink()
    except (OSError, tarfile.TarError) as error:
        raise BenchError(
            "the archive could not be unpacked",
            where=str(archive),
            expected=f"room for it in {cache}",
            found=error,
            next_step="make room and call it again: the archive is kept",
        ) from error
    return there

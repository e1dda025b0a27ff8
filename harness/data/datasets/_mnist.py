"""Where the MNIST files are, or how to get them. Nothing is downloaded unless it was asked for."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import platformdirs
import pooch

from harness.data.dataset import DataMissing
from harness.errors import BenchError, PlanError

# The mirror that the PyTorch project keeps; the original host no longer answers reliably.
MIRROR = "https://ossci-datasets.s3.amazonaws.com/mnist/"
FILES = {
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
}
# The published sums of the .gz files.
MD5_OF_GZ = {
    "t10k-images-idx3-ubyte": "9fb629c4189551a2d022fa330f9573f3",
    "t10k-labels-idx1-ubyte": "ec29112dd5afa0611ce80d1b7f02629c",
    "train-images-idx3-ubyte": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
    "train-labels-idx1-ubyte": "d53e105ee54ea40749a09fcbcd1e9432",
}
# Of the unpacked files, for those who keep them so; gzip's own header makes the .gz sums useless for these.
SHA256_OF_PLAIN = {
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}


def cache() -> Path:
    """The user's cache folder for MNIST; need not exist."""
    return Path(platformdirs.user_cache_dir("hil")) / "mnist"


def locate(split: str) -> tuple[Path, Path]:
    """The images' and the labels' file of a split, both checked against their sums.

    Looked for in ``$HIL_DATA_DIR/mnist``, then in the user's cache; fetched into the cache when ``HIL_FETCH=1``.
    Raises ``DataMissing`` when they are nowhere, ``PlanError`` when a file is not the published one.
    """
    folders = [cache()]
    if given := os.environ.get("HIL_DATA_DIR"):
        folders.insert(0, Path(given) / "mnist")
    for folder in folders:
        found = [_in(folder, stem) for stem in FILES[split]]
        if found[0] and found[1]:
            return _checked(found[0]), _checked(found[1])
    if os.environ.get("HIL_FETCH") == "1":
        return fetch(split)
    raise DataMissing(
        f"the MNIST {split} set is not on this machine",
        where=", ".join(str(folder) for folder in folders),
        expected=" and ".join(f"{stem}[.gz]" for stem in FILES[split]),
        next_step="set HIL_DATA_DIR to the folder that holds mnist/, or run 'hil data fetch mnist' (HIL_FETCH=1)",
    )


def fetch(split: str = "test") -> tuple[Path, Path]:
    """Download a split into the user's cache, checked; files already there are kept.

    Raises ``BenchError`` when the host cannot be reached or sends something else; nothing half-written is left.
    """
    paths = []
    for stem in FILES[split]:
        try:
            got = pooch.retrieve(
                url=f"{MIRROR}{stem}.gz", known_hash=f"md5:{MD5_OF_GZ[stem]}", fname=f"{stem}.gz", path=cache()
            )
        except (OSError, ValueError) as error:
            raise BenchError(
                f"MNIST's {stem}.gz could not be fetched",
                where=MIRROR,
                expected=f"a file of md5 {MD5_OF_GZ[stem]}",
                found=error,
                next_step="check the network, or set HIL_DATA_DIR to a copy",
            ) from error
        paths.append(Path(got))
    return paths[0], paths[1]


def _in(folder: Path, stem: str) -> Path | None:
    return next((path for path in (folder / f"{stem}.gz", folder / stem) if path.is_file()), None)


def _checked(path: Path) -> Path:
    packed = path.suffix == ".gz"
    expected = MD5_OF_GZ[path.stem] if packed else SHA256_OF_PLAIN.get(path.name)
    if expected is None:
        return path
    content = path.read_bytes()
    found = hashlib.md5(content, usedforsecurity=False).hexdigest() if packed else hashlib.sha256(content).hexdigest()
    if found != expected:
        raise PlanError(
            "the file is not the published one",
            where=str(path),
            expected=f"{'md5' if packed else 'sha256'} {expected}",
            found=found,
            next_step="delete it and get it again",
        )
    return path

"""Where the MNIST files are, or how to get them. Nothing is downloaded unless it was asked for."""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

from harness.data.dataset import DataMissing
from harness.data.datasets import _common
from harness.disk import download, folders
from harness.errors import BenchError, PlanError

# The mirror that the PyTorch project keeps; the original host no longer answers reliably.
MIRROR = "https://ossci-datasets.s3.amazonaws.com/mnist/"
FILES = {
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
}
# Of the .gz files as published (tensorflow/datasets, url_checksums/mnist.txt), and of what is in them for those who keep
# them unpacked: gzip's own header makes the .gz sums useless for these.
SHA256 = {
    "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
}


def cache() -> Path:
    """The user's cache folder for MNIST; need not exist. ``BenchError`` when the user has no home."""
    return folders.cache_path("mnist")


def locate(split: str) -> tuple[Path, Path]:
    """The images' and the labels' file of a split, both checked against their sums.

    Looked for in ``$HIL_DATA_DIR/mnist``, then in the user's cache; fetched into the cache when ``HIL_FETCH=1``.
    Raises ``DataMissing`` when they are nowhere, ``PlanError`` when a file is not the published one.
    """
    places = [Path(given) / "mnist"] if (given := os.environ.get("HIL_DATA_DIR")) else []
    with contextlib.suppress(BenchError):  # without a home there is no cache either
        places.append(cache())
    for folder in places:
        found = [_in(folder, stem) for stem in FILES[split]]
        if found[0] and found[1]:
            return _checked(found[0]), _checked(found[1])
    if os.environ.get("HIL_FETCH") == "1":
        return fetch(split)
    raise DataMissing(
        f"the MNIST {split} set is not on this machine",
        where=", ".join(str(folder) for folder in places),
        expected=" and ".join(f"{stem}[.gz]" for stem in FILES[split]),
        next_step="set HIL_DATA_DIR to the folder that holds mnist/, or run 'hil data fetch mnist' (HIL_FETCH=1)",
    )


def fetch(split: str = "test", progress: download.Progress | None = None) -> tuple[Path, Path]:
    """Download a split into the user's cache, checked; files already there are kept. ``BenchError`` as ``download.fetched``."""
    images, labels = (
        download.fetched(f"{MIRROR}{name}", SHA256[name], cache(), progress)
        for name in (f"{stem}.gz" for stem in FILES[split])
    )
    return images, labels


def _in(folder: Path, stem: str) -> Path | None:
    return next((path for path in (folder / f"{stem}.gz", folder / stem) if path.is_file()), None)


def _checked(path: Path) -> Path:
    found = hashlib.sha256(_common.content(path)).hexdigest()
    if found != SHA256[path.name]:
        raise PlanError(
            "the file is not the published one",
            where=str(path),
            expected=f"sha256 {SHA256[path.name]}",
            found=found,
            next_step="delete it and get it again",
        )
    return path

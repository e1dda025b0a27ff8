"""The data sets of the shipped plans."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from harness.bench.finding import Finding


def datasets(folder: str | None = None) -> Iterator[Finding]:
    """``folder`` None = ``HIL_DATA_DIR``."""
    folder = os.environ.get("HIL_DATA_DIR") if folder is None else folder
    yield Finding("data", "digits", "ok", "comes with scikit-learn")
    if folder and (Path(folder) / "mnist").is_dir():
        yield Finding("data", "mnist", "ok", str(Path(folder) / "mnist"), needed=False)
    else:
        yield Finding("data", "mnist", "missing", "HIL_DATA_DIR is not set" if not folder else f"not in {folder}",
                      "hil data fetch mnist, or set HIL_DATA_DIR to a folder that has mnist/", needed=False)  # fmt: skip

"""Sets that others made, in the folder that HIL_DATA_DIR names: where they are, and that they are the ones meant."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from harness.data.dataset import DataMissing
from harness.data.datasets import _common
from harness.errors import PlanError


def known(path: str, what: str, *, next_step: str) -> Path:
    """``$HIL_DATA_DIR/path``. ``DataMissing`` with ``next_step`` when it is not there, or nobody says where to look."""
    given = os.environ.get("HIL_DATA_DIR")
    if given and _common.there(found := Path(given) / path):
        return found
    raise DataMissing(
        f"{what} is not on this machine",
        where=str(Path(given) / path) if given else "HIL_DATA_DIR is not set",
        expected=f"a folder in HIL_DATA_DIR that holds {path}",
        next_step=next_step,
    )


def checked(path: Path, sha256: str) -> bytes:
    """What is in a file of such a set. ``PlanError`` when it is not the published one."""
    content = _common.content(path)
    if (found := hashlib.sha256(content).hexdigest()) != sha256:
        raise PlanError(
            "not the file that was published",
            where=str(path),
            expected=f"sha256 {sha256}",
            found=f"sha256 {found}",
            next_step="get it again",
        )
    return content

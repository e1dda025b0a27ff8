"""Where what a run leaves lies: one folder a run, in it one a case or test, always by the same names.

``hil-reports/<run>/<plan>/<board>/<model>/`` for a case, ``hil-reports/<run>/tests/<module>/<test>/`` for a test that uses
``dut``; what concerns the whole run lies in ``hil-reports/<run>/`` itself. Scripts and CI files rely on it: also a run of
one case has the whole path.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from pathlib import Path
from typing import Final

#: Below the folder where a person stands, unless ``--report-dir`` names the run's folder itself.
BASE: Final = "hil-reports"
LATEST: Final = "latest"
TESTS: Final = "tests"

_LONGEST = 100  # of a folder's name: file systems take 255 bytes, and files of ours come behind it
_UNSAFE = re.compile(r"[^\w.,=+\[\]-]+", re.ASCII)


def run_name(started: datetime, process: int) -> str:
    """The name of a run's folder. Names sort by time; two runs that begin in one second differ by their process."""
    return f"{started:%Y%m%dT%H%M%SZ}-{process}"


def base_of(root: Path | None) -> Path:
    """The folder of runs that a run in ``root`` belongs to: its own parent, or that of the folder where one stands."""
    return root.parent if root is not None and root.parent.name == BASE else Path.cwd() / BASE


def case_folder(root: Path, case_id: str) -> Path:
    """The folder of the case ``plan/board/model`` in the run's folder ``root``."""
    return root.joinpath(*(safe(part) for part in case_id.split("/")))


def test_folder(root: Path, test_id: str) -> Path:
    """The folder of a test by its id in pytest: ``path/test_x.py::Class::test[p]`` gives ``tests/path.test_x/Class.test[p]``."""
    path, _, rest = test_id.partition("::")
    return root / TESTS / safe(path.removesuffix(".py").replace("/", ".")) / safe(rest.replace("::", "."))


def safe(name: str) -> str:
    """A name that every file system takes; different ones stay different."""
    safe = _UNSAFE.sub("_", name)[:_LONGEST].strip(".")
    if safe == name:
        return safe
    return f"{safe or 'unnamed'}-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"

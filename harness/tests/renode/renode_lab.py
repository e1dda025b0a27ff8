"""A Renode for these tests: the double, as an executable file that plays one version."""

import os
import sys
from pathlib import Path

from run_cases import BOARD, digits_case  # noqa: F401 - for the tests beside this file

ROOT = Path(__file__).resolve().parents[3]
VERSIONS = ("1.13.3", "1.15.3", "1.16.1")


def double(folder: Path, version: str, *flags: str) -> Path:
    script = folder / f"renode-{version}"
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    arguments = " ".join(["--as", version, *flags])
    script.write_text(
        f'#!/bin/sh\nPYTHONPATH="{path}" exec "{sys.executable}" -m harness.testing.renode_double {arguments} "$@"\n'
    )
    script.chmod(0o755)
    return script

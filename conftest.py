"""Loads the plug-in where it is not installed (a plain checkout on PYTHONPATH) and points the tests at real data if it is near."""

import os
from pathlib import Path

pytest_plugins = ["harness.plugin"]

# A checkout of the project may have a folder of real data beside it; with it, more runs. Nothing depends on it.
_near = Path(__file__).resolve().parent.parent / "shared" / "data"
if "HIL_DATA_DIR" not in os.environ and _near.is_dir():
    os.environ["HIL_DATA_DIR"] = str(_near)

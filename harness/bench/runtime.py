"""The private folder for what lives only while something runs: locks, holder records."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from harness.errors import BenchError


def runtime_folder() -> Path:
    """``$HIL_RUNTIME_DIR``, else ``$XDG_RUNTIME_DIR/hil``, else a folder of this user's in the temporary folder.

    Created with mode 0700. ``BenchError`` when it exists but belongs to somebody else: a shared temporary folder must not
    let another user hold our units.
    """
    override = os.environ.get("HIL_RUNTIME_DIR")
    session = os.environ.get("XDG_RUNTIME_DIR")
    if override:
        folder = Path(override)
    elif session and Path(session).is_dir():
        folder = Path(session) / "hil"
    else:
        folder = Path(tempfile.gettempdir()) / f"hil-{_user()}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if hasattr(os, "getuid"):
        found = folder.lstat()
        if found.st_uid != os.getuid() or not stat.S_ISDIR(found.st_mode):
            raise BenchError(
                "the runtime folder belongs to another user",
                where=str(folder),
                expected=f"a folder of user {os.getuid()}",
                found=f"owner {found.st_uid}",
                next_step="set HIL_RUNTIME_DIR to a folder of your own",
            )
    return folder


def _user() -> str:
    return str(os.getuid()) if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")

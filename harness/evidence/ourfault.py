"""Evidence against ourselves: the traceback of an error that nobody foresaw, in a file that can be sent to us."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from harness import __version__
from harness.disk import files


def told(error: BaseException, folder: Path | None = None) -> str:
    """The line for people, after the traceback was written into ``folder``, or the temporary folder where that fails.

    Where nothing can be written the traceback goes to standard error. Never raises.
    """
    what = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    kept = _kept(error, [folder] if folder else [])
    return f"hil itself is at fault: {what}; please report it with {kept}"


def _kept(error: BaseException, folders: Sequence[Path]) -> str:
    head = f"hil {__version__}, Python {platform.python_version()} on {platform.platform()}\ncommand: {sys.argv}\n\n"
    text = head + "".join(traceback.format_exception(error))
    name = f"hil-fault-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}-{os.getpid()}.txt"
    try:
        for folder in (*folders, Path(tempfile.gettempdir())):
            try:
                folder.mkdir(parents=True, exist_ok=True)
                files.replace(folder / name, text.encode("utf-8", "backslashreplace"))
            except OSError:
                continue
            return f"the traceback in {folder / name}"
    except OSError:
        pass  # there is no temporary folder
    print(text.encode("ascii", "backslashreplace").decode(), file=sys.stderr)
    return "the traceback above (it could not be written to a file)"

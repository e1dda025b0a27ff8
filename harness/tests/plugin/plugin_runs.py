"""Running pytest as a user does: in a process of its own, in a folder of its own."""

import os
import subprocess
import sys
from pathlib import Path

import platformdirs

from harness.disk import folders
from harness.offspring import with_parent
from harness.paths import shipped

BOARD = "nucleo_f446re"
#: Plug-ins of what our own tests need: hypothesis is imported as a whole at the end of each run, which is half of a short one.
WITHOUT = [word for name in ("cacheprovider", "hypothesispytest", "anyio") for word in ("-p", f"no:{name}")]


def command(*arguments):
    return [sys.executable, "-m", "pytest", "-p", "harness.plugin", *WITHOUT, *map(str, arguments)]


def pytest_in(folder: Path, *arguments, **environment):
    """The finished process, with its output as text."""
    return subprocess.run(
        command(*arguments),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=240,
        env=os.environ | {"COLUMNS": "120"} | environment,
        stdin=subprocess.DEVNULL,
        preexec_fn=with_parent(),
    )


def without_data(folder: Path) -> dict[str, str]:
    """The environment of a machine that has no data and fetches none. What was compiled before is there."""
    cache = folder / "cache"
    cache.mkdir()
    for name in ("firmware", "twin"):
        (cache / name).symlink_to(folders.made(folders.cache_path(name)))
    zig = folders.for_compilers().get("ZIG_GLOBAL_CACHE_DIR") or f"{platformdirs.user_cache_dir()}/zig"
    return {
        "HIL_DATA_DIR": str(folder / "nothing"),
        "HIL_CACHE_DIR": str(cache),
        "ZIG_GLOBAL_CACHE_DIR": zig,
        "HIL_FETCH": "0",
    }


def digits_plan(folder: Path, **changes: str) -> Path:
    """A copy of the digits plan below ``folder/testplans``, with words replaced, its gates judged by the value alone."""
    text = (shipped("testplans") / "digits.yaml").read_text(encoding="utf-8")
    # A shortened run passes no gate with confidence, and most of these tests run a few samples.
    text = text.replace(" confidence 0.95", "")
    for old, new in changes.items():
        text = text.replace(old, new)
    path = folder / "testplans" / "digits.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def cases_folder(folder: Path) -> Path:
    """Where the digits plan has left its reports in ``folder/out``."""
    return folder / "out" / "digits" / BOARD / "digits_cnn_int8"

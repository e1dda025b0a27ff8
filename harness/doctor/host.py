"""Python, packages, compilers."""

from __future__ import annotations

import importlib.metadata
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence

from packaging.requirements import Requirement

from harness.bench.finding import Finding
from harness.disk import folders
from harness.errors import BenchError

_OLDEST = (3, 11)
_TIMEOUT_S = 60.0  # zig unpacks itself at its first start on a slow disk
_EXTRAS = (("tensorflow", "tensorflow-cpu", "training, .keras and .h5 models"),)


def python(version: tuple[int, ...] = sys.version_info[:3]) -> Iterator[Finding]:
    """The interpreter."""
    text = f"{'.'.join(map(str, version))} on {platform.platform(terse=True)}"
    if version >= _OLDEST:
        yield Finding("host", "Python", "ok", text)
    else:
        yield Finding("host", "Python", "broken", text, f"install Python {'.'.join(map(str, _OLDEST))} or later")


def folders_of_ours() -> Iterator[Finding]:
    """Where built images, data and what was learnt of lines are kept."""
    for subject, place, variable in (
        ("cache", folders.cache_path, folders.CACHE),
        ("state", folders.state_path, folders.STATE),
    ):
        try:
            yield Finding("host", subject, "ok", f"in {folders.usable(place('').absolute(), variable)}")
        except BenchError as error:
            yield Finding(
                "host", subject, "broken", f"{error.what}: {error.where or error.found}", error.next_step or ""
            )


def packages(
    required: Sequence[str] | None = None, version_of: Callable[[str], str] = importlib.metadata.version
) -> Iterator[Finding]:
    """What ``hil`` requires, in the versions that it requires."""
    if required is None:
        try:
            required = importlib.metadata.requires("hil") or []
        except importlib.metadata.PackageNotFoundError:
            yield Finding("packages", "hil", "broken", "used from a folder, not installed: pyOCD cannot find the virtual board",
                          "pip install -e .")  # fmt: skip
            return
    for text in required:
        if "extra ==" not in text:
            yield _package(Requirement(text), version_of)
    for extra, name, use in _EXTRAS:
        finding = _package(Requirement(name), version_of)
        if finding.state == "missing":
            yield Finding("packages", name, "missing", f"only for {use}", f"pip install 'hil[{extra}]'", needed=False)
        else:
            yield finding


def _package(wanted: Requirement, version_of: Callable[[str], str]) -> Finding:
    command = f"pip install '{wanted}'"
    try:
        version = version_of(wanted.name)
    except importlib.metadata.PackageNotFoundError:
        return Finding("packages", wanted.name, "missing", f"needs {wanted.specifier or 'any version'}", command)
    if not wanted.specifier.contains(version, prereleases=True):
        return Finding("packages", wanted.name, "broken", f"{version}, needs {wanted.specifier}", command)
    return Finding("packages", wanted.name, "ok", version)


def compilers(
    zig: Sequence[str] = (sys.executable, "-m", "ziglang"), which: Callable[[str], str | None] = shutil.which
) -> Iterator[Finding]:
    """zig, which comes with pip, and gcc, which may be used instead."""
    again = "pip install --force-reinstall ziglang"
    try:
        done = subprocess.run([*zig, "version"], capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        yield Finding("compilers", "zig cc", "broken", str(error), again)
    else:
        if done.returncode == 0:
            yield Finding("compilers", "zig cc", "ok", f"{done.stdout.strip()} (the default)")
        else:
            last = re.sub(r"\s+", " ", done.stderr)[-200:].strip()
            yield Finding("compilers", "zig cc", "broken", last or f"exit status {done.returncode}", again)
    gcc = which("arm-none-eabi-gcc")
    if gcc:
        yield Finding("compilers", "arm-none-eabi-gcc", "ok", f"{gcc} (use it with --compiler gcc)", needed=False)
    else:
        yield Finding("compilers", "arm-none-eabi-gcc", "missing", "only for --compiler gcc",
                      "apt-get install gcc-arm-none-eabi", needed=False)  # fmt: skip

"""The plug-in ``feeder.c``, compiled for this host once and kept: with it bytes reach the core ten times as fast.

Nobody needs it. Where it cannot be compiled, or QEMU does not take it, bytes go as QEMU hands them over by itself.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from pathlib import Path

from harness.disk import files, folders
from harness.disk.scratch import scratch
from harness.errors import BenchError
from harness.qemu.machines import Port

_SOURCE = Path(__file__).with_name("feeder.c")
_COMMAND = (sys.executable, "-m", "ziglang", "cc", "-std=gnu11", "-O2", "-shared", "-fPIC", "-fvisibility=hidden",
            "-fno-sanitize=all", "-mcpu=baseline", "-Wall", "-Wextra", "-Werror")  # fmt: skip
_COMPILE_TIMEOUT_S = 300.0
_VECTOR_BYTES = 4
_EXCEPTIONS = 16  # that a Cortex-M's vectors begin with, before those of its interrupts


def library() -> Path | None:
    """The plug-in, from the cache or compiled now; None where there is no compiler, no room or no Linux."""
    if not sys.platform.startswith("linux"):
        return None  # it needs timerfd, and a loader that finds QEMU's functions in QEMU
    try:
        home = folders.made(folders.cache_path("qemu"))
        identity = [_SOURCE.read_text("utf-8"), " ".join(_COMMAND[1:]), installed_version("ziglang")]
        kept = home / f"feeder-{hashlib.sha256(chr(0).join(identity).encode()).hexdigest()[:32]}.so"
        if not files.intact(kept):  # a damaged one would be loaded into QEMU
            with scratch("build-", home) as place:
                fresh = place / kept.name
                subprocess.run(
                    [*_COMMAND, str(_SOURCE), "-o", str(fresh)],
                    capture_output=True,
                    timeout=_COMPILE_TIMEOUT_S,
                    check=True,
                    env=folders.for_compilers(),
                )
                files.keep(fresh, kept)
    except (OSError, subprocess.SubprocessError, PackageNotFoundError, BenchError):
        return None
    return kept


def arguments(plugin: Path, fd: int, chardev: str, port: Port, vectors: int) -> list[str]:
    """For QEMU's command line: bytes come from the socket ``fd`` instead of ``chardev``; ``vectors`` is their address."""
    vector = vectors + _VECTOR_BYTES * (_EXCEPTIONS + port.interrupt)
    options = {"fd": fd, "port": chardev, "vector": hex(vector), "data": hex(port.received)}
    path = str(plugin).replace(",", ",,")  # as QEMU wants a comma written
    return ["-plugin", ",".join([path, *(f"{name}={value}" for name, value in options.items())])]

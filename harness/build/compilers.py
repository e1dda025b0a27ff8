"""The C compilers a firmware can be built with, and what CMake must be told of each.

``auto`` is zig, also where arm-none-eabi-gcc is installed: ziglang comes pinned from PyPI, so every machine builds
the same bytes, and a result can be compared with one from another desk. GCC is for those who ask (``compiler="gcc"``
or ``HIL_COMPILER=gcc``).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from harness.errors import HostError, MisuseError
from harness.plans.names import suggestion

Choice = Literal["auto", "zig", "gcc"]


@dataclass(frozen=True)
class Compiler:
    """``version`` is what a record shows and what a build's identity depends on. ``cmake`` are -D definitions."""

    name: str
    version: str
    toolchain: str  # file in firmware/arch
    cmake: tuple[tuple[str, str], ...]


def cross_compiler(choice: Choice = "auto") -> Compiler:
    """The compiler for a Cortex-M. ``auto`` obeys the environment variable HIL_COMPILER (zig or gcc), else takes zig.

    Raises MisuseError for an unknown name, BenchError when that compiler is not installed.
    """
    wanted = os.environ.get("HIL_COMPILER", "zig") if choice == "auto" else choice
    if wanted == "zig":
        version, zig = _zig()
        return Compiler("zig", f"zig {version}", "zig.cmake", (("HIL_ZIG", zig.as_posix()),))
    if wanted == "gcc":
        gcc = _found("arm-none-eabi-gcc")
        return Compiler("gcc", _first_line(gcc), "gcc.cmake", (("HIL_GCC", gcc.as_posix()),))
    raise MisuseError(
        "unknown compiler",
        expected="zig or gcc",
        found=wanted,
        next_step=suggestion(wanted, ("zig", "gcc"), "see HIL_COMPILER"),
    )


def host_compiler(*, sanitize: bool) -> Compiler:
    """The compiler for the native program: zig, or the first of gcc, clang, cc on PATH when sanitizers are asked for.

    Raises BenchError when there is none: zig ships no address sanitizer.
    """
    if sanitize:
        found = next((path for path in map(shutil.which, ("gcc", "clang", "cc")) if path), None)
        if found is None:
            raise HostError(
                "no host compiler with sanitizers is installed",
                expected="gcc or clang on PATH",
                next_step="apt-get install gcc, or build without sanitizers",
            )
        flags = "-fsanitize=address,undefined;-fno-sanitize-recover=all;-fno-omit-frame-pointer"
        return Compiler(
            Path(found).name, _first_line(Path(found)), "host.cmake", (("HIL_CC", found), ("HIL_CC_FLAGS", flags))
        )
    version, zig = _zig()
    cmake = (("HIL_CC", zig.as_posix()), ("HIL_CC_ARG1", "cc"), ("HIL_CC_FLAGS", "-fno-lto;-fno-sanitize=all"))
    return Compiler("zig", f"zig {version} ({sys.platform})", "host.cmake", cmake)


def _zig() -> tuple[str, Path]:
    try:
        import ziglang

        version = metadata.version("ziglang")
    except ImportError as error:
        raise HostError(
            "the cross compiler is not installed", found=str(error), next_step="pip install 'ziglang>=0.14,<0.16'"
        ) from error
    folder = Path(str(ziglang.__file__)).parent
    return version, folder / ("zig.exe" if os.name == "nt" else "zig")


def _found(program: str) -> Path:
    path = shutil.which(program)
    if path is None:
        raise HostError(
            f"{program} is not installed",
            expected=f"{program} on PATH",
            next_step="apt-get install gcc-arm-none-eabi, or use zig, which comes with this project",
        )
    return Path(path)


def _first_line(program: Path) -> str:
    done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=60, check=False)
    return (done.stdout or done.stderr).partition("\n")[0].strip()

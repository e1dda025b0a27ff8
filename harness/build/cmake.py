"""One run of CMake and Ninja, both from PyPI, and what their errors mean."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.build.compilers import Compiler
from harness.clock import Clock, SystemClock
from harness.disk import folders
from harness.errors import HostError, PlanError

#: For a build that no plan bounds. Zig builds its runtime at its first use: half a minute on a slow machine.
TIMEOUT_S = 600.0
_TAIL_LINES = 25
#: LLD, then GNU ld.
_OVERFLOWS = (
    re.compile(r"will not fit in region '(?P<region>\w+)': overflowed by (?P<n>\d+) bytes"),
    re.compile(r"region `(?P<region>\w+)' overflowed by (?P<n>\d+) bytes"),
)


def run_cmake(
    source_dir: Path,
    build_dir: Path,
    config: str,
    compiler: Compiler,
    *,
    what: str,
    region_bytes: Mapping[str, int],
    timeout_s: float = TIMEOUT_S,
) -> Path:
    """Configure and build; the path of the ELF. ``config`` is the text that CMakeLists.txt includes as HIL_CONFIG.

    Raises PlanError when the linker says that FLASH or RAM (keys of ``region_bytes``) is too small, BenchError with
    the end of the compiler's output otherwise, or when both steps together take longer than ``timeout_s``; nothing that
    they started runs on. ``what`` names the build in messages.
    """
    import cmake
    import ninja

    suffix = ".exe" if os.name == "nt" else ""
    ninja_program = Path(ninja.BIN_DIR) / f"ninja{suffix}"
    config_file = build_dir / "config.cmake"
    config_file.write_text(config, encoding="utf-8")
    configure = [
        str(Path(cmake.CMAKE_BIN_DIR) / f"cmake{suffix}"),
        *("-G", "Ninja", "-B", str(build_dir), "-S", str(source_dir)),
        f"-DCMAKE_MAKE_PROGRAM={ninja_program.as_posix()}",
        f"-DCMAKE_TOOLCHAIN_FILE={(source_dir / 'arch' / compiler.toolchain).as_posix()}",
        f"-DHIL_CONFIG={config_file.as_posix()}",
        *(f"-D{name}={value}" for name, value in compiler.cmake),
    ]
    clock = SystemClock()
    deadline_s = clock.monotonic_s() + timeout_s
    for command in (configure, [str(ninja_program), "-C", str(build_dir)]):
        try:
            _run(command, build_dir, what, compiler, region_bytes, clock, deadline_s)
        except subprocess.TimeoutExpired as error:
            raise HostError(
                "the firmware build takes too long",
                where=what,
                expected=f"at most {timeout_s:g} s",
                found=f"{Path(command[0]).stem} was still at work and was stopped",
                next_step="raise timeouts.build_s in the plan, or see what else this machine is doing",
            ) from error
    return build_dir / "firmware.elf"


def _run(
    command: Sequence[str],
    build_dir: Path,
    what: str,
    compiler: Compiler,
    region_bytes: Mapping[str, int],
    clock: Clock,
    deadline_s: float,
) -> None:
    # A user's CFLAGS would change the image without changing its build id.
    hidden = {"CFLAGS", "LDFLAGS", "CC", "CPATH", "C_INCLUDE_PATH", "CMAKE_GENERATOR", "CMAKE_TOOLCHAIN_FILE"}
    environment = {name: value for name, value in folders.for_compilers().items() if name not in hidden}
    try:
        # A group of its own: what ends the build must reach the compilers that ninja started, too.
        process = subprocess.Popen(
            command,
            cwd=build_dir,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
    except OSError as error:
        raise HostError("the firmware build could not be run", where=what, found=str(error)) from error
    with process:
        try:
            out, err = process.communicate(timeout=max(0.0, deadline_s - clock.monotonic_s()))
        except BaseException:
            _end(process)
            raise
    if process.returncode == 0:
        return
    output = out + err
    raise_if_too_large(output, what, region_bytes)
    tail = "\n".join(output.strip().splitlines()[-_TAIL_LINES:])
    raise HostError(
        "the firmware does not compile",
        where=what,
        expected=f"{compiler.version} to accept it",
        found=f"exit status {process.returncode}; the end of its output:\n{tail}",
        next_step="read the first error above; the sources are firmware/ and the generated model",
    )


def _end(process: subprocess.Popen[str]) -> None:
    """It and all that it started."""
    if sys.platform == "win32":
        process.kill()
        return
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def raise_if_too_large(output: str, what: str, region_bytes: Mapping[str, int]) -> None:
    """PlanError with the numbers when the linker's ``output`` says that a memory is too small."""
    overflow: dict[str, int] = {}
    for pattern in _OVERFLOWS:
        for match in pattern.finditer(output):
            # LLD tells it for each section that lies behind the end: the last and largest is the whole excess.
            overflow[match["region"]] = max(overflow.get(match["region"], 0), int(match["n"]))
    if not overflow:
        return
    sizes = {region: region_bytes.get(region, 0) for region in overflow}
    memories = " and the ".join(_MEMORY.get(region, region) for region in overflow)
    raise PlanError(
        f"the image does not fit the {memories} of the board",
        where=what,
        expected=", ".join(f"{_MEMORY.get(region, region)} at most {size} B" for region, size in sizes.items()),
        found=", ".join(
            f"{sizes[region] + excess} B needed ({excess} B too many)" for region, excess in overflow.items()
        ),
        next_step="use a smaller model, or a board with more memory",
    )


_MEMORY = {"FLASH": "flash", "RAM": "RAM"}

"""How the tests compile the front ends' C for this host: with sanitizers where a compiler has them."""

import os
import shutil
import subprocess

from harness.build.compilers import host_compiler
from harness.paths import shipped

FIRMWARE = shipped("firmware")
WARNINGS = ["-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror"]
INCLUDES = [f"-I{FIRMWARE / folder}" for folder in ("frontend", "src", "engine", "engine/fast")]
FLAGS = [*WARNINGS, "-g", "-O1", "-ffp-contract=off", *INCLUDES]


def _compiler():
    if found := next((path for path in map(shutil.which, ("gcc", "clang")) if path), None):
        return [found, "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    zig = dict(host_compiler(sanitize=False).cmake)["HIL_CC"]
    return [zig, "cc", "-fsanitize=undefined"]  # it has no address sanitizer


COMPILER = _compiler()


def run(command, **options):
    """What a program wrote; it must end with 0."""
    environment = os.environ | {"ASAN_OPTIONS": "detect_leaks=0"}
    done = subprocess.run(command, capture_output=True, check=False, timeout=300, env=environment, **options)
    assert done.returncode == 0, f"{done.returncode}: {done.stderr.decode(errors='replace')[-3000:]}"
    return done.stdout

"""C for this host under a compiler's sanitizers, compiled once for all tests and processes of a run of the suite."""

import subprocess
import sys

from harness.models import objects
from harness.models.kernels import KERNEL_SETS, kernel_includes, kernel_sources
from harness.paths import shipped

ENGINE = shipped("firmware") / "engine"
TESTS = shipped("firmware") / "tests" / "engine"
STRICT = ["-std=c99", "-O1", "-g", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-ffp-contract=off"]
STRICT += ["-D_POSIX_C_SOURCE=200112L"]
ADDRESS_AND_UNDEFINED = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
INCLUDES = [f"-I{path}" for path in (*kernel_includes(ENGINE), shipped("firmware") / "src", TESTS)]
# zig has no address sanitizer; undefined behaviour traps.
ZIG = [sys.executable, "-m", "ziglang", "cc", "-fsanitize=undefined", "-fsanitize-trap=undefined"]


class NotCompiledError(Exception):
    """With what the compiler says."""


def sanitizing(compiler):
    """The command of a compiler with the sanitizers that it has."""
    return [*(ZIG if compiler == "zig" else [compiler, *ADDRESS_AND_UNDEFINED]), *STRICT, *INCLUDES]


def run(command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    if done.returncode:
        raise NotCompiledError(done.stderr)


def compiled(command, sources, folder):
    """Object files as text. ``folder`` is one that all the processes share."""
    return [str(path) for path in objects.compiled(command, sources, "", folder, run)]


def kernels(command, chosen, folder):
    """Object files of a kernel set: those of both sets are compiled once."""
    sources = kernel_sources(ENGINE, chosen)
    shared = [path for path in sources if all(path in kernel_sources(ENGINE, each) for each in KERNEL_SETS)]
    own = [path for path in sources if path not in shared]
    assert min(len(shared), len(own)) > 3
    return [*compiled(command, shared, folder), *compiled(command, own, folder)]


def linked(command, parts, program):
    run([*command, *parts, "-lm", "-o", str(program)])
    return program

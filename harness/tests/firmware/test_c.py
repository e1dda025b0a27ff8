"""Compiles and runs firmware/tests/test_*.c: under gcc or clang with sanitizers, and under zig so that no system
package is needed."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from harness.build.compilers import host_compiler
from harness.paths import shipped

FIRMWARE = shipped("firmware")
VECTORS = shipped("fixtures") / "wire" / "frames.txt"
PROGRAMS = sorted(path.stem for path in (FIRMWARE / "tests").glob("test_*.c"))
NEEDS_A_MEMORY = {"test_memory"}
NEEDS_VECTORS = {"test_frame", "test_encodings"}
WARNINGS = ["-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror"]
INCLUDES = [f"-I{FIRMWARE / folder}" for folder in ("src", "tests", "tests/sums")]
RUN_TIMEOUT_S = 120


class CCompiler:
    """Compiles the sources that all the test programs share once, then a program at a time."""

    def __init__(self, command: list[str], folder: Path) -> None:
        self._command = [*command, *WARNINGS, "-g", "-O1", *INCLUDES]
        self._folder = folder
        self._shared: list[str] = []

    def program(self, name: str) -> Path:
        if not self._shared:
            sources = [p for p in (FIRMWARE / "src").rglob("*.c") if p.name != "main.c"]
            sources += [FIRMWARE / "tests" / f for f in ("fake_board.c", "conversation.c")]
            self._run([*map(str, sources), "-c"])
            self._shared = sorted(str(path) for path in self._folder.glob("*.o"))
        out = self._folder / name
        parts = [FIRMWARE / "tests" / f"{name}.c", FIRMWARE / "tests" / "sums" / "model.c"]
        memory = ["-DSUMS_REMEMBERS"] if name in NEEDS_A_MEMORY else []
        self._run([*map(str, parts), *memory, *self._shared, "-o", str(out)])
        return out

    def _run(self, arguments: list[str]) -> None:
        done = subprocess.run(
            [*self._command, *arguments], cwd=self._folder, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session", params=["sanitizers", "zig"])
def c_compiler(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(f"c-{request.param}")
    if request.param == "zig":
        zig = dict(host_compiler(sanitize=False).cmake)["HIL_CC"]
        return CCompiler([zig, "cc", "-fsanitize=undefined"], folder)
    found = next((path for path in map(shutil.which, ("gcc", "clang")) if path), None)
    if found is None:
        pytest.skip("neither gcc nor clang is installed; the same tests run with zig, which has no address sanitizer")
    return CCompiler([found, "-fsanitize=address,undefined", "-fno-sanitize-recover=all"], folder)


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_c_test_program_finds_nothing_wrong(c_compiler, name):
    program = c_compiler.program(name)
    arguments = [str(VECTORS)] if name in NEEDS_VECTORS else []
    # A leak check needs ptrace, which containers forbid; nothing here frees what outlives a test.
    environment = os.environ | {"ASAN_OPTIONS": "detect_leaks=0"}
    done = subprocess.run(
        [program, *arguments], capture_output=True, text=True, timeout=RUN_TIMEOUT_S, check=False, env=environment
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " checks, 0 failed" in done.stdout


def test_there_is_a_test_program_for_each_part():
    assert {
        f"test_{part}" for part in ("frame", "encodings", "fifo", "slots", "server", "layers", "fault", "identity")
    } <= set(PROGRAMS)


def test_the_message_numbers_are_those_of_the_table():
    from harness.wire import cheader

    assert (FIRMWARE / "src" / "wire" / "messages.h").read_text(encoding="utf-8") == cheader.render()

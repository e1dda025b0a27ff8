"""Compiles and runs firmware/tests/ears: recordings played to the server, with a front end and a network that fit in a line."""

import os
import shutil
import subprocess

from harness.build.compilers import host_compiler
from harness.paths import shipped

FIRMWARE = shipped("firmware")
EARS = FIRMWARE / "tests" / "ears"
WARNINGS = ["-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror"]


def test_the_c_tests_of_recordings_find_nothing_wrong(tmp_path):
    found = next((path for path in map(shutil.which, ("gcc", "clang")) if path), None)
    if found is None:
        compiler = [dict(host_compiler(sanitize=False).cmake)["HIL_CC"], "cc", "-fsanitize=undefined"]
    else:
        compiler = [found, "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    sources = [path for path in sorted((FIRMWARE / "src").rglob("*.c")) if path.name != "main.c"]
    sources += [FIRMWARE / "frontend" / name for name in ("hil_stream.c", "hil_decide.c")]
    sources += [FIRMWARE / "tests" / name for name in ("fake_board.c", "conversation.c")]
    sources += [EARS / "ears.c", EARS / "test_stream.c"]
    includes = [f"-I{folder}" for folder in (FIRMWARE / "src", EARS, FIRMWARE / "tests", FIRMWARE / "frontend")]
    program = tmp_path / "test_stream"
    command = [*compiler, *WARNINGS, "-g", "-O1", "-DHIL_STREAM", *includes, *map(str, sources), "-o", str(program)]
    built = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert built.returncode == 0, built.stderr
    # A leak check needs ptrace, which containers forbid; nothing here frees what outlives a test.
    environment = os.environ | {"ASAN_OPTIONS": "detect_leaks=0"}
    done = subprocess.run([program], capture_output=True, text=True, timeout=120, check=False, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " checks, 0 failed" in done.stdout

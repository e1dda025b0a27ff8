"""Builds and runs firmware/tests/engine on this host, under the sanitizers that each compiler here has."""

import shutil
import subprocess
import sys

import pytest

from harness.models.kernels import KERNEL_SETS, default_set, kernel_includes, kernel_sources
from harness.paths import shipped

STRICT = ["-std=c99", "-O1", "-g", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-ffp-contract=off"]
ADDRESS_AND_UNDEFINED = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
# zig has no address sanitizer; undefined behaviour traps.
ZIG = [sys.executable, "-m", "ziglang", "cc", "-fsanitize=undefined", "-fsanitize-trap=undefined"]


@pytest.mark.parametrize("kernels", KERNEL_SETS)
@pytest.mark.parametrize("compiler", ["gcc", "clang", "zig"])
def test_the_kernels_pass_their_c_tests_without_undefined_behaviour(tmp_path, compiler, kernels):
    if compiler != "zig" and shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed; the same tests run with another compiler")
    engine, tests = shipped("firmware") / "engine", shipped("firmware") / "tests" / "engine"
    sources = [*sorted(tests.glob("*.c")), *kernel_sources(engine, kernels)]
    assert len(sources) > 10
    binary = tmp_path / "kernels"
    command = ZIG if compiler == "zig" else [compiler, *ADDRESS_AND_UNDEFINED]
    includes = [f"-I{path}" for path in (*kernel_includes(engine), tests)]
    build = [*command, *STRICT, *includes, *map(str, sources), "-lm", "-o", str(binary)]
    built = subprocess.run(build, capture_output=True, text=True, timeout=280, check=False)
    if built.returncode and "cannot find -l" in built.stderr:
        pytest.skip(f"{compiler} has no sanitizer runtime here: {built.stderr.strip().splitlines()[-1]}")
    assert built.returncode == 0, built.stderr
    done = subprocess.run([str(binary)], capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout) == (0, "0 failed\n"), done.stdout[-4000:] + done.stderr[-4000:]


def test_each_fast_kernel_replaces_a_plain_one_and_cores_with_dsp_get_them():
    engine = shipped("firmware") / "engine"
    plain, fast = ({path.name: path for path in kernel_sources(engine, kernels)} for kernels in KERNEL_SETS)
    assert set(plain) == set(fast)
    assert {"nn_conv_s8.c", "nn_dense_s8.c"} <= {name for name in plain if plain[name] != fast[name]}
    assert (default_set("cortex-m4f"), default_set("cortex-m0plus"), default_set("host")) == ("fast", "plain", "plain")

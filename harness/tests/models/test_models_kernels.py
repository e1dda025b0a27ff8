"""Builds and runs firmware/tests/engine on this host, under the sanitizers that each compiler here has."""

import os
import shutil
import subprocess

import host_c
import pytest
from host_c import ENGINE, TESTS, NotCompiledError, compiled, linked, sanitizing

from harness.models.kernels import KERNEL_SETS, default_set, kernel_sources

# zig is a clang, without the address sanitizer: that one is gcc's then, and clang's own turn comes with HIL_FULL=1.
FULL = os.environ.get("HIL_FULL") == "1"
CLANG_TOO = FULL or shutil.which("gcc") is None


@pytest.mark.parametrize("kernels", KERNEL_SETS)
@pytest.mark.parametrize("compiler", ["gcc", *(["clang"] if CLANG_TOO else []), "zig"])
def test_the_kernels_pass_their_c_tests_without_undefined_behaviour(tmp_path, folder_of_the_run, compiler, kernels):
    if compiler != "zig" and shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed; the same tests run with another compiler")
    command = sanitizing(compiler)
    try:
        files = host_c.kernels(command, kernels, folder_of_the_run)
        files += compiled(command, sorted(TESTS.glob("*.c")), folder_of_the_run)
        program = linked(command, files, tmp_path / "kernels")
    except NotCompiledError as error:
        if "cannot find -l" in str(error):
            pytest.skip(f"{compiler} has no sanitizer runtime here: {str(error).strip().splitlines()[-1]}")
        raise
    done = subprocess.run([str(program)], capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout) == (0, "0 failed\n"), done.stdout[-4000:] + done.stderr[-4000:]


def test_each_fast_kernel_replaces_a_plain_one_and_cores_with_dsp_get_them():
    plain, fast = ({path.name: path for path in kernel_sources(ENGINE, kernels)} for kernels in KERNEL_SETS)
    assert set(plain) == set(fast)
    assert {"nn_conv_s8.c", "nn_dense_s8.c"} <= {name for name in plain if plain[name] != fast[name]}
    assert (default_set("cortex-m4f"), default_set("cortex-m0plus"), default_set("host")) == ("fast", "plain", "plain")

import hashlib
import os
import re
import shutil
import subprocess

import pytest
from elftools.elf.elffile import ELFFile

from harness.build import build, cmake, native, verify_identity
from harness.build.budget import memory_budget
from harness.build.cmake import run_cmake
from harness.build.compilers import cross_compiler
from harness.build.image import read_image
from harness.build.inputs import BuildBoard, BuildModel
from harness.errors import BenchError, DeviceError, MisuseError, PlanError
from harness.models import layertable, load_model
from harness.models.codegen.emit import ENGINE_VERSION
from harness.models.codegen.generate import generate
from harness.models.kernels import kernel_sources
from harness.paths import shipped

FIRMWARE = shipped("firmware")


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_same_inputs_give_the_same_bytes_anywhere(image, board_dir, generated_dir, tmp_path):
    moved = tmp_path / "somewhere" / "else"
    shutil.copytree(generated_dir, moved)
    again = build(board_dir, moved, cache_dir=tmp_path / "cache")
    assert again.elf != image.elf
    assert again.build_id == image.build_id
    assert sha256(again.elf) == sha256(image.elf)


@pytest.mark.parametrize("compiler", ["zig", "gcc"])
def test_a_real_model_gives_the_same_image_from_another_checkout_another_folder_and_a_clean_cache(
    board_dir, tmp_path, monkeypatch, compiler
):
    if compiler == "gcc" and shutil.which("arm-none-eabi-gcc") is None:
        pytest.skip("arm-none-eabi-gcc is not installed; the same is tested with zig")
    model = load_model("digits_cnn_int8").path
    generate(model, tmp_path / "a")
    here = build(board_dir, tmp_path / "a", compiler=compiler, cache_dir=tmp_path / "cache-a")
    elsewhere = tmp_path / "another checkout" / "firmware"
    shutil.copytree(FIRMWARE, elsewhere)
    monkeypatch.setattr("harness.build.firmware.shipped", lambda name: {"firmware": elsewhere}[name])
    generate(model, tmp_path / "deeper" / "b")
    there = build(
        elsewhere / "boards" / "nucleo_f446re",
        tmp_path / "deeper" / "b",
        compiler=compiler,
        cache_dir=tmp_path / "cache-b",
    )
    assert there.elf != here.elf
    assert there.build_id == here.build_id
    assert sha256(there.elf) == sha256(here.elf)
    assert sha256(there.model_json) == sha256(here.model_json)


def test_the_layer_table_lies_beside_the_image_and_names_the_model_and_the_generator(board_dir, build_cache, tmp_path):
    model = load_model("digits_cnn_int8")
    generate(model.path, tmp_path / "generated")
    out = tmp_path / "fw.elf"
    image = build(board_dir, tmp_path / "generated", cache_dir=build_cache, out=out)
    assert image.model_json == tmp_path / "fw.model.json"
    table = layertable.read(image.model_json)
    assert (table.model_sha256, table.engine, table.engine_version) == (model.sha256, "builtin", ENGINE_VERSION)
    assert read_image(out).model_json == image.model_json
    assert layertable.read(build_cache / image.build_id / "model.json") == table
    image.model_json.unlink()
    assert read_image(out).model_json is None


def test_no_path_of_this_machine_is_in_the_image(image, board_dir, build_cache, tmp_path):
    import ziglang

    content = image.elf.read_bytes()
    for path in (board_dir.parents[2], build_cache, ziglang.__path__[0]):
        assert str(path).encode() not in content


def test_an_image_once_built_is_not_built_again(image, board_dir, generated_dir, build_cache):
    before = image.elf.stat()
    assert build(board_dir, generated_dir, cache_dir=build_cache) == image
    assert image.elf.stat().st_mtime_ns == before.st_mtime_ns
    assert not list(build_cache.glob("build-*"))


def test_a_changed_source_gives_another_image(image, board_dir, generated_dir, build_cache, tmp_path):
    changed = tmp_path / "generated"
    shutil.copytree(generated_dir, changed)
    with (changed / "model.c").open("a") as file:
        file.write("\nconst int one_more = 1;\n")
    assert build(board_dir, changed, cache_dir=build_cache).build_id != image.build_id
    assert build(board_dir, generated_dir, cache_dir=build_cache, slots=3).build_id != image.build_id


def test_out_gets_a_copy(image, board_dir, generated_dir, build_cache, tmp_path):
    out = tmp_path / "new" / "fw.elf"
    assert build(board_dir, generated_dir, cache_dir=build_cache, out=out).elf == out
    assert sha256(out) == sha256(image.elf)


def test_sources_that_do_not_compile_are_told_with_the_compilers_words(board_dir, generated_dir, tmp_path):
    broken = tmp_path / "generated"
    shutil.copytree(generated_dir, broken)
    with (broken / "model.c").open("a") as file:
        file.write("\nthis is no C;\n")
    with pytest.raises(BenchError, match="unknown type name 'this'"):
        build(board_dir, broken, cache_dir=tmp_path / "cache")
    assert not list((tmp_path / "cache").glob("*/firmware.elf"))
    assert not list((tmp_path / "cache").glob("build-*"))


@pytest.mark.parametrize(
    ("memory", "code"),
    [
        ("flash", "const unsigned char ballast[600000] = {1};\nconst volatile unsigned char *keep = ballast;\n"),
        ("RAM", "unsigned char ballast[200000];\nvolatile unsigned char *keep = ballast;\n"),
    ],
)
def test_an_image_that_is_too_large_is_refused_with_the_numbers(board_dir, generated_dir, tmp_path, memory, code):
    large = tmp_path / "generated"
    shutil.copytree(generated_dir, large)
    source = (large / "model.c").read_text().replace("static int init(", code + "static int init(")
    source = source.replace("    uint8_t *memory = arena;", "    uint8_t *memory = arena;\n    (void)keep[bytes];")
    (large / "model.c").write_text(source)
    with pytest.raises(PlanError) as caught:
        build(board_dir, large, cache_dir=tmp_path / "cache")
    assert f"does not fit the {memory}" in str(caught.value)
    assert {"flash": "at most 524288 B", "RAM": "at most 131072 B"}[memory] in str(caught.value)
    assert "too many" in str(caught.value)


def test_a_flipped_byte_of_the_weights_is_found(board_dir, build_cache, tmp_path):
    generate(load_model("digits_cnn_int8").path, tmp_path / "generated")
    image = build(board_dir, tmp_path / "generated", cache_dir=build_cache, out=tmp_path / "fw.elf")
    identity = verify_identity(image.elf)
    assert identity.model_sha256 == hashlib.sha256(load_model("digits_cnn_int8").path.read_bytes()).hexdigest()
    from elftools.elf.elffile import ELFFile

    with image.elf.open("r+b") as file:
        at = ELFFile(file).get_section_by_name(".hil_model")["sh_offset"] + 1000
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 0x10]))
    with pytest.raises(DeviceError) as caught:
        verify_identity(image.elf)
    assert identity.image_sha256 in str(caught.value)
    with image.elf.open("r+b") as file:  # one that was never sealed
        file.seek(ELFFile(file).get_section_by_name(".hil_identity")["sh_offset"] + 192)
        file.write(bytes(32))
    with pytest.raises(DeviceError) as caught:
        verify_identity(image.elf)
    assert identity.weights_sha256 in str(caught.value)


def test_gcc_is_taken_when_asked_for(board_dir, generated_dir, build_cache, monkeypatch):
    if shutil.which("arm-none-eabi-gcc") is None:
        with pytest.raises(BenchError, match="not installed"):
            build(board_dir, generated_dir, cache_dir=build_cache, compiler="gcc")
        pytest.skip("arm-none-eabi-gcc is not installed; its absence is told rightly")
    image = build(board_dir, generated_dir, cache_dir=build_cache, compiler="gcc")
    assert verify_identity(image.elf).board == "nucleo_f446re"
    assert "gcc" in image.compiler


def test_zig_is_taken_unless_the_environment_says_otherwise(monkeypatch):
    monkeypatch.delenv("HIL_COMPILER", raising=False)
    assert cross_compiler().name == "zig"
    monkeypatch.setenv("HIL_COMPILER", "tcc")
    with pytest.raises(MisuseError, match="tcc"):
        cross_compiler()
    assert cross_compiler("zig").name == "zig"


@pytest.mark.parametrize("name", ["digits_cnn_int8", "mnist_f446_f32"])
def test_the_budget_foresees_what_the_image_takes(board_dir, build_cache, tmp_path, name):
    generate(load_model(name).path, tmp_path)
    image = build(board_dir, tmp_path, cache_dir=build_cache)
    budget = memory_budget(BuildBoard.load(board_dir), BuildModel.load(tmp_path))
    assert budget.ram_bytes - 1024 < image.ram_bytes <= budget.ram_bytes


def test_the_native_program_is_built_from_the_same_sources(generated_dir, build_cache):
    image = native(generated_dir, cache_dir=build_cache)
    assert (image.board, image.engine) == ("native", "sums")


def test_a_bit_that_flipped_in_the_text_of_a_cached_image_does_not_reach_a_board(board_dir, generated_dir, tmp_path):
    """It was flashed under the same build id: neither that nor the digest of its weights covers the code."""
    image = build(board_dir, generated_dir, cache_dir=tmp_path)
    sound = image.elf.read_bytes()
    with image.elf.open("rb") as file:
        text = ELFFile(file).get_section_by_name(".text")
        at = text["sh_offset"] + text["sh_size"] // 2
    image.elf.write_bytes(sound[:at] + bytes([sound[at] ^ 0x10]) + sound[at + 1 :])
    with pytest.raises(DeviceError, match="not what was linked"):
        read_image(image.elf)
    again = build(board_dir, generated_dir, cache_dir=tmp_path)
    assert again == image
    assert again.elf.read_bytes() == sound


def test_a_layer_table_that_was_damaged_in_the_cache_is_written_again(board_dir, generated_dir, build_cache):
    image = build(board_dir, generated_dir, cache_dir=build_cache)
    sound = image.model_json.read_bytes()
    image.model_json.write_bytes(sound.replace(b"1", b"2", 1))
    assert build(board_dir, generated_dir, cache_dir=build_cache).model_json.read_bytes() == sound


def test_a_build_that_takes_too_long_is_stopped_and_leaves_nothing(board_dir, generated_dir, tmp_path):
    with pytest.raises(BenchError, match=r"takes too long(.|\n)*at most 0\.001 s(.|\n)*timeouts\.build_s"):
        build(board_dir, generated_dir, cache_dir=tmp_path, timeout_s=0.001)
    assert not list(tmp_path.rglob("firmware.elf"))


def test_the_compilers_of_a_stopped_build_end_with_it(tmp_path, monkeypatch):
    import cmake
    import ninja

    (tmp_path / "build").mkdir()
    alive, release = os.pipe()
    os.set_inheritable(release, True)
    for name, words in (("cmake", "exit 0"), ("ninja", f"sleep 600 & echo $! > {tmp_path}/child; wait")):
        (program := tmp_path / name).write_text(f"#!/bin/sh\n{words}\n")
        program.chmod(0o755)
    monkeypatch.setattr(cmake, "CMAKE_BIN_DIR", str(tmp_path))
    monkeypatch.setattr(ninja, "BIN_DIR", str(tmp_path))
    real = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda *a, **k: real(*a, **k, pass_fds=(release,)))
    with pytest.raises(BenchError, match="ninja was still at work"):
        run_cmake(
            FIRMWARE, tmp_path / "build", "", cross_compiler("zig"), what="a test", region_bytes={}, timeout_s=2.0
        )
    os.close(release)
    assert os.read(alive, 1) == b""  # the end of the pipe: whoever held it is gone
    os.close(alive)


def test_nothing_in_the_commands_of_the_kernels_differs_between_two_builds(tmp_path, monkeypatch):
    """zig then takes them from its cache: most of a build's time. It does not where it is asked for a file of dependencies."""

    class EnoughError(Exception):
        """Nothing need be compiled."""

    def instead(command, build_dir, *rest):
        if "-G" in command:
            return run(command, build_dir, *rest)
        ninja, rules = (build_dir / name for name in ("build.ninja", "CMakeFiles/rules.ninja"))
        raise EnoughError(ninja.read_text("utf-8"), rules.read_text("utf-8"))

    run = cmake._run
    monkeypatch.setattr(cmake, "_run", instead)
    found = []
    for board, model in (("nucleo_f446re", "digits_cnn_int8"), ("nucleo_l476rg", "bench_imu_f32")):
        generate(load_model(model).path, tmp_path / model)
        with pytest.raises(EnoughError) as caught:
            build(FIRMWARE / "boards" / board, tmp_path / model, cache_dir=tmp_path / board)
        ninja, rules = caught.value.args
        found.append(re.findall(r"^build engine/CMakeFiles/kernels\.dir(?:.+\n)+", ninja, re.M))
        (rule,) = re.findall(r"^rule C_COMPILER__kernels_(?:.+\n)+", rules, re.M)
        assert not re.search(r"-M[DFT]", rule)
    assert found[0] == found[1]
    assert len(found[0]) == len(kernel_sources(FIRMWARE / "engine", "fast"))

import hashlib
import io
import json
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
from elftools.elf.elffile import ELFFile
from tflite_kit import Net

from harness.errors import PlanError
from harness.models import load_model, names
from harness.models.codegen import Options, budget, generate, plan_layout
from harness.models.codegen.operators import OPERATORS
from harness.models.codegen.passes import SHAPE_ONLY
from harness.models.kernels import KERNEL_SETS, kernel_includes, kernel_sources
from harness.paths import shipped

TARGET = ["-target", "thumb-freestanding-eabihf", "-mcpu=cortex_m4+vfp4d16sp", "-O2", "-fno-lto", "-fno-sanitize=all"]
STRICT = ["-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-ffunction-sections", "-ffp-contract=off"]


def compiled_for_target(source, out_dir, *includes):
    """The object file's ELF of one C file, built as the firmware is."""
    obj = out_dir / f"{source.stem}.o"
    firmware = shipped("firmware")
    paths = [f"-I{p}" for p in (firmware / "src", *kernel_includes(firmware / "engine"), *includes)]
    command = [sys.executable, "-m", "ziglang", "cc", *TARGET, *STRICT, *paths, "-c", str(source), "-o", str(obj)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    return ELFFile(io.BytesIO(obj.read_bytes()))


@pytest.mark.parametrize("name", names())
def test_the_weights_section_of_the_object_file_has_the_promised_bytes(tmp_path, name):
    generated = generate(load_model(name).path, tmp_path)
    elf = compiled_for_target(generated.model_c, tmp_path, tmp_path)
    data = elf.get_section_by_name(".hil_model").data()
    assert hashlib.sha256(data).hexdigest() == generated.weights_sha256
    assert len(data) == generated.weights_bytes


def test_the_header_states_hashes_and_sizes(tmp_path):
    model = load_model("digits_cnn_int8")
    generated = generate(model.path, tmp_path)
    text = generated.model_h.read_text()
    for digest in (model.sha256, generated.weights_sha256):
        assert "{" + ", ".join(f"0x{b:02x}" for b in bytes.fromhex(digest)) + "}" in text
    assert '#define HIL_MODEL_NAME "digits_cnn_int8"' in text
    assert "#define HIL_MODEL_INPUT_BYTES 64u" in text
    assert "#define HIL_MODEL_OUTPUT_BYTES 10u" in text
    assert f"#define HIL_MODEL_ARENA_BYTES {generated.arena_bytes}u" in text


def test_the_layer_table_tells_where_each_result_comes_from(tmp_path):
    table = json.loads(generate(load_model("mnist_f446_int8").path, tmp_path).model_json.read_text())
    assert table["macs"] == 301_856
    assert [layer["op"] for layer in table["layers"]] == [
        "CONV_2D", "MAX_POOL_2D", "CONV_2D", "MAX_POOL_2D", "FULLY_CONNECTED", "FULLY_CONNECTED", "LOGISTIC",
    ]  # fmt: skip
    assert table["layers"][0]["shape"] == [1, 28, 28, 8]
    assert table["inputs"][0]["name"] == "image"


def test_the_same_model_gives_the_same_bytes_wherever_it_lies(tmp_path):
    path = load_model("digits_cnn_f32").path
    elsewhere = tmp_path / "a folder" / path.name
    elsewhere.parent.mkdir()
    shutil.copy(path, elsewhere)
    one, two = generate(path, tmp_path / "one"), generate(elsewhere, tmp_path / "two")
    for file in ("model_c", "model_h", "model_json"):
        assert getattr(one, file).read_bytes() == getattr(two, file).read_bytes()


def test_files_that_would_not_change_are_not_touched(tmp_path):
    generated = generate(load_model("digits_cnn_f32").path, tmp_path)
    before = generated.model_c.stat().st_mtime_ns
    generate(load_model("digits_cnn_f32").path, tmp_path)
    assert generated.model_c.stat().st_mtime_ns == before


def test_a_name_with_quotes_and_comment_marks_still_compiles(tmp_path):
    generated = generate(load_model("digits_cnn_int8").path, tmp_path, name='a "b" \\ */ ??/ ü')
    compiled_for_target(generated.model_c, tmp_path, tmp_path)


def test_a_missing_operator_is_refused_naming_operator_and_layer(tmp_path):
    net = Net("float32", (4, 4, 2), np.random.default_rng(0))
    net.conv(2)
    net.unary("WHERE")
    with pytest.raises(PlanError) as caught:
        generate(net.write(tmp_path / "net.tflite"), tmp_path / "out")
    assert "WHERE" in caught.value.what
    assert "layer 1" in str(caught.value.where)
    assert "CONV_2D" in str(caught.value.expected)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("case", ["hybrid", "asymmetric", "infinite", "rescaled pool", "grouped", "int8 sigmoid scale"])
def test_what_no_kernel_computes_exactly_is_refused(tmp_path, case):
    net = Net("float32" if case in ("hybrid", "infinite") else "int8", (4, 4, 2), np.random.default_rng(0))
    match case:
        case (
            "hybrid"
        ):  # int8 weights of one scale on float data, depthwise: "dynamic range" quantisation has one a channel
            net.conv(2, depthwise=True)
            weights = net.add_tensor("w", (1, 3, 3, 4), "int8", 0.1, 0, np.ones((1, 3, 3, 4), np.int8))
            net.operators[0].inputs[1] = weights
        case "asymmetric":
            net.dense(3)
            net.tensors[net.operators[0].inputs[1]].quantization.zeroPoint[:] = 4
        case "infinite":
            net.dense(3)
            data = net.buffers[net.tensors[net.operators[0].inputs[1]].buffer].data
            data.view(np.float32)[5] = np.inf
        case "rescaled pool":
            net.pool("MAX_POOL_2D")
            net.tensors[net.current].quantization.scale[0] *= 2
        case "grouped":
            net.conv(4)
            net.tensors[net.operators[0].inputs[1]].shape = [4, 1, 6, 3]
        case "int8 sigmoid scale":
            net.unary("LOGISTIC", 1 / 128, 0)
    with pytest.raises(PlanError, match="layer 0"):
        plan_layout(net.write(tmp_path / "net.tflite"))


def test_dense_rounding_is_a_choice_that_changes_the_code(tmp_path):
    path = load_model("digits_cnn_int8").path
    once, twice = (
        generate(path, tmp_path / "1"),
        generate(path, tmp_path / "2", options=Options(round_dense_twice=True)),
    )
    assert once.weights_sha256 == twice.weights_sha256
    assert once.model_c.read_text() != twice.model_c.read_text()


def test_the_budget_counts_the_whole_arena_but_inputs_in_slots_and_all_weights():
    for name in names():
        layout = plan_layout(load_model(name).path)
        needed = budget.estimate(layout)
        assert layout.inputs_move
        assert needed.ram_bytes >= layout.arena.core_bytes
        assert sum(use.n_bytes for use in budget.arena(layout)) == layout.arena.n_bytes
        assert needed.flash_bytes >= len(layout.weights) - 16


WITH_TANH = ("hil_nn_lstm_f32", "hil_nn_rnn_f32", "hil_nn_tanh_f32", "hil_nn_gelu_approximated_f32")
WITH_EXP = (
    *WITH_TANH,
    *("hil_nn_logistic_f32", "hil_nn_softmax_f32", "hil_nn_exp_f32", "hil_nn_elu_f32", "hil_nn_gelu_f32"),
    "hil_nn_log_softmax_f32",
)


@pytest.mark.parametrize("kernels", KERNEL_SETS)
def test_every_kernel_is_within_its_budgeted_code_size(tmp_path, kernels):
    sizes = {}
    for source in kernel_sources(shipped("firmware") / "engine", kernels):
        elf = compiled_for_target(source, tmp_path)
        code = {s.name: s["sh_size"] for s in elf.iter_sections() if s.name.startswith((".text.", ".rodata"))}
        shared = sum(size for name, size in code.items() if ".text.hil_nn_" not in name)
        sizes |= {n.removeprefix(".text."): size + shared for n, size in code.items() if ".text.hil_nn_" in n}
    exp, tanh = sizes.pop("hil_nn_expf"), sizes.pop("hil_nn_tanhf")
    for kernel in WITH_EXP:
        sizes[kernel] += exp
    for kernel in WITH_TANH:
        sizes[kernel] += tanh
    assert set(sizes) == set(budget._KERNEL_BYTES)
    assert {k: v for k, v in sizes.items() if v > budget._KERNEL_BYTES[k]} == {}


def test_the_issue_s_operators_are_all_there():
    wanted = """CONV_2D DEPTHWISE_CONV_2D TRANSPOSE_CONV FULLY_CONNECTED MAX_POOL_2D AVERAGE_POOL_2D MEAN ADD SUB MUL PAD
    CONCATENATION TRANSPOSE STRIDED_SLICE SPLIT RELU RELU6 RELU_N1_TO_1 LEAKY_RELU HARD_SWISH LOGISTIC TANH SOFTMAX
    QUANTIZE DEQUANTIZE ARG_MAX UNIDIRECTIONAL_SEQUENCE_LSTM"""
    assert set(wanted.split()) <= set(OPERATORS)
    assert {"RESHAPE", "SQUEEZE", "EXPAND_DIMS"} <= SHAPE_ONLY


def test_every_operator_is_in_the_engine_s_table():
    text = (shipped("firmware") / "engine" / "README.md").read_text("utf-8")
    listed = set(re.findall(r"[A-Z][A-Z0-9_]+", text.partition("## Operators")[2].partition("\n## ")[0]))
    assert {*OPERATORS, *SHAPE_ONLY} <= listed

"""``hil model``, called as a user does."""

import json
import shutil

import numpy as np
import pytest
from test_cli_commands import BOARD, hil

from harness.cli import main
from harness.errors import PlanError
from harness.models import load_model
from harness.models.frontends.writer import Writer


def written(path, values):
    """A float32 network of one dense layer with ``values`` inputs and 100 outputs."""
    writer = Writer()
    source = writer.tensor("x", [1, values])
    weights = writer.constant("w", np.ones((100, values), np.float32))
    options = {"options": "FullyConnectedOptions", "fusedActivationFunction": 0}
    index = writer.operator("FULLY_CONNECTED", [source, weights, -1], [1, 100], "y", **options)
    path.write_bytes(writer.content({"x": source}, {"y": index}))
    return path


def test_show_tells_layers_and_boards_to_people_and_to_programs():
    path = load_model("mnist_f446_int8").path
    told = json.loads(hil("model", "show", path, "--json").stdout)
    assert told["macs"] == 301_856
    assert [layer["op"] for layer in told["layers"]][:2] == ["CONV_2D", "MAX_POOL_2D"]
    assert told["parameters"] == 10_942
    assert told["boards"][BOARD]["fits"]
    shown = hil("model", "show", path).stdout
    assert "301,856 MAC" in shown
    assert f"{BOARD}: fits" in shown


def test_show_says_where_one_more_seed_would_fall_and_how_far_the_shipped_one_is_from_the_mean():
    (line,) = [
        line for line in hil("model", "show", "vowels_f32").stdout.splitlines() if line.startswith("accuracy 0.868")
    ]
    # 0.868, 0.9, 0.9: s = 0.018475, t(2) = 4.3027, so 4.3027 * 0.018475 * sqrt(4 / 3) = 0.0918
    assert "from other seeds 0.9, 0.9: mean 0.8893, one more within 0.092 of it; this one -0.021" in line


def test_show_says_by_how_much_a_model_does_not_fit_and_which_layer_it_is(tmp_path):
    path = written(tmp_path / "large.tflite", 2000)
    done = hil("model", "show", path, "--board", BOARD)
    assert done.returncode == 0, done.stderr
    assert f"{BOARD}: does not fit" in done.stdout
    assert "too many: constants of fully_connected_0 800,000" in done.stdout
    assert "flash about" in done.stdout


def test_a_model_that_does_not_fit_is_refused_before_any_compiler_runs(tmp_path, monkeypatch):
    from harness.bench.boards import load_board
    from harness.models.describe import model_toml
    from harness.run.product import build_product

    path = written(tmp_path / "large.tflite", 2000)
    (tmp_path / "model.toml").write_text(model_toml(path, title="too large"))
    monkeypatch.setenv("PATH", str(tmp_path))  # no compiler is to be found
    with pytest.raises(PlanError) as caught:
        build_product(load_model(tmp_path), load_board(BOARD), compiler="gcc")
    assert "does not fit into the flash" in caught.value.what
    assert "constants of fully_connected_0 800000" in str(caught.value.found)
    assert "flash at most 524288 bytes; RAM at most 131072 bytes" in str(caught.value.expected)


def test_convert_writes_a_model_that_plans_can_name(tmp_path):
    pytest.importorskip("onnx", reason="the extra [onnx] is not installed")
    import onnx

    helper = onnx.helper
    graph = helper.make_graph(
        [helper.make_node("Relu", ["x"], ["y"])],
        "net",
        [helper.make_tensor_value_info("x", 1, [1, 3])],
        [helper.make_tensor_value_info("y", 1, [1, 3])],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), str(tmp_path / "net.onnx"))
    done = hil("model", "convert", tmp_path / "net.onnx", "-o", tmp_path / "net.tflite", "--classes", "a,b,c")
    assert done.returncode == 0, done.stderr
    assert load_model(tmp_path).classes == ("a", "b", "c")


def test_quantize_says_what_it_costs(tmp_path):
    pytest.importorskip("ai_edge_quantizer", reason="the extra [quantize] is not installed")
    source, out = load_model("digits_cnn_f32").path, tmp_path / "small.tflite"
    done = hil("model", "quantize", source, "-o", out, "--calibrate", "digits")
    assert done.returncode == 0, done.stderr
    assert "accuracy on 450 test samples of digits: 97.33% float32" in done.stdout
    assert load_model(tmp_path).inputs[0].dtype == "int8"


def test_convert_makes_its_folder_and_ends_with_what_to_type_next(tmp_path):
    out = tmp_path / "new" / "er" / "x.tflite"
    done = hil("model", "convert", load_model("digits_cnn_f32").path, "-o", out)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == f"next: hil model show {out}"
    assert load_model(out.parent).name == "x"


def test_convert_with_update_keeps_what_a_model_toml_says(tmp_path):
    out = tmp_path / "x.tflite"
    hil("model", "convert", load_model("digits_cnn_f32").path, "-o", out, "--classes", "a,b,c,d,e,f,g,h,i,j")
    stale = hil("model", "convert", load_model("digits_cnn_int8").path, "-o", out)
    assert f"hil model update {tmp_path}" in stale.stdout
    with pytest.raises(PlanError, match="is not the file"):
        load_model(tmp_path)
    done = hil("model", "convert", load_model("digits_cnn_int8").path, "-o", out, "--update")
    assert done.returncode == 0, done.stderr
    assert load_model(tmp_path).classes == tuple("abcdefghij")
    other = hil("model", "convert", load_model("digits_cnn_int8").path, "-o", tmp_path / "y.tflite", "--update")
    assert other.returncode == 3
    assert "describes another file" in other.stderr
    assert not (tmp_path / "y.tflite").exists()


def test_update_brings_a_model_toml_up_to_date_and_says_what_changed(tmp_path):
    shutil.copytree(load_model("digits_cnn_int8").path.parent, tmp_path / "models" / "kws")
    folder = tmp_path / "models" / "kws"
    assert "is up to date" in hil("model", "update", folder).stdout
    shutil.copy(load_model("digits_cnn_f32").path, folder / "digits_cnn_int8.tflite")
    done = hil("model", "update", folder)
    assert done.returncode == 0, done.stderr
    assert "int8 -> image [1, 8, 8, 1] float32" in done.stdout
    assert "1 figure(s) marked as of the old file" in done.stdout
    assert load_model(folder).inputs[0].dtype == "float32"


def test_show_takes_names_and_knows_no_stale_model_toml(tmp_path):
    assert json.loads(hil("model", "show", "digits_cnn_int8", "--json").stdout)["layers"]
    done = hil("model", "show", "digits_cnn_int4")
    assert done.returncode == 3
    assert "did you mean 'digits_cnn_int8'?" in done.stderr


def test_a_result_that_cannot_be_written_is_said_before_the_work(tmp_path):
    (tmp_path / "no").write_text("a file")
    done = hil("model", "convert", load_model("digits_cnn_f32").path, "-o", tmp_path / "no" / "x.tflite")
    assert done.returncode == 3
    assert "cannot be written" in done.stderr


def a_net(path, name="Relu"):
    onnx = pytest.importorskip("onnx", reason="the extra [onnx] is not installed")
    helper = onnx.helper
    graph = helper.make_graph(
        [helper.make_node(name, ["x"], ["y"])],
        "net",
        [helper.make_tensor_value_info("x", 1, [1, 3])],
        [helper.make_tensor_value_info("y", 1, [1, 3])],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), str(path))
    return path


@pytest.mark.parametrize(
    ("operator", "classes", "says"),
    [("Relu", "a,b", "class names"), ("Relu", "a,b,b", "class names"), ("Erf", "a,b,c", "Erf")],
    ids=["too few classes", "a class twice", "an operator that nobody has"],
)
@pytest.mark.parametrize("before", [None, b"the model of yesterday"], ids=["nothing there", "a file there"])
def test_a_refused_conversion_leaves_everything_as_it_was(tmp_path, capsys, operator, classes, says, before):
    source = a_net(tmp_path / "net.onnx", operator)
    out = tmp_path / "net.tflite"
    if before is not None:
        out.write_bytes(before)
    files = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(SystemExit) as end:
        main(["model", "convert", str(source), "-o", str(out), "--classes", classes])
    assert end.value.code == 3
    assert says in capsys.readouterr().err
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == files


def test_a_model_that_the_engine_cannot_run_is_refused_before_anything_is_written(tmp_path, capsys, monkeypatch):
    from harness.models import codegen

    def refuse(path):
        raise PlanError("the engine has no kernel for this")

    monkeypatch.setattr(codegen, "plan_layout", refuse)
    source = a_net(tmp_path / "net.onnx")
    with pytest.raises(SystemExit) as end:
        main(["model", "convert", str(source), "-o", str(tmp_path / "net.tflite")])
    assert end.value.code == 3
    assert [path.name for path in tmp_path.iterdir()] == ["net.onnx"]


@pytest.mark.parametrize("folder", [".", "new/er"], ids=["a folder that is there", "folders that are made"])
def test_a_disk_that_refuses_the_second_file_takes_back_the_first(tmp_path, capsys, monkeypatch, folder):
    from harness.disk import files

    real = files.replace

    def full(path, content):
        if path.name == "model.toml":
            raise OSError(28, "No space left on device", str(path))
        real(path, content)

    monkeypatch.setattr(files, "replace", full)
    source = a_net(tmp_path / "net.onnx")
    with pytest.raises(SystemExit) as end:
        main(["model", "convert", str(source), "-o", str(tmp_path / folder / "net.tflite")])
    assert end.value.code == 2
    assert "No space left" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["net.onnx"]

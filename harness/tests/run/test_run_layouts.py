"""An ONNX file's channels first become channels last: it is said, the data is turned when its options say so, else refused."""

import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from harness.bench.boards import names
from harness.cli import model_commands  # noqa: F401 - importing it adds its commands to `app`
from harness.cli.app import app
from harness.errors import PlanError
from harness.models.find import TOML
from harness.models.metadata import load_model, read_facts
from harness.plans import expand
from harness.run.prepare import prepared, rehearsed
from harness.run.reading import read_plan

sys.path.append(str(Path(__file__).parents[1] / "models"))
from onnx_kit import OnnxNet

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")


def network(folder, shape):
    net = OnnxNet(shape, seed=4)
    net.conv(shape[1], 4)
    net.node("Relu")
    net.node("GlobalAveragePool")
    net.node("Flatten")
    net.write(folder / "net.onnx")


def samples(folder, shape, n=12):
    x = np.random.default_rng(2).normal(0, 1, (n, *shape[1:])).astype(np.float32)
    np.savez(folder / "data.npz", first=x, last=np.moveaxis(x, 1, -1))
    return x


def case(folder, options, model="net.onnx", form="npz"):
    plan = {"name": "layouts", "board": "nucleo_f446re", "model": model, "task": "raw", "gates": ["agreement >= 1"]}
    plan["dataset"] = {"name": form, "options": {"path": "data.npz", "unlabelled": True, **options}}
    (folder / "layouts.yaml").write_text(yaml.safe_dump(plan))
    (found,) = expand(read_plan(folder / "layouts.yaml"), boards=names())
    return found


def onnxruntime(folder, x):
    """What the file's own runtime makes of the file's own layout."""
    import onnxruntime as ort

    session = ort.InferenceSession(str(folder / "net.onnx"), providers=["CPUExecutionProvider"])
    return np.concatenate([session.run(None, {"x": one[np.newaxis]})[0].reshape(1, -1) for one in x])


@pytest.mark.parametrize("options", [{"x": "first", "channels": "first"}, {"x": "last"}])
def test_data_in_either_layout_gives_what_onnxruntime_does_and_the_run_says_what_was_turned(tmp_path, options):
    network(tmp_path, (1, 6, 20, 20))
    x = samples(tmp_path, (1, 6, 20, 20))
    work = rehearsed(case(tmp_path, options))
    assert np.allclose(work.expected, onnxruntime(tmp_path, x), atol=1e-5)
    (told,) = [line for line in work.warnings if "channels first" in line]
    assert "[1, 6, 20, 20]" in told
    assert "[1, 20, 20, 6]" in told
    assert ("turned from the file's layout" in told) == ("channels" in options)


def test_data_in_the_file_s_layout_that_nobody_names_is_refused_with_both_shapes_and_what_to_say(tmp_path):
    network(tmp_path, (1, 6, 20, 20))
    samples(tmp_path, (1, 6, 20, 20))
    with pytest.raises(PlanError) as caught:
        rehearsed(case(tmp_path, {"x": "first"}))
    assert "[1,20,20,6]" in str(caught.value.expected)
    assert "[6, 20, 20]" in str(caught.value.found)
    assert "channels: first" in caught.value.next_step


def test_where_no_shape_can_tell_the_plan_must(tmp_path):
    network(tmp_path, (1, 3, 3, 3))
    x = samples(tmp_path, (1, 3, 3, 3))
    with pytest.raises(PlanError, match="does not tell where its channels are") as caught:
        prepared(case(tmp_path, {"x": "first"}))
    assert "layouts.yaml:" in caught.value.where
    for options in ({"x": "first", "channels": "first"}, {"x": "last", "channels": "last"}):
        assert np.allclose(rehearsed(case(tmp_path, options)).expected, onnxruntime(tmp_path, x), atol=1e-5)
    wrong = rehearsed(case(tmp_path, {"x": "first", "channels": "last"}))
    assert not np.allclose(wrong.expected, onnxruntime(tmp_path, x), atol=1e-2)  # why it must be said


def test_an_image_of_one_channel_lies_the_same_either_way_and_nothing_is_said(tmp_path):
    network(tmp_path, (1, 1, 5, 5))
    samples(tmp_path, (1, 1, 5, 5))
    assert prepared(case(tmp_path, {"x": "first"})).warnings == ()


def test_rows_of_text_are_turned_too(tmp_path):
    network(tmp_path, (1, 3, 4, 5))
    x = samples(tmp_path, (1, 3, 4, 5), n=4)
    (tmp_path / "rows.csv").write_text("".join(",".join(f"{v:.9g}" for v in row.reshape(-1)) + "\n" for row in x))
    options = {"path": "rows.csv", "shape": "3x4x5", "channels": "first"}
    found = rehearsed(case(tmp_path, options, form="csv")).expected
    assert np.allclose(found, onnxruntime(tmp_path, x), atol=1e-5)


def test_a_conversion_says_it_and_its_model_toml_keeps_it(tmp_path):
    network(tmp_path, (1, 6, 20, 20))
    samples(tmp_path, (1, 6, 20, 20))
    out = tmp_path / "made" / "net.tflite"
    done = CliRunner().invoke(app, ["model", "convert", str(tmp_path / "net.onnx"), "-o", str(out)])
    assert done.exit_code == 0, done.output
    assert "channels last now: [1, 6, 20, 20] of the file is [1, 20, 20, 6] here" in done.output
    assert read_facts(out.parent / TOML).inputs[0].origin_shape == (1, 6, 20, 20)
    assert load_model(out).turned == {"x": (1, 6, 20, 20)}  # also without the model.toml
    (told,) = prepared(case(tmp_path, {"x": "last"}, model="made")).warnings
    assert "[1, 6, 20, 20] of net.tflite" in told

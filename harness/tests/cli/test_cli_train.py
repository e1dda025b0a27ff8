"""``hil model train``: the script that a model names is run, and what stands in the way is said before."""

import importlib.machinery

import pytest

from harness.cli import train_commands
from harness.cli.train_commands import train
from harness.errors import BenchError, MisuseError

TOML = """\
name = "net"
title = "t"
file = "net.tflite"
sha256 = "{zeros}"
classes = []
inputs = []
outputs = []
[training]
dataset = "d"
train_split = "a"
test_split = "b"
script = "train.py"
"""


@pytest.fixture
def net(tmp_path, monkeypatch):
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "model.toml").write_text(TOML.format(zeros="0" * 64))
    spec = importlib.machinery.ModuleSpec("tensorflow", None)
    monkeypatch.setattr(train_commands, "find_spec", lambda _name: spec)
    return tmp_path / "net"


def run(net, out, seed=None):
    import typer

    with pytest.raises(typer.Exit) as ended:
        train(str(net), out, seed)
    return ended.value.exit_code


def test_the_script_is_run_with_the_folder_and_the_seed(net, tmp_path):
    (net / "train.py").write_text(
        "import sys, pathlib; (pathlib.Path(sys.argv[2]) / 'said').write_text(' '.join(sys.argv[3:]))"
    )
    assert run(net, tmp_path / "made", seed=7) == 0
    assert (tmp_path / "made" / "said").read_text() == "--seed 7"


def test_a_script_that_fails_is_told_with_its_status(net, tmp_path):
    (net / "train.py").write_text("raise SystemExit(9)")
    with pytest.raises(BenchError, match="training script failed"):
        train(str(net), tmp_path / "made", None)


def test_a_model_without_a_script_is_refused(net, tmp_path):
    with pytest.raises(MisuseError, match="nobody says how"):
        train(str(net), tmp_path / "made", None)


def test_without_tensorflow_the_extra_is_named(net, tmp_path, monkeypatch):
    (net / "train.py").write_text("")
    monkeypatch.setattr(train_commands, "find_spec", lambda _name: None)
    with pytest.raises(MisuseError) as refused:
        train(str(net), tmp_path / "made", None)
    assert "hil[tensorflow]" in str(refused.value)


def test_a_script_of_a_neighbour_is_named_by_the_place_where_it_is(net, tmp_path):
    toml = net / "model.toml"
    toml.write_text(toml.read_text().replace('"train.py"', '"../beside/train.py"'))
    (tmp_path / "beside").mkdir()
    (tmp_path / "beside" / "train.py").write_text("raise SystemExit(9)")
    with pytest.raises(BenchError) as failed:
        train(str(net), tmp_path / "made", None)
    assert failed.value.where == str(tmp_path.resolve() / "beside" / "train.py")

import pytest

from harness.build.inputs import BuildBoard, BuildModel
from harness.errors import PlanError
from harness.paths import shipped


def test_every_shipped_board_can_be_built_for():
    for toml in (shipped("firmware") / "boards").glob("*/board.toml"):
        board = BuildBoard.load(toml.parent)
        assert board.name == toml.parent.name
        assert board.baud in board.bauds


def test_a_folder_without_a_board_says_so(tmp_path):
    with pytest.raises(PlanError, match="describes no board"):
        BuildBoard.load(tmp_path)


@pytest.mark.parametrize("text", ["name = ", 'name = "x"', 'name = "x"\ncore = "c"\nmemory = 3\nuart = 4'])
def test_a_broken_board_names_its_file(tmp_path, text):
    (tmp_path / "board.toml").write_text(text)
    with pytest.raises(PlanError, match=r"board\.toml"):
        BuildBoard.load(tmp_path)


@pytest.mark.parametrize("text", ["", "[]", '{"name": "x"}', '{"name": "x", "inputs": [{}]}'])
def test_a_broken_model_names_its_file(tmp_path, text):
    (tmp_path / "model.json").write_text(text)
    with pytest.raises(PlanError, match=r"model\.json"):
        BuildModel.load(tmp_path)


def test_a_folder_without_a_model_says_so(tmp_path):
    with pytest.raises(PlanError, match="no generated model"):
        BuildModel.load(tmp_path)

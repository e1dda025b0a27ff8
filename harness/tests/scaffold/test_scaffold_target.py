"""Which board a project is for, and why, is said."""

import numpy as np
import pytest
from scaffold_kit import iris_model, network

from harness.bench.boards import load_board, names
from harness.errors import MisuseError, PlanError
from harness.models import load_model
from harness.scaffold.target import choose


def none_here(board):
    return False


def test_where_none_is_attached_it_is_the_smallest_virtual_one(tmp_path):
    found = choose(load_model(iris_model(tmp_path / "net.tflite")), None, none_here)
    sizes = {
        name: load_board(name).memory.flash_bytes + load_board(name).memory.ram_bytes
        for name in names()
        if load_board(name).virtual
    }
    assert found.board == min(sizes, key=sizes.get)
    assert found.why.startswith("none is attached: the smallest virtual one")
    assert {found.board, *found.others} == set(names())


def test_a_model_too_large_for_the_smallest_gets_the_next_that_holds_it(tmp_path):
    weights = np.ones((200, 1000))  # 800 KB
    found = choose(load_model(network(tmp_path / "n.tflite", [(weights, np.ones(200))], (1000,))), None, none_here)
    assert load_board(found.board).memory.flash_bytes > 800_000
    assert "nucleo_f446re" not in (found.board, *found.others)


def test_an_attached_board_goes_before_a_smaller_virtual_one(tmp_path):
    model = load_model(iris_model(tmp_path / "net.tflite"))
    found = choose(model, None, lambda board: board.name == "cy8cproto_062_4343w")
    assert (found.board, found.why) == ("cy8cproto_062_4343w", "attached")
    shared = choose(model, None, lambda board: board.name.startswith("nucleo"))
    assert "nucleo_f446re and nucleo_l476rg carry: --board says which" in shared.why


def test_what_was_asked_for_is_taken_or_refused_with_the_figures(tmp_path):
    model = load_model(iris_model(tmp_path / "net.tflite"))
    assert choose(model, "steval_stwinkt1", none_here).board == "steval_stwinkt1"
    with pytest.raises(MisuseError, match="no board is named 'nucleo'"):
        choose(model, "nucleo", none_here)
    large = load_model(network(tmp_path / "n.tflite", [(np.ones((200, 4000)), np.ones(200))], (4000,)))
    for wanted in ("nucleo_f446re", None):
        with pytest.raises(PlanError, match="does not fit") as caught:
            choose(large, wanted, none_here)
        assert "constants of fully_connected_0 3200800" in str(caught.value.found)

import pytest

from harness.bench import boards
from harness.errors import MisuseError


@pytest.mark.parametrize("name", boards.names())
def test_every_board_can_be_read_and_its_numbers_fit_together(name):
    board = boards.load_board(name)
    assert board.uart.baud in board.uart.bauds
    assert board.memory.stack_bytes < board.memory.ram_bytes
    assert (board.folder / "board.c").is_file()


def test_an_unknown_board_names_the_known_and_the_nearest():
    with pytest.raises(MisuseError) as caught:
        boards.load_board("nucleo_f446er")
    assert "nucleo_f446re" in str(caught.value)
    assert "did you mean" in str(caught.value)


def test_the_host_build_is_not_a_board_to_test_on():
    assert "native" not in boards.names()

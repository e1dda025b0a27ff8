import pytest

from harness.bench import boards
from harness.bench.identity import known_id
from harness.errors import MisuseError
from harness.virtual import soc


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


@pytest.mark.parametrize("name", boards.names())
def test_no_two_units_have_the_same_chip_id_where_the_board_says_that_it_lies(name):
    board = boards.load_board(name)
    place = board.debug.unique_id_address, board.debug.unique_id_bytes

    def chip_id(uid):
        return soc.build(board.virtual.soc, uid)[1].machine.bus.read_block(*place)

    ids = [chip_id(f"virtual-00000000000{digit:x}") for digit in range(16)]
    assert len(set(ids)) == 16
    assert all(known_id(one) == one and len(one) == board.debug.unique_id_bytes for one in ids)
    assert chip_id("virtual-000000000000") == ids[0]


@pytest.mark.parametrize("name", boards.names())
def test_a_board_and_the_chip_that_stands_in_for_it_say_the_same(name):
    board = boards.load_board(name)
    assert board.virtual is not None
    target, chip = soc.build(board.virtual.soc, "test")
    assert target == board.debug.target
    ports = sorted(number for number, port in chip.access_ports.items() if port.shows_core)
    assert chip.access_ports[ports[board.debug.application_core]].machine is chip.machine
    bus = chip.machine.bus
    assert bus.read(board.debug.chip_id_address, 4) & board.debug.chip_id_mask == board.debug.chip_id
    for origin, size in (
        (board.memory.flash_origin, board.memory.flash_bytes),
        (board.memory.ram_origin, board.memory.ram_bytes),
    ):
        assert bus.find(origin, size).buffer is not None

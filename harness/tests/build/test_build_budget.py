import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.build import build
from harness.build.budget import (
    BATCH_SLOTS,
    ENOUGH_SLOTS,
    MAX_SLOTS,
    MIN_RX_RING,
    MIN_SLOTS,
    check_fit,
    fit,
    memory_budget,
    useful_slots,
)
from harness.build.inputs import BuildBoard, BuildModel
from harness.errors import MisuseError, PlanError
from harness.models import load_model
from harness.models.codegen import generate, plan_layout
from harness.paths import shipped

NUCLEO = BuildBoard.load(shipped("firmware") / "boards" / "nucleo_f446re")


def model(input_bytes, output_bytes=10, arena_bytes=4096):
    return BuildModel("m", "builtin", "00" * 32, "00" * 32, 0, arena_bytes, input_bytes, output_bytes)


def test_a_small_model_gets_all_slots_and_the_smallest_ring():
    budget = memory_budget(NUCLEO, model(64))
    assert (budget.slots, budget.chunk_bytes, budget.rx_ring_bytes) == (MAX_SLOTS, 64, MIN_RX_RING)


def test_the_ring_holds_a_sample_per_slot_as_it_travels():
    budget = memory_budget(NUCLEO, model(3136, arena_bytes=12_000))
    assert budget.slots == ENOUGH_SLOTS
    assert budget.rx_ring_bytes >= budget.slots * (3136 + 4 * 16)


def test_the_table_of_a_network_of_many_layers_is_counted_where_slots_are_given():
    few = model(3000, output_bytes=15_000, arena_bytes=30_000)
    many = dataclasses.replace(few, table_bytes=36 * 740)
    assert memory_budget(NUCLEO, many).slots < memory_budget(NUCLEO, few).slots
    assert memory_budget(NUCLEO, many).ram_bytes <= NUCLEO.ram_bytes


def test_there_are_slots_for_what_an_adapters_delay_holds_of_the_fastest_line():
    assert useful_slots(NUCLEO, model(64)) == MAX_SLOTS
    # 16 ms there and back are 2949 bytes at 921600 baud: 24 samples of 110, and two more.
    assert useful_slots(NUCLEO, model(110)) == 26
    slow = dataclasses.replace(NUCLEO, bauds=(115_200,))
    assert useful_slots(slow, model(400)) == ENOUGH_SLOTS


def test_samples_that_an_encoding_may_shorten_to_a_quarter_get_up_to_sixteen_slots():
    assert useful_slots(NUCLEO, model(784)) == BATCH_SLOTS
    # A quarter of 1500 bytes: eight in 2949, and two more.
    assert useful_slots(NUCLEO, model(1500)) == 10
    assert useful_slots(NUCLEO, model(3136)) == ENOUGH_SLOTS
    assert useful_slots(dataclasses.replace(NUCLEO, bauds=(115_200,)), model(784)) == ENOUGH_SLOTS


def test_samples_of_several_chunks_get_frames_for_two_where_that_costs_no_slot():
    several = model(27_648, arena_bytes=4096)
    roomy = dataclasses.replace(NUCLEO, ram_bytes=1 << 20)
    budget = memory_budget(roomy, several)
    assert budget.frame_bytes == 7 + 6 + 2 * (2 + 1024)
    tight = memory_budget(dataclasses.replace(roomy, ram_bytes=budget.ram_bytes - 1), several)
    assert (tight.slots, tight.frame_bytes) == (budget.slots, 1024 + 16)
    assert budget.ram_bytes - tight.ram_bytes == budget.frame_bytes - tight.frame_bytes
    assert (
        memory_budget(NUCLEO, model(27_648, arena_bytes=20_000)).frame_bytes == budget.frame_bytes
    )  # its ring is small
    assert memory_budget(roomy, model(784)).frame_bytes == 784 + 16
    assert memory_budget(roomy, model(64)).frame_bytes == 512


def test_a_large_model_gets_fewer_slots_before_it_is_refused():
    large = memory_budget(NUCLEO, model(20_000, arena_bytes=30_000))
    assert MIN_SLOTS <= large.slots < ENOUGH_SLOTS


def test_with_the_fewest_slots_the_ring_shrinks():
    budget = memory_budget(NUCLEO, model(20_000, arena_bytes=60_000))
    assert budget.slots == MIN_SLOTS
    assert MIN_RX_RING <= budget.rx_ring_bytes < 2 * 20_000


def test_a_model_that_cannot_fit_is_refused_with_the_numbers():
    with pytest.raises(PlanError) as caught:
        memory_budget(NUCLEO, model(20_000, arena_bytes=120_000))
    assert "131072 bytes" in str(caught.value)
    assert "arena 120000" in str(caught.value)


def test_as_many_slots_as_asked_for_or_none():
    assert memory_budget(NUCLEO, model(64), slots=3).slots == 3
    with pytest.raises(PlanError):
        memory_budget(NUCLEO, model(20_000), slots=8)
    with pytest.raises(MisuseError):
        memory_budget(NUCLEO, model(64), slots=0)


@given(
    input_bytes=st.integers(1, 200_000),
    output_bytes=st.integers(1, 20_000),
    arena_bytes=st.integers(16, 200_000),
    ram_bytes=st.integers(16_384, 262_144),
)
def test_a_budget_never_exceeds_the_ram_and_its_rings_are_powers_of_two(
    input_bytes, output_bytes, arena_bytes, ram_bytes
):
    board = dataclasses.replace(NUCLEO, ram_bytes=ram_bytes)
    try:
        budget = memory_budget(board, model(input_bytes, output_bytes, arena_bytes))
    except PlanError:
        return
    assert budget.ram_bytes <= ram_bytes
    assert 1 <= budget.slots <= MAX_SLOTS  # one only where nothing else fits
    assert budget.chunk_bytes <= input_bytes
    assert budget.chunk_bytes + 16 <= budget.frame_bytes <= 0xFFFF
    for ring in (budget.rx_ring_bytes, budget.tx_ring_bytes):
        assert ring & (ring - 1) == 0


def test_a_model_is_refused_with_both_memories_and_the_three_largest_parts_of_the_short_one():
    layout = plan_layout(load_model("mnist_f446_f32").path)
    needed = fit(layout, NUCLEO)
    exact = dataclasses.replace(NUCLEO, flash_bytes=needed.flash_bytes, ram_bytes=needed.ram_bytes)
    assert check_fit(layout, exact) == needed
    with pytest.raises(PlanError) as flash:
        check_fit(layout, dataclasses.replace(exact, flash_bytes=40_000))
    assert "flash of nucleo_f446re" in flash.value.what
    assert f"flash {needed.flash_bytes} bytes, {needed.flash_bytes - 40_000} too many" in str(flash.value.found)
    assert "constants of fully_connected_5 37120, firmware" in str(flash.value.found)
    assert f"RAM {needed.ram_bytes} bytes" in str(flash.value.found)
    assert "flash at most 40000 bytes" in str(flash.value.expected)
    with pytest.raises(PlanError) as ram:
        check_fit(layout, dataclasses.replace(exact, ram_bytes=16_384))
    assert "RAM of nucleo_f446re" in ram.value.what
    assert "output of conv_2d_0 25088" in str(ram.value.found)
    assert str(ram.value.found).count(", ") == 3


@pytest.mark.parametrize("name", ["digits_cnn_int8", "mnist_f446_f32"])
def test_the_forecast_is_not_below_the_image_and_not_far_above(tmp_path, name):
    generate(load_model(name).path, tmp_path)
    image = build(shipped("firmware") / "boards" / "nucleo_f446re", tmp_path, compiler="zig", slots=MIN_SLOTS)
    needed = fit(plan_layout(load_model(name).path), NUCLEO)
    assert image.flash_bytes <= needed.flash_bytes <= image.flash_bytes + 12_000

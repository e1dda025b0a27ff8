from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tflite_kit import Net
from tflite_ops import RichNet

from harness.models import load_model, names, tflite
from harness.models.codegen import plan_layout
from harness.models.codegen.passes import simplified
from harness.models.codegen.planner import ALIGNMENT, Block, lifetimes, place

blocks = st.lists(
    st.tuples(st.integers(0, 5000), st.integers(-1, 12), st.integers(0, 12)), min_size=1, max_size=25
).map(lambda rows: [Block(i, n, first, first + length) for i, (n, first, length) in enumerate(rows)])


def overlap(offsets, a, b):
    return (
        a.n_bytes
        and b.n_bytes
        and offsets[a.key] < offsets[b.key] + b.n_bytes
        and offsets[b.key] < offsets[a.key] + a.n_bytes
    )


@given(blocks)
def test_no_two_live_blocks_overlap_and_all_lie_inside_the_arena(given_blocks):
    plan = place(given_blocks)
    assert plan.n_bytes % 16 == 0
    for block in given_blocks:
        assert plan.offsets[block.key] % ALIGNMENT == 0
        assert 0 <= plan.offsets[block.key] <= plan.n_bytes - block.n_bytes
    for a, b in combinations(given_blocks, 2):
        if a.alive_with(b):
            assert not overlap(plan.offsets, a, b)


@given(blocks)
def test_the_arena_is_never_larger_than_without_reuse(given_blocks):
    assert place(given_blocks).n_bytes <= sum(b.n_bytes + ALIGNMENT for b in given_blocks) + 16


@given(blocks, st.randoms())
def test_the_plan_does_not_depend_on_the_order_of_the_blocks(given_blocks, random):
    shuffled = random.sample(given_blocks, len(given_blocks))
    assert place(shuffled) == place(given_blocks)


def test_nothing_ever_overlaps_an_input_of_the_shipped_models():
    for name in names():
        layout = plan_layout(load_model(name).path)
        inputs = [b for b in layout.blocks if b.key in layout.graph.inputs]
        assert inputs
        for source in inputs:
            others = [b for b in layout.blocks if b is not source]
            assert others
            assert not any(overlap(layout.arena.offsets, source, other) for other in others)


@given(blocks, st.sets(st.integers(0, 24)))
def test_inputs_lie_behind_the_rest_which_is_planned_as_if_they_were_not_there(given_blocks, keys):
    core = [b for b in given_blocks if b.key not in keys]
    alone, whole = place(core), place(given_blocks, keys)
    assert whole.core_bytes == alone.n_bytes
    assert {b.key: whole.offsets[b.key] for b in core} == alone.offsets
    for source in (b for b in given_blocks if b.key in keys):
        assert whole.core_bytes <= whole.offsets[source.key] <= whole.n_bytes - source.n_bytes
        assert not any(overlap(whole.offsets, source, other) for other in given_blocks if other is not source)


def test_inputs_may_be_placed_elsewhere_unless_one_is_an_output_too_or_not_on_a_word(tmp_path):
    net = Net("int8", (2, 3, 1), np.random.default_rng(0))
    net.conv(2)
    assert plan_layout(net.write(tmp_path / "net.tflite")).inputs_move
    shapes = Net("int8", (2, 3, 1), np.random.default_rng(0))
    shapes.reshape((1, 6))
    assert not plan_layout(shapes.write(tmp_path / "same.tflite")).inputs_move
    pair = RichNet("int8", (2, 3, 1), np.random.default_rng(0))  # of 6 bytes each: the second would begin at 6
    pair.binary("ADD", pair.second_input((2, 3, 1)))
    assert not plan_layout(pair.write(tmp_path / "pair.tflite")).inputs_move


def test_memory_is_reused_between_layers_that_are_not_alive_together():
    layout = plan_layout(load_model("mnist_f446_int8").path)
    assert layout.arena.n_bytes < sum(b.n_bytes for b in layout.blocks)


def test_an_output_that_later_layers_read_too_survives_to_the_end():
    net = Net("float32", (4, 4, 3), np.random.default_rng(0))
    early = net.conv(3)
    net.conv(3)
    last = net.conv(3)
    program = simplified(tflite.parse(net.content(outputs=[early, last]), "net"))
    spans = {b.key: (b.first, b.last) for b in lifetimes(program, {})}
    assert spans[early] == (0, 3)
    assert spans[net.inputs[0]] == (-1, 3)

from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tflite_kit import Net
from tflite_ops import RichNet

from harness.models import load_model, names, tflite
from harness.models.codegen import Options, plan_layout
from harness.models.codegen.operators.window import Window
from harness.models.codegen.passes import simplified
from harness.models.codegen.planner import ALIGNMENT, Block, Over, lifetimes, place

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


@st.composite
def chains(draw):
    """Blocks, and for some of them another that dies where they begin."""
    given_blocks, over = draw(blocks), {}
    for block in given_blocks:
        used = {pair.operand for pair in over.values()}
        dying = [b for b in given_blocks if b is not block and b.last == block.first and b.key not in used]
        if dying and block.last > block.first and draw(st.booleans()):
            over[block.key] = Over(dying[0].key, 8 * draw(st.integers(0, 100)))
    # A block that dies where it began would die before the block that takes its memory.
    return given_blocks, {k: o for k, o in over.items() if given_blocks[o.operand].first < given_blocks[k].first}


@given(chains())
def test_a_block_takes_the_memory_of_the_one_it_may_at_its_distance_or_not_at_all(given_chains):
    given_blocks, over = given_chains
    plan = place(given_blocks, (), over)
    assert plan.n_bytes <= place(given_blocks).n_bytes
    for block in given_blocks:
        assert plan.offsets[block.key] % ALIGNMENT == 0
        assert 0 <= plan.offsets[block.key] <= plan.n_bytes - block.n_bytes
    for a, b in combinations(given_blocks, 2):
        if not a.alive_with(b) or not overlap(plan.offsets, a, b):
            continue
        key, pair = next((k, o) for k, o in over.items() if {k, o.operand} == {a.key, b.key})
        assert plan.offsets[pair.operand] == plan.offsets[key] + pair.distance


extents, steps = st.integers(1, 12), st.integers(1, 3)


@given(st.tuples(extents, extents, extents, extents, extents, extents), st.tuples(extents, extents), st.data())
def test_an_output_written_over_its_input_pixel_by_pixel_never_reaches_what_is_still_read(sizes, taps, data):
    pads = (data.draw(st.integers(0, taps[0] - 1)), data.draw(st.integers(0, taps[1] - 1)))
    w = Window(*sizes, *taps, *(data.draw(steps) for _ in range(4)), *pads)
    rows = [y * w.stride_h - w.pad_top for y in range(w.out_h)]
    columns = [x * w.stride_w - w.pad_left for x in range(w.out_w)]
    reads = []  # the first byte that each pixel reads, if it reads any
    for y, x in ((y, x) for y in rows for x in columns):
        inside_y = [y + i * w.dilation_h for i in range(w.k_h) if 0 <= y + i * w.dilation_h < w.in_h]
        inside_x = [x + j * w.dilation_w for j in range(w.k_w) if 0 <= x + j * w.dilation_w < w.in_w]
        reads.append(((inside_y[0] * w.in_w + inside_x[0]) * w.in_c) if inside_y and inside_x else None)
    for whole in (False, True):
        distance = w.distance(whole_pixels=whole)
        assert distance % (w.out_c if whole else 8) == 0
        for pixel in range(len(reads)):
            later = [r for r in reads[pixel:] if r is not None]
            assert not later or (pixel + 1) * w.out_c <= distance + min(later)


def test_shared_memory_is_what_makes_large_networks_small_and_can_be_turned_off():
    for name, at_most in (("bench_resnet8_int8", 0.75), ("bench_mobilenet_int8", 0.9), ("bench_ds_cnn_int8", 0.85)):
        path = load_model(name).path
        apart = plan_layout(path, options=Options(write_over=False))
        assert plan_layout(path).arena.n_bytes < at_most * apart.arena.n_bytes
        for a, b in combinations(apart.blocks, 2):
            assert not (a.alive_with(b) and overlap(apart.arena.offsets, a, b))


def test_an_input_that_need_not_be_kept_makes_room_after_its_last_reader():
    path = load_model("bench_mobilenet_int8").path
    layout = plan_layout(path, options=Options(keep_inputs=False))
    (source,) = layout.inputs
    assert not layout.inputs_move
    assert layout.arena.n_bytes < plan_layout(path).arena.n_bytes - source.n_bytes // 2


def test_a_convolution_takes_two_pixels_at_a_time_where_its_scratch_memory_would_be_most_of_the_arena():
    layout = plan_layout(load_model("bench_tiny_conv_int8").path)
    assert [k.params["block"] for k in layout.kernels if k.scratch] == [2]
    without = [b for b in layout.blocks if b.key >= 0]
    assert layout.arena.n_bytes < 1.1 * sum(b.n_bytes for b in without)
    roomy = plan_layout(load_model("bench_ds_cnn_int8").path)
    assert min(k.params["block"] for k in roomy.kernels if k.scratch) > 2


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


def test_a_pair_that_takes_more_together_than_apart_does_not_end_the_search_early():
    sizes = [(0, 0, 0), (9, 0, 3), (9, 3, 0), (4137, 3, 0), (4152, 1, 1), (0, 2, 1)]
    found = [Block(i, n, first, first + length) for i, (n, first, length) in enumerate(sizes)]
    assert place(found, (), {5: Over(operand=4, distance=16)}).n_bytes == place(found).n_bytes

"""The cost model of the estimated cycles, against counts made by hand from the processor's manual."""

import pytest

from harness.build import engines
from harness.enginebench import Board, compiled
from harness.enginebench.cycles import Estimator, cycles_of
from harness.enginebench.measure import random_sample
from harness.enginebench.peers import peer
from harness.errors import MisuseError
from harness.models import load_model
from harness.paths import shipped


@pytest.mark.parametrize(
    ("lines", "cycles"),
    [
        (
            [
                ("add", "r0, r0, r1"),
                ("smlad", "r0, r1, r2, r3"),
                ("strb", "r0, [r1]"),
                ("it", "eq"),
                ("moveq", "r0, r1"),
            ],
            5,
        ),
        (
            [
                ("ldr.w", "r0, [r1]"),
                ("ldrb", "r2, [r1]"),
                ("ldrsh", "r3, [r1]"),
                ("add", "r0, r0"),
                ("ldr", "r0, [r1]"),
            ],
            7,
        ),
        ([("ldr", "r0, [r1]"), ("ldrd", "r2, r3, [r1]"), ("ldr", "r0, [r1]")], 7),
        ([("ldm", "r0!, {r2, r3, r4, r5}"), ("push", "{r4, lr}"), ("vldmia", "r0!, {s0, s1, s2, s3}")], 13),
        (
            [("vmul.f32", "s0, s1, s2"), ("vfma.f32", "s0, s1, s2"), ("vldr", "s0, [r0]"), ("vdiv.f32", "s0, s1, s2")],
            20,
        ),
        ([("udiv", "r0, r1, r2"), ("sdiv", "r0, r1, r2"), ("tbb", "[pc, r0]")], 27),
    ],
)
def test_instructions_cost_what_the_manual_says(lines, cycles):
    assert cycles_of(lines) == cycles


def test_a_branch_costs_two_cycles_more_where_it_is_taken():
    # 1000: subs r0, #1 / bne 1000 / nop / bx lr
    estimator = Estimator(bytes.fromhex("0138 fdd1 00bf 7047"), 0x1000)
    loop, rest = (0x1000, 4), (0x1004, 4)
    steps = {(0, *loop): 1, (0x1000, *loop): 9, (0x1000, *rest): 1}
    cycles, instructions = estimator.total(steps)
    assert (cycles, list(instructions)) == (10 * 2 + 9 * 2 + 2, [22])


def test_an_estimate_covers_every_instruction_of_a_run_and_is_the_same_each_time(tmp_path):
    board = Board(image := compiled(load_model("digits_cnn_int8").path, tmp_path, kernels="fast", compiler="zig"))
    sample = random_sample(image.generated.layout.inputs[0])
    cost, cycles = board.run(sample), board.estimate(sample)
    assert cost.instructions < cycles < 2 * cost.instructions
    assert board.estimate(sample) == cycles
    assert board.run(sample) == cost


def test_a_peer_is_an_engine_of_kernels_with_sources_of_our_types(tmp_path):
    sdk = shipped("firmware") / "tests" / "engines"
    found = peer(engines.load("cmsis_nn", sdk / "cmsis_nn"))
    assert [path.name for path in found.sources] == ["adapter.c", "standin.c"]
    (tmp_path / "Source").mkdir()
    for name in ("arm_a_s8.c", "arm_a_f32.c", "arm_a_f16.c", "arm_tables_flt.c"):
        (tmp_path / "Source" / name).write_text("")
    assert [path.name for path in peer(engines.load("cmsis_nn", tmp_path)).sources] == ["adapter.c", "arm_a_s8.c"]
    with pytest.raises(MisuseError, match="no sources"):
        peer(engines.load("cmsis_nn", tmp_path / "Source"))
    with pytest.raises(MisuseError, match="own network"):
        peer(engines.load("cubeai", sdk / "cubeai"))

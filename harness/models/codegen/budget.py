"""Whether a model can fit a board, estimated before anything is compiled. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass

from harness.errors import PlanError
from harness.models.codegen.layout import Layout
from harness.models.codegen.planner import scratch_key

# Code sizes in bytes, rounded up from what zig cc 0.15 -O2 gives for a Cortex-M4F (arm-none-eabi-gcc's are smaller).
# A test compiles the kernels and compares.
_KERNEL_BYTES = {
    "hil_nn_abs_f32": 1000,
    "hil_nn_add_f32": 1300,
    "hil_nn_add_n_f32": 800,
    "hil_nn_add_n_s32": 300,
    "hil_nn_add_s16": 700,
    "hil_nn_add_s32": 300,
    "hil_nn_add_s8": 500,
    "hil_nn_arg_max_f32": 600,
    "hil_nn_arg_max_s8": 500,
    "hil_nn_avgpool_f32": 1500,
    "hil_nn_avgpool_s16": 1400,
    "hil_nn_avgpool_s8": 1200,
    "hil_nn_cast": 400,
    "hil_nn_ceil_f32": 1600,
    "hil_nn_clamp_f32": 500,
    "hil_nn_compare_f32": 300,
    "hil_nn_compare_s16": 500,
    "hil_nn_compare_s32": 300,
    "hil_nn_compare_s8": 500,
    "hil_nn_compare_u8": 300,
    "hil_nn_concat": 300,
    "hil_nn_conv_f32": 3000,
    "hil_nn_conv_s16": 2000,
    "hil_nn_conv_s8": 7500,
    "hil_nn_copy": 900,
    "hil_nn_copy_s16": 1100,
    "hil_nn_cos_f32": 900,
    "hil_nn_cumsum_f32": 700,
    "hil_nn_cumsum_s32": 200,
    "hil_nn_dense_f32": 1800,
    "hil_nn_dense_s16": 700,
    "hil_nn_dense_s8": 2200,
    "hil_nn_dequantize_s16_f32": 400,
    "hil_nn_dequantize_s8_f32": 400,
    "hil_nn_dequantize_u8_f32": 400,
    "hil_nn_div_f32": 1200,
    "hil_nn_dwconv_f32": 2600,
    "hil_nn_dwconv_s8": 5500,
    "hil_nn_elu_f32": 1400,
    "hil_nn_exp_f32": 1200,
    "hil_nn_extreme_f32": 1300,
    "hil_nn_extreme_s16": 1000,
    "hil_nn_extreme_s32": 300,
    "hil_nn_extreme_s8": 300,
    "hil_nn_floor_div_s32": 300,
    "hil_nn_floor_f32": 1500,
    "hil_nn_floor_mod_s32": 300,
    "hil_nn_gather": 200,
    "hil_nn_gelu_approximated_f32": 1500,
    "hil_nn_gelu_f32": 2300,
    "hil_nn_grouped_conv_f32": 1200,
    "hil_nn_grouped_conv_s8": 1700,
    "hil_nn_hard_swish_f32": 600,
    "hil_nn_hybrid_conv": 4700,
    "hil_nn_hybrid_dense": 4700,
    "hil_nn_l2_norm_f32": 900,
    "hil_nn_l2_norm_s8": 1200,
    "hil_nn_l2pool_f32": 2000,
    "hil_nn_leaky_f32": 400,
    "hil_nn_log_f32": 1800,
    "hil_nn_log_softmax_f32": 1300,
    "hil_nn_log_softmax_s8": 2400,
    "hil_nn_logical": 300,
    "hil_nn_logistic_f32": 800,
    "hil_nn_logistic_s16": 900,
    "hil_nn_lstm_f32": 1800,
    "hil_nn_lstm_s8": 2700,
    "hil_nn_lut_s16": 500,
    "hil_nn_lut_s8": 200,
    "hil_nn_matmul_f32": 1600,
    "hil_nn_matmul_s8": 700,
    "hil_nn_maxpool_f32": 2200,
    "hil_nn_maxpool_s16": 1500,
    "hil_nn_maxpool_s8": 1800,
    "hil_nn_mean_f32": 1200,
    "hil_nn_mean_s16": 1000,
    "hil_nn_mean_s8": 700,
    "hil_nn_mul_f32": 1200,
    "hil_nn_mul_s16": 1300,
    "hil_nn_mul_s32": 300,
    "hil_nn_mul_s8": 400,
    "hil_nn_neg_f32": 1000,
    "hil_nn_prelu_f32": 1100,
    "hil_nn_prelu_s8": 400,
    "hil_nn_prod_f32": 700,
    "hil_nn_prod_s16": 1200,
    "hil_nn_prod_s32": 300,
    "hil_nn_prod_s8": 600,
    "hil_nn_quantize_f32_s16": 900,
    "hil_nn_quantize_f32_s8": 400,
    "hil_nn_quantize_f32_u8": 200,
    "hil_nn_reduce_extreme_f32": 800,
    "hil_nn_reduce_extreme_s16": 800,
    "hil_nn_reduce_extreme_s32": 300,
    "hil_nn_reduce_extreme_s8": 300,
    "hil_nn_reduce_extreme_u8": 300,
    "hil_nn_relu_0_to_1_f32": 1200,
    "hil_nn_requantize": 300,
    "hil_nn_resize_bilinear_f32": 1000,
    "hil_nn_resize_bilinear_s8": 1000,
    "hil_nn_rnn_f32": 1900,
    "hil_nn_round_f32": 1900,
    "hil_nn_rows": 200,
    "hil_nn_rsqrt_f32": 1200,
    "hil_nn_select": 700,
    "hil_nn_sin_f32": 900,
    "hil_nn_softmax_f32": 1200,
    "hil_nn_softmax_s16": 1400,
    "hil_nn_softmax_s8": 1500,
    "hil_nn_spread": 300,
    "hil_nn_sqrt_f32": 1200,
    "hil_nn_square_f32": 1000,
    "hil_nn_squared_difference_f32": 1000,
    "hil_nn_squared_difference_s8": 500,
    "hil_nn_sum_f32": 800,
    "hil_nn_sum_s32": 300,
    "hil_nn_svdf_f32": 1700,
    "hil_nn_svdf_s8": 1000,
    "hil_nn_tanh_f32": 700,
    "hil_nn_tanh_s16": 800,
    "hil_nn_top_places_f32": 900,
    "hil_nn_top_places_s8": 700,
    "hil_nn_top_values_f32": 900,
    "hil_nn_top_values_s8": 700,
    "hil_nn_transpose_conv_f32": 1100,
    "hil_nn_transpose_conv_s8": 1500,
    "hil_nn_update": 700,
}
_LAYER_BYTES = 120  # parameters, tensor and call of one layer
_ENGINE_BYTES = 600  # init(), run() and the interface struct
TENSOR_RAM_BYTES = 36  # one hil_tensor of the engine's table
_SHOWN = 3


@dataclass(frozen=True)
class Use:
    """One contributor to a memory."""

    what: str
    n_bytes: int


@dataclass(frozen=True)
class Budget:
    """What the engine with its model needs, largest contributor first. The firmware around it is not in it."""

    flash: tuple[Use, ...]
    ram: tuple[Use, ...]

    @property
    def flash_bytes(self) -> int:
        """Weights, tables, parameters and kernels; an estimate, from above for the code."""
        return sum(use.n_bytes for use in self.flash)

    @property
    def ram_bytes(self) -> int:
        """Arena (outputs and scratch lie in it) and tensor table; exact for the arena. Inputs count only where they must be
        copied into the arena; else they lie in the firmware's slots."""
        return sum(use.n_bytes for use in self.ram)

    def describe(self) -> str:
        """Both totals with their largest contributors, for reports and messages."""
        flash, ram = _largest(self.flash), _largest(self.ram)
        return f"flash {self.flash_bytes} bytes ({flash}); RAM {self.ram_bytes} bytes ({ram})"


def estimate(layout: Layout) -> Budget:
    """The budget of a model that was laid out."""
    flash = [
        Use(f"constants of {k.name}", sum(c.values.nbytes for c in layout.own_constants(index)))
        for index, k in enumerate(layout.kernels)
    ]
    flash += [Use(f"kernel {name}", _KERNEL_BYTES[name]) for name in sorted({k.function for k in layout.kernels})]
    flash.append(Use("engine interface and layer tables", _ENGINE_BYTES + _LAYER_BYTES * len(layout.kernels)))
    n_tensors = len(layout.kernels) + len(layout.inputs) + len(layout.outputs)
    ram = [*arena(layout, inputs=not layout.inputs_move), Use("tensor table", TENSOR_RAM_BYTES * n_tensors)]
    return Budget(_sorted(flash), _sorted(ram))


def too_large(
    what: str, board: str, needs: Mapping[str, tuple[tuple[Use, ...], int]], *, where: str | None = None
) -> PlanError | None:
    """The one message for a model that does not fit; None when it does. ``needs``: memory -> (contributors, bytes there).

    It tells needed and available bytes of every memory and the three largest contributors to those that are short.
    """
    short = [memory for memory, (uses, there) in needs.items() if sum(u.n_bytes for u in uses) > there]
    if not short:
        return None
    told = []
    for memory, (uses, there) in needs.items():
        needed = sum(u.n_bytes for u in uses)
        told.append(f"{memory} {needed} bytes")
        if needed > there:
            told[-1] += f", {needed - there} too many: {_largest(_sorted(uses))}"
    return PlanError(
        f"{what} does not fit into the {' and the '.join(short)} of {board}",
        where=where,
        expected="; ".join(f"{memory} at most {there} bytes" for memory, (_, there) in needs.items()),
        found="; ".join(told),
        next_step="use a smaller or an int8 model (`hil model quantize`), or a board with more memory",
    )


def arena(layout: Layout, *, inputs: bool = True) -> Iterable[Use]:
    """The arena at the step at which it is fullest, tensor by tensor; what an output takes of its operand's memory counts once.
    Gaps of the plan are their own entry."""
    held = set() if inputs else {layout.program.storage[t.index] for t in layout.inputs}
    step = max(range(len(layout.kernels)), key=lambda s: sum(u.n_bytes for u in _alive(layout, s, held)), default=0)
    uses = _alive(layout, step, held)
    yield from uses
    if rest := (layout.arena.n_bytes if inputs else layout.arena.core_bytes) - sum(use.n_bytes for use in uses):
        yield Use("arena, other steps and alignment", rest)


def _alive(layout: Layout, step: int, without: Container[int]) -> list[Use]:
    names = {
        layout.program.storage[t.index]: f"input {n}" for n, t in zip(layout.input_names, layout.inputs, strict=True)
    }
    for position, kernel in enumerate(layout.kernels):
        names.setdefault(layout.result(kernel).index, f"output of {kernel.name}")
        names[scratch_key(position)] = f"scratch of {kernel.name}"
    for state in layout.states:
        names.setdefault(state.index, f"state {state.name}")
    there = [b for b in layout.blocks if b.first <= step <= b.last and b.n_bytes and b.key not in without]
    uses, end = [], 0
    for block in sorted(there, key=lambda b: layout.arena.offsets[b.key]):
        start = layout.arena.offsets[block.key]
        uses.append(Use(names[block.key], start + block.n_bytes - max(start, end)))
        end = max(end, start + block.n_bytes)
    return uses


def _sorted(uses: Iterable[Use]) -> tuple[Use, ...]:
    return tuple(sorted((u for u in uses if u.n_bytes), key=lambda u: (-u.n_bytes, u.what)))


def largest(uses: Iterable[Use]) -> dict[str, int]:
    """The three largest contributors: what -> bytes."""
    return {use.what: use.n_bytes for use in _sorted(uses)[:_SHOWN]}


def _largest(uses: tuple[Use, ...]) -> str:
    return ", ".join(f"{use.what} {use.n_bytes}" for use in uses[:_SHOWN])

"""The shape of every operator's outputs, from its inputs and options alone: what a file states must be the same.

The rules are those by which LiteRT's kernels resize their outputs (``Prepare`` in each of tflite/kernels). One function an
operator; a new operator needs a line in ``_RULES``. An operator without one is left to whoever refuses it.
"""

from __future__ import annotations

from harness.errors import PlanError
from harness.models import shape_moves as moves
from harness.models import shape_rules as rules
from harness.models.ir import Graph
from harness.models.shape_call import Call, Contradiction, Rule
from harness.models.wellformed import AGAIN, BINARY, REDUCTIONS, UNARY


def check_shapes(graph: Graph, where: str) -> None:
    """Raises PlanError for the first layer whose stored output shapes are not those that it computes, or that cannot compute
    any (a stride of 0, weights that do not fit), naming file (``where``), layer and tensor. ``graph`` must be well formed."""
    for layer in graph.layers:
        rule = _RULES.get(layer.op)
        if rule is None:
            continue
        at = f"{where}, {layer.describe()}"
        try:
            shapes = rule(Call(graph, layer))
        except Contradiction as wrong:
            name = graph.tensor(layer.outputs[0]).name
            raise PlanError(
                f"the model file contradicts itself: {layer.op} cannot compute tensor {layer.outputs[0]} {name!r}",
                where=at,
                expected=wrong.expected,
                found=wrong.found,
                next_step=AGAIN,
            ) from None
        if shapes is None:
            continue
        if len(shapes) != len(layer.outputs):
            raise PlanError(
                f"the model file contradicts itself: the outputs of {layer.op}",
                where=at,
                expected=f"{len(shapes)} tensors",
                found=len(layer.outputs),
                next_step=AGAIN,
            )
        for index, shape in zip(layer.outputs, shapes, strict=True):
            stored = graph.tensor(index)
            if stored.shape != tuple(shape) or min(shape, default=1) < 1:
                raise PlanError(
                    f"the model file contradicts itself: the shape of tensor {index} {stored.name!r}",
                    where=at,
                    expected=f"{list(shape)}, which {layer.op} makes of its inputs",
                    found=list(stored.shape),
                    next_step=AGAIN,
                )


_RULES: dict[str, Rule] = {
    **dict.fromkeys(BINARY, rules.broadcast),
    **dict.fromkeys(UNARY, rules.unchanged),
    **dict.fromkeys(REDUCTIONS, moves.reduced),
    **dict.fromkeys(("SELECT", "SELECT_V2"), rules.chosen),
    **dict.fromkeys(("AVERAGE_POOL_2D", "L2_POOL_2D", "MAX_POOL_2D"), rules.pool),
    **dict.fromkeys(("ARG_MAX", "ARG_MIN"), moves.arg),
    **dict.fromkeys(("PAD", "PADV2"), moves.padded),
    "BROADCAST_TO": moves.of_stated_shape(1),
    "ADD_N": rules.alike,
    "ZEROS_LIKE": rules.unchanged,
    "ASSIGN_VARIABLE": rules.unchanged,
    "SVDF": rules.filtered,
    "BATCH_MATMUL": rules.multiplied,
    "BATCH_TO_SPACE_ND": moves.from_batch,
    **dict.fromkeys(("L2_NORMALIZATION", "LOG_SOFTMAX"), rules.softmax),
    "CUMSUM": moves.running,
    "DEPTH_TO_SPACE": moves.to_space,
    "DYNAMIC_UPDATE_SLICE": moves.updated,
    "EMBEDDING_LOOKUP": moves.looked_up,
    "GATHER": moves.gathered,
    "GATHER_ND": moves.gathered_nd,
    "MIRROR_PAD": moves.mirrored,
    "PRELU": rules.sloped,
    **dict.fromkeys(("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"), moves.resized),
    "REVERSE_V2": moves.reversed_along,
    "SPACE_TO_BATCH_ND": moves.to_batch,
    "SPACE_TO_DEPTH": moves.to_depth,
    "TILE": moves.tiled,
    "TOPK_V2": moves.top,
    "CONCATENATION": moves.concatenated,
    "CONV_2D": rules.conv,
    "DEPTHWISE_CONV_2D": rules.depthwise,
    "EXPAND_DIMS": moves.expanded,
    "FILL": moves.of_stated_shape(0),
    "FULLY_CONNECTED": rules.dense,
    "PACK": moves.packed,
    "RESHAPE": moves.reshaped,
    "SHAPE": lambda call: [(len(call.shape(0)),)],
    "SLICE": moves.sliced,
    "SOFTMAX": rules.softmax,
    "SPLIT": moves.split,
    "SPLIT_V": moves.split_by_sizes,
    "SQUEEZE": moves.squeezed,
    "STRIDED_SLICE": moves.strided,
    "TRANSPOSE": moves.permuted,
    "TRANSPOSE_CONV": rules.transposed_conv,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": moves.lstm,
    "UNIDIRECTIONAL_SEQUENCE_RNN": moves.rnn,
    "UNPACK": moves.unpacked,
}

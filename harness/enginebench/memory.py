"""RAM of one inference, so that kernels which plan their memory differently can be compared."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from harness.enginebench.emulate import Board
from harness.enginebench.image import BareImage, options_for
from harness.enginebench.peers import Peer
from harness.models.codegen import plan_layout
from harness.models.codegen.layout import movable_inputs
from harness.models.codegen.planner import place, scratch_key
from harness.models.ir import Array


def ram_bytes(
    model: Path, image: BareImage, board: Board, sample: Array, peer: Peer | None, *, keep_inputs: bool
) -> int:
    """Input, output, everything between them, scratch memory and tables of tensors; the stack is counted elsewhere.

    ``keep_inputs``: the input still stands when the inference is done, as this firmware needs it; else its memory is used
    again, as interpreters do. Of a peer's kernels counts the scratch memory that the run touches, not what is set aside for
    any network, and not the memory of ours that they take the place of; its greatest is taken for every layer.
    """
    layout = plan_layout(model, options=replace(options_for(peer), keep_inputs=keep_inputs))
    tables = image.ram_bytes - image.generated.layout.arena.n_bytes
    if peer is None:
        return tables + layout.arena.n_bytes
    foreign = {scratch_key(i) for i, kernel in enumerate(layout.kernels) if peer.replaces(kernel.function)}
    blocks = [block for block in layout.blocks if block.key not in foreign]
    arena = place(blocks, movable_inputs(layout.program) if keep_inputs else ())
    tables -= board.size(peer.scratch) + board.size(peer.tables)
    return tables + arena.n_bytes + board.touched(peer.scratch, sample)

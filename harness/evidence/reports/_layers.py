"""The per-layer profile in words: the same table in every report for people."""

from __future__ import annotations

from harness.findings import LayerFacts
from harness.records import Record

#: Title, and whether it is a number; ``{unit}`` is cycles or instructions, never both and never a time.
LAYER_COLUMNS = (
    ("#", True),
    ("layer", False),
    ("op", False),
    ("output", False),
    ("MACs", True),
    ("{unit}", True),
    ("share", True),
    ("per MAC", True),
    ("reference", False),
)
_EQUAL = {True: "equal", False: "differs", None: "-"}


def layer_unit(record: Record) -> str:
    """``instructions`` of an emulator, ``cycles`` of hardware."""
    return "instructions" if any(layer.instructions is not None for layer in record.layers) else "cycles"


def cost(layer: LayerFacts) -> int:
    """What the layer took, in ``layer_unit``."""
    return (layer.instructions if layer.instructions is not None else layer.cycles) or 0


def layers_title(record: Record) -> str:
    """Of what and how much: a heading."""
    total = sum(map(cost, record.layers))
    took = f"{total:,} {layer_unit(record)}" if total else "nothing counted what they took"
    return f"layers of sample {record.layers_sample}: {took}"


def profile(record: Record) -> list[tuple[str, ...]]:
    """One row a layer, the columns of ``LAYER_COLUMNS``."""
    total = sum(map(cost, record.layers))
    return [
        (
            str(layer.index),
            layer.name,
            layer.op,
            f"{layer.dtype} {'x'.join(map(str, layer.shape[1:]))}" if layer.shape else f"{layer.n_bytes} B",
            f"{layer.macs:,}" if layer.macs else "-",
            f"{cost(layer):,}" if total else "-",
            f"{cost(layer) / total:.1%}" if total else "-",
            f"{cost(layer) / layer.macs:.2f}" if total and layer.macs else "-",
            _EQUAL[layer.equal],
        )
        for layer in record.layers
    ]

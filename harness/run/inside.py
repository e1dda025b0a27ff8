"""A look into the network after a stream: the first divergent layer where outputs differ, a profile where asked for."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from harness.errors import HilError
from harness.findings import Divergence, LayerFacts
from harness.models import reference as references
from harness.models.layertable import LayerTable, TableLayer
from harness.models.metadata import Model
from harness.records import Evidence, Samples
from harness.run.bring_up import Live
from harness.run.origins import runs_tflite
from harness.run.product import Product
from harness.run.workload import Workload
from harness.session.layers import LayerReader
from harness.verdict.alike import alike
from harness.wire import messages as m


@dataclass(frozen=True)
class Inside:
    """What was seen. ``warnings`` say why something was not; they change no verdict."""

    divergence: Divergence | None = None
    layers: tuple[LayerFacts, ...] = ()
    sample: str = ""
    warnings: tuple[str, ...] = ()


def look_inside(
    product: Product,
    workload: Workload,
    samples: Samples,
    live: Live,
    *,
    reference: str,
    evidence: Evidence,
    profile: bool,
) -> Inside:
    """Find the first divergent layer if some output differs from ``reference``'s; with ``profile`` every layer's cost.

    Never raises for what goes wrong on the board or the line: the stream was judged before, and its verdict stands.
    """
    if not live.hello.capabilities & m.Capability.LAYERS:
        return (
            Inside(warnings=("the engine on the board shows no layers: nothing to profile",)) if profile else Inside()
        )
    goes_on = workload.memory.follows is not None
    apart = goes_on and not _all_alike(samples)
    told = (
        "the layers were not compared: the network's memory goes on from sample to sample, per-layer mode begins anew",
    )
    if goes_on and not profile:
        return Inside(warnings=told) if apart else Inside()
    try:
        table = product.layer_table()
        # Float functions of two makers differ in the last bit; the golden twin is what a float board must equal.
        reference = runs_tflite(reference)
        floats = any(output.dtype == "float32" for output in product.model.outputs)
        oracle = reference if not floats or table is None else "twin"
        suspect = (
            None if table is None or goes_on else _first_differing(product.model, workload, samples, reference, oracle)
        )
        if suspect is None and not profile:
            return Inside()
        index = suspect if suspect is not None else _first_answered(samples)
        reader = LayerReader(live.session, workload.payloads()[index])
        rows = reader.rows()
        if table is not None and not _same_layers(table, rows):
            wrong = "the board's layers are not those of the layer table: compared with no reference, named by number"
            return replace(_profiled(rows, samples, index, evidence), warnings=(wrong,))
        expected = {} if table is None else _expected(product.model.path, workload, index, oracle)
        inside = _profiled(rows, samples, index, evidence, table, expected) if profile else Inside()
        if apart:
            inside = replace(inside, warnings=(*inside.warnings, *told))
        if suspect is None or table is None:
            return inside
        found = _divergence(reader, rows, table, expected, samples, index, oracle)
        if found is None:
            again = (
                f"sample {samples.ids[index]} differs from the reference, but no layer did when it was run again:"
                " the fault comes and goes"
            )
            return replace(inside, warnings=(again,))
        return replace(inside, divergence=found)
    except HilError as error:
        return Inside(warnings=(f"the layers could not be looked into: {error}",))


def _all_alike(samples: Samples) -> bool:
    return bool(alike(samples.outputs, samples.reference)[samples.answered].all())


def _first_answered(samples: Samples) -> int:
    return int(np.argmax(samples.answered))


def _first_differing(model: Model, workload: Workload, samples: Samples, reference: str, oracle: str) -> int | None:
    """The first sample whose raw outputs differ, among those that were computed and from the right input."""
    sound = samples.answered & (samples.status == 0) & (samples.input_crc == samples.sent_crc)
    host = samples.reference if samples.converted is None else samples.converted
    pairs = [(samples.outputs, host)]
    pairs += [(other.outputs, other.reference) for other in (samples.beside or {}).values()]
    rows = np.flatnonzero(sound & ~np.logical_and.reduce([alike(ours, theirs) for ours, theirs in pairs]))
    if rows.size and oracle != reference:
        beside = samples.beside or {}
        ours = [beside[t.name].outputs if t.name in beside else samples.outputs for t in model.outputs]
        truth = references.apart(references.load(oracle).run(model.path, workload.rows(rows)), model.outputs)
        same = [alike(one[rows], other) for one, other in zip(ours, truth, strict=True)]
        rows = rows[~np.logical_and.reduce(same)]
    return int(rows[0]) if rows.size else None


def _same_layers(table: LayerTable, rows: tuple[m.LayerRun, ...]) -> bool:
    known = [(layer.op_code, layer.n_bytes) for layer in table.layers]
    return known == [(row.op, row.bytes) for row in rows]


def _expected(model: Path, workload: Workload, index: int, oracle: str) -> dict[int, bytes]:
    """What the reference writes: tensor index -> bytes as they travel."""
    layers = references.load(oracle).run_layers(model, workload.rows(slice(index, index + 1)))
    return {tensor: v[0].astype(v.dtype.newbyteorder("<")).tobytes() for tensor, v in layers.items()}


def _profiled(
    rows: tuple[m.LayerRun, ...],
    samples: Samples,
    index: int,
    evidence: Evidence,
    table: LayerTable | None = None,
    expected: dict[int, bytes] | None = None,
) -> Inside:
    hardware = evidence == "hardware"
    counted = any(row.cycles for row in rows)  # QEMU has no counter: what it reads is no number of anything
    facts = []
    for i, row in enumerate(rows):
        known = table.layers[i] if table is not None else None
        truth = (expected or {}).get(known.tensor) if known is not None else None
        facts.append(
            LayerFacts(
                index=i,
                name=known.name if known else f"layer_{i}",
                op=known.op if known else f"op {row.op}",
                shape=known.shape if known else (),
                dtype=known.dtype if known else "",
                macs=known.macs if known else 0,
                n_bytes=row.bytes,
                crc32=row.crc,
                cycles=row.cycles if counted and hardware else None,
                instructions=row.cycles if counted and not hardware else None,
                equal=None if truth is None or known is None else _equal(known, truth, row.crc),
            )
        )
    return Inside(layers=tuple(facts), sample=str(samples.ids[index]))


def _equal(layer: TableLayer, truth: bytes, crc: int) -> bool | None:
    """Whether the board wrote what the reference did; None where NaNs, whose bits may differ, leave it open."""
    if zlib.crc32(truth) == crc:
        return True
    return None if np.isnan(layer.values(truth).astype(np.float64)).any() else False


def _divergence(
    reader: LayerReader,
    rows: tuple[m.LayerRun, ...],
    table: LayerTable,
    expected: dict[int, bytes],
    samples: Samples,
    index: int,
    oracle: str,
) -> Divergence | None:
    """The first layer that is not the reference's. Layers that the reference does not show are passed over."""
    equal = 0
    for layer, row in zip(table.layers, rows, strict=True):
        truth = expected.get(layer.tensor)
        if truth is None:
            continue
        if zlib.crc32(truth) != row.crc:
            found = _first_element(layer, truth, reader.data(layer.index), samples, index, equal, oracle)
            if found is not None:
                return found
        equal += 1
    return None


def _first_element(
    layer: TableLayer, truth: bytes, data: bytes, samples: Samples, index: int, equal: int, oracle: str
) -> Divergence | None:
    """Where the layer differs first; None when it does not but for the bits of NaNs."""
    want, got = layer.values(truth), layer.values(data)
    apart = ~alike(want.reshape(-1, 1), got.reshape(-1, 1))
    if not apart.any():
        return None
    position = np.unravel_index(int(np.argmax(apart)), layer.shape)
    return Divergence(
        sample=str(samples.ids[index]),
        sample_index=index,
        layer_index=layer.index,
        layer=layer.name,
        op=layer.op,
        tensor=layer.tensor_name,
        shape=layer.shape,
        position=tuple(int(at) for at in position),
        expected=float(want[position]),
        found=float(got[position]),
        differing=int(apart.sum()),
        elements=int(apart.size),
        equal_layers=equal,
        reference=oracle,
    )

"""What the network was converted from, on the same samples: so that a loss by quantisation is never blamed on the board.

The origin takes the data's real values, before they are quantised for the board, and gives real values. Where a plan's
``reference`` runs that file and no .tflite, the outputs expected of the board are the origin's too, quantised.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from harness.conversion import OriginFacts
from harness.data.encode import quantise
from harness.errors import PlanError
from harness.models import reference as references
from harness.models.metadata import Model, file_digest
from harness.models.reference import ExtraMissing, Reference
from harness.plans.schema import Gate
from harness.records import ReferenceFacts, Tensor
from harness.verdict.metrics import conversion, score_change

Array = npt.NDArray[np.generic]
Reals = Sequence[npt.NDArray[np.float32]]
_CHANNELS_FIRST = (0, 3, 1, 2)  # where the axes of the .tflite go in a file of ONNX's order


@dataclass(frozen=True)
class Origin:
    """``outputs`` float32 [N, values], real, of the network before its conversion."""

    facts: OriginFacts
    outputs: npt.NDArray[np.float32]


@dataclass(frozen=True)
class Expected:
    """What the host makes of the samples.

    ``outputs``: what is expected of the board, raw [N, values] in its output's dtype, by ``reference``. ``host`` ran the
    .tflite; ``converted`` are its raw outputs where those are not the expected ones. ``origin`` None: it was not run.
    """

    outputs: Array
    reference: ReferenceFacts
    host: ReferenceFacts
    converted: Array | None = None
    origin: Origin | None = None
    warnings: tuple[str, ...] = ()


def expected(
    model: Model, real: Reals, raws: Sequence[Array], reference: str, follows: Sequence[bool] | None = None
) -> Expected:
    """Run all that the plan names for the host. ``real`` and ``raws``: an array for each input, ``raws`` as the board gets them.

    ``follows``: of which samples the network's memory goes on from the one before. An origin is not run then: it has none.

    ``PlanError`` when one of them cannot be run; ``ExtraMissing``, with the command that mends it, when a package lacks
    (not for an origin that is optional: then a warning says what is not known).
    """
    oracle = references.load(reference, follows)
    if ".tflite" in oracle.reads:
        origin, warnings = _optional(model, real) if follows is None else _without_memory(model)
        return Expected(oracle.run(model.path, _given(raws)), facts(oracle), facts(oracle), None, origin, warnings)
    source = next((path for path in (model.origin, model.file) if path and path.suffix.lower() in oracle.reads), None)
    if source is None:
        raise PlanError(
            f"the reference {reference!r} has nothing to run",
            where=f"model {model.name!r}",
            expected=f"an origin that ends in {' or '.join(oracle.reads)}",
            found=str(model.origin or "no origin"),
            next_step=f"name it: {{file: {model.file.name}, origin: net{oracle.reads[0]}}}, or use another reference",
        )
    origin = _run(oracle, source, model, real)
    outputs = quantise(origin.outputs, model.outputs[0], dataset="the origin's outputs", model=model.name)
    host, converted = _converted(model, raws)
    return Expected(outputs.reshape(len(raws[0]), -1), facts(oracle), facts(host), converted, origin)


def runs_tflite(reference: str) -> str:
    """The reference of that name if it runs a .tflite, else the one that does in its place."""
    return reference if ".tflite" in references.load(reference).reads else "litert"


def facts(oracle: Reference) -> ReferenceFacts:
    """For the record."""
    return ReferenceFacts(engine=oracle.engine, version=oracle.version)


def check_gates(gates: Iterable[Gate], model: Model, where: str) -> None:
    """``PlanError`` for a gate on what the conversion cost of a model whose origin nobody names."""
    for gate in gates:
        known = conversion.FAMILY.knows(gate.metric) or score_change.FAMILY.knows(gate.metric)
        if known and model.origin is None:
            raise PlanError(
                f"nobody says what model {model.name!r} was converted from",
                where=where,
                expected="its origin, which the gate is about",
                found=gate.text(),
                next_step=f"name it: {{file: {model.file.name}, origin: net.keras}}, or remove the gate",
            )


def _without_memory(model: Model) -> tuple[None, tuple[str, ...]]:
    told = "what the conversion cost is not known: the origin is run sample by sample, and the network's memory goes on"
    return None, (told,) if model.origin is not None else ()


def _optional(model: Model, real: Reals) -> tuple[Origin | None, tuple[str, ...]]:
    if model.origin is None:
        return None, ()
    try:
        return _run(references.of_file(model.origin), model.origin, model, real), ()
    except ExtraMissing as missing:
        if not model.origin_optional:
            if missing.next_step:
                missing.next_step += "; or say 'origin_optional: true' beside the origin"
            raise
        return None, (f"what the conversion cost is not known: {missing.what}: {missing.next_step}",)


def _run(oracle: Reference, file: Path, model: Model, real: Reals) -> Origin:
    taken = oracle.inputs(file)
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise PlanError(
            "an origin is run for a network of one input and one output",
            where=f"model {model.name!r}",
            expected="1 input and 1 output",
            found=f"{len(model.inputs)} and {len(model.outputs)}",
            next_step="leave 'origin' out",
        )
    if len(taken) != 1 or taken[0].dtype != "float32":
        raise PlanError(
            "the origin does not take real samples of one input",
            where=str(file),
            expected="one float32 input",
            found=", ".join(t.describe() for t in taken),
            next_step="name the float network, from before its quantisation",
        )
    inputs, words = _fitted(real[0], model.inputs[0], taken[0], file)
    outputs = oracle.run(file, inputs).astype(np.float32).reshape(len(inputs), -1)
    values = model.outputs[0].elements
    if outputs.shape[1] != values:
        raise PlanError(
            "the origin is another network: it gives another number of outputs",
            where=str(file),
            expected=f"{values}, as {model.path.name}",
            found=f"{outputs.shape[1]}",
            next_step="name the file that the model was converted from",
        )
    found = OriginFacts(
        file=str(file.parent.resolve() / file.name),
        sha256=file_digest(file, str(file)),
        engine=oracle.engine,
        version=oracle.version,
        inputs=words,
    )
    return Origin(found, outputs)


def _fitted(
    inputs: npt.NDArray[np.float32], converted: Tensor, origin: Tensor, file: Path
) -> tuple[npt.NDArray[np.float32], str]:
    """The samples as the origin takes them, and in words what was done: only what cannot be mistaken is done."""
    shape = converted.shape
    real = np.ascontiguousarray(inputs, np.float32).reshape(len(inputs), *shape[1:])
    plain, wanted = ([n for n in s if n != 1] for s in (shape, origin.shape))
    turned = tuple(shape[axis] for axis in _CHANNELS_FIRST) if len(shape) == 4 else ()
    if plain == wanted and not (turned == origin.shape and file.suffix.lower() == ".onnx"):
        return real.reshape(len(inputs), *origin.shape[1:]), ""
    if turned == origin.shape:
        return np.ascontiguousarray(real.transpose(_CHANNELS_FIRST)), "transposed from NHWC to the file's NCHW"
    raise PlanError(
        "the origin takes samples of another shape",
        where=str(file),
        expected=f"{list(shape)} as {converted.name!r} of the .tflite" + (f", or {list(turned)}" if turned else ""),
        found=origin.describe(),
        next_step="name the file that the model was converted from",
    )


def _given(raws: Sequence[Array]) -> Array | list[Array]:
    return list(raws) if len(raws) > 1 else raws[0]


def _converted(model: Model, raws: Sequence[Array]) -> tuple[Reference, Array]:
    """The .tflite on this host: LiteRT, and where that cannot run it the board's own C."""
    oracle = references.load("litert")
    try:
        return oracle, oracle.run(model.path, _given(raws))
    except PlanError:
        twin = references.load("twin")
        return twin, twin.run(model.path, _given(raws))

"""LiteRT's reference kernels: the independent oracle.

BUILTIN_REF without delegates, one thread: XNNPACK and the optimised kernels differ from it (and from each other) by up
to several LSB on int8. Intermediate tensors are real only with preserve_all_tensors: else their memory is recycled.
"""

from __future__ import annotations

import re
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from harness.errors import PlanError
from harness.models.reference.base import Array, Inputs, check_outputs, checked_all
from harness.records import Tensor


class LiteRt:
    """The interpreter of the ``ai-edge-litert`` package."""

    @property
    def engine(self) -> str:
        """What computes."""
        return "litert BUILTIN_REF"

    @property
    def version(self) -> str:
        """Of the package."""
        return installed_version("ai-edge-litert")

    @property
    def reads(self) -> tuple[str, ...]:
        """See ``Reference.reads``."""
        return (".tflite",)

    def inputs(self, model: Path) -> tuple[Tensor, ...]:
        """See ``Reference.inputs``."""
        return _inputs(self._opened(model, preserve=False))

    def run(self, model: Path, inputs: Inputs) -> Array:
        """See ``Reference.run``. Several outputs are concatenated."""
        interpreter = self._opened(model, preserve=False)
        rows = checked_all(inputs, _inputs(interpreter), str(model))
        sinks = interpreter.get_output_details()
        check_outputs({np.dtype(s["dtype"]).name for s in sinks}, str(model))
        outputs = np.empty((len(rows[0]), sum(int(np.prod(s["shape"])) for s in sinks)), sinks[0]["dtype"])
        for i in _invoked(interpreter, rows, model):
            outputs[i] = np.concatenate([interpreter.get_tensor(s["index"]).reshape(-1) for s in sinks])
        return outputs

    def run_layers(self, model: Path, inputs: Inputs) -> dict[int, Array]:
        """See ``Reference.run_layers``; every tensor that some operator writes is there."""
        interpreter = self._opened(model, preserve=True)
        rows = checked_all(inputs, _inputs(interpreter), str(model))
        written = [int(t) for op in interpreter._get_ops_details() for t in op["outputs"]]
        layers: dict[int, list[Array]] = {t: [] for t in written}
        for _ in _invoked(interpreter, rows, model):
            for tensor, values in layers.items():
                values.append(interpreter.get_tensor(tensor).reshape(-1))
        return {tensor: np.stack(values) for tensor, values in layers.items()}

    def _opened(self, model: Path, *, preserve: bool) -> Any:
        try:
            interpreter = self._interpreter(model, preserve)
            interpreter.allocate_tensors()
            for details in (interpreter.get_input_details, interpreter.get_output_details):
                details()  # a name that is no UTF-8 ends here, and not in mid-run
        except (ValueError, RuntimeError) as error:
            raise _cannot(model, error) from error
        return interpreter

    def _interpreter(self, model: Path, preserve: bool) -> Any:
        return Interpreter(
            model_path=str(model),
            experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
            experimental_preserve_all_tensors=preserve,
            num_threads=1,
        )


def reference() -> LiteRt:
    """For ``load``."""
    return LiteRt()


def _inputs(interpreter: Any) -> tuple[Tensor, ...]:
    details = interpreter.get_input_details()
    return tuple(Tensor(d["name"], tuple(int(n) for n in d["shape"]), np.dtype(d["dtype"]).name) for d in details)


def _invoked(interpreter: Any, inputs: list[Array], model: Path) -> Any:
    """Run row by row, each from the state of the first; yields the row's number after each run."""
    sources = [details["index"] for details in interpreter.get_input_details()]
    for i in range(len(inputs[0])):
        for source, rows in zip(sources, inputs, strict=True):
            interpreter.set_tensor(source, rows[i][np.newaxis])
        interpreter.reset_all_variables()  # else a recurrent layer's state would go on from sample to sample
        try:
            interpreter.invoke()
        except (ValueError, RuntimeError) as error:
            raise _cannot(model, error) from error
        yield i


def _cannot(model: Path, error: Exception) -> PlanError:
    """In one line: the interpreter repeats itself for each tensor or node that it dislikes."""
    return PlanError(
        "LiteRT cannot run the model",
        where=str(model),
        found=_first(str(error)),
        next_step="'reference: twin' compares with the board's own C on this host; or name what the model was made from "
        "(origin: net.keras or net.onnx) and say 'reference: keras' or 'reference: onnx'",
    )


def _first(text: str) -> str:
    """Its first two sentences, which say what and where. They follow each other without a space or on lines of their own."""
    sentences = [part.strip() for part in re.split(r"\n|(?<=\.)(?=[A-Za-z])", text.strip())]
    return " ".join(sentences[:2])

"""LiteRT's reference kernels: the independent oracle.

BUILTIN_REF without delegates, one thread: XNNPACK and the optimised kernels differ from it (and from each other) by up
to several LSB on int8. Intermediate tensors are real only with preserve_all_tensors: else their memory is recycled.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from harness.errors import PlanError
from harness.models.reference.base import Array, Inputs, checked_all, joined
from harness.records import Tensor

_VERSION_MAX = 20  # more than any operator has
_NO_KERNEL = re.compile(r"Didn't find op for builtin opcode '(\w+)' version '(\d+)'")


class LiteRt:
    """The interpreter of the ``ai-edge-litert`` package."""

    def __init__(self, *, keep_state: bool = False, follows: Sequence[bool] | None = None) -> None:
        """``keep_state``: a network with a memory goes on from sample to sample of one ``run``; else each starts anew.

        ``follows`` says of each sample of ``run`` whether it goes on, where not all do.
        """
        self._kernels = "BUILTIN_REF"
        self._keep_state = keep_state
        self._follows = follows

    @property
    def engine(self) -> str:
        """What computes; after a run, what computed. A few operators (ELU, CEIL, ROUND) have no kernel among the reference ones:
        a model with one of them is run by the BUILTIN ones, still without delegates; their int8 convolutions round once."""
        return f"litert {self._kernels}"

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
        """See ``Reference.run``."""
        interpreter = self._opened(model, preserve=False)
        rows = checked_all(inputs, _inputs(interpreter), str(model))
        sinks = interpreter.get_output_details()
        outputs = [np.empty((len(rows[0]), int(np.prod(s["shape"]))), s["dtype"]) for s in sinks]
        for i, used in self._invoked(interpreter, rows, model, preserve=False):
            for values, sink in zip(outputs, sinks, strict=True):
                values[i] = used.get_tensor(sink["index"]).reshape(-1)
        return joined(outputs)

    def run_layers(self, model: Path, inputs: Inputs) -> dict[int, Array]:
        """See ``Reference.run_layers``; every tensor that some operator writes is there, handles aside."""
        interpreter = self._opened(model, preserve=True)
        rows = checked_all(inputs, _inputs(interpreter), str(model))
        operators = [
            op for op in interpreter._get_ops_details() if op["op_name"] != "VAR_HANDLE"
        ]  # whose output is no value
        written = [int(t) for op in operators for t in op["outputs"]]
        layers: dict[int, list[Array]] = {t: [] for t in written}
        for _, used in self._invoked(interpreter, rows, model, preserve=True):
            for tensor, values in layers.items():
                values.append(used.get_tensor(tensor).reshape(-1))
        return {tensor: np.stack(values) for tensor, values in layers.items()}

    def _opened(self, model: Path, *, preserve: bool) -> Any:
        try:
            content = model.read_bytes()
        except OSError as error:
            raise _cannot(model, error) from error
        self._kernels = "BUILTIN_REF"
        while True:
            try:
                return _ready(self._interpreter(content, "BUILTIN_REF", preserve))
            except (ValueError, RuntimeError) as error:
                missing = _NO_KERNEL.search(str(error))
                if missing is None:
                    raise _cannot(model, error) from error
                older = _with_older_version(content, missing[1], int(missing[2]))
                if older is None:
                    break
                content = older
        try:
            self._kernels = "BUILTIN"
            return _ready(self._interpreter(model.read_bytes(), "BUILTIN_WITHOUT_DEFAULT_DELEGATES", preserve))
        except (ValueError, RuntimeError) as error:
            raise _cannot(model, error) from error

    def _interpreter(self, content: bytes, kernels: str, preserve: bool) -> Any:
        """A new interpreter; ``kernels`` names one of its resolvers."""
        return Interpreter(
            model_content=content,
            experimental_op_resolver_type=OpResolverType[kernels],
            experimental_preserve_all_tensors=preserve,
            num_threads=1,
        )

    def _invoked(
        self, interpreter: Any, inputs: list[Array], model: Path, *, preserve: bool
    ) -> Iterator[tuple[int, Any]]:
        """Run row by row; yields the row's number and the interpreter after each run."""
        sources = [details["index"] for details in interpreter.get_input_details()]
        begun_by_once = any(op["op_name"] == "CALL_ONCE" for op in interpreter._get_ops_details())
        for i in range(len(inputs[0])):
            goes_on = i > 0 and (self._keep_state if self._follows is None else self._follows[i])
            if i and begun_by_once and not goes_on:
                interpreter = self._opened(model, preserve=preserve)  # resource variables cannot be reset
            for source, rows in zip(sources, inputs, strict=True):
                interpreter.set_tensor(source, rows[i][np.newaxis])
            if not goes_on:
                interpreter.reset_all_variables()  # else a recurrent layer's state would go on from sample to sample
            try:
                interpreter.invoke()
            except (ValueError, RuntimeError) as error:
                raise _cannot(model, error) from error
            yield i, interpreter


def reference() -> LiteRt:
    """For ``load``."""
    return LiteRt()


def keeping(follows: Sequence[bool]) -> LiteRt:
    """For ``load``: with a memory that goes on where ``follows`` says so."""
    return LiteRt(follows=follows)


def _with_older_version(content: bytes, operator: str, version: int) -> bytes | None:
    """The model with the operator's version one lower; None at 1. A version tells which types a kernel takes, and the reference
    kernels are registered for older ones than they are: each looks at its types itself."""
    if version <= 1:
        return None
    model = schema.ModelT.InitFromPackedBuf(content)
    number = getattr(schema.BuiltinOperator, operator)
    for code in model.operatorCodes:
        if max(code.builtinCode, code.deprecatedBuiltinCode) == number and code.version == version:
            code.version = min(version - 1, _VERSION_MAX)
    builder = flatbuffers.Builder(len(content))
    try:
        builder.Finish(model.Pack(builder), b"TFL3")
    except (TypeError, ValueError):  # a damaged file may hold what the format cannot
        return None
    return bytes(builder.Output())


def _ready(interpreter: Any) -> Any:
    interpreter.allocate_tensors()
    for details in (interpreter.get_input_details, interpreter.get_output_details):
        details()  # a name that is no UTF-8 ends here, and not in mid-run
    return interpreter


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


def _inputs(interpreter: Any) -> tuple[Tensor, ...]:
    details = interpreter.get_input_details()
    return tuple(Tensor(d["name"], tuple(int(n) for n in d["shape"]), np.dtype(d["dtype"]).name) for d in details)

"""Networks with a memory: a file's resource variables become states, which the layers read and the end of a run writes.

In the file a variable is a handle (VAR_HANDLE) that READ_VARIABLE and ASSIGN_VARIABLE work on; what it holds at first, a
subgraph that runs once assigns (CALL_ONCE). Here a variable is a tensor with ``state`` set: reading is that tensor, or what
was assigned before in the same run, and one ASSIGN_VARIABLE layer for each comes after all others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from harness.errors import PlanError
from harness.models.ir import Array, IrTensor, Layer

ASSIGN = "ASSIGN_VARIABLE"
HANDLES = frozenset({ASSIGN, "CALL_ONCE", "READ_VARIABLE", "VAR_HANDLE"})


@dataclass(frozen=True)
class Subgraph:
    """What is needed of one: its tensors and layers, and the name of the variable behind each VAR_HANDLE, by layer."""

    tensors: tuple[IrTensor, ...]
    layers: tuple[Layer, ...]
    handles: Mapping[int, str]


def shared_names(operators: Sequence[Any]) -> dict[int, str]:
    """The names that VAR_HANDLE operators give, by the operator's position."""
    found = {}
    for index, operator in enumerate(operators):
        name = getattr(operator.builtinOptions, "sharedName", None)
        if name is not None:
            found[index] = name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)
    return found


def with_states(
    main: Subgraph, first: Sequence[Subgraph], where: str
) -> tuple[tuple[IrTensor, ...], tuple[Layer, ...]]:
    """The tensors and layers of ``main`` without handles; ``first`` are the subgraphs that CALL_ONCE runs.

    PlanError for a variable that is read before it holds anything, or whose first value is not known.
    """
    initial: dict[str, Array] = {}
    for subgraph in first:
        initial |= _assigned(subgraph, where)
    tensors, layers = list(main.tensors), []
    named: dict[int, str] = {}  # by the tensor that holds the handle
    states: dict[str, int] = {}
    now: dict[str, int] = {}  # the tensor with a variable's value at this place
    renamed: dict[int, int] = {}
    for layer in main.layers:
        if layer.op == "VAR_HANDLE":
            named[layer.outputs[0]] = main.handles.get(layer.index, "")
        elif layer.op == "READ_VARIABLE":
            name = _variable(layer, named, where)
            if name not in now:
                now[name] = states[name] = _state(tensors, name, initial, tensors[layer.outputs[0]], layer, where)
            renamed[layer.outputs[0]] = now[name]
        elif layer.op == ASSIGN:
            name = _variable(layer, named, where)
            value = renamed.get(layer.inputs[1], layer.inputs[1])
            if name not in states:
                states[name] = _state(tensors, name, initial, tensors[value], layer, where)
            now[name] = value
        elif layer.op != "CALL_ONCE":
            layers.append(replace(layer, inputs=tuple(renamed.get(i, i) for i in layer.inputs)))
    last = max((layer.index for layer in main.layers), default=0)
    by_state = {index: name for name, index in states.items()}
    for number, (state, name) in enumerate(sorted(by_state.items())):
        if now[name] == state:
            continue  # never assigned: a constant that the file calls a variable
        if now[name] in by_state:
            raise PlanError(
                "two variables of the model exchange their values",
                where=where,
                expected="a layer between",
                found=name,
                next_step="let the network compute something between reading and assigning: an ADD of 0 will do",
            )
        code = next(layer.code for layer in main.layers if layer.op == ASSIGN)
        layers.append(Layer(last + 1 + number, ASSIGN, code, (now[name],), (state,)))
    return tuple(tensors), tuple(layers)


def renamed_outputs(main: Subgraph, outputs: Sequence[int], where: str) -> None:
    """Refuses a network that gives out a variable as it is: nothing would have computed it."""
    read = {layer.outputs[0] for layer in main.layers if layer.op == "READ_VARIABLE"}
    for index in outputs:
        if index in read:
            raise PlanError(
                "an output of the network is a variable as it was read",
                where=f"{where}, tensor {index} {main.tensors[index].name!r}",
                expected="a tensor that a layer computes",
                found="READ_VARIABLE",
                next_step="let a layer compute the output from the variable: an ADD of 0 will do",
            )


def _assigned(subgraph: Subgraph, where: str) -> dict[str, Array]:
    """What a subgraph of constants assigns, by the variable's name."""
    named: dict[int, str] = {}
    values: dict[str, Array] = {}
    for layer in subgraph.layers:
        if layer.op == "VAR_HANDLE":
            named[layer.outputs[0]] = subgraph.handles.get(layer.index, "")
        elif layer.op == ASSIGN:
            data = subgraph.tensors[layer.inputs[1]].data
            if data is None:
                raise PlanError(
                    "the first value of a variable is computed",
                    where=where,
                    expected="a constant",
                    found=layer.describe(),
                )
            values[_variable(layer, named, where)] = data
        else:
            raise PlanError(
                "what CALL_ONCE runs is more than assignments", where=where, expected="ASSIGN_VARIABLE", found=layer.op
            )
    return values


def _variable(layer: Layer, named: Mapping[int, str], where: str) -> str:
    try:
        return named[layer.inputs[0]]
    except (KeyError, IndexError):
        raise PlanError(
            "a variable has no handle", where=f"{where}, {layer.describe()}", expected="VAR_HANDLE before", found="none"
        ) from None


def _state(
    tensors: list[IrTensor], name: str, initial: Mapping[str, Array], like: IrTensor, layer: Layer, where: str
) -> int:
    """A new tensor for the variable; its type and shape are those of what is read or assigned."""
    values = initial.get(name)
    if values is None:
        raise PlanError(
            f"the variable {name!r} is used before it holds anything",
            where=f"{where}, {layer.describe()}",
            expected="a CALL_ONCE that assigns it",
            found="none",
        )
    if values.shape != like.shape or values.dtype.name != like.dtype:
        raise PlanError(
            f"the variable {name!r} changes its shape or type",
            where=f"{where}, {layer.describe()}",
            expected=f"{values.dtype.name}{list(values.shape)}",
            found=f"{like.dtype}{list(like.shape)}",
        )
    index = len(tensors)
    state = np.ascontiguousarray(values)
    tensors.append(replace(like, index=index, name=name or f"state {index}", data=None, variable=True, state=state))
    return index

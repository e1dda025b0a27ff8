"""From the values of a YAML file to the frozen schema that they are of, or to all that is wrong with them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from harness.errors import PlanError
from harness.plans import mistakes
from harness.plans.complaints import SET_BY_LOAD, Wrong
from harness.plans.names import listed
from harness.plans.yamltree import Tree

_Kind = TypeVar("_Kind", bound=BaseModel)


def checked(tree: Tree, kind: type[_Kind], values: dict[str, Any]) -> _Kind:
    """What ``values`` of a file say as a ``kind``. Raises ``PlanError`` for all that is wrong."""
    wrong = Wrong(tree, kind)
    for ours in SET_BY_LOAD & values.keys():
        wrong.unknown_key((ours,))
        del values[ours]
    try:
        found = kind.model_validate({key: tuples(value) for key, value in values.items()})
    except ValidationError as error:
        wrong.add(error)
        mistakes.raised(tree.file, wrong.told)
        raise
    mistakes.raised(tree.file, wrong.told)
    return found


def mapping(tree: Tree, what: str, known: Collection[str]) -> dict[str, Any]:
    """The keys of a file. ``PlanError`` for one that has none."""
    if isinstance(tree.value, dict):
        return dict(tree.value)
    raise PlanError(
        f"a {what} is a mapping of keys",
        where=f"{tree.file}:1",
        expected=f"keys {listed(known)}",
        found="an empty file" if tree.value is None else f"a {'list' if isinstance(tree.value, list) else 'word'}",
    )


def tuples(value: object) -> object:
    """Lists as tuples and whole numbers left alone: what the strict, frozen schema takes."""
    if isinstance(value, list):
        return tuple(tuples(item) for item in value)
    if isinstance(value, dict):
        return {key: tuples(item) for key, item in value.items()}
    return value

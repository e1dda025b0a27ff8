"""The only reader of plans. Everything wrong in a file becomes a ``PlanError`` that points at ``file:line:key``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from harness.errors import PlanError
from harness.paths import read_file
from harness.plans.gatetext import FORM
from harness.plans.modelspec import ModelSpec
from harness.plans.names import listed, suggestion
from harness.plans.schema import ArgmaxRule, DatasetSpec, Gate, Plan, Stream, ThresholdRule, Timeouts
from harness.plans.yamltree import Key, Tree, dotted, parse

_SET_BY_LOAD = frozenset({"origin", "places"})
SUFFIXES = (".yaml", ".yml")
# Which class speaks for which part of a plan: an unknown key is compared with that class's keys.
_PARTS: dict[str, tuple[type[BaseModel], ...]] = {
    "dataset": (DatasetSpec,),
    "decide": (ArgmaxRule, ThresholdRule),
    "gates": (Gate,),
    "models": (ModelSpec,),
    "timeouts": (Timeouts,),
    "stream": (Stream,),
}


def discover(folder: Path) -> list[Path]:
    """The plan files directly in ``folder``, sorted by name; none when there is no such folder."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES and path.is_file())


def load(path: Path) -> Plan:
    """Read and check one plan by itself; ``run.reading.read_plan`` also refuses what no run could decide.

    Raises ``PlanError`` (nothing ran) for a file that is missing, not UTF-8, not YAML, or says what a plan cannot say.
    """
    try:
        text = read_file(path).decode("utf-8")
    except FileNotFoundError:
        near = [p.name for p in discover(path.parent)]
        raise PlanError(
            "no such plan",
            where=str(path),
            expected=listed(near) if near else None,
            next_step=suggestion(path.name, near, "name a file that is there"),
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise PlanError(
            "the plan cannot be read", where=str(path), expected="a UTF-8 text file", found=error
        ) from error
    plan, tree = _parsed(text, str(path))
    places = {dotted(part): tree.where(part) for part in tree.lines if part}
    return plan.model_copy(update={"origin": path, "places": places})


def parse_plan(text: str, file: str) -> Plan:
    """The plan in ``text``; ``file`` only names it in errors. Raises ``PlanError``."""
    return _parsed(text, file)[0]


def _parsed(text: str, file: str) -> tuple[Plan, Tree]:
    tree = parse(text, file)
    if not isinstance(tree.value, dict):
        raise PlanError(
            "a plan is a mapping of keys",
            where=f"{file}:1",
            expected=f"keys {listed(_keys((), Plan))}",
            found="an empty file" if tree.value is None else f"a {type(tree.value).__name__}",
        )
    values = _normal(tree)
    try:
        return Plan.model_validate(values), tree
    except ValidationError as error:
        raise _first(error, tree) from None


def _normal(tree: Tree) -> dict[str, Any]:
    """The short forms made long: ``model: x``, ``boards: x``, a bare dataset name; lists made the tuples of the
    schema.
    """
    assert isinstance(tree.value, dict)
    values = dict(tree.value)
    for ours in _SET_BY_LOAD & values.keys():
        raise _unknown_key(tree, (ours,))
    for one, many in (("model", "models"), ("board", "boards")):
        if one in values:
            if many in values:
                raise PlanError(
                    f"both {one!r} and {many!r} are given", where=tree.where((one,)), next_step=f"keep {many!r} alone"
                )
            values[many] = values.pop(one)
            tree.lines.setdefault((many,), tree.lines[(one,)])
    for key in ("boards", "models", "tags"):
        if isinstance(values.get(key), str) or (key == "models" and isinstance(values.get(key), dict)):
            values[key] = [values[key]]
    if isinstance(values.get("dataset"), str):
        values["dataset"] = {"name": values["dataset"]}
    if isinstance(values.get("decide"), str):
        values["decide"] = {"rule": values["decide"]}
    return {key: _tuples(value) for key, value in values.items()}


def _tuples(value: object) -> object:
    """Lists as tuples and whole numbers left alone: what the strict, frozen schema takes."""
    if isinstance(value, list):
        return tuple(_tuples(item) for item in value)
    if isinstance(value, dict):
        return {key: _tuples(item) for key, item in value.items()}
    return value


def _first(error: ValidationError, tree: Tree) -> PlanError:
    """The first complaint in the order of the file: later ones often follow from it."""
    problems = [(_path(problem["loc"], tree), problem) for problem in error.errors(include_url=False)]
    path, problem = min(problems, key=lambda item: tree.lines.get(item[0], 0) or 1 << 30)
    if problem["type"] == "extra_forbidden":
        return _unknown_key(tree, path)
    if problem["type"] == "missing":
        return PlanError(
            f"the key {path[-1]!r} is missing",
            where=tree.where(path),
            expected=f"{dotted(path)}: ...",
            next_step=f"add {path[-1]!r}",
        )
    if problem["type"].startswith("union_tag"):
        path = (*path, "rule")
    expected: object = problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "value_error":
        ours = str(expected)
        return PlanError(ours, where=tree.where(path), found=_shown(problem["input"]), next_step=_hint(path))
    return PlanError(
        f"{dotted(path)} has a wrong value",
        where=tree.where(path),
        expected=expected,
        found=_shown(problem["input"]),
        next_step=_hint(path),
    )


def _hint(path: tuple[Key, ...]) -> str:
    return f"a gate is {FORM}" if path and path[0] == "gates" else "correct the value"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 120 else f"{text[:117]}..."


def _path(loc: tuple[Key, ...], tree: Tree) -> tuple[Key, ...]:
    """Pydantic's location without its own additions (the tags of unions), which are not in the file."""
    path: list[Key] = []
    for position, key in enumerate(loc):
        last = position == len(loc) - 1
        if (*path, key) in tree.lines or (last and key not in ("argmax", "threshold")):
            path.append(key)
    return tuple(path)


def _keys(path: tuple[Key, ...], top: type[BaseModel]) -> set[str]:
    models = _PARTS.get(str(path[0]), ()) if path else (top,)
    return {name for model in models for name in model.model_fields} - _SET_BY_LOAD | (
        {"gate"} if path[:1] == ("gates",) else set()
    )


def _unknown_key(tree: Tree, path: tuple[Key, ...]) -> PlanError:
    known = _keys(path[:-1], Plan)
    return PlanError(
        f"unknown key {str(path[-1])!r}",
        where=tree.where(path),
        expected=listed(known),
        found=path[-1],
        next_step=suggestion(str(path[-1]), known, "remove the key"),
    )

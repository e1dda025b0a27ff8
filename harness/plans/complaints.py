"""From the schema's complaints to mistakes that point at ``file:line:key``, and to what is right of a plan all the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from pydantic import BaseModel, ValidationError, create_model

from harness.errors import PlanError
from harness.plans import words
from harness.plans.gatetext import FORM
from harness.plans.names import listed, nearest, suggestion
from harness.plans.parts import Part
from harness.plans.schema import DatasetSpec, Plan, with_task
from harness.plans.yamltree import Key, Tree, dotted

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

Path = tuple[Key, ...]
SET_BY_LOAD = frozenset({"origin", "places"})


class Wrong:
    """What is wrong with one file: ``told`` to its author, at ``paths`` that later checks leave alone."""

    def __init__(self, tree: Tree, kind: type[BaseModel] = Plan) -> None:
        self._tree = tree
        self._kind = kind
        self.told: list[PlanError] = []
        self.paths: list[Path] = []

    def add(self, error: ValidationError) -> None:
        """Each complaint once. Those of the plan as a whole are for ``Plan.contradictions``; a key that is missing since it
        is misspelt is told as misspelt alone."""
        problems: dict[Path, list[ErrorDetails]] = {}
        for problem in error.errors(include_url=False):
            if problem["loc"]:
                problems.setdefault(self._path(problem), []).append(problem)
        misspelt = {
            (*path[:-1], nearest(str(path[-1]), keys(path[:-1], self._kind)))
            for path, (first, *_) in problems.items()
            if first["type"] == "extra_forbidden"
        }
        for path, found in problems.items():
            self.paths.append(path)
            if found[0]["type"] == "too_short" and any(other[: len(path)] == path != other for other in problems):
                continue  # too short without the items that are wrong
            if found[0]["type"] == "extra_forbidden":
                self.unknown_key(path)
            elif found[0]["type"] not in ("missing", "union_tag_not_found"):
                self.told.append(self._wrong_value(path, found))
            elif path not in misspelt:
                missing = f"the key {path[-1]!r} is missing"
                self.told.append(
                    PlanError(
                        missing,
                        where=self._tree.where(path),
                        expected=f"{dotted(path)}: {' or '.join(_words(path, self._kind)) or '...'}",
                        next_step=f"add {path[-1]!r}",
                    )
                )

    def unknown_key(self, path: Path) -> None:
        """A key that nothing of the file has."""
        known = keys(path[:-1], self._kind, _at(self._tree.value, path[:-1]))
        self.told.append(
            PlanError(
                f"unknown key {str(path[-1])!r}",
                where=self._tree.where(path),
                expected=listed(known),
                found=path[-1],
                next_step=suggestion(str(path[-1]), known, "remove the key"),
            )
        )

    def _wrong_value(self, path: Path, problems: Sequence[ErrorDetails]) -> PlanError:
        first = problems[0]
        where, found = self._tree.where(self._written(path)), words.shown(first["input"])
        hint = words.next_step(first, f"a gate is {FORM}" if path[0] == "gates" else "correct the value")
        if first["type"] == "value_error":
            found = f"keys {listed(map(str, first['input']))}" if isinstance(first["input"], dict) else found
            return PlanError(first["msg"].removeprefix("Value error, "), where=where, found=found, next_step=hint)
        wanted = " or ".join(dict.fromkeys(map(words.expected, problems)))
        return PlanError(
            f"{dotted(self._written(path))} has a wrong value",
            where=where,
            expected=wanted,
            found=words.shown(tag) if (tag := first.get("ctx", {}).get("tag")) else found,
            next_step=hint,
        )

    def _path(self, problem: ErrorDetails) -> Path:
        """Pydantic's location without its own additions (the tags of unions), which are not in the file."""
        path: list[Key] = []
        for key in problem["loc"]:
            if (*path, key) in self._tree.lines:
                path.append(key)
        last = problem["loc"][-1]
        if problem["type"] == "missing" or (isinstance(last, int) and path == list(problem["loc"][:-1])):
            path.append(last)
        if problem["type"].startswith("union_tag"):
            path.append(problem["ctx"]["discriminator"].strip("'"))
        return tuple(path)

    def _written(self, path: Path) -> Path:
        """A path as its author wrote it: ``model`` for the only one of ``models``."""
        one = str(path[0]).removesuffix("s")
        return (one, *path[2:]) if (one,) in self._tree.lines and path[0] in ("models", "boards") else path


def keys(path: Path, kind: type[BaseModel] = Plan, value: object = None) -> set[str]:
    """The keys of a part of a file of that kind; of the file itself for no path. An unknown key is compared with these.

    Where the part may be of several kinds, and ``value`` says which it is, those of that one.
    """
    parts = _parts(path, kind)
    chosen = [part for part in parts if _says(value, part)] if isinstance(value, dict) and len(parts) > 1 else []
    known = {name for model in chosen or parts for name in model.model_fields}
    return known - (set() if path else SET_BY_LOAD) | ({"gate"} if path[:1] == ("gates",) else set())


def _parts(path: Path, kind: type[BaseModel]) -> tuple[type[BaseModel], ...]:
    """The classes that a part of a file may be of."""
    found: tuple[type[BaseModel], ...] = (kind,)
    for key in path:
        if isinstance(key, str):
            inside = [part.model_fields[key].annotation for part in found if key in part.model_fields]
            found = tuple(model for annotation in inside for model in _models(annotation))
    return found


def _says(value: dict[str, object], part: type[BaseModel]) -> bool:
    """Whether the words of a mapping are those of a part: of its ``driver``, say."""
    words = {name: field for name, field in part.model_fields.items() if get_origin(field.annotation) is Literal}
    return bool(words) and all(value.get(name, it.default) in get_args(it.annotation) for name, it in words.items())


def _at(value: object, path: Path) -> object:
    """What stands there in a file; None for nothing."""
    for key in path:
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and isinstance(key, int) and key < len(value):
            value = value[key]
        else:
            return None
    return value


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)


def _words(path: Path, kind: type[BaseModel]) -> list[str]:
    """The words that a key takes, where it takes a few."""
    found = [part.model_fields[key] for part in _parts(path[:-1], kind) if (key := str(path[-1])) in part.model_fields]
    return [word for field in found if get_origin(field.annotation) is Literal for word in get_args(field.annotation)]


def salvaged(values: dict[str, Any], wrong: Sequence[Path]) -> Plan:
    """A plan of the parts that are right, for the checks that look at one part. ``model_fields_set`` says which they are;
    those that a plan must have and this one does not are empty."""
    right: dict[str, Any] = {}
    values = with_task(values)
    for key in Plan.model_fields.keys() & values.keys():
        inside = [path[1:] for path in wrong if path[0] == key]
        if () in inside:
            continue
        field = copy(Plan.model_fields[key])
        part = create_model("OnePart", __base__=Part, **{key: (field.annotation, field)})  # type: ignore[call-overload]  # by name
        try:
            right[key] = getattr(part.model_validate({key: _without(values[key], inside)}), key)
        except ValidationError:  # what is left of it is no longer one
            continue
    empty = {"name": "", "boards": (), "models": (), "dataset": DatasetSpec(name="none")}
    return Plan.model_construct(_fields_set=set(right), **(empty | right))


def _without(value: Any, paths: Sequence[Path]) -> Any:
    """A value without what is wrong in it: of a list whole items, of a mapping the key that is."""
    first = {path[0] for path in paths}
    if isinstance(value, tuple):
        return tuple(item for index, item in enumerate(value) if index not in first)
    if not isinstance(value, dict):
        return value
    deeper = {key: [path[1:] for path in paths if path[0] == key and len(path) > 1] for key in first}
    gone = {path[0] for path in paths if len(path) == 1}
    return {key: _without(item, deeper.get(key, [])) for key, item in value.items() if key not in gone}

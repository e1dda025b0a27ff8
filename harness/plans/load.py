"""The only reader of plans, releases and rack plans. Everything wrong in one becomes a ``PlanError`` that points at its line."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from harness.errors import PlanError
from harness.paths import read_file
from harness.plans import mistakes, racks
from harness.plans.checked import checked, mapping, tuples
from harness.plans.complaints import SET_BY_LOAD, Wrong, keys, salvaged
from harness.plans.continuous import MajorityRule
from harness.plans.names import listed, suggestion
from harness.plans.parts import Part
from harness.plans.racks import RackPlan
from harness.plans.releases import Release
from harness.plans.schema import ArgmaxRule, Plan
from harness.plans.yamltree import Key, Tree, dotted, parse

SUFFIXES = (".yaml", ".yml")
_LISTS = ("gates", "models")  # whose items later checks point at by their place


def discover(folder: Path) -> list[Path]:
    """The plan files directly in ``folder``, sorted by name; none when there is no such folder."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES and path.is_file())


def load(path: Path) -> Plan:
    """Read and check one plan by itself; ``run.reading.read_plan`` also refuses what no run could decide.

    Raises ``PlanError`` (nothing ran) for a file that is missing, not UTF-8, not YAML, or says what a plan cannot say;
    ``PlanMistakes`` for several such things.
    """
    plan, wrong = reading(path)
    mistakes.raised(str(path), wrong)
    return plan


def reading(path: Path) -> tuple[Plan, list[PlanError]]:
    """A plan with what is wrong with it. Where something is, the plan holds only what is right (``model_fields_set``).

    Raises ``PlanError`` where there is nothing to go on with: no file, no text, no YAML, no keys.
    """
    plan, wrong, tree = _parsed(_text(path, "plan"), str(path))
    dropped = {key: {part[1] for part in wrong.paths if len(part) > 1 and part[0] == key} for key in _LISTS}
    places = {dotted(part): tree.where(was) for was in tree.lines if was and (part := _moved(was, dropped))}
    return plan.model_copy(update={"origin": path, "places": places}), wrong.told


def load_release(path: Path) -> Release:
    """Read and check one release file; the plans it names are not looked at. Raises ``PlanError`` and ``PlanMistakes``."""
    release = parse_release(_text(path, "release"), str(path))
    return release.model_copy(update={"origin": path})


def parse_release(text: str, file: str) -> Release:
    """The release in ``text``; ``file`` only names it in errors. Raises ``PlanError``."""
    tree = parse(text, file, "release")
    values = mapping(tree, "release", keys((), Release))
    if isinstance(values.get("plans"), list):
        values["plans"] = [_listing(item, ("boards", "models")) for item in values["plans"]]
    return checked(tree, Release, values)


def load_rack_plan(path: Path) -> RackPlan:
    """Read and check one rack plan; the plans it names are not looked at. Raises ``PlanError`` and ``PlanMistakes``."""
    rack = parse_rack_plan(_text(path, "rack plan"), str(path))
    return rack.model_copy(update={"origin": path})


def parse_rack_plan(text: str, file: str) -> RackPlan:
    """The rack plan in ``text``; ``file`` only names it in errors. Raises ``PlanError``."""
    tree = parse(text, file, "rack plan")
    values = mapping(tree, "rack plan", keys((), RackPlan))
    if isinstance(values.get("run"), str):
        values["run"] = [values["run"]]
    if isinstance(values.get("run"), list):
        named = [{"plans": item} if isinstance(item, str) else item for item in values["run"]]
        values["run"] = [_listing(item, racks.LISTS) for item in named]
    return checked(tree, RackPlan, values)


def is_rack_plan(path: Path) -> bool:
    """Whether a file means to be a rack plan and no plan: it lies in a folder ``racks``, or says what to ``run``."""
    if path.absolute().parent.name == "racks":
        return True
    try:
        tree = parse(_text(path, "plan"), str(path))
    except PlanError:
        return False
    return isinstance(tree.value, dict) and "run" in tree.value and "dataset" not in tree.value


def parse_plan(text: str, file: str) -> Plan:
    """The plan in ``text``; ``file`` only names it in errors. Raises ``PlanError``."""
    plan, wrong, _ = _parsed(text, file)
    mistakes.raised(file, wrong.told)
    return plan


def _parsed(text: str, file: str) -> tuple[Plan, Wrong, Tree]:
    tree = parse(text, file)
    wrong = Wrong(tree)
    values = _normal(tree, wrong)
    try:
        plan = Plan.model_validate(values)
    except ValidationError as error:
        wrong.add(error)
        plan = salvaged(values, wrong.paths)
        for path, beside, what in plan.contradictions():
            if not {path[0], beside} & {part[0] for part in wrong.paths if part}:
                wrong.told.append(PlanError(what, where=tree.where(path), next_step="correct one of the two"))
    return plan, wrong, tree


def _text(path: Path, what: str) -> str:
    """The text of a file that should be a ``what``. ``PlanError`` when it cannot be read."""
    try:
        return read_file(path).decode("utf-8")
    except FileNotFoundError:
        near = [p.name for p in discover(path.parent)]
        raise PlanError(
            f"no such {what}",
            where=str(path),
            expected=listed(near) if near else None,
            next_step=suggestion(path.name, near, "name a file that is there"),
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise PlanError(
            f"the {what} cannot be read", where=str(path), expected="a UTF-8 text file", found=error
        ) from error


def _listing(values: Any, names: Collection[str]) -> Any:
    """A mapping with one word made the list that it stands for; whatever is none is left as it is."""
    if not isinstance(values, dict):
        return values
    return values | {key: [values[key]] for key in names if isinstance(values.get(key), str)}


def _moved(path: tuple[Key, ...], dropped: Mapping[str, Collection[Key]]) -> tuple[Key, ...]:
    """Where a part of the file is in a plan without the items that were ``dropped``; empty for those."""
    gone = dropped.get(str(path[0]), ())
    if len(path) < 2 or not gone:
        return path
    before = sum(isinstance(index, int) and isinstance(path[1], int) and index < path[1] for index in gone)
    return () if path[1] in gone else (path[0], path[1] - before if isinstance(path[1], int) else path[1], *path[2:])


def _normal(tree: Tree, wrong: Wrong) -> dict[str, Any]:
    """The short forms made long: ``model: x``, ``boards: x``, a bare dataset name; lists made the tuples of the
    schema.
    """
    values = mapping(tree, "plan", keys(()))
    for ours in SET_BY_LOAD & values.keys():
        wrong.unknown_key((ours,))
        del values[ours]
    for one, many in (("model", "models"), ("board", "boards")):
        if one in values:
            single = values.pop(one)
            if many in values:
                both = f"both {one!r} and {many!r} are given"
                wrong.told.append(PlanError(both, where=tree.where((one,)), next_step=f"keep {many!r} alone"))
                continue
            values[many] = single
            tree.lines.setdefault((many,), tree.lines[(one,)])
    values = _listing(values, ("boards", "models", "tags", "requires"))
    if isinstance(values.get("models"), dict):
        values["models"] = [values["models"]]
    for part, key in (("dataset", "name"), ("decide", "rule"), ("task", "name"), ("state", "reset")):
        if isinstance(values.get(part), str):
            values[part] = {key: values[part]}
    values = _named(values, "decide", "rule", ArgmaxRule)
    if isinstance(played := values.get("continuous"), dict):
        short = {"rule": {"name": played["rule"]}} if isinstance(played.get("rule"), str) else {}
        values["continuous"] = _named(played | short, "rule", "name", MajorityRule)
    return {key: tuples(value) for key, value in values.items()}


def _named(values: dict[str, Any], part: str, key: str, usual: type[Part]) -> dict[str, Any]:
    """With the word that tells which of several kinds a part is, where it is left out and nothing says another than the usual."""
    said = values.get(part)
    if isinstance(said, dict) and key not in said and said.keys() <= usual.model_fields.keys():
        return values | {part: said | {key: usual.model_fields[key].default}}
    return values

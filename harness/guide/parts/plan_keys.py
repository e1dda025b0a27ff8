"""Every key of a plan, a bench file, a release file or a rack plan, from their schemas."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from pydantic import BaseModel

from harness.guide.parts._words import code
from harness.plans.bench import Bench
from harness.plans.racks import RackPlan
from harness.plans.releases import Release
from harness.plans.schema import Plan, number

_KINDS: dict[str, type[BaseModel]] = {"plan": Plan, "bench": Bench, "release": Release, "rack": RackPlan}
_SET_BY_LOAD = ("origin", "places")
_LIKE_ANOTHER = ("hub",)  # its mappings are ``power``'s
_BOUNDS = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}


def made(*words: str) -> str:
    """``plan``, ``bench``, ``release`` or ``rack``: a section for each mapping, a line for each key."""
    kind = _KINDS[words[0]]
    schema = kind.model_json_schema()
    kinds: dict[str, Any] = schema.get("$defs", {})
    lines: list[str] = []
    for title, part in _mappings("", schema, kinds):
        lines += [f"**{title}**", ""] if title else []
        needed = part.get("required", ())
        for key, value in part["properties"].items():
            if title or key not in _SET_BY_LOAD:
                lines.append(
                    f"- {code(key)} ({_kind(value, kinds)}; {_default(key, value, needed)}): {value['description']}"
                )
        lines.append("")
    return "\n".join(lines).rstrip("\n")


def _mappings(path: str, part: dict[str, Any], kinds: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield path, part
    for key, value in part["properties"].items():
        inner = value.get("items", value)
        for choice in _choices(inner):
            if "$ref" in choice:
                found = _resolved(choice, kinds)
                which = [
                    f" with {word} {found['properties'][word]['const']}"
                    for word in ("rule", "driver")
                    if "const" in found["properties"].get(word, {})
                ]
                below = f"{path}.{key}".lstrip(".") + ("[]" if "items" in value else "") + "".join(which)
                if key not in _LIKE_ANOTHER:
                    yield from _mappings(below, found, kinds)


def _choices(value: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What it may be; a choice may be one between several."""
    several = value.get("oneOf") or value.get("anyOf")
    if not several:
        yield value
    for choice in several or ():
        yield from _choices(choice)


def _resolved(value: dict[str, Any], kinds: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = kinds[value["$ref"].rpartition("/")[2]]
    return found


def _kind(value: dict[str, Any], kinds: dict[str, Any]) -> str:
    if "anyOf" in value:
        found = [_kind(choice, kinds) for choice in value["anyOf"] if choice.get("type") != "null"]
        return " or ".join(dict.fromkeys(found))
    if "$ref" in value or "oneOf" in value:
        return "mapping"
    if "const" in value:
        return code(value["const"])
    if "enum" in value:
        return "one of " + ", ".join(map(code, value["enum"]))
    if value["type"] == "array":
        return f"list of {_kind(value['items'], kinds)}s"
    bounds = " and ".join(f"{sign} {number(value[key])}" for key, sign in _BOUNDS.items() if key in value)
    kind = {"object": "mapping", "string": "text", "boolean": "true or false", "integer": "whole number"}.get(
        value["type"], value["type"]
    )
    return f"{kind} {bounds}".strip()


def _default(key: str, value: dict[str, Any], needed: Collection[str]) -> str:
    if key in needed:
        return "needed"
    default = value.get("default")
    return "may be left out" if default in (None, "", [], {}) else f"{code(default)} if left out"

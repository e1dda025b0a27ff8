"""The JSON schema of a plan, for editors: what ``load`` takes, its short forms included.

It is wider than ``load``, which also knows what belongs together; it is never narrower.
"""

from __future__ import annotations

from typing import Any

from harness.plans.gatetext import FORM, PATTERN
from harness.plans.schema import Plan

Schema = dict[str, Any]

_SET_BY_LOAD = ("origin", "places")
_PLURALS = {"board": "boards", "model": "models"}


def json_schema() -> Schema:
    """JSON Schema, draft 2020-12."""
    schema = Plan.model_json_schema()
    parts, kinds = schema["properties"], schema["$defs"]
    for key in _SET_BY_LOAD:
        del parts[key]
    kinds["ModelSpec"]["required"] = []
    kinds["ModelSpec"]["anyOf"] = [{"required": ["name"]}, {"required": ["file"]}]
    parts["models"]["items"] = _or({"type": "string", "minLength": 1}, parts["models"]["items"])
    for key in (*_PLURALS.values(), "tags", "requires"):
        parts[key] = _or(parts[key]["items"], parts[key])
    for one, many in _PLURALS.items():
        parts[one] = parts[many]
    schema["required"] = [key for key in schema["required"] if key not in _PLURALS.values()]
    schema["allOf"] = [{"oneOf": [{"required": [one]}, {"required": [many]}]} for one, many in _PLURALS.items()]
    parts["dataset"] = _or(kinds["DatasetSpec"]["properties"]["name"], parts["dataset"])
    parts["task"] = _or(kinds["TaskSpec"]["properties"]["name"], parts["task"])
    parts["state"] = _or(kinds["StateSpec"]["properties"]["reset"], parts["state"])
    parts["decide"] = _short(parts["decide"], "argmax")
    parts["baseline"]["anyOf"].insert(0, {"type": "string", "minLength": 1})
    kinds["BaselineSpec"]["oneOf"] = [{"required": [key]} for key in kinds["BaselineSpec"]["properties"]]
    rule = kinds["Continuous"]["properties"]
    rule["rule"] = _short(rule["rule"], "majority", "average", "sliding")
    text: Schema = {"type": "string", "pattern": f"^{PATTERN}$", "description": f"The gate: {FORM}."}
    gate = kinds["Gate"]
    beside = {key: value for key, value in gate["properties"].items() if key not in ("metric", "op", "limit")}
    kinds["GateWithText"] = {
        "type": "object",
        "description": "A gate as text, with what is said beside it.",
        "properties": {"gate": text} | beside,
        "required": ["gate"],
        "additionalProperties": False,
    }
    parts["gates"]["items"] = _or(text, parts["gates"]["items"], {"$ref": "#/$defs/GateWithText"})
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A plan of hil"} | schema


def _short(kinds: Schema, *words: str) -> Schema:
    """One of several kinds, those that need nothing but their word by that alone."""
    return _or({"enum": list(words)}, *kinds["oneOf"]) | {"description": kinds["description"]}


def _or(*forms: Schema) -> Schema:
    """Any of them. What the last one is for, editors show for all."""
    text = {"description": forms[-1]["description"]} if "description" in forms[-1] else {}
    return {"anyOf": list(forms)} | text

"""What the forms of datasets are and take, from their code: for ``hil data forms`` and the guide."""

from __future__ import annotations

import inspect
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from harness.data import datasets

_WORDS: dict[object, str] = {str: "text", int: "whole number", float: "number", bool: "true or false"}


@dataclass(frozen=True)
class OptionFacts:
    """An option of a form. ``default`` as a plan would say it; "" for none, and for an option that must be given."""

    name: str
    type: str
    default: str
    required: bool
    meaning: str


@dataclass(frozen=True)
class FormFacts:
    """A form: what it is in a sentence, what else is to be known, its options, an excerpt of a plan."""

    name: str
    meaning: str
    more: str
    options: tuple[OptionFacts, ...]
    example: str

    def as_json(self) -> dict[str, Any]:
        """The same in plain values."""
        return asdict(self)


def described(name: str) -> FormFacts:
    """A form. ``PlanError`` listing the known ones when there is none of that name."""
    module = datasets.form(name)
    meaning, _, more = (inspect.getdoc(module) or "").replace("``", "`").partition("\n\n")
    options = [_option(option, field) for option, field in datasets.options_of(name).items()]
    # The required ones first: with them a plan begins.
    options.sort(key=lambda option: not option.required)
    return FormFacts(name, " ".join(meaning.split()), " ".join(more.split()), tuple(options), module.EXAMPLE)


def _option(name: str, field: FieldInfo) -> OptionFacts:
    required = field.is_required()
    value = None if required else field.default
    default = "" if value in (None, "", (), {}) else f"{value:g}" if isinstance(value, float) else str(value)
    return OptionFacts(name, _words(field.annotation), default, required, field.description or "")


def _words(annotation: object) -> str:
    """A type as people say it."""
    parts = get_args(annotation)
    if annotation in _WORDS:
        return _WORDS[annotation]
    if get_origin(annotation) is Literal:
        return " | ".join(map(str, parts))
    if get_origin(annotation) is dict:
        return "mapping of names, as {a: b}"
    if get_origin(annotation) is tuple:
        return "shape, as 8x8x1" if parts[0] is int else f"list of {_words(parts[0])}"
    return " or ".join(_words(part) for part in parts if part is not type(None))


def with_options(schema: dict[str, Any]) -> dict[str, Any]:
    """The JSON schema of a plan that also knows each form's options, for an editor: names, meanings, and the words they take."""
    rules = [_rule(described(name)) for name in datasets.names()]
    return schema | {"allOf": [*schema.get("allOf", ()), *rules]}


def _rule(form: FormFacts) -> dict[str, Any]:
    """What ``dataset.options`` may be where ``dataset.name`` is that form. Values are left to ``check``, which takes more than one
    way of writing a shape or a list."""
    known: dict[str, Any] = {option.name: _key(option) for option in form.options}
    options: dict[str, Any] = {"properties": known, "additionalProperties": False}
    dataset: dict[str, Any] = {"properties": {"options": options}}
    if required := [option.name for option in form.options if option.required]:
        options["required"] = required
        dataset["required"] = ["options"]
    named = {"type": "object", "properties": {"name": {"const": form.name}}, "required": ["name"]}
    return {
        "if": {"properties": {"dataset": named}, "required": ["dataset"]},
        "then": {"properties": {"dataset": dataset}},
    }


def _key(option: OptionFacts) -> dict[str, Any]:
    words = option.type.split(" | ")
    return {"description": option.meaning} | ({"enum": words} if len(words) > 1 else {})

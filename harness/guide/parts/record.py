"""Every field of ``record.json`` and of ``samples.npz``, from the types that are written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import is_dataclass
from typing import Literal, get_args, get_origin

from harness import records
from harness.guide.parts._fields import Field, fields
from harness.guide.parts._words import code, plain

_LIST = re.compile(r"tuple\[(.+), \.\.\.\]")
_ARRAY = re.compile(r"npt\.NDArray\[np\.(\w+)\]")
_PLAIN = {
    "str": "text",
    "int": "whole number",
    "float": "number",
    "bool": "true or false",
    "datetime": "time",
    "Backend": "text",
}


def made(*words: str) -> str:
    """``record``, with a section for each of its parts, or ``samples``."""
    return "\n".join(_samples() if words == ("samples",) else _record()).rstrip("\n")


def _samples() -> Iterator[str]:
    for field in fields(records.Samples):
        match = _ARRAY.search(field.annotation)
        assert match is not None
        dtype = {"str_": "text", "generic": "the model's dtype", "bool_": "bool"}.get(match[1], match[1])
        may = "; may be absent" if field.default else ""
        yield f"- {code(field.name)} ({dtype}{may}): {_text(field)}"


def _record() -> Iterator[str]:
    waiting: list[type] = [records.Record]
    done: set[type] = set()
    while waiting:
        kind = waiting.pop(0)
        if kind in done:
            continue
        done.add(kind)
        if kind is not records.Record:
            yield f"**{kind.__name__}**: {plain(kind.__doc__)}".replace("None", "null")
            yield ""
        for field in fields(kind):
            if field.name == "model_config":
                continue
            name = "schema" if field.name == "schema_" else field.name
            shown, inner = _kind(field.annotation)
            yield f"- {code(name)} ({shown}): {_text(field)}"
            if inner is not None:
                waiting.append(inner)
        yield ""


def _text(field: Field) -> str:
    text = field.text.replace("None", "null")
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")


def _kind(annotation: str) -> tuple[str, type | None]:
    """In words, and the part of the record that it is of."""
    nullable = annotation.endswith(" | None")
    bare = annotation.removesuffix(" | None")
    end = " or null" if nullable else ""
    if match := _LIST.fullmatch(bare):
        shown, inner = _kind(match[1])
        return f"list of {shown}{end}", inner
    found = getattr(records, bare, None)
    if isinstance(found, type) and (issubclass(found, records._Frozen) or is_dataclass(found)):
        return f"{bare}{end}", found
    if bare == "Verdict":
        return "one of " + ", ".join(code(v.value) for v in records.Verdict), None
    if get_origin(found) is Literal:
        return "one of " + ", ".join(map(code, get_args(found))) + end, None
    if match := re.fullmatch(r"Literal\['(\w+)'\]", bare):
        return f"{code(match[1])}{end}", None
    return f"{_PLAIN[bare]}{end}", None

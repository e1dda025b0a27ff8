"""Every field of the files that hil writes (``record.json``, ``samples.npz``, ``compare.json`` ...), from their types."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import is_dataclass
from enum import StrEnum
from typing import Literal, get_args, get_origin

from pydantic import BaseModel

from harness.evidence import nightrecord, runrecord
from harness.evidence.comparison import Compared
from harness.guide.parts._fields import Field, fields
from harness.guide.parts._words import code, plain
from harness.records import Beside, Record, Samples
from harness.verdict.release import ReleaseFacts

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


_ROOTS: dict[str, type] = {
    "record": Record,
    "run": runrecord.RunRecord,
    "night": nightrecord.NightRecord,
    "release": ReleaseFacts,
    "compared": Compared,
}


def made(*words: str) -> str:
    """A root of ``_ROOTS`` by its name, with a section for each of its parts; or ``samples``."""
    if words == ("samples",):
        return "\n".join(_samples())
    return "\n".join(_parts(_ROOTS[words[0]])).rstrip("\n")


def _samples() -> Iterator[str]:
    for field in fields(Samples):
        match = _ARRAY.search(field.annotation)
        if match is None:  # of the other outputs there are as many as the model has
            for side in fields(Beside):
                yield f"- {code(f'{side.name}.NAME')} (the output's dtype; may be absent): {_text(side)}"
            continue
        dtype = {"str_": "text", "generic": "the model's dtype", "bool_": "bool"}.get(match[1], match[1])
        may = "; may be absent" if field.default else ""
        yield f"- {code(field.name)} ({dtype}{may}): {_text(field)}"


def _parts(root: type) -> Iterator[str]:
    waiting, done = [root], set()
    while waiting:
        kind = waiting.pop(0)
        if kind in done:
            continue
        done.add(kind)
        if kind is not root:
            yield f"**{kind.__name__}**: {plain(kind.__doc__)}".replace("None", "null")
            yield ""
        for field in fields(kind):
            if field.name == "model_config":
                continue
            name = "schema" if field.name == "schema_" else field.name
            shown, inner = _kind(field.annotation, kind.__module__)
            yield f"- {code(name)} ({shown}): {_text(field)}"
            if inner is not None:
                waiting.append(inner)
        yield ""


def _text(field: Field) -> str:
    text = field.text.replace("None", "null")
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")


def _kind(annotation: str, module: str) -> tuple[str, type | None]:
    """In words, and the part of the record that it is of."""
    end = " or null" if annotation.endswith(" | None") else ""
    bare = annotation.removesuffix(" | None")
    if match := _LIST.fullmatch(bare):
        shown, inner = _kind(match[1], module)
        return f"list of {shown}{end}", inner
    found = getattr(sys.modules[module], bare, None)
    if isinstance(found, type) and issubclass(found, StrEnum):
        return _one_of(tuple(member.value for member in found)) + end, None
    if isinstance(found, type) and (issubclass(found, BaseModel) or is_dataclass(found)):
        return f"{bare}{end}", found
    if get_origin(found) is Literal:
        return _one_of(get_args(found)) + end, None
    if bare.startswith("Literal["):
        values = ast.literal_eval(bare.removeprefix("Literal"))
        return _one_of(tuple(values)) + end, None
    return f"{_PLAIN[bare]}{end}", None


def _one_of(values: tuple[object, ...]) -> str:
    return code(values[0]) if len(values) == 1 else "one of " + ", ".join(map(code, values))

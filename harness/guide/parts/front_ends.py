"""The front ends: what each computes, stage by stage, and its options."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from typing import Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from harness.data import features
from harness.guide.parts._words import code


def made() -> str:
    """A section for each."""
    return "\n".join(line for name in features.names() for line in _front_end(name)).rstrip()


def _front_end(name: str) -> Iterator[str]:
    module = importlib.import_module(f"harness.data.features.{name}")
    front_end = features.load(name)
    shape = " x ".join(map(str, front_end.input_shape))
    yield from (f"### {name}", "", *(inspect.getdoc(module) or "").replace("``", "`").splitlines(), "")
    yield from (f"A network reads {shape}.", "")
    yield from (_option(option, field) for option, field in module.Options.model_fields.items())
    yield ""


def _option(name: str, field: FieldInfo) -> str:
    words = (
        " | ".join(map(str, get_args(field.annotation))) if get_origin(field.annotation) is Literal else "whole number"
    )
    return f"- {code(name)} ({words}; {code(str(field.default))} if left out): {field.description}"

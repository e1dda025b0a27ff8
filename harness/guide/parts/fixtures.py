"""The fixtures and markers of the plug-in, from its own words."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from functools import cached_property

from harness.guide.parts._words import code, plain, whole
from harness.plugin import MARKERS, fixtures
from harness.run import dut

#: What the plug-in alone calls.
_OURS = ("close",)


def made(*words: str) -> str:
    """``fixtures``, ``markers``, or what an object of ours offers: ``Run``, ``Dut``."""
    kind = words[0]
    if kind == "fixtures":
        return "\n".join(f"- {code(name)}: {plain(doc)}" for name, doc in _fixtures())
    if kind == "markers":
        return "\n".join(f"- {code('@pytest.mark.' + usage)}: {text}" for usage, text in MARKERS.items())
    return "\n".join(f"- {code(usage)}: {whole(doc)}" for usage, doc in _members(getattr(dut, kind)))


def _fixtures() -> Iterator[tuple[str, str]]:
    # pytest wraps them in a class of its own, which keeps the function and its docstring.
    for name, value in vars(fixtures).items():
        if type(value).__name__ == "FixtureFunctionDefinition":
            yield name, inspect.getdoc(value) or ""


def _members(kind: type) -> Iterator[tuple[str, str]]:
    for name, value in vars(kind).items():
        if name.startswith("_") or name in _OURS:
            continue
        if isinstance(value, property | cached_property):
            yield name, inspect.getdoc(value) or ""
        elif inspect.isfunction(value):
            yield f"{name}({', '.join(_parameters(value))})", inspect.getdoc(value) or ""


def _parameters(function: Callable[..., object]) -> Iterator[str]:
    named = False
    for parameter in inspect.signature(function).parameters.values():
        if parameter.name == "self":
            continue
        if parameter.kind is parameter.KEYWORD_ONLY and not named:
            named = True
            yield "*"
        yield parameter.name if parameter.default is parameter.empty else f"{parameter.name}={parameter.default!r}"

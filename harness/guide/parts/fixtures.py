"""The fixtures and markers of the plug-in, from its own words."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from harness.guide.parts._words import code, plain
from harness.plugin import MARKERS, fixtures
from harness.run import dut


def made(*words: str) -> str:
    """``fixtures``, ``markers``, or what an object of ours offers: ``Run``, ``Dut``."""
    kind = words[0]
    if kind == "fixtures":
        return "\n".join(f"- {code(name)}: {plain(doc)}" for name, doc in _fixtures())
    if kind == "markers":
        return "\n".join(f"- {code('@pytest.mark.' + usage)}: {text}" for usage, text in MARKERS.items())
    return "\n".join(f"- {code(usage)}: {plain(doc)}" for usage, doc in _members(getattr(dut, kind)))


def _fixtures() -> Iterator[tuple[str, str]]:
    # pytest wraps them in a class of its own, which keeps the function and its docstring.
    for name, value in vars(fixtures).items():
        if type(value).__name__ == "FixtureFunctionDefinition":
            yield name, inspect.getdoc(value) or ""


def _members(kind: type) -> Iterator[tuple[str, str]]:
    for name, comment in _attributes(kind):
        yield name, comment
    for name, value in vars(kind).items():
        if name.startswith("_"):
            continue
        if isinstance(value, property):
            yield name, inspect.getdoc(value) or ""
        elif inspect.isfunction(value):
            parameters = [p for p in inspect.signature(value).parameters.values() if p.name != "self"]
            shown = [p.name if p.default is p.empty else f"{p.name}={p.default!r}" for p in parameters]
            yield f"{name}({', '.join(shown)})", inspect.getdoc(value) or ""


def _attributes(kind: type) -> Iterator[tuple[str, str]]:
    from harness.guide.parts._fields import fields

    if hasattr(kind, "__dataclass_fields__"):
        for field in fields(kind):
            yield field.name, field.text

"""Which tests concern us: those that use *our* fixtures. A project may have fixtures and arguments of the same names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pytest

_MODULE = "harness.plugin.fixtures"


def uses(item: pytest.Item, name: str) -> bool:
    """Whether the test reaches our fixture ``name``, by itself or through fixtures of its own."""
    info = getattr(item, "_fixtureinfo", None)
    return info is not None and _reached(name, info.name2fixturedefs) and name not in _given(item)


def judged(item: pytest.Item) -> bool:
    """Whether the errors of a test are ours to judge: it has our ``dut``, or one of its own on a board of our marker."""
    own = "dut" in getattr(item, "fixturenames", ()) and item.get_closest_marker("board") is not None
    return own or uses(item, "dut")


def to_parametrize(metafunc: pytest.Metafunc) -> bool:
    """Whether the test uses our ``board`` and has not said by itself which one."""
    # pytest has no public way to ask which of the fixtures of one name a test gets.
    found = metafunc.definition._fixtureinfo.name2fixturedefs
    return _reached("board", found) and "board" not in _given(metafunc.definition)


def _reached(name: str, found: Mapping[str, Sequence[pytest.FixtureDef[Any]]]) -> bool:
    """From the nearest fixture of that name outwards, as long as each asks for the one that it hides."""
    for fixture in reversed(found.get(name, ())):
        if fixture.func.__module__ == _MODULE:
            return True
        if name not in fixture.argnames:
            return False
    return False


def _given(item: pytest.Item) -> set[str]:
    """The arguments that the test's own ``parametrize`` marks give."""
    names: set[str] = set()
    for mark in item.iter_markers("parametrize"):
        argnames: str | Iterable[str] = mark.args[0] if mark.args else mark.kwargs.get("argnames", ())
        parts = argnames.split(",") if isinstance(argnames, str) else argnames
        names.update(part.strip() for part in parts)
    return names

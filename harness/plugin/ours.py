"""Which tests and files concern us: those that use *our* fixtures, and plans. A project may have the same names.

Imports nothing of the harness: this is asked in every run of pytest where we are installed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

RECORD = "hil_record"  # the user property under which a record travels, as JSON
SKIPPED = "hil_skipped"  # the one that says why a case could not run
UNIT = "hil_unit"  # the one that says what became of the unit behind a case
_MODULE = "harness.plugin.fixtures"
_NAMES = ("board", "dut", "dataset", "reference")


def step_back(session: pytest.Session) -> None:
    """A fixture of one of our names that another plug-in has is what its tests get, whichever plug-in was loaded first.

    pytest-embedded has a ``dut`` too, and to pytest the plug-in that came last wins: installing us must not take its
    users' tests away. In such a project ours is had by ``from harness.plugin.fixtures import dut``.
    """
    manager = session._fixturemanager
    # pytest has no public way to order them. Until 9.0 a list from the outermost on, since then one the other way round.
    before: Mapping[str, list[Any]] = getattr(manager, "_arg2fixturedefs", {})
    since: Mapping[str, Mapping[pytest.Session, list[Any]]] = getattr(manager, "_arg2node2fixturedefs", {})
    for name in _NAMES:
        _make_outermost(before.get(name, []), 1)
        _make_outermost(since.get(name, {}).get(session, []), -1)


def _make_outermost(found: list[Any], step: int) -> None:
    """The plug-in's own, not one that a conftest.py has imported to get it all the same: those come further inwards."""
    own = next((each for each in found[::step] if each.func.__module__ == _MODULE), None)
    if own is not None:
        found.remove(own)
        found.insert(0 if step == 1 else len(found), own)


def is_plan(path: Path) -> bool:
    """Whether a file of that name may be a plan: bench files and rack plans are in folders of their own."""
    return path.suffix in (".yaml", ".yml") and "benches" not in path.parts and path.parent.name != "racks"


def reported(reports: Iterable[object]) -> bool:
    """Whether any of the reports is of a case, or of a test with ``dut``."""
    properties = (key for report in reports for key, _ in getattr(report, "user_properties", ()))
    return any(key in (RECORD, SKIPPED) for key in properties)


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

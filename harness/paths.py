"""Where the project's data lies: beside ``harness/`` in a checkout, inside the package in an installed wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def shipped(name: str) -> Path:
    """The folder ``firmware``, ``fixtures`` or ``testplans`` that belongs to this installation."""
    beside = _PACKAGE.parent / name
    return beside if beside.is_dir() else _PACKAGE / "_shipped" / name

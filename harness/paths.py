"""Where the project's data lies (beside ``harness/`` in a checkout, in the package of a wheel), and reading a user's files."""

from __future__ import annotations

from pathlib import Path

from harness.disk.files import content as read_file

_PACKAGE = Path(__file__).resolve().parent


def shipped(name: str) -> Path:
    """The folder ``firmware``, ``fixtures`` or ``testplans`` that belongs to this installation."""
    beside = _PACKAGE.parent / name
    return beside if beside.is_dir() else _PACKAGE / "_shipped" / name


__all__ = ["read_file", "shipped"]

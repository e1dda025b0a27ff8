"""A worker of xdist whose pytest is gone: it ends at once and gives its unit back, instead of streaming for nobody."""

from __future__ import annotations

import os

import pytest

from harness.run import orphan


def watch(config: pytest.Config) -> None:
    """Begin to look, in an xdist worker; nothing elsewhere, where there is no parent that matters. May be called again."""
    if hasattr(config, "workerinput"):
        orphan.watch(os.getppid())

"""The operators of the engine, with TFLM's beside them."""

from __future__ import annotations

from harness.models.codegen.operators import catalogue


def made() -> str:
    """A table."""
    return catalogue.table().strip()

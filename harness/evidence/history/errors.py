"""What can be wrong with the store itself. Nothing of it is ever the product's fault."""

from __future__ import annotations

from harness.errors import BenchError


class StoreError(BenchError):
    """The history cannot be read or written: locked, full, gone, damaged, or of a newer hil. What it held, it holds."""

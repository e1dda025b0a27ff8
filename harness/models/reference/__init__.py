"""What computes the expected outputs on the host. One file per reference, found by its name."""

from harness.models.reference.base import Reference, load, names

__all__ = ["Reference", "load", "names"]

"""What computes the expected outputs on the host. One file per reference, found by its name.

Such a file has ``reference() -> Reference`` (``base``). LiteRT's reference kernels are the oracle; ``twin`` is the board's own
C on this host, which shares the board's mistakes.
"""

from harness.models.reference.base import Reference, apart, load, names

__all__ = ["Reference", "apart", "load", "names"]

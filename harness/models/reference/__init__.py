"""What computes the expected outputs on the host. One file per reference, found by its name.

Such a file has ``reference() -> Reference`` (``base``). LiteRT's reference kernels are the oracle; ``twin`` is the board's own
C on this host, which shares the board's mistakes. ``keras`` and ``onnx`` run what a .tflite was made from.
"""

from harness.models.reference.base import ExtraMissing, Reference, apart, load, names, of_file

__all__ = ["ExtraMissing", "Reference", "apart", "load", "names", "of_file"]

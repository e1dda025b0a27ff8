"""From the files that people train to the one that everything downstream reads: a .tflite with static shapes, batch 1.

A front end is one file with ``convert(path) -> bytes`` and its suffix in ``convert``. What it makes goes through the same checks
as any .tflite. ONNX: ``onnx_graph`` reads and folds, ``onnx_lower`` walks, the handlers of operators are in ``onnx_images`` and
``onnx_plain`` and work on ``onnx_state``.
"""

from harness.models.frontends.convert import convert, known_suffixes

__all__ = ["convert", "known_suffixes"]

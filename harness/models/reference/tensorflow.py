"""TensorFlow's own interpreter on a .tflite: LiteRT's kernels from another package and release. The extra ``[tensorflow]``.

For whoever measured with TensorFlow and wants to hold the board against that very release.
"""

from __future__ import annotations

import warnings
from typing import Any

from harness.models.reference._tensorflow import imported, release
from harness.models.reference.litert import LiteRt


class TensorFlow(LiteRt):
    """``tf.lite.Interpreter`` with the reference kernels, as ``LiteRt`` uses its own."""

    @property
    def engine(self) -> str:
        """What computes."""
        return f"tensorflow {self._kernels}"

    @property
    def version(self) -> str:
        """Of the package; "not installed" without it."""
        return release("tensorflow")

    def _interpreter(self, content: bytes, kernels: str, preserve: bool) -> Any:
        tf = imported()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it tells every time that LiteRT is its successor
            return tf.lite.Interpreter(
                model_content=content,
                experimental_op_resolver_type=tf.lite.experimental.OpResolverType[kernels],
                experimental_preserve_all_tensors=preserve,
                num_threads=1,
            )


def reference() -> TensorFlow:
    """For ``load``."""
    return TensorFlow()

"""Small cases whose figures can be counted by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from harness.records import Samples, Tensor
from harness.verdict import View


def make_view(outputs: Any, labels: Any, *, reference: Any = None, dtype: str = "float32", **changed: Any) -> View:
    """A view of ``outputs`` [N, C] with everything sound unless ``changed`` (Samples or View fields) says otherwise."""
    raw = np.array(outputs, dtype=dtype)
    n, size = raw.shape
    arrays: dict[str, Any] = {
        "ids": np.array([f"s{i}" for i in range(n)]),
        "labels": np.array(labels, dtype=np.int64),
        "outputs": raw,
        "reference": raw.copy() if reference is None else np.array(reference, dtype=dtype),
        "cycles": np.zeros(n, dtype=np.uint64),
        "input_crc": np.arange(n, dtype=np.uint32),
        "sent_crc": np.arange(n, dtype=np.uint32),
        "status": np.zeros(n, dtype=np.uint8),
        "answered": np.ones(n, dtype=np.bool_),
    }
    for key in [key for key in changed if key in arrays]:
        arrays[key] = np.array(changed.pop(key), dtype=arrays[key].dtype)
    scale = 0.0 if dtype == "float32" else 1 / 256
    parts: dict[str, Any] = {
        "output": Tensor("out", (1, size), dtype, scale, 0 if dtype == "float32" else -128),  # type: ignore[arg-type]
        "classes": tuple("abcdefghij"[:size]),
        "evidence": "emulated",
    }
    return View(samples=Samples(**arrays), **(parts | changed))


@pytest.fixture
def view() -> Callable[..., View]:
    return make_view

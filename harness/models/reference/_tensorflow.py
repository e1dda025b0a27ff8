"""TensorFlow, where it is installed: imported when it is first needed, since that takes seconds."""

from __future__ import annotations

import os
from importlib import metadata
from pathlib import Path
from typing import Any

from harness.models.reference.base import ExtraMissing


def imported(model: Path | None = None) -> Any:
    """The package. ExtraMissing with the command that installs it, at the file that needs it."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        import tensorflow as tf
    except ImportError as error:
        raise ExtraMissing(
            "TensorFlow is not installed",
            where=None if model is None else str(model),
            next_step="pip install 'hil[tensorflow]'",
        ) from error
    return tf


def release(package: str) -> str:
    """Of a package; "not installed" without it."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        try:
            return metadata.version(f"{package}-cpu")  # the same modules, without a graphics card
        except metadata.PackageNotFoundError:
            return "not installed"

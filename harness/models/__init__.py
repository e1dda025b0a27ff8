"""What runs on the board: model files with their metadata, the C made of them, and host references."""

from harness.models.metadata import Model, load_model, names

__all__ = ["Model", "load_model", "names"]

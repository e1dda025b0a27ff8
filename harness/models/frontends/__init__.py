"""From the files that people train to the one that everything downstream reads: a .tflite with static shapes, batch 1."""

from harness.models.frontends.convert import convert, known_suffixes

__all__ = ["convert", "known_suffixes"]

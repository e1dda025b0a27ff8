"""What is streamed: datasets in real units (``datasets``) and their encoding for a model's input (``encode``).

``classes`` matches the names of data and model, ``fill`` counts how inputs use their range. Nothing here runs a model or knows a
board. A new form of dataset is one file in ``datasets/``.
"""

from harness.data.dataset import DataMissing, Dataset
from harness.data.datasets import load, names
from harness.data.encode import check_input, quantise
from harness.data.fetch import fetch

__all__ = ["DataMissing", "Dataset", "check_input", "fetch", "load", "names", "quantise"]

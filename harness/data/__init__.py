"""What is streamed: datasets in real units (``datasets``) and their encoding for a model's input (``encode``)."""

from harness.data.dataset import DataMissing, Dataset
from harness.data.datasets import load, names
from harness.data.encode import check_input, quantise
from harness.data.fetch import fetch

__all__ = ["DataMissing", "Dataset", "check_input", "fetch", "load", "names", "quantise"]

"""What runs on the board: model files with their metadata, the C made of them, and host references.

    find         where a model is: the one rule for all           describe       writes a model.toml, also anew
    metadata     a model's folder: model.toml and its file        ir, tflite     the network, read
    wellformed, shapes   what a file states, checked              frontends/     .onnx, .keras, .h5 -> .tflite
    codegen/     network -> C                                     reference/     expected outputs, on this host

Nothing here knows a board or a line. A new operator is a line in ``codegen.operators``, one in ``shapes`` and one in
``wellformed``, and its kernel in ``firmware/engine``; a new reference or front end is one file.
"""

from harness.models.find import find, names
from harness.models.metadata import Model, load_model

__all__ = ["Model", "find", "load_model", "names"]

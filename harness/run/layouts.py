"""The order of axes where a conversion has changed it: an ONNX file's [C, H, W] is [H, W, C] in the network that runs.

It is said in every run. Data is taken with its channels last unless its options say ``channels: first``. Where the shapes cannot
tell the two apart (3x3x3), the plan must say which: data that lies the wrong way would score like chance.
"""

from __future__ import annotations

from harness.data import datasets
from harness.data.dataset import Dataset
from harness.errors import PlanError
from harness.models.metadata import Model
from harness.plans.schema import Plan
from harness.records import Tensor
from harness.run.truth import arrays


def told(plan: Plan, model: Model, data: Dataset) -> tuple[str, ...]:
    """A line for each input that the conversion has turned. ``PlanError`` when nobody says how the data lies, and shapes do not.

    Shapes that differ are for ``data.encode.check_input`` to refuse.
    """
    spec = plan.dataset
    asked = "channels" in datasets.options_of(spec.name)  # other forms have their channels last, whatever is said
    lines = []
    for tensor, values in zip(model.inputs, arrays(data, model), strict=True):
        shape = model.turned.get(tensor.name)
        if shape is None:
            continue
        if asked and "channels" not in spec.options and _is_alike(shape, tensor):
            raise PlanError(
                "the data's shape does not tell where its channels are",
                where=plan.where("dataset.options"),
                expected=f"'channels: first' for {list(shape)}, as the model's own file has input {tensor.name!r}, or"
                f" 'channels: last' for {list(tensor.shape)}, as it runs",
                found=f"samples {list(values.shape[1:])}, and no word of their channels",
                next_step="say 'options: {channels: first}' if the data is as the file's, else 'options: {channels: last}'",
            )
        taken = (
            "turned from the file's layout" if spec.options.get("channels") == "first" else "taken with channels last"
        )
        lines.append(
            f"input {tensor.name}: {list(shape)} of {model.file.name} (channels first) runs as {list(tensor.shape)} (channels"
            f" last); the data was {taken}"
        )
    return tuple(lines)


def _is_alike(shape: tuple[int, ...], tensor: Tensor) -> bool:
    return [n for n in shape if n != 1] == [n for n in tensor.shape if n != 1]

"""What a reader must know of outputs although no gate need break on it. Pure."""

from __future__ import annotations

import numpy as np

from harness.verdict.alike import alike
from harness.verdict.decide import UNKNOWN
from harness.verdict.view import View

_FEW = 10  # of so few samples one class may well be all


def remarks(view: View) -> tuple[str, ...]:
    """Warnings for the record: outputs or decisions that are the same whatever was sent."""
    n = int(view.sound.sum())
    if n < 2:
        return ()
    every = [outputs[view.sound] for _, outputs, _ in view.each]
    if all(alike(outputs, np.broadcast_to(outputs[:1], outputs.shape)).all() for outputs in every):
        return (f"every one of {n} samples gave the same outputs: they do not depend on the input",)
    if not view.decides:
        return ()
    decisions = view.decisions[view.sound]
    if n >= _FEW and len(set(decisions.tolist())) == 1 and len(set(view.samples.labels[view.sound].tolist())) > 1:
        only = int(decisions[0])
        name = "unknown" if only == UNKNOWN else repr(view.classes[only])
        return (f"every one of {n} samples was decided as {name}",)
    return ()

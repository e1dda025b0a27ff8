"""Runs models in a process of its own, since LiteRT and generated code may crash on a damaged one.

Argument: a compiler; then a model's path a line on standard input. A line of JSON comes out for each: ``equal``, ``refused``
by LiteRT with its words, or ``different`` with how many outputs differ. ``running`` comes first, so that a crash has a name.
"""

import json
import sys
from pathlib import Path

import numpy as np
from tflite_kit import bits, random_inputs

from harness.errors import PlanError
from harness.models.codegen import plan_layout
from harness.models.reference.litert import LiteRt
from harness.models.reference.twin import Twin

SAMPLES = 6


def outcome(path, compiler):
    layout = plan_layout(path)
    inputs = [random_inputs(t.dtype, t.shape[1:], SAMPLES, seed) for seed, t in enumerate(layout.inputs)]
    found = Twin(compiler).run_layers(path, inputs)
    try:
        expected = LiteRt().run_layers(path, inputs)
    except PlanError as error:
        return {"refused": f"{error.what}: {error.found}"}
    differing = {}
    for kernel in layout.kernels:
        index = layout.result(kernel).index
        if kernel.layer.op == "ASSIGN_VARIABLE":  # a state is no tensor of the file
            continue
        ours, theirs = found[index], expected[index]
        if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
            differing[kernel.name] = f"{theirs.dtype}{theirs.shape} here, {ours.dtype}{ours.shape} there"
        elif ours.dtype == np.float32:
            with np.errstate(invalid="ignore", over="ignore"):
                same = np.isclose(ours, theirs, rtol=1e-5, atol=1e-5, equal_nan=True)
            if not same.all():
                differing[kernel.name] = f"{int((~same).sum())} of {same.size}"
        elif (bits(ours) != bits(theirs)).any():
            differing[kernel.name] = f"{int((ours != theirs).sum())} of {ours.size}"
    return {"different": differing} if differing else {"equal": True}


def main():
    for line in sys.stdin:
        path = Path(line.strip())
        print(json.dumps({"running": path.name}), flush=True)
        print(json.dumps({"model": path.name, **outcome(path, sys.argv[1])}), flush=True)


if __name__ == "__main__":
    main()

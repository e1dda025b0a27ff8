"""What a case's task looks at: which output, which inputs, and what the outputs are held against. All by name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from harness.data.classes import matched
from harness.data.dataset import Dataset
from harness.errors import PlanError
from harness.models.metadata import Model
from harness.plans.names import listed, suggestion
from harness.plans.schema import Plan
from harness.records import Tensor
from harness.verdict import check_rule, tasks


def looked_at(plan: Plan, model: Model) -> int:
    """The index of the output that the plan's task looks at. ``PlanError`` when the plan does not say which of several.

    Raw outputs need not be told apart: there it is the first.
    """
    names = [output.name for output in model.outputs]
    where = plan.where("decide.output" if plan.decide.output else "task.output" if plan.task.output else "task")
    if len(set(names)) < len(names):
        raise PlanError(
            "the model's outputs are not told apart by their names",
            where=f"model {model.name}",
            expected="a name of its own for each output",
            found=", ".join(names),
            next_step="convert the model with named outputs (a signature)",
        )
    if plan.output is None:
        if len(names) == 1 or plan.task.name == "raw":
            return 0
        raise PlanError(
            f"the model has {len(names)} outputs, and the plan does not say which one it is about",
            where=where,
            expected=f"one of {listed(names)}",
            found=f"task {plan.task.name}, no output named",
            next_step=f"decide: {{rule: argmax, output: {names[0]}}}"
            if plan.task.name == "classification"
            else f"task: {{name: {plan.task.name}, output: {names[0]}}}, or task: raw to compare all of them",
        )
    if plan.output not in names:
        raise PlanError(
            f"the model has no output {plan.output!r}",
            where=where,
            expected=listed(names),
            found=plan.output,
            next_step=suggestion(plan.output, names, "name one of these"),
        )
    return names.index(plan.output)


def arrays(data: Dataset, model: Model) -> tuple[npt.NDArray[np.float32], ...]:
    """The real values of each of the model's inputs [N, ...], in its order. ``PlanError``: data and model name others."""
    wanted, given = [tensor.name for tensor in model.inputs], list(data.named)
    if not given and len(wanted) == 1:
        return (data.inputs,)
    if sorted(wanted) != sorted(given):
        raise PlanError(
            "the inputs of the data are not those of the model",
            where=f"dataset {data.name} -> model {model.name}",
            expected=f"the model's {len(wanted)}: {', '.join(f'{t.name} {t.describe()}' for t in model.inputs)}",
            found=f"the data's {len(given)}: {', '.join(given)}" if given else "one array without a name",
            next_step="name them as the model does: dataset: {name: npz, options: {inputs: {"
            + ", ".join(f"{name}: ARRAY" for name in wanted)
            + "}}}",
        )
    return tuple(data.named[name] for name in wanted)


def fitted(plan: Plan, model: Model, data: Dataset) -> tuple[Dataset, str]:
    """``data`` as the task takes it, and what that took in words ("" = nothing). ``PlanError`` when it has not what is needed."""
    task, spec = tasks.load(plan.task.name), plan.task
    tasks.options(spec)
    output = model.outputs[looked_at(plan, model)]
    if task.TRUTH == "labels" and data.unlabelled:
        raise _lacks(data, spec.name, "labels", "a task that needs none is 'raw'")
    if task.TRUTH == "targets" and data.targets is None:
        raise _lacks(data, spec.name, "targets", "name their array or columns: dataset.options.targets")
    arrays(data, model)  # the inputs are the model's
    told = ""
    if spec.name == "classification":
        check_rule(plan.decide, output, plan.where("decide.above"))
        data, told = matched(data, model.classes, output.elements, model=model.name)
    elif task.TRUTH == "targets" and not data.classes and len(model.classes) == output.elements:
        data = replace(data, classes=model.classes)
    try:
        task.check(spec, output, model.inputs[0], data)
    except PlanError as error:
        if (error.where or "").startswith("task"):
            error.where = plan.where(str(error.where))
        raise
    return data, told


def target_rows(data: Dataset, output: Tensor) -> npt.NDArray[np.float32] | None:
    """The targets as [N, values of the output]; None without any of that size."""
    if data.targets is None or data.targets[0].size != output.elements:
        return None
    return data.targets.reshape(len(data), -1)


def _lacks(data: Dataset, task: str, what: str, hint: str) -> PlanError:
    return PlanError(
        f"the task {task!r} needs {what}, and the data has none",
        where=f"dataset {data.name}, split {data.split}",
        expected=what,
        found="targets" if data.targets is not None else "inputs alone" if data.unlabelled else "labels",
        next_step=hint,
    )

"""What the outputs of a model may mean, with the options of each task."""

from __future__ import annotations

import importlib
import inspect

from harness.guide.parts._words import code
from harness.plans.schema import number
from harness.verdict import tasks

_NEEDS = {"labels": "labels", "targets": "targets", "nothing": "neither labels nor targets"}


def made() -> str:
    """A line for each task, and one for each of its options below it."""
    lines: list[str] = []
    for name in tasks.names():
        task = tasks.load(name)
        doc = inspect.getdoc(importlib.import_module(f"{tasks.__name__}.{name}")) or ""
        meaning = " ".join(doc.partition("\n\n")[0].split()).replace("``", "`")
        own = ", ".join(map(code, task.FAMILY.names))
        end = f" Its own metrics: {own}." if own else ""
        lines.append(f"- {code(name)} (needs {_NEEDS[task.TRUTH]}): {meaning}{end}")
        for option, field in task.Options.model_fields.items():
            default = number(field.default) if isinstance(field.default, float) else field.default
            shown = "may be left out" if default in (None, "") else f"{code(str(default))} if left out"
            lines.append(f"  - {code(option)} ({shown}): {field.description}")
    return "\n".join(lines)

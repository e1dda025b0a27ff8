"""The forms of data sets, each with its options."""

from __future__ import annotations

import importlib
from collections.abc import Iterator

from harness.data import datasets
from harness.guide.parts._words import code, plain


def made() -> str:
    """A section for each form."""
    return "\n".join(line for name in datasets.names() for line in _form(name)).rstrip("\n")


def _form(name: str) -> Iterator[str]:
    yield f"### {name}"
    yield ""
    yield plain(importlib.import_module(f"{datasets.__name__}.{name}").__doc__)
    yield ""
    options = datasets.form(name).Options
    if options.model_fields:
        yield f"Options: {plain(options.__doc__)}"
        yield ""
    for key, field in options.model_fields.items():
        default = (
            "needed"
            if field.is_required()
            else f"{code(field.default)} if left out"
            if field.default
            else "may be left out"
        )
        yield f"- {code(key)} ({default})" + (f": {field.description}" if field.description else "")
    if options.model_fields:
        yield ""

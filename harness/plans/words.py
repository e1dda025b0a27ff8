"""What pydantic complains of, in the words of people who write plans and know no Python."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from harness.clock import AGE, AGE_FORM
from harness.plans import benchwords, gatetext, modelspec
from harness.plans.names import suggestion

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_NAME: Final = "a name of a-z, 0-9, '_', '.' and '-' that begins with a letter or a digit"
_KINDS: Final = {
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "string": "text",
    "tuple": "a list",
    "list": "a list",
    "dict": "a mapping of keys to values",
    "path": "a path",
}
_PATTERNS: Final = {
    r"^[a-z0-9][a-z0-9_.\-]*$": _NAME,
    r"^[A-Za-z_][^\s]*$": "the name of a metric (`hil metrics`)",
    f"^{AGE}$": AGE_FORM,
    **benchwords.FORMS,
}
_BOUNDS: Final = {
    "greater_than_equal": ("ge", "{} or more"),
    "greater_than": ("gt", "more than {}"),
    "less_than_equal": ("le", "{} or less"),
    "less_than": ("lt", "less than {}"),
    "too_short": ("min_length", "at least {} of them"),
    "too_long": ("max_length", "at most {} of them"),
    "string_too_short": ("min_length", "text of {} characters or more"),
    "string_too_long": ("max_length", "text of {} characters or fewer"),
}
_FORMS: Final = {
    "ModelSpec": f"a model: {modelspec.FORM}",
    "Gate": f"a gate: {gatetext.FORM}",
    "ReleasePlan": "the name or path of a plan, or its keys: plan, boards, models, evidence, fresh",
    "RackEntry": "the name of a plan, or keys: plans, boards, models, tags, priority, samples, shards, baseline, spare",
    "StopOn": "keys: fails, errors",
    "Baseline": "a reference, or its keys: run, margin",
    "DatasetSpec": "the name of a data set, or its keys: name, split, samples, options",
}


def expected(problem: ErrorDetails) -> str:
    """What would have been right."""
    kind, context = problem["type"], problem.get("ctx", {})
    if kind in _BOUNDS:
        key, text = _BOUNDS[kind]
        if context[key] == 1:
            text = text.replace("characters", "character").replace("least {} of them", "least one")
        return text.format(f"{context[key]:g}")
    if kind == "literal_error" or kind == "enum":
        return f"one of: {', '.join(choices(problem))}"
    if kind.startswith("union_tag"):
        return f"one of: {', '.join(choices(problem))}"
    if kind == "string_pattern_mismatch":
        return _PATTERNS.get(context["pattern"], f"text of the form {context['pattern']}")
    if kind in ("model_type", "model_attributes_type", "dataclass_type"):
        return _FORMS.get(context.get("class_name", ""), _KINDS["dict"])
    if kind == "finite_number":
        return "a number that is not infinite"
    if kind == "int_from_float":
        return _KINDS["int"]
    word = kind.removesuffix("_type").removesuffix("_parsing")
    return _KINDS.get(word, problem["msg"].removeprefix("Value error, "))


def choices(problem: ErrorDetails) -> list[str]:
    """The words that a key takes, where it takes a few; else none."""
    context = problem.get("ctx", {})
    text = context.get("expected") or context.get("expected_tags") or ""
    return [word.strip().strip("'") for word in str(text).replace(" or ", ", ").split(",") if word.strip()]


def next_step(problem: ErrorDetails, otherwise: str) -> str:
    """The word that was probably meant, else ``otherwise``."""
    if problem["type"] == "string_type" and isinstance(problem["input"], (bool, int, float)):
        return "put it in quotes: without them it is read as a number, or as true or false"
    said = problem.get("ctx", {}).get("tag", problem["input"])
    return suggestion(said, choices(problem), otherwise) if isinstance(said, str) else otherwise


def shown(value: object) -> str:
    """A value as a plan writes it, shortened, and without the password that may stand in an address."""
    if value is None:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False, default=repr) if isinstance(value, _PLAIN) else repr(value)
    text = _LOGIN.sub("***@", text)
    return text if len(text) <= 120 else f"{text[:117]}..."


#: ``user:password`` before a host.
_LOGIN: Final = re.compile(r"[^\s/\"@:]+:[^\s/\"@]+@")
_PLAIN = (bool, int, float, str, list, tuple, Mapping)

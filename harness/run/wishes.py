"""What a test of one's own may ask of ``dut``, in the words of a plan: model, decision rule, stream, timeouts, gates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from harness.errors import MisuseError
from harness.plans import ModelSpec
from harness.plans.expand import Case
from harness.plans.gatetext import FORM as GATE_FORM
from harness.plans.modelspec import FORM as MODEL_FORM
from harness.plans.names import listed, suggestion
from harness.plans.schema import (
    ArgmaxRule,
    DatasetSpec,
    DecideRule,
    Gate,
    Plan,
    Stream,
    TaskSpec,
    ThresholdRule,
    Timeouts,
)

#: A model as a test may name it: text and mapping as a plan writes them.
AnyModel = str | Path | Mapping[str, object]
#: A decision rule: ``"argmax"``, ``"threshold > 0.8"``, ``"threshold >= 0.8"``, or the mapping of a plan's ``decide:``.
AnyRule = str | Mapping[str, object]
#: A task: its name, or the mapping of a plan's ``task:``.
AnyTask = str | Mapping[str, object]
Wish = Mapping[str, object]
_P = TypeVar("_P", bound=BaseModel)

_THRESHOLD = re.compile(r"threshold\s*(?P<op>>=|>|)\s*(?P<above>[+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)")
_RULE_FORM = "'argmax', 'threshold > 0.8', 'threshold >= 0.8', or a mapping as a plan's decide:"
#: What stands in a case for a model that is not known yet: nothing was asked of the unit so far.
NO_MODEL = ModelSpec.model_construct(name="", file="", classes=())


def case_of(
    case_id: str,
    board: str,
    source: ModelSpec = NO_MODEL,
    *,
    decide: AnyRule | None = None,
    task: AnyTask = "classification",
    reference: str = "litert",
    stream: Wish | None = None,
    timeouts: Wish | None = None,
) -> Case:
    """One use of a unit by a test as the case that a plan would have made. ``MisuseError`` for what a plan may not say."""
    plan = Plan.model_construct(
        name=case_id.partition("::")[0].removesuffix(".py").replace("/", "."),  # the test's module
        boards=(board,),
        models=(source,),
        dataset=DatasetSpec(name="test"),
        task=_part(TaskSpec, {"name": task} if isinstance(task, str) else task, "task="),
        decide=ArgmaxRule() if decide is None else _rule(decide),
        reference=reference,
        stream=_part(Stream, stream or {}, "stream="),
        timeouts=_part(Timeouts, timeouts or {}, "timeouts="),
        places={"decide": "decide=", "task": "task="},
    )
    return Case(case_id, plan, board, source, plan.dataset, ())


def model_of(model: AnyModel) -> ModelSpec:
    """``MisuseError`` for what names no model."""
    said = (
        {key: tuple(v) if isinstance(v, list) else v for key, v in model.items()}
        if isinstance(model, Mapping)
        else str(model)
        if isinstance(model, Path)
        else model
    )
    try:
        return ModelSpec.model_validate(said)
    except ValidationError as error:
        raise MisuseError(
            "this names no model",
            where="model=",
            expected=MODEL_FORM,
            found=repr(model),
            next_step=_message(error),
        ) from error


def gate_of(text: str, *, confidence: float | None, needs: str | None) -> Gate:
    """A gate as a plan writes it. ``MisuseError`` for what is none."""
    said: dict[str, object] = {"gate": text}
    said |= {key: value for key, value in (("confidence", confidence), ("needs", needs)) if value is not None}
    try:
        return Gate.model_validate(said)
    except ValidationError as error:
        raise MisuseError(
            _message(error), where="run.gate(...)", expected=GATE_FORM, found=repr(text), next_step="correct the gate"
        ) from error


def _rule(said: AnyRule) -> ArgmaxRule | ThresholdRule:
    value: object = said
    if isinstance(said, str):
        found = _THRESHOLD.fullmatch(said.strip())
        value = {"rule": said.strip()}
        if found is not None:
            value = {"rule": "threshold", "above": float(found["above"]), "inclusive": found["op"] == ">="}
    try:
        return TypeAdapter[ArgmaxRule | ThresholdRule](DecideRule).validate_python(value)
    except (ValidationError, ValueError) as error:
        raise MisuseError(
            "this is no decision rule",
            where="decide=",
            expected=_RULE_FORM,
            found=repr(said),
            next_step=_message(error) if isinstance(error, ValidationError) else "correct the number",
        ) from error


def _part(kind: type[_P], said: Wish, where: str) -> _P:
    strange = sorted(said.keys() - kind.model_fields.keys())
    if strange:
        raise MisuseError(
            f"unknown key {strange[0]!r}",
            where=where,
            expected=listed(kind.model_fields),
            found=strange[0],
            next_step=suggestion(strange[0], kind.model_fields, "remove the key"),
        )
    try:
        return kind.model_validate(dict(said))
    except ValidationError as error:
        first: dict[str, Any] = dict(error.errors(include_url=False)[0])
        raise MisuseError(
            f"{'.'.join(map(str, first['loc']))} has a wrong value",
            where=where,
            expected=first["msg"].removeprefix("Value error, "),
            found=repr(first["input"]),
            next_step="it is as in a plan",
        ) from error


def _message(error: ValidationError) -> str:
    return str(error.errors()[0]["msg"]).removeprefix("Value error, ")

"""What a plan may say. ``load`` fills these from YAML and turns every complaint into a ``PlanError`` with its line."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from harness.plans.gatetext import parse_gate
from harness.plans.modelspec import ModelSpec, Name
from harness.records import Operator

Option = str | int | float | bool
Seconds = Annotated[float, Field(gt=0, le=86_400)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, protected_namespaces=())


class ArgmaxRule(_Part):
    """The class with the largest output; the lowest index wins a tie."""

    rule: Literal["argmax"] = "argmax"


class ThresholdRule(_Part):
    """The class with the largest output if that output (dequantised) is above ``above``, else unknown.

    ``inclusive`` lets an output that equals the threshold pass: of the field's projects some say "over", some "from".
    """

    rule: Literal["threshold"]
    above: float = Field(allow_inf_nan=False)
    inclusive: bool = False


DecideRule = Annotated[ArgmaxRule | ThresholdRule, Field(discriminator="rule")]


class DatasetSpec(_Part):
    """What is streamed: a form under ``harness/data/datasets`` and what it needs to know."""

    name: Name
    split: str = Field(default="test", min_length=1)
    samples: int | None = Field(default=None, ge=1)  # the first so many of the split; None = all
    options: dict[str, Option] = Field(default_factory=dict)  # checked by the dataset's form


class Gate(_Part):
    """A limit on a measurement; may be written as text, see ``gatetext``.

    ``needs="hardware"``: on an emulator the gate is inconclusive, whatever was measured.
    ``confidence``: the measurement's whole two-sided interval of that level must keep the limit (pass) or break it
    (fail); an interval on both sides of the limit is inconclusive: too few samples. Without it the value alone is
    judged. ``models``: the models that it applies to; empty = all of the plan.
    """

    metric: str = Field(pattern=r"^[A-Za-z_][^\s]*$")
    op: Operator
    limit: float = Field(allow_inf_nan=False)
    needs: Literal["hardware"] | None = None
    confidence: float | None = Field(default=None, gt=0.5, lt=1.0)
    models: tuple[Name, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: object) -> object:
        """``accuracy >= 0.95``, also as ``{gate: "accuracy >= 0.95", models: [...]}``."""
        if isinstance(value, str):
            return parse_gate(value)
        if isinstance(value, dict) and "gate" in value:
            rest = {key: part for key, part in value.items() if key != "gate"}
            if not isinstance(value["gate"], str):
                raise ValueError("gate: must be text such as 'accuracy >= 0.95'")
            parsed = parse_gate(value["gate"])
            both = sorted(parsed.keys() & rest.keys())
            if both:
                raise ValueError(f"{', '.join(both)} given twice: in the gate's text and beside it")
            return parsed | rest
        return value

    @model_validator(mode="after")
    def _confidence_needs_an_inequality(self) -> Self:
        if self.confidence is not None and self.op == "==":
            raise ValueError("confidence cannot go with ==: an interval never equals a limit")
        return self

    def text(self) -> str:
        """``accuracy >= 0.95``, as people read it; with ``needs`` and ``confidence`` where given."""
        text = f"{self.metric} {self.op} {number(self.limit)}"
        if self.needs:
            text += f" needs {self.needs}"
        if self.confidence is not None:
            text += f" confidence {number(self.confidence)}"
        return text


class Timeouts(_Part):
    """Bounds on waiting, in seconds. The defaults are for the slowest known unit, an emulated one."""

    build_s: Seconds = 300.0
    flash_s: Seconds = 180.0
    hello_s: Seconds = 10.0
    answer_s: Seconds = 10.0  # without any sign of life from the board while samples are under way
    case_s: Seconds = 3600.0


class Stream(_Part):
    """How samples travel. None leaves the choice to what the board offers.

    ``quiet``: the first so many samples go one at a time and are the ones that are timed: while a board receives the next
    sample, its interrupts are in the cycles of this one (0.7 % of a small network at 115200 baud, more at higher speeds).
    ``window: 1`` times every sample, at the cost of the overlap.
    """

    window: int | None = Field(default=None, ge=1, le=255)  # samples under way at once
    quiet: int = Field(default=50, ge=1)
    baud: int | None = Field(default=None, ge=300, le=12_000_000)
    encoding: Literal["auto", "raw", "zero_runs", "fill_runs", "differences"] = "auto"


class Plan(_Part):
    """What to run on which boards and which gates must hold."""

    name: Name
    title: str = ""
    description: str = ""
    boards: tuple[Name, ...] = Field(min_length=1)
    models: tuple[ModelSpec, ...] = Field(min_length=1)
    dataset: DatasetSpec
    decide: DecideRule = Field(default_factory=ArgmaxRule)
    reference: Name = "litert"
    gates: tuple[Gate, ...] = ()
    min_samples: int | None = Field(default=None, ge=1)  # a run of fewer samples (--samples) does not pass
    timeouts: Timeouts = Field(default_factory=Timeouts)
    stream: Stream = Field(default_factory=Stream)
    tags: tuple[str, ...] = ()
    # Where the plan was read from; relative paths in dataset options start at its folder. Set by load, never by the
    # file.
    origin: Path | None = Field(default=None, exclude=True, repr=False)
    # Where each of its parts stands, ``gates[0]`` -> ``file:line:gates[0]``. Set by load too.
    places: Mapping[str, str] = Field(default_factory=dict, exclude=True, repr=False)

    @field_validator("boards", "models")
    @classmethod
    def _named_once(cls, listed: tuple[str | ModelSpec, ...]) -> tuple[str | ModelSpec, ...]:
        names = [part.name if isinstance(part, ModelSpec) else part for part in listed]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"named twice: {', '.join(twice)}")
        return listed

    @model_validator(mode="after")
    def _gates_name_models_of_the_plan(self) -> Self:
        for gate in self.gates:
            strange = sorted(set(gate.models) - set(self.model_names))
            if strange:
                raise ValueError(
                    f"gate '{gate.text()}' is for {', '.join(strange)}, "
                    f"but the plan's models are {', '.join(self.model_names)}"
                )
        return self

    @model_validator(mode="after")
    def _asks_for_enough_samples(self) -> Self:
        if (
            self.min_samples is not None
            and self.dataset.samples is not None
            and self.dataset.samples < self.min_samples
        ):
            raise ValueError(f"min_samples is {self.min_samples}, but dataset.samples is {self.dataset.samples}")
        return self

    @property
    def folder(self) -> Path | None:
        """Where its relative paths start; None for a plan that is in no file."""
        return self.origin.parent if self.origin else None

    @property
    def model_names(self) -> tuple[str, ...]:
        """What its cases and gates call its models, in the plan's order."""
        return tuple(model.name for model in self.models)

    def where(self, part: str) -> str:
        """Where a part (``dataset.name``, ``gates[0]``) or its nearest parent stands, for errors."""
        while part and part not in self.places:
            part = re.sub(r"(^|[.\[])[^.\[]*$", "", part)
        return self.places.get(part, str(self.origin or self.name))

    def where_gate(self, gate: Gate) -> str:
        """Where a gate of this plan stands."""
        return self.where(f"gates[{self.gates.index(gate)}]" if gate in self.gates else "gates")

    def gates_for(self, model: str) -> tuple[Gate, ...]:
        """The gates that a case with that model must keep, in the plan's order."""
        return tuple(gate for gate in self.gates if not gate.models or model in gate.models)


def number(value: float) -> str:
    """The shortest text that reads back as the same number, whole ones without a point."""
    if math.isfinite(value) and value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return repr(value)

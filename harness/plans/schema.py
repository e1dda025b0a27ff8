"""What a plan may say. ``load`` fills these from YAML and turns every complaint into a ``PlanError`` with its line."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, field_validator, model_validator

from harness.plans.baselinespec import BaselineSpec
from harness.plans.continuous import Continuous
from harness.plans.gatetext import parse_gate
from harness.plans.modelspec import ModelSpec, Name
from harness.plans.parts import Part
from harness.records import Operator, Severity

Option = str | int | float | bool | tuple[str | int | float | bool, ...] | dict[str, str]
#: Metrics that are about two runs by themselves, without a word for the direction.
COMPARED = ("negative_flips", "churn")
#: More units than that no case uses: a rack of them would be one of many hosts.
MOST_SHARDS: Final = 64

Seconds = Annotated[float, Field(gt=0, le=86_400)]


_WHICH = "The name of the output that is looked at; needed for a model with several."


class ArgmaxRule(Part):
    """The class with the largest output; the lowest index wins a tie."""

    rule: Literal["argmax"] = Field(default="argmax", description="The largest output wins.")
    output: str | None = Field(default=None, min_length=1, description=_WHICH)


class ThresholdRule(Part):
    """The class with the largest output if that output (dequantised) is above ``above``, else unknown.

    ``inclusive`` lets an output that equals the threshold pass: of the field's projects some say "over", some "from".
    """

    rule: Literal["threshold"] = Field(description="The largest output wins if it is large enough, else it is unknown.")
    above: float = Field(allow_inf_nan=False, description="What the largest output, in real units, must be above.")
    inclusive: bool = Field(default=False, description="An output that equals the threshold is enough.")
    output: str | None = Field(default=None, min_length=1, description=_WHICH)


DecideRule = Annotated[ArgmaxRule | ThresholdRule, Field(discriminator="rule")]


class TaskSpec(Part):
    """What the outputs mean: a task under ``harness/verdict/tasks`` and what it needs to know. ``output``: as of a rule."""

    name: Name = Field(
        default="classification", description="The task: `hil metrics` lists them with what each measures."
    )
    output: str | None = Field(default=None, min_length=1, description=_WHICH)
    options: dict[str, Option] = Field(default_factory=dict, description="What the task needs to know.")


Reset = Literal["each sample", "each sequence", "never"]


class StateSpec(Part):
    """When a network with a memory forgets: a streaming one takes a step a sample, and remembers the steps before.

    ``each sequence``: the data set says which samples are one sequence. Samples are then computed in order, each once; after a
    reset of the board a sequence is played again from its first sample, whose first answers stand.
    """

    reset: Reset = Field(
        description="`each sample`: every sample is computed as if it were the first. `each sequence`: as the data set's"
        " sequences begin. `never`: all samples are one sequence."
    )


class DatasetSpec(Part):
    """What is streamed: a form under ``harness/data/datasets`` and what it needs to know."""

    name: Name = Field(description="The data set's form: `hil data forms` lists them.")
    split: str = Field(
        default="test", min_length=1, description="Which part of the data: test, train or one of your own."
    )
    samples: int | None = Field(default=None, ge=1, description="Only the first so many of the split; all if left out.")
    options: dict[str, Option] = Field(default_factory=dict, description="What the form needs to know, such as a path.")


class Gate(Part):
    """A limit on a measurement; may be written as text, see ``gatetext``.

    ``needs="hardware"``: on an emulator the gate is inconclusive, whatever was measured.
    ``confidence``: the measurement's whole two-sided interval of that level must keep the limit (pass) or break it
    (fail); an interval on both sides of the limit is inconclusive: too few samples. Without it the value alone is
    judged. ``models``: the models that it applies to; empty = all of the plan.

    Against a baseline (``is_relative``): ``change`` says whether the limit is on how far the metric lies below the baseline's or
    above it; ``percent``: the limit is a share of the baseline's figure, in percent. ``negative_flips`` and ``churn`` need no such
    word. What is estimated from samples is then always judged by its interval, of 95 % where ``confidence`` says nothing.
    ``severity="warn"``: a broken gate is told and changes no verdict.
    """

    metric: str = Field(pattern=r"^[A-Za-z_][^\s]*$", description="What is limited: `hil metrics` lists them.")
    op: Operator = Field(description="How the value must stand to the limit.")
    limit: float = Field(allow_inf_nan=False, description="The number that it is held against.")
    needs: Literal["hardware"] | None = Field(
        default=None, description="`hardware`: on an emulator the gate is inconclusive, whatever was measured."
    )
    confidence: float | None = Field(
        default=None,
        gt=0.5,
        lt=1.0,
        description="The whole interval of that level must keep the limit; an interval on both sides is inconclusive.",
    )
    change: Literal["drop", "rise"] | None = Field(
        default=None, description="Against the baseline: how far the metric lies below it (drop) or above it (rise)."
    )
    percent: bool = Field(
        default=False, description="Against the baseline: the limit is in percent of the baseline's own figure."
    )
    severity: Severity = Field(
        default="block", description="`warn`: a broken gate is told in every report and changes no verdict."
    )
    models: tuple[Name, ...] = Field(default=(), description="The models that it is for; all of the plan if left out.")

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
    def _its_words_go_together(self) -> Self:
        if self.confidence is not None and self.op == "==":
            raise ValueError("confidence cannot go with ==: an interval never equals a limit")
        if self.percent and self.change is None:
            raise ValueError("a limit in percent is on a change: METRIC rise <= NUMBER %")
        if self.change is not None and self.metric in COMPARED:
            raise ValueError(f"{self.metric} is about two runs already: {self.metric} <= NUMBER")
        return self

    @property
    def is_relative(self) -> bool:
        """Whether it is about the difference from a baseline."""
        return self.change is not None or self.metric in COMPARED

    @property
    def limited(self) -> str:
        """What is limited, as a record names it: ``accuracy``, ``accuracy drop``."""
        return f"{self.metric} {self.change}" if self.change else self.metric

    def text(self) -> str:
        """``accuracy >= 0.95``, as people read it; with all that is said beside it."""
        text = f"{self.limited} {self.op} {number(self.limit)}{' %' if self.percent else ''}"
        if self.needs:
            text += f" needs {self.needs}"
        if self.confidence is not None:
            text += f" confidence {number(self.confidence)}"
        return text if self.severity == "block" else f"{text} severity {self.severity}"


class Published(Part):
    """A figure that somebody published for this work: it stands beside ours in the reports and gates nothing."""

    metric: str = Field(pattern=r"^[A-Za-z_][^\s]*$", description="What it is of: `hil metrics` lists them.")
    value: float = Field(allow_inf_nan=False, description="The figure.")
    note: str = Field(default="", description="Whose it is, of how many samples, and what it was called.")


class Timeouts(Part):
    """Bounds on waiting, in seconds. The defaults are for the slowest known unit, an emulated one."""

    build_s: Seconds = Field(default=300.0, description="Compiling the firmware.")
    flash_s: Seconds = Field(default=180.0, description="Writing it to the board and reading it back.")
    hello_s: Seconds = Field(default=10.0, description="Until the board answers after a reset.")
    answer_s: Seconds = Field(
        default=10.0, description="Without any sign of life from the board while samples are under way."
    )
    case_s: Seconds = Field(default=3600.0, description="Streaming all samples of a case.")


class Stream(Part):
    """How samples travel. None leaves the choice to what the board offers.

    ``quiet``: the first so many samples go one at a time and are the ones that are timed: while a board receives the next
    sample, its interrupts are in the cycles of this one (0.7 % of a small network at 115200 baud, more at higher speeds).
    ``window: 1`` times every sample, at the cost of the overlap.
    """

    window: int | None = Field(
        default=None,
        ge=1,
        le=255,
        description="Samples under way at once; as many as the board has room for if left out.",
    )
    quiet: int = Field(
        default=50, ge=1, description="The first so many samples go one at a time and are the ones that are timed."
    )
    baud: int | None = Field(
        default=None, ge=300, le=12_000_000, description="The line's speed; the fastest that holds if left out."
    )
    encoding: Literal["auto", "raw", "zero_runs", "fill_runs", "differences"] = Field(
        default="auto", description="How samples are packed for the line; `auto` takes the shortest."
    )


class Plan(Part):
    """What to run on which boards and which gates must hold."""

    name: Name = Field(description="What cases, folders and reports call it.")
    title: str = Field(default="", description="A line for people, at the head of reports.")
    description: str = Field(default="", description="Why this plan is there, for people.")
    boards: tuple[Name, ...] = Field(
        min_length=1, description="The kinds of boards it runs on: `hil boards` lists them. `board:` for one alone."
    )
    models: tuple[ModelSpec, ...] = Field(
        min_length=1, description="The networks it runs, each on each board. `model:` for one alone."
    )
    dataset: DatasetSpec = Field(
        description="What is streamed; the name alone will do where the form needs no options."
    )
    task: TaskSpec = Field(
        default_factory=TaskSpec,
        description="What the outputs mean; the name alone will do. Classification if left out.",
    )
    decide: DecideRule = Field(
        default_factory=ArgmaxRule, description="How outputs become a class, in a classification."
    )
    continuous: Continuous | None = Field(
        default=None,
        description="The samples are recordings, and the board itself makes features, runs the network and decides.",
    )
    reference: Name = Field(default="litert", description="What computes the expected outputs on the host.")
    state: StateSpec | None = Field(
        default=None,
        description="When the memory of a network that has one is reset. Before each sample if left out.",
    )
    gates: tuple[Gate, ...] = Field(
        default=(),
        description="The limits that must hold for a pass, as text or as a mapping. Without any the verdict is inconclusive.",
    )
    baseline: BaselineSpec | None = Field(
        default=None,
        description="The earlier run that gates against a baseline are judged by; `--baseline` names another one.",
    )
    published: tuple[Published, ...] = Field(
        default=(), description="Figures that others published for this work, shown beside ours; they gate nothing."
    )
    min_samples: int | None = Field(
        default=None, ge=1, description="A run of fewer samples (`--samples`) does not pass, whatever it measures."
    )
    shards: Literal["auto"] | Annotated[int, Field(ge=2, le=MOST_SHARDS)] | None = Field(
        default=None,
        description="Over so many units of the kind the samples are spread; `auto`: all that are free. One unit if left out.",
    )
    timeouts: Timeouts = Field(default_factory=Timeouts, description="Bounds on waiting, in seconds.")
    stream: Stream = Field(default_factory=Stream, description="How samples travel. Rarely needed.")
    tags: tuple[str, ...] = Field(default=(), description="Words of your own, for people.")
    requires: tuple[str, ...] = Field(
        default=(), description="Runs only on units that the bench file gives all of these tags."
    )
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

    @model_validator(mode="before")
    @classmethod
    def _detects(cls, values: object) -> object:
        return with_task(values) if isinstance(values, dict) else values

    @model_validator(mode="after")
    def _is_of_one_mind(self) -> Self:
        for _, _, what in self.contradictions():
            raise ValueError(what)
        return self

    def contradictions(self) -> Iterator[tuple[tuple[str | int, ...], str, str]]:
        """Parts that are right by themselves and not together: where one of them stands, the key of the other, what is wrong."""
        for index, gate in enumerate(self.gates):
            if strange := sorted(set(gate.models) - set(self.model_names)):
                what = f"gate '{gate.text()}' is for {', '.join(strange)}, but the plan's models are "
                yield ("gates", index, "models"), "models", what + ", ".join(self.model_names)
        if self.min_samples is not None and "dataset" in self.model_fields_set:
            samples = self.dataset.samples
            if samples is not None and samples < self.min_samples:
                what = f"min_samples is {self.min_samples}, but dataset.samples is {samples}"
                yield ("min_samples",), "dataset", what
        if self.shards is not None and self.continuous is not None:
            what = "a recording is played to one unit from start to end, so its samples cannot be spread: leave 'shards' out"
            yield ("shards",), "continuous", what
        if self.shards is not None and self.state is not None and self.state.reset == "never":
            what = "the network's memory goes on through all samples, so they cannot be spread over units: leave 'shards' out"
            yield ("shards",), "state", what
        if self.task.name == "detection" and self.continuous is None:
            yield (
                ("task",),
                "continuous",
                "the task 'detection' needs 'continuous', which says how recordings are played",
            )
        elif self.task.name != "detection" and self.continuous is not None:
            yield (
                ("continuous",),
                "task",
                f"recordings are played for the task 'detection', and this is {self.task.name!r}",
            )
        elif "decide" in self.model_fields_set and self.task.name not in ("classification", "detection"):
            yield ("decide",), "task", f"the task {self.task.name!r} decides on no class, but there is 'decide'"
        elif self.decide.output and self.task.output and self.decide.output != self.task.output:
            yield (
                ("decide", "output"),
                "task",
                f"decide looks at {self.decide.output!r}, the task at {self.task.output!r}",
            )

    @property
    def output(self) -> str | None:
        """The name of the output that the task looks at; None where it does not say."""
        return self.decide.output or self.task.output

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


def with_task(values: dict[str, Any]) -> dict[str, Any]:
    """What a file says of a plan, and the task where that goes without saying: what is played is there to detect something."""
    if values.get("continuous") is not None and "task" not in values:
        return values | {"task": {"name": "detection"}}
    return values


def number(value: float) -> str:
    """The shortest text that reads back as the same number, whole ones without a point."""
    if math.isfinite(value) and value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return repr(value)

"""What a release file may say: which runs a release needs. ``load.load_release`` reads it from YAML."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from harness.clock import AGE
from harness.plans.modelspec import Name
from harness.plans.parts import Part

Age = Annotated[str, Field(pattern=f"^{AGE}$")]
Wanted = Literal["hardware", "any"]

_FRESH = "How old a run may be when the release is judged: `12h`, `7d`, `8w`."
_EVIDENCE = "`hardware`: runs on real boards alone count. `any`: those on an emulator too."


class ReleasePlan(Part):
    """A plan that must have passed; may be written as its name or path alone. Each board with each model is one cell."""

    plan: str = Field(
        min_length=1, description="The name of a plan in the folder above this file's, or a path from this file."
    )
    boards: tuple[Name, ...] = Field(default=(), description="The boards it must pass on; all of the plan if left out.")
    models: tuple[Name, ...] = Field(
        default=(), description="The models that must pass it; all of the plan if left out."
    )
    evidence: Wanted | None = Field(default=None, description=f"{_EVIDENCE} What the release says if left out.")
    fresh: Age | None = Field(default=None, description=f"{_FRESH} What the release says if left out.")

    margin: float | None = Field(
        default=None,
        ge=0,
        allow_inf_nan=False,
        description="What a cell may lose against the baseline: of its accuracy or AUC, or, in a task without either, of its mean"
        " score in that score's unit. What the baseline says of the accuracy if left out.",
    )

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: object) -> object:
        return {"plan": value} if isinstance(value, str) else value


class Dismissed(Part):
    """A failed run that does not count, with the reason that everybody who reads the release will see."""

    run: str = Field(min_length=4, description="The run's id.")
    reason: str = Field(min_length=1, description="Why its failure says nothing of the product.")


class Baseline(Part):
    """What the release is held against; may be written as the reference alone."""

    run: str = Field(
        min_length=1, description="A tag, a session, a run's id, or a path: the runs that the cells are compared with."
    )
    margin: float = Field(
        default=0.02, ge=0, lt=1, description="The accuracy, or AUC, that a cell may lose against its baseline."
    )

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: object) -> object:
        return {"run": value} if isinstance(value, str) else value


class Release(Part):
    """Which runs a release needs. Nothing is run for it: `hil gate` reads what was run."""

    name: Name = Field(description="What reports and the attestation call it.")
    title: str = Field(default="", description="A line for people, at the head of reports.")
    description: str = Field(default="", description="Why it is as it is, for people.")
    plans: tuple[ReleasePlan, ...] = Field(
        min_length=1, description="The plans that must have passed, each by its name or as a mapping."
    )
    evidence: Wanted = Field(default="hardware", description=_EVIDENCE)
    fresh: Age | None = Field(default=None, description=f"{_FRESH} Any age if left out.")
    commit: Literal["one", "any"] = Field(
        default="one",
        description="`one`: all runs are of one commit of the repository that the plans stand in, without edits.",
    )
    baseline: Baseline | None = Field(
        default=None, description="The release before: each cell is compared with its run there, sample by sample."
    )
    false_alarms: float = Field(
        default=0.05,
        gt=0,
        lt=0.5,
        description="The share of releases with nothing wrong that may fail by chance, over all cells together.",
    )
    dismissed: tuple[Dismissed, ...] = Field(default=(), description="Failed runs that do not count, each with why.")
    # Where the file was read from. Set by load, never by the file.
    origin: Path | None = Field(default=None, exclude=True, repr=False)

    @field_validator("dismissed")
    @classmethod
    def _named_once(cls, listed: tuple[Dismissed, ...]) -> tuple[Dismissed, ...]:
        runs = [one.run for one in listed]
        if twice := sorted({run for run in runs if runs.count(run) > 1}):
            raise ValueError(f"named twice: {', '.join(twice)}")
        return listed


def json_schema() -> dict[str, Any]:
    """JSON Schema, draft 2020-12, for editors: what ``load`` takes, its short forms included."""
    schema = Release.model_json_schema()
    parts, kinds = schema["properties"], schema["$defs"]
    del parts["origin"]
    text = {"type": "string", "minLength": 1}
    parts["plans"]["items"] = {"anyOf": [text, parts["plans"]["items"]]}
    parts["baseline"]["anyOf"].insert(0, text)
    for key in ("boards", "models"):
        value = kinds["ReleasePlan"]["properties"][key]
        kinds["ReleasePlan"]["properties"][key] = {
            "anyOf": [value["items"], value],
            "description": value["description"],
        }
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A release of hil"} | schema

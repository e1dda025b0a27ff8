"""What a rack plan may say: what a rack runs in a night. ``load.load_rack_plan`` reads it from YAML."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from harness.clock import AGE
from harness.plans.modelspec import Name
from harness.plans.parts import Part

Span = Annotated[str, Field(pattern=f"^{AGE}$")]
Glob = Annotated[str, Field(min_length=1)]

ALL = "all"
_GLOBS = "`all`, names, or patterns with `*`, `?` and `[...]`"


class RackEntry(Part):
    """Some plans on some boards with some models; may be written as a plan's name alone. Each of the three together is a case.

    A case that several entries name is the first one's: what is special stands above what is general.
    """

    plans: tuple[Glob, ...] = Field(
        min_length=1,
        description="Plans of the folder above this file's: `all` of those directly in it, names, paths from that folder, or"
        " patterns such as `keywords*` and `long/*`.",
    )
    boards: tuple[Glob, ...] = Field(
        default=(ALL,), description=f"The kinds of boards, of those that the plans name: {_GLOBS}."
    )
    models: tuple[Glob, ...] = Field(default=(ALL,), description=f"The models, of those that the plans name: {_GLOBS}.")
    tags: tuple[str, ...] = Field(default=(), description="Only units that have all of these tags.")
    priority: int = Field(
        default=0,
        ge=-100,
        le=100,
        description="What has more of it runs first, and is left out last when the night is too short.",
    )
    samples: int | None = Field(default=None, ge=1, description="Only the first so many samples of each case.")
    shards: Literal["auto"] | Annotated[int, Field(ge=2, le=64)] | None = Field(
        default=None,
        description="Each case is spread over so many units of its kind; `auto`: over those that are free.",
    )
    baseline: str = Field(
        default="", description="What its cases are judged against, in place of what the plans say: a tag, a run."
    )
    spare: bool = Field(
        default=False, description="What is left out of it for want of time leaves the night's exit status alone."
    )


class StopOn(Part):
    """When a night begins nothing more; what runs by then is brought to its end."""

    fails: int | None = Field(default=None, ge=1, description="So many cases have come to `fail`.")
    errors: int | None = Field(
        default=None, ge=1, description="So many cases have come to `error`, after their retries."
    )


class RackPlan(Part):
    """What a rack runs in a night: `hil nightly FILE`."""

    name: Name = Field(description="What reports and the history call it.")
    title: str = Field(default="", description="A line for people, at the head of reports.")
    description: str = Field(default="", description="Why it is as it is, for people.")
    run: tuple[RackEntry, ...] = Field(
        min_length=1, description="What is run, each by its plan's name or as a mapping."
    )
    bench: str = Field(
        default="",
        description="The units: a bench file from here, or `labgrid://...`. Left out: virtual units are started.",
    )
    budget: Span | None = Field(
        default=None,
        description="How long the night may take: `90m`, `8h`. No case begins that would not end within it, as far as times are"
        " known. Without end if left out.",
    )
    retries: int = Field(
        default=1,
        ge=0,
        le=1,
        description="How often a case runs again after `error`, on another unit: 0 or 1. What went wrong on two units sees no"
        " third; after `fail` there is never another try.",
    )
    quarantined: Literal["skip", "check"] = Field(
        default="skip",
        description="Units in quarantine: `skip` leaves them out, `check` takes those that pass their health check first.",
    )
    stop_on: StopOn = Field(default_factory=StopOn, description="When the night begins nothing more.")
    report_dir: str = Field(
        default="",
        description="The folder, from where the command is started, in which each night gets one of its own; hil-reports if left"
        " out.",
    )
    # Where the file was read from. Set by load, never by the file.
    origin: Path | None = Field(default=None, exclude=True, repr=False)


def json_schema() -> dict[str, Any]:
    """JSON Schema, draft 2020-12, for editors: what ``load`` takes, its short forms included."""
    schema = RackPlan.model_json_schema()
    parts, kinds = schema["properties"], schema["$defs"]
    del parts["origin"]
    parts["run"]["items"] = {"anyOf": [{"type": "string", "minLength": 1}, parts["run"]["items"]]}
    for key in LISTS:
        value = kinds["RackEntry"]["properties"][key]
        kinds["RackEntry"]["properties"][key] = {
            "anyOf": [value["items"], value],
            "description": value["description"],
        }
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema | {"title": "A rack plan of hil"}


#: The keys of an entry that take one word for a list of one.
LISTS = ("plans", "boards", "models", "tags")

"""The part ``continuous`` of a plan: recordings are played to the board in place of its microphone or sensor."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from harness.plans.parts import Part

Milliseconds = Annotated[int, Field(ge=0, le=3_600_000)]


class MajorityRule(Part):
    """The class that most of the last decisions name, each decided as ``decide`` says; it is told of when it begins."""

    name: Literal["majority"] = Field(default="majority", description="Most of the last decisions win.")
    over: int = Field(default=1, ge=1, le=10, description="So many decisions vote; fewer at the start.")
    suppress_ms: Milliseconds = Field(default=1000, description="The same class is not told of again within.")


class AverageRule(Part):
    """Scores averaged over a time, as the public keyword examples do it."""

    name: Literal["average"] = Field(description="The mean of the scores decides.")
    average_ms: int = Field(default=1000, ge=1, le=60_000, description="Scores older than that are forgotten.")
    above: int = Field(default=200, ge=0, le=255, description="The mean, 0..255, must be above that.")
    suppress_ms: Milliseconds = Field(default=1500, description="The same class is not told of again within.")
    at_least: int = Field(default=3, ge=1, le=10_000, description="So many results at least; fewer decide nothing.")


class SlidingRule(Part):
    """The mean of the last scores, as the public streaming wake words do it."""

    name: Literal["sliding"] = Field(description="The mean of the last scores decides.")
    over: int = Field(default=5, ge=1, le=255, description="So many results make the mean; those to come count as 0.")
    above: int = Field(
        default=247, ge=0, le=255, description="The mean, 0..255, must be above that: 255 times a probability, cut off."
    )
    rest: int = Field(
        default=0,
        ge=0,
        le=10_000,
        description="So many results below that must have come before, since the beginning or the last detection.",
    )


Rule = Annotated[MajorityRule | AverageRule | SlidingRule, Field(discriminator="name")]
#: Rules that look at scores of 0..255, and have a threshold of their own.
SCORED = (AverageRule, SlidingRule)


class SoundGate(Part):
    """The network runs only while something is heard: the features are computed all the same."""

    above: int = Field(ge=0, le=32767, description="A window with a sample of a greater size opens the gate.")
    backoff: int = Field(
        default=0, ge=0, le=100_000, description="So many windows more pass unasked before it is asked again."
    )


class Continuous(Part):
    """How recordings are played, and what becomes of the network's outputs."""

    front_end: str | dict[str, str | int | float | bool] = Field(
        description="What makes the network's input of raw samples: a name, or a mapping of name and options."
    )
    rule: Rule = Field(default_factory=MajorityRule, description="How decisions become detections.")
    background: tuple[str, ...] = Field(default=(), description="Classes that are nothing to tell of.")
    sound_gate: SoundGate | None = Field(default=None, description="Run the network only while something is heard.")
    every: int = Field(default=1, ge=1, le=1000, description="Run the network on each so many-th hop.")
    tolerance_ms: Milliseconds = Field(
        default=1000, description="A detection counts for an event from its begin until so long behind its end."
    )
    speed: Literal["fast", "realtime"] = Field(
        default="fast", description="`fast`: as fast as the board takes it. `realtime`: at the sensor's pace."
    )

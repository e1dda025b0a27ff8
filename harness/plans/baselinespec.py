"""What a plan's runs are held against: an earlier run, by its tag, its name or its place."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from harness.plans.parts import Part


class BaselineSpec(Part):
    """One of three; may be written as the reference alone, which is a path where it has a ``/``."""

    tag: str | None = Field(default=None, min_length=1, description="A tag: `hil history tag` names runs.")
    run: str | None = Field(default=None, min_length=1, description="A session, or a run's id.")
    path: str | None = Field(
        default=None, min_length=1, description="A report folder or a record.json; a relative one starts at the plan."
    )

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: object) -> object:
        return {"path" if "/" in value else "run": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if sum(value is not None for value in (self.tag, self.run, self.path)) != 1:
            raise ValueError("a baseline is one of tag, run and path")
        return self

    def reference(self, folder: Path | None) -> str:
        """As the command line would write it; ``folder`` is where the plan stands."""
        if self.path is None:
            return self.tag or self.run or ""
        found = (folder or Path()) / self.path
        # A bare word would be looked for in the history.
        return str(found) if len(found.parts) > 1 else f"./{found}"

"""What every part of a record is."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, model_validator

from harness.text import printable


def _plain(value: object) -> object:
    if isinstance(value, str):
        # An enumeration's member is one of our own words, and must stay a member.
        return value if isinstance(value, StrEnum) else printable(value)
    return tuple(map(_plain, value)) if isinstance(value, tuple | list) else value


class Frozen(BaseModel):
    """Unchangeable, without unknown keys, every text in it made harmless."""

    # JSON has no NaN or infinity, but a difference to the reference may be infinite: written as words, and read back.
    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=(), ser_json_inf_nan="strings")

    @model_validator(mode="before")
    @classmethod
    def _plain_text(cls, values: object) -> object:
        """Whatever came from outside (a path, a symbol, a message) fits into every report and drives no terminal."""
        if not isinstance(values, dict):
            return values
        return {key: _plain(value) for key, value in values.items()}


class Written(Frozen):
    """A file of its own: ``schema_`` is its key ``schema``, a name that pydantic's own classes take."""

    model_config = ConfigDict(
        alias_generator=lambda name: "schema" if name == "schema_" else name, populate_by_name=True
    )

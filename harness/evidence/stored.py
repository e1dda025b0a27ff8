"""The way back from a document of ours that was written to disk."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ValidationError

from harness.errors import MisuseError

_M = TypeVar("_M", bound=BaseModel)


def of_schema(kind: type[_M], content: object, *, schema: str, what: str, where: str, instead: str | None = None) -> _M:
    """``content``, as it was read from JSON, as a ``kind``. ``what`` it is and ``where`` it lies; ``instead``: what to do if it is
    damaged. ``MisuseError`` for another schema, naming both, and for what the schema does not allow."""
    found = content.get("schema") if isinstance(content, dict) else None
    if found != schema:
        raise MisuseError(
            f"the schema of {what} is not one that this version reads",
            where=where,
            expected=schema,
            found=found if found is not None else "no 'schema' at all",
            next_step="read it with the version of hil that wrote it ('harness_version')",
        )
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise MisuseError(
            f"{what} is damaged",
            where=f"{where}:{'.'.join(map(str, first['loc']))}",
            expected=first["msg"],
            found=repr(first["input"])[:120],
            next_step=instead or "take it from a copy, or run again",
        ) from error

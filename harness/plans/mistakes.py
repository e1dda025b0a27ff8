"""All that is wrong with a plan, told at once: who mends one mistake after the other starts a run for each."""

from __future__ import annotations

import re
from collections.abc import Sequence

from harness.errors import PlanError

_TOLD = 20  # a page; who has more has given another kind of file
_SHORT = 120  # characters: a longer list of what was expected would hide the rest of its line


class PlanMistakes(PlanError):
    """Several mistakes of one plan (``each``), a line for each. ``where`` is the place of the first."""

    def __init__(self, file: str, each: Sequence[PlanError]) -> None:
        super().__init__(f"{len(each)} mistakes in {file}", where=each[0].where)
        self.file = file
        self.each = tuple(each)

    def __str__(self) -> str:
        rest = [f"  and {len(self.each) - _TOLD} more"] if len(self.each) > _TOLD else []
        return "\n".join([self.what, *(f"  {_in_a_line(error)}" for error in self.each[:_TOLD]), *rest])

    def __reduce__(self) -> tuple[object, ...]:
        return (PlanMistakes, (self.file, self.each))


def raised(file: str, mistakes: Sequence[PlanError]) -> None:
    """Raise them in the order of the file: one as it is, several together. Nothing for none."""
    each = list({(error.where, error.what): error for error in mistakes}.values())
    each.sort(key=lambda error: _line(file, error))
    if len(each) == 1:
        raise each[0]
    if each:
        raise PlanMistakes(file, each)


def _line(file: str, error: PlanError) -> int:
    found = re.match(rf"{re.escape(file)}:(\d+)", error.where or "")
    return int(found[1]) if found else 0


def _in_a_line(error: PlanError) -> str:
    text = f"{error.where}: {error.what}" if error.where else error.what
    if error.next_step is not None and error.next_step.startswith("did you mean"):
        return f"{text}; {error.next_step}"
    if error.expected is not None and len(str(error.expected)) <= _SHORT:
        text += f"; expected {error.expected}"
    if error.found is not None and str(error.found) not in error.what:
        text += f"; found {error.found}"
    return text

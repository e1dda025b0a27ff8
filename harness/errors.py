"""The error tree, by who must act.

    HilError
    |- PlanError     the plan's author acts; nothing ran
    |- BenchError    the lab's operator acts: probe, port, flash, lease, power
    |- DeviceError   the firmware's author acts: silent, fault, wire violation, wrong identity
    |- MisuseError   the caller of this library or command line acts
    `- HarnessBug    we act

A verdict of ``fail`` is never an exception: it is a result with reasons (see ``records.Verdict``).
Every message says what, where, expected, found and the next step; ``HilError`` renders the parts in that order
so that a message cannot forget one silently.
"""

from __future__ import annotations

from typing import ClassVar, Literal


class HilError(Exception):
    """Base of every error this project raises on purpose.

    ``what`` is one sentence without a full stop. The other parts are optional; those given are shown one a line.
    """

    def __init__(
        self,
        what: str,
        *,
        where: str | None = None,
        expected: object | None = None,
        found: object | None = None,
        next_step: str | None = None,
    ) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.expected = expected
        self.found = found
        self.next_step = next_step

    def __str__(self) -> str:
        lines = [self.what]
        for title, part in (
            ("where", self.where),
            ("expected", self.expected),
            ("found", self.found),
            ("next", self.next_step),
        ):
            if part is not None:
                lines.append(f"  {title + ':':<10}{part}")
        return "\n".join(lines)

    def __reduce__(self) -> tuple[object, ...]:
        # Keyword-only arguments do not survive the default pickling that xdist and subprocesses need.
        return (_rebuild, (type(self), self.what, self.where, self.expected, self.found, self.next_step))


def _rebuild(
    kind: type[HilError],
    what: str,
    where: str | None,
    expected: object | None,
    found: object | None,
    next_step: str | None,
) -> HilError:
    return kind(what, where=where, expected=expected, found=found, next_step=next_step)


class PlanError(HilError):
    """The plan, its model metadata or its dataset is wrong. Nothing ran."""


class BenchError(HilError):
    """The rig is wrong: probe not found, port gone, flash failed, unit held, tool missing.

    ``unit`` is the id of the unit that was in hand, "" before one was. It is to blame, and where none is the host, unless
    ``whose`` says otherwise: whether a unit counts as broken hangs on it (``farm.health``).
    """

    unit: str = ""
    whose: ClassVar[Literal["", "host", "nobody"]] = ""


class HostError(BenchError):
    """This computer is wrong, whatever unit it works with: its disk, its compilers, its network."""

    whose = "host"


class TakenError(BenchError):
    """Somebody else has the unit or its port, or it is another one than was asked for: nothing is wrong with it."""

    whose = "nobody"


class WedgedError(BenchError):
    """A part of the unit let its whole deadline pass. Asked again, it would cost as much again."""


class DeviceError(HilError):
    """The firmware is wrong: silent, faulted, broke the wire protocol, not the model it should be."""


class MisuseError(HilError):
    """The caller used the library or the command line wrongly."""


class HarnessBug(HilError):
    """We are wrong. Please report it with the text."""

"""Two commands of the user's own. No shell reads them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from harness.bench.finding import Finding
from harness.bench.power import _program
from harness.plans.power import CommandPower


@dataclass(frozen=True)
class CommandSwitch:
    """``switch_on`` and ``switch_off`` are split at blanks; each must end with status 0."""

    switch_on: str
    switch_off: str

    @property
    def title(self) -> str:
        """See PowerSwitch."""
        return f"the command {self.switch_off!r} of the bench file"

    def off(self) -> None:
        """See PowerSwitch."""
        self._run(self.switch_off)

    def on(self) -> None:
        """See PowerSwitch."""
        self._run(self.switch_on)

    def is_on(self) -> bool | None:
        """See PowerSwitch: a command tells nothing."""
        return None

    def _run(self, command: str) -> None:
        title = f"power command {command!r} of the bench file"
        advice = "run it by hand, and correct `power` in the bench file"
        try:
            words = shlex.split(command)
        except ValueError as error:
            raise _program.no_command(title, error, advice) from error
        _program.run(words, title=title, advice=advice)


def switch(spec: CommandPower) -> CommandSwitch:
    """See Driver."""
    return CommandSwitch(spec.on, spec.off)


def examine() -> Iterator[Finding]:
    """See Driver: whose commands they are, they are not known here."""
    return iter(())

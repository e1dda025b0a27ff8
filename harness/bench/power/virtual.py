"""A port of a hub of virtual boards (``hil virtual --rack``): without power its unit has left the bus."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harness.bench.finding import Finding
from harness.plans.power import VirtualPower
from harness.virtual.host import hub


@dataclass(frozen=True)
class VirtualSwitch:
    """``port`` None is every port of the hub."""

    hub: str
    port: int | None

    @property
    def title(self) -> str:
        """See PowerSwitch."""
        return f"virtual hub {self.hub}" + (f", port {self.port}" if self.port is not None else "")

    def off(self) -> None:
        """See PowerSwitch."""
        self._switch(on=False)

    def on(self) -> None:
        """See PowerSwitch."""
        self._switch(on=True)

    def is_on(self) -> bool | None:
        """See PowerSwitch. A whole hub is on when all of its ports are, off when none is."""
        said = {port["on"] for port in self._ask("state")["ports"] if self.port in (None, port["port"])}
        return said.pop() if len(said) == 1 else None

    def _switch(self, *, on: bool) -> None:
        self._ask("switch", port=self.port or 0, on=on)

    def _ask(self, command: str, **arguments: object) -> dict[str, list[dict[str, bool]]]:
        return hub.ask(
            self.hub, command, hub.COMES_UP_S, **arguments
        )  # with power a process comes up: that takes its time


def switch(spec: VirtualPower) -> VirtualSwitch:
    """See Driver."""
    return VirtualSwitch(spec.hub, spec.port)


def examine() -> Iterator[Finding]:
    """See Driver: it comes with hil."""
    return iter(())

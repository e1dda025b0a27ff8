"""A port of a USB hub that can switch ports, through the program ``uhubctl`` (github.com/mvp/uhubctl, also for its output).

    Current status for hub 1-1 [2109:3431 USB2.0 Hub, USB 2.10, 4 ports, ppps]
      Port 2: 0503 power highspeed enable connect [0483:374b STMicroelectronics STM32 STLink 066C...]
    Sent power off request
    New status for hub 1-1 [2109:3431 USB2.0 Hub, USB 2.10, 4 ports, ppps]
      Port 2: 0000 off

A USB 3 hub is two hubs, and VBUS goes only when both are off: uhubctl switches the twin too and tells of it in a second section
(README; issue 117: where only one may be written to, it says "off" and the port keeps its power). All sections are looked at.

**Many hubs switch nothing**: they take the command, say "off", and keep VBUS (README, "How do I check if my USB hub is
supported"); others are ganged. No program can see that, so nothing here claims that power went: ``farm.recovery`` proves it at
the unit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from harness.bench.finding import Finding
from harness.bench.power import _program, failed
from harness.plans.power import UhubctlPower

INSTALL = "install it (`apt-get install uhubctl`), with the udev rule of the guide's page power: no root is needed then"
_SECTION = re.compile(r"^(?P<when>Current|New) status for hub (?P<hub>[0-9][0-9.-]*)")
_PORT = re.compile(r"^ +Port (?P<port>\d+): [0-9a-fA-F]{4} (?P<words>.*)$")


@dataclass(frozen=True)
class UhubctlSwitch:
    """``port`` None is every port of the hub at ``location``."""

    location: str
    port: int | None

    @property
    def title(self) -> str:
        """See PowerSwitch."""
        return f"uhubctl, hub {self.location}, " + (f"port {self.port}" if self.port is not None else "all ports")

    def off(self) -> None:
        """See PowerSwitch."""
        self._switch(on=False)

    def on(self) -> None:
        """See PowerSwitch."""
        self._switch(on=True)

    def is_on(self) -> bool | None:
        """See PowerSwitch: on while one of them has power, in either of twin hubs."""
        ports = states(self._run())
        return any(ports.values()) if ports else None

    def _switch(self, *, on: bool) -> None:
        said = self._run("-a", "on" if on else "off")
        ports = states(said)
        if not ports:
            raise failed(self.title, " | ".join(said.split("\n")) or "nothing", expected="the new status of the port")
        wrong = [f"hub {hub} port {port}" for (hub, port), powered in ports.items() if powered is not on]
        if wrong:
            raise failed(
                self.title,
                f"uhubctl says that {', '.join(wrong)} {'has no' if on else 'still has'} power",
                "see `uhubctl`: is the udev rule there for both halves of the hub, USB 2 and USB 3? (guide, page power)",
                expected=f"port {'on' if on else 'off'}",
            )

    def _run(self, *action: str) -> str:
        port = ("-p", str(self.port)) if self.port is not None else ()
        advice = (
            f"run `uhubctl -l {self.location}` by hand; without root it needs the udev rule of the guide's page power"
        )
        return _program.run(
            ("uhubctl", "-l", self.location, *port, *action), title=self.title, advice=advice, install=INSTALL
        )


def states(said: str) -> dict[tuple[str, int], bool]:
    """(hub, port) -> whether it has power, as uhubctl's output tells it last."""
    found: dict[tuple[str, int], bool] = {}
    hub = ""
    for line in said.splitlines():
        if section := _SECTION.match(line):
            hub = section["hub"]
        elif hub and (port := _PORT.match(line)):
            # What is plugged in stands in brackets, and may have such words in its name. "off" is said of a USB 2 port only where
            # no bit of its status is set, "power" of every port that has it.
            found[hub, int(port["port"])] = "power" in port["words"].partition("[")[0].split()
    return found


def switch(spec: UhubctlPower) -> UhubctlSwitch:
    """See Driver."""
    return UhubctlSwitch(spec.location, spec.port)


def examine() -> Iterator[Finding]:
    """See Driver."""
    return _program.there("uhubctl", "for `power: {driver: uhubctl}` of a bench file", INSTALL)

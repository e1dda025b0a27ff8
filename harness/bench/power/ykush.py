"""A port of a Yepkit YKUSH, YKUSH3 or YKUSHXS, through the program ``ykushcmd`` (github.com/Yepkit/ykush: manual, source).

``ykushcmd [ykush3|ykushxs] [-s SERIAL] -d|-u|-g PORT``; PORT is ``a`` for all, and left out for the one port of a YKUSHXS. Its exit
status is 0 also after a ``-u`` that reached no hub (``ykush.cpp``), and its ``-g`` tells of port 15 then: the state is asked
after each action, and believed only where it is of the port that was asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from harness.bench.finding import Finding
from harness.bench.power import _program, failed
from harness.plans.power import YkushPower

INSTALL = "build it from https://github.com/Yepkit/ykush (./build.sh, then ./install.sh)"
_ADVICE = "is the hub there (`ykushcmd -l`), and may this account use it (its udev rule)?"
#: ``Downstream port 1 is ON`` (YKUSH), ``Downstream port is ON`` (YKUSHXS), ``Port 1 ON`` (YKUSH3).
_STATE = re.compile(r"^(?:Downstream port|Port) ?(?P<port>\d*)(?: is)? (?P<state>ON|OFF)$", re.MULTILINE)
#: Said once for each of the two product ids that a YKUSH may have.
_NO_HUB = "Unable to open device"
_PORTS = (1, 2, 3)


@dataclass(frozen=True)
class YkushSwitch:
    """``port`` None is every port. ``model``: ``ykush``, ``ykush3`` or ``ykushxs``; ``serial`` "" is the only hub that is there."""

    port: int | None
    serial: str = ""
    model: str = "ykush"

    @property
    def title(self) -> str:
        """See PowerSwitch."""
        which = f" {self.serial}" if self.serial else ""
        return f"{self.model}{which}, " + (f"port {self.port}" if self.port is not None else "all ports")

    def off(self) -> None:
        """See PowerSwitch."""
        self._switch(on=False)

    def on(self) -> None:
        """See PowerSwitch."""
        self._switch(on=True)

    def is_on(self) -> bool | None:
        """See PowerSwitch. All ports are on when one of them is."""
        ports: tuple[int | None, ...] = (None,) if self.model == "ykushxs" else (self.port,) if self.port else _PORTS
        said = [self._state(port) for port in ports]
        return True if True in said else None if None in said else False

    def _state(self, port: int | None) -> bool | None:
        said = self._run("-g", *([str(port)] if port is not None else []))
        found = _STATE.search(said)
        # Of a YKUSHXS that it does not find it says that the port is off.
        if found is None or _NO_HUB in said or (port is not None and found["port"] != str(port)):
            return None
        return found["state"] == "ON"

    def _switch(self, *, on: bool) -> None:
        which = [] if self.model == "ykushxs" else [str(self.port) if self.port is not None else "a"]
        said = self._run("-u" if on else "-d", *which)
        if said.count(_NO_HUB) > 1 or self.is_on() is (not on):
            raise failed(self.title, " ".join(said.split()) or "it says that the port is as before", _ADVICE)

    def _run(self, *words: str) -> str:
        model = [] if self.model == "ykush" else [self.model]
        serial = ["-s", self.serial] if self.serial else []
        return _program.run(("ykushcmd", *model, *serial, *words), title=self.title, advice=_ADVICE, install=INSTALL)


def switch(spec: YkushPower) -> YkushSwitch:
    """See Driver."""
    return YkushSwitch(spec.port, spec.serial, spec.model)


def examine() -> Iterator[Finding]:
    """See Driver."""
    return _program.there("ykushcmd", "for `power: {driver: ykush}` of a bench file", INSTALL)

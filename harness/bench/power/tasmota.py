"""A relay of a device with the firmware Tasmota, by its web requests (tasmota.github.io/docs/Commands, "with Web Requests").

``GET /cm?cmnd=Power1%20On`` answers ``{"POWER":"ON"}``, or ``{"POWER1":"ON"}`` where there are several; without a word behind
``Power1`` the state is told. A login goes into the address: ``user=admin&password=...``; one that is missing or wrong is
``{"WARNING":"Need user=<username>&password=<password>"}``, with status 401 from 8.2.3 on and 200 before.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote, urlencode

from harness.bench.finding import Finding
from harness.bench.power._http import Answer, Relay
from harness.plans.power import TasmotaPower


class TasmotaSwitch(Relay):
    """See Relay. ``output`` counts from 1 on."""

    maker = "Tasmota"

    def is_on(self) -> bool | None:
        """See PowerSwitch."""
        return {"ON": True, "OFF": False}.get(self._command(""))

    def _switch(self, *, on: bool) -> None:
        word = "On" if on else "Off"
        said = self._command(f" {word}")
        if said != word.upper():
            raise self._device().failed(f"it says {said or 'nothing of its power'}", "has the device that many relays?")

    def _command(self, rest: str) -> str:
        device = self._device()
        words = {"user": self.user, "password": device.password} if device.password else {}
        query = urlencode({**words, "cmnd": f"Power{self.output}{rest}"}, quote_via=quote)
        answer = device.ask(f"http://{self.host}/cm?{query}")
        told = answer.json()
        if str(told.get("WARNING", "")).startswith("Need user"):
            raise device.refused(Answer(401, answer.text), self.password_env)
        if answer.status != 200:
            raise device.refused(answer, self.password_env)
        # A device with one relay leaves the number out, whichever way it was asked.
        return str(told.get(f"POWER{self.output}", told.get("POWER", "") if self.output == 1 else ""))


def switch(spec: TasmotaPower) -> TasmotaSwitch:
    """See Driver."""
    return TasmotaSwitch(spec.host, spec.output, spec.user, spec.password_env)


def examine() -> Iterator[Finding]:
    """See Driver: nothing is needed."""
    return iter(())

"""A relay of a Shelly plug or switch, by its HTTP interface in the local network.

``/shelly`` says which generation it is, without a login. The first one: ``GET /relay/0?turn=on`` answers ``{"ison": true, ...}``,
with HTTP Basic where a login is set (shelly-api-docs.shelly.cloud/gen1). All later ones: ``GET /rpc/Switch.Set?id=0&on=true``
answers ``{"was_on": false}``, ``/rpc/Switch.GetStatus?id=0`` has ``output``; HTTP Digest with SHA-256, user ``admin``
(.../gen2/ComponentsAndServices/Switch, .../gen2/General/Authentication).
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.bench.finding import Finding
from harness.bench.power import _http
from harness.bench.power._http import Answer, Device, Relay
from harness.plans.power import ShellyPower


class ShellySwitch(Relay):
    """See Relay. ``output`` counts from 0 on."""

    maker = "Shelly"

    def is_on(self) -> bool | None:
        """See PowerSwitch."""
        device = self._device()
        return self._state(device, first=self._first(device))

    def _switch(self, *, on: bool) -> None:
        device = self._device()
        first = self._first(device)
        if first:
            self._get(device, f"/relay/{self.output}?turn={'on' if on else 'off'}")
        else:
            self._get(device, f"/rpc/Switch.Set?id={self.output}&on={'true' if on else 'false'}")
        if self._state(device, first=first) is not on:
            raise device.failed(
                f"it says that it is {'off' if on else 'on'}", "look at it: is it locked, or protected?"
            )

    def _state(self, device: Device, *, first: bool) -> bool | None:
        if first:
            return _flag(self._get(device, f"/relay/{self.output}").json().get("ison"))
        return _flag(self._get(device, f"/rpc/Switch.GetStatus?id={self.output}").json().get("output"))

    def _first(self, device: Device) -> bool:
        about = device.ask(f"http://{self.host}/shelly")
        if about.status != 200 or "mac" not in about.json():
            raise device.refused(about, self.password_env)
        return "gen" not in about.json()

    def _get(self, device: Device, uri: str) -> Answer:
        answer = device.ask(f"http://{self.host}{uri}")
        if answer.status == 401 and device.password:
            login = _http.digest(answer.challenge, self.user, device.password, method="GET", uri=uri) or _http.basic(
                self.user, device.password
            )
            answer = device.ask(f"http://{self.host}{uri}", headers=login)
        if answer.status != 200:
            raise device.refused(answer, self.password_env)
        return answer


def _flag(found: object) -> bool | None:
    return found if isinstance(found, bool) else None


def switch(spec: ShellyPower) -> ShellySwitch:
    """See Driver."""
    return ShellySwitch(spec.host, spec.channel, spec.user, spec.password_env)


def examine() -> Iterator[Finding]:
    """See Driver: nothing is needed."""
    return iter(())

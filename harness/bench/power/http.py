"""Whatever is switched by one HTTP request for on and one for off: power strips, home automation servers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from harness.bench.finding import Finding
from harness.bench.power import _http
from harness.bench.power._http import Answer, Device
from harness.plans.power import HttpPower


@dataclass(frozen=True)
class HttpSwitch:
    """``spec`` is the bench file's. Any status from 200 to 299 says that it was done; ``state`` tells whether it is so."""

    spec: HttpPower

    @property
    def title(self) -> str:
        """See PowerSwitch. Without the query, where keys may be."""
        return f"the switch at {urlsplit(self.spec.on).netloc}"

    def off(self) -> None:
        """See PowerSwitch."""
        self._switch(self.spec.off, self.spec.off_body, on=False)

    def on(self) -> None:
        """See PowerSwitch."""
        self._switch(self.spec.on, self.spec.on_body, on=True)

    def is_on(self) -> bool | None:
        """See PowerSwitch: None where the bench file does not say how that is asked."""
        if not self.spec.state or not self.spec.state_on:
            return None
        return self.spec.state_on in self._ask(self.spec.state, "GET", "").text

    def _switch(self, url: str, body: str, *, on: bool) -> None:
        self._ask(url, self.spec.method, body)
        if self.is_on() is (not on):
            raise self._device().failed(
                f"its state says that it is {'off' if on else 'on'}", "try the addresses by hand"
            )

    def _ask(self, url: str, method: str, body: str) -> Answer:
        device = self._device()
        login: dict[str, str] = {}
        if self.spec.token_env:
            login = {"Authorization": f"Bearer {device.password}"}
        elif self.spec.password_env:
            login = _http.basic(self.spec.user, device.password)
        answer = device.ask(url, method=method, body=body, headers=login)
        if not 200 <= answer.status < 300:
            raise device.refused(answer, self.spec.token_env or self.spec.password_env)
        return answer

    def _device(self) -> Device:
        return Device(self.title, _http.secret(self.spec.token_env or self.spec.password_env, self.title))


def switch(spec: HttpPower) -> HttpSwitch:
    """See Driver."""
    return HttpSwitch(spec)


def examine() -> Iterator[Finding]:
    """See Driver: nothing is needed."""
    return iter(())

"""What differs between the versions."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Quirks:
    """One version. See the fields of the class for what is known to differ."""

    version: str
    short_names: bool = False  # `cpu` for `sysbus.cpu`
    sets_ge: bool = False  # SSUB8 sets the flags that SEL looks at as the architecture says
    machine_is_an_interface: bool = True  # C# models are made with an IMachine, not a Machine

    @property
    def banner(self) -> str:
        """What ``version`` answers."""
        return f"Renode, version {self.version} (d66b0c2a-202602142154)"


VERSIONS = {
    "1.13.3": Quirks("1.13.3", machine_is_an_interface=False),
    "1.15.3": Quirks("1.15.3"),
    "1.16.1": Quirks("1.16.1", short_names=True, sets_ge=True),
}

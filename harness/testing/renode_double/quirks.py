"""What differs between the versions."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Quirks:
    """One version. See the fields of the class for what is known to differ."""

    version: str
    text_arguments_only: bool = False  # robot: "double value where string expected"
    says_listening_before_bind: bool = False
    status_if_port_taken: int = 0  # the newer ones log an error and exit with 0
    short_names: bool = False  # `cpu` for `sysbus.cpu`
    emulation_state: bool = False
    capital_requests: bool = False  # PythonPeripheral: request.IsInit instead of request.isInit
    machine_is_an_interface: bool = True  # C# models are made with an IMachine, not a Machine

    @property
    def banner(self) -> str:
        """What ``version`` answers."""
        return f"Renode, version {self.version}.27542 (1234abcd-202602171128)"


VERSIONS = {
    "1.13.3": Quirks(
        "1.13.3",
        text_arguments_only=True,
        says_listening_before_bind=True,
        status_if_port_taken=1,
        machine_is_an_interface=False,
    ),
    "1.15.3": Quirks("1.15.3"),
    "1.16.1": Quirks("1.16.1", short_names=True, emulation_state=True, capital_requests=True),
}

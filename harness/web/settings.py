"""What the server was told when it was started."""

from __future__ import annotations

import ipaddress
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

TOKEN: Final = "HIL_SERVE_TOKEN"
_LOOPBACK_NAMES: Final = frozenset({"localhost", "localhost.localdomain"})


@dataclass(frozen=True)
class Settings:
    """``base`` is the folder of runs (``hil-reports``). ``token`` None: whoever reaches the server may read, tag and note.

    ``names`` are the host names by which the server is reached beside its addresses; ``secret`` signs the forms of this process.
    """

    base: Path
    token: str | None = None
    names: frozenset[str] = _LOOPBACK_NAMES
    loopback: bool = True
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    def knows(self, host: str) -> bool:
        """Whether a request's Host header (its port taken off) names this server.

        A page of another site can make its own name lead to our address (DNS rebinding), and then reads what its name gives.
        An address as text cannot be made to lead elsewhere; the names are those that were said.
        """
        if host.casefold() in self.names:
            return True
        try:
            address = ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
        except ValueError:
            return False
        return not self.loopback or address.is_loopback


def is_loopback(host: str) -> bool:
    """Whether a server bound to that name or address is reached from this host alone."""
    if host.casefold() in _LOOPBACK_NAMES:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def loopback_names() -> frozenset[str]:
    """The names that always mean this host."""
    return _LOOPBACK_NAMES

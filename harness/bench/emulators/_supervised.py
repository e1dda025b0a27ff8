"""What units have in common that are run by a supervisor of their own: it knows how they are, and is asked."""

from __future__ import annotations

from dataclasses import dataclass

from harness.virtual.debug import lifetime, registry
from harness.virtual.host.supervised import SupervisedUnit


@dataclass
class Supervised:
    """All of ``EmulatedUnit`` but ``probe`` and ``findings``."""

    running: SupervisedUnit

    @property
    def uid(self) -> str:
        """See EmulatedUnit."""
        return self.running.uid

    @property
    def port(self) -> str:
        """See EmulatedUnit."""
        return self.running.port

    @property
    def alive(self) -> bool:
        """See EmulatedUnit."""
        return self.running.alive

    def ended(self, within_s: float) -> bool:
        """See EmulatedUnit."""
        return self.running.ended(within_s)

    @property
    def why_dead(self) -> str:
        """See EmulatedUnit."""
        return self.running.why_dead

    @property
    def core_fault(self) -> str:
        """See EmulatedUnit."""
        return self.running.core_fault

    def own_time_s(self) -> float | None:
        """See EmulatedUnit; the supervisor tells it."""
        return lifetime.read(registry.lifetime_path(self.uid)) if self.alive else None

    def close(self) -> None:
        """See EmulatedUnit."""
        self.running.close()

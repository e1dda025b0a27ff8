"""What emulated units have in common: their process is asked, and a supervisor where they have one."""

from __future__ import annotations

from dataclasses import dataclass

from harness.bench import selftest
from harness.bench.boards import Board
from harness.bench.power import PowerSwitch
from harness.bench.probes.supervised import SupervisedProbe
from harness.virtual.debug import lifetime, registry
from harness.virtual.host.process import RunningUnit
from harness.virtual.host.supervised import SupervisedUnit


@dataclass
class InProcess:
    """All of ``EmulatedUnit`` but ``probe``, ``findings`` and ``core_fault``."""

    running: RunningUnit

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

    def own_time_s(self) -> float | None:
        """See EmulatedUnit; its process tells it."""
        return lifetime.read(registry.lifetime_path(self.uid)) if self.alive else None

    def power_switch(self) -> PowerSwitch | None:
        """See EmulatedUnit."""
        return None

    def close(self) -> None:
        """See EmulatedUnit."""
        self.running.close()


@dataclass
class Supervised(InProcess):
    """One that a supervisor of ours runs in an emulator of others: it knows how the core is, and tries programs on it."""

    running: SupervisedUnit

    @property
    def core_fault(self) -> str:
        """See EmulatedUnit."""
        return self.running.core_fault


def prove(unit: Supervised, probe: SupervisedProbe, board: Board, advice: str) -> None:
    """The self-test on the unit's own core. ``BenchError`` with ``advice`` when it computes wrongly."""
    memory = board.memory
    program = selftest.program(memory.ram_origin + memory.ram_bytes, memory.flash_origin, memory.ram_origin)
    told = probe.ask("try", image=program.hex(), at=memory.flash_origin, result=memory.ram_origin,
               size=selftest.RESULT_BYTES)  # fmt: skip
    selftest.judge(bytes.fromhex(told["found"]), unit.running.name, advice)

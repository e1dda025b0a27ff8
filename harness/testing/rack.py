"""A rack of virtual units, for tests of the farm: each is reached as a real one, by its probe's id and its port."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from harness.bench import rack
from harness.bench.places import Place, places_of
from harness.plans.bench import Bench, BenchUnit, dump_bench
from harness.virtual.host.hub import Hub, Port


class VirtualRack:
    """So many virtual units of each kind, running until the end of the block; ``bench`` is a bench file that names them.

    The file is read by ``--bench``; with it the units are taken as attached ones (``--backend probe``, or ``auto``). They hang on
    a virtual hub, whose ports other processes switch by the file's ``power``; one that ``hub_lies`` keeps them powered.
    """

    def __init__(self, kinds: Mapping[str, int], bench: Path, *, prefix: str = "v", hub_lies: bool = False) -> None:
        self.bench = bench
        self._kinds, self._name, self._lies = dict(kinds), f"{prefix}{os.getpid()}", hub_lies

    def __enter__(self) -> VirtualRack:
        self.hub = Hub(self._name, lies=self._lies)
        try:
            rack.fill(self.hub, self._kinds)
        except BaseException:
            self.close()
            raise
        self.write()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def uids(self) -> tuple[str, ...]:
        """Of all units, dead ones too, in the order of the bench file."""
        return tuple(port.uid for port in self.hub.ports.values())

    def board(self, uid: str) -> str:
        """The kind of one."""
        return self._port(uid).board_name

    def port(self, uid: str) -> str:
        """The name of its serial port, which stays."""
        return next(unit.port for unit in rack.bench_of(self.hub).units if unit.uid == uid)

    def alive(self, uid: str) -> bool:
        """Whether its process runs."""
        unit = self._port(uid).unit
        return unit is not None and unit.alive

    def places(self) -> tuple[Place, ...]:
        """As the bench file has them."""
        return places_of(rack.bench_of(self.hub))

    def start(self, uid: str) -> None:
        """Plug it in (again): a new process under the same id, with the flash that it had."""
        number = self._port(uid).number
        lies, self.hub.lies = self.hub.lies, False  # a cable that is pulled is pulled
        self.hub.switch(number, on=False)
        self.hub.lies = lies
        self.hub.switch(number, on=True)

    def kill(self, uid: str) -> None:
        """Its process is killed, and its files stay behind. It is away until its port had no power."""
        unit = self._port(uid).unit
        assert unit is not None
        os.kill(unit.pid, signal.SIGKILL)
        unit.ended(10.0)

    def write(self, **changes: Mapping[str, object]) -> None:
        """The bench file anew; ``changes`` are fields of single units by their ids with ``-`` as ``_``."""
        units = [
            BenchUnit.model_validate(
                unit.model_dump(exclude_unset=True) | dict(changes.get(unit.uid.replace("-", "_"), {}))
            )
            for unit in rack.bench_of(self.hub).units
        ]
        self.bench.write_text(dump_bench(Bench(units=tuple(units)), "a rack of virtual units"), encoding="utf-8")

    def close(self) -> None:
        """End all of them. May be called twice."""
        self.hub.close()

    def _port(self, uid: str) -> Port:
        return next(port for port in self.hub.ports.values() if port.uid == uid)

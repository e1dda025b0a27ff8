"""A rack of virtual units, for tests of the farm: each is reached as a real one, by its probe's id and its port."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from harness.bench.boards import load_board
from harness.bench.places import Place
from harness.plans.bench import Bench, BenchUnit, dump_bench
from harness.virtual.host import process


class VirtualRack:
    """So many virtual units of each kind, running until the end of the block; ``bench`` is a bench file that names them.

    The file is read by ``--bench``; with it the units are taken as attached ones (``--backend probe``, or ``auto``).
    """

    def __init__(self, kinds: Mapping[str, int], bench: Path, *, prefix: str = "v") -> None:
        self.bench = bench
        self._kinds, self._prefix = dict(kinds), prefix
        self._running: dict[str, process.RunningUnit] = {}
        self._boards: dict[str, str] = {}

    def __enter__(self) -> VirtualRack:
        try:
            for kind, n in self._kinds.items():
                for _ in range(n):
                    uid = f"{self._prefix}{os.getpid()}-{len(self._boards)}"
                    self._boards[uid] = kind
                    self.start(uid)
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
        return tuple(self._boards)

    def board(self, uid: str) -> str:
        """The kind of one."""
        return self._boards[uid]

    def port(self, uid: str) -> str:
        """Where it was last."""
        return self._running[uid].port

    def alive(self, uid: str) -> bool:
        """Whether its process runs."""
        return self._running[uid].alive

    def places(self) -> tuple[Place, ...]:
        """As the bench file has them."""
        return tuple(Place(kind, uid, self.port(uid)) for uid, kind in self._boards.items())

    def start(self, uid: str) -> None:
        """Plug it in (again): a new process under the same id. Its port may have another name: see ``write``."""
        if uid in self._running:
            self._running[uid].close()
        kind = load_board(self._boards[uid])
        assert kind.virtual is not None
        self._running[uid] = process.start(kind.virtual.soc, uid=uid, board_name=kind.name, timeout_s=60.0)

    def kill(self, uid: str) -> None:
        """Unplug it: its process is killed, and its files stay behind."""
        os.kill(self._running[uid].pid, signal.SIGKILL)
        self._running[uid].ended(10.0)

    def write(self, **changes: Mapping[str, object]) -> None:
        """The bench file anew; ``changes`` are fields of single units by their ids with ``-`` as ``_``."""
        units = [
            BenchUnit.model_validate(
                {"board": kind, "uid": uid, "port": self.port(uid)} | dict(changes.get(uid.replace("-", "_"), {}))
            )
            for uid, kind in self._boards.items()
        ]
        self.bench.write_text(dump_bench(Bench(units=tuple(units)), "a rack of virtual units"), encoding="utf-8")

    def close(self) -> None:
        """End all of them. May be called twice."""
        for unit in self._running.values():
            unit.close()

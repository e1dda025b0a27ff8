"""Renode (``harness.renode``), where it is installed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.bench.boards import Board
from harness.bench.emulators import About, EmulatedUnit, Findings
from harness.bench.emulators._running import Supervised, prove
from harness.bench.finding import Finding
from harness.bench.probes.supervised import SupervisedProbe
from harness.errors import BenchError, HilError
from harness.renode import locate, process, soc
from harness.renode.platform import Facts

ABOUT = About(
    "Renode",
    "instructions only, no cycles, no latency",
    clock_modelled=False,  # registers that keep what is written, with the flags that start-up code waits for
)

_ADVICE = "take Renode 1.16 or later: 1.15.3 and older compute SSUB8 and SEL wrongly"
_TRIED = ((1, 16), (1, 16))
_TIMEOUT_S = 90.0
_HOW = "over pipes, without any listener"
_ASK = """
import sys
from pathlib import Path
from harness.renode.launch import launch
with launch(Path(sys.argv[1])) as renode:
    print(renode.do("version").splitlines()[-1])
"""


class _RenodeProbe(SupervisedProbe):
    """Reads the chip's unique id as well: the unit has written one to where the chip's maker does."""

    def __init__(self, uid: str, socket: str, description: str, board: Board) -> None:
        super().__init__(uid, socket, description)
        self._debug = board.debug

    def chip_id(self) -> bytes:
        """See ``Probe.chip_id``."""
        n_bytes = self._debug.unique_id_bytes
        if not n_bytes:
            return b""
        return bytes.fromhex(self.ask("read", address=self._debug.unique_id_address, n_bytes=n_bytes)["data"])


@dataclass
class BenchRenode(Supervised):
    """A unit in Renode as the bench sees it."""

    board: Board

    # Its own time is virtual time while its core may run, the host's while it is held.

    def probe(self, *, allow_mass_erase: bool = False) -> SupervisedProbe:
        """Renode instead of a debug probe. There is no protection to take away."""
        return _RenodeProbe(self.uid, self.running.socket, f"{self.running.name}, {_HOW}", self.board)

    def findings(self) -> Findings:
        """Accesses to nothing, from Renode's log."""
        told = self.probe().ask("findings")
        return Findings(tuple(told["errors"]), tuple(told["warnings"]))


def can_be(board: Board) -> bool:
    """See Emulator."""
    return board.virtual is not None and board.virtual.soc in soc.names()


def require(board: Board) -> None:
    """``BenchError``, in one line, when there is no platform for the board's chip, or no Renode."""
    if board.virtual is None:
        raise BenchError(f"{board.name} cannot run in Renode: its board.toml names no chip that can be emulated")
    if board.virtual.soc not in soc.names():
        raise BenchError(
            f"{board.name} cannot run in Renode: no platform for {board.virtual.soc} (there are {', '.join(soc.names())}); "
            f"add harness/renode/soc/{board.virtual.soc}.py, or use --backend virtual"
        )
    locate.require()


def start(board: Board) -> EmulatedUnit:
    """Start one unit. ``BenchError`` when Renode or a platform for the board's chip is missing, it does not come up, or it
    computes what the engine's kernels need wrongly."""
    require(board)
    unit = BenchRenode(process.start(facts(board)), board)
    try:
        prove(unit, unit.probe(), board, _ADVICE)
    except BaseException:
        unit.close()
        raise
    return unit


def facts(board: Board) -> Facts:
    """What Renode's platform is made from."""
    assert board.virtual is not None
    memory = board.memory
    return Facts(
        board=board.name,
        soc=board.virtual.soc,
        uart=board.uart.name,
        clock_hz=board.clock_hz,
        flash_origin=memory.flash_origin,
        flash_bytes=memory.flash_bytes,
        ram_origin=memory.ram_origin,
        ram_bytes=memory.ram_bytes,
        chip_id_address=board.debug.unique_id_address,
        chip_id_bytes=board.debug.unique_id_bytes,
    )


def examine() -> Iterator[Finding]:
    """See Emulator. Renode is started once to see that it runs."""
    try:
        path = locate.require()
    except HilError as error:
        yield Finding("emulators", ABOUT.title, "missing", error.what.split(";")[0], locate.INSTALL, needed=False)
        return
    version, trouble = _ask(path)
    if version is None:
        yield Finding("emulators", ABOUT.title, "broken", f"{path} does not come up: {trouble}",
                      f"run `{path} --version`; {locate.INSTALL}", needed=False)  # fmt: skip
        return
    text = ".".join(map(str, version))
    if not _TRIED[0] <= version[:2] <= _TRIED[1]:
        yield Finding(
            "emulators", ABOUT.title, "broken", f"{path}, {text}: known to work is 1.16", _ADVICE, needed=False
        )
    else:
        yield Finding("emulators", ABOUT.title, "ok", f"{path}, {text}, driven {_HOW}", needed=False)


def _ask(path: Path) -> tuple[tuple[int, int, int] | None, str]:
    from harness.renode.machine import version_of

    try:
        done = subprocess.run(
            [sys.executable, "-c", _ASK, str(path)], capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
        )
        return version_of(done.stdout), ""
    except subprocess.TimeoutExpired:
        return None, f"no answer within {_TIMEOUT_S:g} s"
    except HilError:
        return None, " ".join(done.stderr.split())[-300:] or f"exit status {done.returncode}"

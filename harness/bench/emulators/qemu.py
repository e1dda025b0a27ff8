"""QEMU (``harness.qemu``), where it is installed: for boards whose board.toml names one of its machines."""

from __future__ import annotations

from collections.abc import Iterator

from harness.bench import boards
from harness.bench.boards import Board
from harness.bench.emulators import About, EmulatedUnit, Findings
from harness.bench.emulators._running import Supervised, prove
from harness.bench.finding import Finding, State
from harness.bench.probes.supervised import SupervisedProbe
from harness.errors import BenchError
from harness.qemu import locate, process
from harness.qemu.machines import KINDS
from harness.qemu.process import Facts

ABOUT = About(
    "QEMU",
    "no instructions, no cycles, no latency, no baud rates",
    clock_modelled=False,  # the flash's wait states never come, so firmware that waits for them stays on a slow oscillator
)


class BenchQemu(Supervised):
    """A unit in QEMU as the bench sees it."""

    # Its own time is the host's, less that in which no processor was free for it.

    def probe(self, *, allow_mass_erase: bool = False) -> SupervisedProbe:
        """QEMU's gdb stub instead of a debug probe. There is no protection to take away."""
        return SupervisedProbe(self.uid, self.running.socket, self.running.name)

    def findings(self) -> Findings:
        """Nothing: an access to nothing is a bus fault here, as on a chip."""
        return Findings()


def can_be(board: Board) -> bool:
    """See Emulator."""
    return board.qemu is not None


def require(board: Board) -> None:
    """See Emulator."""
    if board.qemu is None:
        able = _able() or "none"
        raise BenchError(
            f"{board.name} cannot run in QEMU: its board.toml names no machine of QEMU's (those that do: {able})"
        )
    kind = KINDS.get(board.qemu.machine)
    if kind is None or board.uart.name not in kind.ports:
        raise BenchError(
            f"{board.name} cannot run in QEMU: nothing is known of {board.uart.name} on its machine {board.qemu.machine};"
            " add it to harness/qemu/machines.py"
        )
    locate.require(kind.since)


def start(board: Board) -> EmulatedUnit:
    """See Emulator."""
    require(board)
    assert board.qemu is not None
    memory = board.memory
    unit = BenchQemu(process.start(Facts(board.name, board.qemu.machine, board.uart.name, memory.flash_origin)))
    try:
        prove(unit, unit.probe(), board, locate.INSTALL)
    except BaseException:
        unit.close()
        raise
    return unit


def examine() -> Iterator[Finding]:
    """See Emulator."""
    try:
        program, version = locate.require()
    except BenchError as error:
        what = error.what.split(";")[0]
        state: State = "missing" if locate.find() is None else "broken"
        yield Finding("emulators", ABOUT.title, state, what, locate.INSTALL, needed=False)
        return
    yield Finding(
        "emulators", ABOUT.title, "ok", f"{program}, {locate.dotted(version)}; {_able()}; {ABOUT.limits}", needed=False
    )


def _able() -> str:
    return ", ".join(name for name in boards.names() if can_be(boards.load_board(name)))

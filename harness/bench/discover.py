"""Which units are reachable from this host.

The serial ports are asked, not the probes: listing probes opens them, which can disturb a neighbour that is being flashed
(pyOCD #695, #877). A probe and its port are one USB device, so they carry the same serial number, which is what pyOCD calls
the probe's unique id. Several kinds of board share a kind of probe: which it is only the chip tells (``identify``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from serial.tools import list_ports

from harness.bench import boards, lease
from harness.bench.boards import Board
from harness.bench.identity import known_id
from harness.bench.probes import Probe
from harness.errors import BenchError

_BY_ID = Path("/dev/serial/by-id")
#: Where an operating system puts something else in the serial number's place: Windows' instance ids ("6&2E5B0B9F&0&0002").
_NO_SERIAL = re.compile(r"^$|&|^0+$", re.ASCII)


@dataclass(frozen=True)
class PortFacts:
    """A serial port as the operating system describes it. USB ids are None for what is no USB device."""

    device: str
    vid: int | None = None
    pid: int | None = None
    serial_number: str | None = None
    description: str = ""
    location: str | None = None  # "1-2:1.2": on Linux and Windows the interface stands behind the colon or "x."


@dataclass(frozen=True)
class Attached:
    """A probe with a serial port that may sit on a board of some kind. ``uid`` is the probe's unique id."""

    uid: str
    port: str
    description: str


def ports() -> tuple[PortFacts, ...]:
    """The ports of this host now."""
    return tuple(
        PortFacts(p.device, p.vid, p.pid, p.serial_number, p.description or "", p.location)
        for p in list_ports.comports()
    )


def attached(board: Board, known: Sequence[PortFacts] | None = None) -> tuple[Attached, ...]:
    """The attached probes of the kind that ``board`` carries, by USB ids; sorted by unique id.

    ``known`` None asks this host. A probe with two ports (ST-LINK/V3, some KitProg3) is listed with its first, the one that is
    wired to the target on the makers' boards.
    """
    best: dict[str, PortFacts] = {}
    for port in ports() if known is None else known:
        uid = unique_id(port)
        if uid is None or f"{port.vid:04x}:{port.pid:04x}" not in board.debug.usb_ids:
            continue
        if uid not in best or _rank(port) < _rank(best[uid]):
            best[uid] = port
    return tuple(Attached(uid, callout(port.device), port.description) for uid, port in sorted(best.items()))


def unique_id(port: PortFacts) -> str | None:
    """The id under which pyOCD lists the probe that ``port`` belongs to; None when it cannot be told.

    ST-LINK: 24 hexadecimal digits, in capitals whatever the operating system makes of them; old firmware has 12 raw bytes
    there, which pyOCD and we write as hexadecimal. KitProg3 and other CMSIS-DAP probes: the serial number as it is, without
    blanks around it.
    """
    serial = port.serial_number or ""
    if port.vid is None or port.pid is None or _NO_SERIAL.search(serial):
        return None
    if port.vid == 0x0483:
        if any(not (character.isascii() and character.isprintable()) for character in serial):
            return serial.encode("latin-1", errors="replace").hex().upper()
        return serial.upper()
    return serial.strip() if serial.isprintable() else None


def usb_places(known: Sequence[PortFacts] | None = None) -> dict[str, str]:
    """Where each probe is plugged in, as the system names it (``1-1.4``: bus 1, port 1, there port 4), by its unique id.

    Only where the system says so. It stays when probes are exchanged, and goes with the cable: what ``uhubctl`` switches.
    """
    places: dict[str, str] = {}
    for port in ports() if known is None else known:
        uid, place = unique_id(port), re.sub(r"(:\d+\.\d+|:x\.\d+)$", "", port.location or "")
        if uid is not None and re.fullmatch(r"\d+-\d+(\.\d+)*", place):
            places.setdefault(uid, place)
    return places


def callout(device: str) -> str:
    """The name to open. macOS has each port twice: opening ``tty.*`` waits for a carrier that never comes."""
    return re.sub(r"^/dev/tty\.(?=usb)", "/dev/cu.", device)


def stable_name(device: str, links: Mapping[str, str] | None = None) -> str:
    """A name for bench files that stays when the numbers change: Linux' by-id link, else the device itself.

    ``links`` maps link to target, for tests; None reads this host's.
    """
    if links is None:
        links = {str(link): str(link.resolve()) for link in _BY_ID.iterdir()} if _BY_ID.is_dir() else {}
    return min((link for link, target in links.items() if target == device), default=device)


def _rank(port: PortFacts) -> tuple[int, tuple[int, ...], str]:
    """The order of a probe's ports: by USB interface where that is known, else by the numbers in their names."""
    interface = re.search(r"(?::\d+\.|:x\.)(\d+)$", port.location or "")
    numbers = tuple(int(digits) for digits in re.findall(r"\d+", port.device))
    return int(interface[1]) if interface else 0, numbers, port.device


@dataclass(frozen=True)
class Identified:
    """What became of asking a probe which board it sits on. ``board`` is "" when it is none that is known: see ``why``.

    ``port`` is "" when it is not known.
    """

    uid: str
    port: str
    board: str
    why: str = ""
    chip_id: str = ""  # the chip's unique id in hexadecimal, "" when it has none
    proved: bool = (
        False  # whether that chip has said hello on ``port``; else the port is the one of the probe's USB device
    )


def candidates(known: Sequence[PortFacts] | None = None) -> dict[Attached, tuple[Board, ...]]:
    """Every attached probe of a known kind with the boards that carry such a probe."""
    known = ports() if known is None else known
    found: dict[Attached, list[Board]] = {}
    for name in boards.names():
        board = boards.load_board(name)
        for unit in attached(board, known):
            found.setdefault(unit, []).append(board)
    return {unit: tuple(kinds) for unit, kinds in sorted(found.items(), key=lambda item: item[0].uid)}


def identify(unit: Attached, kinds: Iterable[Board], open_probe: Callable[[Board, str], Probe]) -> Identified:
    """Ask the chip, through its probe, which of ``kinds`` it belongs to. The unit is leased meanwhile; one in use is left alone."""
    reasons = []
    try:
        with lease.acquire(unit.uid, what="hil discover", named=True, care=True):
            for board in kinds:
                probe = open_probe(board, unit.uid)
                try:
                    probe.open()
                    chip_id = known_id(probe.chip_id()).hex()
                    return Identified(unit.uid, unit.port, board.name, chip_id=chip_id)
                except BenchError as error:
                    reasons.append(f"{board.name}: {error.what}" + (f", found {error.found}" if error.found else ""))
                finally:
                    probe.close()
    except BenchError as busy:
        reasons.append(f"{busy.what}: {busy.found}")
    return Identified(unit.uid, unit.port, "", "; ".join(reasons))

"""pyOCD and its packs, probes, serial ports and who holds them."""

from __future__ import annotations

import importlib.metadata
import os
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

from harness.bench import boards, discover, usb
from harness.bench.boards import Board
from harness.bench.discover import PortFacts
from harness.bench.finding import Finding
from harness.bench.probes import targets as pyocd_targets
from harness.bench.transports import serial
from harness.disk.folders import runtime_folder
from harness.errors import BenchError


def _may_open(device: str) -> bool:
    # A COM port is no file: Windows lets everyone open it.
    return not Path(device).exists() or os.access(device, os.R_OK | os.W_OK)


def plugin(names: Collection[str] | None = None) -> Iterator[Finding]:
    """The entry point through which pyOCD finds virtual boards."""
    if names is None:
        names = {entry.name for entry in importlib.metadata.entry_points(group="pyocd.probe")}
    if "hil_virtual" in names:
        yield Finding("debug", "pyOCD plug-in", "ok", "virtual boards are listed by `pyocd list`")
    else:
        yield Finding("debug", "pyOCD plug-in", "broken", "pyOCD does not see it: virtual boards cannot be flashed",
                      "pip install -e .")  # fmt: skip


def targets(
    kinds: Sequence[Board] | None = None, choose: Callable[[str, str], tuple[str, str]] = pyocd_targets.choose
) -> Iterator[Finding]:
    """Whose description of each board's chip pyOCD would use."""
    for board in _all() if kinds is None else kinds:
        debug = board.debug
        name, origin = choose(debug.target, debug.pack_target)
        detail = f"pyOCD target {name} ({origin})"
        if origin.startswith("hil") and debug.pack_target:
            yield Finding("debug", f"{board.name} pack", "missing", f"{detail}; works, the vendor's CMSIS pack is not installed",
                          pyocd_targets.install_line(debug.pack_target), needed=False)  # fmt: skip
        else:
            yield Finding("debug", board.name, "ok", detail)


def probes(
    devices: Sequence[usb.UsbDevice] | None = None, known: Sequence[PortFacts] | None = None
) -> Iterator[Finding]:
    """Every probe that is plugged in: may it be used, which board may it sit on, has it a serial port."""
    devices = usb.probes() if devices is None else devices
    candidates = discover.candidates(known)
    with_port = {unit.uid for unit in candidates}
    for device in devices:
        name = f"{device.product or f'{device.vid}:{device.pid}'} {device.serial}".strip()
        if not device.usable:
            yield Finding("probes", name, "broken", f"this account may not use {device.node}", usb.RULES)
        elif device.serial and device.serial.upper() not in {uid.upper() for uid in with_port}:
            yield Finding("probes", name, "broken", "no serial port of a known board has its serial number",
                          "update the probe's firmware, or name probe and port in a bench file", needed=False)  # fmt: skip
    for unit, kinds in candidates.items():
        may_be = " or ".join(board.name for board in kinds)
        yield Finding("probes", unit.uid, "ok", f"{unit.port}, may be a {may_be}; `hil discover` asks the chip")
    if not devices and not candidates:
        yield Finding("probes", "real boards", "missing", "none attached: `auto` takes the virtual board",
                      "plug one in; until then nothing is missing", needed=False)  # fmt: skip


def ports(
    known: Sequence[PortFacts] | None = None,
    find_holder: Callable[[str], str | None] = serial.find_holder,
    may_open: Callable[[str], bool] = _may_open,
) -> Iterator[Finding]:
    """Every USB serial port: may it be opened, who holds it."""
    for port in discover.ports() if known is None else known:
        if port.vid is None:
            continue
        holder = find_holder(port.device)
        if not may_open(port.device):
            yield Finding("ports", port.device, "broken", "this account may not open it",
                          "sudo usermod -aG dialout $USER, then log in anew")  # fmt: skip
        elif holder is not None:
            yield Finding("ports", port.device, "broken", f"held by {holder}", "end that program, or wait for its run to end",
                          needed=False)  # fmt: skip
        else:
            yield Finding("ports", port.device, "ok", f"{port.description or 'no description'}, free", needed=False)
    try:
        yield Finding("ports", "locks", "ok", f"in {runtime_folder()}")
    except BenchError as error:
        yield Finding("ports", "locks", "broken", f"{error.what}: {error.where}: {error.found}", error.next_step or "")


def _all() -> list[Board]:
    return [boards.load_board(name) for name in boards.names()]

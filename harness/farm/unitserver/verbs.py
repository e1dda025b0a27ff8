"""What a client may ask of a unit, and of the rack that it is in. One function a verb."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Final

from harness.bench import rackstate
from harness.bench.probes import MemoryProbe
from harness.bench.rackstate import State
from harness.bench.remote import rack, words
from harness.bench.remote.calls import Request, Told
from harness.bench.unit import Unit
from harness.errors import BenchError


def _probe_open(unit: Unit, request: Request) -> Told:
    unit.reconnect_probe()
    return {"description": unit.probe.description}


def _flash(unit: Unit, request: Request) -> Told:
    with tempfile.NamedTemporaryFile(prefix="hil-", suffix=".elf") as file:
        file.write(request.blob)
        file.flush()
        report = unit.probe.flash(
            Path(file.name),
            lambda share: request.note({"progress": share}),
            timeout_s=float(request.args["timeout_s"]),
        )
    return asdict(report)


def _reset(unit: Unit, request: Request) -> Told:
    unit.probe.reset()
    return {}


def _halt(unit: Unit, request: Request) -> Told:
    _memory(unit).halt()
    return {}


def _read_memory(unit: Unit, request: Request) -> bytes:
    return _memory(unit).read_memory(int(request.args["address"]), int(request.args["n_bytes"]))


def _write_memory(unit: Unit, request: Request) -> Told:
    _memory(unit).write_memory(int(request.args["address"]), request.blob)
    return {}


def _memory(unit: Unit) -> MemoryProbe:
    if not isinstance(unit.probe, MemoryProbe):
        raise BenchError(
            "this unit's probe does not reach the chip's memory",
            where=f"unit {unit.uid}",
            found=unit.probe.description,
            next_step="use one that pyOCD drives",
        )
    return unit.probe


def _core(unit: Unit, request: Request) -> Told:
    core = unit.core()
    return {"state": str(core.state), "pc": core.pc, "lr": core.lr, "sp": core.sp}


def _erase(unit: Unit, request: Request) -> Told:
    _memory(unit).erase(int(request.args["address"]))
    return {}


def _move(uid: str, request: Request) -> Told:
    args = request.args
    stands = rackstate.move(
        uid,
        State(args["to"]),
        reason=str(args["reason"]),
        by=str(args["by"]),
        evidence=str(args["evidence"]),
        rig_faults=int(args["rig_faults"]),
        only_from=(State(args["only_from"]),),
    )
    return rack.told(stands)


def _state(uid: str, request: Request) -> Told:
    return rack.told(rackstate.state_of(uid))


OF_UNIT: Final[Mapping[str, Callable[[Unit, Request], Told | bytes]]] = {
    "probe.open": _probe_open,
    "probe.flash": _flash,
    "probe.reset": _reset,
    "probe.chip_id": lambda unit, request: {"chip_id": unit.read_chip_id().hex()},
    "probe.core": _core,
    "probe.halt": _halt,
    "probe.read_memory": _read_memory,
    "probe.write_memory": _write_memory,
    "probe.erase": _erase,
    "power.is_on": lambda unit, request: {"is_on": unit.power_switch().is_on()},
    "unit.sharers": lambda unit, request: {"sharers": list(unit.sharers())},
    "unit.crossed": lambda unit, request: words.told(unit.crossed(bytes.fromhex(request.args["answers"]))),
}
#: These need no unit that is open, and hold none.
OF_RACK: Final[Mapping[str, Callable[[str, Request], Told | bytes]]] = {"rack.move": _move, "rack.state": _state}

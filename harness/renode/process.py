"""A Renode unit as a process of its own: what runs one, and the handle that starts and ends one.

It ends as a virtual unit does: when its owner closes it, when its standard input or its owner's process ends, on SIGTERM,
SIGINT or SIGHUP; and with ``ENDED_BY_FIRMWARE`` when Renode's core is gone. Renode goes with it, even if it is killed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

from harness.errors import HilError
from harness.renode import locate
from harness.renode.platform import Facts
from harness.virtual.debug import registry
from harness.virtual.host.process import new_uid, spawn
from harness.virtual.host.served import Signals, listening, owner_fds
from harness.virtual.host.supervised import ENDED_BY_FIRMWARE, SupervisedUnit

_START_TIMEOUT_S = 90.0
_UID_PREFIX = "renode-"


def main(arguments: list[str] | None = None) -> int:
    """Run one unit until it is told to end. Exit status: 0 ended as asked, 2 the rig, ``ENDED_BY_FIRMWARE`` the firmware."""
    parser = argparse.ArgumentParser(prog="python -m harness.renode", description="Run one unit in Renode.")
    parser.add_argument("--facts", required=True, help="the board's facts as JSON")
    parser.add_argument("--renode", required=True, type=Path)
    parser.add_argument("--uid", required=True)
    parser.add_argument("--owner", type=int, help="end when this process ends")
    options = parser.parse_args(arguments)
    owner = owner_fds(options.owner)
    if owner is None:
        return 0
    from harness.renode.console import CoreAborted

    try:
        _serve(options.renode, Facts(**json.loads(options.facts)), registry.check_uid(options.uid), [0, *owner])
    except CoreAborted as error:
        print(error, file=sys.stderr, flush=True)
        return ENDED_BY_FIRMWARE
    except HilError as error:
        print(error, file=sys.stderr, flush=True)
        return 2
    return 0


def _serve(renode: Path, facts: Facts, uid: str, stop_on_eof: list[int]) -> None:
    from harness.renode.launch import launch
    from harness.renode.machine import Machine
    from harness.renode.unit import Unit
    from harness.virtual.debug.lifetime import Lifetime

    signals = Signals()
    with launch(renode) as launched, listening(uid) as listener:
        machine = Machine(launched, facts)
        machine.give_id(uid)
        unit = Unit(machine, listener, Lifetime(registry.lifetime_path(uid)), [*stop_on_eof, signals.fd])
        signals.end(unit)
        ready = {"uid": uid, "pid": os.getpid(), "port": unit.port.path, "socket": str(registry.socket_path(uid)),
                 "group": launched.group, "folder": str(launched.folder), "name": machine.name}  # fmt: skip
        print(json.dumps(ready), flush=True)
        try:
            unit.serve()
        finally:
            registry.withdraw(uid)
            unit.close()
            machine.close()


def start(facts: Facts, *, uid: str | None = None) -> SupervisedUnit:
    """Start a unit and wait until its port is there. ``BenchError`` when Renode is missing or does not come up."""
    renode = locate.require()
    uid = registry.check_uid(uid or _UID_PREFIX + new_uid().partition("-")[2])
    command = [sys.executable, "-m", "harness.renode", "--renode", str(renode.absolute()), "--uid", uid]
    command += ["--facts", json.dumps(asdict(facts)), "--owner", str(os.getpid())]
    return spawn(
        command, SupervisedUnit, what="Renode unit", where=f"{facts.board}, {renode}", timeout_s=_START_TIMEOUT_S
    )

"""A rack whose units have our firmware, and what goes wrong with one."""

import os
import signal

from harness.bench.boards import load_board
from harness.bench.probes.pyocd import PyocdProbe
from harness.farm import recovery
from harness.virtual.host.control import Control

BOARD = "nucleo_f446re"


def put(place, elf):
    """Flash a unit and let it run."""
    probe = PyocdProbe(place.uid, load_board(place.board).debug)
    try:
        probe.open()
        probe.flash(elf)
        probe.reset()
    finally:
        probe.close()


def reset(place):
    """Through its probe, as any run does."""
    probe = PyocdProbe(place.uid, load_board(place.board).debug)
    try:
        probe.open()
        probe.reset()
    finally:
        probe.close()


def left_halted(place, elf):
    """As a run leaves it that was killed while it flashed."""
    probe = PyocdProbe(place.uid, load_board(place.board).debug)
    probe.open()
    probe.flash(elf)
    os.kill(probe._worker.popen.pid, signal.SIGKILL)
    probe.close()


def injure(uid, *wounds):
    with Control(uid) as control:
        for wound in wounds:
            getattr(control, wound)()


def recover(place, **options):
    lines = []
    found = recovery.recover(place, load_board(place.board), tell=lines.append, **options)
    assert lines == [step.told() for step in found.steps]
    return found


def tried(found):
    return [step.rung for step in found.steps if step.done]

"""The probe's USB device reset and configured anew, while it keeps its power: for a probe whose firmware hangs half-way.

Linux: ``USBDEVFS_RESET`` on the device's file (``linux/usbdevice_fs.h``), which needs the right to write to it that the probe's
udev rule gives; where that is refused, ``authorized`` of the device (``Documentation/usb/authorization.rst``), which only root
may write to unless a rule says otherwise. Elsewhere there is no such call. Not tried on real probes by the authors.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

from harness.bench import onbus, usb
from harness.errors import BenchError
from harness.farm.recovery._patient import HELLO_S, Patient, Proof
from harness.virtual.debug import registry

USBDEVFS_RESET: Final = ord("U") << 8 | 20  # _IO('U', 20)
BACK_S: Final = 10.0
_LOOK_EVERY_S = 0.1


def unfit(patient: Patient) -> str:
    """See Rung."""
    if registry.find(patient.place.uid) is not None:
        return "a virtual unit has no USB"
    if sys.platform != "linux":
        return "this system has no call for it"
    if usb.device_of(patient.place.uid) is None:
        return "the probe is not on the bus"
    return ""


def climb(patient: Patient) -> Proof:
    """See Rung."""
    patient.let_go()
    device = usb.device_of(patient.place.uid)
    if device is None:
        raise BenchError("the probe has left the bus", where=f"unit {patient.place.uid}", next_step="look at its cable")
    how = again(device, usb.node_of(device))
    deadline = patient.deadline.sooner(BACK_S)
    while onbus.mark(patient.place.uid) is None:
        if deadline.passed:
            raise BenchError(
                "the probe left the bus and does not come back",
                where=f"unit {patient.place.uid}",
                expected=f"back within {BACK_S:g} s of {how}",
                next_step="unplug it and plug it in",
            )
        patient.clock.sleep_s(_LOOK_EVERY_S)
    probe, chip_id = patient.connect()
    proof = patient.proved(patient.session().restart(probe.reset, HELLO_S), chip_id)
    return Proof(f"{how}; {proof.words}", proof.reset_cause)


def again(device: Path, node: Path) -> str:
    """Reset the USB device ``device``, whose file is ``node``; how that was done. ``BenchError`` when this account may not."""
    why = []
    try:
        _reset(node)
        return f"USB reset of {device.name}"
    except OSError as error:
        why.append(f"{node}: {error.strerror or error}")
    try:
        for word in ("0", "1"):
            (device / "authorized").write_text(word, encoding="ascii")
        return f"{device.name} deauthorized and authorized"
    except OSError as error:
        why.append(f"{device / 'authorized'}: {error.strerror or error}")
    raise BenchError(
        "this account may not re-enumerate the probe",
        where=str(node),
        expected="a device file that may be written to",
        found="; ".join(why),
        next_step=usb.RULES,
    )


def _reset(node: Path) -> None:
    import fcntl

    fd = os.open(node, os.O_WRONLY | os.O_CLOEXEC)
    try:
        fcntl.ioctl(fd, USBDEVFS_RESET, 0)
    finally:
        os.close(fd)

"""May this account use the probes that are plugged in? Linux: device files; elsewhere drivers decide, and say so."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from harness.virtual.debug import registry

#: Vendors of debug probes: ST, Cypress/Infineon, Arm (DAPLink), SEGGER, Raspberry Pi.
PROBE_VENDORS = ("0483", "04b4", "0d28", "1366", "2e8a")
_PYOCD_KINDS = {"0483": "stlink", "04b4": "cmsisdap", "0d28": "cmsisdap", "1366": "jlink"}  # of 2e8a there are two

RULES = (
    "copy the rules of https://github.com/pyocd/pyOCD/tree/main/udev to /etc/udev/rules.d, then"
    " `sudo udevadm control --reload && sudo udevadm trigger`, and replug the probe"
)
_DENIED = re.compile(r"Errno 13|EACCES|[Aa]ccess denied|[Pp]ermission denied|insufficient permissions", re.IGNORECASE)


@dataclass(frozen=True)
class UsbDevice:
    """A plugged-in device of a probe vendor. ``node`` is its device file, ``usable`` whether this account may write to it."""

    vid: str
    pid: str
    serial: str
    product: str
    node: Path
    usable: bool


def probes(sysfs: Path = Path("/sys/bus/usb/devices"), nodes: Path = Path("/dev/bus/usb")) -> tuple[UsbDevice, ...]:
    """The devices of probe vendors, from the kernel's files: nothing is opened. Empty where there is no sysfs."""
    found = []
    for folder in sorted(sysfs.glob("*")) if sysfs.is_dir() else ():
        vid = _word(folder / "idVendor")
        if vid not in PROBE_VENDORS:
            continue
        node = nodes / f"{int(_word(folder / 'busnum') or 0):03d}" / f"{int(_word(folder / 'devnum') or 0):03d}"
        pid, serial, product = (_word(folder / name) for name in ("idProduct", "serial", "product"))
        found.append(UsbDevice(vid, pid, serial, product, node, os.access(node, os.R_OK | os.W_OK)))
    return tuple(found)


def advice(error: str = "", devices: tuple[UsbDevice, ...] | None = None) -> str | None:
    """The next step if permissions are what is wrong, judged by an error's text and by the device files; else None."""
    denied = [device for device in (probes() if devices is None else devices) if not device.usable]
    if denied:
        named = ", ".join(f"{device.product or device.vid} {device.serial}".strip() for device in denied)
        return f"this account may not use {named}: {RULES}"
    return f"this account may not use the probe: {RULES}" if _DENIED.search(error) else None


def _word(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def device_of(uid: str, sysfs: Path = Path("/sys/bus/usb/devices")) -> Path | None:
    """The kernel's folder of the probe with that id, as ``/sys/bus/usb/devices/1-1.4``; None where it is not there."""
    folders = sorted(sysfs.glob("*")) if sysfs.is_dir() else ()
    return next((folder for folder in folders if _word(folder / "serial").upper() == uid.upper()), None)


def controller_of(device: Path) -> str:
    """The host controller that it hangs on, as its bus names it (``0000:00:14.0``): the folder above the root hub ``usbN``.

    The twin root hubs of a controller (USB 2 and USB 3) have the same one. "" where the path tells none.
    """
    parts = device.resolve().parts
    root = next((i for i, part in enumerate(parts) if re.fullmatch(r"usb\d+", part)), 0)
    return parts[root - 1] if root else ""


def node_of(device: Path, nodes: Path = Path("/dev/bus/usb")) -> Path:
    """Its device file."""
    return nodes / f"{int(_word(device / 'busnum') or 0):03d}" / f"{int(_word(device / 'devnum') or 0):03d}"


def pyocd_kind(uid: str, sysfs: Path = Path("/sys/bus/usb/devices")) -> str:
    """pyOCD's name of that probe's kind, so that only probes of that kind are looked at; "" where it is not known."""
    if registry.find(uid) is not None:
        return "hil-virtual"
    device = device_of(uid, sysfs)
    return _PYOCD_KINDS.get(_word(device / "idVendor"), "") if device is not None else ""

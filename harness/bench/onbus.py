"""Whether a probe is on the bus now, and whether it is the same enumeration as before. Nothing is opened."""

from __future__ import annotations

from pathlib import Path

from harness.bench import discover, usb
from harness.virtual.debug import registry


def mark(uid: str, sysfs: Path = Path("/sys/bus/usb/devices")) -> str | None:
    """Changes each time the probe leaves the bus and comes back; None while it is away.

    Of a virtual unit it is its process. On Linux it is the device's address, which the kernel counts up, and the inode of its
    folder, which is made anew. Elsewhere the ports tell only that it is there.
    """
    entry = registry.find(uid)
    if entry is not None:
        return f"process {entry.pid}, {entry.born}"
    device = usb.device_of(uid, sysfs)
    if device is not None:
        try:
            number = (device / "devnum").read_text(encoding="ascii").strip()
            return f"{device.name}, device {number}, inode {device.resolve().stat().st_ino}"
        except OSError:
            return None  # it left while it was looked at
    return next((f"port {port.device}" for port in discover.ports() if discover.unique_id(port) == uid), None)

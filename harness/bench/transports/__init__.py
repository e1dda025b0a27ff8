"""Ways to move bytes to a unit: one module each, found by its name.

A module here offers ``SCHEMES``, the beginnings of the addresses it serves (``""`` for a plain device path), and
``open_(address, baud) -> Transport``. A new way is one new file.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import Protocol

from harness.errors import MisuseError


class Transport(Protocol):
    """A duplex stream of bytes to one unit. For one thread at a time.

    Bytes may be lost or damaged on the way; only a stream that has ended for good is an error (``BenchError``, naming
    it). After such an error every call but ``close`` raises it again. After ``close`` every other call raises
    ``MisuseError``.
    """

    @property
    def name(self) -> str:
        """What messages call it: the device path or the address."""
        ...

    @property
    def baud(self) -> int | None:
        """The line's speed in bits per second, None where this end does not set one."""
        ...

    def read(self, max_bytes: int, timeout_s: float) -> bytes:
        """Up to ``max_bytes`` bytes, as soon as there is one; b"" when none came within ``timeout_s`` (0: do not wait).

        BenchError when the other end is gone *and* everything it sent was read.
        """
        ...

    def write(self, data: bytes, timeout_s: float) -> int:
        """Take what fits of ``data``, waiting at most ``timeout_s`` for room for one byte; how many bytes were taken.

        Taken bytes are on their way, in order, not yet on the line. On BenchError some of them may have been taken.
        """
        ...

    def wait(self, timeout_s: float, *, to_write: bool) -> None:
        """Return when something can be read, or (``to_write``) written, or after ``timeout_s``. May return early.

        Never busy-waits. Does not tell of a stream that ended: the next ``read`` or ``write`` does.
        """
        ...

    def set_baud(self, baud: int) -> None:
        """Change the speed once all that was taken has left. MisuseError if ``baud`` is None, BenchError if refused."""
        ...

    def close(self) -> None:
        """Give everything back. May be called again; never raises."""
        ...


def names() -> tuple[str, ...]:
    """The transports there are."""
    found = (module.name for module in pkgutil.iter_modules(__path__))
    return tuple(sorted(name for name in found if not name.startswith("_")))


def load(name: str) -> Opener:
    """The module of that name. MisuseError listing the known ones when there is none."""
    if name not in names():
        raise MisuseError("no such transport", expected=f"one of: {', '.join(names())}", found=name)
    module: Opener = importlib.import_module(f"{__name__}.{name}")
    return module


class Opener(Protocol):
    """What a transport's module offers."""

    SCHEMES: tuple[str, ...]

    def open_(self, address: str, baud: int | None) -> Transport:
        """Open it. BenchError saying why not and what to do."""
        ...


def open_transport(address: str, baud: int | None = None) -> Transport:
    """Open a device path, ``socket://host:port``, ``rfc2217://host:port`` or ``exec:command``."""
    plain: Opener | None = None
    for name in names():
        module = load(name)
        if any(scheme and address.startswith(scheme) for scheme in module.SCHEMES):
            return module.open_(address, baud)
        if "" in module.SCHEMES:
            plain = module
    if plain is None or "://" in address:
        known = sorted(scheme for name in names() for scheme in load(name).SCHEMES if scheme)
        raise MisuseError("no transport serves this address", expected=f"a device path or {known}", found=address)
    return plain.open_(address, baud)

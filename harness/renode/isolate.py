"""A network namespace for this process and its children: what listens in it, nobody outside can reach."""

from __future__ import annotations

import ctypes
import os
import socket
import struct
import sys
from pathlib import Path

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 0x1


def enter() -> str:
    """Leave the host's network for an own one that has only a loopback interface; what was done, in words.

    ``OSError`` where the system does not allow it (some containers, AppArmor on recent Ubuntu, anything but Linux); the
    process is then unchanged. Must be called while the process has one thread.
    """
    if not sys.platform.startswith("linux"):
        raise OSError("network namespaces are Linux's")
    user, group = os.getuid(), os.getgid()
    try:
        # A user who may do so directly keeps access to all files; in a user namespace only the own ids are known.
        _unshare(_CLONE_NEWNET)
    except OSError:
        _unshare(_CLONE_NEWUSER | _CLONE_NEWNET)
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    _raise_loopback()
    return "in a network namespace of its own"


def _unshare(flags: int) -> None:
    # os.unshare is there from Python 3.12 on only.
    if ctypes.CDLL(None, use_errno=True).unshare(flags) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _raise_loopback() -> None:
    import fcntl

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sh14x", b"lo", 0)
        (flags,) = struct.unpack_from("h", fcntl.ioctl(any_socket, _SIOCGIFFLAGS, request), 16)
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | _IFF_UP))

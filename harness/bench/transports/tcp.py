"""Raw bytes over TCP: ``socket://host:port``, as ser2net, labgrid and Renode offer them."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from harness.bench.transports._fd import FdTransport
from harness.errors import BenchError, MisuseError

SCHEMES = ("socket://", "tcp://")

_CONNECT_TIMEOUT_S = 5.0


class TcpTransport(FdTransport):
    """A connected stream socket."""

    def __init__(self, name: str, connection: socket.socket) -> None:
        self._connection = connection
        super().__init__(name, connection.fileno(), connection.fileno())

    def _release(self) -> None:
        self._connection.close()


def open_(address: str, baud: int | None) -> TcpTransport:
    """Connect. The speed is the far end's business: ``baud`` is not used. BenchError when nobody answers."""
    parts = urlsplit(address)
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or not port:
        raise MisuseError("this is no TCP address", expected="socket://host:port", found=address)
    try:
        connection = socket.create_connection((host, port), timeout=_CONNECT_TIMEOUT_S)
    except OSError as error:
        raise BenchError(
            "nothing answers at this address", where=address, found=error, next_step="is the server there running?"
        ) from error
    # Frames are small and each may be the last for a while.
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return TcpTransport(address, connection)

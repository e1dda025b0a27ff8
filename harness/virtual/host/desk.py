"""Requests to a unit's own process over its Unix socket, in the process' poll loop: a verb and its arguments, an answer."""

from __future__ import annotations

import json
import select
import socket
from collections.abc import Callable, Mapping
from typing import Any

from harness.errors import BenchError, DeviceError, MisuseError
from harness.virtual.debug import rpc

Verbs = Mapping[str, Callable[..., dict[str, Any]]]


class Desk:
    """Serves ``verbs``. An error that somebody outside must act on is an answer; any other ends the unit."""

    def __init__(self, listener: socket.socket, poll: select.poll, verbs: Verbs) -> None:
        self._listener, self._poll, self._verbs = listener, poll, verbs
        self._clients: dict[int, tuple[socket.socket, rpc.Inbox]] = {}
        poll.register(listener.fileno(), select.POLLIN)

    def serves(self, fd: int) -> bool:
        """Whether that descriptor is one of its own."""
        return fd == self._listener.fileno() or fd in self._clients

    def handle(self, fd: int) -> None:
        """One of its descriptors is ready."""
        if fd == self._listener.fileno():
            client, _address = self._listener.accept()
            client.settimeout(5.0)
            self._clients[client.fileno()] = (client, rpc.Inbox())
            self._poll.register(client.fileno(), select.POLLIN)
            return
        client, inbox = self._clients[fd]
        try:
            data = client.recv(1 << 16)
            if not data:
                raise ConnectionResetError
            for body in inbox.feed(data):
                client.sendall(rpc.reply(rpc.OK, json.dumps(self._answer(json.loads(body[1:]))).encode()))
        except (OSError, ValueError):
            self._poll.unregister(fd)
            del self._clients[fd]
            client.close()

    def close(self) -> None:
        """Hang up on everybody."""
        for client, _inbox in self._clients.values():
            client.close()
        self._clients.clear()

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        verb = self._verbs.get(str(request.pop("command", "")))
        if verb is None:  # another release's client: no reason to end
            return {"error": "no such request of a unit or hub", "expected": ", ".join(self._verbs)}
        try:
            return verb(**request)
        except (BenchError, DeviceError, MisuseError) as error:
            return {"error": error.what, "where": error.where, "expected": _text(error.expected),
                    "found": _text(error.found), "next_step": error.next_step}  # fmt: skip
        except FileNotFoundError as error:
            return {"error": "a file cannot be read", "where": str(error.filename or ""), "found": str(error)}


def _text(part: object) -> str | None:
    return None if part is None else str(part)

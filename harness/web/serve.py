"""The life of the server: it binds, says where it is and by which token, and ends with Ctrl-C."""

from __future__ import annotations

import ipaddress
import os
import secrets
import socket
from collections.abc import Callable, Collection
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from harness.errors import BenchError, MisuseError
from harness.evidence.database import is_off
from harness.evidence.history import History
from harness.web.app import make_app
from harness.web.settings import TOKEN, Settings, is_loopback, loopback_names

_LEAST_TOKEN: Final = 16  # characters
EMPTY: Final = "sqlite://"  # a store in memory


@dataclass(frozen=True)
class Where:
    """Where it is bound, and by which names it is reached beside that."""

    host: str = "127.0.0.1"
    port: int = 8437
    names: tuple[str, ...] = ()


def serve(base: Path, where: Where, say: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM. ``say`` is told the address, and the token where there is one.

    ``BenchError`` when the port cannot be had, ``MisuseError`` for a token that is too short.
    """
    # Set to nothing is how a service file says that it has none.
    settings = make_settings(base, where, os.environ.get(TOKEN) or None)
    with listening(where) as bound, History.open(EMPTY if is_off() else None, base=base) as history:
        say(f"hil serve: {url_of(bound)}")
        if settings.token is not None:
            say(f"  token: {settings.token}")
            say("  the connection is not encrypted: for more than a lab's own network put a server with TLS before it")
        if is_off():
            say("  HIL_DB is off: no past run is shown")
        say("  Ctrl-C ends it")
        server(make_app(history, settings)).run(sockets=[bound])


def make_settings(base: Path, where: Where, token: str | None = None) -> Settings:
    """What the application is told: beyond this host there is a token, the given one or a new one."""
    if token is not None and len(token) < _LEAST_TOKEN:
        raise MisuseError(
            "the token is too short to keep anybody out",
            where=TOKEN,
            expected=f"{_LEAST_TOKEN} characters or more",
            found=f"{len(token)}",
            next_step="python -c 'import secrets; print(secrets.token_urlsafe(32))' makes one",
        )
    if is_loopback(where.host):
        return Settings(base, token, names=_names(loopback_names(), where.names))
    names = _names(loopback_names(), (where.host, socket.gethostname(), socket.getfqdn(), *where.names))
    return Settings(base, token or secrets.token_urlsafe(32), names=names, loopback=False)


def url_of(bound: socket.socket) -> str:
    """The address for a browser. Bound to every address of the host, it is the host's name."""
    host, port = bound.getsockname()[:2]
    if ipaddress.ip_address(host).is_unspecified:
        host = socket.gethostname()
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def listening(where: Where) -> socket.socket:
    """A bound socket; port 0 takes a free one. ``BenchError`` when it cannot be had."""
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(where.host, where.port, type=socket.SOCK_STREAM)[0]
        with ExitStack() as on_failure:
            made = on_failure.enter_context(socket.socket(family, kind, protocol))
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind(place)
            on_failure.pop_all()
    except OSError as error:
        raise BenchError(
            "the server cannot be reached there",
            where=f"{where.host}, port {where.port}",
            found=error,
            next_step="choose another one: hil serve --host ADDRESS --port N",
        ) from error
    return made


def server(app: ASGIApp) -> uvicorn.Server:
    """As it is run: one process, no log of every request, and nobody who follows a case keeps it from ending."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=2,
            timeout_keep_alive=10,
            limit_concurrency=256,
            h11_max_incomplete_event_size=32 << 10,
        )
    )


def _names(*some: Collection[str]) -> frozenset[str]:
    return frozenset(name.casefold() for names in some for name in names if name)

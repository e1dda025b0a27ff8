"""How the unit's server is started on another host, and what it means when it does not come up."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from typing import Final

from harness.errors import HostError, MisuseError

#: No question can be answered here, no terminal is wanted, and a dead network is noticed by ssh as well.
OPTIONS: Final = (
    "-T",
    "-oBatchMode=yes",
    "-oConnectTimeout=10",
    "-oServerAliveInterval=5",
    "-oServerAliveCountMax=3",
    "-oClearAllForwardings=yes",
)
SERVER: Final = "hil unit-server"
#: The variables that go before the usual.
SSH_BY: Final = "HIL_SSH"
SERVER_BY: Final = "HIL_UNIT_SERVER"
_SSH_FAILED: Final = 255
_NOT_FOUND: Final = 127
#: What of ssh's words says what is wrong: a pattern, what it is, and what to do.
_MEANINGS: Final = (
    (r"Host key verification failed|REMOTE HOST IDENTIFICATION", "the host's key is not the one that is known, or none is",
     "log in there once by hand: ssh {host}"),
    (r"Permission denied|Too many authentication failures", "the host does not accept this account's key",
     "put your public key there: ssh-copy-id {host} (and is the user's name right?)"),
    (r"Could not resolve|Name or service not known|nodename nor servname", "there is no host of this name",
     "check the name in the bench file's `via`"),
    (r"Connection refused|timed out|No route to host|Network is unreachable", "the host does not answer",
     "is it on, and does sshd run there? ssh {host} true"),
    (r"command not found|[Nn]o such file or directory|not recognized|: not found", "there is no hil on that host's PATH",
     "install hil there, or say where it is: HIL_UNIT_SERVER='/path/to/hil unit-server'"),
)  # fmt: skip
#: What is said of a unit whose host cannot be reached, or is lost: it is said of all units of that host.
GONE: Final = frozenset(what for _, what, _ in _MEANINGS) | {
    "the unit's server does not start on that host",
    "the unit's host says nothing",
    "the connection to the unit's host is lost",
}


def check(destination: str) -> str:
    """``destination`` if ssh may be given it. ``MisuseError`` for what ssh would take for an option, or that names no host."""
    if not destination or destination.startswith("-") or re.search(r"[\s\x00-\x1f]|^ssh://-", destination):
        raise MisuseError(
            "this names no host for ssh",
            where="via",
            expected="host, user@host, or ssh://user@host:port",
            found=repr(destination),
            next_step="correct `via` in the bench file",
        )
    return destination


def command(destination: str, *words: str, environment: Mapping[str, str] | None = None) -> list[str]:
    """What starts the server with these words: the id of its unit. ``HIL_SSH`` and ``HIL_UNIT_SERVER`` go before the usual.

    ``MisuseError`` when one of them, or the destination, is none.
    """
    environment = os.environ if environment is None else environment
    given = environment.get(SSH_BY, "")
    try:
        ssh = shlex.split(given)
    except ValueError as error:
        raise MisuseError(
            "HIL_SSH is no command",
            found=f"{given} ({error})",
            next_step="write it as for a shell: quotes come in pairs",
        ) from error
    server = environment.get(SERVER_BY, "") or SERVER
    # Without a separator of its own: not every ssh knows "--", and ``check`` has seen to it.
    return [*(ssh or ("ssh", *OPTIONS)), check(destination), f"{server} {shlex.join(words)}"]


def why(host: str, status: int | None, said: str) -> HostError:
    """What is wrong when the connection ended before the server spoke. ``said`` is what came on standard error."""
    last = " | ".join(said.strip().splitlines()[-3:]) or "nothing on its standard error"
    found = f"{last} (exit status {status})" if status else last
    for pattern, what, next_step in _MEANINGS:
        if status in (_SSH_FAILED, _NOT_FOUND, 126, 1) and re.search(pattern, said):
            return HostError(what, where=host, found=found, next_step=next_step.format(host=host))
    return HostError(
        "the unit's server does not start on that host",
        where=host,
        found=found,
        next_step=f"try it by hand: ssh {host} hil --version",
    )


def no_ssh(tried: str, error: OSError) -> HostError:
    """ssh itself cannot be started."""
    return HostError(
        "ssh cannot be started",
        where=tried,
        found=error,
        next_step="install OpenSSH's client, or name another in HIL_SSH",
    )

"""How the unit's server is started on another host, and what it means when it does not come up."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from harness.errors import HostError, MisuseError

#: No question can be answered here, no terminal is wanted, and a dead network is noticed by ssh as well. The rest is as scp has
#: it, for what people's ~/.ssh/config is about: a command of its own there, one here that prints, an agent that whoever is root
#: over there could use. A connection that is shared already is used; none is made that outlives ours.
OPTIONS: Final = (
    "-T",
    "-x",
    "-oBatchMode=yes",
    "-oConnectTimeout=10",
    "-oServerAliveInterval=5",
    "-oServerAliveCountMax=3",
    "-oClearAllForwardings=yes",
    "-oForwardAgent=no",
    "-oPermitLocalCommand=no",
    "-oRemoteCommand=none",
    "-oControlMaster=no",
)
SERVER: Final = "hil unit-server"
#: The variables that go before the usual.
SSH_BY: Final = "HIL_SSH"
SERVER_BY: Final = "HIL_UNIT_SERVER"
_SSH_FAILED: Final = 255
_COMMAND_FAILED: Final = (127, 126, 1)
#: ssh puts a name into commands of ~/.ssh/config (ProxyCommand, Match exec), and labgrid's come from anybody on its network.
_NO_NAME: Final = r"""[\s\x00-\x1f'"`$\\;&<>|(){}]|^ssh://-|@-"""
#: What in ssh's words says what is wrong: a pattern, what it is, and what to do.
_OF_SSH: Final = (
    (r"Host key verification failed|REMOTE HOST IDENTIFICATION", "the host's key is not the one that is known, or none is",
     "log in there once by hand: ssh {host}"),
    (r"Permission denied|Too many authentication failures", "the host does not accept this account's key",
     "put your public key there: ssh-copy-id {host} (and is the user's name right?)"),
    (r"Could not resolve|Name or service not known|nodename nor servname", "there is no host of this name",
     "check the name in the bench file's `via`"),
    (r"Connection refused|timed out|No route to host|Network is unreachable", "the host does not answer",
     "is it on, and does sshd run there? ssh {host} true"),
)  # fmt: skip
#: The same of the words of the shell over there.
_OF_SHELL: Final = (
    (r"bad interpreter|env: .?python|No module named", "the hil on that host does not start: its Python, or a part of it, is gone",
     "install hil there anew, then: ssh {host} hil --version"),
    (r"command not found|[Nn]o such file or directory|not recognized|: not found", "there is no hil on that host's PATH",
     "install hil there, or say where it is: HIL_UNIT_SERVER='/path/to/hil unit-server'"),
)  # fmt: skip
#: What is said of a unit whose host cannot be reached, or is lost: it is said of all units of that host.
GONE: Final = frozenset(what for _, what, _ in (*_OF_SSH, *_OF_SHELL)) | {
    "the unit's server does not start on that host",
    "the unit's host says nothing",
    "the connection to the unit's host is lost",
}


def is_host(destination: str) -> bool:
    """Whether ssh may be given it: neither ssh nor a shell would take it for something else than a name."""
    return bool(destination) and not destination.startswith("-") and re.search(_NO_NAME, destination) is None


def check(destination: str) -> str:
    """``destination`` if it ``is_host``, else ``MisuseError``."""
    if not is_host(destination):
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

    Where HIL_SSH names OpenSSH's ``ssh``, our options stand behind its own: of two, ssh takes the first. ``MisuseError`` when one
    of them, or the destination, is none.
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
    ssh = ssh or ["ssh"]
    options = OPTIONS if Path(ssh[0]).name in ("ssh", "ssh.exe") else ()
    # Without a separator of its own: not every ssh knows "--", and ``check`` has seen to it.
    return [*ssh, *options, check(destination), f"{server} {shlex.join(words)}"]


def why(host: str, status: int | None, said: str) -> HostError:
    """What is wrong when the connection ended before the server spoke. ``said`` is what came on standard error."""
    last = " | ".join(said.strip().splitlines()[-3:]) or "nothing on its standard error"
    found = f"{last} (exit status {status})" if status else last
    meanings = _OF_SSH if status == _SSH_FAILED else _OF_SHELL if status in _COMMAND_FAILED else ()
    for line in reversed(said.splitlines()):  # the first may be the banner's, which says what it likes
        for pattern, what, next_step in meanings:
            if re.search(pattern, line):
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

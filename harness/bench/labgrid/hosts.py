"""What the hosts say of their units: who uses each, and whether it takes work. Asked over ssh, all hosts at once.

On each host ``hil unit-server --look UID`` answers in a line, and takes nothing.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any, Final

from harness.bench import lease
from harness.bench.remote import ssh
from harness.errors import BenchError
from harness.text import printable

#: A log-in, and a Python on a small computer that has other work.
TIMEOUT_S: Final = 60.0
_MARK: Final = "hil-unit-look"
_MOST_AT_ONCE: Final = 16


@dataclass(frozen=True)
class Stand:
    """Of one unit: who uses it, "" when nobody does, and why it takes no work, "" when it does."""

    holder: str = ""
    refusal: str = ""


Look = Callable[[Mapping[str, Sequence[str]]], Mapping[tuple[str, str], Stand]]


def here(uids: Sequence[str]) -> str:
    """The answer for units of this host."""
    return json.dumps({_MARK: {uid: asdict(_stand(uid)) for uid in uids}})


def look(there: Mapping[str, Sequence[str]]) -> dict[tuple[str, str], Stand]:
    """Of each host's units by their ids, by host and id. A host that does not answer is the ``refusal`` of its units.

    ``MisuseError`` where there is no way to ask: HIL_SSH is no command.
    """
    found: dict[tuple[str, str], Stand] = {}
    if there:
        with ThreadPoolExecutor(min(len(there), _MOST_AT_ONCE)) as pool:
            for host, stands in zip(there, pool.map(_ask, there.keys(), there.values()), strict=True):
                found |= {(host, uid): stand for uid, stand in stands.items()}
    return found


def _stand(uid: str) -> Stand:
    holder, refusal = lease.holder(uid), lease.refusal(uid)
    return Stand(holder.describe() if holder else "", f"{refusal.what}: {refusal.found}" if refusal else "")


def _ask(host: str, uids: Sequence[str]) -> dict[str, Stand]:
    words = [word for uid in uids for word in ("--look", uid)]
    try:
        told = _answer(host, words)
        return {uid: Stand(*(printable(str(told[uid][part])) for part in ("holder", "refusal"))) for uid in uids}
    except BenchError as error:
        why = f"its host {host} cannot be asked: {error.what}" + (f" ({error.found})" if error.found else "")
    except (KeyError, TypeError):
        why = f"its host {host} answers what is no answer: is the hil there of another version?"
    return {uid: Stand(refusal=why) for uid in uids}


def _answer(host: str, words: Sequence[str]) -> Mapping[str, Any]:
    command = ssh.command(host, *words)
    try:
        run = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT_S, start_new_session=True
        )
    except OSError as error:
        raise ssh.no_ssh(command[0], error) from error
    except subprocess.TimeoutExpired:
        raise ssh.why(host, None, f"no answer within {TIMEOUT_S:g} s") from None
    # The last line: what a shell's start-up files print comes first.
    for line in reversed(run.stdout.splitlines()):
        try:
            told = json.loads(line)[_MARK]
        except (ValueError, TypeError, KeyError):
            continue
        if isinstance(told, dict):
            return told
    raise ssh.why(host, run.returncode, printable(run.stderr.decode("utf-8", "replace")))

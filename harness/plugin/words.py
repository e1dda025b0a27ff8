"""An option and its value are read as one word, before pytest takes the value for a folder of tests.

pytest looks for its root (and with it the configuration and the tests) before it knows a plug-in's options: of ``--bench
/rack/lab.yaml`` it then sees a path to tests, and moves the root towards it. ``--bench=/rack/lab.yaml`` it leaves alone.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Collection, Sequence
from pathlib import Path

import pytest

_ADDOPTS = "PYTEST_ADDOPTS"


def settle(config: pytest.Config, names: Collection[str]) -> None:
    """Nothing where no value of an option in ``names`` could be taken for a path; else begin again, with one word each.

    Raises ``pytest.UsageError`` where pytest was called by a program that would not survive that.
    """
    given = [str(word) for word in config.invocation_params.args]
    variable = shlex.split(os.environ.get(_ADDOPTS, ""))
    if not (_misread(given, names) or _misread(variable, names)) or hasattr(config, "workerinput"):
        return
    command = sys.orig_argv
    own_process = given == sys.argv[1:] and (not given or command[-len(given) :] == given)
    if not own_process or sys.platform == "win32":
        first = (_misread(given, names) or _misread(variable, names))[0]
        raise pytest.UsageError(
            f"hil: write {first[0]}={first[1]} as one word: as two, pytest takes it for a folder of tests and moves its root"
        )
    start = command[1 : len(command) - len(given)]
    environment = os.environ | ({_ADDOPTS: shlex.join(joined(variable, names))} if variable else {})
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(sys.executable, [sys.executable, *start, *joined(given, names)], environment)


def joined(words: Sequence[str], names: Collection[str]) -> list[str]:
    """The same command line with ``--option value`` as ``--option=value`` for the options in ``names``."""
    result: list[str] = []
    rest = iter(words)
    for word in rest:
        if word == "--":
            return [*result, word, *rest]
        value = next(rest, None) if word in names else None
        result.append(word if value is None else f"{word}={value}")
    return result


def _misread(words: Sequence[str], names: Collection[str]) -> list[tuple[str, str]]:
    """The options of ours whose value, a word of its own, names something that exists: what pytest looks at."""
    ours = set(joined(words, names)) - set(words)
    pairs = [(name, value) for name, _, value in (word.partition("=") for word in ours)]
    return sorted((name, value) for name, value in pairs if Path(value.partition("::")[0]).exists())

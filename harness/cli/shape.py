"""The commands as people read them: types by what they mean, a word that was nearly right, how ``hil`` ends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import typer

EXAMPLE = "Example: "  # how the last paragraph of each command's docstring begins


def shaped(command: Any) -> Any:
    """A command of typer's with everything below it; typer's words for types are Python's. ``command`` itself is changed."""
    for _, each in commands(command):
        for param in [*each.params, each.get_help_option(typer.Context(each))]:
            if param.param_type_name == "argument":
                param.display_type_rich = _none
            elif getattr(param, "is_flag", False):
                param.metavar = ""
            elif param.metavar is None:
                kind = str(param.display_type(typer.Context(each))).strip("<>")
                param.metavar = "N" if kind.startswith("int") else kind
    return command


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The command and all below it, each with the words that name it."""
    yield path, command
    for name, below in getattr(command, "commands", {}).items():
        yield from commands(below, (*path, name))


def example(command: Any) -> str | None:
    """The command line in its help, or below its options."""
    found = re.search(rf"{EXAMPLE}(hil .+)", f"{command.help or ''}\n{command.epilog or ''}")
    return found[1].strip() if found else None


def meant(message: str) -> str | None:
    """What was probably meant where a usage error lists what there is: ``'gc' is not one of 'auto', 'zig', 'gcc'``."""
    found = re.search(r"'([^']+)' is not one of (.+?)\.?$", message)
    if found is None:
        return None
    from harness.plans.names import nearest

    near = nearest(found[1], re.findall(r"'([^']+)'", found[2]))
    return near and f"did you mean {near!r}?"


def _none(**_: object) -> None:
    return None

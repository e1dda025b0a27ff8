"""Every command of ``hil``, with its arguments and options; every option that the plug-in gives pytest."""

from __future__ import annotations

from collections.abc import Iterator

from harness.cli.tree import Command, Parameter, commands
from harness.guide.parts._words import code
from harness.plugin.options import described


def made(*words: str) -> str:
    """``hil`` or ``pytest``."""
    return "\n".join(_pytest() if words == ("pytest",) else _hil()).rstrip("\n")


def _hil() -> Iterator[str]:
    for command in commands():
        yield f"### {command.name}"
        yield ""
        yield _usage(command)
        yield ""
        yield from (line.strip() for line in command.help.splitlines())
        yield ""
        for parameter in command.parameters:
            yield _line(parameter)
        if command.parameters:
            yield ""


def _usage(command: Command) -> str:
    needed = [p.usage for p in command.parameters if p.needed]
    optional = [p for p in command.parameters if not p.needed]
    rest = [f"[{p.usage}]" for p in optional if not p.option] + (
        ["[OPTIONS]"] if any(p.option for p in optional) else []
    )
    return code(" ".join([command.name, *needed, *rest]))


def _line(parameter: Parameter) -> str:
    default = f" ({code(parameter.default)} if left out)" if parameter.default else ""
    return f"- {code(parameter.usage)}: {parameter.help or 'see above.'}{default}"


def _pytest() -> Iterator[str]:
    for usage, text in described():
        yield f"- {code(usage)}: {text}"

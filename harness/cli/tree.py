"""What ``hil`` takes, as plain data: for the guide, which must not know how the command line is made."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import typer

from harness import cli
from harness.cli import app


@dataclass(frozen=True)
class Parameter:
    """An argument (``option`` False) or an option. ``usage`` as people type it, ``default`` "" where it says nothing."""

    usage: str
    help: str
    option: bool
    needed: bool
    default: str


@dataclass(frozen=True)
class Command:
    """``name`` is all of it: ``hil model show``."""

    name: str
    help: str
    parameters: tuple[Parameter, ...]


def commands() -> list[Command]:
    """Every command, by name."""
    for module in pkgutil.iter_modules(cli.__path__):
        if module.name.endswith("_commands"):
            importlib.import_module(f"{cli.__name__}.{module.name}")
    return sorted(_below("hil", typer.main.get_command(app.app)), key=lambda command: command.name)


def _below(name: str, command: Any) -> Iterator[Command]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield Command(name, command.help or "", tuple(_parameter(p) for p in command.params if p.name != "help"))
        return
    for word, each in inner.items():
        yield from _below(f"{name} {word}", each)


def _parameter(found: Any) -> Parameter:
    option = found.param_type_name == "option"
    # An argument's own brackets say that it may be left out, which ``needed`` says.
    words = ", ".join(found.opts) if option else (found.metavar or found.name.upper()).replace("[", "").replace("]", "")
    if option and not found.is_flag:
        words = f"{words} {found.metavar or _kind(found)}"
    if option and found.multiple:
        words += " ..."
    default = found.default
    told = default is not None and default is not False and not found.required and not callable(default)
    return Parameter(words, found.help or "", option, bool(found.required), str(default) if told else "")


def _kind(found: Any) -> str:
    """What an option takes. Older releases of typer keep it as a type of click's, later ones as an annotation."""
    kind = getattr(found, "type_descriptor", None)
    annotation = getattr(kind, "annotation", None)
    choices = getattr(annotation, "__args__", None) or getattr(getattr(found, "type", None), "choices", None)
    if choices:
        return "|".join(map(str, choices))
    name = annotation.__name__ if isinstance(annotation, type) else getattr(getattr(found, "type", None), "name", "")
    return {"int": "N", "integer": "N", "float": "NUMBER", "Path": "FILE", "path": "FILE"}.get(name, "TEXT")

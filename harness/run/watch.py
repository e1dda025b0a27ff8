"""How a long run tells that it lives: a function called with the step it is at."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PREPARE: Final = "prepare"  # the step before plan, model and data are known to be right
WAIT: Final = "wait"  # for a unit; each time it is told, who has it


@dataclass(frozen=True)
class Step:
    """Where a case is. ``share`` is the part of this step that is done, 0..1; ``note`` is for people."""

    name: str
    share: float = 0.0
    note: str = ""


Watch = Callable[[Step], None]


def line(step: Step) -> str:
    """One line for a terminal or a log."""
    text = step.name if step.share <= 0.0 else f"{step.name} {step.share:4.0%}"
    return f"{text} ({step.note})" if step.note else text


def lines(what: str, write: Callable[[str], None], *, every: float = 0.25) -> Watch:
    """A watch that writes ``what: step``: when a step begins, and then each time that the share ``every`` of it is done.

    A log wants to see that a run lives, not each sample. Who waits for a unit says so each time. ``every`` 0 is for a line
    that is rewritten.
    """
    name, told = "", 0.0

    def watch(step: Step) -> None:
        nonlocal name, told
        if step.name == name != WAIT and step.share - told < every:
            return
        name, told = step.name, step.share
        write(f"{what}: {line(step)}")

    return watch


def again(program: str, words: Iterable[str], resume: Path | None) -> str:
    """The command line that was given, as one that goes on with the run in ``resume``; for None, that begins anew."""
    kept = []
    rest = iter(words)
    for word in rest:
        if word == "--resume":
            next(rest, None)
        elif not word.startswith("--resume="):
            kept.append(word)
    return shlex.join([program, *kept, *(["--resume", str(resume)] if resume else [])])

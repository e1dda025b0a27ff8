"""The command line options that the plug-in adds to pytest, and what they come to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness import exits
from harness.bench.emulators import backend_choices
from harness.run.options import RunOptions

if TYPE_CHECKING:
    from harness.run.whole import Whole

if TYPE_CHECKING:
    pass


@dataclass(frozen=True)
class Options:
    """What was asked for. ``boards`` empty = no ``--board``: the plug-in then does nothing unasked."""

    boards: tuple[str, ...]
    samples: int | None
    report_dir: Path | None
    run: RunOptions


KEY = pytest.StashKey[Options]()
WHOLE: pytest.StashKey[Whole] = pytest.StashKey()  # the run that this process writes for, once it may
#: The options of ours that take a value.
WITH_VALUE = frozenset(
    {
        "--board",
        "--backend",
        "--bench",
        "--device-serial",
        "--firmware",
        "--compiler",
        "--samples",
        "--resume",
        "--report-dir",
    }
)


class _Group:
    """Keeps our values under names that no other option has: a project may well have a ``dest="board"``."""

    def __init__(self, group: pytest.OptionGroup) -> None:
        self._group = group

    def addoption(self, name: str, **rest: Any) -> None:
        self._group.addoption(name, dest=f"hil_{name.strip('-').replace('-', '_')}", **rest)


def _title() -> str:
    """The head of our part of ``pytest --help``, which has no other place for what is no option."""
    return "\n  ".join(["hardware in the loop: exit status", *exits.told_of_pytest()]) + "\n\noptions of hil"


def add(parser: pytest.Parser) -> None:
    """Declare the options."""
    group = _Group(parser.getgroup("hil", _title()))
    group.addoption(
        "--board", action="append", default=[], metavar="NAME", help="the kind of board to run on; repeatable"
    )
    group.addoption(
        "--backend",
        choices=backend_choices(),
        default="auto",
        help="where it runs: auto is a real unit if one is attached or named in the bench file, else the virtual board",
    )
    group.addoption("--bench", type=Path, metavar="FILE", help="the units of this host, by probe id and port")
    group.addoption("--device-serial", metavar="UID", help="the unit to use, by its probe's unique id")
    group.addoption(
        "--skip-flash", action="store_true", help="trust the board's flash; hello still compares build and model"
    )
    group.addoption(
        "--allow-mass-erase",
        action="store_true",
        help="a protected or unwilling flash may be erased as a whole; never done unasked",
    )
    group.addoption("--firmware", type=Path, metavar="ELF", help="use this image instead of building one")
    group.addoption("--compiler", choices=("auto", "zig", "gcc"), default="auto", help="what builds the firmware")
    group.addoption("--layers", action="store_true", help="profile the layers of one sample of each case too")
    group.addoption("--samples", type=int, metavar="N", help="stream only the first N samples of each plan's dataset")
    group.addoption(
        "--wire-log", action="store_true", help="keep every byte of each case in wire.log; `hil wire-dump` reads it"
    )
    group.addoption(
        "--no-serial-log",
        action="store_true",
        help="do not keep what the firmware prints in serial.log beside the reports",
    )
    group.addoption(
        "--resume",
        metavar="RUN",
        help="go on with an interrupted run (its folder, a case's, its id, or latest): only what is unanswered is streamed",
    )
    group.addoption("--report-dir", type=Path, metavar="DIR", help="where reports go (default: hil-reports/<run>)")


def read(config: pytest.Config) -> Options:
    """The options as given. ``PlanError`` for a bench file that cannot be read."""
    bench: Path | None = config.getoption("--bench")
    return Options(
        boards=tuple(dict.fromkeys(config.getoption("--board"))),
        samples=config.getoption("--samples"),
        report_dir=config.getoption("--report-dir"),
        run=RunOptions.make(
            backend=config.getoption("--backend"),
            bench=bench,
            uid=config.getoption("--device-serial"),
            skip_flash=config.getoption("--skip-flash"),
            firmware=config.getoption("--firmware"),
            compiler=config.getoption("--compiler"),
            allow_mass_erase=config.getoption("--allow-mass-erase"),
            wire_log=config.getoption("--wire-log"),
            resume=config.getoption("--resume"),
            layers=config.getoption("--layers"),
            serial_log=not config.getoption("--no-serial-log"),
        ),
    )


def described() -> list[tuple[str, str]]:
    """Each option as people type it, with its help: for the guide."""
    parser = pytest.Parser(_ispytest=True)
    add(parser)
    return [
        (f"{option.names()[0]} {_value(option.attrs())}".rstrip(), str(option.attrs()["help"]))
        for option in parser.getgroup("hil").options
    ]


def _value(attributes: Mapping[str, Any]) -> str:
    if attributes.get("nargs") == 0 or attributes.get("action") == "store_true":
        return ""
    choices = attributes.get("choices")
    return "|".join(choices) if choices else str(attributes["metavar"])

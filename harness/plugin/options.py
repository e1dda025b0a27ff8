"""The command line options that the plug-in adds to pytest, and what they come to."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness import exits
from harness.bench.emulators import backend_choices

if TYPE_CHECKING:
    from harness.run.options import RunOptions
    from harness.run.whole import Whole


@dataclass(frozen=True)
class Options:
    """What was asked for. ``boards`` empty = no ``--board``: the plug-in then does nothing unasked."""

    boards: tuple[str, ...]
    samples: int | None
    report_dir: Path | None
    resume: str | None
    history: bool
    make_run: Callable[[], RunOptions]
    bench: Path | str | None = None

    @cached_property
    def run(self) -> RunOptions:
        """Made when it is asked for: a run of someone else's tests waits for nothing of ours. ``PlanError`` as ``read``."""
        return self.make_run()


PLACES = "hil_places"  # in the workerinput of a worker of xdist that is a unit
KEY = pytest.StashKey[Options]()
WHOLE: pytest.StashKey[Whole] = pytest.StashKey()  # the run that this process writes for, once it may
ALL = "all"  # as the name of a board: every kind that there is
_OURS = "hil-"
_VALUES = (
    "board",
    "backend",
    "bench",
    "device-serial",
    "firmware",
    "compiler",
    "samples",
    "resume",
    "report-dir",
    "speed",
    "baseline",
    "shards",
)
_NAMES = (*_VALUES, "no-wait", "skip-flash", "allow-mass-erase", "layers", "wire-log", "no-history")
#: The options of ours that take a value, by all of their names.
WITH_VALUE = frozenset({f"--{prefix}{name}" for name in _VALUES for prefix in ("", _OURS)} | {"--hardware-map"})


class Late:
    """Declares our options when everyone else's are known: a project's own ``--board`` stays the project's.

    To argparse an option of the same name is a conflict, whoever comes second. Ours always have a name that is ours alone,
    ``--hil-board``, and the short one where nobody else has it.
    """

    def __init__(self, parser: pytest.Parser) -> None:
        self._parser = parser

    @pytest.hookimpl(wrapper=True)
    def pytest_load_initial_conftests(self) -> Generator[None, None, None]:
        """After the conftest files, before the command line is read."""
        yield
        add(self._parser)


def declare(parser: pytest.Parser, plugins: pytest.PytestPluginManager) -> None:
    """Declare the options as late as can be: at once where a conftest file is what loads us."""
    if any(Path(getattr(plugin, "__file__", None) or "").name == "conftest.py" for plugin in plugins.get_plugins()):
        add(parser)
    else:
        plugins.register(Late(parser), "hil-options")


class _Group:
    """Keeps our values under names that no other option has: a project may well have a ``dest="board"``."""

    def __init__(self, parser: pytest.Parser) -> None:
        self._group = parser.getgroup("hil", _title())
        groups = [*parser._groups, parser._anonymous]
        self._taken = {name for group in groups for option in group.options for name in option.names()}

    def addoption(self, name: str, *others: str, **rest: Any) -> None:
        """``others``: names that other tools have for the same."""
        own = f"--{_OURS}{name.strip('-')}"
        names = [own] if name in self._taken else [name, own]
        names += [other for other in others if other not in self._taken]
        self._group.addoption(*names, dest=_dest(name), **rest)


def _dest(name: str) -> str:
    return f"hil_{name.strip('-').replace('-', '_')}"


def stepped_back(config: pytest.Config) -> list[str]:
    """A line where a short name of ours is another's here."""
    names = [f"--{name}" for name in _NAMES if spelt(config, f"--{name}") != f"--{name}"]
    if not names:
        return []
    ours = " and ".join(spelt(config, name) for name in names)
    one = len(names) == 1
    return [
        f"hil: {' and '.join(names)} {'is' if one else 'are'} this project's own: hil's {'is' if one else 'are'} {ours}"
    ]


def spelt(config: pytest.Config, name: str) -> str:
    """How an option of ours is written in this project: ``--board``, or ``--hil-board`` where the short name is another's."""
    # Where pytest keeps it has moved between its releases.
    known: Mapping[str, str] = getattr(config, "_opt2dest", None) or getattr(config._parser, "_opt2dest", {})
    return name if known.get(name) == _dest(name) else f"--{_OURS}{name.strip('-')}"


def _title() -> str:
    """The head of our part of ``pytest --help``, which has no other place for what is no option."""
    return "\n  ".join(["hardware in the loop: exit status", *exits.told_of_pytest()]) + "\n\noptions of hil"


def add(parser: pytest.Parser) -> None:
    """Declare the options."""
    group = _Group(parser)
    group.addoption(
        "--board",
        action="append",
        default=[],
        metavar="NAME",
        help="the kind of board to run on; repeatable; all: all that the bench has, or all virtual ones",
    )
    group.addoption(
        "--backend",
        choices=backend_choices(),
        default="auto",
        help="where it runs: auto is a real unit if one is attached or named in the bench file, else the virtual board",
    )
    group.addoption(
        "--bench",
        "--hardware-map",
        metavar="FILE|URL",
        help="the units, by probe id and port: a bench file, Twister's hardware map, or a bench elsewhere (labgrid://...)",
    )
    group.addoption("--device-serial", metavar="UID", help="the unit to use, by its probe's unique id, or its name")
    group.addoption(
        "--no-wait", action="store_true", help="end at once, with status 2, where all units that would do are in use"
    )
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
        "--speed", choices=("fast", "realtime"), help="how recordings are played (default: as the plan says)"
    )
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
    group.addoption(
        "--baseline",
        metavar="REF",
        help="judge against this run: a tag, latest, a session, a run's id, or a path (default: the plan's baseline)",
    )
    group.addoption(
        "--shards",
        metavar="N",
        help="spread the samples of each case over N units of its kind, or auto: all that are free (default: as the plan says)",
    )
    group.addoption(
        "--no-history",
        action="store_true",
        help="leave nothing in the history of runs (hil-reports/history.db, HIL_DB)",
    )
    group.addoption("--report-dir", type=Path, metavar="DIR", help="where reports go (default: hil-reports/<run>)")


def read(config: pytest.Config) -> Options:
    """The options as given. ``PlanError`` for a bench file that cannot be read; errors as ``RunOptions.make``."""
    bench: str | None = config.getoption(_dest("--bench"))
    given = getattr(config, "workerinput", {}).get(PLACES)

    def run() -> RunOptions:
        from harness.run.options import RunOptions

        made = RunOptions.make(
            backend=config.getoption(_dest("--backend")),
            bench=bench if given is None else None,
            uid=config.getoption(_dest("--device-serial")),
            skip_flash=config.getoption(_dest("--skip-flash")),
            firmware=config.getoption(_dest("--firmware")),
            compiler=config.getoption(_dest("--compiler")),
            allow_mass_erase=config.getoption(_dest("--allow-mass-erase")),
            wire_log=config.getoption(_dest("--wire-log")),
            resume=config.getoption(_dest("--resume")),
            layers=config.getoption(_dest("--layers")),
            serial_log=not config.getoption(_dest("--no-serial-log")),
            speed=config.getoption(_dest("--speed")),
            baseline=config.getoption(_dest("--baseline")),
            shards=config.getoption(_dest("--shards")),
            no_wait=config.getoption(_dest("--no-wait")),
        )
        # A worker of xdist has the units that the controller has found, not those that a bench names by now.
        return made if given is None else replace(made, places=pickle.loads(given))

    boards = tuple(dict.fromkeys(config.getoption(_dest("--board"))))
    if ALL in boards:
        boards = _every(made := run())
        run = lambda: made  # noqa: E731  # it is read once
    options = Options(
        boards=boards,
        samples=config.getoption(_dest("--samples")),
        report_dir=config.getoption(_dest("--report-dir")),
        resume=config.getoption(_dest("--resume")),
        history=not config.getoption(_dest("--no-history")),
        make_run=run,
        bench=bench,
    )
    if options.boards or bench is not None:
        _ = options.run  # what is wrong is told at once
    return options


def _every(run: RunOptions) -> tuple[str, ...]:
    """What ``--board all`` means: the kinds of which the bench has units; without a bench those that can be emulated here."""
    from harness.bench.boards import load_board, names
    from harness.bench.unit import choose_backend

    if run.backend in ("auto", "probe") and run.places:
        return tuple(dict.fromkeys(place.board for place in run.places if not place.skip))
    kinds = [load_board(name) for name in names()]
    return tuple(
        kind.name
        for kind in kinds
        if kind.virtual is not None or choose_backend(kind, run.backend, run.places, run.uid) == "probe"
    )


def early(config: pytest.Config) -> Options:
    """The options, also before ``pytest_configure``: as ``read``."""
    if KEY not in config.stash:
        config.stash[KEY] = read(config)
    return config.stash[KEY]


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

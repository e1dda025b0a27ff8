"""The commands and the mapping of errors to exit statuses. The only package that imports typer.

Modules of commands import what works inside the commands: `hil --help` imports them all, and people wait for it.
"""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn

import typer
from rich.console import Console

from harness import __version__, exits
from harness.cli import faults, shape
from harness.errors import BenchError, DeviceError, HarnessBug, HilError, MisuseError, PlanError
from harness.exits import Exit as Exit  # for the modules of commands
from harness.text import printable

if TYPE_CHECKING:
    from harness.records import Verdict

_INTERRUPTED = 128 + signal.SIGINT
_stopped_by: signal.Signals | None = None  # Ctrl-C has no handler of ours

# In the order in which one speaks for several: a wrong product before a broken rig, both before too little evidence.
_BY_VERDICT = {"fail": Exit.FAIL, "error": Exit.RIG, "inconclusive": Exit.INCONCLUSIVE}
_BY_ERROR: dict[type[HilError], Exit] = {
    PlanError: Exit.MISTAKE,
    MisuseError: Exit.MISTAKE,
    BenchError: Exit.RIG,
    DeviceError: Exit.FAIL,
}

app = typer.Typer(
    name="hil",
    help="Hardware-in-the-loop tests for small neural networks on microcontrollers.\n\n"
    "Example: hil run digits --board nucleo_f446re",
    epilog="\n".join(["Exit status", *exits.told_of_hil(), "pytest --help shows pytest's beside them."]),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

BoardOption = Annotated[
    str, typer.Option("--board", metavar="BOARD", help="The kind of board: `hil boards` lists them.")
]
Compiler = Annotated[Literal["auto", "zig", "gcc"], typer.Option(help="What builds the firmware.")]


class Output(Console):
    """Standard output. rich ends a command whose reader has gone (``hil run ... | head -1``) with 1, which here means a verdict."""

    def on_broken_pipe(self) -> None:
        """Left to ``main``, which has a status for it. Called while the error is being handled."""
        raise BrokenPipeError


def wide_console() -> Console:
    """One that does not squeeze a wide table into the 80 columns that a file or a pipe is taken to have."""
    console = Output(highlight=False)
    return console if console.is_terminal else Output(highlight=False, width=180)


def worst(verdicts: list[Verdict]) -> Exit:
    """One status for several cases."""
    return next((status for verdict, status in _BY_VERDICT.items() if verdict in verdicts), Exit.PASS)


def command() -> Any:
    """All commands, as typer has made them."""
    return shape.shaped(typer.main.get_command(app))


def main(arguments: list[str] | None = None) -> None:
    """The entry point. Our own errors are told in one message on standard error, with the exit status that they mean."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a path that is no UTF-8 must not end a command
    try:
        with interruptible():
            if "HIL_PARENT" in os.environ:
                from harness.run import orphan

                orphan.watch_as_told()
            status = command()(args=arguments, prog_name="hil", standalone_mode=False)
        if status == _INTERRUPTED:  # typer makes a status of an interruption
            _interrupted()
    except HarnessBug as error:
        _end(faults.told(error), Exit.OURS)
    except HilError as error:
        kind = next((kind for kind in _BY_ERROR if isinstance(error, kind)), None)
        _end(f"hil: {error}" if kind else faults.told(error), _BY_ERROR[kind] if kind else Exit.OURS)
    except (KeyboardInterrupt, typer.Abort):
        _interrupted()
    except typer.Exit as end:
        sys.exit(end.exit_code)
    except BrokenPipeError:
        # Whoever read our output has seen enough (`hil boards | head -1`). What is still buffered must not be tried again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(128 + 13)
    except Exception as error:  # noqa: BLE001 - the last net: whatever it is, it is no verdict
        if _is_usage_error(error):
            error.show()  # type: ignore[attr-defined]  # typer carries its own copy of click, whose types it does not export
            if near := shape.meant(str(getattr(error, "message", ""))):
                _end(near, Exit.MISTAKE)
            sys.exit(Exit.MISTAKE)
        if mistake := faults.mistaken(error, sys.argv[1:] if arguments is None else arguments):
            _end(f"hil: {mistake}", Exit.MISTAKE)
        if refusal := faults.refused(error):
            _end(f"hil: {refusal}", Exit.RIG)
        _end(faults.told(error), Exit.OURS)
    sys.exit(status or 0)


def _interrupted() -> NoReturn:
    by = _stopped_by or signal.SIGINT
    _end(f"hil: ended by {by.name}", 128 + by)


def status_of(error: BaseException) -> int:
    """The exit status that a command ends with for an exception."""
    if isinstance(error, typer.Exit):
        return error.exit_code
    if isinstance(error, KeyboardInterrupt):
        return 128 + (_stopped_by or signal.SIGINT)
    if isinstance(error, BrokenPipeError):
        return 128 + 13
    by_kind = (status for kind, status in _BY_ERROR.items() if isinstance(error, kind))
    return next(by_kind, Exit.RIG if faults.refused(error) else Exit.OURS)


def _end(message: str, status: int) -> NoReturn:
    Console(stderr=True, highlight=False, markup=False, soft_wrap=True).print(printable(message))
    sys.exit(status)


def _is_usage_error(error: Exception) -> bool:
    return any(kind.__name__ == "ClickException" for kind in type(error).__mro__)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"hil {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Shared by all commands."""


@contextmanager
def interruptible() -> Iterator[None]:
    """SIGTERM, and a terminal that goes away, as orderly as Ctrl-C: units are given back, no process is left."""

    def interrupt(number: int, frame: object) -> None:
        global _stopped_by
        _stopped_by = signal.Signals(number)
        raise KeyboardInterrupt

    if sys.platform == "win32" or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {signal.SIGTERM: signal.signal(signal.SIGTERM, interrupt)}
    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:  # else it is ignored: nohup
        before[signal.SIGHUP] = signal.signal(signal.SIGHUP, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

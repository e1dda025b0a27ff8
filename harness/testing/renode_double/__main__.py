"""The command line and the console."""

from __future__ import annotations

import argparse
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.testing.renode_double.board import Aborted
from harness.testing.renode_double.monitor import Monitor, Refused
from harness.testing.renode_double.quirks import VERSIONS


class Log:
    """Lines with a time stamp, to standard output and to a file. Repeated lines are folded unless told not to."""

    def __init__(self, *, hidden: bool, folds: bool) -> None:
        self._hidden, self._folds = hidden, folds
        self._last = ""
        self.file: Any = None

    def __call__(self, level: str, text: str) -> None:
        """Write a line."""
        if self._folds and text == self._last:
            return
        self._last = text
        line = f"{datetime.now(UTC):%H:%M:%S.%f} [{level}] {text}"
        if not self._hidden:
            print(line, flush=True)
        if self.file is not None:
            print(line, file=self.file, flush=True)


def main() -> int:
    """Play Renode."""
    parser = argparse.ArgumentParser(prog="renode", allow_abbrev=False)
    parser.add_argument("--as", dest="version", choices=VERSIONS, required=True)
    parser.add_argument("--ledger", type=Path)
    parser.add_argument("--disable-xwt", action="store_true", required=True)
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--console", action="store_true", required=True)
    parser.add_argument("--hide-log", action="store_true")
    parser.add_argument("--config", type=Path)
    options = parser.parse_args()
    config = options.config.read_text() if options.config else ""
    log = Log(hidden=options.hide_log, folds="collapse-repeated-log-entries = False" not in config)
    ledger = options.ledger.open("a", encoding="utf-8") if options.ledger else None

    def pay(seconds: float, what: str) -> None:
        if ledger is not None:
            print(f"{seconds:g} {what}", file=ledger, flush=True)

    return console(Monitor(VERSIONS[options.version], log, pay), log)


def obey(monitor: Monitor, line: str) -> str:
    """Run a line. After a CPU abort the call never returns."""
    try:
        return monitor.execute(line)
    except Aborted:
        threading.Event().wait()
        raise


def console(monitor: Monitor, log: Log) -> int:
    """The dialogue on standard input and output, echo and odd line ends included."""
    write: Callable[[str], int] = sys.stdout.write
    write("Renode, version 1.x\r\n")
    while True:
        write(f"({monitor.machine_name or 'monitor'}) ")
        sys.stdout.flush()
        line = sys.stdin.readline()
        if not line or line.strip() == "quit":
            return 0
        write(f"{line.strip()}\n\r")
        if line.startswith("logFile @"):
            log.file = Path(line.split()[1][1:]).open("a", encoding="utf-8")  # noqa: SIM115 - as long as the process
            continue
        try:
            text = obey(monitor, line.strip())
        except Refused as error:
            text = f"There was an error executing command '{line.strip()}'\r\r\n{error}"
        if text:
            write("\r\n".join(text.splitlines()) + "\r\r\n")


if __name__ == "__main__":
    sys.exit(main())

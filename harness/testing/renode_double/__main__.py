"""The command line, the robot server and the console."""

from __future__ import annotations

import argparse
import sys
import threading
import xmlrpc.client
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xmlrpc.server import SimpleXMLRPCServer

from harness.testing.renode_double.board import Aborted
from harness.testing.renode_double.monitor import Monitor, Refused
from harness.testing.renode_double.quirks import VERSIONS, Quirks

_KEYWORDS = ("ExecuteCommand", "ResetEmulation", "StopRemoteServer", "WriteToUart")


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
    parser.add_argument("--stays", action="store_true")
    parser.add_argument("--one-by-one", action="store_true")
    parser.add_argument("--disable-xwt", action="store_true", required=True)
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--console", action="store_true")
    parser.add_argument("--hide-log", action="store_true")
    parser.add_argument("--config", type=Path)
    parser.add_argument("--robot-server-port", type=int)
    options = parser.parse_args()
    config = options.config.read_text() if options.config else ""
    log = Log(hidden=options.hide_log, folds="collapse-repeated-log-entries = False" not in config)
    quirks = VERSIONS[options.version]
    monitor = Monitor(quirks, log, joins=not options.one_by_one)
    if options.console:
        return console(monitor, log)
    return robot(monitor, quirks, log, options.robot_server_port, stays=options.stays)


def obey(monitor: Monitor, line: str) -> str:
    """Run a line. After a CPU abort the call never returns."""
    try:
        return monitor.execute(line)
    except Aborted:
        threading.Event().wait()
        raise


def robot(monitor: Monitor, quirks: Quirks, log: Log, port: int, *, stays: bool) -> int:
    """Serve XML-RPC with one thread, on all interfaces, as Renode does."""
    listening = f"Robot Framework remote server is listening on port {port}"
    if quirks.says_listening_before_bind:
        log("INFO", listening)
    try:
        server = SimpleXMLRPCServer(("0.0.0.0", port), logRequests=False, allow_none=True)
    except OSError as error:
        if quirks.status_if_port_taken:
            print(f"Unhandled Exception: {error}\n  at Antmicro.Renode.RobotFramework", flush=True)
        else:
            log("ERROR", f"Could not start the HTTP server on port {port}: {error}")
        return quirks.status_if_port_taken
    if not quirks.says_listening_before_bind:
        log("INFO", listening)
    stopped = False

    def run_keyword(name: str, arguments: list[Any]) -> dict[str, Any]:
        nonlocal stopped
        if name not in _KEYWORDS:
            raise xmlrpc.client.Fault(1, f"Keyword '{name}' not found")
        if quirks.text_arguments_only and not all(isinstance(argument, str) for argument in arguments):
            raise xmlrpc.client.Fault(0, "double value where string expected")
        if name == "StopRemoteServer":
            stopped = not stays
            return _passed("")
        try:
            return _passed(obey(monitor, str(arguments[0])))
        except Refused as error:
            return {"status": "FAIL", "output": "", "return": "", "error": str(error), "traceback": "at Monitor"}

    server.register_function(run_keyword)  # type: ignore[arg-type]  # any callable will do
    server.register_function(lambda: list(_KEYWORDS), "get_keyword_names")
    while not stopped:
        server.handle_request()
    server.server_close()
    return 0


def _passed(text: str) -> dict[str, Any]:
    return {"status": "PASS", "output": "", "return": text + "\n", "error": "", "traceback": ""}


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

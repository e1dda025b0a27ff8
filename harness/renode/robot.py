"""Renode's Robot Framework server: XML-RPC over HTTP, the only interface with structured errors."""

from __future__ import annotations

import http.client
import select
import time
import xmlrpc.client
from typing import Any

from harness.renode.monitor import CommandRefused, NoAnswer, Watch

_LOOK_EVERY_S = 0.2
_QUIT_TIMEOUT_S = 2.0
_NETWORK = (OSError, http.client.HTTPException)


class RobotMonitor:
    """Calls keywords. Every call is one connection and is sent once.

    ``xmlrpc.client`` re-sends a request when a kept-alive connection drops: virtual time could be advanced twice. One thread
    serves in Renode, so a call that does not return blocks all others: after ``NoAnswer`` the process must be killed.
    """

    def __init__(self, port: int, how: str) -> None:
        self._port = port
        self._how = how

    @property
    def how(self) -> str:
        """See Monitor."""
        return self._how

    def execute(self, command: str, timeout_s: float, watch: Watch) -> str:
        """See Monitor."""
        return str(self.keyword("ExecuteCommand", command, timeout_s=timeout_s, watch=watch) or "").strip()

    def keyword(self, name: str, *arguments: str, timeout_s: float, watch: Watch = lambda: None) -> Any:
        """Run a keyword. Arguments travel as text whatever they are: 1.13 takes nothing else."""
        try:
            answer: Any = self._call("run_keyword", (name, list(arguments)), timeout_s, watch)
        except xmlrpc.client.Fault as fault:
            raise CommandRefused("Renode knows no such keyword", where=name, found=fault.faultString) from fault
        if answer.get("status") != "PASS":
            error = str(answer.get("error", "")).strip()
            raise CommandRefused(
                "Renode refused a command", where=" ".join(arguments), found=error or "no reason given"
            )
        return answer.get("return")

    def ready(self) -> bool:
        """Whether the server answers yet."""
        try:
            return bool(self._call("get_keyword_names", (), 2.0, lambda: None))
        except (NoAnswer, xmlrpc.client.Error):
            return False

    def quit(self) -> None:
        """See Monitor."""
        try:
            self.keyword("StopRemoteServer", timeout_s=_QUIT_TIMEOUT_S)
        except (NoAnswer, CommandRefused):
            pass  # the reply may be lost: the server is stopping

    def _call(self, method: str, parameters: tuple[Any, ...], timeout_s: float, watch: Watch) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=timeout_s)
        deadline_s = time.monotonic() + timeout_s
        try:
            connection.request("POST", "/", xmlrpc.client.dumps(parameters, method), {"Content-Type": "text/xml"})
            while not select.select([connection.sock], [], [], _LOOK_EVERY_S)[0]:
                watch()
                if time.monotonic() > deadline_s:
                    raise TimeoutError(f"no answer within {timeout_s:g} s")
            body = connection.getresponse().read()
        except _NETWORK as error:
            watch()
            raise NoAnswer("Renode does not answer", where=f"{method}{parameters}"[:200], found=error) from error
        finally:
            connection.close()
        (value,), _method = xmlrpc.client.loads(body)
        return value

"""A run's worker at labgrid's coordinator, from our side: started when it is first needed, ended with the run."""

from __future__ import annotations

import itertools
import json
import os
import queue
import secrets
import socket
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import harness
from harness.bench import people
from harness.bench.beside import Beside
from harness.bench.labgrid import beat, python
from harness.bench.labgrid.address import Address
from harness.errors import BenchError

START_TIMEOUT_S: Final = 60.0
CALL_TIMEOUT_S: Final = 90.0  # several calls of 25 s each, to a coordinator that waits for exporters which hang
#: Our packages come last there: what labgrid needs is taken from its own environment.
_START: Final = "import sys; sys.path.append(sys.argv[1]); from harness.bench.labgrid.worker import main; main()"
_RELEASES: Final = ("26.",)


class Held(BenchError):
    """A place that somebody else has at the coordinator; ``by`` whom, "" when it did not say."""

    by: str = ""


@dataclass(frozen=True)
class Seen:
    """What the coordinator has: its time, its places and its resources, each as the worker tells them."""

    now_s: float
    places: tuple[dict[str, Any], ...]
    resources: tuple[dict[str, Any], ...]


class _Process(Beside):
    """The worker at the coordinator, which has our places to release; ``notes`` are what befell them, unasked."""

    def __init__(self, command: Sequence[str]) -> None:
        self.notes: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        # It is another environment's Python.
        super().__init__(
            command, {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
        )

    def heard(self, told: dict[str, Any]) -> None:
        """See Beside."""
        (self.notes if "note" in told else self.answers).put(told)


class Session:
    """For one run, and for any thread of it. ``close`` releases all that is held; so does the end of the process, however it ends.

    A worker that was killed is started anew by the next call, and takes over what the old one held.
    """

    def __init__(self, address: Address) -> None:
        self.address = address
        self.host = os.environ.get("LG_HOSTNAME") or socket.gethostname()
        self.run = beat.run_name(os.environ.get("LG_USERNAME") or people.me(), secrets.token_hex(4))
        self._process: _Process | None = None
        self._guard = threading.RLock()
        self._numbers = itertools.count()
        self._calls = itertools.count(1)
        self._held: dict[int, str] = {}
        self._notes: dict[int, list[str]] = {}

    @property
    def identity(self) -> str:
        """The run's own; those of its claims end in a number."""
        return f"{self.host}/{self.run}"

    def seen(self) -> Seen:
        """Look. ``BenchError`` when the coordinator does not answer, as from every call."""
        told = self._call("places")
        return Seen(told["now"], tuple(told["places"]), tuple(told["resources"]))

    def free(self, place: str, by: str) -> None:
        """Release a place, if it is still the one's named."""
        self._call("free", place=place, by=by)

    def join(self) -> int:
        """A new name, to acquire one place with."""
        claim = next(self._numbers)
        self._call("join", claim=claim)
        return claim

    def acquire(self, claim: int, place: str) -> None:
        """``Held`` when somebody else has it, or has it reserved."""
        self._call("acquire", claim=claim, place=place)
        self._held[claim] = place

    def renew(self, claim: int) -> tuple[str, ...]:
        """What happened to it since the last time, in words. The worker renews it by itself; one that has died is started anew.

        Asks the coordinator nothing, but waits for what other threads ask. ``BenchError`` when no other can be had.
        """
        with self._guard:
            self._take_notes(self._living())
        return tuple(self._notes.pop(claim, ()))

    def release(self, claim: int) -> str:
        """Give it back: "", or why the coordinator could not be told yet. The worker goes on trying, until some time after the run.

        Never raises: a place that nobody could release is free ``beat.LIMIT_S`` after its last beat.
        """
        try:
            with self._guard:
                self._living()  # one that is started anew has it too, and can release it
            return str(self._call("release", claim=claim)["why"])
        except BenchError as error:
            return error.what
        finally:
            self._held.pop(claim, None)

    def reserve(self, claim: int, tags: dict[str, str]) -> dict[str, Any]:
        """Stand in the coordinator's queue for a place with these tags: the reservation, see ``poll``."""
        return self._call("reserve", claim=claim, filters=tags)

    def poll(self, claim: int, token: str) -> dict[str, Any]:
        """The reservation as it is: ``state`` 1 when ``place`` may be acquired. One that is not asked for ends after 60 s."""
        return self._call("poll", claim=claim, token=token)

    def cancel(self, claim: int, token: str) -> None:
        """Leave the queue."""
        self._call("cancel", claim=claim, token=token)

    def _take_notes(self, process: _Process) -> None:
        while not process.notes.empty():
            told = process.notes.get()
            self._notes.setdefault(int(told["claim"]), []).append(str(told["note"]))

    def close(self) -> None:
        """Release all and end the worker. May be called twice; never raises."""
        with self._guard:
            process, self._process = self._process, None
        if process is not None:
            process.end(CALL_TIMEOUT_S)

    def _call(self, verb: str, **arguments: object) -> dict[str, Any]:
        with self._guard:
            process = self._running()
            answer = self._ask(process, verb, arguments)
        if "error" not in answer:
            return answer
        where = f"labgrid's coordinator at {self.address.target}"
        if answer["kind"] == "away":
            raise BenchError(
                "labgrid's coordinator does not answer",
                where=where,
                found=answer["error"],
                next_step="see that labgrid-coordinator runs there and that the network lets it be reached",
            )
        held = Held(
            f"labgrid does not give the place {arguments.get('place', '')}".rstrip(),
            where=where,
            found=f"{answer['error']}" + (f" ({answer['by']})" if answer.get("by") else ""),
            next_step="wait for it: `labgrid-client who` tells who has which place",
        )
        held.by = str(answer.get("by", ""))
        if answer["kind"] == "bug":
            held.next_step = "please report this"
        raise held

    def _ask(self, process: _Process, verb: str, arguments: dict[str, object]) -> dict[str, Any]:
        number = next(self._calls)
        try:
            process.ask({"id": number, "verb": verb, "arguments": arguments})
        except (OSError, ValueError) as error:
            raise self._gone(process) from error
        while True:
            answer = self._next(process, CALL_TIMEOUT_S)
            if answer.get("id") == number:
                return answer

    def _next(self, process: _Process, timeout_s: float) -> dict[str, Any]:
        try:
            answer = process.answers.get(timeout=timeout_s)
        except queue.Empty:
            answer = None
        if answer is None:
            raise self._gone(process)
        return answer

    def _gone(self, process: _Process) -> BenchError:
        self._process = None
        process.end(0.0)
        return BenchError(
            "the process that speaks with labgrid's coordinator ended",
            where=f"labgrid's coordinator at {self.address.target}",
            found=process.tail,
            next_step="run again, which starts another; if it stays, see that labgrid 26 is installed whole",
        )

    def _living(self) -> _Process:
        """It, or another where it has died."""
        if self._process is not None and self._process.popen.poll() is not None:
            self._gone(self._process)
        return self._running()

    def _running(self) -> _Process:
        if self._process is None:
            self._process = self._start(python.find())
            for claim, place in list(self._held.items()):
                self._ask(self._process, "join", {"claim": claim})
                self._ask(self._process, "acquire", {"claim": claim, "place": place, "insist": True})
        return self._process

    def _start(self, interpreter: Path) -> _Process:
        options = {
            "target": self.address.target,
            "host": self.host,
            "user": self.run,
            "beat_s": beat.BEAT_S,
            "tag": beat.TAG,
        }
        try:
            process = _Process(
                [str(interpreter), "-c", _START, str(Path(harness.__file__).parents[1]), json.dumps(options)]
            )
        except OSError as error:
            raise BenchError(
                "the Python that has labgrid cannot be started",
                where=str(interpreter),
                found=error,
                next_step=f"{python.VARIABLE} names the environment with labgrid",
            ) from error
        version = str(self._next(process, START_TIMEOUT_S).get("labgrid", ""))
        if not version.startswith(_RELEASES):
            process.end(0.0)
            raise BenchError(
                "this release of labgrid was never tried with hil",
                where=str(interpreter),
                expected="labgrid 26, the same as the coordinator's",
                found=version,
                next_step="pip install 'labgrid>=26.0.1,<27' there",
            )
        return process

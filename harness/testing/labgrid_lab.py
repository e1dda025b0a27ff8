"""A lab under labgrid, for tests: its real coordinator, exporters and client, as they are, from the environment that has them."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final

from harness.bench.labgrid import python
from harness.offspring import with_parent

_UP_S: Final = 60.0
_MAKE: Final = """
import json, sys, grpc
from labgrid.remote.generated import labgrid_coordinator_pb2 as pb2, labgrid_coordinator_pb2_grpc as pb2_grpc
stub = pb2_grpc.CoordinatorStub(grpc.insecure_channel(sys.argv[1]))
for name, match, tags in json.loads(sys.argv[2]):
    stub.AddPlace(pb2.AddPlaceRequest(name=name))
    stub.AddPlaceMatch(pb2.AddPlaceMatchRequest(placename=name, pattern=match))
    stub.SetPlaceTags(pb2.SetPlaceTagsRequest(placename=name, tags=tags))
"""


def commands() -> Path | None:
    """The folder of labgrid's commands; None where it is not installed."""
    from harness.errors import BenchError

    try:
        folder = python.find().parent
    except BenchError:
        return None
    return folder if (folder / "labgrid-coordinator").exists() else None


class Daemon:
    """One of labgrid's two daemons: it can be killed, frozen and started again. Its words are in ``log``."""

    def __init__(self, command: Sequence[str], folder: Path, ready: str) -> None:
        self._command, self._folder, self._ready = tuple(command), folder, ready
        self.log = folder / "log"
        self._popen: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it says that it is ready."""
        self.stop(signal.SIGKILL)
        self._folder.mkdir(parents=True, exist_ok=True)
        before = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self._popen = subprocess.Popen(
                self._command,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=with_parent(),  # noqa: PLW1509
            )
        until_s = time.monotonic() + _UP_S
        while self._ready not in self.log.read_bytes()[before:].decode("utf-8", "replace"):
            if self._popen.poll() is not None or time.monotonic() > until_s:
                raise RuntimeError(f"{self._command[0]} does not start: {self.log.read_text()[-2000:]}")
            time.sleep(0.05)

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._popen is not None and self._popen.poll() is None

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int | None:
        """End it, with its exit status; it takes what time it needs. Nothing when it does not run."""
        if self._popen is None:
            return None
        if self._popen.poll() is None:
            self._popen.send_signal(how)
        try:
            return self._popen.wait(15.0)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            return self._popen.wait()

    def freeze(self, frozen: bool) -> None:
        """Let it hang, or go on."""
        assert self._popen is not None
        self._popen.send_signal(signal.SIGSTOP if frozen else signal.SIGCONT)


class Lab:
    """A coordinator and its exporters, on addresses that are given. ``within`` goes before their commands (``ip netns exec``)."""

    def __init__(self, folder: Path, listen: str = "", within: Sequence[str] = ()) -> None:
        found = commands()
        assert found is not None, "labgrid is not installed"
        self.bin = found
        self.listen = listen or f"127.0.0.1:{_free_port()}"
        self._folder, self._within = folder, tuple(within)
        self.coordinator = Daemon(
            [*within, str(found / "labgrid-coordinator"), "-l", self.listen], folder / "coordinator", "listening on"
        )
        self.exporters: dict[str, Daemon] = {}

    @property
    def url(self) -> str:
        """As ``--bench`` takes it."""
        return f"labgrid://{self.listen}/"

    def exporter(self, name: str, resources: str, *, within: Sequence[str] = (), host: str = "127.0.0.1") -> Daemon:
        """Start one that offers what the text says."""
        folder = self._folder / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "exporter.yaml").write_text(resources, encoding="utf-8")
        command = [
            *within,
            str(self.bin / "labgrid-exporter"),
            "-c",
            self.listen,
            "-n",
            name,
            "--hostname",
            host,
            "exporter.yaml",
        ]
        self.exporters[name] = Daemon(command, folder, "Exporter ready")
        self.exporters[name].start()
        return self.exporters[name]

    def places(self, places: Mapping[str, tuple[str, Mapping[str, str]]]) -> None:
        """Make places by name: what each matches, and its tags. With one process; a person's commands are one each."""
        wanted = [[name, match, dict(tags)] for name, (match, tags) in places.items()]
        command = [*self._within, str(python.find()), "-c", _MAKE, self.listen, json.dumps(wanted)]
        subprocess.run(command, check=True, timeout=120, capture_output=True)

    def client(self, *words: str, user: str = "somebody", check: bool = True) -> str:
        """What labgrid's own client says, to a person's command."""
        run = subprocess.run(
            [*self._within, str(self.bin / "labgrid-client"), "-x", self.listen, *words],
            env={**os.environ, **_person(user)},
            capture_output=True,
            text=True,
            timeout=120,
        )
        if check and run.returncode:
            raise RuntimeError(f"labgrid-client {' '.join(words)}: {run.stdout}{run.stderr}")
        return run.stdout + run.stderr

    def who(self) -> dict[str, str]:
        """Who has which place, as ``labgrid-client who`` tells it."""
        rows = [line.split() for line in self.client("who").splitlines()[1:]]
        return {row[2]: f"{row[1]}/{row[0]}" for row in rows if len(row) >= 3}

    def __enter__(self) -> Lab:
        self.coordinator.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for daemon in (*self.exporters.values(), self.coordinator):
            if daemon.running:
                daemon.freeze(False)
            daemon.stop(signal.SIGKILL)


def _person(user: str) -> Mapping[str, str]:
    return {"LG_USERNAME": user, "LG_HOSTNAME": "desk"}


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])

"""A host that is far away, without one: stands in for ssh (``HIL_SSH``), delays every byte, and can be cut off.

    HIL_SSH="python -m harness.testing.far_host --delay-ms 25 --cut FILE"      # 50 ms of round trip

It is given a destination and a command, as ssh is, and runs the command on this host. Bytes keep their order; none is lost.
While the file named by ``--cut`` exists, nothing travels either way, as on a network that was cut: nobody is told.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import threading
from collections import deque
from pathlib import Path
from typing import Final

from harness.clock import SystemClock

_READ_BYTES: Final = 65536
#: A network takes no more than so much ahead of its other end.
_MOST_BYTES: Final = 4 * 1024 * 1024
_LOOK_EVERY_S: Final = 0.02


class Way:
    """Moves bytes from one descriptor to another, ``delay_s`` later. ``cut``: the file that stops it while it exists."""

    def __init__(self, source: int, sink: int, delay_s: float, cut: Path | None) -> None:
        self._source, self._sink, self._delay_s, self._cut = source, sink, delay_s, cut
        self._clock = SystemClock()
        self._changed = threading.Condition()
        self._held: deque[tuple[float, bytes]] = deque()
        self._n_bytes = 0
        self._threads = [threading.Thread(target=one, daemon=True) for one in (self._take, self._give)]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        """Until the source has ended and all of it was passed on."""
        for thread in self._threads:
            thread.join()

    def _take(self) -> None:
        while True:
            try:
                data = os.read(self._source, _READ_BYTES)
            except OSError:
                data = b""
            with self._changed:
                self._changed.wait_for(lambda: self._n_bytes < _MOST_BYTES)
                self._held.append((self._clock.monotonic_s() + self._delay_s, data))
                self._n_bytes += len(data)
                self._changed.notify_all()
            if not data:
                return

    def _give(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._held))
                due_s, data = self._held.popleft()
                self._n_bytes -= len(data)
                self._changed.notify_all()
            while (left_s := due_s - self._clock.monotonic_s()) > 0 or (self._cut is not None and self._cut.exists()):
                self._clock.sleep_s(min(left_s, 1.0) if left_s > 0 else _LOOK_EVERY_S)
            try:
                rest = memoryview(data)
                while rest:
                    rest = rest[os.write(self._sink, rest) :]
            except OSError:
                data = b""
            if not data:
                os.close(self._sink)
                return


def main() -> None:
    """See above."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--delay-ms", type=float, default=0.0)
    parser.add_argument("--cut", type=Path)
    parser.add_argument("destination")
    parser.add_argument("command")
    asked = parser.parse_args()
    shell = subprocess.Popen(["sh", "-c", asked.command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
    assert shell.stdin is not None
    assert shell.stdout is not None
    there = Way(0, os.dup(shell.stdin.fileno()), asked.delay_ms / 1000, asked.cut)
    shell.stdin.close()
    back = Way(shell.stdout.fileno(), os.dup(1), asked.delay_ms / 1000, asked.cut)
    os.close(1)
    there.start()
    back.start()
    back.join()
    sys.stdout = sys.stderr
    os._exit(shell.wait())


if __name__ == "__main__":
    main()

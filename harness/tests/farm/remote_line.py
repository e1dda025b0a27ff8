"""How much of a line's capacity a stream uses from another host: `python remote_line.py` prints it for two sizes of sample.

The board is the firmware's native build behind a line of 921,600 baud in real time, in a process of its own beside a real unit
server; the client is 50 ms of round trip away. Beside it: the same session here, and one whose protocol crosses the network.
"""

import contextlib
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from near_far import FakeProbe, fake_unit

from harness.bench.remote import LINK, MAGIC
from harness.bench.remote.connection import Connection
from harness.bench.remote.transport import RemoteTransport
from harness.clock import SystemClock
from harness.farm.unitserver.server import UnitServer
from harness.linkbench import content
from harness.linkbench.line import Way
from harness.linkbench.realtime import LineTransport, RealLine
from harness.linkbench.timed_model import RUN_US_VARIABLE, build_timed
from harness.session.remote.elsewhere import SessionElsewhere
from harness.session.verbs import Session

BAUD = 921_600
DELAY_MS = 25.0


class AtOneSpeed(LineTransport):
    """What it is set to it stays at: the line in the middle has one speed."""

    def set_baud(self, baud):
        pass


@contextlib.contextmanager
def line(elf):
    """The near end of a line with a board at the other."""
    clock = SystemClock()
    way = {"phase_s": clock.monotonic_s()}
    with RealLine(Way(BAUD, **way), Way(BAUD, adapter_s=0.001, **way), clock) as made:
        device = made.device.fileno()
        board = subprocess.Popen([str(elf)], stdin=device, stdout=device, env={**os.environ, RUN_US_VARIABLE: "100"})
        try:
            yield AtOneSpeed(made, BAUD)
        finally:
            board.kill()
            board.wait()


def serve(elf):
    """The server's process."""
    with line(elf) as transport:
        unit = fake_unit(transport, FakeProbe())
        os.write(1, f"{MAGIC} {LINK} test\n".encode())
        opener = lambda board, wish: contextlib.nullcontext(unit)  # noqa: E731
        UnitServer(0, 1, opener, uid="u1", leave=lambda: os._exit(1)).run()


@contextlib.contextmanager
def far_away(elf, delay_ms):
    os.environ["HIL_SSH"] = f"{shlex.quote(sys.executable)} -m harness.testing.far_host --delay-ms {delay_ms}"
    os.environ["HIL_UNIT_SERVER"] = shlex.join([sys.executable, __file__, "serve", str(elf)])
    with Connection.open("far", "u1", board="nucleo_f446re", what="a benchmark") as connection:
        yield connection


def use_of(session, samples):
    """The share of the line that the samples took, and how many slots the board has."""
    hello = session.hello()
    streamed = session.stream(samples)
    assert not streamed.lost
    return streamed.line_use if streamed.baud else streamed.counters.line_use(BAUD, streamed.wall_s), hello.slots


def measured(n_bytes, seconds, delay_ms=DELAY_MS):
    """Line use here, far away with the session beside the board, and far away with the protocol over the network."""
    samples = content.samples("noise", max(50, int(seconds * BAUD / 10 / (n_bytes + 20))), n_bytes)
    elf = build_timed(n_bytes).elf
    with line(elf) as transport:
        here, slots = use_of(Session(transport, SystemClock()), samples)
    with far_away(elf, delay_ms) as connection:
        session = SessionElsewhere(connection, SystemClock())
        beside, _ = use_of(session, samples)
        began_s = SystemClock().monotonic_s()
        whole = session.stream(samples)
        took_s = SystemClock().monotonic_s() - began_s
    end_to_end = whole.counters.line_use(BAUD, took_s)
    with far_away(elf, delay_ms) as connection:
        across, _ = use_of(Session(RemoteTransport(connection), SystemClock()), samples[: len(samples) // 4])
    return {"slots": slots, "here": here, "beside": beside, "end to end": end_to_end, "across": across}


def main():
    for n_bytes in (64, 784):
        found = measured(n_bytes, 4.0)
        print(f"{n_bytes:4} B, {found['slots']} slots, {2 * DELAY_MS:g} ms of round trip at {BAUD} baud:")
        print(f"  line use here                         {found['here']:.3f}")
        for name in ("beside", "end to end", "across"):
            what = {"beside": "session beside the board", "end to end": "the same, by the client's clock",
                    "across": "protocol across the network"}[name]  # fmt: skip
            print(f"  {what:37} {found[name]:.3f}  = {found[name] / found['here']:.3f} of that")


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(Path(sys.argv[2]))
    else:
        with tempfile.TemporaryDirectory(prefix="hil-") as folder:
            os.environ.setdefault("HIL_RUNTIME_DIR", folder)
            main()

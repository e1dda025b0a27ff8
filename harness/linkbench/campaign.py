"""The fault campaign: many samples through a line that damages bytes and to a board that is reset at random.

The board is the native build of the real firmware, as a process; a reset ends it at once and starts it again. Line and
resets are drawn from a seed. What the engine read and what it answered is compared with what was meant, sample by
sample, so an error that every check on the way has missed is seen here: ``undetected``.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from harness.bench.transports.pipe import PipeTransport
from harness.build import native
from harness.build.budget import MAX_CHUNK_BYTES
from harness.clock import Clock, SystemClock
from harness.disk.scratch import scratch
from harness.errors import MisuseError
from harness.paths import shipped
from harness.session.verbs import Session
from harness.testing.noise import Noise
from harness.wire.encodings import encode_chunk


@dataclass(frozen=True)
class CampaignReport:
    """What came of a campaign. Counts; times in seconds. The first seven fields are what was asked for."""

    samples: int
    payload_bytes: int
    byte_error_rate: float
    burst: int
    resets_wanted: int
    seed: int
    errors_injected: int  # bytes that the line damaged, both ways
    resets: int  # of the board, done
    scored_once: int  # samples with exactly one answer
    scored_twice: int  # samples with more than one
    lost: int  # samples without an answer
    detected: int  # damaged frames that either side counted
    repaired: int  # chunks sent again
    stalls: int  # times that the host had to ask what became of its frames
    undetected: int  # samples that the engine read differently from what was meant, or answered wrongly, unnoticed
    agreement: float  # share of all samples whose outputs are those of the reference
    duration_s: float

    @property
    def samples_per_s(self) -> float:
        """Answered samples a second."""
        return self.scored_once / self.duration_s if self.duration_s > 0 else 0.0

    @property
    def clean(self) -> bool:
        """Whether every sample was scored exactly once and nothing went by unnoticed."""
        return self.scored_once == self.samples and not (self.undetected or self.lost or self.scored_twice)


def run_campaign(
    *,
    samples: int,
    payload_bytes: int,
    byte_error_rate: float,
    burst: int,
    resets: int,
    seed: int,
    clock: Clock | None = None,
) -> CampaignReport:
    """Stream ``samples`` random samples of ``payload_bytes`` each.

    The line damages each byte with probability ``byte_error_rate``, in runs of ``burst`` bytes, in both directions; the
    board is reset ``resets`` times at random bytes. ``BenchError`` when the firmware cannot be built, ``DeviceError``
    when the board stays silent: then the campaign has failed, and no process is left.
    """
    if samples < 1 or not 4 <= payload_bytes <= 65_535 or resets < 0:
        raise MisuseError(
            "the campaign's sizes are out of range",
            expected="samples >= 1, payload_bytes 4..65535, resets >= 0",
            found=(samples, payload_bytes, resets),
        )
    clock = clock or SystemClock()
    payloads = _payloads(samples, payload_bytes, seed)
    with scratch() as folder:
        image = native(_sums_model(folder, payload_bytes))
    choose = random.Random(seed)
    total_bytes = sum(_least_bytes(payload) for payload in payloads)
    line = UnreliableBoard(
        [str(image.elf)],
        up=Noise(byte_error_rate, choose.randrange(1 << 30), burst=burst),
        down=Noise(byte_error_rate, choose.randrange(1 << 30), burst=burst),
        reset_at_bytes=sorted(choose.randrange(total_bytes) for _ in range(resets)),
    )
    scored: Counter[int] = Counter()
    try:
        session = Session(line, clock, window=None)
        session.hello(timeout_s=20.0)
        outcome = session.stream(payloads, lambda index, result: scored.update([index]))
        session.status()  # brings the board's own count of damaged frames
        counters = session.counters
    finally:
        line.close()
    right = [
        result is not None and result.input_crc == result.sent_crc and result.outputs == _sums(payload)
        for result, payload in zip(outcome.results, payloads, strict=True)
    ]
    answered = [result is not None and result.status == 0 for result in outcome.results]
    return CampaignReport(
        samples=samples,
        payload_bytes=payload_bytes,
        byte_error_rate=byte_error_rate,
        burst=burst,
        resets_wanted=resets,
        seed=seed,
        errors_injected=line.up.errors + line.down.errors,
        resets=line.resets,
        scored_once=sum(n == 1 for n in scored.values()),
        scored_twice=sum(n > 1 for n in scored.values()),
        lost=len(outcome.lost),
        detected=counters.frames_bad,
        repaired=counters.resent,
        stalls=counters.stalls,
        undetected=sum(was and not good for was, good in zip(answered, right, strict=True)),
        agreement=sum(right) / samples,
        duration_s=outcome.wall_s,
    )


def _least_bytes(payload: bytes) -> int:
    """What at least travels of a sample: resets drawn within the sum of these do all happen."""
    pieces = (payload[at : at + MAX_CHUNK_BYTES] for at in range(0, len(payload), MAX_CHUNK_BYTES))
    return sum(len(encode_chunk(piece)[1]) for piece in pieces)


class UnreliableBoard:
    """A ``Transport`` to a program that speaks the wire, with noise both ways and resets at chosen bytes.

    ``reset_at_bytes`` counts bytes towards the board from the start, rising. Closing ends the program.
    """

    def __init__(self, command: list[str], *, up: Noise, down: Noise, reset_at_bytes: list[int]) -> None:
        self._command = command
        self.up, self.down = up, down
        self._reset_at = list(reset_at_bytes)
        self._n_bytes = 0
        self._pending = b""
        self.resets = 0
        self._board = PipeTransport(command)

    @property
    def name(self) -> str:
        """See Transport."""
        return f"unreliable line to {self._board.name}"

    @property
    def baud(self) -> int | None:
        """See Transport."""
        return None

    def read(self, max_bytes: int, timeout_s: float) -> bytes:
        """See Transport."""
        self._flush()
        # Noise may make more bytes than came: at most twice as many.
        return self.down(self._board.read(max(1, max_bytes // 2), timeout_s))

    def write(self, data: bytes, timeout_s: float) -> int:
        """See Transport."""
        self._flush()
        if self._pending:
            return 0
        taken = data
        if self._reset_at and self._n_bytes + len(data) > self._reset_at[0]:
            taken = data[: self._reset_at[0] - self._n_bytes]
        self._n_bytes += len(taken)
        self._pending = self.up(taken)
        self._flush()
        if taken is not data:
            self._reset_at.pop(0)
            self._reset()
        return len(taken)

    def wait(self, timeout_s: float, *, to_write: bool) -> None:
        """See Transport."""
        self._flush()
        self._board.wait(timeout_s, to_write=to_write or bool(self._pending))

    def set_baud(self, baud: int) -> None:
        """See Transport."""
        self._board.set_baud(baud)

    def close(self) -> None:
        """See Transport."""
        self._board.close()

    def _flush(self) -> None:
        if self._pending:
            self._pending = self._pending[self._board.write(self._pending, 0) :]

    def _reset(self) -> None:
        """As if the reset button was pressed: whatever the board has received or wants to say is gone."""
        os.kill(self._board.pid, signal.SIGKILL)
        self._board.close()
        self._pending = b""
        self._board = PipeTransport(self._command)
        self.resets += 1


def _payloads(samples: int, payload_bytes: int, seed: int) -> list[bytes]:
    """Random samples, about half of their bytes zero, so that raw chunks and short ones travel."""
    draw = np.random.default_rng(seed)
    values = draw.integers(0, 256, (samples, payload_bytes), dtype=np.uint8)
    sparse = draw.random(samples) < 0.5
    # Runs of zeros as images have them: whole stretches, not single pixels.
    values[sparse, payload_bytes // 4 : payload_bytes // 4 * 3] = 0
    return [row.tobytes() for row in values]


def _sums(payload: bytes) -> bytes:
    """What the model answers: the sums of the first quarter and of the rest as int8, each an int32."""
    values = np.frombuffer(payload, np.int8).astype(np.int32)
    first = len(payload) // 4
    return np.array([values[:first].sum(), values[first:].sum()], dtype="<i4").tobytes()


def _sums_model(folder: Path, payload_bytes: int) -> Path:
    """The model of the firmware's own tests, with inputs of another size."""
    source = shipped("firmware") / "tests" / "sums"
    for file in source.iterdir():
        shutil.copyfile(file, folder / file.name)
    header = (source / "model.h").read_text(encoding="utf-8").replace("40u", f"{payload_bytes}u")
    (folder / "model.h").write_text(header, encoding="utf-8")
    first = payload_bytes // 4
    description = (source / "model.json").read_text(encoding="utf-8")
    for old, new in (
        ('"arena_bytes": 48', f'"arena_bytes": {payload_bytes + 8}'),
        ('"bytes": 10', f'"bytes": {first}'),
        ('"bytes": 30', f'"bytes": {payload_bytes - first}'),
    ):
        description = description.replace(old, new)
    (folder / "model.json").write_text(description, encoding="utf-8")
    return folder

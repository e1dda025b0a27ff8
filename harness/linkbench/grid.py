"""Which cells a bench has, and what one of them found."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from harness.errors import MisuseError
from harness.linkbench import peers
from harness.linkbench.line import BITS_PER_BYTE

#: Our own protocol's name among the peers'.
OURS = "ours"
Time = Literal["virtual", "real"]

#: Fewer samples than this would measure the beginning and the end of a run.
_MIN_SAMPLES, _MAX_SAMPLES = 8, 2000


@dataclass(frozen=True)
class Setting:
    """One combination of line and workload; every protocol gets the same."""

    payload_bytes: int
    baud: int
    adapter_ms: float
    inference_ms: float
    byte_error_rate: float = 0.0

    @property
    def transfer_s(self) -> float:
        """What a sample's bytes alone take on the line."""
        return self.payload_bytes * BITS_PER_BYTE / self.baud

    @property
    def limit_s(self) -> float:
        """The least time a sample can take: its transfer or its inference, whichever is longer, fully overlapped."""
        return max(self.transfer_s, self.inference_ms / 1000)

    def n_samples(self, seconds: float) -> int:
        """Samples for a run of about ``seconds`` at the limit; 8 to 2000."""
        return min(_MAX_SAMPLES, max(_MIN_SAMPLES, math.ceil(seconds / self.limit_s)))


@dataclass(frozen=True)
class Cell:
    """What one protocol did with one setting.

    ``samples_per_s`` counts samples that the engine read as meant and whose answer came back as given. ``line_use`` is
    the share of the line towards the board that bytes of samples took: raw bytes of the sample for a peer, and for ours
    what had to travel after its encoding, ``sent_bytes`` a sample; what says how it is encoded and how long that is does
    not count. ``limit_ratio`` is ``samples_per_s`` times the least time a sample can take without compression, so 1 is
    the physical limit of raw samples; an encoding may be above it. ``wrong`` samples were scored although they were not
    what was meant; ``complete`` is false when the protocol got stuck.
    """

    protocol: str
    payload_bytes: int
    baud: int
    adapter_ms: float
    inference_ms: float
    byte_error_rate: float
    samples_per_s: float
    line_use: float
    limit_ratio: float
    sent_bytes: float
    samples: int
    wrong: int
    complete: bool
    time: Time
    content: str

    @property
    def line_bound(self) -> bool:
        """Whether what had to travel takes longer than the inference."""
        return self.sent_bytes * BITS_PER_BYTE / self.baud > self.inference_ms / 1000

    @property
    def setting(self) -> Setting:
        """The combination it belongs to."""
        return Setting(self.payload_bytes, self.baud, self.adapter_ms, self.inference_ms, self.byte_error_rate)


@dataclass(frozen=True)
class Grid:
    """All combinations of the values. Sizes in bytes, times in milliseconds."""

    payloads: tuple[int, ...] = (784, 27_648)
    bauds: tuple[int, ...] = (115_200, 921_600)
    adapters_ms: tuple[float, ...] = (0.0, 1.0, 16.0)
    inferences_ms: tuple[float, ...] = (0.0, 10.0, 100.0)
    error_rates: tuple[float, ...] = (0.0,)
    protocols: tuple[str, ...] = (OURS, *peers.names())

    def check(self) -> None:
        """Raise MisuseError, naming the value, for one that no line or no protocol has."""
        for name in self.protocols:
            if name != OURS:
                peers.load(name)
        limits = (
            ("payload", self.payloads, 10, 65_535),
            ("baud", self.bauds, 300, 20_000_000),
            ("adapter latency in ms", self.adapters_ms, 0, 1000),
            ("inference in ms", self.inferences_ms, 0, 10_000),
            ("byte error rate", self.error_rates, 0, 0.5),
        )
        for name, values, low, high in limits:
            for value in values:
                if not low <= value <= high:
                    raise MisuseError(f"no bench with this {name}", expected=f"{low}..{high}", found=value)

    def settings(self) -> Iterator[Setting]:
        """Every combination, largest groups first."""
        for values in itertools.product(
            self.payloads, self.bauds, self.adapters_ms, self.inferences_ms, self.error_rates
        ):
            yield Setting(*values)


def noise_samples(n: int, n_bytes: int, seed: int = 1) -> tuple[bytes, ...]:
    """Random bytes, which no encoding shortens: the worst case for ours, the same as any other for the peers."""
    draw = random.Random(seed)
    return tuple(draw.randbytes(n_bytes) for _ in range(n))

"""The two ends of a published protocol as generators: what they say, hear and compute, without any input or output.

A party yields ``Say``, ``Hear``, ``HearUntil``, ``Work`` or ``Mark`` and gets back the bytes heard. It ends when it has
nothing more to do. ``virtual`` and ``realtime`` run a pair of them; neither side knows which.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Say:
    """Hand these bytes to the line and go on: the port's buffer is large."""

    data: bytes


@dataclass(frozen=True)
class Hear:
    """Wait for exactly so many bytes."""

    n_bytes: int


@dataclass(frozen=True)
class HearUntil:
    """Wait for bytes up to and with ``end``."""

    end: bytes


@dataclass(frozen=True)
class Work:
    """Do nothing else for so long: the network runs."""

    duration_s: float


@dataclass(frozen=True)
class Mark:
    """The host says: now the samples begin, or now one more is over. Greetings and farewells lie outside, as ours do."""


Action = Say | Hear | HearUntil | Work | Mark
Party = Generator[Action, bytes, None]


@dataclass
class Workload:
    """What both sides of a run share: the samples meant, what the engine read, what came back.

    ``samples[i]`` is an int8 input tensor as raw bytes. The engine takes ``inference_s`` a sample and answers
    ``n_outputs`` values. Parties fill ``read`` (device) and ``answers`` (host), in order.
    """

    samples: tuple[bytes, ...]
    inference_s: float
    n_outputs: int = 10
    read: list[bytes] = field(default_factory=list)
    answers: list[tuple[int, ...]] = field(default_factory=list)

    @property
    def sample_bytes(self) -> int:
        """Size of one sample."""
        return len(self.samples[0])

    def network(self, data: bytes) -> tuple[int, ...]:
        """The outputs for what the engine read: int8 values that depend on the input."""
        self.read.append(data)
        return outputs_of(data, self.n_outputs)

    @property
    def right(self) -> int:
        """Samples that the engine read as meant and whose answer arrived as given."""
        asked = zip(self.samples, self.read, self.answers, strict=False)
        return sum(sample == read and answer == outputs_of(read, self.n_outputs) for sample, read, answer in asked)

    @property
    def wrong(self) -> int:
        """Samples that were scored although the engine read something else, or the answer changed on its way."""
        return min(len(self.read), len(self.answers)) - self.right


def outputs_of(data: bytes, n_outputs: int) -> tuple[int, ...]:
    """Stands for a network: the first values of the input, which is enough to tell a mix-up of samples."""
    return tuple(byte - 256 if byte > 127 else byte for byte in data[:n_outputs].ljust(n_outputs, b"\0"))


def span_s(marks_s: list[float], now_s: float, *, over: bool) -> float:
    """What the samples took: from the first mark to the last, or until now when the run got stuck; 0 without marks."""
    if not marks_s:
        return 0.0
    return (marks_s[-1] if over else now_s) - marks_s[0]

"""The serial validation that this project grew from: MNIST on a NUCLEO-F446RE, float32, stop and wait.

Source: the published example's main.c and host script, as described in the project's field notes ("The five reference
workloads", 1). Little endian, no framing:

    host -> board   int32 N                        board -> host   int32 N (echo)
    then, N times:
    host -> board   784 float32                    board -> host   float32: plain sum of what came
                                                   (inference)     10 float32

A sum that differs by more than 0.01 prints a warning and the sample still counts. A lost byte leaves both sides waiting.
"""

from __future__ import annotations

import math
import struct

from harness.linkbench.party import Hear, Mark, Party, Say, Work, Workload

TITLE = "float32 stop-and-wait"


def host(work: Workload) -> Party:
    """The script: N and its echo, then an image, its sum and its outputs at a time."""
    yield Say(struct.pack("<i", len(work.samples)))
    yield Hear(4)
    yield Mark()
    for sample in work.samples:
        yield Say(_floats(tuple(byte - 256 if byte > 127 else byte for byte in sample)))
        yield Hear(4)  # the sum: compared, and not acted upon
        heard = yield Hear(4 * work.n_outputs)
        work.answers.append(_whole(heard, work.n_outputs))
        yield Mark()


def device(work: Workload) -> Party:
    """The firmware: a blocking receive of the whole image, a sum, the network, a blocking send."""
    heard = yield Hear(4)
    yield Say(heard)
    (count,) = struct.unpack("<i", heard)
    for _ in range(max(0, count)):
        heard = yield Hear(4 * work.sample_bytes)
        pixels = struct.unpack(f"<{work.sample_bytes}f", heard)
        total = sum(pixel for pixel in pixels if math.isfinite(pixel))
        yield Say(struct.pack("<f", total if abs(total) < 3e38 else 0.0))
        outputs = work.network(bytes(_byte(pixel) for pixel in pixels))
        yield Work(work.inference_s)
        yield Say(_floats(outputs))


def _floats(values: tuple[int, ...]) -> bytes:
    return struct.pack(f"<{len(values)}f", *values)


def _whole(data: bytes, n: int) -> tuple[int, ...]:
    # Only equality with what was meant counts, so a value that is none may become any wrong one.
    return tuple(int(value) if math.isfinite(value) else 999 for value in struct.unpack(f"<{n}f", data))


def _byte(pixel: float) -> int:
    return int(pixel) & 0xFF if math.isfinite(pixel) and pixel == int(pixel) else 0x55

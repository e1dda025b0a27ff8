"""Runs the cells of a grid, every protocol over its own line with the same speed, latency and noise."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from harness.linkbench import content, ours, peers, realtime, virtual
from harness.linkbench.content import Content
from harness.linkbench.grid import OURS, Cell, Grid, Setting, Time
from harness.linkbench.line import BITS_PER_BYTE, Way
from harness.linkbench.party import Workload
from harness.linkbench.timed_model import N_OUTPUTS, build_timed
from harness.testing.noise import Noise

Progress = Callable[[int, int, str], None]
#: What a cell's run lasts at the limit, in its own time: long enough that its two ends weigh under 1 %.
VIRTUAL_SECONDS, REAL_SECONDS = 20.0, 3.0
#: Images travel in about half of their bytes, so a run needs twice as many for its ends to weigh as little.
_TIMES: dict[Content, int] = {"images": 2, "noise": 1}
QUICK_SECONDS: dict[Time, float] = {"virtual": 10.0, "real": 1.0}
#: A peer that waits for every answer takes the same time for each sample: a few show it, and more only cost computing.
_PEER_BYTES, _PEER_SAMPLES_MIN = 100_000, 4


class Bench:
    """Builds each firmware once. ``seconds`` is what a cell lasts at the physical limit, in the time of its kind."""

    def __init__(
        self,
        *,
        kind: Time = "virtual",
        seconds: float | None = None,
        slots: int | None = None,
        content: Content = "images",
    ) -> None:
        self._kind: Time = kind
        self._content: Content = content
        self._seconds = seconds or (VIRTUAL_SECONDS if kind == "virtual" else REAL_SECONDS)
        self._slots = slots
        self._elves: dict[int, Path] = {}

    def run(self, grid: Grid, progress: Progress = lambda done, total, what: None) -> Iterator[Cell]:
        """A cell for each setting and protocol, as they are done. MisuseError for a grid with values that do not exist."""
        grid.check()
        settings = list(grid.settings())
        total = len(settings) * len(grid.protocols)
        for i, setting in enumerate(settings):
            samples = content.samples(self._content, self._n_samples(setting), setting.payload_bytes)
            for k, protocol in enumerate(grid.protocols):
                progress(i * len(grid.protocols) + k, total, f"{protocol}, {describe(setting)}")
                yield self.cell(protocol, setting, samples, self._content)
        progress(total, total, "done")

    def estimate_s(self, grid: Grid) -> float:
        """About how long ``run`` will take at least."""
        if self._kind == "virtual":
            return 0.2 * sum(1 for _ in grid.settings()) * len(grid.protocols)
        # Peers are slower than the limit by what they waste; on the whole grid that comes to about a factor of five.
        weight = sum(1.0 if name == OURS else 5.0 for name in grid.protocols)
        return weight * sum(self._n_samples(s) * s.limit_s for s in grid.settings())

    def cell(self, protocol: str, setting: Setting, samples: Sequence[bytes], content_name: str) -> Cell:
        """One protocol over one line. BenchError and DeviceError as a session raises them, for ours alone."""
        epoch_s = 0.0 if self._kind == "virtual" else time.monotonic()
        up = Way(setting.baud, noise=Noise(setting.byte_error_rate, 11), phase_s=epoch_s)
        down = Way(
            setting.baud,
            adapter_s=setting.adapter_ms / 1000,
            noise=Noise(setting.byte_error_rate, 12),
            phase_s=epoch_s,
        )
        inference_s = setting.inference_ms / 1000
        if protocol == OURS:
            stream = ours.virtual if self._kind == "virtual" else ours.real
            elf = self._elf(setting.payload_bytes)
            found = stream(elf, samples, up, down, baud=setting.baud, inference_s=inference_s)
            right, wrong, wall_s, payload_bytes = found.right, found.wrong, found.wall_s, found.payload_bytes
            complete = right + wrong == len(samples)
        else:
            peer = peers.load(protocol)
            some = max(_PEER_SAMPLES_MIN, _PEER_BYTES // setting.payload_bytes)
            samples = samples[:some]
            work = Workload(tuple(samples), inference_s, N_OUTPUTS)
            pair = virtual.run_pair if self._kind == "virtual" else realtime.run_pair
            wall_s, complete = pair(peer.host(work), peer.device(work), up, down)
            right, wrong, payload_bytes = work.right, work.wrong, work.right * setting.payload_bytes
        rate = right / wall_s if wall_s > 0 else 0.0
        return Cell(
            protocol=protocol,
            **dataclasses.asdict(setting),
            samples_per_s=rate,
            line_use=payload_bytes * BITS_PER_BYTE / (setting.baud * wall_s) if wall_s > 0 else 0.0,
            limit_ratio=rate * setting.limit_s,
            sent_bytes=payload_bytes / right if right else 0.0,
            samples=len(samples),
            wrong=wrong,
            complete=complete,
            time=self._kind,
            content=content_name,
        )

    def _n_samples(self, setting: Setting) -> int:
        return _TIMES[self._content] * setting.n_samples(self._seconds)

    def _elf(self, payload_bytes: int) -> Path:
        if payload_bytes not in self._elves:
            self._elves[payload_bytes] = build_timed(payload_bytes, slots=self._slots).elf
        return self._elves[payload_bytes]


def describe(setting: Setting) -> str:
    """One setting in words."""
    noise = f", {setting.byte_error_rate:g} errors a byte" if setting.byte_error_rate else ""
    return (
        f"{setting.payload_bytes} B at {setting.baud} baud, adapter {setting.adapter_ms:g} ms,"
        f" inference {setting.inference_ms:g} ms{noise}"
    )

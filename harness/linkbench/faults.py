"""The fault campaign at several rates of damage: what the wire detected, what it repaired, and whether it missed anything."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.table import Table

from harness.disk import files
from harness.linkbench.campaign import CampaignReport, run_campaign

_PAYLOAD_BYTES = 784
#: Damaged bytes of all; single ones, then in runs.
_RATES = (1e-6, 1e-5, 1e-4, 1e-3)
_BURSTS = ((1e-4, 8), (1e-3, 64))
#: Resets of the board for each thousand samples.
_RESETS_PER_1000 = 2


@dataclass(frozen=True)
class Plan:
    """One campaign. ``byte_error_rate`` damages of all bytes both ways begin, each ``burst`` bytes long."""

    samples: int
    byte_error_rate: float
    burst: int
    resets: int
    seed: int
    payload_bytes: int = _PAYLOAD_BYTES

    def describe(self) -> str:
        """In words."""
        return (
            f"{self.samples} samples of {self.payload_bytes} B, {self.byte_error_rate:g} errors a byte"
            f" in bursts of {self.burst}, {self.resets} resets, seed {self.seed}"
        )


def plans(samples: int, seed: int) -> Iterator[Plan]:
    """Each rate without resets, bursts, and the resets at 1e-4."""
    for rate in _RATES:
        yield Plan(samples, rate, 1, 0, seed)
    for rate, burst in _BURSTS:
        yield Plan(samples, rate, burst, 0, seed)
    yield Plan(samples, 1e-4, 1, max(1, samples * _RESETS_PER_1000 // 1000), seed)


def run(plan: Plan) -> CampaignReport:
    """See ``run_campaign``, also for its errors."""
    return run_campaign(
        samples=plan.samples,
        payload_bytes=plan.payload_bytes,
        byte_error_rate=plan.byte_error_rate,
        burst=plan.burst,
        resets=plan.resets,
        seed=plan.seed,
    )


def table(reports: Sequence[CampaignReport]) -> Table:
    """A line for each campaign."""
    out = Table(title="fault campaign", title_justify="left")
    for name in ("errors/byte", "burst", "resets", "samples", "errors", "detected", "resent", "stalls", "scored once"):
        out.add_column(name, justify="right")
    for name in ("twice", "lost", "undetected", "agreement"):
        out.add_column(name, justify="right")
    for r in reports:
        numbers = (
            r.samples,
            r.errors_injected,
            r.detected,
            r.repaired,
            r.stalls,
            r.scored_once,
            r.scored_twice,
            r.lost,
        )
        colour = "green" if r.clean else "red"
        out.add_row(
            f"{r.byte_error_rate:g}",
            f"{r.burst}",
            f"{r.resets}",
            *map(str, numbers),
            f"[{colour}]{r.undetected}[/]",
            f"{r.agreement:.4f}",
        )
    return out


def write_json(reports: Sequence[CampaignReport], path: Path) -> None:
    """A list with an object for each campaign; ``clean`` says whether it passed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = [asdict(report) | {"clean": report.clean} for report in reports]
    files.replace(path, (json.dumps(content, indent=1) + "\n").encode())

"""The bench's cells as a table, a plot and JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.table import Table

from harness.disk import files
from harness.linkbench.grid import OURS, Cell, Setting
from harness.linkbench.seed_case import SeedCase

#: The peer whose bytes are all the sample's.
_UNPROTECTED = "infineon"


def by_setting(cells: Sequence[Cell]) -> dict[Setting, dict[str, Cell]]:
    """Cells of one setting together, in the order they came."""
    groups: dict[Setting, dict[str, Cell]] = {}
    for cell in cells:
        groups.setdefault(cell.setting, {})[cell.protocol] = cell
    return groups


def table(cells: Sequence[Cell]) -> Table:
    """Samples a second, share of the physical limit, and how many times each peer ours is."""
    protocols = list(dict.fromkeys(cell.protocol for cell in cells))
    noisy = any(cell.byte_error_rate for cell in cells)
    out = Table(title="samples/s, (share of the physical limit), ours : theirs", title_justify="left")
    for name in ("bytes", "baud", "adapter ms", "inference ms", *(["errors"] if noisy else [])):
        out.add_column(name, justify="right", no_wrap=True)
    for name in protocols:
        out.add_column(name, justify="right", no_wrap=True)
    for setting, found in by_setting(cells).items():
        row = [f"{setting.payload_bytes}", f"{setting.baud}", f"{setting.adapter_ms:g}", f"{setting.inference_ms:g}"]
        row += [f"{setting.byte_error_rate:g}"] if noisy else []
        ours = found.get(OURS)
        row += [_words(found.get(name), ours) for name in protocols]
        out.add_row(*row)
    return out


def _words(cell: Cell | None, ours: Cell | None) -> str:
    if cell is None:
        return ""
    text = f"{cell.samples_per_s:.4g} ({cell.limit_ratio:.1%})"
    if cell.protocol == OURS:
        text = f"[bold]{text}[/]"
    elif ours is not None:
        behind = cell.samples_per_s > ours.samples_per_s
        ratio = f"{ours.samples_per_s / cell.samples_per_s:.3g}x" if cell.samples_per_s else "-"
        text += f" [{'red' if behind else 'green'}]{ratio}[/]"
    if cell.wrong:
        text += f" [red]{cell.wrong} wrong[/]"
    return text if cell.complete else f"{text} [red]stuck[/]"


def remarks(cells: Sequence[Cell]) -> list[str]:
    """What the table comes to, and where ours is behind, in sentences."""
    lines = []
    pairs = [
        (setting, found[OURS], cell)
        for setting, found in by_setting(cells).items()
        if OURS in found
        for cell in found.values()
        if cell.protocol != OURS
    ]
    ours = [cell for cell in cells if cell.protocol == OURS and not cell.byte_error_rate]
    if ours:
        for payload_bytes in sorted({cell.payload_bytes for cell in ours}):
            same = [cell for cell in ours if cell.payload_bytes == payload_bytes]
            sent = sum(cell.sent_bytes for cell in same) / len(same)
            line_use = min((cell.line_use for cell in same if cell.line_bound), default=None)
            lines.append(
                f"ours, {same[0].content}, {payload_bytes} B: {sent:.0f} B of a sample had to travel"
                + ("" if line_use is None else f"; line use {line_use:.4f} at least where that is what limits")
            )
        bound = [cell for cell in ours if cell.setting.transfer_s >= cell.setting.limit_s]
        rest = [1 / c.limit_ratio for c in ours if c not in bound and c.limit_ratio]
        if rest:
            lines.append(f"ours, inference longer than transfer: {max(rest):.3f} x inference time a sample at most")
    behind = [(s, mine, peer) for s, mine, peer in pairs if peer.samples_per_s > mine.samples_per_s]
    if pairs:
        lines.append(f"ours is ahead in {len(pairs) - len(behind)} of {len(pairs)} comparisons")
    for setting, mine, peer in behind:
        lines.append(
            f"  behind {peer.protocol} by {1 - mine.samples_per_s / peer.samples_per_s:.1%}: {setting.payload_bytes} B,"
            f" {setting.baud} baud, adapter {setting.adapter_ms:g} ms, inference {setting.inference_ms:g} ms"
        )
    if any(peer.content == "noise" and peer.protocol == _UNPROTECTED for _, _, peer in behind):
        lines.append(
            f"  {_UNPROTECTED} sends raw bytes without numbers or checksum: on incompressible samples that saves what those cost,"
            " and a damaged or lost byte goes unnoticed"
        )
    elif ours and all(cell.content != "noise" for cell in ours):
        lines.append(
            "line use counts bytes as encoded; --content noise shows the worst case, samples that no encoding shortens"
        )
    return lines


def seed_table(case: SeedCase) -> Table:
    """The workload that the project grew from."""
    title = f"the seed's workload: 784 pixels at 115200 baud; 784 float32 alone take {case.wire_s:.4f} s"
    out = Table("protocol and content", "s/sample", "samples/s", "times the seed", title=title, title_justify="left")
    for i, (row, cell) in enumerate(zip(case.rows, case.cells, strict=True)):
        rate = cell.samples_per_s
        out.add_row(row, f"{1 / rate:.4f}" if rate else "-", f"{rate:.3f}", f"{case.times_seed(i):.2f}")
    return out


def write_json(cells: Sequence[Cell], path: Path) -> None:
    """A list with an object for each cell."""
    path.parent.mkdir(parents=True, exist_ok=True)
    files.replace(path, (json.dumps([asdict(cell) for cell in cells], indent=1) + "\n").encode())


def write_plot(cells: Sequence[Cell], path: Path) -> None:
    """Share of the physical limit: a panel for each payload and speed, a group of bars for each adapter and inference."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    groups = by_setting(cells)
    panels = sorted({(setting.payload_bytes, setting.baud) for setting in groups})
    protocols = list(dict.fromkeys(cell.protocol for cell in cells))
    figure = Figure(figsize=(12, 2.8 * len(panels) + 0.8), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(panels), 1, squeeze=False)[:, 0]
    for axis, (payload_bytes, baud) in zip(axes, panels, strict=True):
        here = [s for s in groups if (s.payload_bytes, s.baud) == (payload_bytes, baud)]
        for k, protocol in enumerate(protocols):
            at = [i + (k + 0.5) / (len(protocols) + 1) for i in range(len(here))]
            heights = [groups[s][protocol].limit_ratio if protocol in groups[s] else 0.0 for s in here]
            axis.bar(at, heights, width=1 / (len(protocols) + 1), label=protocol)
        axis.axhline(1.0, color="black", linewidth=0.8)
        axis.set_xticks(
            [i + 0.45 for i in range(len(here))],
            [f"{s.adapter_ms:g} / {s.inference_ms:g}" for s in here],
        )
        axis.set_ylabel("share of the limit")
        axis.set_title(f"{payload_bytes} B at {baud} baud", loc="left", fontsize=10)
    axes[-1].set_xlabel("adapter latency / inference, ms")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper right", ncols=len(protocols))
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)

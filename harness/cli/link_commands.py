"""Commands about the link: ``bench-link``."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from harness.cli.app import Exit, app, wide_console
from harness.errors import MisuseError

if TYPE_CHECKING:
    from harness.linkbench.grid import Grid

_DEFAULT_PLOT = Path("hil-reports/bench-link.svg")


def _numbers(text: str | None, what: str) -> tuple[float, ...] | None:
    """A comma separated list. MisuseError when it is none."""
    if text is None:
        return None
    try:
        numbers = tuple(float(part) for part in text.split(","))
        if not all(map(math.isfinite, numbers)):
            raise ValueError
        return numbers
    except ValueError:
        raise MisuseError(f"{what} is no list of numbers", expected="numbers with commas", found=text) from None


@app.command("bench-link")
def bench_link(
    bauds: Annotated[str | None, typer.Option("--baud", metavar="LIST", help="Default 115200,921600.")] = None,
    adapters: Annotated[
        str | None, typer.Option("--adapter", metavar="LIST", help="Latency of the adapter in ms; default 0,1,16.")
    ] = None,
    payloads: Annotated[str | None, typer.Option("--payload", metavar="LIST", help="Bytes; default 784,27648.")] = None,
    inferences: Annotated[
        str | None, typer.Option("--inference", metavar="LIST", help="Time of a run in ms; default 0,10,100.")
    ] = None,
    protocols: Annotated[
        list[str] | None,
        typer.Option("--protocol", metavar="LIST", help="May be repeated. Default: ours and every peer."),
    ] = None,
    error_rates: Annotated[
        str | None, typer.Option("--error-rate", metavar="LIST", help="Damaged bytes of all, both ways; default 0.")
    ] = None,
    content: Annotated[
        Literal["images", "noise"],
        typer.Option(help="What is sent: digits and photographs, or noise, the worst case for our encodings."),
    ] = "images",
    real_time: Annotated[
        bool, typer.Option("--real-time", help="Every protocol through sockets against the clock: minutes.")
    ] = False,
    quick: Annotated[bool, typer.Option("--quick", help="Shorter cells, and no check in real time.")] = False,
    slots: Annotated[
        int | None, typer.Option(metavar="N", help="Input slots of our board; default: what its memory gives.")
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the cells as a list.")] = None,
    plot: Annotated[Path, typer.Option(metavar="FILE", help="Where the plot goes: .svg, .png, .pdf.")] = _DEFAULT_PLOT,
    faults: Annotated[
        bool, typer.Option("--faults", help="The fault campaign instead: is anything ever missed?")
    ] = False,
    samples: Annotated[
        int | None, typer.Option(metavar="N", help="With --faults: samples of each campaign; default 2000.")
    ] = None,
    seed: Annotated[int, typer.Option(help="With --faults: what is drawn from; the same seed, the same faults.")] = 1,
) -> None:
    """How near the link is to its physical limit, beside what other tools' protocols reach on the same line.

    Runs in virtual time: the real firmware as a program of this host, the real session, an exact line. Ours is then
    checked in real time. Exit status of --faults: 1 when an error went by unnoticed or a sample was lost or scored twice.

    Example: hil bench-link --quick --baud 115200
    """
    if faults:
        _faults(samples, seed, json_file, quick)
    else:
        from harness.linkbench.grid import Grid

        chosen = {
            "bauds": _whole(bauds, "--baud"),
            "adapters_ms": _numbers(adapters, "--adapter"),
            "payloads": _whole(payloads, "--payload"),
            "inferences_ms": _numbers(inferences, "--inference"),
            "error_rates": _numbers(error_rates, "--error-rate"),
            "protocols": _once(name.strip() for text in protocols for name in text.split(",")) if protocols else None,
        }
        grid = Grid(**{name: value for name, value in chosen.items() if value is not None})  # type: ignore[arg-type]
        _bench(grid, content, real_time=real_time, quick=quick, slots=slots, json_file=json_file, plot=plot)


def _once(names: Iterable[str]) -> tuple[str, ...]:
    """In the order in which they were first named."""
    return tuple(dict.fromkeys(names))


def _whole(text: str | None, what: str) -> tuple[int, ...] | None:
    numbers = _numbers(text, what)
    if numbers is not None and any(number != int(number) for number in numbers):
        raise MisuseError(f"{what} takes whole numbers", found=text)
    return None if numbers is None else tuple(int(number) for number in numbers)


def _bench(
    grid: Grid,
    content: Literal["images", "noise"],
    *,
    real_time: bool,
    quick: bool,
    slots: int | None,
    json_file: Path | None,
    plot: Path,
) -> None:
    from harness.linkbench import render, seed_case
    from harness.linkbench.bench import QUICK_SECONDS, Bench
    from harness.linkbench.check import check_in_real_time
    from harness.linkbench.grid import OURS, Time
    from harness.linkbench.progress import shown

    out = wide_console()
    kind: Time = "real" if real_time else "virtual"
    bench = Bench(kind=kind, seconds=QUICK_SECONDS[kind] if quick else None, slots=slots, content=content)
    grid.check()
    with shown(out, f"about {bench.estimate_s(grid):.0f} s, {kind} time") as progress:
        cells = list(bench.run(grid, progress))
    out.print(render.table(cells), soft_wrap=True)
    for line in render.remarks(cells):
        out.print(line, soft_wrap=True)
    everything = list(cells)
    if {OURS, "seed"} <= set(grid.protocols):
        case = seed_case.run(bench, n=10 if real_time else 100)
        # Under names of their own: who reads the list for "ours" means the table's settings.
        everything += [replace(cell, protocol=f"{cell.protocol}, the seed's workload") for cell in case.cells]
        out.print(render.seed_table(case))
        out.print(f"float32 through ours: {case.float_over_wire:.4f} x its bare line time")
    if not (quick or real_time) and OURS in grid.protocols:
        with shown(out, "ours in real time, through sockets") as progress:
            checked = list(check_in_real_time(cells, slots, progress))
        everything += [real for _, real in checked]
        for model, real in checked:
            out.print(
                f"real time: {real.payload_bytes} B at {real.baud} baud, adapter {real.adapter_ms:g} ms: "
                f"{real.samples_per_s:.4g}/s, {real.samples_per_s / model.samples_per_s - 1:+.2%} of the virtual run"
            )
    render.write_plot(cells, plot)
    out.print(f"plot: {plot}")
    if json_file is not None:
        render.write_json(everything, json_file)
        out.print(f"cells: {json_file}")


def _faults(samples: int | None, seed: int, json_file: Path | None, quick: bool) -> None:
    from harness.linkbench import faults

    out = wide_console()
    reports = []
    for plan in faults.plans(samples or (200 if quick else 2000), seed):
        out.print(f"{plan.describe()} ...")
        reports.append(faults.run(plan))
    out.print(faults.table(reports), soft_wrap=True)
    if json_file is not None:
        faults.write_json(reports, json_file)
    raise typer.Exit(Exit.PASS if all(report.clean for report in reports) else Exit.FAIL)

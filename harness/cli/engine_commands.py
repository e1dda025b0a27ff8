"""Commands about the engine itself: ``bench-engine``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.table import Table

from harness.cli import output
from harness.cli.app import app, wide_console
from harness.errors import BenchError

if TYPE_CHECKING:
    from harness.enginebench.measure import Row

_DEFAULT_MODELS = ("mnist_f446", "bench_", "recurrent_lstm_sequence")


@app.command("bench-engine")
def bench_engine(
    models: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[MODEL]...",
            help="Names, or paths of model folders and files (default: MNIST, an LSTM and bench_*).",
        ),
    ] = None,
    own: Annotated[
        list[str] | None, typer.Option("--models", metavar="FILE", help="A model of your own. Repeatable; as MODEL.")
    ] = None,
    kernels: Annotated[Literal["both", "plain", "fast"], typer.Option(help="Kernel sets.")] = "both",
    compiler: Annotated[Literal["both", "zig", "gcc"], typer.Option(help="Compilers; gcc if installed.")] = "both",
    engine_dir: Annotated[
        Path | None, typer.Option(metavar="DIR", help="A checkout of CMSIS-NN: its kernels are counted beside ours.")
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write a list of rows: model, dtype, kernels, ...")
    ] = None,
) -> None:
    """Instructions per inference on an emulated Cortex-M4F, flash, RAM and stack of the engine with each model.

    Instructions are counted exactly, at -O2. Cycles are an estimate: an emulator has none, so a model of the core is applied
    to what was executed, without the flash's wait states. Sizes are the engine's and the model's own, without the firmware around:
    RAM with the input kept through the inference, as the firmware needs it, and with its memory used again, as interpreters do.

    Example: hil bench-engine mnist_f446_int8 --kernels fast
    """
    from harness import models as known_models
    from harness.build import engines
    from harness.build.compilers import cross_compiler
    from harness.enginebench.image import CompilerName
    from harness.enginebench.measure import measured
    from harness.enginebench.peers import peer
    from harness.models.kernels import KERNEL_SETS

    if json_file is not None:
        output.check(json_file)
    names = [*(models or []), *(own or [])] or [n for n in known_models.names() if n.startswith(_DEFAULT_MODELS)]
    chosen = [(model.name, model.path) for model in map(known_models.load_model, names)]
    beside = None if engine_dir is None else peer(engines.load("cmsis_nn", engine_dir))
    console = wide_console()
    compilers: list[CompilerName] = ["zig", "gcc"] if compiler == "both" else [compiler]
    if compiler == "both":
        try:
            cross_compiler("gcc")
        except BenchError as error:
            compilers.remove("gcc")
            console.print(f"gcc is left out: {error.what}")
    sets = [kernel_set for kernel_set in KERNEL_SETS if kernels in ("both", kernel_set)]
    with console.status("compiling and counting"):
        rows = list(measured(chosen, sets, compilers, beside))
    console.print(_table(rows))
    if beside is not None:
        console.print(_compared(rows, beside.name))
        if "zig" in compilers:
            console.print(
                f"{beside.name} under zig is slower than its makers' compilers make it: hold against gcc's rows"
            )
    console.print(
        "est.: estimated by a model of the core (harness/enginebench/cycles.py), measured nowhere", soft_wrap=True
    )
    for published in sorted({f"{r.model}: {r.figures.published}" for r in rows if r.figures.published}):
        console.print(
            f"published, in cycles on a Cortex-M4 at 120 MHz, not in instructions: {published}", soft_wrap=True
        )
    if json_file is not None:
        output.write((json_file, (json.dumps([row.as_dict() for row in rows], indent=1) + "\n").encode()))


def _bytes_of(row: Row) -> tuple[int, ...]:
    return row.flash_bytes, row.weights_bytes, row.ram_bytes, row.reused_ram_bytes, row.stack_bytes


def _compared(rows: Sequence[Row], peer: str) -> Table:
    """Our fast kernels by the peer's, model by model: below 1 is less."""
    table = Table(title=f"fast / {peer}", title_justify="left", box=None, padding=(0, 2, 0, 0))
    for column in ("model", "compiler"):
        table.add_column(column, no_wrap=True)
    for column in ("instructions", "est. cycles", "code", "RAM", "input reused", "stack"):
        table.add_column(column, justify="right")
    theirs = {(row.model, row.compiler): row for row in rows if row.kernels == peer}
    for row in rows:
        other = theirs.get((row.model, row.compiler))
        if row.kernels != "fast" or other is None:
            continue
        pairs = (
            (row.instructions, other.instructions),
            (row.estimated_cycles, other.estimated_cycles),
            (row.code_bytes, other.code_bytes),
            (row.ram_bytes, other.ram_bytes),
            (row.reused_ram_bytes, other.reused_ram_bytes),
            (row.stack_bytes, other.stack_bytes),
        )
        table.add_row(row.model, row.compiler, *(f"{ours / max(peer_s, 1):.3f}" for ours, peer_s in pairs))
    return table


def _table(rows: Sequence[Row]) -> Table:
    table = Table(title="one inference on a Cortex-M4F, -O2", title_justify="left", box=None, padding=(0, 2, 0, 0))
    for column in ("model", "kernels", "compiler"):
        table.add_column(column, no_wrap=True)
    for column in (
        "M MAC",
        "M instr.",
        "per MAC",
        "est. M cycles",
        "est. per MAC",
        "CMSIS-NN M",
        "its est. M cycles",
        "limit M",
        "flash B",
        "weights B",
        "RAM B",
        "input reused",
        "stack B",
    ):
        table.add_column(column, justify="right")
    for row in rows:
        figures, millions = row.figures, row.instructions / 1e6
        limit = "" if figures.target_m is None else f"{figures.target_m:g}"
        table.add_row(
            row.model,
            row.kernels,
            row.compiler,
            f"{row.macs / 1e6:.3f}",
            f"{millions:.3f}",
            f"{row.instructions / max(row.macs, 1):.2f}",
            f"{row.estimated_cycles / 1e6:.3f}",
            f"{row.estimated_cycles / max(row.macs, 1):.2f}",
            "" if figures.cmsis_nn_m is None else f"{figures.cmsis_nn_m:.3f}",
            "" if figures.cmsis_nn_cycles_m is None else f"{figures.cmsis_nn_cycles_m:.3f}",
            limit,
            *(f"{n:,}" for n in _bytes_of(row)),
        )
    return table

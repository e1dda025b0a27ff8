"""Commands about models: ``model show``, ``model convert``, ``model quantize``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from harness.cli import output
from harness.cli.app import Output, app
from harness.disk.scratch import scratch
from harness.errors import MisuseError
from harness.paths import shipped

model = typer.Typer(help="Model files: look into them, convert, quantise.", no_args_is_help=True)
app.add_typer(model, name="model")

_File = Annotated[Path, typer.Argument(metavar="FILE", help="A .tflite, .onnx, .keras or .h5 file.")]
_Out = Annotated[Path, typer.Option("-o", "--output", metavar="OUT.tflite", help="Where the result goes.")]
_Classes = Annotated[str | None, typer.Option(metavar="A,B,C", help="Names of the outputs, for model.toml.")]


@model.command()
def show(
    file: _File,
    board: Annotated[list[str] | None, typer.Option("--board", metavar="NAME", help="Only this kind of board.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Layers, shapes, multiply-accumulates, parameters, memory, and on which boards the model fits."""
    with scratch() as folder:
        facts = _facts(_as_tflite(file, folder), board)
    if as_json:
        typer.echo(json.dumps(facts, indent=1))
        return
    console = Output(highlight=False)
    table = Table(title=f"{file.name}: {facts['macs']:,} MAC, {facts['parameters']:,} parameters", title_justify="left")
    for column in ("layer", "output", "type", "MAC", "parameters", "constants [bytes]"):
        table.add_column(column, justify="left" if column in ("layer", "output", "type") else "right")
    for layer in facts["layers"]:
        shape = "x".join(map(str, layer["shape"]))
        numbers = (f"{layer[key]:,}" for key in ("macs", "parameters", "constant_bytes"))
        table.add_row(layer["name"], shape, layer["dtype"], *numbers)
    console.print(table)
    peak = facts["activations"]
    console.print(f"activations: {peak['bytes']:,} bytes at the peak: {_parts(peak['largest'])}")
    for name, fit in facts["boards"].items():
        verdict = "fits" if fit["fits"] else "does not fit"
        console.print(f"{name}: {verdict}")
        for memory in ("flash", "ram"):
            part = fit[memory]
            over = f", {part['over_bytes']:,} too many: {_parts(part['largest'])}" if part["over_bytes"] else ""
            title = "flash" if memory == "flash" else "RAM"
            console.print(
                f"  {title} about {part['bytes']:,} of {part['available_bytes']:,} bytes{over}", soft_wrap=True
            )


@model.command()
def convert(file: _File, out: _Out, classes: _Classes = None) -> None:
    """Make a .tflite of an .onnx, .keras or .h5 file, with a model.toml beside it if there is none."""
    from harness.models.codegen import plan_layout
    from harness.models.frontends import convert as converted

    output.check(out, ".tflite")
    content = converted(file)
    with scratch() as folder:
        (made := folder / out.name).write_bytes(content)
        layout = plan_layout(made)
        told = _keep(made, out, f"{file.name}, converted", classes)
    typer.echo(f"{out}: {len(content):,} bytes")
    typer.echo(told)
    typer.echo(
        f"  {len(layout.kernels)} layers that the built-in engine runs, {sum(k.macs for k in layout.kernels):,} MAC"
    )


@model.command()
def quantize(
    file: _File,
    out: _Out,
    calibrate: Annotated[
        str, typer.Option(metavar="DATASET", help="The data set: train split for ranges, test to judge.")
    ],
    samples: Annotated[int, typer.Option(min=1, help="Calibration samples.")] = 200,
    test_samples: Annotated[int | None, typer.Option(min=1, help="Judge on the first N test samples only.")] = None,
    option: Annotated[list[str] | None, typer.Option(metavar="KEY=VALUE", help="An option of the data set.")] = None,
    classes: _Classes = None,
) -> None:
    """Make an int8 model of a float one and say at once what accuracy that costs."""
    from harness.data.datasets import load
    from harness.models.compress import compressed

    output.check(out, ".tflite")
    options: dict[str, object] = dict(_pair(text) for text in option or ())
    train = load(calibrate, "train", options=options)
    train = train.first(min(samples, len(train)))
    test = load(calibrate, "test", samples=test_samples, options=options)
    with scratch() as folder:
        made = folder / "quantized" / out.name
        made.parent.mkdir()
        cost = compressed(_as_tflite(file, folder), made, train, test)
        told = _keep(made, out, f"{file.name}, quantised to int8", classes)
    typer.echo(
        f"{out}: {cost.bytes_after:,} bytes (float32: {cost.bytes_before:,}), calibrated on {len(train)} samples"
    )
    typer.echo(
        f"  accuracy on {cost.n} test samples of {calibrate}: {cost.before:.2%} float32, {cost.after:.2%} int8"
        f" ({(cost.after - cost.before) * 100:+.2f} points; {cost.changed} samples changed their class)"
    )
    typer.echo(told)


def _as_tflite(file: Path, folder: Path) -> Path:
    from harness.models.frontends import convert as converted

    if file.suffix.lower() == ".tflite":
        return file
    path = folder / f"{file.stem}.tflite"
    path.write_bytes(converted(file))
    return path


def _facts(path: Path, only: Sequence[str] | None) -> dict[str, Any]:
    from harness.bench.boards import load_board, names
    from harness.build.budget import fit
    from harness.build.inputs import BuildBoard
    from harness.models.codegen import budget, plan_layout

    layout = plan_layout(path)
    layers: list[dict[str, Any]] = [
        {
            "name": k.name,
            "op": k.layer.op,
            "shape": list(layout.result(k).shape),
            "dtype": layout.result(k).dtype,
            "macs": k.macs,
            "parameters": sum(c.values.size for c in k.all_constants if c.role in ("w", "b", "r")),
            "constant_bytes": sum(c.values.nbytes for c in k.all_constants),
        }
        for k in layout.kernels
    ]
    boards = {}
    for name in only or names():
        load_board(name)  # an unknown name lists the known ones
        found = fit(layout, kind := BuildBoard.load(shipped("firmware") / "boards" / name))
        parts = {"flash": (found.flash, kind.flash_bytes), "ram": (found.ram, kind.ram_bytes)}
        boards[name] = {
            "fits": all(sum(u.n_bytes for u in uses) <= there for uses, there in parts.values()),
            **{
                memory: {
                    "bytes": (total := sum(u.n_bytes for u in uses)),
                    "available_bytes": there,
                    "over_bytes": max(0, total - there),
                    "largest": budget.largest(uses),
                }
                for memory, (uses, there) in parts.items()
            },
        }
    return {
        "model_sha256": layout.model_sha256,
        "macs": sum(k.macs for k in layout.kernels),
        "parameters": sum(layer["parameters"] for layer in layers),
        "activations": {"bytes": layout.arena.n_bytes, "largest": budget.largest(tuple(budget.arena(layout)))},
        "layers": layers,
        "boards": boards,
    }


def _parts(largest: dict[str, int]) -> str:
    return ", ".join(f"{what} {n_bytes:,}" for what, n_bytes in largest.items())


def _keep(made: Path, out: Path, title: str, classes: str | None) -> str:
    """Put a model where it was wanted, with a model.toml beside it if there is none; what was done about that."""
    from harness.models.describe import model_toml

    toml = out.parent / "model.toml"
    text = model_toml(made, title=title, classes=classes.split(",") if classes else None)
    if toml.exists():
        output.write((out, made.read_bytes()))
        return f"  {toml} is there already and was left alone: its sha256 must be brought up to date"
    output.write((out, made.read_bytes()), (toml, text.encode()))
    return f"  {toml}: check the class names in it"


def _pair(text: str) -> tuple[str, object]:
    key, equals, value = text.partition("=")
    if not equals:
        raise MisuseError("an option has no value", where="--option", expected="KEY=VALUE", found=text)
    return key, value

"""Commands about models: ``model show``, ``model convert``, ``model quantize``, ``model update``."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from harness.cli import output
from harness.cli.app import Output, app
from harness.disk.scratch import scratch
from harness.errors import MisuseError
from harness.paths import shipped

if TYPE_CHECKING:
    from harness.models.metadata import Facts

model = typer.Typer(
    help="Model files: look into them, convert, quantise.\n\nExample: hil model show digits_cnn_int8",
    no_args_is_help=True,
)
app.add_typer(model, name="model")

_File = Annotated[
    str, typer.Argument(metavar="MODEL", help="A .tflite, .onnx, .keras or .h5 file, a model's folder, or a name.")
]
_Out = Annotated[Path, typer.Option("-o", "--output", metavar="OUT.tflite", help="Where the result goes.")]
_Classes = Annotated[str | None, typer.Option(metavar="A,B,C", help="Names of the outputs, for model.toml.")]
_Update = Annotated[
    bool, typer.Option("--update", help="Bring a model.toml that is there up to date, as `hil model update` does.")
]


@model.command()
def show(
    file: _File,
    board: Annotated[
        list[str] | None, typer.Option("--board", metavar="BOARD", help="Only this kind of board.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Layers, shapes, multiply-accumulates, parameters, memory, and on which boards the model fits. Weights that several layers
    share count once, with the first of them.

    Example: hil model show digits_cnn_int8 --board nucleo_f446re
    """
    from harness.models.frontends.kept import as_tflite

    path = _model_file(file)
    facts = _facts(as_tflite(path), board)
    if as_json:
        typer.echo(json.dumps(facts, indent=1))
        return
    console = Output(highlight=False)
    table = Table(title=f"{path.name}: {facts['macs']:,} MAC, {facts['parameters']:,} parameters", title_justify="left")
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
    for line in _figures(file):
        console.print(line, soft_wrap=True)


@model.command()
def convert(file: _File, out: _Out, classes: _Classes = None, update: _Update = False) -> None:
    """Make a .tflite of an .onnx, .keras or .h5 file, with a model.toml beside it if there is none.

    Example: hil model convert net.onnx -o models/net/net.tflite --classes no,yes
    """
    from harness.models.codegen import plan_layout
    from harness.models.frontends import convert as converted

    path = _model_file(file)
    output.check(out, ".tflite", new_folder=True)
    _check_update(out, update)
    content = converted(path)
    with scratch() as folder:
        (made := folder / out.name).write_bytes(content)
        layout = plan_layout(made)
        told = _keep(made, out, f"{path.name}, converted", classes, update)
    typer.echo(f"{out}: {len(content):,} bytes")
    typer.echo(told)
    _tell_turned(out)
    typer.echo(
        f"  {len(layout.kernels)} layers that the built-in engine runs, {sum(k.macs for k in layout.kernels):,} MAC"
    )
    _next(out)


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
    update: _Update = False,
) -> None:
    """Make an int8 model of a float one and say at once what accuracy that costs.

    Example: hil model quantize net.tflite -o models/net_int8/net.tflite --calibrate digits
    """
    from harness.data.datasets import load
    from harness.models.compress import compressed
    from harness.models.frontends.kept import as_tflite

    path = _model_file(file)
    output.check(out, ".tflite", new_folder=True)
    _check_update(out, update)
    options: dict[str, object] = dict(_pair(text) for text in option or ())
    train = load(calibrate, "train", options=options)
    train = train.first(min(samples, len(train)))
    test = load(calibrate, "test", samples=test_samples, options=options)
    with scratch() as folder:
        made = folder / "quantized" / out.name
        made.parent.mkdir()
        cost = compressed(as_tflite(path), made, train, test)
        told = _keep(made, out, f"{path.name}, quantised to int8", classes, update)
    typer.echo(
        f"{out}: {cost.bytes_after:,} bytes (float32: {cost.bytes_before:,}), calibrated on {len(train)} samples"
    )
    typer.echo(
        f"  accuracy on {cost.n} test samples of {calibrate}: {cost.before:.2%} float32, {cost.after:.2%} int8"
        f" ({(cost.after - cost.before) * 100:+.2f} points; {cost.changed} samples changed their class)"
    )
    typer.echo(told)
    _next(out)


@model.command()
def update(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="The model's folder, or its name.")],
    classes: _Classes = None,
) -> None:
    """Bring a model.toml up to date with its file, after training: hash, tensors, and which figures are of the old file.

    Title, classes (but for --classes) and all else it says are kept; comments in it are not.

    Example: hil model update models/net
    """
    from harness.models import find
    from harness.models.describe import toml_text, updated
    from harness.models.find import TOML

    toml = find(folder)
    if toml.name != TOML:
        raise MisuseError(
            f"a file without a {TOML} needs no update", where=str(toml), next_step="run the plan that names it"
        )
    old, new = updated(toml, _listed(classes))
    if old == new:
        typer.echo(f"{toml} is up to date")
        return
    output.write((toml, toml_text(new).encode()))
    typer.echo(f"{toml} is now of {new.file} as it is")
    typer.echo("\n".join(_changes(old, new)))
    _next(toml.parent)


def _figures(text: str) -> Iterator[str]:
    """What the model reached by its model.toml, if it has one."""
    from harness.models import find
    from harness.models.find import TOML
    from harness.models.metadata import read_facts
    from harness.verdict.statistics import one_more

    found = find(text)
    for one in read_facts(found).figures if found.name == TOML else ():
        spread = f" ({one.low:.4g} to {one.high:.4g} at 95 %)" if one.low is not None and one.high is not None else ""
        others = ""
        if one.seeds:
            mean, half = one_more((one.value, *one.seeds))
            others = f"; from other seeds {', '.join(f'{value:.4g}' for value in one.seeds)}"
            others += f": mean {mean:.4g}, one more within {half:.2g} of it; this one {one.value - mean:+.2g}"
        old = "; of an earlier file" if one.sha256 else ""
        yield f"{one.metric} {one.value:.4g}{spread}, n = {one.n} of {one.dataset}, {one.split}: {one.how}{others}{old}"


def _changes(old: Facts, new: Facts) -> Iterator[str]:
    if old.sha256 != new.sha256:
        yield f"  sha256 {old.sha256[:12]}... -> {new.sha256[:12]}..."
    for side, before, after in (("inputs", old.inputs, new.inputs), ("outputs", old.outputs, new.outputs)):
        if before != after:
            shown = (", ".join(f"{t.name} {list(t.shape)} {t.dtype}" for t in tensors) for tensors in (before, after))
            yield f"  {side}: {' -> '.join(shown)}"
    if old.classes != new.classes:
        yield f"  classes: {', '.join(new.classes)}"
    if marked := sum(f != g for f, g in zip(old.figures, new.figures, strict=True)):
        yield f"  {marked} figure(s) marked as of the old file"


def _model_file(text: str) -> Path:
    """The file of the model that is meant, whatever its model.toml says of it."""
    from harness.models import find
    from harness.models.find import TOML
    from harness.models.metadata import read_facts

    found = find(text)
    return found if found.name != TOML else found.parent / read_facts(found).file


def _next(path: Path) -> None:
    typer.echo(f"next: hil model show {shlex.quote(str(path))}")


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
            "parameters": sum(c.values.size for c in layout.own_constants(index) if c.role in ("w", "b", "r")),
            "constant_bytes": sum(c.values.nbytes for c in layout.own_constants(index)),
        }
        for index, k in enumerate(layout.kernels)
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


def _check_update(out: Path, update: bool) -> None:
    """``MisuseError`` before the work when the model.toml that is there is of another file."""
    from harness.models.find import TOML
    from harness.models.metadata import read_facts

    toml = out.parent / TOML
    if update and toml.exists() and (file := read_facts(toml).file) != out.name:
        raise MisuseError(
            f"the {TOML} that is there describes another file",
            where=str(toml),
            expected=out.name,
            found=file,
            next_step=f"write to {out.with_name(file)}, or into another folder",
        )


def _keep(made: Path, out: Path, title: str, classes: str | None, update: bool) -> str:
    """Put a model where it was wanted, with a model.toml beside it if there is none; what was done about that."""
    from harness.models.describe import model_toml, toml_text, updated
    from harness.models.find import TOML

    toml = out.parent / TOML
    if not toml.exists():
        text = model_toml(made, title=title, classes=_listed(classes))
        output.write((out, made.read_bytes()), (toml, text.encode()))
        return f"  {toml}: check the class names in it"
    if not update:
        output.write((out, made.read_bytes()))
        return f"  {toml} is there already and was left alone: hil model update {shlex.quote(str(out.parent))}"
    (made.parent / TOML).write_bytes(toml.read_bytes())
    old, new = updated(made.parent / TOML, _listed(classes))
    output.write((out, made.read_bytes()), (toml, toml_text(new).encode()))
    return "\n".join([f"  {toml} is up to date", *_changes(old, new)])


def _tell_turned(model: Path) -> None:
    """What the conversion did to the order of axes: who made the data knows the file's own."""
    from harness.models.metadata import tensors, turned_inputs

    shapes = turned_inputs(model)
    for tensor in tensors(model, str(model))[0]:
        if tensor.name in shapes:
            typer.echo(
                f"  input {tensor.name} has its channels last now: {list(shapes[tensor.name])} of the file is"
                f" {list(tensor.shape)} here; data in the file's own layout is turned by 'options: {{channels: first}}'"
            )


def _listed(classes: str | None) -> list[str] | None:
    return classes.split(",") if classes else None


def _pair(text: str) -> tuple[str, object]:
    key, equals, value = text.partition("=")
    if not equals:
        raise MisuseError("an option has no value", where="--option", expected="KEY=VALUE", found=text)
    return key, value

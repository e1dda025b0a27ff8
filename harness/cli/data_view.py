"""A data set on a page of 80 columns: counts, what the models make of it, what occurs twice, three samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from harness.cli.app import Output
from harness.text import printable

if TYPE_CHECKING:
    from harness.data.summary import Same
    from harness.run.dataview import DataView, ModelView

_COLUMNS = 76
_MOST_CLASSES = 40
_BAR = 30
_NAME = 32  # columns of a class's name


def show(view: DataView, console: Output) -> None:
    """Print it."""
    facts = view.summary
    shape = "x".join(map(str, facts.shape))
    _title(console, f"{facts.name}, split {facts.split}")
    _line(console, f"{facts.n} samples of {shape} values, {facts.dtype}")
    _line(
        console,
        f"range {facts.low:.6g} to {facts.high:.6g}, mean {facts.mean:.4g}, standard deviation {facts.deviation:.4g}",
    )
    for name, array in view.data.named.items():
        _line(
            console,
            f"input {name}: {'x'.join(map(str, array.shape[1:]))} values, {array.min():.6g} to {array.max():.6g}",
        )
    if view.data.unlabelled:
        _title(console, "Classes", "none: no sample has a label")
    else:
        _classes(view, console)
    if (targets := view.data.targets) is not None:
        _title(console, "Targets", f"{'x'.join(map(str, targets.shape[1:])) or 1} a sample")
        _line(console, f"range {targets.min():.6g} to {targets.max():.6g}, mean {targets.mean(dtype='float64'):.4g}")
    if facts.groups:
        sizes = f"{facts.groups.smallest} to {facts.groups.largest}"
        _title(console, "Groups", f"{facts.groups.count}, of {sizes} samples each")
    else:
        _title(console, "Groups", "none: the data does not say which samples belong together")
    _title(console, "Models")
    for model in view.models:
        _model(model, console)
    _title(console, "Duplicates")
    _same(console, facts.twice, "with the input of an earlier sample")
    if facts.disputed.count:
        _same(console, facts.disputed, "with the input of an earlier sample and another label")
    for split, same in facts.shared.items():
        _same(console, same, f"with an input that is in split {split} too")
    for split, why in view.unread.items():
        _line(console, f"split {split} was not looked at: {why}")
    if not facts.shared and not view.unread:
        _line(console, "the data tells no other split apart")
    _samples(view, console)


def _title(console: Output, title: str, rest: str = "") -> None:
    console.print(Text.assemble("\n", (title, "bold"), f"  {rest}" if rest else ""))


def _line(console: Output, text: str) -> None:
    console.print(Padding(Text(printable(text)), (0, 0, 0, 2), expand=False))


def _classes(view: DataView, console: Output) -> None:
    counts = view.summary.counts
    _title(console, "Classes", f"{len(counts)}")
    most = max(count for _, count in counts)
    names = [set_cell_size(printable(name), min(cell_len(name), _NAME)) for name, _ in counts[:_MOST_CLASSES]]
    wide = max(map(cell_len, names))
    for name, (_, count) in zip(names, counts, strict=False):
        bar = "#" * round(_BAR * count / most) if count else "no sample"
        _line(console, f"{set_cell_size(name, wide)}  {count:>{len(str(most))}}  {bar}")
    if len(counts) > _MOST_CLASSES:
        rest = [count for _, count in counts[_MOST_CLASSES:]]
        _line(console, f"... and {len(rest)} more, of {min(rest)} to {max(rest)} samples; --json has them all")


def _model(model: ModelView, console: Output) -> None:
    _line(console, f"{model.model}  {f'takes {model.takes}' if model.takes else ''}")
    inputs = model.inputs
    if model.problem:
        lines = [f"does not suit: {model.problem}"]
    elif model.played:
        lines = []
    elif inputs is None:
        lines = ["no value is clipped: floats have no ends"]
    else:
        lines = [
            f"{inputs.clipped:.2%} of the values are clipped, {inputs.at_rail:.2%} are at an end of the range",
            f"{inputs.distinct} distinct values, {inputs.span:.0%} of the range is used; it goes from"
            f" {inputs.takes_low:.6g} to {inputs.takes_high:.6g}",
        ]
    for text in (*lines, *model.notes):
        console.print(Padding(Text(printable(text)), (0, 0, 0, 4), expand=False))


def _same(console: Output, same: Same, what: str) -> None:
    _line(console, f"{same.count or 'none'} {what}")
    for ours, theirs in same.examples:
        _line(console, f"  {ours} = {theirs}")


def _samples(view: DataView, console: Output) -> None:
    from harness.data.preview import SHOWN_CHANNELS, is_image, preview

    shape = view.summary.shape
    several = len(shape) == 2 and not is_image(shape) and shape[1] > SHOWN_CHANNELS
    channels = f"; the first {SHOWN_CHANNELS} of {shape[1]} channels" if several else ""
    _title(console, "Samples", f"from the least value of each to its largest{channels}")
    ascii_only = not (console.encoding or "").startswith("utf")
    shown = [
        (
            f"{view.data.label(index)}: {view.data.ids[index]}".removeprefix(": "),
            preview(view.data.inputs[index], _COLUMNS, ascii_only=ascii_only),
        )
        for index in view.summary.shown
    ]
    if not is_image(shape):
        for title, lines in shown:
            _line(console, title)
            for line in lines:
                _line(console, line)
        return
    table = Table.grid(padding=(0, 2, 0, 0))
    for _ in shown:
        table.add_column(width=24, no_wrap=True, overflow="ellipsis")
    table.add_row(*(Text(printable(title)) for title, _ in shown))
    table.add_row(*(Text("\n".join(lines)) for _, lines in shown))
    console.print(Padding(table, (0, 0, 0, 2), expand=False))

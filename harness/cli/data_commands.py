"""Commands about data sets: ``data forms``, ``data show``, ``data fetch``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer
from rich.padding import Padding
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from harness.cli import data_view
from harness.cli.app import Exit, Output, app
from harness.cli.plan_commands import PlanArgument, find_plan

if TYPE_CHECKING:
    from harness.data.forms import FormFacts

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

data = typer.Typer(help="The data sets.\n\nExample: hil data forms csv", no_args_is_help=True)
app.add_typer(data, name="data")


@data.command()
def fetch(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The data set: mnist or speech_commands.")],
    split: Annotated[str, typer.Option(metavar="SPLIT", help="Of mnist: test or train.")] = "test",
) -> None:
    """Download a data set into the user's cache and check it; called again it goes on where it broke off.

    Example: hil data fetch mnist
    """
    from harness.cli.progress import shown
    from harness.data import fetch as fetched
    from harness.run.watch import Step

    with shown(f"fetch {name}") as watch:
        for path in fetched(name, split, lambda done, whole: watch(Step("receive", done / whole if whole else 0.0))):
            typer.echo(path)


@data.command()
def forms(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="One form, with its options.")] = None,
    as_json: AsJson = False,
) -> None:
    """The forms of data that a plan can name; of one form its options and an example.

    Example: hil data forms image_folders
    """
    from harness.data import datasets
    from harness.data.forms import described

    found = [described(one) for one in ([name] if name else datasets.names())]
    if as_json:
        typer.echo(json.dumps([form.as_json() for form in found], indent=1))
        return
    console = Output(highlight=False)
    if name:
        _print_form(console, found[0])
        return
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="bold")
    table.add_column()
    for form in found:
        table.add_row(form.name, Text(form.meaning))
    console.print(table)
    console.print("\nhil data forms NAME: its options and an example.", markup=False)


@data.command()
def show(plan: PlanArgument, as_json: AsJson = False) -> None:
    """A plan's data: counts, range, what its models clip, groups, duplicates, and three samples as characters.

    Exit status 3 when the data does not suit a model of the plan.

    Example: hil data show testplans/digits.yaml
    """
    from harness.run.dataview import looked_at

    view = looked_at(find_plan(plan))
    if as_json:
        typer.echo(json.dumps(view.as_json(), indent=1))
    else:
        data_view.show(view, Output(highlight=False))
    raise typer.Exit(Exit.MISTAKE if any(model.problem for model in view.models) else Exit.PASS)


def _print_form(console: Output, form: FormFacts) -> None:
    console.print(Text(form.name, style="bold"))
    console.print(Text(form.meaning))
    if form.more:
        console.print(Text(f"\n{form.more}"))
    console.print(Text("\nOptions", style="bold"))
    for option in form.options:
        kind = f"{option.type}; must be given" if option.required else option.type
        default = f"; {option.default} if left out" if option.default else ""
        console.print(Text.assemble((option.name, "bold"), f"  {kind}{default}"))
        console.print(Padding(Text(option.meaning), (0, 0, 0, 4), expand=False))
    if not form.options:
        console.print("none")
    console.print(Text("\nExample, part of a plan", style="bold"))
    example = form.example.rstrip()
    if console.is_terminal:
        console.print(Syntax(example, "yaml", background_color="default"))
    else:
        typer.echo(example)

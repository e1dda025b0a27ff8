"""``hil guide``: the guide in the terminal."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from harness.cli.app import Output, app


@app.command()
def guide(
    topic: Annotated[
        str | None, typer.Argument(metavar="[TOPIC]", help="A page; without one, the list of pages.")
    ] = None,
    plain: Annotated[
        bool, typer.Option("--plain", help="The page as Markdown text, as it also is where output is no terminal.")
    ] = False,
) -> None:
    """Show a page of the guide: how to begin, what each key and message means, what to do when it fails.

    Example: hil guide start
    """
    from harness.guide import pages

    text = pages.text(topic or pages.INDEX)
    console = Output()
    if plain or not console.is_terminal:
        sys.stdout.write(text)
        return
    from rich.markdown import Markdown

    console.print(Markdown(text))

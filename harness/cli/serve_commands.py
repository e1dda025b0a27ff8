"""``hil serve``: the history, the bench and running cases as pages."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.app import app
from harness.errors import MisuseError

_NEEDED = ("fastapi", "uvicorn", "sse_starlette", "multipart")


@app.command()
def serve(
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Where to listen; beyond this host the pages want a token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.")] = 8437,
    name: Annotated[
        list[str] | None,
        typer.Option(metavar="HOST", help="Another name by which browsers reach it, as behind a proxy. Repeatable."),
    ] = None,
    reports: Annotated[Path, typer.Option(metavar="DIR", help="The folder of runs, whose history is shown.")] = Path(
        "hil-reports"
    ),
) -> None:
    """Show past runs, the bench and what runs now as pages, until Ctrl-C.

    It listens on this host alone unless --host says otherwise; then it prints a token that the pages ask for. HIL_SERVE_TOKEN
    sets one that stays. Nothing is written but tags and notes.

    Example: hil serve --port 8437
    """
    if missing := [package for package in _NEEDED if importlib.util.find_spec(package) is None]:
        raise MisuseError(
            "the pages need packages that are not installed",
            found=f"no {', '.join(missing)}",
            next_step="pip install 'hil[web]'",
        )
    from harness.web.serve import Where
    from harness.web.serve import serve as run

    run(reports, Where(host, port, tuple(name or ())), typer.echo)

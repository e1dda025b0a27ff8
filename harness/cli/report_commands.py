"""Commands about the runs that are kept: ``reports list``, ``reports open``, ``reports prune``."""

from __future__ import annotations

import json
import os
import sys
import webbrowser
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from harness.cli.app import Exit, app, wide_console
from harness.cli.when import age
from harness.clock import SystemClock
from harness.errors import BenchError, MisuseError
from harness.text import printable

if TYPE_CHECKING:
    from harness.run.kept import Kept

reports = typer.Typer(
    help="The runs in hil-reports: list them, open one, remove old ones.",
    epilog="Example: hil reports open latest",
    no_args_is_help=True,
)
app.add_typer(reports, name="reports")

Base = Annotated[Path, typer.Option("--base", metavar="DIR", help="The folder that the runs lie in.")]
_DEFAULT_BASE = Path("hil-reports")
_VERDICTS = ("pass", "fail", "error", "inconclusive")


@reports.command("list", epilog="Example: hil reports list --json")
def list_(
    base: Base = _DEFAULT_BASE, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False
) -> None:
    """The runs that are kept, the newest first: when, what came of their cases, how large they are."""
    from harness.evidence import runs
    from harness.run.kept import kept

    found = kept(base)
    last = runs.latest(base)
    if as_json:
        typer.echo(json.dumps([_as_json(run, last) for run in found], indent=2))
        return
    if not found:
        typer.echo(f"there is no run in {base}")
        return
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("run", no_wrap=True)
    for column in ("started (UTC)", "time", *_VERDICTS, "kept to go on", "size", "state"):
        table.add_column(column, no_wrap=True, justify="left" if column in ("started (UTC)", "state") else "right")
    for run in found:
        counts = (str(run.verdicts.get(verdict, 0) or "-") for verdict in _VERDICTS)
        table.add_row(
            printable(run.path.name),
            f"{run.started:%Y-%m-%d %H:%M:%S}",
            "-" if run.ended is None else f"{max(0.0, (run.ended - run.started).total_seconds()):.1f} s",
            *counts,
            str(run.journals or "-"),
            _size(run.n_bytes),
            run.state + (", latest" if _is(run, last) else ""),
        )
    wide_console().print(table)


@reports.command("open", epilog="Example: hil reports open latest")
def open_(
    run: Annotated[
        str, typer.Argument(metavar="[RUN]", help="A run by its name or folder, a case's folder, or latest.")
    ] = "latest",
    base: Base = _DEFAULT_BASE,
    only_path: Annotated[bool, typer.Option("--path", help="Print where it is, and open nothing.")] = False,
) -> None:
    """Print where the report of a run is and, on a desktop, open it in the browser."""
    page = _page(run, base)
    typer.echo(printable(str(page)))
    if only_path:
        return
    if not _is_desktop():
        typer.echo("no desktop here: open that file in a browser", err=True)
    elif not webbrowser.open(page.as_uri()):
        typer.echo("no browser could be started: open that file in one", err=True)


@reports.command(epilog="Example: hil reports prune --keep 20 --older-than 30d --dry-run")
def prune(
    keep: Annotated[int | None, typer.Option(min=0, metavar="N", help="The N newest runs stay.")] = None,
    older_than: Annotated[
        str | None, typer.Option(metavar="AGE", help="Runs younger than it stay: 12h, 30d, 8w.")
    ] = None,
    interrupted: Annotated[
        bool, typer.Option("--interrupted", help="Runs that could be gone on with may go too.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go, and remove nothing.")] = False,
    base: Base = _DEFAULT_BASE,
) -> None:
    """Remove old runs. What neither option spares goes; a run that is running never does, nor what is no run of ours."""
    from harness.run import kept

    go, spared = kept.choose(
        kept.kept(base),
        now=SystemClock().now(),
        keep=keep,
        older_than=age(older_than) if older_than is not None else None,
        interrupted=interrupted,
    )
    left = []
    for run in go:
        try:
            if not dry_run:
                kept.remove(run)
        except BenchError as error:
            left.append(str(error))
            continue
        typer.echo(printable(f"{'would remove' if dry_run else 'removed'} {run.path}  {_size(run.n_bytes)}"))
    for one in spared:
        typer.echo(printable(f"kept {one.run.path}: {one.why}"))
    for words in left:
        typer.echo(printable(f"hil: {words}"), err=True)
    if not go and not spared:
        typer.echo(f"nothing in {base} is to go")
    raise typer.Exit(Exit.RIG if left else Exit.PASS)


def _page(run: str, base: Path) -> Path:
    """The page to open. ``MisuseError`` when there is none."""
    from harness.evidence import layout, runs

    given = Path(run)
    by_name = runs.latest(base) if run == layout.LATEST else runs.named(base, run)
    folder = by_name or (given if given.is_dir() else None)
    if folder is None:
        known = sorted((path.name for path in base.iterdir() if path.is_dir()), reverse=True) if base.is_dir() else []
        raise MisuseError(
            "there is no such run",
            expected=f"{layout.LATEST}, or one of {base}: {', '.join(known[:5]) or 'there is none yet'}",
            found=run,
            next_step="hil reports list",
        )
    folder = folder.resolve()
    if not (folder / "index.html").is_file() and (folder / "run.json").is_file():
        _retell(folder)
    for name in ("index.html", "report.html"):
        if (folder / name).is_file():
            return folder / name
    # Of before runs had a page of their own.
    pages = sorted(folder.glob("*/*/*/report.html"))
    if len(pages) == 1:
        return pages[0]
    raise MisuseError(
        "the run has no page of its own",
        where=str(folder),
        found=f"pages of its cases: {', '.join(str(page.relative_to(folder)) for page in pages[:5]) or 'none'}",
        next_step="open one of those: hil reports open FOLDER",
    )


def _retell(folder: Path) -> None:
    """The page of a run that was killed, from what lies there."""
    from harness.evidence import runrecord
    from harness.run.claim import is_held
    from harness.run.whole import Whole

    if is_held(folder):
        raise MisuseError("the run is still running", where=str(folder), next_step="its page is written when it ends")
    if unwritten := Whole(folder, runrecord.read(folder).command).retell():
        typer.echo(f"hil: {unwritten}", err=True)


def _is_desktop() -> bool:
    return sys.platform in ("win32", "darwin") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _size(n_bytes: int) -> str:
    size, unit = float(n_bytes), "B"
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            break
        size /= 1000
    return f"{size:.0f} {unit}" if unit == "B" or size >= 100 else f"{size:.1f} {unit}"


def _is(run: Kept, last: Path | None) -> bool:
    return last is not None and run.path.resolve() == last.resolve()


def _as_json(run: Kept, last: Path | None) -> dict[str, object]:
    told = asdict(run) | {
        "path": str(run.path.absolute()),
        "started": run.started.isoformat(),
        "ended": run.ended.isoformat() if run.ended else None,
        "command": run.command.model_dump(mode="json") if run.command else None,
        "state": run.state,
        "latest": _is(run, last),
    }
    del told["running"]
    return told

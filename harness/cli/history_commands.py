"""Commands about the history: ``history list``, ``show``, ``tag``, ``untag``, ``tags``, ``note``, ``import``, ``export``,
``prune``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from harness.bench import people
from harness.cli.app import Exit, Output, app, wide_console
from harness.cli.when import age, moment
from harness.errors import MisuseError
from harness.text import printable

if TYPE_CHECKING:
    from harness.evidence.history import History, RunRow, Wanted

history = typer.Typer(
    help="What ran, kept for years: list, look, tag, trends. Alone it lists the newest runs.",
    epilog="Example: hil history list --plan digits --since 30d",
    invoke_without_command=True,
)
app.add_typer(history, name="history")

_DEFAULT_BASE = Path("hil-reports")
Base = Annotated[
    Path,
    typer.Option("--base", metavar="DIR", help="The folder of runs that history.db lies in, unless HIL_DB says where."),
]
Plan = Annotated[str | None, typer.Option("--plan", metavar="PLAN", help="Only this plan.")]
Board = Annotated[str | None, typer.Option("--board", metavar="BOARD", help="Only this kind of board.")]
Model = Annotated[str | None, typer.Option("--model", metavar="MODEL", help="Only this model.")]
Verdict = Annotated[
    str | None, typer.Option("--verdict", metavar="VERDICT", help="Only pass, fail, error or inconclusive.")
]
Unit = Annotated[str | None, typer.Option("--unit", metavar="UID", help="Only this unit.")]
Since = Annotated[
    str | None, typer.Option("--since", metavar="WHEN", help="Only what began since: 12h, 30d, 2026-11-01.")
]
Reference = Annotated[
    str, typer.Argument(metavar="RUN", help="latest, a tag, a session, a run id or the begin of one.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_VERDICTS = ("pass", "fail", "error", "inconclusive")


@history.callback()
def _alone(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_()


@history.command("list", epilog="Example: hil history list --verdict fail --since 30d")
def list_(
    plan: Plan = None,
    board: Board = None,
    model: Model = None,
    verdict: Verdict = None,
    unit: Unit = None,
    since: Since = None,
    text: Annotated[
        str | None, typer.Option(metavar="WORDS", help="Only those that have it in id, session, unit, host or reasons.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="At most the N newest.")] = 50,
    as_json: Json = False,
    base: Base = _DEFAULT_BASE,
) -> None:
    """What ran, the newest first, one line each."""
    want = wanted(plan, board, model, verdict, unit, since, text)
    with opened(base) as store:
        found, n = store.runs(want, limit=limit), store.count(want)
    if as_json:
        typer.echo(json.dumps([plain(row) for row in found], indent=2))
        return
    if not found:
        typer.echo(printable(f"there is no such run in {store.where}" if n or any(_given(want)) else _empty(store)))
        return
    console = wide_console()
    console.print(_table(found))
    if n > len(found):
        console.print(f"and {n - len(found):,} older: --limit {n}")


@history.command(epilog="Example: hil history show latest")
def show(run: Reference, as_json: Json = False, base: Base = _DEFAULT_BASE) -> None:
    """A run, or all runs of a session or tag: verdict, figures and gates, with its tags, notes and reports."""
    from harness.evidence.reports import terminal

    with opened(base) as store:
        found = [store.load(row.run_id) for row in store.resolve(run)]
    if as_json:
        told = [plain(one.row) | {"record": one.record.model_dump(mode="json", by_alias=True)} for one in found]
        typer.echo(json.dumps(told, indent=2))
        return
    console = Output()
    for one in found:
        console.print(terminal.view(one.record))
        for line in _about(one.row):
            console.print(printable(line), markup=False, highlight=False, soft_wrap=True)


@history.command(epilog="Example: hil history tag latest release-1.4")
def tag(
    run: Reference,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The tag: letters, digits and . _ + -")],
    force: Annotated[bool, typer.Option("--force", help="Move a tag that names other runs; the move is kept.")] = False,
    base: Base = _DEFAULT_BASE,
) -> None:
    """Give a run, or the runs of a session, a name that lasts. What is tagged is never pruned."""
    with opened(base) as store:
        rows = store.resolve(run)
        store.tag(name, [row.run_id for row in rows], force=force, by=people.me())
    typer.echo(printable(f"{name}: {', '.join(f'{row.run_id} ({row.case_id})' for row in rows)}"))


@history.command(epilog="Example: hil history untag release-1.4")
def untag(name: Annotated[str, typer.Argument(metavar="NAME", help="The tag.")], base: Base = _DEFAULT_BASE) -> None:
    """Take a tag away. Its runs stay, and what it named is kept."""
    with opened(base) as store:
        store.untag(name, by=people.me())
    typer.echo(printable(f"{name}: taken away"))


@history.command(epilog="Example: hil history tags --json")
def tags(as_json: Json = False, base: Base = _DEFAULT_BASE) -> None:
    """The tags: what each names, and all that it named before."""
    with opened(base) as store:
        found = store.tags()
    if as_json:
        typer.echo(json.dumps([plain(one) for one in found], indent=2))
        return
    if not found:
        typer.echo(f"there is no tag in {printable(store.where)}")
    for one in found:
        typer.echo(printable(f"{one.name}: {', '.join(one.run_ids)}  since {_time(one.at)}{_by(one.by)}"))
        for move in one.moves[:-1]:
            typer.echo(printable(f"  from {_time(move.at)}{_by(move.by)}: {', '.join(move.run_ids) or 'nothing'}"))


@history.command(epilog='Example: hil history note latest "the board was hot"')
def note(
    run: Reference,
    text: Annotated[str, typer.Argument(metavar="WORDS", help="What is to be known of it.")],
    base: Base = _DEFAULT_BASE,
) -> None:
    """Say something of a run, for whoever looks at it later."""
    with opened(base) as store:
        for row in store.resolve(run):
            store.note(row.run_id, text, by=people.me())
            typer.echo(printable(f"noted of {row.run_id} ({row.case_id})"))


@history.command("import", epilog="Example: hil history import hil-reports/latest")
def import_(
    folders: Annotated[
        list[Path], typer.Argument(metavar="DIR...", help="Report folders, folders that hold some, or exports.")
    ],
    base: Base = _DEFAULT_BASE,
) -> None:
    """Take reports, or an export of another history, into this one. What is there already is left as it is.

    Exit status: 0 all is there, 2 something could not be read, or the history cannot be written.
    """
    from harness.evidence.history.importing import bring_in

    left_out: list[str] = []
    with opened(base, create=True) as store:
        for folder in folders:
            found = bring_in(store, folder, base=base)
            left_out += found.left_out
            line = f"{folder}: {found.added} added, {found.known} known already"
            typer.echo(printable(line + (f", {found.tags} tag{'s' * (found.tags != 1)}" if found.tags else "")))
    for words in left_out:
        typer.echo(printable(f"hil: left out: {words}"), err=True)
    raise typer.Exit(Exit.RIG if left_out else Exit.PASS)


@history.command(epilog="Example: hil history export history.zip --plan digits")
def export(
    target: Annotated[Path, typer.Argument(metavar="TARGET", help="A new folder, or a new file *.zip.")],
    plan: Plan = None,
    board: Board = None,
    model: Model = None,
    verdict: Verdict = None,
    unit: Unit = None,
    since: Since = None,
    base: Base = _DEFAULT_BASE,
) -> None:
    """Write runs with their tags and notes to a folder or an archive that `hil history import` reads, into any database."""
    from harness.evidence.history import portable

    with opened(base) as store:
        n = portable.export(store, target, wanted(plan, board, model, verdict, unit, since))
    typer.echo(printable(f"{target}: {_runs(n)}"))


@history.command(epilog="Example: hil history prune --keep 90d --dry-run")
def prune(
    keep: Annotated[str, typer.Option("--keep", metavar="AGE", help="Younger runs stay: 90d, 52w.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go, and remove nothing.")] = False,
    as_json: Json = False,
    base: Base = _DEFAULT_BASE,
) -> None:
    """Remove old runs from the history, never one that is tagged. Report folders are left alone: `hil reports prune`."""
    oldest = age(keep)
    with opened(base) as store:
        going = store.old(oldest)
        if as_json:
            typer.echo(json.dumps([plain(row) for row in going], indent=2))
        if dry_run:
            if not as_json:
                for row in going:
                    typer.echo(printable(f"would remove {row.run_id}  {_time(row.started)}  {row.case_id}"))
                typer.echo(f"{_runs(len(going))} would go")
            return
        n = store.prune(oldest)
    if not as_json:
        typer.echo(f"{_runs(n)} removed")


def opened(base: Path, *, create: bool = False) -> History:
    """The history. Only looking makes none. ``MisuseError`` where it is switched off."""
    from harness.evidence.database import VARIABLE, is_off
    from harness.evidence.history import History

    if is_off():
        raise MisuseError(
            "the history is switched off",
            where=f"{VARIABLE}=off in the environment",
            next_step=f"unset {VARIABLE}, or name a database by it",
        )
    return History.open(base=base, create=create)


def wanted(
    plan: str | None,
    board: str | None,
    model: str | None,
    verdict: str | None,
    unit: str | None,
    since: str | None,
    text: str | None = None,
) -> Wanted:
    """The filters of a command. ``MisuseError`` for a verdict or a time that is none."""
    from harness.evidence.history import Wanted
    from harness.plans.names import suggestion

    if verdict is not None and verdict not in _VERDICTS:
        raise MisuseError(
            "there is no such verdict",
            expected=f"one of: {', '.join(_VERDICTS)}",
            found=verdict,
            next_step=suggestion(verdict, _VERDICTS, "take one of these"),
        )
    return Wanted(plan=plan, board=board, model=model, verdict=verdict, unit=unit, since=moment(since), text=text)


def plain(row: Any) -> dict[str, Any]:
    """A row of the history as JSON takes it; times as ISO text."""
    told: dict[str, Any] = json.loads(json.dumps(asdict(row), default=_as_text))
    return told


def _as_text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _table(found: Sequence[RunRow]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("run", "started (UTC)", "plan", "board", "model", "verdict", "figure", "unit", "tags"):
        table.add_column(column, no_wrap=True)
    for row in found:
        cells = (row.plan, row.board, row.model, row.verdict, _figure(row), row.unit, " ".join(row.tags))
        table.add_row(row.run_id, _time(row.started), *map(printable, cells))
    return table


def _figure(row: RunRow) -> str:
    from harness.evidence.reports._words import figure

    if row.headline is None:
        return ""
    return f"{row.metric} {figure(row.headline.value, row.measured_in)}"


def _about(row: RunRow) -> list[str]:
    lines = [f"run {row.run_id} of session {row.session}, {_time(row.started)} UTC on {row.host}"]
    lines += [f"reports: {row.folder}"] if row.folder else []
    lines += [f"{row.attempts} attempts: the one that ended last is shown"] if row.attempts > 1 else []
    lines += [f"tags: {', '.join(row.tags)}"] if row.tags else []
    return lines + [f"note, {_time(note.at)}{_by(note.by)}: {note.text}" for note in row.notes]


def _given(want: Wanted) -> list[object]:
    return [value for value in vars(want).values() if value is not None]


def _empty(store: History) -> str:
    return f"nothing is in the history yet ({store.where}): every run of hil and pytest --board goes there by itself"


def _runs(n: int) -> str:
    return f"{n:,} run{'s' * (n != 1)}"


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"


def _by(who: str) -> str:
    return f" by {who}" if who else ""

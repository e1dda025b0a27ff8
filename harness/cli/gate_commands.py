"""Commands about releases: ``gate FILE``, ``gate keygen``, ``gate schema``, ``verify``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.cli.app import Exit, app, wide_console, worst
from harness.clock import SystemClock
from harness.errors import MisuseError
from harness.text import printable

if TYPE_CHECKING:
    from harness.evidence.attest import Verified
    from harness.verdict.release import ReleaseFacts

_DEFAULT = "release"
_BASE = Path("hil-reports")


class _Gates(typer.core.TyperGroup):
    """``hil gate FILE`` is ``hil gate release FILE``: what is no command here is the file."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Options may stand before the file."""
        return super().parse_args(ctx, self._named(args))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that the words begin with."""
        return super().resolve_command(ctx, self._named(args))

    def _named(self, args: list[str]) -> list[str]:
        known = not args or args[0] in self.commands or args[0] in ("--help", "-h")
        return args if known else [_DEFAULT, *args]


gate = typer.Typer(
    cls=_Gates,
    help="Judge a release: whether all that it needs was run, and passed. `hil gate FILE` is `hil gate release FILE`.\n\n"
    "Example: hil gate testplans/releases/1.5.yaml",
    no_args_is_help=True,
)
app.add_typer(gate, name="gate")


@gate.command(_DEFAULT)
def release(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The release file.")],
    sources: Annotated[
        list[str] | None,
        typer.Option(
            "--from",
            metavar="REF",
            help="These runs alone: a folder, a tag, a session, latest, a run id; the history if left out. May be given again.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Where the reports go; hil-reports/releases/NAME if left out."),
    ] = None,
    sign: Annotated[
        Path | None, typer.Option("--sign", metavar="KEY", help="Sign the attestation with this ed25519 key (PEM).")
    ] = None,
    commit: Annotated[
        str, typer.Option("--commit", metavar="ID", help="The commit to judge; that of the newest run if left out.")
    ] = "",
    tag: Annotated[
        str,
        typer.Option(
            "--tag", metavar="NAME", help="Once it passes, give its runs this name: the next release's baseline."
        ),
    ] = "",
    url: Annotated[
        str, typer.Option("--url", metavar="URL", help="Where the CI job can be seen, for the attestation.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print release.json.")] = False,
) -> None:
    """Judge a release by what was run before. Nothing is run.

    Exit status: 0 all of it passed, 1 the product is wrong, 4 something is missing, stale or not decided.

    Example: hil gate release testplans/releases/1.5.yaml --from hil-reports --sign release.pem
    """
    from harness.evidence.attest import private_key
    from harness.evidence.release import ATTESTATION, at_hand, gathered, judged, of_baseline, read, write
    from harness.evidence.releasereports import json_, terminal

    asked, now = read(file), SystemClock().now()
    if commit and asked.release.commit == "any":
        raise MisuseError(
            "the release takes runs of any commit",
            where=printable(str(file)),
            expected="commit: one",
            found=f"commit: any, and --commit {commit}",
            next_step="leave out --commit, or the file's `commit: any`",
        )
    key = private_key(sign) if sign else None
    baseline = of_baseline(asked)
    found = gathered(sources) if sources else at_hand(asked, now=now)
    facts = judged(asked, found, now=now, baseline=baseline, commit=commit)
    folder = out or _BASE / "releases" / asked.release.name
    written = write(facts, folder, key=key, url=url)
    if as_json:
        typer.echo(json_.render(facts).decode(), nl=False)
    else:
        wide_console().print(terminal.view(facts))
        typer.echo(printable(f"reports: {folder}"))
    for line in found.unread:
        typer.echo(printable(f"hil: not read: {line}"), err=True)
    if tag:
        _name_runs(tag, facts)
    if key is not None and folder / ATTESTATION not in written:
        typer.echo("hil: nothing was signed: no run counts for the release", err=True)
    raise typer.Exit(worst([facts.verdict]))


def _name_runs(tag: str, facts: ReleaseFacts) -> None:
    """The runs of a release that passes get a name in the history. ``MisuseError``: it is taken, or the runs are not there."""
    from harness.evidence.database import is_off
    from harness.evidence.history import History
    from harness.records import Verdict

    if facts.verdict is not Verdict.PASS:
        typer.echo(printable(f"hil: not tagged {tag}: the release does not pass"), err=True)
        return
    if is_off():
        raise MisuseError(
            "there is no history to tag runs in", found="HIL_DB=off", next_step="leave --tag or HIL_DB out"
        )
    with History.open(base=_BASE) as history:
        history.tag(tag, [cell.run.run_id for cell in facts.cells if cell.run])
    typer.echo(printable(f"tagged {tag}: {len(facts.cells)} run{'s' * (len(facts.cells) != 1)}"))


@gate.command()
def keygen(key: Annotated[Path, typer.Argument(metavar="KEY", help="The file for the private key: KEY.pem.")]) -> None:
    """Make an ed25519 key to sign releases with, and beside it the public key KEY.pub to verify them with.

    Example: hil gate keygen release.pem
    """
    from harness.evidence.attest import make_keys

    public = make_keys(key)
    typer.echo(printable(f"{key}: the private key: keep it secret, `hil gate FILE --sign {key}` signs with it"))
    typer.echo(printable(f"{public}: the public key: `hil verify attestation.json --key {public}` verifies with it"))


@gate.command()
def schema(
    report: Annotated[bool, typer.Option("--report", help="That of release.json, which hil gate writes.")] = False,
) -> None:
    """Print the JSON schema of release files. An editor that knows YAML takes it by a file's first line.

    hil gate schema > testplans/release.schema.json, and the line: # yaml-language-server: $schema=../release.schema.json

    Example: hil gate schema
    """
    from harness.evidence.releasereports import json_
    from harness.plans.releases import json_schema

    typer.echo(json.dumps(json_.schema() if report else json_schema(), indent=1))


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The attestation that `hil gate --sign` wrote.")],
    key: Annotated[Path, typer.Option("--key", metavar="PUB", help="The public key of who should have signed it.")],
    artifacts: Annotated[
        list[Path] | None,
        typer.Option(
            "--artifact", metavar="FILE", help="A firmware, model or report that it must be about; may be given again."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check an attestation: that it is as it was signed, that the release passed, and that it is about these files.

    Exit status: 0 all of that holds, 1 it does not, 3 a file cannot be read.

    Example: hil verify attestation.json --key release.pub --artifact fw.elf
    """
    from harness.evidence.attest import public_key, verified

    found = verified(_content(file), public_key(key), [(str(path), _content(path)) for path in artifacts or ()])
    for line in [_as_json(found)] if as_json else _told(file, found):
        typer.echo(printable(line))
    raise typer.Exit(Exit.PASS if found.holds else Exit.FAIL)


def _content(path: Path) -> bytes:
    from harness.paths import read_file

    try:
        return read_file(path)
    except OSError as error:
        raise MisuseError("the file cannot be read", where=str(path), found=error) from error


def _told(file: Path, found: Verified) -> list[str]:
    if not found.result:
        return [f"REFUSED  {file}", *(f"  {line}" for line in found.problems)]
    notes = found.annotations or {}
    told = [
        f"{'VERIFIED' if found.holds else 'REFUSED'}  {file}",
        f"  signed by key {found.key_id[:16]}",
        f"  release {notes.get('release', '?')}: {found.result}, judged {notes.get('judged', '?')}",
        f"  evidence: {notes.get('evidence') or 'none'}",
        f"  {len(found.passed)} passed, {len(found.warned)} with warnings, {len(found.failed)} not passed",
    ]
    told += [f"  {path}: {what}" for path, what in found.artifacts if what]
    return [*told, *(f"  {line}" for line in found.problems)]


def _as_json(found: Verified) -> str:
    return json.dumps(
        {
            "holds": found.holds,
            "problems": list(found.problems),
            "key_id": found.key_id,
            "result": found.result,
            "subjects": dict(found.subjects),
            "passed": list(found.passed),
            "warned": list(found.warned),
            "failed": list(found.failed),
            "annotations": found.annotations,
            "artifacts": dict(found.artifacts),
        },
        indent=1,
    )

"""Commands about cases: ``build``, ``flash``, ``run``, ``data fetch``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from harness.bench.emulators import backend_choices
from harness.cli import faults, progress
from harness.cli.app import BoardOption, Compiler, Output, app, status_of, worst
from harness.cli.plan_commands import PlanArgument, find_plan
from harness.clock import SystemClock
from harness.errors import BenchError, DeviceError, MisuseError, PlanError
from harness.run.watch import Step, again, line

if TYPE_CHECKING:
    from harness.build.engines import ExternalEngine
    from harness.plans import ModelSpec, Plan
    from harness.run.whole import Whole

_HELLO_S = 5.0  # a board that does not answer within it is told as silent

Backend = Annotated[str, typer.Option(metavar="BACKEND", help=f"Where it runs: {', '.join(backend_choices())}.")]
Bench = Annotated[
    str | None,
    typer.Option(metavar="FILE|URL", help="The units: a bench file, or a bench elsewhere (labgrid://...)."),
]
Uid = Annotated[str | None, typer.Option("--device-serial", metavar="UID", help="The unit, by its probe's id or name.")]

MassErase = Annotated[
    bool, typer.Option("--allow-mass-erase", help="A protected or unwilling flash may be erased as a whole.")
]


@app.command()
def build(
    plan: PlanArgument,
    board: BoardOption,
    out: Annotated[Path, typer.Option("-o", "--output", metavar="ELF", help="Where the image goes.")],
    model: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Which of the plan's models (default: the first).")
    ] = None,
    compiler: Compiler = "auto",
    engine: Annotated[
        str | None,
        typer.Option(metavar="ENGINE", help="Another engine: cubeai, stai, tflm, cmsis_nn; with --engine-dir."),
    ] = None,
    engine_dir: Annotated[
        Path | None, typer.Option(metavar="DIR", help="That engine's SDK (firmware/engines/README.md).")
    ] = None,
) -> None:
    """Compile the firmware of a plan's model for a board.

    Example: hil build digits --board nucleo_f446re -o fw.elf
    """
    from harness.bench.boards import load_board
    from harness.models import load_model
    from harness.run.played.workload import playing_of
    from harness.run.product import build_product

    kind = load_board(board)
    found = find_plan(plan)
    source = _model(found, model)
    known = load_model(source, found.folder)
    image = build_product(
        known,
        kind,
        compiler=compiler,
        out=out,
        engine=_engine(engine, engine_dir),
        timeout_s=found.timeouts.build_s,
        playing=playing_of(found, board, source),
    ).image
    typer.echo(f"{out}: {known.name} for {board}, build {image.build_id}, {image.compiler}")
    typer.echo(
        f"  flash {image.flash_bytes} of {kind.memory.flash_bytes} bytes, RAM {image.ram_bytes} of {kind.memory.ram_bytes}"
    )


def _engine(name: str | None, folder: Path | None) -> ExternalEngine | None:
    if (name is None) != (folder is None):
        raise MisuseError("--engine and --engine-dir belong together", found=f"--engine {name}, --engine-dir {folder}")
    if name is None or folder is None:
        return None
    from harness.build import engines

    return engines.load(name, folder)


def _model(plan: Plan, wanted: str | None) -> ModelSpec:
    """That of the plan's models, by its name or as the plan writes it; the first for None."""
    if wanted is None:
        return plan.models[0]
    for model in plan.models:
        if wanted in (model.name, model.file):
            return model
    from harness.plans.names import suggestion

    raise PlanError(
        "the plan does not have this model",
        expected=f"one of: {', '.join(plan.model_names)}",
        found=wanted,
        next_step=suggestion(wanted, plan.model_names, "name a model of the plan"),
    )


@app.command()
def flash(
    elf: Annotated[Path, typer.Argument(metavar="ELF", exists=True, dir_okay=False, help="The image.")],
    board: BoardOption,
    backend: Backend = "auto",
    bench: Bench = None,
    device_serial: Uid = None,
    allow_mass_erase: MassErase = False,
) -> None:
    """Flash an image of this board, read it back, reset the board, and see that it is this one that says hello on its port.

    An image of another board, or one that `hil build` did not make, is refused; `pyocd flash` takes anything.

    Example: hil flash fw.elf --board nucleo_f446re
    """
    from harness.bench.boards import load_board
    from harness.bench.unit import choose_backend
    from harness.run.arrival import greet
    from harness.run.at_unit import at_unit
    from harness.run.options import RunOptions
    from harness.run.product import read_board_image
    from harness.session.remote.opening import session_with

    kind = load_board(board)
    read_board_image(kind, elf)
    options = RunOptions.make(backend=backend, bench=bench, uid=device_serial, allow_mass_erase=allow_mass_erase)
    clock = SystemClock()
    chosen = choose_backend(kind, options.backend, options.places, options.uid)

    def told(step: Step) -> None:
        typer.echo(line(step), err=True)

    with at_unit(options, kind, backend=chosen, what=f"hil flash {elf.name}", clock=clock, watch=told) as unit:
        report = unit.probe.flash(elf)
        typer.echo(
            f"{unit.uid}: {report.bytes_programmed} of {report.bytes_total} bytes programmed, all read back,"
            f" {report.duration_s:.2f} s"
        )
        try:
            greet(unit, session_with(unit), _HELLO_S, flashed=True)
            typer.echo(f"it answers on {unit.port}, chip {unit.facts().chip_id or 'without an id'}")
        except DeviceError as error:  # flashed it is; that it does not run is for `hil run` to judge
            typer.echo(f"reset; it does not say hello on {unit.port}: {error.what}")
        if report.recovery:
            typer.echo(report.recovery)
        if chosen != "probe":
            typer.echo(
                "an emulated board lives as long as its command: `hil virtual` keeps one, `pyocd flash -u` fills it"
            )


@app.command()
def run(
    plan: PlanArgument,
    board: BoardOption,
    report_dir: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where reports go (default: hil-reports/<run>).")
    ] = None,
    backend: Backend = "auto",
    bench: Bench = None,
    device_serial: Uid = None,
    firmware: Annotated[
        Path | None, typer.Option(metavar="ELF", help="Use this image instead of building one.")
    ] = None,
    model: Annotated[str | None, typer.Option(metavar="MODEL", help="Only this one of the plan's models.")] = None,
    samples: Annotated[int | None, typer.Option(min=1, help="Only the first N samples.")] = None,
    skip_flash: Annotated[bool, typer.Option("--skip-flash", help="Trust the board's flash.")] = False,
    layers: Annotated[bool, typer.Option("--layers", help="Profile the layers of one sample too.")] = False,
    compiler: Compiler = "auto",
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="End at once where all units that would do are in use: status 2.")
    ] = False,
    allow_mass_erase: MassErase = False,
    wire_log: Annotated[
        bool, typer.Option("--wire-log", help="Keep every byte in wire.log of the report directory.")
    ] = False,
    no_serial_log: Annotated[
        bool, typer.Option("--no-serial-log", help="Do not keep what the firmware prints in serial.log.")
    ] = False,
    speed: Annotated[
        Literal["fast", "realtime"] | None,
        typer.Option(help="How recordings are played (default: as the plan says)."),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(metavar="REF", help="Judge against this run: a tag, latest, a session, a run's id, or a path."),
    ] = None,
    shards: Annotated[
        str | None,
        typer.Option(metavar="N", help="Spread the samples over N units of the kind, or auto: all that are free."),
    ] = None,
    no_history: Annotated[bool, typer.Option("--no-history", help="Leave nothing in the history of runs.")] = False,
    resume: Annotated[
        str | None,
        typer.Option(metavar="RUN", help="Go on with an interrupted run: its folder, a case's, its id, or latest."),
    ] = None,
) -> None:
    """Run a plan on a board, as pytest would. Reports lie in DIR/<plan>/<board>/<model>.

    Exit status: 0 pass, 1 product, 2 rig, 3 plan, 4 inconclusive, 5 hil.

    Example: hil run digits --board nucleo_f446re --samples 100
    """
    from harness.bench.boards import load_board, names
    from harness.evidence import layout
    from harness.evidence.reports import terminal
    from harness.farm import aftercare, valve
    from harness.plans import expand
    from harness.records import Verdict
    from harness.run import of_night
    from harness.run.claim import claimed
    from harness.run.options import RunOptions
    from harness.run.resume import report_root
    from harness.run.runner import run_case
    from harness.run.whole import Whole

    options = RunOptions.make(
        backend=backend,
        bench=bench,
        uid=device_serial,
        skip_flash=skip_flash,
        firmware=firmware,
        compiler=compiler,
        allow_mass_erase=allow_mass_erase,
        wire_log=wire_log,
        resume=resume,
        layers=layers,
        serial_log=not no_serial_log,
        speed=speed,
        baseline=baseline,
        shards=shards,
        no_wait=no_wait,
    )
    if of_night.night():  # a person who runs one case by hand has a reason
        options = replace(options, ask_first=valve.check)
    root = report_root(report_dir, resume)
    found = find_plan(plan)
    load_board(board)
    cases = expand(found, boards=names(), only_boards=[board], samples=samples)
    if model is not None:
        cases = tuple(case for case in cases if case.source == _model(found, model))
    if not cases:
        raise PlanError(
            "the plan does not name this board",
            where=plan,
            expected=f"one of: {', '.join(found.boards)}",
            found=board,
            next_step="take one of these, or add the board to the plan's `boards:`",
        )
    console = Output()
    verdicts = []
    with summed_up(Whole.new(root, ["hil", *sys.argv[1:]], history=not no_history)) as whole:
        for case in cases:
            folder = layout.case_folder(root, case.id)
            with faults.kept_in(folder), claimed(folder, what=case.id):
                with progress.shown(case.id) as show, _told_where_it_stands(case.id, folder, root) as stands:

                    def watch(step: Step) -> None:
                        if step.name == "build":  # plan, model and data are right: from here on there is a record
                            whole.begin()
                        show(stands(step))

                    result = run_case(case, options, watch=watch, folder=folder).after(of_night.tries())
                # Written before it is told: a verdict that could not be kept is not announced, and a closed pipe loses none.
                try:
                    result.write(folder)
                except BenchError:
                    if result.record.verdict is not Verdict.PASS:  # what went wrong before may be why
                        console.print(terminal.view(result.record))
                    raise
                whole.keep(result, folder)
                console.print(terminal.view(result.record))
                night = of_night.night()
                for told in aftercare.after_case(result.record, board=load_board(board), options=options, night=night):
                    typer.echo(told, err=True)
            console.print(f"reports: {folder}", soft_wrap=True)
            verdicts.append(result.record.verdict)
        raise typer.Exit(worst(verdicts))


@contextmanager
def summed_up(whole: Whole) -> Iterator[Whole]:
    """Leave the reports of the whole run when the block ends, however it does. What the disk refuses is told beside the rest."""
    status = 0
    try:
        yield whole
    except BaseException as error:
        status = status_of(error)
        raise
    finally:
        if unwritten := whole.end(status):
            typer.echo(f"hil: {unwritten}", err=True)
        whole.release()


@contextmanager
def _told_where_it_stands(case_id: str, folder: Path, root: Path) -> Iterator[Callable[[Step], Step]]:
    """On Ctrl-C: what was reached, and how it is gone on with."""
    from harness.run import journal

    last = Step("start")

    def keep(step: Step) -> Step:
        nonlocal last
        last = step
        return step

    try:
        yield keep
    except KeyboardInterrupt:
        typer.echo(f"interrupted: {case_id}: {line(last)}", err=True)
        kept = (folder / journal.FILENAME).exists()
        command = again("hil", sys.argv[1:], root if kept else None)
        typer.echo(
            f"go on with: {command}" if kept else f"nothing is kept of it; begin again with: {command}", err=True
        )
        raise

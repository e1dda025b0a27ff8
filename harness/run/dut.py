"""A unit in the hands of a user's own test: ``dut.classify(samples)``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from harness.bench.boards import Board
from harness.bench.places import NoneFree
from harness.bench.unit import Unit, choose_backend, expected
from harness.build.symbols import Symbols
from harness.clock import Clock, SystemClock
from harness.data.dataset import Dataset
from harness.errors import BenchError, DeviceError, MisuseError
from harness.models import Model, load_model
from harness.models.find import known_names, made_for
from harness.plans import ModelSpec, Stream
from harness.plans.expand import Case
from harness.records import Backend, Evidence
from harness.run import onboard, underway
from harness.run.arrival import arrive
from harness.run.at_unit import at_unit
from harness.run.bring_up import Live, check_hello
from harness.run.memory import of_case
from harness.run.notes import Notes, ended_early
from harness.run.options import RunOptions
from harness.run.outcome import NotPrinted, Run
from harness.run.power import Power, came_on
from harness.run.product import Product, product_for
from harness.run.streaming import CaseFiles, listening, raise_speed
from harness.run.trail import Trail
from harness.run.truth import fitted
from harness.run.watch import Step, Watch
from harness.run.wishes import NO_MODEL, AnyModel, AnyRule, AnyTask, Wish, case_of, model_of
from harness.run.workload import make_workload, truth_of
from harness.session.climb import Climbed
from harness.session.console import Console

#: Gives a watch for one use of the unit, and takes what it has shown away again.
Shown = Callable[[], AbstractContextManager[Watch]]


_SHOWN_LINES = 8  # of what was printed, where something else was expected
_T = TypeVar("_T")


def _silent() -> AbstractContextManager[Watch]:
    return nullcontext(lambda step: None)


class Dut:
    """An open unit. ``load`` flashes a model; ``classify`` does so by itself when none, or another one, is on the board.

    When rig or firmware break a use off, its error says whose fault it was (``DeviceError``: the firmware's, ``BenchError``:
    the rig's), there is a record of it, and the next use flashes anew: nothing is taken for known of the board.
    """

    def __init__(
        self,
        unit: Unit,
        options: RunOptions,
        clock: Clock,
        folder: Path | None = None,
        *,
        trail: Trail | None = None,
        files: CaseFiles | None = None,
        shown: Shown = _silent,
    ) -> None:
        self._unit = unit
        self._folder = folder
        self._options = options
        self._clock = clock
        self._trail = trail or Trail()
        self._files = files or CaseFiles(console=Console(clock))
        self._shown = shown
        self._source: ModelSpec | None = None  # as the test named what is on the board
        self._product: Product | None = None
        self._live: Live | None = None
        self._climbed: Climbed | None = None
        self._is_off = False
        self._line: tuple[object, ...] = ()  # what of the stream was settled when the session began

    def __repr__(self) -> str:
        return f"<Dut {self._unit.board.name} {self._unit.uid}: {self.backend}, {self.model.name if self.model else 'no model'}>"

    @property
    def uid(self) -> str:
        """The unit's unique id."""
        return self._unit.uid

    @property
    def backend(self) -> Backend:
        """What kind of unit it is."""
        return self._unit.backend

    @property
    def evidence(self) -> Evidence:
        """What a result from it is worth."""
        return self._unit.evidence

    @property
    def model(self) -> Model | None:
        """The model on the board, None before ``load``."""
        return self._product.model if self._product else None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is to be known of the unit although it may be used; empty before ``load``."""
        return self._live.warnings if self._live else ()

    def load(self, model: AnyModel, *, stream: Wish | None = None, timeouts: Wish | None = None) -> None:
        """Build, flash and check the firmware of that model; nothing when it is there. Any ``HilError`` may come out.

        ``model`` as in a plan: a name, a path from the test's folder, or ``{"file": ..., "classes": [...]}``. ``stream`` and
        ``timeouts`` as for ``classify``.
        """
        source = model_of(model)
        known = load_model(source, self._folder)
        case = case_of(self._trail.test, self._unit.board.name, source, stream=stream, timeouts=timeouts)
        with self._use(case, known, leaves=False) as (case, notes, watch, _):
            self._ready(case, notes, known, watch)

    def classify(
        self,
        data: Dataset,
        model: AnyModel | None = None,
        *,
        decide: AnyRule | None = None,
        reference: str = "litert",
        samples: int | None = None,
        stream: Wish | None = None,
        timeouts: Wish | None = None,
    ) -> Run:
        """Stream ``data`` (its first ``samples``) and decide each sample: by argmax, or by the rule ``decide``.

        ``model`` as for ``load``; None = the one on the board, else the one whose model.toml names this data set, the project's
        own before the shipped ones. ``decide``: ``"threshold > 0.8"``, or a mapping as a plan's. ``stream`` (``window``,
        ``quiet``, ``baud``, ``encoding``), ``timeouts`` and ``reference`` as in a plan. Another baud, encoding or
        ``answer_s`` than before resets the board; it is not flashed again.

        ``PlanError`` and ``MisuseError`` when data, model and rule do not belong together: nothing was streamed. Errors of
        rig and firmware as said above.
        """
        wishes: dict[str, Any] = {"decide": decide, "reference": reference, "stream": stream, "timeouts": timeouts}
        return self._streamed(data, model, samples, wishes)

    def run(
        self,
        data: Dataset,
        model: AnyModel | None = None,
        *,
        task: AnyTask = "raw",
        reference: str = "litert",
        samples: int | None = None,
        stream: Wish | None = None,
        timeouts: Wish | None = None,
    ) -> Run:
        """As ``classify``, for outputs that are no classes: ``task`` is the name of a plan's task, or its mapping.

        ``run.metric(...)`` and ``run.gate(...)`` have the figures of that task; ``raw`` compares with the reference and needs no
        labels. Errors as of ``classify``.
        """
        wishes: dict[str, Any] = {"task": task, "reference": reference, "stream": stream, "timeouts": timeouts}
        return self._streamed(data, model, samples, wishes)

    def _streamed(self, data: Dataset, model: AnyModel | None, samples: int | None, wishes: dict[str, Any]) -> Run:
        if model is None and self._product is not None and self._source is not None:
            source, known = self._source, self._product.model
        else:
            source = model_of(model if model is not None else self._model_for(data))
            known = load_model(source, self._folder)
        case = case_of(self._trail.test, self._unit.board.name, source, **wishes)
        data, mapped = fitted(case.plan, known, data.first(samples))
        workload = make_workload(known, data, case.plan.reference, memory=of_case(case.plan, known, data))
        with self._use(case, known) as (case, notes, watch, folder):
            notes.workload, notes.truth = workload, truth_of(case.plan, known, workload)
            notes.warnings += [*([mapped] if mapped else []), *workload.warnings]
            self._ready(case, notes, known, watch)
            assert self._product is not None
            symbols = Symbols(self._product.image.elf)
            onboard.run(case, self._options, self._unit, notes, symbols, self._files, watch, self._clock)
        run = Run.of(case, notes, self._clock, folder, self._options.baseline)
        self._trail.streamed(run)
        return run

    @property
    def console(self) -> tuple[str, ...]:
        """The lines that the firmware has printed since the test began, the last one perhaps without its end yet.

        ``serial.log`` holds them with their times. Errors of rig and firmware as said above.
        """
        if self._live is not None:
            self._listen(lambda: None, 0.0)
        return self._printed.lines

    def expect(self, pattern: str | re.Pattern[str], timeout_s: float = 10.0) -> re.Match[str]:
        """Wait until the firmware has printed what the regular expression matches, and return the match.

        It is looked for in all that was printed behind the match before, also before this call. ``NotPrinted``, an
        AssertionError with the last lines, when it has not come after ``timeout_s`` (an emulated unit's own seconds).
        ``MisuseError`` before a model was loaded. Errors of rig and firmware as said above.
        """
        self._loaded("expect")
        found = self._listen(lambda: self._printed.find(pattern), timeout_s)
        if found is None:
            raise NotPrinted("\n".join(_not_printed(pattern, timeout_s, self._printed.unread())))
        return found

    @property
    def power(self) -> Power:
        """``off()``, ``on()`` and ``cycle()`` of the unit's power. ``BenchError`` where it has no switch: how to name one."""
        return Power(self._unit.power_switch(), self._went_off, self._came_on)

    def reset(self) -> None:
        """Reset the unit through its probe and greet it anew.

        Then it runs the same firmware from its start, has answered hello as the unit that the probe reset, is back at the
        speed of before, and holds no sample. What it printed stays in ``console``, and what it prints at its start comes
        there. ``MisuseError`` before a model was loaded. Errors of rig and firmware as said above.
        """
        self._loaded("reset")
        self._begin_anew("reset", lambda: None)

    # -- inside --------------------------------------------------------------------------------------------------------

    def _leave(self) -> None:
        """Whoever comes next finds the unit with power."""
        if self._is_off:
            self._unit.power_switch().on()

    def _went_off(self) -> None:
        self._is_off = True

    def _came_on(self) -> None:
        self._is_off = False
        self._begin_anew("power", lambda: came_on(self._unit, self._live, self._clock))

    def _begin_anew(self, what: str, first: Callable[[], None]) -> None:
        """Greet what is on the board after ``first``, if anything of ours is."""
        if self._product is None or self._live is None:
            first()
            return
        product, live = self._product, self._live
        case = case_of(self._trail.test, self._unit.board.name, self._source or NO_MODEL)
        with self._use(case, product.model, leaves=False) as (case, notes, watch, _):
            notes.product, notes.live = product, live
            watch(Step(what))
            first()
            hello, warnings = arrive(self._unit, live.session, case.plan.timeouts.hello_s, flashed=False)
            check_hello(hello, product, self._unit)
            self._climbed = raise_speed(live.session, self._unit, Stream(baud=self._baud), self._clock)
            self._live = replace(live, hello=hello, warnings=warnings)

    @property
    def _printed(self) -> Console:
        assert self._files.console is not None
        return self._files.console

    @property
    def _baud(self) -> int | None:
        """The one that the test has asked for."""
        return next((part for part in self._line[1:2] if isinstance(part, int)), None)

    def _loaded(self, verb: str) -> tuple[Product, Live]:
        if self._product is None or self._live is None:
            raise MisuseError(
                f"dut.{verb}() needs a firmware that we know on the board",
                next_step="dut.load(MODEL) first, dut.classify(...), or @pytest.mark.model(...)",
            )
        return self._product, self._live

    def _listen(self, heard: Callable[[], _T | None], timeout_s: float) -> _T | None:
        product, live = self._loaded("expect")
        case = case_of(self._trail.test, self._unit.board.name, self._source or NO_MODEL)
        with self._use(case, product.model, leaves=False) as (_, notes, _, _):
            notes.product, notes.live = product, live
            return live.session.listen(heard, timeout_s)

    @contextmanager
    def _use(
        self, case: Case, known: Model, *, leaves: bool = True
    ) -> Iterator[tuple[Case, Notes, Watch, Path | None]]:
        """One use of the unit, and where it reports to. Without ``leaves`` it has a record only when it breaks off."""
        if self._is_off:
            raise MisuseError("the unit is switched off", where=f"unit {self.uid}", next_step="dut.power.on() first")
        notes = Notes.begin(self._unit.backend, self._clock, self._folder)
        notes.network, notes.unit, notes.stand_in = known.record(), self._unit.facts(), self._unit.stand_in
        notes.console, notes.printed = self._printed, self._printed.printed
        taken = self._trail.next_use() if leaves else None
        if taken is not None:
            case = replace(case, id=taken[0])
        try:
            with self._shown() as watch:
                if taken is None:
                    yield case, notes, watch, None
                    return
                with underway.told(
                    case, self._clock, taken[1], run_id=notes.run_id, started=notes.started, backend=self.backend
                ) as notes.telling:
                    notes.telling.on_unit(self.uid)
                    yield case, notes, underway.beside(notes.telling, watch), taken[1]
        except (BenchError, DeviceError) as error:
            case_id, folder = taken or self._trail.next_use()
            symbols = Symbols(notes.product.image.elf) if notes.product else None
            self._product = self._live = None
            result = ended_early(replace(case, id=case_id), notes, self._clock, error, self._unit, symbols)
            told = self._trail.broke_off(error, result, folder)
            if told is error:
                raise
            raise told from error

    def _ready(self, case: Case, notes: Notes, known: Model, watch: Watch) -> None:
        """The model on the board, greeted, at the line's speed."""
        plan = case.plan
        line = (plan.stream.encoding, plan.stream.baud, plan.timeouts.answer_s)
        options, flashed = self._options, None
        if self._product is not None and self._live is not None and self._product.model.sha256 == known.sha256:
            notes.product = self._product = replace(self._product, model=known)  # its classes may be other ones
            self._source = case.source
            if self._line == line and self._climbed is not None:
                notes.live, notes.climbed = self._live, replace(self._climbed, steps=0)
                notes.warnings += self._live.told()
                return
            options, flashed = replace(options, skip_flash=True), self._live.flashed
        else:
            self._product = self._live = None
            watch(Step("build"))
            notes.product = product_for(known, self._unit.board, options, plan.timeouts.build_s)
            if options.ask_first is not None and self.backend == "probe":
                options.ask_first(self._trail.test, notes.product.elf_sha256)
        onboard.put(case, options, self._unit, notes, self._files, watch, self._clock)
        assert notes.live is not None
        notes.live = replace(notes.live, flashed=notes.live.flashed or flashed)
        self._product, self._live, self._climbed = notes.product, notes.live, notes.climbed
        self._source, self._line = case.source, line

    def _model_for(self, data: Dataset) -> str:
        """The first model, by name, that was made for this data set; int8 ones first, as they are what ships."""
        suited = [
            (at, name, load_model(name, self._folder)) for at, name in enumerate(made_for(data.name, self._folder))
        ]
        if not suited:
            raise MisuseError(
                f"no model was made for the dataset {data.name!r}",
                expected=f"a model whose model.toml names it under [training]; known: {', '.join(known_names(self._folder))}",
                next_step="say which: dut.classify(data, model=...), or @pytest.mark.model(...)",
            )
        return min(suited, key=lambda one: (one[2].inputs[0].dtype != "int8", one[0]))[1]


@contextmanager
def open_dut(
    board: Board,
    options: RunOptions,
    *,
    what: str,
    folder: Path | None = None,
    trail: Trail | None = None,
    shown: Shown = _silent,
) -> Iterator[Dut]:
    """Open a unit of ``board`` for a test; nothing is flashed yet. ``folder``: where the paths of models start.

    ``trail`` takes what each use leaves, also that the unit could not be opened (``BenchError``). ``NoneFree`` leaves nothing.
    """
    clock = SystemClock()
    trail = trail or Trail(what)
    trail.begin()
    backend = choose_backend(board, options.backend, options.places, options.uid)
    notes = Notes.begin(backend, clock, folder, expected(board, backend, options.places, options.uid))
    with ExitStack() as stack:
        try:
            with shown() as watch:
                unit = stack.enter_context(
                    at_unit(options, board, backend=backend, what=what, clock=clock, watch=watch, tags=options.tags)
                )
        except NoneFree:
            raise
        except BenchError as error:
            case_id, place = trail.next_use()
            result = ended_early(case_of(case_id, board.name), notes, clock, error, None, None)
            raise trail.broke_off(error, result, place) from error.__cause__
        log, console = stack.enter_context(listening(trail.folder, options, clock))
        files = CaseFiles(log=log, console=console)
        dut = Dut(unit, options, clock, folder, trail=trail, files=files, shown=shown)
        stack.callback(dut._leave)
        yield dut


def _not_printed(pattern: str | re.Pattern[str], timeout_s: float, lines: Sequence[str]) -> list[str]:
    text = pattern if isinstance(pattern, str) else pattern.pattern
    told = [f"the firmware did not print {text!r} within {timeout_s:g} s"]
    if not lines:
        return [*told, "  found:    nothing was printed behind the match before"]
    shown = lines[-_SHOWN_LINES:]
    return [*told, f"  found:    the last {len(shown)} of {len(lines)} lines behind the match before:", *shown]

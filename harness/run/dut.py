"""A unit in the hands of a user's own test: ``dut.classify(samples)``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydantic import ValidationError

from harness.bench.boards import Board
from harness.bench.probes import FLASH_TIMEOUT_S
from harness.bench.unit import Unit, choose_backend, open_unit
from harness.clock import Clock, SystemClock
from harness.data.dataset import Dataset
from harness.errors import MisuseError
from harness.models import Model, load_model, names
from harness.plans import ArgmaxRule, ModelSpec, Stream
from harness.plans.modelspec import FORM
from harness.records import Backend, Evidence, LinkFacts, Samples
from harness.run.bring_up import Live, bring_up
from harness.run.options import RunOptions
from harness.run.product import Product, build_product, read_product
from harness.run.scoring import gather, link_facts
from harness.run.streaming import raise_speed
from harness.run.workload import make_workload, matched_classes
from harness.verdict.alike import alike
from harness.verdict.decide import decide

#: A model as a test may name it: text and mapping as a plan writes them.
AnyModel = str | Path | Mapping[str, object]

_HELLO_TIMEOUT_S = 10.0
_SILENCE_S = 10.0


@dataclass(frozen=True, repr=False)
class Run:
    """What a unit made of some samples. Lost samples count as wrong, never as fewer."""

    samples: Samples
    decisions: npt.NDArray[np.int64]  # [N] class index, -1 = unknown or lost
    link: LinkFacts
    warnings: tuple[str, ...] = ()  # how the data had to be fitted to the model, and what is odd about it

    @property
    def accuracy(self) -> float:
        """Share of the samples whose decision is the label (top-1)."""
        return float(np.mean(self.decisions == self.samples.labels))

    @property
    def agreement(self) -> float:
        """Share of the samples whose raw outputs are identical to the host reference's."""
        return float(np.mean(alike(self.samples.outputs, self.samples.reference) & self.samples.answered))

    @property
    def lost(self) -> int:
        """Samples without an answer."""
        return int(np.sum(~self.samples.answered))

    def __repr__(self) -> str:
        # pytest prints it below a failed assertion: the figures, not the arrays.
        figures = (
            f"accuracy {self.accuracy:.4f}, agreement {self.agreement:.4f}" if len(self.decisions) else "no figures"
        )
        return f"<Run of {len(self.decisions)} samples: {figures}, {self.lost} lost>"


class Dut:
    """An open unit. ``load`` flashes a model; ``classify`` does so by itself when none, or another one, is on the board."""

    def __init__(self, unit: Unit, options: RunOptions, clock: Clock, folder: Path | None = None) -> None:
        self._unit = unit
        self._folder = folder
        self._options = options
        self._clock = clock
        self._product: Product | None = None
        self._live: Live | None = None

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

    def load(self, model: AnyModel) -> None:
        """Build, flash and check the firmware of that model. Any ``HilError`` of the road may come out of it.

        ``model`` as in a plan: a name, a path from the test's folder, or ``{"file": ..., "classes": [...]}``.
        """
        known = load_model(_spec(model), self._folder)
        if self._product is not None and self._product.model.sha256 == known.sha256:
            self._product = replace(self._product, model=known)  # its classes may be other ones
            return
        board = self._unit.board
        if self._options.firmware is None:
            product = build_product(known, board, compiler=self._options.compiler)
        else:
            product = read_product(known, board, self._options.firmware)
        self._live = bring_up(
            self._unit,
            product,
            clock=self._clock,
            skip_flash=self._options.skip_flash,
            flash_timeout_s=FLASH_TIMEOUT_S,
            hello_timeout_s=_HELLO_TIMEOUT_S,
            silence_s=_SILENCE_S,
            watch=lambda step: None,
        )
        raise_speed(self._live.session, self._unit, Stream(), self._clock)
        self._product = product

    def classify(self, data: Dataset, model: AnyModel | None = None) -> Run:
        """Stream ``data`` and decide each sample by argmax.

        ``model`` as for ``load``; None = the one on the board, else the one whose metadata names this dataset.
        """
        if model is not None or self._product is None:
            self.load(model or _model_for(data))
        assert self._product is not None
        assert self._live is not None
        known, mapped = matched_classes(self._product.model, data)
        workload = make_workload(self._product.model, known, "litert")
        streamed = self._live.session.stream(workload.payloads())
        output = self._product.model.outputs[0]
        samples = gather(workload, streamed, output)
        decisions = decide(samples.outputs, ArgmaxRule(), output)
        warnings = (mapped, *workload.warnings) if mapped else workload.warnings
        return Run(samples, np.where(samples.answered, decisions, -1), link_facts(streamed, self.evidence), warnings)


@contextmanager
def open_dut(board: Board, options: RunOptions, *, what: str, folder: Path | None = None) -> Iterator[Dut]:
    """Open a unit of ``board`` for a test; nothing is flashed yet. ``folder``: where the paths of models start."""
    clock = SystemClock()
    backend = choose_backend(board, options.backend, options.places, options.uid)
    with open_unit(
        board,
        backend=backend,
        places=options.places,
        uid=options.uid,
        what=what,
        clock=clock,
        allow_mass_erase=options.allow_mass_erase,
    ) as unit:
        yield Dut(unit, options, clock, folder)


def _spec(model: AnyModel) -> ModelSpec:
    """``MisuseError`` for what names no model."""
    said = (
        {key: tuple(v) if isinstance(v, list) else v for key, v in model.items()}
        if isinstance(model, Mapping)
        else None
    )
    text = str(model) if isinstance(model, Path) else model
    try:
        return ModelSpec.model_validate(text if said is None else said)
    except ValidationError as error:
        raise MisuseError(
            "this names no model",
            where="model=",
            expected=FORM,
            found=repr(model),
            next_step=error.errors()[0]["msg"].removeprefix("Value error, "),
        ) from error


def _model_for(data: Dataset) -> str:
    """The first model, by name, that was made for this dataset; int8 ones first, as they are what ships."""
    models = [load_model(name) for name in names()]
    trained = [(model, model.facts.training) for model in models if model.facts]
    suited = [model for model, training in trained if training and training.dataset == data.name]
    if not suited:
        raise MisuseError(
            f"no model was made for the dataset {data.name!r}",
            expected=f"a model for it; known: {', '.join(model.name for model in models)}",
            next_step="say which: dut.classify(data, model=...), or @pytest.mark.model(...)",
        )
    return min(suited, key=lambda model: (model.inputs[0].dtype != "int8", model.name)).name

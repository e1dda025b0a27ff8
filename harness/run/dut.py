"""A unit in the hands of a user's own test: ``dut.classify(samples)``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from harness.bench.boards import Board
from harness.bench.probes import FLASH_TIMEOUT_S
from harness.bench.unit import Unit, choose_backend, open_unit
from harness.clock import Clock, SystemClock
from harness.data.dataset import Dataset
from harness.errors import MisuseError
from harness.models import metadata
from harness.models.metadata import Model
from harness.plans.schema import ArgmaxRule, Stream
from harness.records import Backend, Evidence, LinkFacts, Samples
from harness.run.bring_up import Live, bring_up
from harness.run.options import RunOptions
from harness.run.product import Product, build_product, read_product
from harness.run.scoring import gather, link_facts
from harness.run.streaming import raise_speed
from harness.run.workload import make_workload, matched_classes
from harness.verdict.alike import alike
from harness.verdict.decide import decide

_HELLO_TIMEOUT_S = 10.0
_SILENCE_S = 10.0


@dataclass(frozen=True)
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


class Dut:
    """An open unit. ``load`` flashes a model; ``classify`` does so by itself when none, or another one, is on the board."""

    def __init__(self, unit: Unit, options: RunOptions, clock: Clock) -> None:
        self._unit = unit
        self._options = options
        self._clock = clock
        self._product: Product | None = None
        self._live: Live | None = None

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

    def load(self, model: str) -> None:
        """Build, flash and check the firmware of that model. Any ``HilError`` of the road may come out of it."""
        known = metadata.load_model(model)
        if self._product is not None and self._product.model.sha256 == known.sha256:
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

    def classify(self, data: Dataset, model: str | None = None) -> Run:
        """Stream ``data`` and decide each sample by argmax.

        ``model`` None = the one on the board, else the one whose metadata names this dataset.
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
def open_dut(board: Board, options: RunOptions, *, what: str) -> Iterator[Dut]:
    """Open a unit of ``board`` for a test; nothing is flashed yet."""
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
        yield Dut(unit, options, clock)


def _model_for(data: Dataset) -> str:
    """The first model, by name, that was made for this dataset; int8 ones first, as they are what ships."""
    models = [metadata.load_model(name) for name in metadata.names()]
    suited = [model for model in models if model.facts.training and model.facts.training.dataset == data.name]
    if not suited:
        raise MisuseError(
            f"no model was made for the dataset {data.name!r}",
            expected=f"a model for it; known: {', '.join(model.name for model in models)}",
            next_step="say which: dut.classify(data, model=...), or @pytest.mark.model(...)",
        )
    return min(suited, key=lambda model: (model.inputs[0].dtype != "int8", model.name)).name

"""Where the tricks of ``test_run_fool.py`` are played: the whole road of a case, around a board of a few lines.

``Stage.fake`` runs the real ``run_case`` (plan, data, reference, session, scoring, blame) on a ``FakeDevice`` in memory whose
network is LiteRT's, with a lie of the test's own. Nothing is built and no process is started: a case takes milliseconds.
"""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from harness.bench.boards import names
from harness.bench.probes import CoreReport, CoreState, FlashReport
from harness.bench.unit import Unit, about
from harness.build.image import read_image
from harness.build.symbols import Symbols
from harness.data import Dataset, load
from harness.models import metadata, reference
from harness.plans import expand
from harness.run import runner
from harness.run.options import RunOptions
from harness.run.product import Product
from harness.run.reading import read_plan
from harness.run.runner import CaseResult
from harness.run.workload import load_case_model, make_workload
from harness.testing.clock import ManualClock
from harness.testing.device import FakeDevice, Injection, hello_for
from harness.testing.link import MemoryTransport, Peer
from harness.wire import messages as m

BOARD = "nucleo_f446re"
MODEL = "digits_cnn_int8"
GATES = ("accuracy >= 0.9", "agreement == 1", "lost_samples == 0", "input_integrity == 1")

CHIP = bytes(range(1, 13))

Array = np.ndarray[Any, Any]
#: What the board answers: (raw outputs of the reference [outputs], number of the run) -> raw outputs.
Lie = Callable[[Array, int], Array]


def honest(outputs: Array, run: int) -> Array:
    return outputs


class FakeProbe:
    """A probe that flashes nothing and resets ``device``, whose chip has the id ``chip``."""

    description = "fake probe"

    def __init__(
        self,
        device: FakeDevice,
        clock: ManualClock,
        state: CoreState = CoreState.SLEEPING,
        chip: bytes = CHIP,
        pc: int | None = None,
    ) -> None:
        self._device, self._clock, self._chip = device, clock, chip
        self._core = CoreReport(state, pc)

    def open(self) -> None: ...

    def close(self) -> None: ...

    def flash(self, elf: Path, progress: object = None, *, timeout_s: float = 0.0) -> FlashReport:
        return FlashReport(0.1, 1000, 1000, True)

    def reset(self) -> None:
        self._device.reset(self._clock.monotonic_s(), m.ResetCause.PIN)

    def core(self) -> CoreReport:
        return self._core

    def chip_id(self) -> bytes:
        return self._chip


class Stage:
    """Plays one trick. ``folder`` is the test's own; ``elf`` any real image of the board."""

    def __init__(self, folder: Path, elf: Path, monkeypatch: Any, run: Callable[..., CaseResult]) -> None:
        self.folder = folder
        self.elf = elf
        self.patch = monkeypatch
        self.virtual = run  # the same on a real virtual unit, see conftest.py's ``run``: seconds, not milliseconds

    # -- what is run ---------------------------------------------------------------------------------------------------

    def digits(self, samples: int = 60) -> Dataset:
        """The first of the real test images."""
        return load("digits", samples=samples)

    def own_data(self, x: Array, y: Array, **more: Array) -> dict[str, Any]:
        """Arrays as a data set of the plan's own: what goes under ``dataset``."""
        np.savez(self.folder / "own.npz", x=x, y=y, **more)
        return {"name": "npz", "options": {"path": "own.npz"}}

    def own_rows(self, text: str, **options: str) -> dict[str, Any]:
        """Lines of text as a data set of the plan's own."""
        (self.folder / "own.csv").write_text(text, encoding="utf-8", newline="")
        return {"name": "csv", "options": {"path": "own.csv", **options}}

    def own_model(self, of: str = MODEL, **facts: Any) -> str:
        """A copy of a shipped model with other facts in its model.toml, by its path."""
        folder = Path(shutil.copytree(metadata.load_model(of).path.parent, self.folder / "own_model"))
        toml = folder / "model.toml"
        lines = toml.read_text("utf-8").splitlines()
        for key, value in facts.items():
            lines = [f"{key} = {value}" if line.startswith(f"{key} =") else line for line in lines]
        toml.write_text("\n".join(lines) + "\n", "utf-8")
        return str(toml)

    def case(
        self,
        *,
        data: dict[str, Any] | None = None,
        gates: Sequence[str] = GATES,
        model: str | dict[str, Any] = MODEL,
        samples: int | None = None,
        **plan: Any,
    ) -> Any:
        """The case of a plan that is written, read and expanded as a user's; ``samples`` is ``--samples``."""
        tree = {
            "name": "trick",
            "boards": [BOARD],
            "models": [model],
            "dataset": data or {"name": "digits", "samples": 60},
            "gates": list(gates),
            **plan,
        }
        path = self.folder / "trick.yaml"
        path.write_text(yaml.safe_dump(tree), "utf-8")
        (case,) = expand(read_plan(path), boards=names(), samples=samples)
        return case

    # -- where it is run -----------------------------------------------------------------------------------------------

    def fake(
        self,
        board: Lie = honest,
        *,
        inject: Sequence[Injection] = (),
        core: CoreState = CoreState.SLEEPING,
        hello: Callable[[m.Hello], m.Hello] = lambda hello: hello,
        elsewhere: bytes | None = None,
        real: bool = False,
        pc: str = "",
        around: Callable[[FakeDevice], Peer] = lambda device: device,
        skip_flash: bool = False,
        case: Any = None,
        **plan: Any,
    ) -> CaseResult:
        """Run a case on a board of ours. ``board`` is its lie, ``inject`` its faults, ``hello`` changes what it says it is.

        ``elsewhere``: the probe sits on another board than the one that answers, one whose chip has that id. ``real``: it
        counts as hardware. ``pc``: the function that the core is in, when the probe asks. ``around`` puts something between
        the board and the line.
        """
        case = case or self.case(**plan)
        clock = ManualClock()
        image = dataclasses.replace(read_image(self.elf), model_sha256=load_case_model(case).sha256, model_json=None)
        product = Product(load_case_model(case), image, "0" * 64)
        known: dict[bytes, Array] = {}  # what the reference says, so that the board need not compute it again
        device = FakeDevice(hello(_hello(product)), _network(product, board, known), compute_s=0.001, inject=inject)
        transport = MemoryTransport(around(device), clock, name="fake line")
        at = _symbols(self.elf).address_of(pc) if pc else None
        probe = FakeProbe(device, clock, core, pc=None if at is None else at + 4)
        if elsewhere is not None:
            probe = FakeProbe(FakeDevice(_hello(product), lambda data: data), clock, core, elsewhere)
        stand_in = None if real else about("virtual")

        @contextmanager
        def open_fake(options: Any, kind: Any, **_: Any) -> Iterator[Unit]:
            yield Unit(kind, "fake-0", "fake line", "virtual", probe, transport, stand_in, clock=clock)

        def made(*arguments: Any) -> Any:
            workload = make_workload(*arguments)
            host = workload.expected if workload.converted is None else workload.converted
            known.update(zip(workload.payloads(), host, strict=True))
            return workload

        self.patch.setattr(runner, "Symbols", _symbols)
        self.patch.setattr(runner, "at_unit", open_fake)
        self.patch.setattr(runner, "make_workload", made)
        self.patch.setattr(runner, "product_for", lambda *_, **__: product)
        options = RunOptions(backend="virtual", skip_flash=skip_flash)
        return runner.run_case(case, options, watch=lambda step: None, clock=clock)


@cache
def _symbols(elf: Path) -> Symbols:
    """Of an image, read once: its line table takes a second."""
    return Symbols(elf)


def _hello(product: Product) -> m.Hello:
    def specs(tensors: Sequence[Any]) -> tuple[m.TensorSpec, ...]:
        kinds = {"float32": m.DType.FLOAT32, "int8": m.DType.INT8}
        return tuple(m.TensorSpec(kinds[t.dtype], t.shape, t.scale, t.zero_point, t.name) for t in tensors)

    hello = hello_for(
        [1],
        [1],
        model_sha256=bytes.fromhex(product.model.sha256),
        board=BOARD,
        build_id=product.image.build_id,
        chip_id=CHIP,
    )
    return dataclasses.replace(
        hello,
        clock_source=m.ClockSource.EXTERNAL,
        inputs=specs(product.model.inputs),
        outputs=specs(product.model.outputs),
    )


def _network(product: Product, lie: Lie, known: dict[bytes, Array]) -> Callable[[bytes], bytes]:
    source = product.model.inputs[0]
    oracle = reference.load("litert")
    runs = 0

    def compute(data: bytes) -> bytes:
        nonlocal runs
        if data not in known:
            known[data] = oracle.run(product.model.path, np.frombuffer(data, dtype=source.dtype).reshape(source.shape))[
                0
            ]
        outputs = lie(known[data], runs)
        runs += 1
        return outputs.astype(outputs.dtype.newbyteorder("<")).tobytes()

    return compute

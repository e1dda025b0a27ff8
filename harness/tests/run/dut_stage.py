"""A ``Dut`` on a fake device in memory whose network is LiteRT's: what a test of one's own does, in milliseconds."""

from __future__ import annotations

import dataclasses

from fool_stage import BOARD, MODEL, FakeProbe, _hello, _network, honest

from harness.bench.boards import load_board
from harness.bench.probes import CoreState
from harness.bench.unit import Unit, about
from harness.build.image import read_image
from harness.data import load
from harness.models import load_model
from harness.run import dut as module
from harness.run.dut import Dut
from harness.run.options import RunOptions
from harness.run.product import Product
from harness.run.trail import Trail
from harness.testing.clock import ManualClock
from harness.testing.device import FakeDevice
from harness.testing.link import MemoryTransport


def digits(samples):
    return load("digits", samples=samples)


def fake_dut(
    monkeypatch,
    elf,
    folder,
    *,
    lie=honest,
    inject=(),
    around=lambda device: device,
    core=CoreState.SLEEPING,
    real=False,
    base=None,
    baseline=None,
):
    """The unit, what it leaves (reports in ``folder``), and the device behind it. Paths of models start at ``base``."""
    model = load_model(MODEL)
    product = Product(model, dataclasses.replace(read_image(elf), model_sha256=model.sha256, model_json=None), "0" * 64)
    clock = ManualClock()
    device = FakeDevice(_hello(product), _network(product, lie, {}), compute_s=0.001, inject=inject)
    transport = MemoryTransport(around(device), clock, name="fake line")
    stand_in = None if real else about("virtual")
    probe = FakeProbe(device, clock, core)
    unit = Unit(load_board(BOARD), "fake-0", "fake line", "virtual", probe, transport, stand_in, clock=clock)
    monkeypatch.setattr(module, "product_for", lambda known, *_: dataclasses.replace(product, model=known))
    trail = Trail("test_mine.py::test_it", folder)
    return Dut(unit, RunOptions(backend="virtual", baseline=baseline), clock, base, trail=trail), trail, device

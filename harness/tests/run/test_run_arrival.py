"""Who answers after a reset, and at what clock: a bench of fake boards whose lines can be led anywhere."""

import itertools
from dataclasses import replace

import pytest

from harness.bench import lease
from harness.bench.boards import load_board
from harness.bench.unit import Unit, about
from harness.errors import BenchError, DeviceError
from harness.run.arrival import arrive, greet
from harness.session.verbs import BoardSilentError, Session
from harness.testing.clock import ManualClock
from harness.testing.device import FakeDevice, Fault, Injection, hello_for
from harness.testing.link import MemoryTransport
from harness.wire import messages as m

BOARD = load_board("nucleo_f446re")


class FakeProbe:
    """At one fake board: resets it and reads its chip's id."""

    description = "fake"

    def __init__(self, device, clock, chip_id):
        self._device, self._clock, self._chip_id = device, clock, chip_id

    def open(self):
        """Always there."""

    def close(self):
        """Holds nothing."""

    def chip_id(self):
        return self._chip_id

    def reset(self):
        self._device.reset(self._clock.monotonic_s(), m.ResetCause.PIN)


class Bench:
    """Boards 0 to n - 1 with their probes; ``unit(i, k)`` is unit i with a port that leads to board k."""

    def __init__(self, n=2, *, chips=None, hello=lambda hello: hello, inject=(), board=BOARD):
        self.clock = ManualClock()
        self.board = board
        self.chips = chips or [bytes([i + 1] * 11 + [0x7F]) for i in range(n)]
        first = replace(hello_for([4], [4]), clock_source=m.ClockSource.EXTERNAL)
        self.devices = [
            FakeDevice(replace(hello(first), boot=100 * i, chip_id=chip), lambda data: data, inject=inject)
            for i, chip in enumerate(self.chips)
        ]
        self.probes = {f"U{i}": FakeProbe(device, self.clock, self.chips[i]) for i, device in enumerate(self.devices)}

    def unit(self, i, k, backend="probe"):
        transport = MemoryTransport(self.devices[k], self.clock, name=f"port{k}")
        others = tuple(uid for uid in self.probes if uid != f"U{i}")
        return Unit(
            self.board, f"U{i}", f"port{k}", backend, self.probes[f"U{i}"], transport, about(backend),
            others=others, open_probe=lambda _board, uid: self.probes[uid],
        )  # fmt: skip

    def arrive(self, i, k, *, flashed=True, backend="probe"):
        unit = self.unit(i, k, backend)
        hello, warnings = arrive(unit, Session(unit.transport, self.clock), 5.0, flashed=flashed)
        return unit, hello, warnings


@pytest.mark.parametrize("flashed", [True, False], ids=["flashed", "skip-flash"])
def test_in_every_permutation_of_four_boards_just_those_that_answer_for_themselves_are_taken(flashed):
    for order in itertools.permutations(range(4)):
        bench = Bench(4)
        for i, k in enumerate(order):
            if i == k:
                unit, hello, _warnings = bench.arrive(i, k, flashed=flashed)
                assert hello.chip_id == bench.chips[i]
                assert unit.facts().chip_id == unit.facts().chip_id_hello == bench.chips[i].hex()
                continue
            with pytest.raises(BenchError) as caught:
                bench.arrive(i, k, flashed=flashed)
            for word in (f"U{i}", f"U{k}", bench.chips[i].hex(), bench.chips[k].hex(), f"port{k}", "hil discover"):
                assert word in str(caught.value)


def test_both_boards_reset_at_once_are_told_apart_by_their_ids_alone():
    bench = Bench(2)
    probe = bench.probes["U0"]
    alone = probe.reset

    def both():
        alone()
        bench.devices[1].reset(bench.clock.monotonic_s())

    probe.reset = both
    with pytest.raises(BenchError, match="another board answers"):
        bench.arrive(0, 1)


@pytest.mark.parametrize("chips", [[b"", b""], [bytes(12), bytes(12)], [b"\xff" * 12] * 2, [b"clone clone!"] * 2])
def test_boards_without_an_id_or_with_the_same_one_are_told_apart_by_the_reset(chips):
    bench = Bench(2, chips=chips)
    _unit, _hello, warnings = bench.arrive(0, 0)
    assert bool(warnings) == (chips[0] != b"clone clone!"), "what is known by the reset alone is said"
    with pytest.raises(BenchError, match="not the one that the probe has reset"):
        bench.arrive(0, 1)


def test_a_neighbour_in_use_is_not_disturbed_to_name_it():
    bench = Bench(3)
    with lease.acquire("U1", what="another run"), pytest.raises(BenchError) as caught:
        bench.arrive(0, 1)
    assert "no other probe that is free" in str(caught.value)
    assert "U1" in str(caught.value)
    assert bench.chips[1].hex() in str(caught.value)


def test_the_record_has_both_ids_of_a_crossed_unit():
    bench = Bench(2)
    unit = bench.unit(0, 1)
    with pytest.raises(BenchError):
        greet(unit, Session(unit.transport, bench.clock), 5.0, flashed=True)
    facts = unit.facts()
    assert (facts.chip_id, facts.chip_id_hello) == (bench.chips[0].hex(), bench.chips[1].hex())


def test_a_board_of_another_version_behind_a_freshly_flashed_unit_is_the_rigs_fault():
    bench = Bench(2, inject=[Injection(Fault.WRONG_PROTOCOL)])
    with pytest.raises(BenchError, match="another firmware answers"):
        bench.arrive(0, 1)
    with pytest.raises(DeviceError, match="refused"):
        bench.arrive(0, 0, flashed=False)


def test_a_silent_board_stays_a_silent_board():
    bench = Bench(1)
    bench.devices[0]._silent = True
    with pytest.raises(BoardSilentError):
        bench.arrive(0, 0)


# -- the clock ---------------------------------------------------------------------------------------------------------


def clock_of(hz, source=m.ClockSource.EXTERNAL):
    return lambda hello: replace(hello, clock_hz=hz, clock_source=source)


def test_a_unit_at_its_clock_arrives_and_the_record_says_which():
    unit, _hello, warnings = Bench(1, hello=clock_of(180_000_000, m.ClockSource.EXTERNAL)).arrive(0, 0)
    assert warnings == ()
    assert (unit.facts().clock_hz, unit.facts().clock_source) == (180_000_000, "external")


def test_a_real_unit_whose_pll_did_not_start_is_the_rigs_fault_with_both_figures_and_the_oscillator():
    bench = Bench(1, hello=clock_of(16_000_000))
    unit = bench.unit(0, 0)
    with pytest.raises(BenchError) as caught:
        arrive(unit, Session(unit.transport, bench.clock), 5.0, flashed=True)
    for word in ("180,000,000", "16,000,000", "HSI", "U0"):
        assert word in str(caught.value)
    assert unit.facts().clock_hz == 16_000_000


def test_on_an_emulated_chip_another_clock_is_the_firmwares_fault():
    with pytest.raises(DeviceError, match="does not run at the board's clock"):
        Bench(1, hello=clock_of(90_000_000)).arrive(0, 0, backend="virtual")


@pytest.mark.parametrize("backend", ["renode", "qemu"])
def test_where_no_clock_is_modelled_another_one_is_told_and_not_judged(backend):
    _unit, _hello, warnings = Bench(1, hello=clock_of(16_000_000)).arrive(0, 0, backend=backend)
    assert any("16,000,000" in warning and "not judged" in warning for warning in warnings)


def test_a_clock_from_outside_that_did_not_start_is_told_as_the_tolerance_of_every_latency():
    unit, _hello, warnings = Bench(1, hello=clock_of(180_000_000, m.ClockSource.INTERNAL)).arrive(0, 0)
    assert any("own oscillator" in warning and "latency" in warning for warning in warnings)
    assert unit.facts().clock_source == "internal"
    board = BOARD.model_copy(update={"clock_source": "internal"})
    bench = Bench(1, board=board, hello=clock_of(180_000_000, m.ClockSource.INTERNAL))
    assert bench.arrive(0, 0)[2] == (), "as it is meant"

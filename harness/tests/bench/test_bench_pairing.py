"""Probes and ports in any order: which belongs to which is found by the chips' own ids."""

import itertools
from contextlib import ExitStack, closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.bench import discover, emulators, lease
from harness.bench.boards import load_board
from harness.bench.discover import Attached, Identified
from harness.bench.pairing import pair, settle
from harness.bench.probes.pyocd import PyocdProbe
from harness.clock import SystemClock
from harness.models import metadata
from harness.run.product import build_product
from harness.session.whoami import whoami

BOARD = "nucleo_f446re"
EIGHT = range(8)


def unit(number, port, chip_id=None):
    return Identified(f"U{number}", f"port{port}", BOARD, chip_id=f"chip{number}" if chip_id is None else chip_id)


@given(st.permutations(EIGHT))
def test_eight_boards_shuffled_are_each_found_at_the_port_that_leads_to_them(order):
    # Probe i says that its port is number order[i]; port k leads to chip k.
    found = pair([unit(i, order[i]) for i in EIGHT], {f"port{k}": f"chip{k}" for k in EIGHT})
    assert [(one.uid, one.port, one.proved) for one in found] == [(f"U{i}", f"port{i}", True) for i in EIGHT]
    assert [bool(one.why) for one in found] == [order[i] != i for i in EIGHT]


def test_every_permutation_of_four_is_found():
    for order in itertools.permutations(range(4)):
        found = pair([unit(i, order[i]) for i in range(4)], {f"port{k}": f"chip{k}" for k in range(4)})
        assert [one.port for one in found] == [f"port{i}" for i in range(4)]


@given(st.permutations(EIGHT), st.sets(st.integers(0, 7)))
def test_where_some_do_not_answer_no_unit_gets_a_port_that_is_anothers_and_none_is_called_proved_that_is_not(
    order, mute
):
    found = pair([unit(i, order[i]) for i in EIGHT], {f"port{k}": "" if k in mute else f"chip{k}" for k in EIGHT})
    for i, one in enumerate(found):
        if i not in mute:
            assert (one.port, one.proved) == (f"port{i}", True)
        else:
            assert not one.proved
            assert one.why
            assert one.port in ("", f"port{order[i]}")
            assert one.port not in {f"port{k}" for k in EIGHT if k not in mute}


def test_two_chips_with_one_id_are_never_proved_and_keep_the_ports_of_their_probes():
    found = pair([unit(0, 1, "same"), unit(1, 0, "same")], {"port0": "same", "port1": "same"})
    assert [(one.port, one.proved) for one in found] == [("port1", False), ("port0", False)]
    assert all("same unique id" in one.why for one in found)
    (alone,) = pair([unit(0, 1, "a")], {"port0": "a", "port1": "a"})
    assert not alone.proved
    assert "several ports" in alone.why


def test_a_chip_without_an_id_keeps_the_port_of_its_probe_unproved():
    (one,) = pair([unit(0, 0, "")], {"port0": ""})
    assert (one.port, one.proved) == ("port0", False)


def test_a_unit_in_use_is_not_asked_and_neither_is_its_port():
    asked = []
    with lease.acquire("U1", what="a run"):
        found = settle([unit(0, 0), unit(1, 1)], lambda port, baud: asked.append(port) or "chip0")
    assert asked == ["port0"]
    assert [one.proved for one in found] == [True, False]
    assert lease.holder("U0") is None


@pytest.mark.timeout(600)
def test_eight_real_virtual_boards_with_shuffled_ports_are_found_in_every_rotation(tmp_path):
    board = load_board(BOARD)
    elf = build_product(metadata.load_model("digits_cnn_int8"), board, out=tmp_path / "fw.elf").image.elf
    with ExitStack() as stack:
        units = [stack.enter_context(closing(emulators.start("virtual", board))) for _ in EIGHT]
        for one in units:
            probe = PyocdProbe(one.uid, board.debug)
            with closing(probe):
                probe.open()
                probe.flash(elf)
                probe.reset()

        def ask(port, baud):
            hello = whoami(port, baud, SystemClock())
            return hello.chip_id.hex() if hello else ""

        told = [
            discover.identify(Attached(one.uid, one.port, ""), [board], lambda b, uid: PyocdProbe(uid, b.debug))
            for one in units
        ]
        assert len({one.chip_id for one in told}) == 8, "each virtual unit has an id of its own"
        for turn in EIGHT:
            wired = [Identified(t.uid, told[(i + turn) % 8].port, BOARD, chip_id=t.chip_id) for i, t in enumerate(told)]
            found = settle(wired, ask)
            assert [(one.uid, one.port, one.proved) for one in found] == [(u.uid, u.port, True) for u in units]

"""Two real virtual boards whose ports are crossed in the bench file, with the same image in both."""

from contextlib import closing
from dataclasses import replace

import pytest
from run_cases import BOARD, MODEL, digits_case

from harness.bench import emulators
from harness.bench.boards import load_board
from harness.bench.places import Place
from harness.bench.probes.pyocd import PyocdProbe
from harness.bench.unit import Unit
from harness.errors import BenchError, MisuseError
from harness.models import metadata
from harness.records import Verdict
from harness.run.dut import open_dut
from harness.run.journal import FILENAME, read
from harness.run.options import RunOptions
from harness.run.product import build_product
from harness.run.runner import run_case
from harness.virtual.host.control import Control


@pytest.fixture(scope="module")
def units(tmp_path_factory):
    """Two boards that both run the digits firmware."""
    board = load_board(BOARD)
    elf = build_product(metadata.load_model(MODEL), board, out=tmp_path_factory.mktemp("fw") / "fw.elf").image.elf
    with closing(emulators.start("virtual", board)) as a, closing(emulators.start("virtual", board)) as b:
        for unit in (a, b):
            with closing(PyocdProbe(unit.uid, board.debug)) as probe:
                probe.open()
                probe.flash(elf)
                probe.reset()
        yield a, b


@pytest.fixture
def crossed(units):
    a, b = units
    return Place(BOARD, a.uid, b.port), Place(BOARD, b.uid, a.port)


def names_both(text, places):
    ids = {}
    for place in places:
        with closing(PyocdProbe(place.uid, load_board(BOARD).debug)) as probe:
            probe.open()
            ids[place.uid] = probe.chip_id().hex()
    assert len(set(ids.values())) == 2
    assert all(uid in text and chip in text for uid, chip in ids.items()), text
    return ids


@pytest.mark.parametrize("skip_flash", [False, True], ids=["flash", "skip-flash"])
def test_a_run_on_crossed_ports_is_an_error_that_names_both_units_and_both_chips(crossed, skip_flash):
    options = RunOptions(backend="probe", places=crossed, uid=crossed[0].uid, skip_flash=skip_flash)
    record = run_case(digits_case(10), options, watch=lambda step: None).record
    assert record.verdict is Verdict.ERROR
    ids = names_both(record.reasons[0], crossed)
    assert (record.unit.chip_id, record.unit.chip_id_hello) == (ids[crossed[0].uid], ids[crossed[1].uid])
    assert record.measurements == ()


def test_with_the_line_of_the_one_cut_the_other_that_answers_does_not_pass_for_it(units, crossed):
    with Control(units[0].uid) as unit:
        unit.cut_line()
    try:
        options = RunOptions(backend="probe", places=crossed, uid=crossed[0].uid)
        record = run_case(digits_case(10), options, watch=lambda step: None).record
    finally:
        with Control(units[0].uid) as unit:
            unit.join_line()
    assert record.verdict is Verdict.ERROR
    names_both(record.reasons[0], crossed)


def test_a_test_of_the_users_own_gets_the_same_error(crossed):
    options = RunOptions(backend="probe", places=crossed, uid=crossed[1].uid)
    with open_dut(load_board(BOARD), options, what="a test") as dut, pytest.raises(BenchError) as caught:
        dut.load(MODEL)
    names_both(str(caught.value), crossed)


def test_a_run_begun_on_one_real_unit_is_not_gone_on_with_on_another(units, tmp_path, monkeypatch):
    monkeypatch.setattr(Unit, "evidence", "hardware")  # an emulated unit is another each time, and may be gone on with
    monkeypatch.setenv("HIL_STATE_DIR", str(tmp_path / "state"))  # speeds of real units are remembered
    places = tuple(Place(BOARD, unit.uid, unit.port) for unit in units)

    def interrupt(step):
        if step.name == "stream" and step.share >= 0.3:
            raise KeyboardInterrupt

    first, second = (RunOptions(backend="probe", places=places, uid=place.uid) for place in places)
    with pytest.raises(KeyboardInterrupt):
        run_case(digits_case(20), first, watch=interrupt, folder=tmp_path)
    before = read(tmp_path / FILENAME)
    assert 0 < len(before.answered) < 20
    with pytest.raises(MisuseError, match="begun on another one"):
        run_case(digits_case(20), replace(second, resume=str(tmp_path)), watch=lambda step: None, folder=tmp_path)
    assert read(tmp_path / FILENAME).answered == before.answered
    record = run_case(digits_case(20), replace(first, resume=str(tmp_path)), watch=lambda step: None, folder=tmp_path)
    assert record.record.link.lost == 0


def test_the_same_two_rightly_named_pass(units):
    places = tuple(Place(BOARD, unit.uid, unit.port) for unit in units)
    for place in places:
        options = RunOptions(backend="probe", places=places, uid=place.uid)
        record = run_case(digits_case(10), options, watch=lambda step: None).record
        assert record.verdict is Verdict.PASS, record.reasons
        assert record.unit.chip_id == record.unit.chip_id_hello != ""

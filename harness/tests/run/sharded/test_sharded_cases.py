"""A case on three virtual units: what one unit would have given, whatever becomes of a unit in the middle."""

import os
import shlex
import signal
import sys
from dataclasses import replace

import numpy as np
import pytest
from run_images import UDF, damage_weight, replace_start
from shard_stage import BOARD, digits_case, flash, free, halfway, run, share_of, started, when

from harness.bench import lease, loans, rackstate
from harness.bench.boards import load_board, names
from harness.bench.rackstate import State
from harness.disk import folders
from harness.evidence import layout, read_record, read_samples
from harness.farm import aftercare
from harness.paths import shipped
from harness.plans import expand
from harness.records import Verdict
from harness.run import journal
from harness.run.options import RunOptions
from harness.run.reading import read_plan
from harness.run.runner import run_case
from harness.virtual.debug import registry

FULL = os.environ.get("HIL_FULL") == "1"
N = 160
FLASHED = []  # once a module


@pytest.fixture(autouse=True)
def _own_rack_states(tmp_path, monkeypatch):
    monkeypatch.setenv(folders.STATE, str(tmp_path / "state"))


@pytest.fixture
def right(rack, image):
    """Every unit has the right image; those that a test gives another one have it again afterwards."""
    changed = []
    if not FLASHED:
        run(digits_case(20), rack, shards=3)
        FLASHED.append(True)
    yield changed
    for uid in changed:
        flash(uid, image)


@pytest.fixture
def copy(image, tmp_path):
    path = tmp_path / "changed.elf"
    path.write_bytes(image.read_bytes())
    return path


def test_spread_over_all_units_there_are_it_gives_bit_for_bit_what_one_unit_does(rack, alone, tmp_path):
    result = run(digits_case(N, shards=5), rack, folder=tmp_path)
    record, samples = result.record, result.samples
    assert record.verdict is Verdict.PASS, record.reasons
    assert len(record.warnings) == 1, record.warnings
    (told,) = record.warnings
    assert "over 5 units, and ran on 3 units" in told
    for name in ("ids", "outputs", "status", "answered", "input_crc", "sent_crc", "decisions", "digests"):
        assert np.array_equal(getattr(samples, name), getattr(alone.samples, name)), name
    figures = {m.name: (m.value, m.n) for m in alone.record.measurements if m.name in ("accuracy", "agreement")}
    assert {name: (record.measurement(name).value, record.measurement(name).n) for name in figures} == figures
    # One record, each sample one unit's, and each unit's part in it.
    assert [share.unit.uid for share in record.units] == list(rack.uids)
    assert [share.answered for share in record.units] == np.bincount(samples.units, minlength=3).tolist()
    assert sum(share.answered for share in record.units) == N
    assert all(share.compared >= 16 and share.trusted and not share.fault for share in record.units)
    assert record.link.payload_bytes == sum(share.link.payload_bytes for share in record.units)
    # Which went alone, not that they were enough: on a busy host some answers come too late to be timed.
    assert sum(share.timed for share in record.units) == int(samples.quiet.sum()) > 0
    assert free(rack)
    result.write(tmp_path)
    assert read_record(tmp_path) == record
    assert np.array_equal(read_samples(tmp_path).units, samples.units)
    assert not (tmp_path / journal.FILENAME).exists(), "the reports say it all"


def test_with_one_unit_left_it_is_an_ordinary_run_with_a_word_of_why(rack):
    with lease.reserve(rack.uids[0], what="somebody else"):
        rackstate.move(rack.uids[1], State.SUSPECT, reason="looks odd", by="a person")
        record = run(digits_case(40), rack, shards="auto").record
    assert record.verdict is Verdict.PASS
    assert record.units == ()
    (told,) = (words for words in record.warnings if "not spread" in words)
    assert "is suspect" in told
    assert "in use" in told


def test_a_unit_that_is_killed_in_mid_run_gives_its_samples_to_the_others(rack, right, alone, tmp_path, monkeypatch):
    gone = rack.uids[1]
    watch = when(0.1, halfway(monkeypatch, gone, lambda: rack.kill(gone)), unit=gone, folder=tmp_path)
    try:
        result = run(digits_case(N), rack, shards=3, watch=watch, folder=tmp_path)
        held = not free(rack)
    finally:
        rack.start(gone)
    record = result.record
    assert record.verdict is Verdict.PASS, record.reasons
    assert np.array_equal(result.samples.outputs, alone.samples.outputs)
    assert sum(share.answered for share in record.units) == N
    assert share_of(record, gone).fault, "it is that unit's, and told in its part"
    assert sum(bool(share.fault) for share in record.units) == 1
    assert any(f"unit {gone} was lost after" in words for words in record.warnings)
    assert not held


@pytest.mark.skipif(not FULL, reason="the rest of the campaign; with HIL_FULL=1")
def test_all_units_lost_is_the_rigs_fault(rack, monkeypatch):
    def kill_all():
        for uid in rack.uids[:2]:
            rack.kill(uid)

    with lease.reserve(rack.uids[2], what="somebody else"):
        try:
            record = run(
                digits_case(N), rack, shards=2, watch=when(0.1, halfway(monkeypatch, rack.uids[0], kill_all))
            ).record
        finally:
            for uid in rack.uids[:2]:
                rack.start(uid)
    assert record.verdict is Verdict.ERROR
    assert all(uid in " ".join(record.reasons) for uid in rack.uids[:2])
    assert "samples had been answered by then" in record.reasons[-1]
    assert free(rack)


def test_a_unit_that_computes_otherwise_is_named_by_the_majority_and_is_suspect_from_then_on(rack, copy, right):
    damage_weight(copy, 40)
    odd = rack.uids[2]
    right.append(odd)
    flash(odd, copy)
    result = run(digits_case(N), rack, shards=3, skip_flash=True)
    record = result.record
    assert record.verdict is Verdict.ERROR, "nothing is said of the product"
    assert f"unit {odd} computed sample" in record.reasons[0]
    assert "agree bit for bit" in record.reasons[0]
    assert [share.trusted for share in record.units] == [True, True, False]
    assert result.samples is None
    options = RunOptions(backend="probe", places=rack.places())
    (told,) = aftercare.after_case(record, board=load_board(BOARD), options=options)
    assert f"unit {odd} is suspect: it disagrees with its equals" in told
    assert rackstate.state_of(odd).state is State.SUSPECT
    assert [rackstate.state_of(uid).state for uid in rack.uids[:2]] == [State.GOOD, State.GOOD]
    if FULL:  # and of two nobody can say who is right
        with lease.reserve(rack.uids[0], what="somebody else"):
            rackstate.move(odd, State.GOOD, reason="try again", by="a person")
            record = run(digits_case(N), rack, shards=2, skip_flash=True).record
        assert record.verdict is Verdict.ERROR
        assert "no majority" in record.reasons[0]
        assert [share.trusted for share in record.units] == [False, False]


@pytest.mark.skipif(not FULL, reason="the rest of the campaign; with HIL_FULL=1")
def test_a_crash_on_one_unit_is_the_products_fault_with_the_unit_named_and_the_others_stopped(rack, copy, right):
    replace_start(copy, "hil_nn_dense_s8", UDF)
    right.append(rack.uids[0])
    flash(rack.uids[0], copy)
    record = run(digits_case(N), rack, shards=3, skip_flash=True).record
    assert record.verdict is Verdict.FAIL
    assert record.reasons[0].startswith(f"unit {rack.uids[0]}: the firmware crashed at pc")
    assert record.fault is not None
    assert [bool(share.fault) for share in record.units] == [True, False, False]
    assert free(rack)


def test_it_is_gone_on_with_after_a_kill_and_every_sample_is_scored_once(rack, alone, tmp_path):
    process = started(tmp_path, "--bench", rack.bench, "--shards", "3", "--no-history")
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert free(rack)
    folder = layout.case_folder(tmp_path, f"digits/{BOARD}/digits_cnn_int8")
    before = journal.read(folder / journal.FILENAME)
    assert before.spread
    assert 0 < len(before.answered) < 450
    assert set(before.by) == set(before.answered)
    assert set(before.by.values()) <= set(rack.uids)
    # Without a word of shards: what several units have begun is gone on with by several.
    (case,) = expand(read_plan(shipped("testplans") / "digits.yaml"), boards=names(), only_boards=[BOARD])
    result = run(case, rack, folder=folder, resume=str(folder))
    record = result.record
    assert record.verdict is Verdict.PASS, record.reasons
    assert record.run_id == before.run_id
    assert np.array_equal(result.samples.outputs[:N], alone.samples.outputs)
    numbers = {share.unit.uid: number for number, share in enumerate(record.units)}
    assert all(result.samples.units[index] == numbers[uid] for index, uid in before.by.items()), "the first ones stand"
    lines = (folder / journal.FILENAME).read_bytes().splitlines()
    assert len([line for line in lines if b'{"i":' in line]) == 450
    assert any("gone on with" in words for words in record.warnings)


@pytest.mark.skipif(not FULL, reason="the rest of the campaign; with HIL_FULL=1")
def test_ctrl_c_ends_it_tidily_and_tells_how_it_is_gone_on_with(rack, tmp_path):
    process = started(tmp_path, "--bench", rack.bench, "--shards", "auto", "--no-history")
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGINT
    assert "go on with:" in said
    assert "--shards auto" in said
    assert "Traceback" not in said
    assert free(rack)


def test_units_that_a_scheduler_has_lent_are_used_and_no_others(rack, tmp_path):
    first, second, third = rack.uids
    case = digits_case(40)
    with lease.reserve(first, what="a controller"), lease.reserve(second, what="a controller"):
        loans.lend(tmp_path, case.id, [second])
        folder = layout.case_folder(tmp_path, case.id)
        record = run(case, rack, shards="auto", uid=first, folder=folder).record
        loans.give_back(tmp_path, case.id)
    assert record.verdict is Verdict.PASS
    assert [share.unit.uid for share in record.units] == [first, second]
    assert lease.holder(third) is None


def test_virtual_units_without_a_bench_are_started_for_it_and_gone_afterwards():
    before = {entry.uid for entry in registry.running()}
    record = run(digits_case(40), shards=2).record
    assert record.verdict is Verdict.PASS
    assert len({share.unit.uid for share in record.units}) == 2
    assert {entry.uid for entry in registry.running()} == before


@pytest.mark.skipif(not FULL, reason="the rest of the campaign; with HIL_FULL=1")
def test_a_sequence_is_computed_from_its_beginning_wherever_it_goes(rack, tmp_path):
    lengths = [40, 3, 17, 25, 1, 30]
    names_of = [f"s{at}" for at, length in enumerate(lengths) for _ in range(length)]
    steps = np.random.default_rng(5).normal(0, 1, (len(names_of), 1, 10)).astype(np.float32)
    np.savez(tmp_path / "steps.npz", x=steps, y=np.zeros(len(steps), int), sequences=np.array(names_of))
    path = tmp_path / "wake.yaml"
    path.write_text(
        f"name: wake\nboard: {BOARD}\nmodel: streaming_keyword_int8\ntask: raw\ngates: [agreement >= 1]\n"
        "dataset: {name: npz, options: {path: steps.npz, unlabelled: true}}\nstate: {reset: each sequence}\nshards: auto\n"
    )
    (case,) = expand(read_plan(path), boards=[BOARD])
    result = run(case, rack)
    assert result.record.verdict is Verdict.PASS, result.record.reasons
    assert result.record.measurement("agreement").value == 1.0
    assert len(result.record.units) == 3


def test_units_of_another_host_take_their_part_as_those_of_this_one_do(rack, alone, monkeypatch):
    monkeypatch.setenv("HIL_SSH", f"{shlex.quote(sys.executable)} -m harness.testing.far_host --delay-ms 25")
    monkeypatch.setenv("HIL_UNIT_SERVER", f"{shlex.quote(sys.executable)} -m harness unit-server --bench {rack.bench}")
    places = tuple(replace(place, port="", via="rack2") for place in rack.places()[:2])
    options = RunOptions(backend="probe", places=places, shards=2)
    result = run_case(digits_case(N), options, watch=lambda step: None)
    assert result.record.verdict is Verdict.PASS, result.record.reasons
    assert np.array_equal(result.samples.outputs, alone.samples.outputs)
    # Which of them was ready first may have taken most; the common samples both have computed.
    assert sum(share.answered for share in result.record.units) == N
    assert all(share.compared >= 16 and not share.fault for share in result.record.units)
    assert free(rack)

"""The bench in virtual time: exact, so that the link's promises can be held to the digit on any machine."""

import json
import random
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import BenchError, MisuseError
from harness.linkbench import check, content, faults, ours, render, seed_case
from harness.linkbench.bench import Bench
from harness.linkbench.grid import OURS, Grid, Setting, noise_samples
from harness.linkbench.line import Way
from harness.linkbench.stepped import SteppedFirmware
from harness.linkbench.timed_model import N_OUTPUTS, build_timed
from harness.session.verbs import Session
from harness.testing.clock import ManualClock
from harness.testing.device import FakeDevice, hello_for
from harness.testing.link import MemoryTransport
from harness.wire.encodings import encode_chunk

FIELDS = {
    *("protocol", "payload_bytes", "baud", "adapter_ms", "inference_ms", "byte_error_rate"),
    *("samples_per_s", "line_use", "limit_ratio"),
}
CORNERS = Grid(adapters_ms=(0.0, 16.0))


@pytest.fixture(scope="module")
def cells():
    return list(Bench(seconds=5.0).run(CORNERS))


@pytest.fixture(scope="module")
def noise_cells():
    return list(Bench(seconds=5.0, content="noise").run(replace(CORNERS, protocols=(OURS, "infineon"))))


def of_ours(cells):
    return [cell for cell in cells if cell.protocol == OURS]


def test_every_setting_has_a_cell_for_every_protocol_and_every_sample_comes_through(cells):
    assert len(cells) == 2 * 2 * 2 * 3 * 6
    assert {(cell.complete, cell.wrong) for cell in cells} == {(True, 0)}


def test_the_line_is_used_to_96_hundredths_for_large_and_94_for_small_samples_when_it_is_what_limits(
    noise_cells, cells
):
    # By what a sample takes raw, whichever images there are and however short they become.
    bound = [cell for cell in of_ours([*noise_cells, *cells]) if cell.inference_ms / 1000 < cell.setting.transfer_s]
    assert len(bound) == 2 * 18
    for cell in bound:
        assert cell.line_use >= (0.96 if cell.payload_bytes == 27_648 else 0.94), cell


def test_a_sample_takes_five_percent_more_than_its_inference_at_most_when_that_is_what_limits(cells):
    bound = [cell for cell in of_ours(cells) if cell.inference_ms / 1000 >= cell.setting.transfer_s]
    assert len(bound) == 6
    for cell in bound:
        assert 1 / cell.samples_per_s <= 1.05 * cell.setting.limit_s, cell


def test_protocols_that_wait_for_every_few_bytes_are_ten_times_slower_behind_a_16_ms_adapter(cells):
    for setting, found in render.by_setting(cells).items():
        if setting.baud == 921_600 and setting.adapter_ms == 16 and setting.inference_ms <= 10:
            for peer in ("mlperf", "st"):
                assert found[OURS].samples_per_s >= 10 * found[peer].samples_per_s, setting


def test_every_peer_is_slower_in_every_cell(cells):
    for setting, found in render.by_setting(cells).items():
        for name, cell in found.items():
            assert name == OURS or found[OURS].samples_per_s > cell.samples_per_s, (setting, name)
    assert "ours is ahead in 120 of 120 comparisons" in render.remarks(cells)


def test_what_no_encoding_shortens_costs_2_percent_at_most_against_raw_bytes_without_any_check(noise_cells):
    behind = 0
    for setting, found in render.by_setting(noise_cells).items():
        ratio = found[OURS].samples_per_s / found["infineon"].samples_per_s
        # What CRC-32, numbers and stuffing cost where there is nothing to win by overlapping or by an encoding.
        assert ratio > (0.98 if setting.payload_bytes == 27_648 else 1.0), setting
        behind += ratio < 1
    remarks = render.remarks(noise_cells)
    assert behind > 0
    assert f"ours is ahead in {24 - behind} of 24 comparisons" in remarks
    assert sum("behind infineon by" in line for line in remarks) == behind
    assert "without numbers or checksum" in remarks[-1]


def test_no_protocol_beats_the_physical_limit_without_compression(cells, noise_cells):
    assert max(cell.limit_ratio for cell in [*noise_cells, *cells] if cell.sent_bytes >= cell.payload_bytes) <= 1.0
    assert all(cell.sent_bytes < 0.6 * cell.payload_bytes for cell in of_ours(cells))
    assert all(cell.sent_bytes == cell.payload_bytes for cell in noise_cells)


def test_table_remarks_plot_and_json_tell_of_every_cell(cells, tmp_path):
    assert render.table(cells).row_count == 24
    assert any("ours is ahead in" in line for line in render.remarks(cells))
    render.write_plot(cells, tmp_path / "deep" / "plot.svg")
    assert "<svg" in (tmp_path / "deep" / "plot.svg").read_text(encoding="utf-8")
    render.write_json(cells, tmp_path / "cells.json")
    told = json.loads((tmp_path / "cells.json").read_text(encoding="utf-8"))
    assert len(told) == len(cells)
    assert all(set(cell) >= FIELDS for cell in told)


def test_the_seeds_own_payload_takes_3_percent_more_than_its_wire_time_and_int8_is_four_times_as_fast():
    case = seed_case.run(Bench())
    assert case.wire_s == pytest.approx(0.2722, abs=1e-4)
    assert case.float_over_wire <= 1.03
    assert 1 / case.cells[0].samples_per_s == pytest.approx(0.302, rel=0.01)
    assert case.times_seed(3) >= 4
    # scikit-learn's digits, enlarged, need more bytes than MNIST's images.
    assert case.times_seed(4) >= 8
    assert render.seed_table(case).row_count == 5


def test_the_firmware_and_its_twin_in_python_need_the_same_time_for_the_same_stream():
    samples = noise_samples(40, 784)
    image = build_timed(784)
    lines = [(Way(921_600), Way(921_600, adapter_s=0.001)) for _ in range(2)]
    firmware = ours.virtual(image.elf, samples, *lines[0], baud=921_600, inference_s=0.01)
    hello = hello_for([784], [N_OUTPUTS], slots=image.slots, chunk_bytes=784)
    twin = FakeDevice(hello, lambda data: data[:N_OUTPUTS], compute_s=0.01)
    transport = MemoryTransport(twin, ManualClock(), up=lines[1][0], down=lines[1][1], baud=921_600)
    session = Session(transport, transport._clock, window=None)
    session.hello()
    outcome = session.stream(samples)
    assert outcome.lost == {}
    assert firmware.right == 40
    assert firmware.wall_s == pytest.approx(outcome.wall_s, rel=0.01)


def test_in_real_time_every_sample_comes_through_the_sockets_too():
    pairs = list(check.check_in_real_time(
        list(Bench(seconds=1.0).run(Grid(payloads=(784,), bauds=(921_600,), adapters_ms=(16.0,), inferences_ms=(0.0,),
                                         protocols=(OURS,)))), None, lambda done, total, what: None))  # fmt: skip
    ((virtual, real),) = pairs
    assert (real.complete, real.wrong, real.time, virtual.time) == (True, 0, "real", "virtual")
    # A floor and no more: a busy machine is slower, none can be faster than the line.
    assert 0 < real.limit_ratio <= 1.0


def test_damage_costs_ours_time_and_never_a_sample():
    cell = Bench(seconds=8.0).cell(OURS, Setting(784, 115_200, 1.0, 0.0, 1e-4), noise_samples(100, 784), "noise")
    assert (cell.complete, cell.wrong) == (True, 0)
    assert cell.limit_ratio > 0.8


def test_a_firmware_that_ends_is_told_and_no_process_stays():
    with pytest.raises(BenchError, match="it ended"), SteppedFirmware(Path(shutil.which("true")), 0.0):
        pass


@pytest.mark.parametrize(("n_bytes", "kind"), [(784, "images"), (27_648, "images"), (1000, "images"), (100, "noise")])
def test_content_comes_in_the_size_that_was_asked_for(n_bytes, kind):
    samples = content.samples(kind, 5, n_bytes)
    assert [len(sample) for sample in samples] == [n_bytes] * 5
    assert len(set(samples)) == 5


def test_photographs_come_at_every_reduction_and_gain_from_differences():
    sizes = [
        sum(len(encode_chunk(photo[at : at + 1024])[1]) for at in range(0, len(photo), 1024))
        for photo in content.samples("images", 16, 27_648)
    ]
    assert len(set(sizes)) == 16
    assert max(sizes) < 0.9 * 27_648
    assert sum(sizes) < 0.65 * 16 * 27_648


@pytest.mark.parametrize(
    "values",
    [
        {"payloads": (0,)},
        {"bauds": (1,)},
        {"adapters_ms": (-1.0,)},
        {"error_rates": (0.9,)},
        {"protocols": ("kermit",)},
    ],
)
def test_a_grid_with_values_that_do_not_exist_is_refused(values):
    with pytest.raises(MisuseError):
        next(Bench().run(Grid(**values)))


def test_the_campaigns_cover_the_rates_bursts_and_resets():
    plans = list(faults.plans(1000, seed=7))
    assert {plan.byte_error_rate for plan in plans} == {1e-6, 1e-5, 1e-4, 1e-3}
    assert max(plan.burst for plan in plans) > 1
    assert max(plan.resets for plan in plans) == 2


def test_a_campaign_is_reported_as_table_and_json(tmp_path):
    report = faults.run(faults.Plan(60, 1e-3, 1, 1, seed=random.Random(4).randrange(100), payload_bytes=200))
    assert report.clean
    assert report.detected > 0
    assert faults.table([report]).row_count == 1
    faults.write_json([report], tmp_path / "faults.json")
    (told,) = json.loads((tmp_path / "faults.json").read_text(encoding="utf-8"))
    assert (told["clean"], told["scored_once"], told["undetected"]) == (True, 60, 0)

"""A whole run whose unit labgrid's coordinator has: it waits in labgrid's queue, says who has the place, and gives it back."""

import os
import shlex
import subprocess
import sys
import time

import pytest

from harness.bench.labgrid import export
from harness.bench.labgrid.address import parse
from harness.bench.labgrid.session import Session
from harness.paths import shipped
from harness.testing.labgrid_lab import Lab, commands
from harness.testing.rack import VirtualRack

pytestmark = pytest.mark.skipif(
    commands() is None, reason="labgrid is not installed: HIL_LABGRID names its environment"
)

BOARD = "nucleo_f446re"


@pytest.fixture
def bench(tmp_path):
    with VirtualRack({BOARD: 1}, tmp_path / "rack.yaml") as rack, Lab(tmp_path / "lab") as lab:
        lab.exporter("rack1", export.exporter_file(rack.places(), "near"))
        lab.places({"one": ("rack1/*/HilUnit", {"board": BOARD})})
        yield rack, lab


def test_a_run_waits_in_labgrids_queue_runs_over_ssh_and_gives_the_place_back(bench, tmp_path):
    rack, lab = bench
    python = shlex.quote(sys.executable)
    stranger = Session(parse(lab.url))
    stranger.host, stranger.run = "desk", "bob"
    number = stranger.join()
    stranger.acquire(number, "one")
    said = tmp_path / "said"
    with said.open("wb") as file:
        run = subprocess.Popen(
            [
                *(sys.executable, "-m", "harness", "run", str(shipped("testplans") / "digits.yaml"), "--board", BOARD),
                *("--bench", lab.url, "--samples", "5", "--no-history"),
            ],
            cwd=tmp_path,
            stdout=file,
            stderr=file,
            env=os.environ
            | {
                "HIL_SSH": f"{python} -m harness.testing.far_host",
                "HIL_UNIT_SERVER": f"{python} -m harness unit-server --bench {rack.bench}",
            },
        )
    try:
        end_s = time.monotonic() + 120
        while f"waits for one: one: desk/bob.{number}" not in said.read_text():
            assert run.poll() is None, said.read_text()
            assert time.monotonic() < end_s, said.read_text()
            time.sleep(0.1)
        stranger.release(number)
        run.wait(200)
        text = said.read_text()
        assert rack.uids[0] in text, text
        assert "5 of 450 samples" in text, text
        assert run.returncode == 4, text  # five samples prove no accuracy with confidence
        assert not any(place["acquired"] for place in stranger.seen().places)
    finally:
        run.kill()
        run.wait()
        stranger.close()

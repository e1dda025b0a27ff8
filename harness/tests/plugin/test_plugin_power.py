"""``dut.power`` on a unit that leaves the bus with its power: probe and port come back, and the test goes on."""

from plugin_runs import BOARD, pytest_in

from harness.testing.rack import VirtualRack

TEST = """
import pytest

@pytest.mark.board("nucleo_f446re")
def test_it_goes_on(dut, dataset):
    samples = dataset("digits").test[:5]
    dut.load("digits_cnn_int8")
    before = dut.classify(samples)
    dut.power.cycle(0.1)
    after = dut.classify(samples)
    assert (before.decisions == after.decisions).all()
    dut.power.off()
"""


def test_a_test_cuts_the_power_of_probe_and_port_and_goes_on(tmp_path):
    (tmp_path / "test_own.py").write_text(TEST)
    with VirtualRack({BOARD: 1}, tmp_path / "bench.yaml") as rack:
        done = pytest_in(tmp_path, "--board", BOARD, "--bench", rack.bench, "test_own.py")
        assert "1 passed" in done.stdout, done.stdout + done.stderr
        assert rack.alive(rack.uids[0])  # switched on for whoever comes next

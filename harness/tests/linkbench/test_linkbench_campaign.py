import pytest

from harness.errors import MisuseError
from harness.linkbench.campaign import run_campaign
from harness.testing.noise import Noise


@pytest.mark.parametrize(
    ("samples", "rate", "burst", "resets"), [(1000, 1e-4, 1, 5), (300, 1e-3, 8, 3), (300, 0.0, 1, 2)]
)
def test_every_sample_is_scored_exactly_once_and_no_error_goes_by_unnoticed(samples, rate, burst, resets):
    report = run_campaign(samples=samples, payload_bytes=784, byte_error_rate=rate, burst=burst, resets=resets, seed=5)
    assert report.clean, report
    assert (report.scored_once, report.undetected, report.agreement) == (samples, 0, 1.0)
    assert report.resets == resets
    assert (report.errors_injected > 0) == (report.detected > 0) == (rate > 0)
    # A chunk goes again because it was seen to be damaged, and what the board saw is not forgotten with its resets.
    assert report.detected >= report.repaired / 2 or not rate


def test_ten_thousand_samples_survive_one_error_in_ten_thousand_bytes_and_twenty_resets():
    report = run_campaign(samples=10_000, payload_bytes=784, byte_error_rate=1e-4, burst=1, resets=20, seed=1)
    assert report.clean, report
    assert report.resets == 20
    assert report.agreement == 1.0


def test_a_campaign_of_nothing_is_a_mistake():
    with pytest.raises(MisuseError, match="out of range"):
        run_campaign(samples=0, payload_bytes=784, byte_error_rate=0.0, burst=1, resets=0, seed=1)


def test_bursts_keep_the_rate_and_come_in_rows():
    data = bytes(200_000)
    single = Noise(1e-3, 3, kinds=("flip",))
    burst = Noise(1e-3, 3, kinds=("flip",), burst=10)
    assert 150 < sum(byte != 0 for byte in single(data)) < 250
    places = [at for at, byte in enumerate(burst(data)) if byte]
    assert 100 < len(places) < 320
    assert len(places) % 10 == 0
    assert all(places[i + 9] - places[i] == 9 for i in range(0, len(places), 10))


def test_a_burst_goes_on_in_the_next_piece():
    noise = Noise(0.01, 1, kinds=("flip",), burst=50)
    whole = Noise(0.01, 1, kinds=("flip",), burst=50)(bytes(5000))
    assert b"".join(noise(bytes(7)) for _ in range(5000 // 7)) == whole[: 5000 // 7 * 7]

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.linkbench.line import PACKET_BYTES, Way, byte_s
from harness.testing.noise import Noise

BAUD = 115_200
BYTE_S = 10 / BAUD


def delivered(way, until_s, steps=4000):
    """(moment, byte) for everything that arrives, looked at in small steps."""
    seen = []
    for i in range(steps + 1):
        now_s = until_s * i / steps
        seen += [(now_s, byte) for byte in way.take(now_s)]
    return seen


def test_a_byte_takes_ten_bit_times():
    assert byte_s(115_200) == pytest.approx(86.8e-6, rel=1e-3)


def test_bytes_follow_each_other_without_a_gap_and_none_comes_before_its_stop_bit():
    way = Way(BAUD)
    way.put(b"abc", 1.0)
    way.put(b"de", 1.0 + BYTE_S)  # while the first three are still leaving
    assert [way.due_s(n) for n in range(1, 6)] == pytest.approx([1.0 + n * BYTE_S for n in range(1, 6)])
    assert way.due_s(6) is None
    assert way.take(1.0 + 0.99 * BYTE_S) == b""
    assert way.take(1.0 + BYTE_S) == b"a"
    assert way.take(1.0 + 4.5 * BYTE_S) == b"bcd"
    assert way.next_due_s() == pytest.approx(1.0 + 5 * BYTE_S)
    assert way.take(2.0) == b"e"
    assert way.next_due_s() is None


def test_a_line_that_was_idle_begins_when_it_is_given_a_byte():
    way = Way(BAUD)
    way.put(b"a", 0.0)
    way.put(b"b", 5.0)
    assert way.due_s(2) == pytest.approx(5.0 + BYTE_S)


def test_an_adapter_hands_few_bytes_over_at_the_next_tick_of_its_timer():
    way = Way(BAUD, adapter_s=0.016, phase_s=0.0)
    way.put(b"abc", 0.017)
    assert way.due_s(1) == way.due_s(3) == pytest.approx(0.032)
    assert way.take(0.0319) == b""
    assert way.take(0.032) == b"abc"


def test_an_adapter_hands_a_full_packet_over_at_once_and_its_timer_begins_anew():
    way = Way(BAUD, adapter_s=0.016)
    way.put(bytes(PACKET_BYTES + 1), 0.0)
    full_s = PACKET_BYTES * BYTE_S
    assert way.due_s(PACKET_BYTES) == pytest.approx(full_s)
    assert way.due_s(PACKET_BYTES + 1) == pytest.approx(full_s + 0.016)
    assert len(way.take(full_s)) == PACKET_BYTES
    assert way.take(full_s + 0.0159) == b""
    assert len(way.take(full_s + 0.016)) == 1


@given(
    st.lists(st.tuples(st.floats(0, 0.05), st.binary(min_size=1, max_size=200)), max_size=8),
    st.sampled_from([None, 0.001, 0.016]),
)
def test_everything_arrives_once_in_order_never_early_and_within_the_latency(puts, adapter_s):
    way = Way(BAUD, adapter_s=adapter_s)
    earliest, busy_s, sent = [], 0.0, b""
    for at_s, data in sorted(puts, key=lambda put: put[0]):
        way.put(data, at_s)
        busy_s = max(busy_s, at_s)
        for _ in data:
            busy_s += BYTE_S
            earliest.append(busy_s)
        sent += data
    until_s = busy_s + 0.05
    seen = delivered(way, until_s)
    assert bytes(byte for _, byte in seen) == sent
    step_s = until_s / 4000
    for (moment_s, _), due_s in zip(seen, earliest, strict=True):
        assert due_s - 1e-9 <= moment_s <= due_s + (adapter_s or 0.0) + step_s + 1e-9


@given(st.binary(min_size=1, max_size=500), st.lists(st.floats(0, 0.1), max_size=20))
def test_looking_at_other_moments_changes_nothing_but_the_pieces(data, moments):
    once, often = Way(BAUD, adapter_s=0.001), Way(BAUD, adapter_s=0.001)
    once.put(data, 0.0)
    often.put(data, 0.0)
    seen = b""
    for now_s in sorted(moments):
        seen += often.take(now_s)
    assert seen + often.take(1.0) == once.take(1.0) == data


def test_noise_damages_the_share_of_bytes_that_it_is_told():
    way = Way(BAUD, noise=Noise(0.01, seed=3, kinds=("flip",)))
    way.put(bytes(20_000), 0.0)
    damaged = sum(byte != 0 for byte in way.take(1e6))
    assert damaged == way.noise.errors
    assert 120 < damaged < 300

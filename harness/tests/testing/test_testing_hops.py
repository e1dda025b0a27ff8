"""The fake board computes hops of a recording in their order, as the firmware does, whatever the line does."""

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.session.verbs import Session
from harness.testing.clock import ManualClock
from harness.testing.device import ENCODINGS, FakeDevice, hello_for
from harness.testing.link import Direction, MemoryTransport, Noise
from harness.wire.messages import Capability

HOP = ENCODINGS | Capability.CHUNKS | Capability.FAULT | Capability.CYCLES | Capability.STREAM


@settings(max_examples=60)
@given(
    seed=st.integers(0, 10_000),
    noise=st.sampled_from([0.0, 1e-3, 3e-3]),
    compute_s=st.sampled_from([0.0, 0.02]),
    slots=st.sampled_from([2, 4]),
)
def test_hops_are_computed_in_their_order_each_once(seed, noise, compute_s, slots):
    clock = ManualClock()
    hello = hello_for([40], [1], slots=slots, chunk_bytes=16, capabilities=HOP)
    device = FakeDevice(hello, lambda data: data[:1], compute_s=compute_s)
    line = [Direction(11_520, 0.001, Noise(noise, seed + k)) for k in (0, 1)]
    session = Session(MemoryTransport(device, clock, up=line[0], down=line[1], baud=115_200), clock)
    session.hello()
    hops = [bytes([k]) * 40 for k in range(20)]
    outcome = session.stream(hops)
    assert outcome.lost == {}
    assert [result.outputs[0] for result in outcome.results] == list(range(20))
    assert device.seen == hops, "in their order, and none twice"

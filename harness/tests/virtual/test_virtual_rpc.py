import struct

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harness.virtual.debug import rpc
from harness.virtual.debug.dap import DapFault
from harness.virtual.debug.rpc import Inbox, reply
from harness.virtual.host.tamper import Fault, Tamper


@given(st.lists(st.binary(max_size=40)), st.integers(1, 17))
def test_messages_come_out_whole_however_the_stream_is_cut(payloads, piece):
    stream = b"".join(reply(rpc.OK, payload) for payload in payloads)
    inbox, bodies = Inbox(), []
    for at in range(0, len(stream), piece):
        bodies += inbox.feed(stream[at : at + piece])
    assert bodies == [b"\0" + payload for payload in payloads]


@given(st.integers(rpc.LARGEST + 1, 0xFFFFFFFF) | st.just(0))
def test_an_impossible_length_is_refused(length):
    with pytest.raises(ValueError, match="bytes"):
        Inbox().feed(struct.pack("<I", length))


@given(st.binary(), st.integers(0, 30), st.integers(0, 255))
def test_corruption_touches_its_byte_alone_wherever_the_stream_is_cut(data, after, mask):
    whole, parts = Tamper(), Tamper()
    for tamper in (whole, parts):
        tamper.plan(Fault("corrupt", after, mask))
    expected = bytes(byte ^ mask if i == after else byte for i, byte in enumerate(data))
    assert whole.apply(data) == expected
    assert b"".join(parts.apply(data[i : i + 1]) for i in range(len(data))) == expected


def test_unknown_faults_are_refused():
    with pytest.raises(ValueError, match="corrupt, drop, insert"):
        Tamper().plan(Fault("melt", 0))


@example([("write_ap", 0, 1), ("write_ap", 4, 3), ("read_ap", 12, 0)])  # half a word at an odd address
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["read_dp", "write_dp", "read_ap", "write_ap"]),
            st.sampled_from([0x0, 0x4, 0x8, 0xC]) | st.integers(0, 0xFFFFFFFF),
            st.integers(0, 0xFFFFFFFF),
        ),
        max_size=40,
    )
)
def test_no_sequence_of_debug_accesses_breaks_the_port(accesses):
    dap = _dap()
    for name, address, value in accesses:
        try:
            if name.startswith("read"):
                assert 0 <= getattr(dap, name)(address) <= 0xFFFFFFFF
            else:
                getattr(dap, name)(address, value)
        except DapFault:
            dap.write_dp(0, 4)
    dap.write_dp(0, 4)
    dap.write_dp(8, 0)
    assert dap.read_dp(0) == 0x2BA01477


_CHIP = []


def _dap():
    from harness.virtual.debug.dap import Dap
    from harness.virtual.soc.stm32f446re import Stm32F446

    if not _CHIP:
        _CHIP.append(Stm32F446("dap"))
    return Dap(_CHIP[0].access_ports, lambda: None)

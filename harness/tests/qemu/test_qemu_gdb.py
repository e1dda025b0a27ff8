"""gdb's remote protocol: packets for themselves, and the dialogue with a stub that keeps and breaks its word."""

import socket
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import BenchError
from harness.qemu.gdb import Packets, Stub, StubGone, packet


def escaped(payload: bytes) -> bytes:
    """As a stub sends any bytes (gdb's manual, "Overview")."""
    body = b"".join(b"}" + bytes([byte ^ 0x20]) if byte in b"$#}*" else bytes([byte]) for byte in payload)
    return b"$" + body + b"#%02x" % (sum(body) % 256)


@given(st.lists(st.binary(max_size=80), max_size=5), st.data())
def test_whatever_is_sent_comes_out_however_it_was_cut(payloads, data):
    stream = b"+".join(map(escaped, payloads))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    packets = Packets()
    found = []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += packets.feed(stream[start:end])
    assert found == payloads


@given(st.binary(max_size=200))
def test_any_bytes_are_packets_or_a_value_error(data):
    try:
        found = Packets().feed(data)
    except ValueError:
        return
    assert all(isinstance(payload, bytes) for payload in found)


def test_the_examples_of_gdbs_manual_read_as_it_says():
    # "0* " is 0 four times: ' ' is 32, 32 - 29 = 3 more.
    assert Packets().feed(b"$0* #7a") == [b"0000"]
    assert packet(b"g") == b"$g#67"
    assert packet(b"OK") == b"$OK#9a"


@pytest.mark.parametrize("damaged", [b"$OK#9b", b"$OK#zz", b"$}#7d", b"$*#2a", b"$* #4a", b"$" + b"a" * 2_000_000])
def test_a_damaged_packet_is_a_value_error(damaged):
    with pytest.raises(ValueError, match=r"checksum|escape|repetition|bytes"):
        Packets().feed(damaged)


@pytest.fixture
def against():
    """A stub whose peer answers each request from a table, in a thread, and hangs up where the table has nothing."""
    ours, theirs = socket.socketpair()
    threads = []

    def answer(table):
        packets = Packets()
        with theirs:
            while data := theirs.recv(4096):
                for request in packets.feed(data):
                    if request not in table:
                        return
                    reply = table[request]
                    theirs.sendall(b"".join(map(escaped, reply if isinstance(reply, list) else [reply])))

    def go(table):
        threads.append(threading.Thread(target=answer, args=({b"QStartNoAckMode": b"OK"} | table,)))
        threads[0].start()
        stub = Stub(ours)
        stub.greet()
        return stub

    yield go
    ours.close()
    threads[0].join()


def test_memory_and_registers_are_read(against):
    stub = against({b"m8000000,4": b"00200120", b"pf": b"4c620008"})
    assert stub.read(0x08000000, 4) == bytes.fromhex("00200120")
    assert stub.register(15) == 0x0800624C


def test_much_memory_goes_in_pieces_that_the_stub_takes(against):
    stub = against({b"m0,400": b"11" * 0x400, b"m400,10": b"22" * 0x10})
    assert stub.read(0, 0x410) == b"\x11" * 0x400 + b"\x22" * 0x10


def test_what_the_monitor_prints_is_put_together(against):
    stub = against(
        {b"qRcmd," + b"info status".hex().encode(): [b"O" + b"VM ".hex().encode(), b"O" + b"up".hex().encode(), b"OK"]}
    )
    assert stub.monitor("info status") == "VM up"


@pytest.mark.parametrize(
    ("table", "ask"),
    [
        ({b"m0,4": b"E14"}, lambda stub: stub.read(0, 4)),
        ({b"m0,4": b"0011"}, lambda stub: stub.read(0, 4)),
        ({b"M0,1:ff": b"E14"}, lambda stub: stub.write(0, b"\xff")),
        ({b"pf": b"E14"}, lambda stub: stub.register(15)),
        ({b"qRcmd,61": b""}, lambda stub: stub.monitor("a")),
    ],
)
def test_a_refusal_is_the_rigs_error_and_the_dialogue_goes_on(against, table, ask):
    stub = against({b"m10,1": b"7f"} | table)
    with pytest.raises(BenchError):
        ask(stub)
    assert stub.read(0x10, 1) == b"\x7f"


def test_a_stub_that_hangs_up_is_gone(against):
    stub = against({})
    with pytest.raises(StubGone, match="hung up"):
        stub.read(0, 4)

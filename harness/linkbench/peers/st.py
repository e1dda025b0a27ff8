"""ST's validation on target (stm_ai_runner 3.1): protobuf messages in 33-byte packets, one sync byte before each.

Source: stm32msg_spec.md, serial_hw_drv.py and pb_mgr_drv.py of stm32ai-modelzoo-services, as described in the project's
field notes ("On-target ML validation", sections 2 and 3). A message is cut into packets of one length byte and 32 bytes of
payload, padded. The host waits for one sync byte (0xAA) from the board before each packet; packets of the board are not
acknowledged (0x80 in the length byte marks a message's last one). For each sample:

    host -> board   NETWORK_RUN request            board -> host   ack
    host -> board   aiDataMsg (the input)          board -> host   ack (with a checksum that nobody compares)
    host -> board   ack                            board -> host   aiOperatorMsg; aiTensorMsg (descriptor and output)

For a VWW image of 27,648 bytes that is 867 packets up, each with its turnaround, as the notes count. The sync byte is never
compared with 0xAA. The messages' own fields are stood for by filling of the same length: what counts is bytes and waits.
"""

from __future__ import annotations

from collections.abc import Generator

from harness.linkbench.party import Action, Hear, Mark, Party, Say, Work, Workload

TITLE = "32-byte packets, a sync byte each"
_PAYLOAD = 32
_LAST = 0x80
_SYNC = b"\xaa"
#: Lengths of the messages without their tensor data: they give the packets of the notes' count.
_REQUEST, _ACK, _DATA_HEAD, _OPERATOR, _DESCRIPTOR = 24, 20, 14, 48, 60


def host(work: Workload) -> Party:
    """AiRunner.invoke for one sample at a time."""
    yield Mark()
    for sample in work.samples:
        yield from _send_with_sync(bytes(_REQUEST))
        yield from _receive()
        yield from _send_with_sync(bytes(_DATA_HEAD) + sample)
        yield from _receive()
        yield from _send_with_sync(bytes(_ACK))
        yield from _receive()
        tensor = yield from _receive()
        values = tensor[_DESCRIPTOR:]
        work.answers.append(tuple(value - 256 if value > 127 else value for value in values))
        yield Mark()


def device(work: Workload) -> Party:
    """The validation firmware: asks for each packet with a sync byte."""
    while True:
        yield from _receive_with_sync()
        yield from _send(bytes(_ACK))
        data = yield from _receive_with_sync()
        yield from _send(bytes(_ACK))
        yield from _receive_with_sync()
        given = data[_DATA_HEAD:][: work.sample_bytes].ljust(work.sample_bytes, b"\0")
        outputs = work.network(given)
        yield Work(work.inference_s)
        yield from _send(bytes(_OPERATOR))
        yield from _send(bytes(_DESCRIPTOR) + bytes(value & 0xFF for value in outputs))


def _packets(message: bytes) -> list[bytes]:
    parts = [message[at : at + _PAYLOAD] for at in range(0, len(message), _PAYLOAD)]
    return [bytes([len(part) | (_LAST if part is parts[-1] else 0)]) + part.ljust(_PAYLOAD, b"\0") for part in parts]


def _send_with_sync(message: bytes) -> Party:
    for packet in _packets(message):
        yield Hear(1)  # the sync byte, whatever it is
        yield Say(packet)


def _send(message: bytes) -> Party:
    for packet in _packets(message):
        yield Say(packet)


def _receive() -> Generator[Action, bytes, bytes]:
    message = b""
    while True:
        packet = yield Hear(1 + _PAYLOAD)
        message += packet[1 : 1 + (packet[0] & 0x7F)]
        if packet[0] & _LAST:
            return message


def _receive_with_sync() -> Generator[Action, bytes, bytes]:
    message = b""
    while True:
        yield Say(_SYNC)
        packet = yield Hear(1 + _PAYLOAD)
        message += packet[1 : 1 + (packet[0] & 0x7F)]
        if packet[0] & _LAST:
            return message

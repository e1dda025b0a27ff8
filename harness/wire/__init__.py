"""The wire, pure: bytes in, events out. No serial port, socket, thread or clock in here.

    framing       COBS, CRC-32, the push decoder         messages   THE message table (fields: how values are written)
    encodings     forms of a chunk (rle, differences)    cheader    renders firmware/src/wire/messages.h
    conversation  the host's side (states: what may happen; repair, outgoing, patience: how)
    board         the board's side                       events     what a conversation tells, and its counters

The contract is ``fixtures/wire/SPEC.md``; ``frames.txt`` beside it holds the vectors.
"""

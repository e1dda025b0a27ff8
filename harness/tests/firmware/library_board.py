"""The firmware's server as a library (firmware/tests/library.c), at the far end of a line in memory."""

import ctypes


class Board:
    """A Peer: the library's one board. A sample takes ``compute_s``; it is reset at each of
    ``resets_at_bytes``, once."""

    def __init__(self, library, compute_s, *resets_at_bytes):
        self._library, self._compute_s = library, compute_s
        self._resets_at_bytes = sorted(at for at in resets_at_bytes if at is not None)
        self._received = 0
        self._busy_until_s = None
        self._waiting = b""  # received while the engine runs: the ring that the interrupt fills
        self._out = b""
        library.library_reset(1)

    def receive(self, data, now_s):
        self._received += len(data)
        if self._resets_at_bytes and self._received > self._resets_at_bytes[0]:
            self._resets_at_bytes.pop(0)
            self._waiting, self._busy_until_s = b"", None
            self._library.library_reset(0)
            return
        self._waiting += data

    def send(self, now_s):
        # A run that takes no time is over at once: nothing else would wake this board for its result.
        while self._busy_until_s is None or now_s >= self._busy_until_s:
            self._out += self._taken() if self._busy_until_s is not None else b""
            self._busy_until_s = None
            self._library.library_receive(self._waiting, len(self._waiting))
            self._waiting = b""
            self._out += self._taken()
            if not self._library.library_poll():
                break
            self._busy_until_s = now_s + self._compute_s
        out, self._out = self._out, b""
        return out

    def next_due_s(self):
        return self._busy_until_s

    def _taken(self):
        buffer = ctypes.create_string_buffer(65536)
        n_bytes = self._library.library_sent(buffer, len(buffer))
        return buffer.raw[:n_bytes]

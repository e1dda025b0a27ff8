"""MLPerf Tiny's accuracy mode: ASCII commands ended by "%", the input as hexadecimal digits, 31 bytes a command.

Source: mlcommons/tiny and the EEMBC EnergyRunner, as described in the project's field notes ("On-target ML validation",
sections 2 and 3):

    host -> board   db load 784%                   board -> host   m-[Expecting 784 bytes], m-ready
    host -> board   db <62 hex digits>%            board -> host   m-ready          (31 bytes each, until all are there;
                                                                                     m-load-done with the last)
    host -> board   infer 1 0%                     board -> host   m-warmup..., m-lap-us-<us>, m-results-[...], m-ready

Each line of the board ends in CR LF and the host waits for m-ready after every command. For a VWW image of 27,648 bytes
that is 894 turnarounds and 58.9 kB up, as the notes count. The checks are the published ones: an odd number of digits and
a digit that is none are refused with e-[...], which the runner's load() does not look for; results have three decimals.
"""

from __future__ import annotations

from harness.linkbench.party import HearUntil, Mark, Party, Say, Work, Workload

TITLE = "hex db commands"
_CHUNK_BYTES = 31
_READY = b"m-ready\r\n"


def host(work: Workload) -> Party:
    """The runner: load, 31 bytes at a time, infer; only the answer to the last command is kept."""
    yield Mark()
    for sample in work.samples:
        yield Say(f"db load {len(sample)}%".encode())
        yield HearUntil(_READY)
        for at in range(0, len(sample), _CHUNK_BYTES):
            yield Say(b"db " + sample[at : at + _CHUNK_BYTES].hex().encode() + b"%")
            yield HearUntil(_READY)
        yield Say(b"infer 1 0%")
        heard = yield HearUntil(_READY)
        work.answers.append(_results(heard))
        yield Mark()


def device(work: Workload) -> Party:
    """The test harness on the board: one command at a time, everything else ignored."""
    expected, data = 0, b""
    while True:
        command = (yield HearUntil(b"%"))[:-1]
        if command.startswith(b"db load "):
            digits = command[len(b"db load ") :]
            expected, data = int(digits) if digits.isdigit() else 0, b""
            yield Say(f"m-[Expecting {expected} bytes]\r\n".encode())
        elif command.startswith(b"db "):
            part = _unhex(command[len(b"db ") :])
            if part is None:
                yield Say(b"e-[Invalid hex]\r\n")
            else:
                data += part
                if len(data) >= expected:
                    yield Say(b"m-load-done\r\n")
        elif command.startswith(b"infer "):
            # What was loaded, at its place in a buffer of the input's size.
            outputs = work.network(data[: work.sample_bytes].ljust(work.sample_bytes, b"\0"))
            yield Say(b"m-warmup-start-0\r\nm-warmup-done\r\nm-infer-start-1\r\nm-lap-us-123456789\r\n")
            yield Work(work.inference_s)
            yield Say(b"m-lap-us-123456789\r\nm-infer-done\r\n")
            values = ",".join(f"{(value + 128) / 256:.3f}" for value in outputs)
            yield Say(f"m-results-[{values}]\r\n".encode())
        yield Say(_READY)


def _unhex(digits: bytes) -> bytes | None:
    try:
        return bytes.fromhex(digits.decode())
    except ValueError:
        return None


def _results(text: bytes) -> tuple[int, ...]:
    """The int8 values that three decimals stand for; what cannot be read as such is a wrong answer."""
    inside = text.partition(b"m-results-[")[2].partition(b"]")[0]
    try:
        return tuple(round(float(value) * 256) - 128 for value in inside.split(b","))
    except ValueError:
        return ()

"""Infineon's ModusToolbox ML stream: raw frames between NUL-ended words, without length, checksum or sequence.

Source: mtb_ml_stream.c of Infineon's ml-middleware, as described in the project's field notes ("On-target ML validation",
section 3):

    host -> board   ML_START                       board -> host   ML_READY
    host -> board   ML_MODEL_DATA_REQ              board -> host   ML_MODEL_DATA and a struct of 24 bytes
    host -> board   ML_DATASET_SENDREQ             board -> host   ML_READY
    host -> board   header of 16 bytes {type, samples, input size, recurrent size}
    for each sample:                               board -> host   ML_FRAME
    host -> board   the raw input                  (inference)     ML_RESULT and the raw outputs
    then                                           board -> host   PROFILE_INFO text
    host -> board   ML_COMPLETED                   board -> host   ML_DONE

Every word ends in a NUL. There is one buffer: receiving and computing never overlap. A lost byte shifts all that follows.
"""

from __future__ import annotations

import struct

from harness.linkbench.party import Hear, HearUntil, Mark, Party, Say, Work, Workload

TITLE = "ML_FRAME / ML_RESULT stream"
_MODEL_STRUCT = struct.Struct("<IIIIif")
_HEADER = struct.Struct("<IIII")
_FRAME, _RESULT = b"ML_FRAME\0", b"ML_RESULT\0"


def host(work: Workload) -> Party:
    """The configurator's side."""
    yield Say(b"ML_START\0")
    yield Hear(len(b"ML_READY\0"))
    yield Say(b"ML_MODEL_DATA_REQ\0")
    yield Hear(len(b"ML_MODEL_DATA\0") + _MODEL_STRUCT.size)
    yield Say(b"ML_DATASET_SENDREQ\0")
    yield Hear(len(b"ML_READY\0"))
    yield Say(_HEADER.pack(1, len(work.samples), work.sample_bytes, 0))
    yield Mark()
    for sample in work.samples:
        yield Hear(len(_FRAME))
        yield Say(sample)
        heard = yield Hear(len(_RESULT) + work.n_outputs)
        work.answers.append(tuple(byte - 256 if byte > 127 else byte for byte in heard[len(_RESULT) :]))
        yield Mark()
    yield HearUntil(b"\n")
    yield Say(b"ML_COMPLETED\0")
    yield Hear(len(b"ML_DONE\0"))


def device(work: Workload) -> Party:
    """The streaming middleware on the board."""
    yield HearUntil(b"ML_START\0")
    yield Say(b"ML_READY\0")
    yield HearUntil(b"ML_MODEL_DATA_REQ\0")
    yield Say(b"ML_MODEL_DATA\0" + _MODEL_STRUCT.pack(work.n_outputs, 4096, 65536, 1, 0, 1.0))
    yield HearUntil(b"ML_DATASET_SENDREQ\0")
    yield Say(b"ML_READY\0")
    _, count, _, _ = _HEADER.unpack((yield Hear(_HEADER.size)))
    for _ in range(count):
        yield Say(_FRAME)
        data = yield Hear(work.sample_bytes)
        outputs = work.network(data)
        yield Work(work.inference_s)
        yield Say(_RESULT + bytes(value & 0xFF for value in outputs))
    yield Say(b"PROFILE_INFO, avg_cpu_cyc=1, peak_cpu_cyc=1, peak_cpu_frame=1, cpu_freq_Mhz=150\n")
    yield HearUntil(b"ML_COMPLETED\0")
    yield Say(b"ML_DONE\0")

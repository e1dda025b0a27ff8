"""A record and its samples as the bytes that the store keeps, and the way back."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import zlib

import numpy as np

from harness.disk.documents import parse_json
from harness.errors import MisuseError
from harness.evidence.history.errors import StoreError
from harness.evidence.reports import json_, npz
from harness.evidence.stored import of_schema
from harness.records import SCHEMA, Record, Samples


def pack_record(record: Record) -> bytes:
    """``record.json``, packed."""
    return zlib.compress(json_.render(record, None, None), 6)


def unpack_record(packed: bytes, where: str) -> Record:
    """``MisuseError`` for a record of a schema that this version does not read, ``StoreError`` for damaged bytes."""
    try:
        content = parse_json(zlib.decompress(packed))
    except (zlib.error, ValueError) as error:
        raise _damaged(where, error) from error
    return of_schema(Record, content, schema=SCHEMA, what="the record", where=where)


def pack_samples(samples: Samples | None) -> bytes | None:
    """``samples.npz`` of what is ``kept``."""
    return None if samples is None else npz.packed(kept(samples))


def unpack_samples(packed: bytes | None, where: str) -> Samples | None:
    """The way back. ``StoreError`` for damaged bytes."""
    if packed is None:
        return None
    try:
        return npz.unpacked(io.BytesIO(packed), where)
    except MisuseError as error:
        raise _damaged(where, error.found) from error


def kept(samples: Samples) -> Samples:
    """The samples without what no comparison of two runs asks for: the network before its conversion, and outputs that no task
    looks at."""
    return dataclasses.replace(samples, origin=None, converted=None, beside=None)


def digest(record: Record, samples: Samples | None) -> str:
    """SHA-256 that tells one attempt from another: the same content has it in every version of hil.

    Fields that have their default are left out: a later version that knows more of them reads an old file to the same.
    """
    found = hashlib.sha256(record.model_dump_json(by_alias=True, exclude_defaults=True).encode())
    if samples is not None:
        for name, array in sorted(vars(kept(samples)).items()):
            if array is not None:
                found.update(f"\0{name} {array.dtype.str} {array.shape}\0".encode())
                found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()


def _damaged(where: str, found: object) -> StoreError:
    return StoreError(
        "what the history holds of a run is damaged",
        where=where,
        found=found,
        next_step="take the run from its report folder, or the store from a copy",
    )

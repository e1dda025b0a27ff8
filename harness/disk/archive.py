"""Plain arrays out of a .npz or .npy file that anybody may have made: whatever is wrong with it is one kind of error.

numpy believes what a header claims and asks for that much memory; here a claim is held against the bytes that are there.
"""

from __future__ import annotations

import ast
import io
import math
import zipfile
from pathlib import Path
from typing import IO, BinaryIO

import numpy as np
import numpy.typing as npt

from harness.disk import files

_MAGIC = b"\x93NUMPY"
#: Deflate packs at most so many bytes into one: a claim beyond it is not true.
_MOST_PACKED = 1032
_END_BYTES = 22  # of a zip's last record, without its comment
_LONGEST_HEADER = 1 << 16


class DamagedArchive(ValueError):
    """Not an archive of plain arrays, and why."""


def arrays(path: Path) -> dict[str, npt.NDArray[np.generic]]:
    """The arrays of an archive by name, writable. ``DamagedArchive`` when it cannot be read, is none, or holds Python objects."""
    try:
        with files.regular(path) as file:
            return arrays_in(file)
    except OSError as error:
        raise DamagedArchive(str(error)) from error


def arrays_in(file: BinaryIO) -> dict[str, npt.NDArray[np.generic]]:
    """The same of an open file that can be sought in."""
    try:
        with zipfile.ZipFile(file) as archive:
            return {_name(member): _array(archive, member) for member in _members(file, archive)}
    except MemoryError as error:
        raise DamagedArchive("more than fits this machine's memory") from error
    except Exception as error:  # zipfile and zlib raise a dozen kinds on damaged bytes
        raise DamagedArchive(str(error) or type(error).__name__) from error


def array(path: Path) -> npt.NDArray[np.generic]:
    """The array of a .npy file, writable. ``DamagedArchive`` as ``arrays``."""
    try:
        size = files.check_regular(path)
        with files.regular(path) as file:
            shape, in_order_of_columns, dtype, header_bytes = _header(file)
            n_bytes = math.prod(shape) * dtype.itemsize
            if n_bytes + header_bytes != size:
                raise DamagedArchive(f"{size:,} bytes, and its header says {n_bytes + header_bytes:,}")
            content = file.read()
        return np.frombuffer(bytearray(content), dtype).reshape(shape, order="F" if in_order_of_columns else "C")
    except MemoryError as error:
        raise DamagedArchive("more than fits this machine's memory") from error
    except Exception as error:  # whatever a damaged header makes Python and numpy raise
        raise DamagedArchive(str(error) or type(error).__name__) from error


def _members(file: BinaryIO, archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """All of them: zipfile passes over those that a damaged length hides, and takes the last of two with one name."""
    members = archive.infolist()
    file.seek(-_END_BYTES - len(archive.comment), io.SEEK_END)
    stated = int.from_bytes(file.read(_END_BYTES)[10:12], "little")
    if len({member.filename for member in members}) != stated:
        raise DamagedArchive(f"{len(members)} members, and its end says {stated}")
    return members


def _name(member: zipfile.ZipInfo) -> str:
    if not member.filename.endswith(".npy"):
        raise DamagedArchive(f"{member.filename} is no array")  # passed over, a damaged name would hide what it names
    return member.filename.removesuffix(".npy")


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> npt.NDArray[np.generic]:
    with archive.open(member) as file:
        shape, in_order_of_columns, dtype, header_bytes = _header(file)
        n_bytes = math.prod(shape) * dtype.itemsize
        if n_bytes + header_bytes != member.file_size or n_bytes > _MOST_PACKED * (member.compress_size + 1):
            raise DamagedArchive(f"{member.filename} is not as long as its header says: {n_bytes:,} bytes")
        # Read to the end, beyond which the checksum is looked at.
        content = file.read(n_bytes + 1)
    if len(content) != n_bytes:
        raise DamagedArchive(f"{member.filename} is not as long as its header says: {n_bytes:,} bytes")
    return np.frombuffer(bytearray(content), dtype).reshape(shape, order="F" if in_order_of_columns else "C")


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[np.generic], int]:
    """Shape, whether columns come first, dtype, and how many bytes the header has: numpy's format 1 to 3."""
    start = file.read(8)
    wide = start[6:7] != b"\x01"
    if not start.startswith(_MAGIC) or start[6] not in (1, 2, 3):
        raise DamagedArchive("not a numpy array")
    length = file.read(4 if wide else 2)
    size = int.from_bytes(length, "little")
    if size > _LONGEST_HEADER:
        raise DamagedArchive(f"a header of {size:,} bytes")
    facts = ast.literal_eval(file.read(size).decode("utf-8"))
    shape, dtype = facts["shape"], np.dtype(facts["descr"])
    if not all(type(extent) is int and extent >= 0 for extent in shape) or len(shape) > 32:
        raise DamagedArchive(f"a shape of {shape}")
    if dtype.kind not in "biufcSU" or (dtype.itemsize == 0 and dtype.kind not in "SU"):
        raise DamagedArchive(f"an array of {dtype}: only numbers and text are plain")
    return tuple(shape), bool(facts["fortran_order"]), dtype, len(start) + len(length) + size

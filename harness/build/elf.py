"""What an image says of itself: identity, sizes, what flashing writes. Reads any ELF, builds none."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile

from harness.errors import DeviceError, HilError, MisuseError

IDENTITY_SECTION = ".hil_identity"
WEIGHTS_SECTION = ".hil_model"
STACK_SECTION = ".stack"
_MAGIC = b"HILIDENT"
_VERSION = 2
_SEAL_AT, _SEAL_BYTES = 192, 32  # of image_sha256
#: hil_identity_layout of firmware/src/identity.h, field for field.
_LAYOUT = struct.Struct("<8sHHB3x32s40s32s32s32sII32s")


@dataclass(frozen=True)
class Identity:
    """What firmware/src/identity.h lays out. Digests in hexadecimal; ``weights_sha256`` is all zeros when the engine
    keeps its weights outside of section .hil_model, so that they cannot be checked; ``image_sha256`` when the image was
    never sealed. Sizes in bytes of one sample."""

    protocol: int
    board: str
    build_id: str
    engine: str
    model_sha256: str
    weights_sha256: str
    input_bytes: int
    output_bytes: int
    image_sha256: str


@dataclass(frozen=True)
class Section:
    """A section that takes memory on the board."""

    name: str
    address: int
    n_bytes: int
    in_flash: bool
    in_ram: bool


def read_identity(elf: Path) -> Identity:
    """The identity section of an image. DeviceError when it has none or one that this harness cannot read."""
    with _opened(elf) as image:
        section = image.get_section_by_name(IDENTITY_SECTION)
        data = section.data() if section is not None else None
    return parse_identity(data, where=str(elf))


def parse_identity(data: bytes | None, *, where: str) -> Identity:
    """The identity in the bytes of its section, from an ELF or read back from flash. Errors as ``read_identity``."""
    if data is None:
        raise DeviceError(
            "the image does not say what it is",
            where=where,
            expected=f"a section {IDENTITY_SECTION}",
            found="none",
            next_step="build it with `hil build`, or compile firmware/src/identity.c in and keep its section",
        )
    if len(data) < _LAYOUT.size or not data.startswith(_MAGIC):
        raise DeviceError(
            "the image's identity section is damaged",
            where=where,
            expected=f"{_LAYOUT.size} B that begin with {_MAGIC.decode()}",
            found=f"{len(data)} B that begin with {data[:8].hex() or 'nothing'}",
        )
    _, version, size, protocol, board, build_id, engine, model, weights, n_in, n_out, image = _LAYOUT.unpack_from(data)
    if version != _VERSION or size != _LAYOUT.size:
        raise DeviceError(
            "the image's identity section has another layout",
            where=where,
            expected=f"version {_VERSION}, {_LAYOUT.size} B",
            found=f"version {version}, {size} B",
            next_step="build firmware and harness from the same release",
        )
    return Identity(
        protocol, _text(board), _text(build_id), _text(engine), model.hex(), weights.hex(), n_in, n_out, image.hex()
    )


def verify_identity(elf: Path) -> Identity:
    """``read_identity``, and what is flashed, and the weights in it, are what it names. DeviceError with both digests when
    not."""
    identity = read_identity(elf)
    if int(identity.image_sha256, 16) and (loaded := _digest(elf)) != identity.image_sha256:
        raise DeviceError(
            "the image is not what was linked",
            where=str(elf),
            expected=f"SHA-256 {identity.image_sha256} over all that is flashed, as its identity says",
            found=f"SHA-256 {loaded}",
            next_step="the file is damaged, or was changed after it was linked: build it again",
        )
    if int(identity.weights_sha256, 16) == 0:
        return identity
    with _opened(elf) as image:
        section = image.get_section_by_name(WEIGHTS_SECTION)
        found = hashlib.sha256(section.data() if section is not None else b"").hexdigest()
    if found != identity.weights_sha256:
        raise DeviceError(
            "the weights in the image are not those of its model",
            where=f"{elf}, section {WEIGHTS_SECTION}",
            expected=f"SHA-256 {identity.weights_sha256}, as its identity says",
            found=f"SHA-256 {found}",
            next_step="the file was changed after it was linked: build it again",
        )
    return identity


def seal(elf: Path) -> None:
    """Write the digest of all that is flashed into a fresh image's identity: from then on a bit that flips is noticed."""
    digest = bytes.fromhex(_digest(elf))
    with _opened(elf) as image:
        at = _seal_offset(image)
    with elf.open("r+b") as file:
        file.seek(at)
        file.write(digest)


def _digest(elf: Path) -> str:
    """SHA-256 over address, length and bytes of each segment, the digest itself taken as zeros."""
    with _opened(elf) as image:
        digest, seal_at = hashlib.sha256(), _seal_offset(image)
        for segment in image.iter_segments():
            if segment["p_type"] != "PT_LOAD" or not segment["p_filesz"]:
                continue
            data, at = bytearray(segment.data()), seal_at - int(segment["p_offset"])
            if 0 <= at < len(data):
                data[at : at + _SEAL_BYTES] = bytes(_SEAL_BYTES)
            digest.update(struct.pack("<QQ", int(segment["p_paddr"]), len(data)))
            digest.update(data)
    return digest.hexdigest()


def _seal_offset(image: ELFFile) -> int:
    """Where in the file the digest stands. Only for an image whose identity was read."""
    section = image.get_section_by_name(IDENTITY_SECTION)
    assert section is not None
    return int(section["sh_offset"]) + _SEAL_AT


def sections(elf: Path) -> tuple[Section, ...]:
    """Every section that takes memory on the board, by address."""
    with _opened(elf) as image:
        found = [
            Section(
                name=section.name,
                address=section["sh_addr"],
                n_bytes=section["sh_size"],
                in_flash=section["sh_type"] != "SHT_NOBITS",
                in_ram=section["sh_type"] == "SHT_NOBITS" or bool(section["sh_flags"] & SH_FLAGS.SHF_WRITE),
            )
            for section in image.iter_sections()
            if section["sh_flags"] & SH_FLAGS.SHF_ALLOC and section["sh_size"]
        ]
    return tuple(sorted(found, key=lambda section: section.address))


def loadable_segments(elf: Path) -> tuple[tuple[int, bytes], ...]:
    """(load address, bytes) of everything that flashing writes, by address: what a read back is compared with."""
    with _opened(elf) as image:
        found = [
            (int(segment["p_paddr"]), bytes(segment.data()))
            for segment in image.iter_segments()
            if segment["p_type"] == "PT_LOAD" and segment["p_filesz"]
        ]
    return tuple(sorted(found))


@contextmanager
def _opened(elf: Path) -> Iterator[ELFFile]:
    try:
        with elf.open("rb") as file:
            yield ELFFile(file)
    except FileNotFoundError as error:
        raise MisuseError("there is no such image", where=str(elf)) from error
    except (HilError, OSError):
        raise
    except ELFError as error:
        raise DeviceError("the image is not an ELF file", where=str(elf), found=str(error)) from error
    except Exception as error:  # the reader of a damaged file fails in any way
        found = f"{type(error).__name__}: {error}"
        raise DeviceError("the image is a damaged ELF file", where=str(elf), found=found) from error


def _text(padded: bytes) -> str:
    return padded.rstrip(b"\0").decode("utf-8", "replace")

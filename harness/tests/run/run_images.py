"""Changing a built image the way an accident would: a byte of a section, an instruction of a function."""

import hashlib
from pathlib import Path

from elftools.elf.elffile import ELFFile

UDF = bytes.fromhex("00de")  # an undefined instruction: usage fault
LOOP = bytes.fromhex("fee7")  # a branch to itself: hangs with the core alive
RETURN = bytes.fromhex("7047")  # bx lr: the function does nothing


def flip_byte(elf: Path, section: str, at: int = 100) -> None:
    """Flip one bit of one byte of a section."""
    with elf.open("rb") as file:
        offset = ELFFile(file).get_section_by_name(section)["sh_offset"] + at
    content = bytearray(elf.read_bytes())
    content[offset] ^= 0x40
    elf.write_bytes(content)


def damage_weight(elf: Path, at: int) -> int:
    """Turn the weight ``at`` bytes into the section .hil_model into another, and sign for it in the image's identity."""
    with elf.open("rb") as file:
        image = ELFFile(file)
        weights = image.get_section_by_name(".hil_model")
        start, size = weights["sh_offset"], weights["sh_size"]
        identity = image.get_section_by_name(".hil_identity")["sh_offset"]
    content = bytearray(elf.read_bytes())
    content[start + at] ^= 0x40
    content[identity + 152 : identity + 184] = hashlib.sha256(content[start : start + size]).digest()
    elf.write_bytes(content)
    return content[start + at]


def replace_start(elf: Path, function: str, code: bytes) -> int:
    """Put ``code`` at the start of a function; its address."""
    with elf.open("rb") as file:
        image = ELFFile(file)
        (symbol,) = image.get_section_by_name(".symtab").get_symbol_by_name(function)
        address = symbol["st_value"] & ~1
        section = image.get_section(symbol["st_shndx"])
        offset = section["sh_offset"] + address - section["sh_addr"]
    content = bytearray(elf.read_bytes())
    content[offset : offset + len(code)] = code
    elf.write_bytes(content)
    return int(address)

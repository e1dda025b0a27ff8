"""Changing a built image: by accident (a byte of a section) or as another build would (an instruction, a weight; sealed anew)."""

import hashlib
from pathlib import Path

from elftools.elf.elffile import ELFFile

from harness.build.elf import seal

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
    seal(elf)
    return content[start + at]


def chip_id_at(elf: Path, address: int) -> None:
    """Let the firmware look for its chip's id at ``address``, a multiple of 2**24 from 2**31 down to 2**25."""
    with elf.open("rb") as file:
        symbols = ELFFile(file).get_section_by_name(".symtab")
        here, there = (symbols.get_symbol_by_name(name)[0]["st_value"] & ~1 for name in ("board_chip_id", "peek"))
    shift = address.bit_length() - 8  # mov.w r1, #address: 1bcdefgh rotated (ARMv7-M, A5.3.2)
    turn, low = 32 - shift, address >> shift & 0x7F
    move = 0xF04F | (turn >> 4) << 10, (turn >> 1 & 7) << 12 | 1 << 8 | (turn & 1) << 7 | low
    far = there - (here + 6 + 4)  # b.w peek, behind move (4) and movs r2, #12 (2); encoding T4
    sign = far >> 24 & 1
    j1, j2 = (1 ^ (far >> 23 & 1) ^ sign), (1 ^ (far >> 22 & 1) ^ sign)
    jump = 0xF000 | sign << 10 | far >> 12 & 0x3FF, 0x9000 | j1 << 13 | j2 << 11 | far >> 1 & 0x7FF
    words = (*move, 0x220C, *jump)
    replace_start(elf, "board_chip_id", b"".join(word.to_bytes(2, "little") for word in words))


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
    seal(elf)
    return int(address)

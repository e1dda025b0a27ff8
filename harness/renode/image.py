"""What of an ELF goes into the chip, and where its vector table is."""

from __future__ import annotations

from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile

from harness.errors import DeviceError

_VECTORS = (".vectors", ".isr_vector", ".vector_table", ".intvec")


def segments(elf: Path) -> list[tuple[int, bytes]]:
    """The loadable segments as (physical address, content). ``DeviceError`` when it is no ELF or has none."""
    with elf.open("rb") as file:
        try:
            found = [
                (int(part["p_paddr"]), bytes(part.data()))
                for part in ELFFile(file).iter_segments()
                if part["p_type"] == "PT_LOAD" and part["p_filesz"]
            ]
        except ELFError as error:
            raise DeviceError("the image is no ELF file", where=str(elf), found=error) from error
    if not found:
        raise DeviceError("the image has nothing to load", where=str(elf))
    return found


def vector_table(elf: Path) -> int:
    """The address of the vector table: its section's, else the lowest load address."""
    with elf.open("rb") as file:
        image = ELFFile(file)
        for name in _VECTORS:
            section = image.get_section_by_name(name)
            if section is not None:
                return int(section["sh_addr"])
    return min(address for address, _ in segments(elf))

"""Where the vector table of an ELF is."""

from __future__ import annotations

from pathlib import Path

from elftools.elf.elffile import ELFFile

from harness.virtual.host.image import segments

_VECTORS = (".vectors", ".isr_vector", ".vector_table", ".intvec")


def vector_table(elf: Path) -> int:
    """The address of the vector table: its section's, else the lowest load address."""
    with elf.open("rb") as file:
        image = ELFFile(file)
        for name in _VECTORS:
            section = image.get_section_by_name(name)
            if section is not None:
                return int(section["sh_addr"])
    return min(address for address, _ in segments(elf))

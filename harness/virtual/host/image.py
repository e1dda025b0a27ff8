"""What of an ELF goes into a chip."""

from __future__ import annotations

from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile

from harness.errors import DeviceError


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

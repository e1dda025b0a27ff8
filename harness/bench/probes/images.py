"""What goes into flash, and what is said where the flash is closed."""

from __future__ import annotations

from pathlib import Path


def loadable(elf: Path) -> list[tuple[int, bytes]]:
    """The bytes that go into flash, as (physical address, content)."""
    from elftools.elf.elffile import ELFFile

    with elf.open("rb") as file:
        return [
            (int(segment["p_paddr"]), bytes(segment.data()))
            for segment in ELFFile(file).iter_segments()
            if segment["p_type"] == "PT_LOAD" and segment["p_filesz"]
        ]


def way_out(lasting: bool, known: bool) -> str:
    """The next step where a chip's flash is protected; ``lasting``: for ever, ``known``: its unlocking is."""
    if lasting:
        return "this protection cannot be taken back: use another chip"
    if known:
        return "--allow-mass-erase takes the protection away, which erases the whole flash"
    return "take the protection away with the vendor's programmer, which erases the whole flash; not done from here"

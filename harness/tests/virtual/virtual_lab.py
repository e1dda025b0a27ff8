"""A chip in the test's own process with the test firmware in its flash."""

import struct
from dataclasses import dataclass
from pathlib import Path

from elftools.elf.elffile import ELFFile

from harness.virtual.soc.stm32f446re import FLASH_BASE, RAM_BASE, Stm32F446

MAILBOX = 0x2001F000
MAGIC = 0x4D41494C
MODES = {
    name: number
    for number, name in enumerate(
        [
            "priorities", "basepri", "wfi_masked", "supervisor_call", "floating_point", "unprivileged", "systick",
            "count_instructions", "watchdog", "software_reset", "provoke", "sink", "polled_echo", "compute", "fpu_off",
        ],
        start=1,
    )
}  # fmt: skip


def binary(elf: Path) -> bytes:
    """The bytes that belong at the start of flash."""
    content = bytearray()
    with elf.open("rb") as file:
        for segment in ELFFile(file).iter_segments("PT_LOAD"):
            if segment["p_filesz"]:
                at = segment["p_paddr"] - FLASH_BASE
                content.extend(b"\xff" * (at + segment["p_filesz"] - len(content)))
                content[at : at + segment["p_filesz"]] = segment.data()
    return bytes(content)


@dataclass
class Lab:
    """A chip in this process with the test firmware in its flash."""

    chip: Stm32F446

    @property
    def machine(self):
        return self.chip.machine

    def box(self) -> tuple[int, ...]:
        return struct.unpack_from("<6I", self.chip.ram, MAILBOX - RAM_BASE)

    @property
    def done(self) -> bool:
        return bool(self.box()[3])

    @property
    def results(self) -> list[int]:
        count = self.box()[5]
        return list(struct.unpack_from(f"<{count}I", self.chip.ram, MAILBOX - RAM_BASE + 24))

    def start(self, mode: str, argument: int = 0) -> None:
        struct.pack_into("<6I", self.chip.ram, MAILBOX - RAM_BASE, MAGIC, MODES[mode], argument, 0, 0, 0)
        self.machine.request_reset("power")

    def run(self, mode: str, argument: int = 0, limit: int = 20_000_000) -> list[int]:
        """Run one mode to its end; idle time passes at once, whatever the wall clock says."""
        self.start(mode, argument)
        end = self.machine.clock.now() + limit
        wall_s = 0.0
        self.machine.wall = lambda: wall_s
        while not self.done and self.machine.clock.now() < end and not self.machine.faults.locked_up:
            pause_s = self.machine.run(100_000)
            wall_s += pause_s or 0.0
        assert self.done or self.machine.faults.locked_up, f"mode {mode} did not end; pc {self.machine.core.pc:#x}"
        return self.results

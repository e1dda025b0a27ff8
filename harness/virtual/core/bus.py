"""The address map as a bus master sees it: the debug port, exception stacking and the core share one map."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from mmap import mmap
from typing import Protocol

from harness.virtual.core import cpu

_WORD = struct.Struct("<I")


class BusError(Exception):
    """Nobody answers at this address."""

    def __init__(self, address: int) -> None:
        super().__init__(f"no answer at {address:#010x}")
        self.address = address


class Device(Protocol):
    """Registers behind an address range. ``size`` is 1, 2 or 4 bytes."""

    def read(self, offset: int, size: int) -> int:
        """The value at ``offset``; may have side effects, as the hardware's."""
        ...

    def write(self, offset: int, size: int, value: int) -> None:
        """Write ``value`` at ``offset``."""
        ...


@dataclass(frozen=True)
class Region:
    """One range of the map: memory (``buffer``) or registers (``device``), never both."""

    name: str
    base: int
    size: int
    buffer: mmap | None = None
    device: Device | None = None
    on_write: Callable[[int, int, int], None] | None = None  # memory that is not simply written (address, size, value)

    @property
    def end(self) -> int:
        """First address behind the range."""
        return self.base + self.size


class Bus:
    """Finds who answers at an address. Registration maps the range for the core as well."""

    def __init__(self, core: cpu.Core) -> None:
        self._core = core
        self.regions: list[Region] = []
        self.ram = Region("none", 0, 0)

    def add_ram(self, name: str, base: int, buffer: mmap) -> None:
        """Readable, writable, executable memory."""
        self._core.map_buffer(base, buffer, cpu.READ | cpu.WRITE | cpu.EXEC)
        self.ram = Region(name, base, len(buffer), buffer)
        self.regions.insert(0, self.ram)

    def add_rom(self, name: str, base: int, buffer: mmap, on_write: Callable[[int, int, int], None]) -> None:
        """Memory that only its controller may change: stores are handed to ``on_write(address, size, value)``."""
        self._core.map_buffer(base, buffer, cpu.READ | cpu.EXEC)
        self._core.hook_rom_write(base, buffer, on_write)
        self.regions.append(Region(name, base, len(buffer), buffer, on_write=on_write))

    def add_device(self, name: str, base: int, size: int, device: Device) -> None:
        """Registers. ``size`` is the range that is decoded; the core's map has pages of 1 KB, so keep to that."""
        self._core.map_registers(base, size, device.read, device.write)
        self.regions.append(Region(name, base, size, device=device))

    def find(self, address: int, size: int = 1) -> Region:
        """The region that holds all of ``[address, address + size)``; ``BusError`` if there is none."""
        for region in self.regions:
            if region.base <= address and address + size <= region.end:
                return region
        raise BusError(address)

    def read(self, address: int, size: int) -> int:
        """Read 1, 2 or 4 bytes, little endian."""
        region = self.find(address, size)
        at = address - region.base
        if region.buffer is not None:
            return int.from_bytes(region.buffer[at : at + size], "little")
        assert region.device is not None
        return region.device.read(at, size)

    def write(self, address: int, size: int, value: int) -> None:
        """Write 1, 2 or 4 bytes, little endian."""
        region = self.find(address, size)
        at = address - region.base
        if region.on_write is not None:
            region.on_write(address, size, value)
        elif region.buffer is not None:
            region.buffer[at : at + size] = value.to_bytes(size, "little")
            self._core.forget_code(address, address + size)
        else:
            assert region.device is not None
            region.device.write(at, size, value)

    def read_block(self, address: int, size: int) -> bytes | None:
        """Bytes of one memory region at once; None if they are not all in one (then read word by word)."""
        try:
            region = self.find(address, size)
        except BusError:
            return None
        if region.buffer is None:
            return None
        return bytes(region.buffer[address - region.base : address - region.base + size])

    def write_block(self, address: int, data: bytes) -> bool:
        """Write plain RAM at once; False if the range is not plain RAM (then write word by word)."""
        ram = self.ram
        if ram.buffer is None or not (ram.base <= address and address + len(data) <= ram.end):
            return False
        ram.buffer[address - ram.base : address - ram.base + len(data)] = data
        self._core.forget_code(address, address + len(data))
        return True

    def word(self, address: int) -> int:
        """A word of memory or of a register; ``BusError`` if nobody answers."""
        ram = self.ram
        if ram.base <= address <= ram.end - 4 and ram.buffer is not None:
            return int(_WORD.unpack_from(ram.buffer, address - ram.base)[0])
        return self.read(address, 4)

"""What a PSoC 62 (2 MB, "A2M") has beside its cores, as far as firmware and flash programming touch it.

Sources: PSoC 62 TRM (002-24529) and the registers that pyOCD's target and flash algorithm use. Register layouts are as the
authors remember them. Clocks: IMO, FLL, HF0 and the dividers of the cores and of PERI; no PLL, no other high-frequency root.
"""

from __future__ import annotations

from collections.abc import Callable
from mmap import mmap

from harness.virtual.core.bus import Bus, BusError
from harness.virtual.periph.base import Peripheral

IMO_HZ, LOW_HZ = 8_000_000, 32_768


class Watched(Peripheral):
    """Registers that keep what is written; ``on_change()`` tells of it."""

    def __init__(self, name: str, reset_values: dict[int, int] | None = None) -> None:
        self.reset_values = reset_values or {}
        self.on_change: Callable[[], None] = lambda: None
        super().__init__(name)

    def reset(self) -> None:
        """The state after a reset."""
        super().reset()
        self.on_change()

    def set(self, offset: int, value: int) -> None:
        """Write and tell."""
        super().set(offset, value)
        self.on_change()


class Srss(Watched):
    """System resources: FLL, root clocks, the watchdog's lock (it never bites here), the reset cause."""

    WDT_CTL, CLK_PATH, CLK_ROOT, RES_CAUSE = 0x180, 0x340, 0x380, 0x800
    FLL_CONFIG, FLL_CONFIG2, FLL_CONFIG3, FLL_CONFIG4, FLL_STATUS = 0x530, 0x534, 0x538, 0x53C, 0x540
    WDT_EN = 1
    RESET_WDT, RESET_SOFT = 1 << 0, 1 << 4

    def __init__(self) -> None:
        self.cause = 0
        super().__init__("SRSS", {self.WDT_CTL: 0xC0000001, self.CLK_ROOT: 1 << 31, self.FLL_CONFIG: 0x01000000})

    def note_reset(self, cause: str) -> None:
        """Power and the pin leave no trace; the others stay until they are cleared by writing 1."""
        bits = {"watchdog": self.RESET_WDT, "software": self.RESET_SOFT}
        self.cause = self.cause | bits[cause] if cause in bits else 0

    def get(self, offset: int) -> int:
        """The FLL locks as soon as it is on."""
        if offset == self.RES_CAUSE:
            return self.cause
        if offset == self.FLL_STATUS:
            return (1 if self._locked else 0) | (4 if self._oscillating else 0)
        return super().get(offset)

    def set(self, offset: int, value: int) -> None:
        """WDT_CTL obeys its lock: 1 and 2 in the two top bits take it off one by one, 3 puts it on, 0 leaves it."""
        if offset == self.RES_CAUSE:
            self.cause &= ~value
        elif offset == self.WDT_CTL:
            old = self.regs[offset]
            lock = old >> 30
            request = value >> 30
            enabled = old & 1 if lock else value & 1
            self.regs[offset] = (3 if request == 3 else lock & ~request) << 30 | enabled
        elif offset != self.FLL_STATUS:
            super().set(offset, value)

    @property
    def _oscillating(self) -> bool:
        return bool(self.regs.get(self.FLL_CONFIG4, 0) >> 31)

    @property
    def _locked(self) -> bool:
        return self._oscillating and bool(self.regs.get(self.FLL_CONFIG, 0) >> 31)

    @property
    def hf0_hz(self) -> int:
        """The first high-frequency root, which feeds both cores and the peripherals."""
        config, bypass = self.regs.get(self.FLL_CONFIG, 0), self.regs.get(self.FLL_CONFIG3, 0) >> 28 & 3
        root = self.regs.get(self.CLK_ROOT, 0)
        hz = IMO_HZ
        if root & 15 == 0 and self._locked and bypass != 2:
            divider = max(1, self.regs.get(self.FLL_CONFIG2, 0) & 0x1FFF)
            hz = IMO_HZ * (config & 0x3FFFF) // divider // (2 if config >> 24 & 1 else 1)
        return hz >> (root >> 4 & 3)


class Peri(Watched):
    """Peripheral clock dividers of the 8 and 16-bit kinds, and which one each peripheral uses."""

    DIV_CMD, CLOCK_CTL, DIV_8, DIV_16 = 0x400, 0xC00, 0x1000, 0x1400
    _ENABLE, _DISABLE = 1 << 31, 1 << 30

    def __init__(self) -> None:
        super().__init__("PERI", {self.DIV_CMD: 0x03FF03FF, **{self.CLOCK_CTL + 4 * i: 0x3FF for i in range(128)}})

    def set(self, offset: int, value: int) -> None:
        """DIV_CMD switches a divider on or off; the enable bit of the divider itself is read-only."""
        if offset == self.DIV_CMD:
            register = self._register(value)
            if register is not None:
                on = 1 if value & self._ENABLE else 0
                self.regs[register] = self.regs.get(register, 0) & ~1 | on
            value &= ~(self._ENABLE | self._DISABLE)  # done at once
        elif self.DIV_8 <= offset < self.DIV_16 + 0x400:
            value = value & ~1 | self.regs.get(offset, 0) & 1
        super().set(offset, value)

    def _register(self, select: int) -> int | None:
        base = (self.DIV_8, self.DIV_16, None, None)[select >> 8 & 3]
        return None if base is None else base + 4 * (select & 0xFF)

    def divider(self, peripheral: int) -> int:
        """By how much CLK_PERI is divided for a peripheral; 0 when its divider is off or none is chosen."""
        select = self.regs[self.CLOCK_CTL + 4 * peripheral]
        register = self._register(select)
        setting = self.regs.get(register, 0) if register is not None else 0
        if not setting & 1:
            return 0
        return (setting >> 8 & (0xFF if select >> 8 & 3 == 0 else 0xFFFF)) + 1


class Cpuss(Watched):
    """The cores' clocks, vector bases and power. ``on_cm4_power(on)`` is told when CM4_PWR_CTL changes the core's."""

    IDENTITY, CM4_STATUS, CM4_CLOCK, CM4_VECTORS = 0x0, 0x4, 0x8, 0x200
    CM0_CLOCK, CM0_VECTORS, CM4_PWR_CTL, SYSTICK = 0x1008, 0x1120, 0x1200, 0x1600
    _KEY, _ENABLED, _PWR_DONE = 0x05FA, 3, 1 << 4

    def __init__(self) -> None:
        self.on_cm4_power: Callable[[bool], None] = lambda _on: None
        super().__init__("CPUSS", {self.CM4_PWR_CTL: 0xFA050001})

    @property
    def cm4_on(self) -> bool:
        """Whether the CM4 is powered and out of reset."""
        return self.regs[self.CM4_PWR_CTL] & 3 == self._ENABLED

    def get(self, offset: int) -> int:
        """Power changes are done at once."""
        return self._PWR_DONE if offset == self.CM4_STATUS else super().get(offset)

    def set(self, offset: int, value: int) -> None:
        """CM4_PWR_CTL needs its key."""
        if offset == self.CM4_PWR_CTL:
            if value >> 16 != self._KEY:
                return
            was = self.cm4_on
            super().set(offset, 0xFA050000 | value & 0xFFFF)
            if was != self.cm4_on:
                self.on_cm4_power(self.cm4_on)
        else:
            super().set(offset, value & ~0x3FF if offset in (self.CM4_VECTORS, self.CM0_VECTORS) else value)

    @property
    def tick_hz(self) -> int:
        """SysTick's reference clock: the low frequency clock, or the IMO. The other choices are not modelled."""
        return IMO_HZ if self.regs.get(self.SYSTICK, 0) >> 24 & 3 == 1 else LOW_HZ

    @property
    def cm4_divider(self) -> int:
        """HF0 to CM4."""
        return (self.regs.get(self.CM4_CLOCK, 0) >> 8 & 0xFF) + 1

    @property
    def peri_divider(self) -> int:
        """HF0 to CLK_PERI."""
        return (self.regs.get(self.CM0_CLOCK, 0) >> 24) + 1

    @property
    def cm0_divider(self) -> int:
        """HF0 to CM0+, by way of CLK_PERI."""
        return self.peri_divider * ((self.regs.get(self.CM0_CLOCK, 0) >> 8 & 0xFF) + 1)


class SeenBy:
    """CPUSS as one bus master sees it: IDENTITY names the asker."""

    def __init__(self, cpuss: Cpuss, master: int) -> None:
        self._cpuss, self._identity = cpuss, master << 8 | 3  # privileged, non-secure

    def read(self, offset: int, size: int) -> int:
        """IDENTITY is the asker's own."""
        return self._identity if offset == Cpuss.IDENTITY and size == 4 else self._cpuss.read(offset, size)

    def write(self, offset: int, size: int, value: int) -> None:
        """All the same."""
        self._cpuss.write(offset, size, value)


class Ipc(Peripheral):
    """The inter-processor channels; a notification of channels 0 to 2 is a system call, carried out at once.

    System calls are what programs this chip's flash: on the chip the CM0+ runs them from ROM. ``memories`` maps a flash's
    base to its array; erased flash is zero, and programming sets bits. ``on_change(address, size)`` tells what changed.
    """

    ACQUIRE, RELEASE, NOTIFY, DATA, LOCK = 0x00, 0x04, 0x08, 0x0C, 0x1C
    ROW = 512
    SILICON_ID, PROGRAM_ROW, ERASE_ALL, ERASE_SECTOR, ERASE_ROW, WRITE_ROW = 0x00, 0x06, 0x0A, 0x14, 0x1C, 0x05
    SUCCESS, BAD_ADDRESS, BAD_OPCODE = 0xA0000000, 0xF0000008, 0xF000000B
    _SYSTEM_CALLS, _CHANNELS, _SECTOR = 3, 16, 256 * 1024
    _HELD = 1 << 31

    def __init__(
        self, bus: Bus, memories: dict[int, mmap], identity: tuple[int, int], on_change: Callable[[int, int], None]
    ) -> None:
        self._bus, self._memories, self._identity, self._on_change = bus, memories, identity, on_change
        super().__init__("IPC")

    def get(self, offset: int) -> int:
        """Reading ACQUIRE takes a free channel and says whether that worked."""
        channel, register = offset & ~0x1F, offset & 0x1F
        if channel >= 0x20 * self._CHANNELS:
            return super().get(offset)
        if register == self.ACQUIRE:
            taken = self.regs.get(channel + self.LOCK, 0)
            self.regs[channel + self.LOCK] = self._HELD
            return 0 if taken else self._HELD
        return super().get(offset)

    def set(self, offset: int, value: int) -> None:
        """RELEASE frees a channel; NOTIFY of a system call's carries it out."""
        channel, register = offset & ~0x1F, offset & 0x1F
        if channel >= 0x20 * self._CHANNELS or register in (self.DATA, 0x10):
            super().set(offset, value)
        elif register == self.RELEASE:
            self.regs[channel + self.LOCK] = 0
        elif register == self.NOTIFY and channel < 0x20 * self._SYSTEM_CALLS and self.regs.get(channel + self.LOCK, 0):
            self._system_call(channel)

    def _system_call(self, channel: int) -> None:
        """An odd DATA is the call itself; else it is the address of the call and of its result."""
        data = self.regs.get(channel + self.DATA, 0)
        if data & 1:
            self.regs[channel + self.DATA] = self._carry_out(data, 0)
        else:
            try:
                self._bus.write(data, 4, self._carry_out(self._bus.word(data), data))
            except BusError:
                pass  # the result has nowhere to go; the caller's wait for it ends by its own time-out
        self.regs[channel + self.LOCK] = 0

    def _carry_out(self, call: int, arguments: int) -> int:
        opcode = call >> 24
        if opcode == self.SILICON_ID:
            family, silicon = self._identity
            return self.SUCCESS | (0x00110000 | family if not call >> 8 & 0xFF else silicon)
        if opcode == self.ERASE_ALL:
            return self._fill(min(self._memories), len(self._memories[min(self._memories)]))
        if opcode in (self.ERASE_ROW, self.ERASE_SECTOR):
            size = self.ROW if opcode == self.ERASE_ROW else self._SECTOR
            return self._fill(self._bus.word(arguments + 4) & -size, size)
        if opcode in (self.PROGRAM_ROW, self.WRITE_ROW):
            address, source = self._bus.word(arguments + 8) & -self.ROW, self._bus.word(arguments + 12)
            return self._program(address, source, erase_first=opcode == self.WRITE_ROW)
        return self.BAD_OPCODE

    def _place(self, address: int, size: int) -> tuple[mmap, int] | None:
        for base, array in self._memories.items():
            if base <= address and address + size <= base + len(array):
                return array, address - base
        return None

    def _fill(self, address: int, size: int) -> int:
        place = self._place(address, size)
        if place is None:
            return self.BAD_ADDRESS
        array, at = place
        array[at : at + size] = bytes(size)
        self._on_change(address, size)
        return self.SUCCESS

    def _program(self, address: int, source: int, *, erase_first: bool) -> int:
        place = self._place(address, self.ROW)
        data = self._bus.read_block(source, self.ROW)
        if place is None or data is None:
            return self.BAD_ADDRESS
        array, at = place
        old = bytes(self.ROW) if erase_first else array[at : at + self.ROW]
        array[at : at + self.ROW] = bytes(a | b for a, b in zip(old, data, strict=True))
        self._on_change(address, self.ROW)
        return self.SUCCESS

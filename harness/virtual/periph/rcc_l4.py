"""Reset and clock control of the STM32L4 and L4+ (RM0351, RM0432: chapter RCC): oscillators ready at once, the clock
tree, clock gates, reset flags."""

from __future__ import annotations

from harness.virtual.periph.gates import ClockControl

CR, CFGR, PLLCFGR, BDCR, CSR, CRRCR = 0x00, 0x08, 0x0C, 0x90, 0x94, 0x98
AHB2ENR, APB1ENR1, APB2ENR, CCIPR = 0x4C, 0x58, 0x60, 0x88
PINRSTF, BORRSTF, SFTRSTF, IWDGRSTF = 1 << 26, 1 << 27, 1 << 28, 1 << 29
_RMVF, _ALL_FLAGS = 1 << 23, 0xFF000000
_READY = {
    CR: ((0, 1), (8, 10), (16, 17), (24, 25), (26, 27), (28, 29)),
    BDCR: ((0, 1),),
    CSR: ((0, 1),),
    CRRCR: ((0, 1),),
}
_KHZ = (100, 200, 400, 800, 1_000, 2_000, 4_000, 8_000, 16_000, 24_000, 32_000, 48_000)
_MSI_HZ = tuple(1000 * khz for khz in _KHZ)
HSI_HZ = 16_000_000
_AHB_SHIFT = (1, 2, 3, 4, 6, 7, 8, 9)


class RccL4(ClockControl):
    """See ``ClockControl``. ``hse_hz`` is the board's crystal, 0 without one: then HSERDY never comes."""

    reset_values = {  # noqa: RUF012
        CR: 0x00000063,
        PLLCFGR: 0x00001000,
        0x48: 0x00000100,
    }

    def __init__(self, hse_hz: int, *, plus: bool) -> None:
        self._hse_hz = hse_hz
        self._divider_mask = 15 if plus else 7  # PLLM has four bits on the L4+, three before
        super().__init__("RCC", BORRSTF | PINRSTF)

    def note_reset(self, flag: int) -> None:
        """Remember why the chip was reset. NRST is driven by internal resets too, so PINRSTF always comes along."""
        self.reset_flags |= flag | PINRSTF

    def get(self, offset: int) -> int:
        """Ready bits follow their enable bits; SWS follows SW."""
        value = super().get(offset)
        if offset == CSR:
            value = value & ~_ALL_FLAGS | self.reset_flags
        for on, ready in _READY.get(offset, ()):
            there = bool(self._hse_hz) if (offset, on) == (CR, 16) else True
            value = value & ~(1 << ready) | (there and value >> on & 1) << ready
        return value & ~0xC | (value & 3) << 2 if offset == CFGR else value

    def set(self, offset: int, value: int) -> None:
        """Clock changes and gates act at once; RMVF clears the reset flags."""
        if offset == CSR and value & _RMVF:
            self.reset_flags = 0
            value &= ~_RMVF
        super().set(offset, value)
        if offset in (CR, PLLCFGR, CFGR, CSR, CCIPR):
            self.on_clock(self.hclk_hz)
        else:
            self._gate_or_reset(offset, value)

    @property
    def sysclk_hz(self) -> int:
        """Before the AHB prescaler."""
        return (self._msi_hz, HSI_HZ, self._hse_hz, self._pll_hz())[self.regs.get(CFGR, 0) & 3]

    @property
    def hclk_hz(self) -> int:
        """The core's clock."""
        prescaler = self.regs.get(CFGR, 0) >> 4 & 15
        return self.sysclk_hz >> _AHB_SHIFT[prescaler & 7] if prescaler & 8 else self.sysclk_hz

    @property
    def _msi_hz(self) -> int:
        control = self.regs.get(CR, 0)
        # Without MSIRGSEL the range after standby in CSR counts: 4 MHz.
        number = control >> 4 & 15 if control & 8 else 6
        return _MSI_HZ[min(number, len(_MSI_HZ) - 1)]

    def _pll_hz(self) -> int:
        config = self.regs.get(PLLCFGR, 0)
        source = (0, self._msi_hz, HSI_HZ, self._hse_hz)[config & 3]
        if not config >> 24 & 1:
            return 0  # PLLREN: the output is off
        input_hz = source // ((config >> 4 & self._divider_mask) + 1)
        return input_hz * (config >> 8 & 0x7F) // (2 * ((config >> 25 & 3) + 1))

    def kernel_ratio(self, shift: int, bus_shift: int) -> float:
        """HCLK cycles per clock of a UART: CCIPR field at ``shift`` (PCLK, SYSCLK, HSI16), its bus in CFGR."""
        source = self.regs.get(CCIPR, 0) >> shift & 3
        if source == 1:
            return self.hclk_hz / max(1, self.sysclk_hz)
        if source == 2:
            return self.hclk_hz / HSI_HZ
        prescaler = self.regs.get(CFGR, 0) >> bus_shift & 7
        return 2 << (prescaler & 3) if prescaler & 4 else 1

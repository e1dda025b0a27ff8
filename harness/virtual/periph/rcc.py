"""Reset and clock control (RM0390, 6.3): oscillators ready at once, the clock tree, clock gates, reset flags."""

from __future__ import annotations

from harness.virtual.periph.gates import ClockControl

CR, PLLCFGR, CFGR, BDCR, CSR = 0x00, 0x04, 0x08, 0x70, 0x74
AHB1ENR, APB1ENR, APB2ENR = 0x30, 0x40, 0x44
BORRSTF, PINRSTF, PORRSTF, SFTRSTF, IWDGRSTF = 1 << 25, 1 << 26, 1 << 27, 1 << 28, 1 << 29
_RMVF, _ALL_FLAGS = 1 << 24, 0xFE000000
_READY = {CR: ((0, 1), (16, 17), (24, 25), (26, 27), (28, 29)), BDCR: ((0, 1),), CSR: ((0, 1),)}
_HSI_HZ, _HSE_HZ = 16_000_000, 8_000_000  # HSE: the ST-LINK's clock output on a Nucleo board
_AHB_SHIFT = (1, 2, 3, 4, 6, 7, 8, 9)


class Rcc(ClockControl):
    """See ``ClockControl``."""

    reset_values = {  # noqa: RUF012
        CR: 0x00000081,
        PLLCFGR: 0x24003010,
        AHB1ENR: 0x00100000,
        0x50: 0x7E6791FF,
        0x84: 0x24003000,
        0x88: 0x24003000,
    }

    def __init__(self, name: str = "RCC") -> None:
        super().__init__(name, BORRSTF | PINRSTF | PORRSTF)
        self._lsion = 0

    def note_reset(self, flag: int) -> None:
        """Remember why the chip was reset. NRST is driven by internal resets too, so PINRSTF always comes along."""
        self.reset_flags |= flag | PINRSTF

    def get(self, offset: int) -> int:
        """Ready bits follow their enable bits; SWS follows SW."""
        if offset == CSR:
            return self.reset_flags | self._lsion * 3
        value = super().get(offset)
        for on, ready in _READY.get(offset, ()):
            value = value & ~(1 << ready) | (value >> on & 1) << ready
        if offset == CFGR:
            value = value & ~0xC | (value & 3) << 2
        return value

    def set(self, offset: int, value: int) -> None:
        """Clock changes and gates act at once; RMVF clears the reset flags."""
        if offset == CSR:
            self._lsion = value & 1
            if value & _RMVF:
                self.reset_flags &= ~_ALL_FLAGS
            return
        super().set(offset, value)
        if offset in (CR, PLLCFGR, CFGR):
            self.on_clock(self.hclk_hz)
        else:
            self._gate_or_reset(offset, value)

    @property
    def hclk_hz(self) -> int:
        """The core's clock."""
        source = self.regs.get(CFGR, 0) & 3
        hz = (_HSI_HZ, _HSE_HZ, self._pll_hz(), self._pll_hz())[source]
        prescaler = self.regs.get(CFGR, 0) >> 4 & 15
        return hz >> _AHB_SHIFT[prescaler & 7] if prescaler & 8 else hz

    def _pll_hz(self) -> int:
        config = self.regs.get(PLLCFGR, 0)
        source = _HSE_HZ if config >> 22 & 1 else _HSI_HZ
        divider = config & 0x3F
        if divider < 2:
            return source
        return source // divider * (config >> 6 & 0x1FF) // (2 * ((config >> 16 & 3) + 1))

    @property
    def apb1_divider(self) -> int:
        """HCLK cycles per APB1 clock."""
        prescaler = self.regs.get(CFGR, 0) >> 10 & 7
        return 2 << (prescaler & 3) if prescaler & 4 else 1

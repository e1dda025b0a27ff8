"""Reset and clock control (RM0390, 6.3): oscillators that take time, the clock tree, clock gates, reset flags.

What is refused: a source that is off or not ready, a PLL without an input or outside its ranges, a change of the PLL's or
HSE's settings while it is on. Whether the clocks suit voltage and flash is the chip's file's to check (``on_clock``).
"""

from __future__ import annotations

from harness.virtual.core.clock import VirtualClock
from harness.virtual.periph.gates import ClockControl
from harness.virtual.periph.limits import F4_PLL
from harness.virtual.periph.warmup import Warmup

CR, PLLCFGR, CFGR, BDCR, CSR = 0x00, 0x04, 0x08, 0x70, 0x74
AHB1ENR, APB1ENR, APB2ENR = 0x30, 0x40, 0x44
BORRSTF, PINRSTF, PORRSTF, SFTRSTF, IWDGRSTF = 1 << 25, 1 << 26, 1 << 27, 1 << 28, 1 << 29
_RMVF, _ALL_FLAGS = 1 << 24, 0xFE000000
_HSEBYP = 1 << 18
HSI_HZ = 16_000_000
_AHB_SHIFT = (1, 2, 3, 4, 6, 7, 8, 9)
#: In CR, each with its ready flag one bit above: bit, and microseconds until it is ready.
_SOURCES = {"HSI": (0, 4), "HSE": (16, 2_000), "PLL": (24, 300), "PLLI2S": (26, 300), "PLLSAI": (28, 300)}
_SYSTEM = ("HSI", "HSE", "PLL", "PLL")  # by CFGR.SW


class Rcc(ClockControl):
    """See ``ClockControl``. ``hse_hz`` is the clock that the board puts on OSC_IN, 0 for none: it has no crystal."""

    reset_values = {  # noqa: RUF012
        CR: 0x00000081,
        PLLCFGR: 0x24003010,
        AHB1ENR: 0x00100000,
        0x50: 0x7E6791FF,
        0x84: 0x24003000,
        0x88: 0x24003000,
    }

    def __init__(self, clock: VirtualClock, hse_hz: int) -> None:
        super().__init__("RCC", BORRSTF | PINRSTF | PORRSTF)
        self.hse_hz = hse_hz
        self._warm = Warmup(clock)
        self._warm.start("HSI", 0)
        self._lsion = 0

    def reset(self) -> None:
        """On HSI, all else off."""
        for name in _SOURCES:
            self._warm.stop(name)
        self._warm.start("HSI", 0)
        super().reset()

    def note_reset(self, flag: int) -> None:
        """Remember why the chip was reset. NRST is driven by internal resets too, so PINRSTF always comes along."""
        self.reset_flags |= flag | PINRSTF

    def get(self, offset: int) -> int:
        """Ready bits come after their time; SWS follows SW."""
        if offset == CSR:
            return self.reset_flags | self._lsion * 3
        value = super().get(offset)
        if offset == CR:
            for name, (bit, _us) in _SOURCES.items():
                value = value & ~(2 << bit) | self._ready(name) << bit + 1
        elif offset == CFGR:
            value = value & ~0xC | (value & 3) << 2
        elif offset == BDCR:
            value = value & ~2 | (value & 1) << 1
        return value

    def set(self, offset: int, value: int) -> None:
        """Clock changes and gates act at once; RMVF clears the reset flags."""
        if offset == CSR:
            self._lsion = value & 1
            if value & _RMVF:
                self.reset_flags &= ~_ALL_FLAGS
            return
        if offset == CR:
            value |= self._in_use()  # what the core runs from cannot be switched off
        objection = self._objection(offset, value)
        if objection:
            self.refuse(objection)
            return
        if offset == CR:
            self._switch(value)
        super().set(offset, value)
        if offset in (CR, PLLCFGR, CFGR):
            self.on_clock(self.hclk_hz)
        else:
            self._gate_or_reset(offset, value)

    # -- sources ----------------------------------------------------------------------------------------------------

    def _ready(self, name: str) -> bool:
        there = name != "HSE" or bool(self.hse_hz and self.regs.get(CR, 0) & _HSEBYP)
        return there and self._warm.ready(name)

    def _switch(self, value: int) -> None:
        for name, (bit, us) in _SOURCES.items():
            if not value >> bit & 1:
                self._warm.stop(name)
            elif not self._warm.on(name):
                self._warm.start(name, us)

    def _in_use(self) -> int:
        used = {_SYSTEM[self.regs.get(CFGR, 0) & 3]}
        if "PLL" in used:
            used.add(self._pll_source())
        return sum(1 << _SOURCES[name][0] for name in used)

    def _pll_source(self) -> str:
        return "HSE" if self.regs.get(PLLCFGR, 0) >> 22 & 1 else "HSI"

    def _objection(self, offset: int, value: int) -> str:
        if offset == CR:
            if (value ^ self.regs.get(CR, 0)) & _HSEBYP and self._warm.on("HSE"):
                return "ignore RCC_CR.HSEBYP: it is written while HSE is on"
            if value >> 24 & 1 and not self._warm.on("PLL"):
                return self._pll_objection()
        elif offset == PLLCFGR:
            if value != self.regs.get(PLLCFGR) and self._warm.on("PLL"):
                return "ignore RCC_PLLCFGR: it is written while the PLL is on"
        elif offset == CFGR and (value ^ self.regs.get(CFGR, 0)) & 3:
            wanted = _SYSTEM[value & 3]
            if not self._warm.on(wanted):
                return f"never change its clock: RCC_CFGR selects {wanted}, which is off"
            if not self._ready(wanted):
                return (
                    f"change its clock at no known moment: RCC_CFGR selects {wanted} before it is ready ({wanted}RDY)"
                )
        return ""

    def _pll_objection(self) -> str:
        config, source = self.regs.get(PLLCFGR, 0), self._pll_source()
        if not self._ready(source):
            return f"not lock its PLL: the PLL is started before its input is ready ({source}RDY)"
        divider = config & 0x3F
        if divider < 2:
            return f"not lock its PLL: it divides its input by {divider}, 2 to 63 are allowed"
        return F4_PLL.objection(self._source_hz(source) / divider, config >> 6 & 0x1FF)

    # -- the clock tree ---------------------------------------------------------------------------------------------

    def _source_hz(self, name: str) -> int:
        return self.hse_hz if name == "HSE" else HSI_HZ

    @property
    def pll_on(self) -> bool:
        """Only then is the voltage scale in force (RM0390, 5.1.3)."""
        return self._warm.on("PLL")

    @property
    def hclk_hz(self) -> int:
        """The core's clock."""
        source = self.regs.get(CFGR, 0) & 3
        hz = self._pll_hz(source) if source >= 2 else self._source_hz(_SYSTEM[source])
        prescaler = self.regs.get(CFGR, 0) >> 4 & 15
        return hz >> _AHB_SHIFT[prescaler & 7] if prescaler & 8 else hz

    def _pll_hz(self, output: int) -> int:
        config = self.regs.get(PLLCFGR, 0)
        vco = self._source_hz(self._pll_source()) // max(1, config & 0x3F) * (config >> 6 & 0x1FF)
        return vco // (2 * ((config >> 16 & 3) + 1) if output == 2 else max(1, config >> 28 & 7))

    @property
    def apb1_divider(self) -> int:
        """HCLK cycles per APB1 clock."""
        return self._apb_divider(10)

    @property
    def apb2_divider(self) -> int:
        """HCLK cycles per APB2 clock."""
        return self._apb_divider(13)

    def _apb_divider(self, shift: int) -> int:
        prescaler = self.regs.get(CFGR, 0) >> shift & 7
        return 2 << (prescaler & 3) if prescaler & 4 else 1

"""Reset and clock control (RM0390, 6.3): oscillators that take time, the clock tree, clock gates, reset flags.

What is refused: a source that is off or not ready, a PLL without an input or outside its ranges, a change of the PLL's or
HSE's settings while it is on. Whether the clocks suit voltage and flash is the chip's file's to check (``on_clock``).
"""

from __future__ import annotations

from harness.virtual.core.clock import VirtualClock
from harness.virtual.periph.base import field, put
from harness.virtual.periph.gates import ClockControl
from harness.virtual.periph.limits import F4_PLL
from harness.virtual.periph.warmup import Warmup

CR, PLLCFGR, CFGR, BDCR, CSR = 0x00, 0x04, 0x08, 0x70, 0x74
AHB1ENR, APB1ENR, APB2ENR = 0x30, 0x40, 0x44
AHB1LPENR, AHB2LPENR, AHB3LPENR, APB1LPENR, APB2LPENR = 0x50, 0x54, 0x58, 0x60, 0x64
PLLI2SCFGR, PLLSAICFGR = 0x84, 0x88
CR_HSION, CR_HSIRDY, CR_HSEON, CR_HSERDY = 1 << 0, 1 << 1, 1 << 16, 1 << 17
CR_PLLON, CR_PLLRDY, CR_PLLI2SON, CR_PLLI2SRDY = 1 << 24, 1 << 25, 1 << 26, 1 << 27
CR_PLLSAION, CR_PLLSAIRDY = 1 << 28, 1 << 29
PLLCFGR_PLLM, PLLCFGR_PLLN, PLLCFGR_PLLP = 0x3F, 0x1FF << 6, 3 << 16
PLLCFGR_PLLSRC, PLLCFGR_PLLR = 1 << 22, 7 << 28
CFGR_SW, CFGR_SWS, CFGR_HPRE, CFGR_PPRE1, CFGR_PPRE2 = 3, 3 << 2, 15 << 4, 7 << 10, 7 << 13
BDCR_LSEON, BDCR_LSERDY, CSR_LSION, CSR_LSIRDY = 1, 2, 1, 2
CSR_BORRSTF, CSR_PINRSTF, CSR_PORRSTF, CSR_SFTRSTF, CSR_IWDGRSTF = 1 << 25, 1 << 26, 1 << 27, 1 << 28, 1 << 29
CSR_RMVF, CSR_WWDGRSTF, CSR_LPWRRSTF = 1 << 24, 1 << 30, 1 << 31
_ALL_FLAGS = CSR_BORRSTF | CSR_PINRSTF | CSR_PORRSTF | CSR_SFTRSTF | CSR_IWDGRSTF | CSR_WWDGRSTF | CSR_LPWRRSTF
CR_HSEBYP = 1 << 18
HSI_HZ = 16_000_000
_AHB_SHIFT = (*[0] * 8, 1, 2, 3, 4, 6, 7, 8, 9)
_APB_DIVIDER = (1, 1, 1, 1, 2, 4, 8, 16)
#: Bits of CR, and microseconds until it is ready.
_SOURCES = {
    "HSI": (CR_HSION, CR_HSIRDY, 4),
    "HSE": (CR_HSEON, CR_HSERDY, 2_000),
    "PLL": (CR_PLLON, CR_PLLRDY, 300),
    "PLLI2S": (CR_PLLI2SON, CR_PLLI2SRDY, 300),
    "PLLSAI": (CR_PLLSAION, CR_PLLSAIRDY, 300),
}
_SYSTEM = ("HSI", "HSE", "PLL", "PLL")  # by CFGR.SW


class Rcc(ClockControl):
    """See ``ClockControl``. ``hse_hz`` is the clock that the board puts on OSC_IN, 0 for none: it has no crystal."""

    reset_values = {  # noqa: RUF012
        CR: 0x00000081,
        PLLCFGR: 0x24003010,
        AHB1ENR: 0x00100000,
        AHB1LPENR: 0x7E6791FF,
        AHB2LPENR: 0x000000F1,
        AHB3LPENR: 0x00000001,
        APB1LPENR: 0x36FEC9FF,
        APB2LPENR: 0x00075F33,
        PLLI2SCFGR: 0x20003000,
        PLLSAICFGR: 0x24003000,
    }

    def __init__(self, clock: VirtualClock, hse_hz: int) -> None:
        super().__init__("RCC", CSR_BORRSTF | CSR_PINRSTF | CSR_PORRSTF)
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
        self.reset_flags |= flag | CSR_PINRSTF

    def get(self, offset: int) -> int:
        """Ready bits come after their time; SWS follows SW."""
        if offset == CSR:
            return self.reset_flags | self._lsion * (CSR_LSION | CSR_LSIRDY)
        value = super().get(offset)
        if offset == CR:
            for name, (_on, ready, _us) in _SOURCES.items():
                value = value & ~ready | self._ready(name) * ready
        elif offset == CFGR:
            value = value & ~CFGR_SWS | put(CFGR_SWS, field(value, CFGR_SW))
        elif offset == BDCR:
            value = value & ~BDCR_LSERDY | (BDCR_LSERDY if value & BDCR_LSEON else 0)
        return value

    def set(self, offset: int, value: int) -> None:
        """Clock changes and gates act at once; RMVF clears the reset flags."""
        if offset == CSR:
            self._lsion = value & CSR_LSION
            if value & CSR_RMVF:
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
        there = name != "HSE" or bool(self.hse_hz and self.regs.get(CR, 0) & CR_HSEBYP)
        return there and self._warm.ready(name)

    def _switch(self, value: int) -> None:
        for name, (on, _ready, us) in _SOURCES.items():
            if not value & on:
                self._warm.stop(name)
            elif not self._warm.on(name):
                self._warm.start(name, us)

    def _in_use(self) -> int:
        used = {_SYSTEM[field(self.regs.get(CFGR, 0), CFGR_SW)]}
        if "PLL" in used:
            used.add(self._pll_source())
        return sum(_SOURCES[name][0] for name in used)

    def _pll_source(self) -> str:
        return "HSE" if self.regs.get(PLLCFGR, 0) & PLLCFGR_PLLSRC else "HSI"

    def _objection(self, offset: int, value: int) -> str:
        if offset == CR:
            if (value ^ self.regs.get(CR, 0)) & CR_HSEBYP and self._warm.on("HSE"):
                return "ignore RCC_CR.HSEBYP: it is written while HSE is on"
            if value & CR_PLLON and not self._warm.on("PLL"):
                return self._pll_objection()
        elif offset == PLLCFGR:
            if value != self.regs.get(PLLCFGR) and self._warm.on("PLL"):
                return "ignore RCC_PLLCFGR: it is written while the PLL is on"
        elif offset == CFGR and (value ^ self.regs.get(CFGR, 0)) & CFGR_SW:
            wanted = _SYSTEM[field(value, CFGR_SW)]
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
        divider = field(config, PLLCFGR_PLLM)
        if divider < 2:
            return f"not lock its PLL: it divides its input by {divider}, 2 to 63 are allowed"
        return F4_PLL.objection(self._source_hz(source) / divider, field(config, PLLCFGR_PLLN))

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
        source = field(self.regs.get(CFGR, 0), CFGR_SW)
        hz = self._pll_hz(source) if source >= 2 else self._source_hz(_SYSTEM[source])
        return hz >> _AHB_SHIFT[field(self.regs.get(CFGR, 0), CFGR_HPRE)]

    def _pll_hz(self, output: int) -> int:
        config = self.regs.get(PLLCFGR, 0)
        vco = self._source_hz(self._pll_source()) // max(1, field(config, PLLCFGR_PLLM)) * field(config, PLLCFGR_PLLN)
        return vco // (2 * (field(config, PLLCFGR_PLLP) + 1) if output == 2 else max(1, field(config, PLLCFGR_PLLR)))

    @property
    def apb1_divider(self) -> int:
        """HCLK cycles per APB1 clock."""
        return self._apb_divider(CFGR_PPRE1)

    @property
    def apb2_divider(self) -> int:
        """HCLK cycles per APB2 clock."""
        return self._apb_divider(CFGR_PPRE2)

    def _apb_divider(self, prescaler: int) -> int:
        return _APB_DIVIDER[field(self.regs.get(CFGR, 0), prescaler)]

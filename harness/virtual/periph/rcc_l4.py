"""Reset and clock control of the STM32L4 and L4+ (RM0351, RM0432: chapter RCC): oscillators that take time, the clock
tree, clock gates, reset flags. What is refused is what ``rcc`` refuses, and a PLL whose output is off.
"""

from __future__ import annotations

from harness.virtual.core.clock import VirtualClock
from harness.virtual.periph.base import field, put
from harness.virtual.periph.gates import ClockControl
from harness.virtual.periph.limits import L4_PLL
from harness.virtual.periph.warmup import Warmup

CR, CFGR, PLLCFGR, BDCR, CSR, CRRCR = 0x00, 0x08, 0x0C, 0x90, 0x94, 0x98
ICSCR, PLLSAI1CFGR, PLLSAI2CFGR = 0x04, 0x10, 0x14
AHB1ENR, AHB2ENR, APB1ENR1, APB2ENR, CCIPR = 0x48, 0x4C, 0x58, 0x60, 0x88
AHB1SMENR, AHB2SMENR, AHB3SMENR, APB1SMENR1, APB1SMENR2, APB2SMENR = 0x68, 0x6C, 0x70, 0x78, 0x7C, 0x80
CR_MSION, CR_MSIRDY, CR_MSIRGSEL, CR_MSIRANGE = 1 << 0, 1 << 1, 1 << 3, 15 << 4
CR_HSION, CR_HSIRDY, CR_HSEON, CR_HSERDY = 1 << 8, 1 << 10, 1 << 16, 1 << 17
CR_PLLON, CR_PLLRDY, CR_PLLSAI1ON, CR_PLLSAI1RDY = 1 << 24, 1 << 25, 1 << 26, 1 << 27
CR_PLLSAI2ON, CR_PLLSAI2RDY = 1 << 28, 1 << 29
PLLCFGR_PLLSRC, PLLCFGR_PLLM_TO_8, PLLCFGR_PLLM, PLLCFGR_PLLN = 3, 7 << 4, 15 << 4, 0x7F << 8
PLLCFGR_PLLPEN, PLLCFGR_PLLQEN, PLLCFGR_PLLREN, PLLCFGR_PLLR = 1 << 16, 1 << 20, 1 << 24, 3 << 25
CFGR_SW, CFGR_SWS, CFGR_HPRE, CFGR_PPRE1 = 3, 3 << 2, 15 << 4, 7 << 8
BDCR_LSEON, BDCR_LSERDY, CSR_LSION, CSR_LSIRDY, CRRCR_HSI48ON, CRRCR_HSI48RDY = 1, 2, 1, 2, 1, 2
CCIPR_USART2SEL = 3 << 2
CSR_PINRSTF, CSR_BORRSTF, CSR_SFTRSTF, CSR_IWDGRSTF = 1 << 26, 1 << 27, 1 << 28, 1 << 29
CSR_RMVF, CSR_FWRSTF, CSR_OBLRSTF, CSR_WWDGRSTF, CSR_LPWRSTF = 1 << 23, 1 << 24, 1 << 25, 1 << 30, 1 << 31
_ALL_FLAGS = CSR_PINRSTF | CSR_BORRSTF | CSR_SFTRSTF | CSR_IWDGRSTF | CSR_WWDGRSTF
_ALL_FLAGS |= CSR_FWRSTF | CSR_OBLRSTF | CSR_LPWRSTF
_KHZ = (100, 200, 400, 800, 1_000, 2_000, 4_000, 8_000, 16_000, 24_000, 32_000, 48_000)
_MSI_HZ = tuple(1000 * khz for khz in _KHZ)
HSI_HZ = 16_000_000
_AHB_SHIFT = (*[0] * 8, 1, 2, 3, 4, 6, 7, 8, 9)
#: In CR: bit, bit of its ready flag, microseconds until it is ready.
_SOURCES = {
    "MSI": (CR_MSION, CR_MSIRDY, 3),
    "HSI": (CR_HSION, CR_HSIRDY, 2),
    "HSE": (CR_HSEON, CR_HSERDY, 2_000),
    "PLL": (CR_PLLON, CR_PLLRDY, 40),
    "PLLSAI1": (CR_PLLSAI1ON, CR_PLLSAI1RDY, 40),
    "PLLSAI2": (CR_PLLSAI2ON, CR_PLLSAI2RDY, 40),
}
_SYSTEM = ("MSI", "HSI", "HSE", "PLL")  # by CFGR.SW
_PLL_INPUT = ("", "MSI", "HSI", "HSE")  # by PLLCFGR.PLLSRC
_OUTPUTS = PLLCFGR_PLLPEN | PLLCFGR_PLLQEN | PLLCFGR_PLLREN  # of PLLCFGR only these may change while the PLL is on
#: LSE, LSI, HSI48: nothing here runs from them.
_SLOW_READY = {BDCR: (BDCR_LSEON, BDCR_LSERDY), CSR: (CSR_LSION, CSR_LSIRDY), CRRCR: (CRRCR_HSI48ON, CRRCR_HSI48RDY)}
_APB_DIVIDER = (1, 1, 1, 1, 2, 4, 8, 16)


class RccL4(ClockControl):
    """See ``ClockControl``. ``hse_hz`` is the board's crystal, 0 without one: then HSERDY never comes."""

    reset_values = {  # noqa: RUF012
        CR: 0x00000063,
        PLLCFGR: 0x00001000,
        ICSCR: 0x10000000,
        PLLSAI1CFGR: 0x00001000,
        PLLSAI2CFGR: 0x00001000,
        AHB1ENR: 0x00000100,
        AHB1SMENR: 0x00011303,
        AHB2SMENR: 0x000532FF,
        AHB3SMENR: 0x00000101,
        APB1SMENR1: 0xF2FECA3F,
        APB1SMENR2: 0x00000025,
        APB2SMENR: 0x01677C01,
        CSR: 0x00000600,
    }

    def __init__(self, clock: VirtualClock, hse_hz: int, *, plus: bool) -> None:
        self._hse_hz = hse_hz
        self._divider = PLLCFGR_PLLM if plus else PLLCFGR_PLLM_TO_8  # four bits on the L4+, three before
        self._warm = Warmup(clock)
        self._warm.start("MSI", 0)
        super().__init__("RCC", CSR_BORRSTF | CSR_PINRSTF)

    def reset(self) -> None:
        """On MSI, all else off."""
        for name in _SOURCES:
            self._warm.stop(name)
        self._warm.start("MSI", 0)
        super().reset()

    def note_reset(self, flag: int) -> None:
        """Remember why the chip was reset. NRST is driven by internal resets too, so PINRSTF always comes along."""
        self.reset_flags |= flag | CSR_PINRSTF

    def get(self, offset: int) -> int:
        """Ready bits come after their time; SWS follows SW."""
        value = super().get(offset)
        if offset == CSR:
            value = value & ~_ALL_FLAGS | self.reset_flags
        if offset in _SLOW_READY:
            on, ready = _SLOW_READY[offset]
            value = value & ~ready | (ready if value & on else 0)
        elif offset == CR:
            for name, (_on, ready, _us) in _SOURCES.items():
                value = value & ~ready | self._ready(name) * ready
        if offset == CFGR:
            value = value & ~CFGR_SWS | put(CFGR_SWS, field(value, CFGR_SW))
        return value

    def set(self, offset: int, value: int) -> None:
        """Clock changes and gates act at once; RMVF clears the reset flags."""
        if offset == CSR and value & CSR_RMVF:
            self.reset_flags = 0
            value &= ~CSR_RMVF
        if offset == CR:
            value |= self._in_use()  # what the core runs from cannot be switched off
        objection = self._objection(offset, value)
        if objection:
            self.refuse(objection)
            return
        if offset == CR:
            self._switch(value)
        super().set(offset, value)
        if offset in (CR, PLLCFGR, CFGR, CSR, CCIPR):
            self.on_clock(self.hclk_hz)
        else:
            self._gate_or_reset(offset, value)

    # -- sources ----------------------------------------------------------------------------------------------------

    def _ready(self, name: str) -> bool:
        return (name != "HSE" or bool(self._hse_hz)) and self._warm.ready(name)

    def _switch(self, value: int) -> None:
        for name, (on, _ready, us) in _SOURCES.items():
            if not value & on:
                self._warm.stop(name)
            elif not self._warm.on(name):
                self._warm.start(name, us)

    def _in_use(self) -> int:
        used = {_SYSTEM[field(self.regs.get(CFGR, 0), CFGR_SW)]}
        if "PLL" in used:
            used.add(_PLL_INPUT[field(self.regs.get(PLLCFGR, 0), PLLCFGR_PLLSRC)])
        return sum(_SOURCES[name][0] for name in used if name)

    def _objection(self, offset: int, value: int) -> str:
        if offset == CR:
            return self._pll_objection() if value & CR_PLLON and not self._warm.on("PLL") else ""
        if offset == PLLCFGR and self._warm.on("PLL"):
            if (value ^ self.regs[PLLCFGR]) & ~_OUTPUTS:
                return "ignore RCC_PLLCFGR: it is written while the PLL is on"
            if self.regs.get(CFGR, 0) & CFGR_SW == CFGR_SW and not value & PLLCFGR_PLLREN:
                return "stop its core: the PLL's output to it is switched off (PLLREN)"
        elif offset == CFGR and (value ^ self.regs.get(CFGR, 0)) & CFGR_SW:
            wanted = _SYSTEM[field(value, CFGR_SW)]
            if not self._warm.on(wanted):
                return f"never change its clock: RCC_CFGR selects {wanted}, which is off"
            if not self._ready(wanted):
                return (
                    f"change its clock at no known moment: RCC_CFGR selects {wanted} before it is ready ({wanted}RDY)"
                )
            if wanted == "PLL" and not self.regs[PLLCFGR] & PLLCFGR_PLLREN:
                return "stop its core: RCC_CFGR selects the PLL, whose output to it is off (PLLREN)"
        return ""

    def _pll_objection(self) -> str:
        config = self.regs[PLLCFGR]
        source = _PLL_INPUT[field(config, PLLCFGR_PLLSRC)]
        if not source or not self._ready(source):
            flag = f"{source}RDY" if source else "PLLSRC selects none"
            return f"not lock its PLL: the PLL is started before its input is ready ({flag})"
        return L4_PLL.objection(self._input_hz(), field(config, PLLCFGR_PLLN))

    # -- the clock tree ---------------------------------------------------------------------------------------------

    @property
    def sysclk_hz(self) -> int:
        """Before the AHB prescaler."""
        return (self._msi_hz, HSI_HZ, self._hse_hz, self._pll_hz())[field(self.regs.get(CFGR, 0), CFGR_SW)]

    @property
    def hclk_hz(self) -> int:
        """The core's clock."""
        return self.sysclk_hz >> _AHB_SHIFT[field(self.regs.get(CFGR, 0), CFGR_HPRE)]

    @property
    def _msi_hz(self) -> int:
        control = self.regs.get(CR, 0)
        # Without MSIRGSEL the range after standby in CSR counts: 4 MHz.
        number = field(control, CR_MSIRANGE) if control & CR_MSIRGSEL else 6
        return _MSI_HZ[min(number, len(_MSI_HZ) - 1)]

    def _input_hz(self) -> float:
        config = self.regs.get(PLLCFGR, 0)
        source = (0, self._msi_hz, HSI_HZ, self._hse_hz)[field(config, PLLCFGR_PLLSRC)]
        return source / (field(config, self._divider) + 1)

    def _pll_hz(self) -> int:
        config = self.regs.get(PLLCFGR, 0)
        return int(self._input_hz() * field(config, PLLCFGR_PLLN)) // (2 * (field(config, PLLCFGR_PLLR) + 1))

    def kernel_ratio(self, selection: int, bus: int) -> float:
        """HCLK cycles per clock of a UART: its field of CCIPR (PCLK, SYSCLK, HSI16), its bus's of CFGR."""
        source = field(self.regs.get(CCIPR, 0), selection)
        if source == 1:
            return self.hclk_hz / max(1, self.sysclk_hz)
        if source == 2:
            return self.hclk_hz / HSI_HZ
        return _APB_DIVIDER[field(self.regs.get(CFGR, 0), bus)]

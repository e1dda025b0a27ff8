"""Reset and clock control of the STM32L4 and L4+ (RM0351, RM0432: chapter RCC): oscillators that take time, the clock
tree, clock gates, reset flags. What is refused is what ``rcc`` refuses, and a PLL whose output is off.
"""

from __future__ import annotations

from harness.virtual.core.clock import VirtualClock
from harness.virtual.periph.gates import ClockControl
from harness.virtual.periph.limits import L4_PLL
from harness.virtual.periph.warmup import Warmup

CR, CFGR, PLLCFGR, BDCR, CSR, CRRCR = 0x00, 0x08, 0x0C, 0x90, 0x94, 0x98
AHB2ENR, APB1ENR1, APB2ENR, CCIPR = 0x4C, 0x58, 0x60, 0x88
PINRSTF, BORRSTF, SFTRSTF, IWDGRSTF = 1 << 26, 1 << 27, 1 << 28, 1 << 29
_RMVF, _ALL_FLAGS = 1 << 23, 0xFF000000
_KHZ = (100, 200, 400, 800, 1_000, 2_000, 4_000, 8_000, 16_000, 24_000, 32_000, 48_000)
_MSI_HZ = tuple(1000 * khz for khz in _KHZ)
HSI_HZ = 16_000_000
_AHB_SHIFT = (1, 2, 3, 4, 6, 7, 8, 9)
#: In CR: bit, bit of its ready flag, microseconds until it is ready.
_SOURCES = {
    "MSI": (0, 1, 3),
    "HSI": (8, 10, 2),
    "HSE": (16, 17, 2_000),
    "PLL": (24, 25, 40),
    "PLLSAI1": (26, 27, 40),
    "PLLSAI2": (28, 29, 40),
}
_SYSTEM = ("MSI", "HSI", "HSE", "PLL")  # by CFGR.SW
_PLL_INPUT = ("", "MSI", "HSI", "HSE")  # by PLLCFGR.PLLSRC
PLLREN = 1 << 24
_OUTPUTS = 1 << 16 | 1 << 20 | PLLREN  # PLLPEN, PLLQEN, PLLREN: of PLLCFGR only these may change while the PLL is on
_SLOW_READY = {BDCR: 2, CSR: 2, CRRCR: 2}  # LSE, LSI, HSI48: nothing here runs from them


class RccL4(ClockControl):
    """See ``ClockControl``. ``hse_hz`` is the board's crystal, 0 without one: then HSERDY never comes."""

    reset_values = {  # noqa: RUF012
        CR: 0x00000063,
        PLLCFGR: 0x00001000,
        0x48: 0x00000100,
    }

    def __init__(self, clock: VirtualClock, hse_hz: int, *, plus: bool) -> None:
        self._hse_hz = hse_hz
        self._divider_mask = 15 if plus else 7  # PLLM has four bits on the L4+, three before
        self._warm = Warmup(clock)
        self._warm.start("MSI", 0)
        super().__init__("RCC", BORRSTF | PINRSTF)

    def reset(self) -> None:
        """On MSI, all else off."""
        for name in _SOURCES:
            self._warm.stop(name)
        self._warm.start("MSI", 0)
        super().reset()

    def note_reset(self, flag: int) -> None:
        """Remember why the chip was reset. NRST is driven by internal resets too, so PINRSTF always comes along."""
        self.reset_flags |= flag | PINRSTF

    def get(self, offset: int) -> int:
        """Ready bits come after their time; SWS follows SW."""
        value = super().get(offset)
        if offset == CSR:
            value = value & ~_ALL_FLAGS | self.reset_flags
        if offset in _SLOW_READY:
            value = value & ~2 | (value & 1) << 1
        elif offset == CR:
            for name, (_on, ready, _us) in _SOURCES.items():
                value = value & ~(1 << ready) | self._ready(name) << ready
        return value & ~0xC | (value & 3) << 2 if offset == CFGR else value

    def set(self, offset: int, value: int) -> None:
        """Clock changes and gates act at once; RMVF clears the reset flags."""
        if offset == CSR and value & _RMVF:
            self.reset_flags = 0
            value &= ~_RMVF
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
        for name, (bit, _ready, us) in _SOURCES.items():
            if not value >> bit & 1:
                self._warm.stop(name)
            elif not self._warm.on(name):
                self._warm.start(name, us)

    def _in_use(self) -> int:
        used = {_SYSTEM[self.regs.get(CFGR, 0) & 3]}
        if "PLL" in used:
            used.add(_PLL_INPUT[self.regs.get(PLLCFGR, 0) & 3])
        return sum(1 << _SOURCES[name][0] for name in used if name)

    def _objection(self, offset: int, value: int) -> str:
        if offset == CR:
            return self._pll_objection() if value >> 24 & 1 and not self._warm.on("PLL") else ""
        if offset == PLLCFGR and self._warm.on("PLL"):
            if (value ^ self.regs[PLLCFGR]) & ~_OUTPUTS:
                return "ignore RCC_PLLCFGR: it is written while the PLL is on"
            if self.regs.get(CFGR, 0) & 3 == 3 and not value & PLLREN:
                return "stop its core: the PLL's output to it is switched off (PLLREN)"
        elif offset == CFGR and (value ^ self.regs.get(CFGR, 0)) & 3:
            wanted = _SYSTEM[value & 3]
            if not self._warm.on(wanted):
                return f"never change its clock: RCC_CFGR selects {wanted}, which is off"
            if not self._ready(wanted):
                return (
                    f"change its clock at no known moment: RCC_CFGR selects {wanted} before it is ready ({wanted}RDY)"
                )
            if wanted == "PLL" and not self.regs[PLLCFGR] & PLLREN:
                return "stop its core: RCC_CFGR selects the PLL, whose output to it is off (PLLREN)"
        return ""

    def _pll_objection(self) -> str:
        config = self.regs[PLLCFGR]
        source = _PLL_INPUT[config & 3]
        if not source or not self._ready(source):
            flag = f"{source}RDY" if source else "PLLSRC selects none"
            return f"not lock its PLL: the PLL is started before its input is ready ({flag})"
        return L4_PLL.objection(self._input_hz(), config >> 8 & 0x7F)

    # -- the clock tree ---------------------------------------------------------------------------------------------

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

    def _input_hz(self) -> float:
        config = self.regs.get(PLLCFGR, 0)
        source = (0, self._msi_hz, HSI_HZ, self._hse_hz)[config & 3]
        return source / ((config >> 4 & self._divider_mask) + 1)

    def _pll_hz(self) -> int:
        config = self.regs.get(PLLCFGR, 0)
        return int(self._input_hz() * (config >> 8 & 0x7F)) // (2 * ((config >> 25 & 3) + 1))

    def kernel_ratio(self, shift: int, bus_shift: int) -> float:
        """HCLK cycles per clock of a UART: CCIPR field at ``shift`` (PCLK, SYSCLK, HSI16), its bus in CFGR."""
        source = self.regs.get(CCIPR, 0) >> shift & 3
        if source == 1:
            return self.hclk_hz / max(1, self.sysclk_hz)
        if source == 2:
            return self.hclk_hz / HSI_HZ
        prescaler = self.regs.get(CFGR, 0) >> bus_shift & 7
        return 2 << (prescaler & 3) if prescaler & 4 else 1

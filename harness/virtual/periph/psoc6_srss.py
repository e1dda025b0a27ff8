"""System resources of a PSoC 62 (2 MB): IMO, FLL, the first high-frequency root, the watchdog's lock, the reset cause.

Names, places and reset values are those of Infineon's SVD; the FLL's sequence and ranges are those of its library
(mtb-pdl-cat1, cy_sysclk.c). No PLL, no other root. Nothing of this was compared with a chip.
"""

from __future__ import annotations

from collections.abc import Callable

from harness.virtual.core.clock import VirtualClock
from harness.virtual.periph.base import Watched, field, put
from harness.virtual.periph.warmup import Warmup

IMO_HZ = 8_000_000
_CCO_US, _LOCK_US = 20, 50  # of the order of what the library allows for, not measured

WDT_CTL, WDT_MATCH, CLK_PATH_SELECT0, CLK_ROOT_SELECT0, RES_CAUSE = 0x180, 0x188, 0x340, 0x380, 0x800
PWR_BUCK_CTL, CLK_TIMER_CTL, CLK_ILO_CONFIG, CLK_IMO_CONFIG = 0x14, 0x504, 0x50C, 0x510
CLK_ECO_CONFIG, CLK_PILO_CONFIG = 0x52C, 0x53C
CLK_FLL_CONFIG, CLK_FLL_CONFIG2, CLK_FLL_CONFIG3, CLK_FLL_CONFIG4, CLK_FLL_STATUS = 0x580, 0x584, 0x588, 0x58C, 0x590

WDT_CTL_WDT_EN, WDT_CTL_WDT_LOCK = 1, 3 << 30
RES_CAUSE_RESET_WDT, RES_CAUSE_RESET_SOFT = 1 << 0, 1 << 4
CLK_PATH_SELECT0_PATH_MUX = 7
CLK_ROOT_SELECT0_ROOT_MUX, CLK_ROOT_SELECT0_ROOT_DIV, CLK_ROOT_SELECT0_ROOT_DIV_2 = 15, 3 << 4, 1 << 4
CLK_FLL_CONFIG_FLL_MULT, CLK_FLL_CONFIG_FLL_OUTPUT_DIV, CLK_FLL_CONFIG_FLL_ENABLE = 0x3FFFF, 1 << 24, 1 << 31
CLK_FLL_CONFIG2_FLL_REF_DIV = 0x1FFF
CLK_FLL_CONFIG3_BYPASS_SEL, CLK_FLL_CONFIG3_BYPASS_SEL_FLL_REF, CLK_FLL_CONFIG3_BYPASS_SEL_FLL_OUT = (
    n << 28 for n in (3, 2, 3)
)
CLK_FLL_CONFIG4_CCO_RANGE, CLK_FLL_CONFIG4_CCO_FREQ, CLK_FLL_CONFIG4_CCO_ENABLE = 7 << 8, 0x1FF << 16, 1 << 31
CLK_FLL_STATUS_LOCKED, CLK_FLL_STATUS_CCO_READY = 1 << 0, 1 << 2

_SETTINGS = {  # what must not change while the FLL is on
    CLK_FLL_CONFIG: CLK_FLL_CONFIG_FLL_MULT | CLK_FLL_CONFIG_FLL_OUTPUT_DIV,
    CLK_FLL_CONFIG2: CLK_FLL_CONFIG2_FLL_REF_DIV,
    CLK_FLL_CONFIG4: CLK_FLL_CONFIG4_CCO_RANGE | CLK_FLL_CONFIG4_CCO_FREQ,
}
_KEPT = (CLK_ROOT_SELECT0, CLK_FLL_CONFIG, CLK_FLL_CONFIG2, CLK_FLL_CONFIG3, CLK_FLL_CONFIG4)
_CCO_HZ = (48_000_000, 63_855_600, 84_948_700, 113_009_380, 150_339_200, 200_000_001)  # where each range begins
# What the boot code leaves after power comes: the cores at 50 MHz, from the FLL at 100 MHz and the root's divider.
_BOOT_CODE_LEAVES = {
    CLK_ROOT_SELECT0: CLK_ROOT_SELECT0_ROOT_DIV_2,
    CLK_FLL_CONFIG: CLK_FLL_CONFIG_FLL_ENABLE | CLK_FLL_CONFIG_FLL_OUTPUT_DIV | 500,
    CLK_FLL_CONFIG2: 20,
    CLK_FLL_CONFIG3: CLK_FLL_CONFIG3_BYPASS_SEL_FLL_OUT,
    CLK_FLL_CONFIG4: CLK_FLL_CONFIG4_CCO_ENABLE | 355 << 16 | 4 << 8 | 0xFF,
}


class Srss(Watched):
    """The watchdog never bites here. FLL and root divider outlive every reset but that by power (assumed: the library
    never takes their state for granted, and a program that copes with that copes with the rest).

    ``on_program()`` is told when a program, not the boot code, changed a clock. ``clock`` is that of the core which does.
    """

    reset_values = {  # noqa: RUF012
        PWR_BUCK_CTL: 0x00000005,
        WDT_CTL: 0xC0000001,
        WDT_MATCH: 0x00001000,
        CLK_TIMER_CTL: 0x00070000,
        CLK_ILO_CONFIG: 0x80000000,
        CLK_IMO_CONFIG: 0x80000000,
        CLK_ECO_CONFIG: 0x00000002,
        CLK_PILO_CONFIG: 0x00000080,
        CLK_FLL_CONFIG: 0x01000000,
        CLK_FLL_CONFIG2: 0x00020001,
        CLK_FLL_CONFIG3: 0x00002800,
        CLK_FLL_CONFIG4: 0x000000FF,
    }

    def __init__(self, clock: VirtualClock) -> None:
        self.cause = 0
        self.on_program: Callable[[], None] = lambda: None
        self._warm = Warmup(clock)
        self._by_power, self._before = True, dict[int, int]()
        self._disturbed = False  # settings were changed while the FLL was on: it is lost until it is switched off
        super().__init__("SRSS")

    def note_reset(self, cause: str) -> None:
        """Power and the pin leave no trace; the others stay until they are cleared by writing 1."""
        bits = {"watchdog": RES_CAUSE_RESET_WDT, "software": RES_CAUSE_RESET_SOFT}
        self.cause = self.cause | bits[cause] if cause in bits else 0
        self._by_power = cause == "power"

    def reset(self) -> None:
        """The state after a reset, before the boot code."""
        self._before = {register: self.regs[register] for register in _KEPT if register in self.regs}
        super().reset()
        self._switch(0, 0)

    def boot(self) -> None:
        """What stands in the clock registers when the boot code is done."""
        self.regs |= _BOOT_CODE_LEAVES if self._by_power else self._before
        self._disturbed = False
        self._switch(0, 0)
        self.on_change()

    def _switch(self, cco_us: float, lock_us: float) -> None:
        """Start or stop what the registers say, with so much time until it is ready."""
        for name, on, us in (("CCO", self._cco_enabled, cco_us), ("FLL", self._enabled, lock_us)):
            if not on:
                self._warm.stop(name)
            elif not self._warm.on(name):
                self._warm.start(name, us)

    def get(self, offset: int) -> int:
        """The FLL locks a while after it may."""
        if offset == RES_CAUSE:
            return self.cause
        if offset == CLK_FLL_STATUS:
            return (CLK_FLL_STATUS_LOCKED if self._locked else 0) | (
                CLK_FLL_STATUS_CCO_READY if self._oscillating else 0
            )
        return super().get(offset)

    def set(self, offset: int, value: int) -> None:
        """WDT_CTL obeys its lock: 1 and 2 in the two top bits take it off one by one, 3 puts it on, 0 leaves it."""
        if offset == RES_CAUSE:
            self.cause &= ~value
        elif offset == WDT_CTL:
            old = self.regs[offset]
            lock, request = field(old, WDT_CTL_WDT_LOCK), field(value, WDT_CTL_WDT_LOCK)
            enabled = (old if lock else value) & WDT_CTL_WDT_EN
            self.regs[offset] = put(WDT_CTL_WDT_LOCK, 3 if request == 3 else lock & ~request) | enabled
        elif offset != CLK_FLL_STATUS:
            if offset in _SETTINGS and self._enabled and (self.regs[offset] ^ value) & _SETTINGS[offset]:
                self._disturbed = True
                self.hint("the FLL's settings are changed while it is on: it does not lock again")
            self.regs[offset] = value
            self._switch(_CCO_US, _LOCK_US)
            self.on_change()
            if not self._enabled:
                self._disturbed = False
            if not self.hf0_hz:
                self.refuse("stop its cores: CLK_FLL_CONFIG3 selects the output of an FLL that is off or not locked")
            elif offset in _KEPT:
                self.on_program()

    @property
    def _enabled(self) -> bool:
        return bool(self.regs[CLK_FLL_CONFIG] & CLK_FLL_CONFIG_FLL_ENABLE)

    @property
    def _cco_enabled(self) -> bool:
        return bool(self.regs[CLK_FLL_CONFIG4] & CLK_FLL_CONFIG4_CCO_ENABLE)

    @property
    def _oscillating(self) -> bool:
        return self._warm.ready("CCO")

    @property
    def _cco_hz(self) -> int:
        divider = max(1, field(self.regs[CLK_FLL_CONFIG2], CLK_FLL_CONFIG2_FLL_REF_DIV))
        return IMO_HZ * field(self.regs[CLK_FLL_CONFIG], CLK_FLL_CONFIG_FLL_MULT) // divider

    @property
    def _locked(self) -> bool:
        if not self._warm.ready("FLL") or not self._oscillating or self._disturbed:
            return False
        number = field(self.regs[CLK_FLL_CONFIG4], CLK_FLL_CONFIG4_CCO_RANGE)
        return number < len(_CCO_HZ) - 1 and _CCO_HZ[number] <= self._cco_hz < _CCO_HZ[number + 1]

    @property
    def hf0_hz(self) -> int:
        """The first high-frequency root, which feeds both cores and the peripherals. 0: its source does not run."""
        root, bypass = self.regs.get(CLK_ROOT_SELECT0, 0), self.regs[CLK_FLL_CONFIG3] & CLK_FLL_CONFIG3_BYPASS_SEL
        hz = IMO_HZ
        if not root & CLK_ROOT_SELECT0_ROOT_MUX and bypass != CLK_FLL_CONFIG3_BYPASS_SEL_FLL_REF:
            if self._locked:
                hz = self._cco_hz // (2 if self.regs[CLK_FLL_CONFIG] & CLK_FLL_CONFIG_FLL_OUTPUT_DIV else 1)
            elif bypass == CLK_FLL_CONFIG3_BYPASS_SEL_FLL_OUT:
                hz = 0
        return hz >> field(root, CLK_ROOT_SELECT0_ROOT_DIV)

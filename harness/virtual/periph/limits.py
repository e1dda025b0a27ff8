"""What the chips' clocks may be. A chip outside its limits may run, warm, on a bench; here it is refused.

Where the figures come from: ST's headers and drivers, which are public. ``stm32f446xx.h`` has RCC_MAX_FREQUENCY_SCALE*,
RCC_PLLVCO_*, RCC_PLLN_* and FLASH_SCALE*_LATENCY*_FREQ; ``stm32l4xx_ll_utils.c`` has UTILS_MAX_FREQUENCY_SCALE*,
UTILS_PLLVCO_*, UTILS_SCALE*_LATENCY*_FREQ and the tables in its comments (for the L4R9 those of "STM32L4Rx/STM32L4Sx");
``stm32f4xx_hal_pwr_ex.c`` says what over-drive adds in each scale, ``stm32f4xx_hal_rcc.c`` the limits of the two buses, and
``stm32l4xx_hal_rcc.c`` how to go above 80 MHz. Supply: 2.7 to 3.6 V, as all boards here have. PSoC 6: the library's
``cy_device.c``, cy_deviceIpBlockCfgPSoC6_02, flashCtlMainWs0Freq to 4Freq; its core is at 1.1 V.
"""

from __future__ import annotations

from dataclasses import dataclass

_MHZ = 1_000_000


@dataclass(frozen=True)
class PllLimits:
    """Input and oscillator of a PLL in Hz, and its multiplier."""

    input_hz: tuple[int, int]
    vco_hz: tuple[int, int]
    multiplier: tuple[int, int]

    def objection(self, input_hz: float, multiplier: int) -> str:
        """Why a PLL would not lock; empty when it would."""
        vco_hz = input_hz * multiplier
        if not self.input_hz[0] <= input_hz <= self.input_hz[1]:
            return f"not lock its PLL: its input is {mhz(input_hz)} MHz, {_range(self.input_hz)} MHz are allowed"
        if not self.multiplier[0] <= multiplier <= self.multiplier[1]:
            low, high = self.multiplier
            return f"not lock its PLL: it multiplies by {multiplier}, {low} to {high} are allowed"
        if not self.vco_hz[0] <= vco_hz <= self.vco_hz[1]:
            return f"not lock its PLL: its oscillator is at {mhz(vco_hz)} MHz, {_range(self.vco_hz)} MHz are allowed"
        return ""


F4_PLL = PllLimits((950_000, 2_100_000), (100 * _MHZ, 432 * _MHZ), (50, 432))
L4_PLL = PllLimits((4 * _MHZ, 16 * _MHZ), (64 * _MHZ, 344 * _MHZ), (8, 86))

_F4_HCLK = {
    1: (168 * _MHZ, 180 * _MHZ),
    2: (144 * _MHZ, 168 * _MHZ),
    3: (120 * _MHZ, 120 * _MHZ),
}  # without, with over-drive
_F4_APB1, _F4_APB2 = 45 * _MHZ, 90 * _MHZ
_F4_PER_WAIT_STATE = 30 * _MHZ
# The highest HCLK for 0, 1, 2 ... wait states, by voltage range.
_L4_FLASH = {1: (16, 32, 48, 64, 80), 2: (6, 12, 18, 26)}
_L4PLUS_FLASH = {1: (20, 40, 60, 80, 100, 120), 2: (8, 16, 26)}
_L4_RANGE_2 = 26 * _MHZ
L4_NORMAL = 80 * _MHZ
L4PLUS_BOOST = 120 * _MHZ
_PSOC6_FLASH = (25, 50, 75, 100, 125)  # MHz of the first root for 0, 1, 2 ... wait states
_PSOC6_ROOT = 150 * _MHZ
_PSOC6_BOOT = 50 * _MHZ


def f4_objection(hclk: int, pclk1: int, pclk2: int, *, wait_states: int, scale: int, over_drive: bool) -> str:
    """Why an STM32F446 cannot run so; empty when it can. Frequencies in Hz; ``scale`` is the voltage scale, 1 to 3."""
    for bus, hz, most in (("APB1", pclk1, _F4_APB1), ("APB2", pclk2, _F4_APB2)):
        if hz > most:
            return f"run {bus} beyond its limit: {mhz(hz)} MHz, at most {mhz(most)}"
    normal, driven = _F4_HCLK[scale]
    most = driven if over_drive else normal
    if hclk > most:
        more = "" if over_drive or hclk > driven else f" without over-drive ({mhz(driven)} with it)"
        return f"have too little voltage: HCLK is {mhz(hclk)} MHz, at most {mhz(most)} in scale {scale}{more}"
    needed = -(-hclk // _F4_PER_WAIT_STATE) - 1
    return _too_few(hclk, wait_states, needed)


def l4_objection(hclk: int, *, plus: bool, wait_states: int, voltage_range: int, boost: bool) -> str:
    """Why an STM32L4 (``plus``: L4+) cannot run so; empty when it can. Its buses have the limit of HCLK."""
    most = _L4_RANGE_2 if voltage_range == 2 else L4PLUS_BOOST if plus and boost else L4_NORMAL
    if hclk > most:
        more = " without boost mode (R1MODE)" if plus and voltage_range == 1 and not boost else ""
        return f"have too little voltage: HCLK is {mhz(hclk)} MHz, at most {mhz(most)} in range {voltage_range}{more}"
    steps = (_L4PLUS_FLASH if plus else _L4_FLASH)[voltage_range]
    needed = next(n for n, step in enumerate(steps) if hclk <= step * _MHZ)
    return _too_few(hclk, wait_states, needed)


def psoc6_objection(root_hz: int, *, wait_states: int) -> str:
    """Why a PSoC 62 of 2 MB cannot run so from its first root; empty when it can.

    Up to what the boot code leaves nothing is asked of the flash: what it sets there is not known.
    """
    if root_hz > _PSOC6_ROOT:
        return f"run beyond its limit: the first root is at {mhz(root_hz)} MHz, at most {mhz(_PSOC6_ROOT)}"
    if root_hz <= _PSOC6_BOOT:
        return ""
    needed = next((n for n, step in enumerate(_PSOC6_FLASH) if root_hz <= step * _MHZ), len(_PSOC6_FLASH))
    return _too_few(root_hz, wait_states, needed)


def _too_few(hclk: int, wait_states: int, needed: int) -> str:
    if wait_states >= needed:
        return ""
    return f"read wrong instructions: flash has {wait_states} wait states at {mhz(hclk)} MHz, {needed} are needed"


def mhz(hz: float) -> str:
    """For people."""
    return f"{hz / _MHZ:g}"


def _range(limits: tuple[int, int]) -> str:
    return f"{mhz(limits[0])} to {mhz(limits[1])}"

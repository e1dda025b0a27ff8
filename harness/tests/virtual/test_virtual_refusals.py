"""What a chip would not do stops the unit and is told; what the firmware does that a chip ignores is noted."""

import pytest

from harness.virtual.host.control import Control
from harness.virtual.periph import flash, flash_l4, pwr, pwr_l4, rcc, rcc_l4
from harness.virtual.soc.stm32f446re import Stm32F446
from harness.virtual.soc.stm32l4r9zi import Stm32L4R9
from harness.virtual.soc.stm32l476rg import Stm32L476

GPIOA = 0x40020000


def test_a_refusal_stops_the_core_until_the_next_reset_and_names_the_place(lab):
    lab.start("compute", 1000)
    lab.machine.run(1000)
    lab.chip.rcc.refuse("fall over")
    at = lab.machine.core.pc
    executed = lab.machine.clock.instructions
    lab.machine.run(100_000)
    assert lab.machine.stopped
    assert lab.machine.clock.instructions == executed
    assert lab.machine.noticed.refusals == [f"on a chip this would fall over (before pc {at:#010x})"]
    lab.machine.request_reset("pin")
    assert not lab.machine.stopped
    assert lab.machine.noticed.refusals, "what was seen stays seen"


def test_a_write_to_a_peripheral_without_a_clock_is_noted_and_nothing_stops(lab):
    lab.start("compute", 1)
    lab.machine.bus.write(GPIOA, 4, 0)
    assert lab.machine.noticed.hints == ["GPIOA is written while its clock is off: the chip ignores that"]
    assert not lab.machine.stopped
    assert lab.machine.noticed.refusals == []


def test_a_running_unit_is_asked_for_what_it_found(unit):
    with Control(unit.uid) as control:
        assert control.findings() == {"refusals": [], "hints": [], "warnings": [], "tick_s": None}


# -- clocks -----------------------------------------------------------------------------------------------------------

HSION, HSEON, HSEBYP, PLLON = 1 << 0, 1 << 16, 1 << 18, 1 << 24
HSE_SOURCE, P_2, Q_8, R_2 = 1 << 22, 0 << 16, 8 << 24, 2 << 28
PPRE1_4, PPRE2_2, SW_HSE, SW_PLL = 5 << 10, 4 << 13, 1, 2
PWR_ON = 1 << 28
VOS_2, VOS_1, ODEN, ODSWEN = 2 << 14, 3 << 14, 1 << 16, 1 << 17


def pll(m, n, source=0):
    return m | n << 6 | P_2 | Q_8 | R_2 | source


class F446:
    """A chip in reset whose registers a test writes as a program would, with time to pass in between."""

    RCC, PWR, FLASH, USART2 = 0x40023800, 0x40007000, 0x40023C00, 0x40004400

    def __init__(self, chip=None):
        self.chip = chip or Stm32F446("test")
        self.machine = self.chip.machine
        self.machine.request_reset("power")

    def wait(self, us):
        self.machine.clock.advance(int(us * 1e-6 * self.machine.clock.hz) + 1)

    def read(self, base, offset):
        return self.machine.bus.read(base + offset, 4)

    def write(self, base, offset, value, wait_us=0):
        self.machine.bus.write(base + offset, 4, value)
        self.wait(wait_us)

    def refused(self):
        return " ".join(self.machine.noticed.refusals)

    def run_at_180_mhz(self):
        self.write(self.RCC, rcc.APB1ENR, PWR_ON)
        self.write(self.RCC, rcc.PLLCFGR, pll(8, 180))
        self.write(self.RCC, rcc.CR, HSION | PLLON, 400)
        self.write(self.PWR, pwr.CR, VOS_1 | ODEN, 100)
        self.write(self.PWR, pwr.CR, VOS_1 | ODEN | ODSWEN, 100)
        self.write(self.FLASH, flash.ACR, 5)
        self.write(self.RCC, rcc.CFGR, PPRE1_4 | PPRE2_2 | SW_PLL)


@pytest.fixture
def f446():
    return F446()


def test_an_stm32f446_that_does_all_in_its_order_is_not_refused(f446):
    f446.run_at_180_mhz()
    assert f446.refused() == ""
    assert f446.machine.clock.hz == 180_000_000


@pytest.mark.parametrize(
    ("m", "n", "says"),
    [
        (4, 100, "its input is 4 MHz, 0.95 to 2.1 MHz are allowed"),
        (20, 200, "its input is 0.8 MHz"),
        (8, 40, "it multiplies by 40, 50 to 432"),
        (8, 250, "its oscillator is at 500 MHz, 100 to 432 MHz"),
        (16, 80, "its oscillator is at 80 MHz"),
        (1, 100, "it divides its input by 1, 2 to 63"),
    ],
)
def test_a_pll_outside_its_ranges_is_refused_when_it_is_started(f446, m, n, says):
    f446.write(f446.RCC, rcc.PLLCFGR, pll(m, n))
    assert f446.refused() == ""
    f446.write(f446.RCC, rcc.CR, HSION | PLLON)
    assert says in f446.refused()


def test_a_pll_is_not_started_from_a_source_that_is_not_ready(f446):
    f446.write(f446.RCC, rcc.PLLCFGR, pll(4, 180, HSE_SOURCE))
    f446.write(f446.RCC, rcc.CR, HSION | HSEBYP)
    f446.write(f446.RCC, rcc.CR, HSION | HSEBYP | HSEON)
    f446.write(f446.RCC, rcc.CR, HSION | HSEBYP | HSEON | PLLON)
    assert "started before its input is ready (HSERDY)" in f446.refused()


def test_settings_that_are_locked_while_something_is_on_are_refused(f446):
    f446.write(f446.RCC, rcc.APB1ENR, PWR_ON)
    f446.write(f446.RCC, rcc.PLLCFGR, pll(8, 180))
    f446.write(f446.RCC, rcc.CR, HSION | PLLON, 400)
    f446.write(f446.RCC, rcc.PLLCFGR, pll(8, 168))
    assert "ignore RCC_PLLCFGR" in f446.refused()
    other = F446()
    other.write(other.RCC, rcc.APB1ENR, PWR_ON)
    other.write(other.RCC, rcc.PLLCFGR, pll(8, 180))
    other.write(other.RCC, rcc.CR, HSION | PLLON, 400)
    other.write(other.PWR, pwr.CR, VOS_2)
    assert "ignore PWR_CR.VOS" in other.refused()


def test_an_oscillator_is_ready_after_its_time_and_not_before(f446):
    f446.write(f446.RCC, rcc.CR, HSION | HSEBYP)
    f446.write(f446.RCC, rcc.CR, HSION | HSEBYP | HSEON)
    assert not f446.read(f446.RCC, rcc.CR) & 2 << 16
    f446.wait(3_000)
    assert f446.read(f446.RCC, rcc.CR) & 2 << 16
    f446.write(f446.RCC, rcc.CFGR, SW_HSE)
    assert f446.machine.clock.hz == 8_000_000
    assert f446.refused() == ""


def test_without_bypass_or_without_the_st_links_clock_the_external_one_never_comes(f446):
    f446.write(f446.RCC, rcc.CR, HSION | HSEON, 10_000)
    assert not f446.read(f446.RCC, rcc.CR) & 2 << 16
    other = F446()
    other.chip.cut_clock()
    other.write(other.RCC, rcc.CR, HSION | HSEBYP)
    other.write(other.RCC, rcc.CR, HSION | HSEBYP | HSEON, 10_000)
    assert not other.read(other.RCC, rcc.CR) & 2 << 16


def test_the_core_cannot_switch_off_what_it_runs_from(f446):
    f446.run_at_180_mhz()
    f446.write(f446.RCC, rcc.CR, 0)
    assert f446.read(f446.RCC, rcc.CR) & (HSION | PLLON) == HSION | PLLON


@pytest.mark.parametrize(
    ("register", "offset", "value", "says"),
    [
        ("FLASH", flash.ACR, 4, "4 wait states at 180 MHz, 5 are needed"),
        ("RCC", rcc.CFGR, PPRE1_4 | SW_PLL, "run APB2 beyond its limit: 180 MHz, at most 90"),
        ("PWR", pwr.CR, VOS_1, "at most 168 in scale 1 without over-drive"),
    ],
)
def test_what_the_clock_needs_is_not_taken_away_while_it_runs(f446, register, offset, value, says):
    f446.run_at_180_mhz()
    f446.write(getattr(f446, register), offset, value)
    assert says in f446.refused()


def test_over_drive_is_not_switched_to_before_it_is_ready(f446):
    f446.write(f446.RCC, rcc.APB1ENR, PWR_ON)
    f446.write(f446.PWR, pwr.CR, VOS_1 | ODEN)
    f446.write(f446.PWR, pwr.CR, VOS_1 | ODEN | ODSWEN)
    assert "before over-drive is ready (ODRDY)" in f446.refused()


class L4:
    """As ``F446``, for the other family: both chips have the same registers."""

    RCC, PWR, FLASH = 0x40021000, 0x40007000, 0x40022000
    MSION, HSI_ON, PLL_ON = 1 << 0, 1 << 8, 1 << 24
    SW_HSI, SW_PLL, HPRE_2 = 1, 3, 8 << 4

    def __init__(self, chip):
        self.chip, self.machine = chip, chip.machine
        self.machine.request_reset("power")

    wait, read, write, refused = F446.wait, F446.read, F446.write, F446.refused

    def pll(self, m, n):
        return 2 | m - 1 << 4 | n << 8

    def run_on_pll(self, m, n, wait_states, prescaler=0):
        self.write(self.RCC, rcc_l4.CR, self.MSION | self.HSI_ON, 10)
        self.write(self.RCC, rcc_l4.CFGR, self.SW_HSI)
        self.write(self.RCC, rcc_l4.PLLCFGR, self.pll(m, n))
        self.write(self.RCC, rcc_l4.CR, self.HSI_ON | self.PLL_ON, 60)
        self.write(self.RCC, rcc_l4.PLLCFGR, self.pll(m, n) | rcc_l4.PLLCFGR_PLLREN)
        self.write(self.FLASH, flash_l4.ACR, wait_states)
        self.write(self.RCC, rcc_l4.CFGR, self.SW_PLL | prescaler)


def test_an_stm32l4_runs_at_80_mhz_and_no_faster():
    right, fast = L4(Stm32L476("test")), L4(Stm32L476("test"))
    right.run_on_pll(2, 20, 4)
    assert right.refused() == ""
    assert right.machine.clock.hz == 80_000_000
    fast.run_on_pll(2, 21, 4)
    assert "HCLK is 84 MHz, at most 80 in range 1" in fast.refused()


@pytest.mark.parametrize(
    ("m", "n", "says"),
    [(8, 40, "its input is 2 MHz, 4 to 16 MHz"), (1, 40, "its oscillator is at 640 MHz"), (2, 7, "it multiplies by 7")],
)
def test_the_pll_of_an_stm32l4_has_its_own_ranges(m, n, says):
    chip = L4(Stm32L476("test"))
    chip.run_on_pll(m, n, 4)
    assert says in chip.refused()


def test_an_stm32l4_in_its_low_voltage_range_is_slow_until_the_voltage_has_risen():
    chip = L4(Stm32L476("test"))
    chip.write(chip.RCC, rcc_l4.APB1ENR1, PWR_ON)
    chip.write(chip.FLASH, flash_l4.ACR, 3)
    chip.write(chip.PWR, pwr_l4.CR1, 2 << 9)
    chip.write(chip.PWR, pwr_l4.CR1, 1 << 9)
    assert chip.read(chip.PWR, pwr_l4.SR2) & pwr_l4.SR2_VOSF
    assert chip.refused() == ""
    chip.run_on_pll(2, 20, 4)
    assert chip.refused() == "", "the steps before took longer than the voltage needs"
    hasty = L4(Stm32L476("test"))
    hasty.write(hasty.RCC, rcc_l4.APB1ENR1, PWR_ON)
    hasty.write(hasty.FLASH, flash_l4.ACR, 3)
    hasty.write(hasty.PWR, pwr_l4.CR1, 2 << 9)
    hasty.run_on_pll(2, 20, 4)
    assert "HCLK is 80 MHz, at most 26 in range 2" in hasty.refused()


def test_an_stm32l4plus_goes_above_80_mhz_by_a_step_of_a_microsecond():
    for wait_us, says in ((2, ""), (0.1, "from 60 to 120 MHz without a microsecond at half of it")):
        chip = L4(Stm32L4R9("test"))
        chip.write(chip.RCC, rcc_l4.APB1ENR1, PWR_ON)
        chip.write(chip.PWR, pwr_l4.CR5, 0)
        chip.run_on_pll(4, 60, 5, L4.HPRE_2)
        chip.wait(wait_us)
        chip.write(chip.RCC, rcc_l4.CFGR, L4.SW_PLL)
        assert says in chip.refused() if says else chip.refused() == ""
    direct = L4(Stm32L4R9("test"))
    direct.write(direct.RCC, rcc_l4.APB1ENR1, PWR_ON)
    direct.write(direct.PWR, pwr_l4.CR5, 0)
    direct.run_on_pll(4, 60, 5)
    assert "from 16 to 120 MHz" in direct.refused()

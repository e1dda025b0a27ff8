"""Mistakes in a board's own code, one at a time, and firmware images that have them."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.build import cmake, firmware
from harness.build.inputs import BuildBoard
from harness.models import metadata
from harness.models.codegen import generate
from harness.paths import shipped


@dataclass(frozen=True)
class Mutation:
    """``changes`` are (file below firmware/, text, text instead of it; "" takes it away); each text is there once.

    ``reason`` is what the verdict must say; ``model`` runs into the mistake.
    """

    name: str
    board: str
    changes: tuple[tuple[str, str, str], ...]
    reason: str
    model: str = "digits_cnn_int8"


F446, L476, STWIN, PSOC6 = "nucleo_f446re", "nucleo_l476rg", "steval_stwinkt1", "cy8cproto_062_4343w"
_F446_C, _L476_C, _STWIN_C, _PSOC6_C = (f"boards/{board}/board.c" for board in (F446, L476, STWIN, PSOC6))
_L4, _STM32, _STARTUP, _CORE = "arch/stm32l4.h", "arch/stm32.h", "arch/startup.c", "arch/cortex_m.h"
_PLL_WAIT = """    if (!comes(&RCC_CR, RCC_CR_PLLRDY, RCC_CR_PLLRDY)) {
        return false;
    }
"""
_OVER_DRIVE = """    PWR_CR |= PWR_CR_ODEN;
    if (!comes(&PWR_CSR, PWR_CSR_ODRDY, PWR_CSR_ODRDY)) {
        return false;
    }
    PWR_CR |= PWR_CR_ODSWEN;
    if (!comes(&PWR_CSR, PWR_CSR_ODSWRDY, PWR_CSR_ODSWRDY)) {
        return false;
    }
"""
_TO_REFERENCE = (
    "    change(&SRSS_CLK_FLL_CONFIG3, SRSS_CLK_FLL_CONFIG3_BYPASS_SEL, SRSS_CLK_FLL_CONFIG3_BYPASS_SEL_FLL_REF);\n"
)
_FLL_WAIT = """    if (!comes(&SRSS_CLK_FLL_STATUS, SRSS_CLK_FLL_STATUS_LOCKED, SRSS_CLK_FLL_STATUS_LOCKED)) {
        SRSS_CLK_FLL_CONFIG &= ~SRSS_CLK_FLL_CONFIG_FLL_ENABLE;
        return false;
    }
"""
_USART_OFF = "    USART2_CR1 &= ~USART2_CR1_UE;\n    set_divider(baud);"

#: Each is caught, with a reason that names it.
MUTATIONS = (
    Mutation("wrong_alternate_function", F446, ((_STM32, "AF7 7u", "AF7 8u"),), "its pins are not switched"),
    Mutation("pins_are_outputs", F446, ((_STM32, "ALTERNATE 2u", "ALTERNATE 1u"),), "its pins are not switched"),
    Mutation(
        "apb1_undivided",
        F446,
        (
            (_F446_C, "    RCC_CFGR = RCC_CFGR_PPRE1_DIV4 | RCC_CFGR_PPRE2_DIV2;", "    RCC_CFGR = 0;"),
            (_F446_C, "RCC_CFGR_PPRE1_DIV4 | RCC_CFGR_PPRE2_DIV2 | RCC_CFGR_SW_PLL;", "RCC_CFGR_SW_PLL;"),
            (_F446_C, "apb1_hz = PLL_HZ / 4u;", "apb1_hz = PLL_HZ;"),
        ),
        "run APB1 beyond its limit: 180 MHz, at most 45",
    ),
    Mutation("baud_4_percent_off", F446, ((_STM32, "baud / 2u) / baud;", "baud / 2u) / baud * 104u / 100u;"),), "baud"),
    Mutation(
        "baud_doubled", F446, ((_STM32, "(UART_HZ + baud / 2u) / baud", "(UART_HZ + baud) / (2u * baud)"),), "baud"
    ),
    Mutation(
        "no_wait_states",
        F446,
        ((_F446_C, "LATENCY_5 (5u << 0)", "LATENCY_5 (0u << 0)"),),
        "0 wait states at 180 MHz, 5 are",
    ),
    Mutation("no_over_drive", F446, ((_F446_C, _OVER_DRIVE, ""),), "at most 168 in scale 1 without over-drive"),
    Mutation("pll_not_waited_for", F446, ((_F446_C, _PLL_WAIT, ""),), "before it is ready (PLLRDY)"),
    Mutation(
        "pll_never_on", F446, ((_F446_C, "    RCC_CR |= RCC_CR_PLLON;\n" + _PLL_WAIT, ""),), "selects PLL, which is off"
    ),
    Mutation(
        "no_clock_for_the_port",
        F446,
        ((_F446_C, "    RCC_AHB1ENR |= RCC_AHB1ENR_GPIOAEN;\n", ""),),
        "GPIOA is written while its clock is off",
    ),
    Mutation(
        "no_clock_for_the_usart",
        F446,
        ((_F446_C, "    RCC_APB1ENR |= RCC_APB1ENR_USART2EN;\n", ""),),
        "USART2 is written while its clock is off",
    ),
    Mutation(
        "interrupt_not_enabled",
        F446,
        ((_CORE, "    NVIC_ISER(irq) = 1u << (irq % 32u);\n", ""),),
        "interrupt 38 is requested and not enabled",
    ),
    Mutation(
        "vectors_elsewhere",
        F446,
        ((_STARTUP, "(uint32_t)(uintptr_t)vectors;", "(uint32_t)(uintptr_t)vectors + 0x200u;"),),
        "taken from the vector table at",
    ),
    Mutation(
        "floating_point_off",
        F446,
        ((_STARTUP, "    SCB_CPACR |= SCB_CPACR_CP10 | SCB_CPACR_CP11; /* floating point */\n", ""),),
        "CPACR keeps the FPU off",
        "digits_cnn_f32",
    ),
    Mutation("l4_no_wait_states", L476, ((_L476_C, "(2u, 20u), 4u,", "(2u, 20u), 0u,"),), "0 wait states at 80 MHz"),
    Mutation(
        "l4_pll_output_off", L476, ((_L4, "    RCC_PLLCFGR |= RCC_PLLCFGR_PLLREN;\n", ""),), "whose output to it is off"
    ),
    Mutation("l4_divider_while_on", L476, ((_STM32, _USART_OFF, "    set_divider(baud);"),), "ignore USART2_BRR"),
    Mutation(
        "no_boost",
        STWIN,
        ((_STWIN_C, "    PWR_CR5 &= ~PWR_CR5_R1MODE; /* 0 is boost */\n", ""),),
        "without boost mode (R1MODE)",
    ),
    Mutation(
        "tick_from_the_core",
        F446,
        (("arch/time.c", "SYST_CSR_ENABLE | SYST_CSR_TICKINT;", "SYST_CSR_ENABLE | SYST_CSR_TICKINT | 1u << 2;"),),
        "SysTick interrupts every 62.5 ms, not every 500",
    ),
    Mutation(
        "tick_as_if_from_the_core",
        F446,
        ((_F446_C, "cortex_time_start(core_hz / 8u);", "cortex_time_start(core_hz);"),),
        "has more than 24 bits",
    ),
    Mutation(
        "fll_at_other_addresses",
        PSOC6,
        tuple(
            (_PSOC6_C, f"REG32(0x{0x40260580 + 4 * i:08X}u)", f"REG32(0x{0x40260530 + 4 * i:08X}u)") for i in range(5)
        ),
        "the board's UART is at",  # the FLL stays as the boot code left it: neither what was meant nor what was fallen back to
    ),
    Mutation("fll_off_while_in_use", PSOC6, ((_PSOC6_C, _TO_REFERENCE, ""),), "the output of an FLL that is off"),
    Mutation(
        "root_divided",
        PSOC6,
        (
            (
                _PSOC6_C,
                "    SRSS_CLK_ROOT_SELECT0 &= ~(SRSS_CLK_ROOT_SELECT0_ROOT_MUX | SRSS_CLK_ROOT_SELECT0_ROOT_DIV);\n",
                "",
            ),
        ),
        "baud",
    ),
    Mutation(
        "fifo_without_byte_mode",
        PSOC6,
        ((_PSOC6_C, "SCB5_CTRL_MODE_UART | SCB5_CTRL_BYTE_MODE;", "SCB5_CTRL_MODE_UART;"),),
        "a FIFO that is full: 64 entries",
    ),
    Mutation(
        "psoc6_too_few_wait_states",
        PSOC6,
        ((_PSOC6_C, "PUT(FLASHC_FLASH_CTL_MAIN_WS, 3u)", "PUT(FLASHC_FLASH_CTL_MAIN_WS, 1u)"),),
        "1 wait states at 100 MHz, 3 are needed",
    ),
    Mutation("fll_not_waited_for", PSOC6, ((_PSOC6_C, _FLL_WAIT, ""),), "an FLL that is off or not locked"),
    Mutation(
        "fll_taken_before_it_locks",
        PSOC6,
        ((_PSOC6_C, "    SRSS_CLK_FLL_CONFIG |= SRSS_CLK_FLL_CONFIG_FLL_ENABLE;\n", ""), (_PSOC6_C, _FLL_WAIT, "")),
        "selects the output of an FLL that is off or not locked",
    ),
)

#: Right on a chip that shows flash at 0, as the STM32 does while it boots from it: the run passes, and is warned of it.
NO_VTOR = Mutation(
    "vectors_not_told",
    F446,
    ((_STARTUP, "    SCB_VTOR = (uint32_t)(uintptr_t)vectors;\n", ""),),
    "interrupts are taken from address 0",
)


class Workshop:
    """One board's firmware with one model, built once; each change then costs one file and the linking.

    ``sources`` is a copy of the firmware, made by the first who comes: where all have the same, zig compiles its kernels once.
    """

    def __init__(self, folder: Path, sources: Path, board: str, model: str) -> None:
        self.sources = sources
        if not sources.exists():
            shutil.copytree(shipped("firmware"), sources, ignore=shutil.ignore_patterns("tests", "engines"))
        self._build = folder / "build"
        generated = folder / "model"
        generated.mkdir()
        generate(metadata.load_model(model).path, generated)
        self._again = None

        def kept(source_dir, build_dir, config, compiler, **how):
            shutil.copytree(build_dir, self._build)
            config = config.replace(build_dir.as_posix(), self._build.as_posix())
            self._again = lambda: cmake.run_cmake(source_dir, self._build, config, compiler, **how)
            return self._again()

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(firmware, "shipped", lambda _name: self.sources)
            patched.setattr(firmware, "run_cmake", kept)
            self.image = firmware.build(self.sources / "boards" / board, generated, cache_dir=folder / "cache")
        assert BuildBoard.load(self.sources / "boards" / board).name == board

    def changed(self, changes: tuple[tuple[str, str, str], ...], out: Path) -> Path:
        """The image with the changes in it; the sources are then as before."""
        before = {}
        try:
            for name, old, new in changes:
                path = self.sources / name
                text = path.read_text()
                before.setdefault(path, text)
                assert text.count(old) == 1, f"{name}: {old!r} is there {text.count(old)} times"
                path.write_text(text.replace(old, new))
            return Path(shutil.copyfile(self._again(), out))
        finally:
            for path, text in before.items():
                path.write_text(text)

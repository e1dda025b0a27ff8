"""What the STM32L4 and L4+ parts share (RM0351, RM0432). Renode has no clock, power or flash controller of theirs."""

from dataclasses import replace

from harness.renode.soc import Follow, Registers, Soc, Uart, UartModel

_RCC = Registers(
    base=0x40021000,
    reset={0x00: 0x63, 0x94: 0x0C000600},
    follows=(
        Follow(at=0x00, source=0x00, mask=0x15010001, shift=1),  # MSI, HSE, PLL, PLLSAI1, PLLSAI2: xxRDY after xxON
        Follow(at=0x00, source=0x00, mask=0x100, shift=2),  # HSIRDY
        Follow(at=0x08, source=0x08, mask=0x3, shift=2),  # SWS after SW
        Follow(at=0x90, source=0x90, mask=0x1, shift=1),  # LSERDY
        Follow(at=0x94, source=0x94, mask=0x1, shift=1),  # LSIRDY
    ),
)

_HSI48 = Follow(at=0x98, source=0x98, mask=0x1, shift=1)  # HSI48RDY, of the L4+ alone
RCC_PLUS = replace(_RCC, follows=(*_RCC.follows, _HSI48))

STM32L4 = Soc(
    uart=UartModel("UART.STM32F7_USART", interrupt="IRQ"),
    uarts={
        "usart1": Uart(0x40013800, 37),
        "usart2": Uart(0x40004400, 38),
        "usart3": Uart(0x40004800, 39),
        "uart4": Uart(0x40004C00, 52),
        "uart5": Uart(0x40005000, 53),
    },
    stubs={"rcc": _RCC},
    gpio={
        "gpioa": (0x48000000, 0xABFFFFFF),
        "gpiob": (0x48000400, 0xFFFFFEBF),
        **{f"gpio{port}": (0x48000800 + 0x400 * number, 0xFFFFFFFF) for number, port in enumerate("cdefg")},
        "gpioh": (0x48001C00, 0x0000000F),
    },
    peripherals=(
        (0x40000000, 0x5FFFFFFF),
        (0xA0000000, 0xA0001FFF),
        (0xE0000000, 0xE00FFFFF),
        (0x1FFF0000, 0x1FFFFFFF),
    ),
    plain={"pwr": 0x40007000, "flashController": 0x40022000, "syscfg": 0x40010000},
    aliases={"flash": 0x0},
    extra_ram={},
)

"""STM32F446RE (RM0390): what Renode ships has neither this chip nor an RCC and PWR that its start-up code gets past."""

from harness.renode.soc import Follow, Registers, Soc, Uart, UartModel

_RCC = Registers(
    base=0x40023800,
    reset={0x00: 0x83, 0x04: 0x24003010, 0x74: 0x0E000000},
    follows=(
        Follow(at=0x00, source=0x00, mask=0x15010001, shift=1),  # HSI, HSE, PLL, PLLI2S, PLLSAI: xxRDY after xxON
        Follow(at=0x08, source=0x08, mask=0x3, shift=2),  # SWS after SW
        Follow(at=0x70, source=0x70, mask=0x1, shift=1),  # LSERDY
        Follow(at=0x74, source=0x74, mask=0x1, shift=1),  # LSIRDY
    ),
)
_PWR = Registers(
    base=0x40007000,
    reset={0x00: 0xC000},
    follows=(Follow(at=0x04, source=0x00, mask=0x30000, shift=0),),  # ODRDY, ODSWRDY after ODEN, ODSWEN
    always=((0x04, 0x4000),),  # VOSRDY
)

SOC = Soc(
    uart=UartModel("UART.STM32_UART", sized=True),
    uarts={
        "usart1": Uart(0x40011000, 37, 2),
        "usart2": Uart(0x40004400, 38, 4),
        "usart3": Uart(0x40004800, 39, 4),
        "uart4": Uart(0x40004C00, 52, 4),
        "uart5": Uart(0x40005000, 53, 4),
        "usart6": Uart(0x40011400, 71, 2),
    },
    stubs={"rcc": _RCC, "pwr": _PWR},
    gpio={
        "gpioa": (0x40020000, 0xA8000000),
        "gpiob": (0x40020400, 0x00000280),
        **{
            f"gpio{port}": (0x40020000 + 0x400 * number, 0) for number, port in ((2, "c"), (3, "d"), (4, "e"), (7, "h"))
        },
    },
    peripherals=(
        (0x40000000, 0x5FFFFFFF),
        (0xA0000000, 0xA0001FFF),
        (0xE0000000, 0xE00FFFFF),
        (0x1FFF0000, 0x1FFFFFFF),
    ),
    plain={"flashController": 0x40023C00, "syscfg": 0x40013800},
    aliases={"flash": 0x0},
    extra_ram={},
)

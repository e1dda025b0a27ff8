"""CY8C624A (PSoC 62 TRM, 002-24529): the CM4 alone. Renode has no chip of the family and no serial block that receives.

The CM0+'s few instructions at the start of flash only point the CM4 at its vectors: here the harness does. The registers
that the firmware waits for are SRSS's, for the FLL; the others are kept as they are written. No clock follows them.
"""

from harness.renode.soc import Follow, Registers, Soc, Uart, UartModel

_WDT_CTL = 0x180
_FLL_CONFIG, _FLL_CONFIG2, _FLL_CONFIG3, _FLL_CONFIG4, _FLL_STATUS = 0x580, 0x584, 0x588, 0x58C, 0x590
_SRSS = Registers(
    base=0x40260000,
    reset={
        _WDT_CTL: 0xC0000001,
        _FLL_CONFIG: 0x01000000,
        _FLL_CONFIG2: 0x00020001,
        _FLL_CONFIG3: 0x00002800,
        _FLL_CONFIG4: 0x000000FF,
    },
    follows=(
        Follow(at=_FLL_STATUS, source=_FLL_CONFIG4, mask=1 << 31, shift=-29),  # CCO_READY after CCO_ENABLE
        Follow(at=_FLL_STATUS, source=_FLL_CONFIG, mask=1 << 31, shift=-31),  # LOCKED after FLL_ENABLE
    ),
    size=0x1000,
)

SOC = Soc(
    uart=UartModel("UART.HilPsoc6Scb", clocked=False, source="HilPsoc6Scb.cs"),
    uarts={"scb5": Uart(0x40650000, 44)},
    stubs={"srss": _SRSS},
    gpio={},
    peripherals=(
        (0x00000000, 0x0001FFFF),  # ROM
        (0x14000000, 0x14007FFF),
        (0x16000000, 0x16007FFF),
        (0x18000000, 0x1FFFFFFF),  # external memory
        (0x40000000, 0x40FFFFFF),
        (0xE0000000, 0xE00FFFFF),
    ),
    plain={
        "peri": 0x40000000,
        "cpuss": 0x40200000,
        "flashController": 0x40240000,
        "hsiom": 0x40300000,
        "gpio": 0x40310000,
    },
    plain_bytes=0x2000,
    aliases={},
    extra_ram={},
    priority_mask=0xE0,
    bit_bands=False,
    ram=(0x08000000, 0x100000),  # the board's part of it begins behind the CM0+'s
    tick_hz=8_000_000,  # the IMO
)

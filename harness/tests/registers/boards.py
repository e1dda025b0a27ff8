"""Which sources are compiled for which chip, and what a start-up has to do beside naming registers right."""

from __future__ import annotations

import re

from c_source import FIRMWARE, check, read, without_comments
from vendor import Description

CORE = ("arch/cortex_m.h", "arch/startup.c", "arch/time.c", "arch/fault.c", "arch/uart.c", "arch/uart.h")
_L4 = ("arch/stm32l4.h", "arch/stm32.h")
PSOC6 = "boards/cy8cproto_062_4343w/board.c"
#: A unit's name: the vendor's table and its files, in the order of inclusion.
UNITS = {
    "nucleo_f446re": ("stm32f446", (*CORE, "arch/stm32.h", "boards/nucleo_f446re/board.c")),
    "nucleo_l476rg": ("stm32l476", (*CORE, *_L4, "boards/nucleo_l476rg/board.c")),
    "steval_stwinkt1": ("stm32l4p5", (*CORE, *_L4, "boards/steval_stwinkt1/board.c")),
    "cy8cproto_062_4343w": ("psoc6_02", (*CORE, PSOC6)),
    "flash algorithm on an L4": ("stm32l476", ("flashalgo/stm32l4.c",)),
    "flash algorithm on an L4+": ("stm32l4p5", ("flashalgo/stm32l4.c",)),
}
#: Files in which no register is touched: nothing in them may look like an address.
WITHOUT = ("arch/mem.c", "arch/include/string.h", "boards/native/board.c")


def objections(unit: str, changed: dict[str, str] | None = None) -> list[str]:
    """What the vendor's description says against a unit's sources; ``changed`` replaces files."""
    device, files = UNITS[unit]
    texts = {name: (FIRMWARE / name).read_text() for name in files} | (changed or {})
    found = check(read(texts), Description(device, "cortex_m"))
    return found + (started_wrongly(texts[PSOC6]) if PSOC6 in texts else [])


def started_wrongly(board: str) -> list[str]:
    """What Infineon's library and start-up code do and a PSoC 6 board's code does not (mtb-pdl-cat1; names of its SVD)."""
    text, found = re.sub(r"\s+", " ", without_comments(board)), []
    depth = int(re.search(r"#define FIFO_ENTRIES (\d+)", text)[1])
    mode = re.search(r"SCB5_CTRL = SCB5_CTRL_MODE_UART[^;]*;", text)[0]
    if depth != (128 if "SCB5_CTRL_BYTE_MODE" in mode else 64):
        found.append(
            f"SCB5.CTRL.BYTE_MODE is not set, so SCB5.TX_FIFO has 64 entries (CY_SCB_FIFO_SIZE / 2), used as FIFO_ENTRIES, {depth}"
        )
    vectors = [part.strip() for part in re.search(r"cm0_vectors = \{([^}]*)\{", text)[1].split(",")]
    if vectors[2] != "ROM_NMI_HANDLER":
        found.append(f"the CM0+'s NMI vector is {vectors[2]}, used as the ROM's handler (ROM_NMI_HANDLER, 0x0000000D)")
    order = re.sub(r".*?static bool clock_to_100_mhz", "", _inlined(text, "clock_to_imo"), flags=re.S)
    configured = order.find("PUT(SRSS_CLK_FLL_CONFIG_FLL_MULT")
    for what, statement in (
        ("SRSS.CLK_FLL_CONFIG3.BYPASS_SEL is not FLL_REF", r"SRSS_CLK_FLL_CONFIG3 = [^;]*BYPASS_SEL_FLL_REF"),
        ("SRSS.CLK_FLL_CONFIG.FLL_ENABLE is not cleared", r"SRSS_CLK_FLL_CONFIG &= ~SRSS_CLK_FLL_CONFIG_FLL_ENABLE"),
        ("SRSS.CLK_FLL_CONFIG4.CCO_ENABLE is not cleared", r"SRSS_CLK_FLL_CONFIG4 &= ~SRSS_CLK_FLL_CONFIG4_CCO_ENABLE"),
        ("SRSS.CLK_ROOT_SELECT0.ROOT_DIV is not 0", r"SRSS_CLK_ROOT_SELECT0 &= ~[^;]*SRSS_CLK_ROOT_SELECT0_ROOT_DIV\b"),
    ):
        match = re.search(statement, order)
        if match is None or match.start() > configured:
            found.append(
                f"{what} before SRSS.CLK_FLL_CONFIG.FLL_MULT is written: the boot code leaves both as it pleases"
            )
    return found


def _inlined(text: str, function: str) -> str:
    """With the body of a function of no arguments in the place of its call."""
    body = re.search(rf"static void {function}\(void\) \{{(.*?)\}} ", text)
    return re.sub(rf"\b{function}\(\);", lambda _m: body[1], text) if body else text

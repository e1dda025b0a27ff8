"""The platform description that Renode loads, rendered from a board's facts and its chip's file. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from harness.errors import BenchError
from harness.renode.soc import Registers, Soc, Uart, load

_PAGE = 0x1000


@dataclass(frozen=True)
class Facts:
    """What board.toml says. Addresses and sizes in bytes, ``clock_hz`` once the firmware has set it up."""

    board: str
    soc: str
    uart: str
    clock_hz: int
    flash_origin: int
    flash_bytes: int
    ram_origin: int
    ram_bytes: int
    chip_id_address: int = 0  # from a word boundary
    chip_id_bytes: int = 0  # 0: the chip has no id of its own

    @property
    def mips(self) -> int:
        """Millions of instructions per virtual second: one a core cycle, so that CYCCNT counts instructions."""
        return self.clock_hz // 1_000_000


def render(facts: Facts) -> str:
    """The .repl text. ``BenchError`` when there is no such chip, or it has no such serial port."""
    soc = load(facts.soc)
    if facts.uart.lower() not in soc.uarts:
        raise BenchError(
            f"the Renode platform of {facts.soc} has no {facts.uart}",
            expected=f"one of: {', '.join(soc.uarts)}",
            next_step=f"add it in harness/renode/soc/{facts.soc}.py",
        )
    parts = [f"// {facts.board}, written by hil. Registers that are not here read 0 and are told in the log."]
    parts += _memories(facts, soc)
    parts += _core(facts, soc)
    parts += [_uart(name, uart, soc, facts.clock_hz) for name, uart in soc.uarts.items()]
    parts += [_stub(name, registers) for name, registers in soc.stubs.items()]
    parts += [
        f"{name}: Memory.ArrayMemory @ sysbus {base:#010x}\n    size: {soc.plain_bytes:#x}"
        for name, base in soc.plain.items()
    ]
    parts += [
        f"{name}: GPIOPort.STM32_GPIOPort @ sysbus <{base:#010x}, +0x400>\n    modeResetValue: {mode:#010x}"
        for name, (base, mode) in soc.gpio.items()
    ]
    return "\n\n".join(parts) + "\n"


def models(facts: Facts) -> tuple[str, ...]:
    """The C# files in ``models/`` that Renode must include before the platform is loaded."""
    port = load(facts.soc).uart.source
    return ("HilBench.cs", "HilRegisters.cs", *([port] if port else []))


def outside(facts: Facts, address: int) -> bool:
    """Whether the chip has nothing at all at ``address``: an access there ends in a bus fault on it."""
    return not any(first <= address <= last for first, last in load(facts.soc).peripherals)


def _memories(facts: Facts, soc: Soc) -> list[str]:
    ram = soc.ram or (facts.ram_origin, facts.ram_bytes)
    main = {"flash": (facts.flash_origin, facts.flash_bytes), "sram": ram}
    parts = []
    for name, (base, size) in (main | soc.extra_ram).items():
        place = f"sysbus {base:#010x}"
        if name in soc.aliases:
            place = f"{{ {place}; sysbus {soc.aliases[name]:#x} }}"
        parts.append(f"{name}: Memory.MappedMemory @ {place}\n    size: {size:#x}")
    if facts.chip_id_bytes:  # what else the maker has written there reads 0
        parts.append(
            f"chipId: Memory.MappedMemory @ sysbus {facts.chip_id_address & -_PAGE:#010x}\n    size: {_PAGE:#x}"
        )
    return parts


def _core(facts: Facts, soc: Soc) -> list[str]:
    # "cortex-m4" has the FPU; "cortex-m4f" is a Cortex-M7 from 1.15 on.
    # SysTick: the firmware lets it count its reference clock (CLKSOURCE 0), which Renode does not derive by itself.
    parts = [
        "nvic: IRQControllers.NVIC @ sysbus 0xE000E000\n"
        f"    priorityMask: {soc.priority_mask:#x}\n    systickFrequency: {soc.tick_hz or facts.clock_hz // 8}\n    IRQ -> cpu@0",
        'cpu: CPU.CortexM @ sysbus\n    cpuType: "cortex-m4"\n    nvic: nvic',
        f"dwt: Miscellaneous.DWT @ sysbus 0xE0001000\n    frequency: {facts.clock_hz}",
    ]
    if soc.bit_bands:
        parts += [
            f"{name}: Miscellaneous.BitBanding @ sysbus <{base:#010x}, +0x2000000>\n    peripheralBase: {of:#010x}"
            for name, base, of in (("bitsOfRam", 0x22000000, 0x20000000), ("bitsOfDevices", 0x42000000, 0x40000000))
        ]
    return parts


def _uart(name: str, uart: Uart, soc: Soc, clock_hz: int) -> str:
    model = soc.uart
    place = f"<{uart.base:#010x}, +0x400>" if model.sized else f"{uart.base:#010x}"
    lines = [f"{name}: {model.name} @ sysbus {place}"]
    if model.clocked:
        lines.append(f"    frequency: {clock_hz // uart.divider}")
    lines.append("    " + f"{model.interrupt} -> nvic@{uart.irq}".strip())
    return "\n".join(lines)


def _stub(name: str, registers: Registers) -> str:
    # An access to a script of Renode's (PythonPeripheral) costs thirty times what one to this class does.
    flags = (f"{f.at:x}:{f.source:x}:{f.mask:x}:{max(f.shift, 0):x}:{max(-f.shift, 0):x}" for f in registers.follows)
    lines = [
        f"{name}: Miscellaneous.HilRegisters @ sysbus {registers.base:#010x}",
        f"    size: {registers.size:#x}",
        f'    initial: "{_pairs(registers.reset.items())}"',
        f'    follows: "{",".join(flags)}"',
        f'    always: "{_pairs(registers.always)}"',
    ]
    return "\n".join(lines)


def _pairs(words: Iterable[tuple[int, int]]) -> str:
    return ",".join(f"{at:x}={value:x}" for at, value in words)

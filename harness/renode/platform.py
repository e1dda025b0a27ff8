"""The platform description that Renode loads, rendered from a board's facts and its chip's file. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources

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
    def uart_path(self) -> str:
        """The serial port's name in the monitor. Always with ``sysbus.``: the short form is new in 1.16."""
        return f"sysbus.{self.uart.lower()}"

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


def sources(facts: Facts, version: tuple[int, int, int]) -> dict[str, str]:
    """The C# files that Renode must include before the platform is loaded: name to text, as ``version`` wants them."""
    name = load(facts.soc).uart.source
    if not name:
        return {}
    text = (resources.files("harness.renode") / "models" / name).read_text(encoding="utf-8")
    if version < (1, 15, 0):
        text = text.replace("(IMachine machine)", "(Machine machine)")
    return {name: text}


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
    return (
        f"{name}: Python.PythonPeripheral @ sysbus {registers.base:#010x}\n    size: {registers.size:#x}\n"
        f"    initable: true\n    script: '''\n{stub_script(registers)}'''"
    )


def stub_script(registers: Registers) -> str:
    """The Python that Renode runs at each access. IronPython 2.7: no f-strings, no imports.

    ``request.isRead`` and its kin have a capital from 1.16.1 on, and a wrong name ends Renode: hence ``field``.
    """
    follows = [(f.at, f.source, f.mask, max(f.shift, 0), max(-f.shift, 0)) for f in registers.follows]
    lines = [
        "def field(name):",
        "    new = name[0].upper() + name[1:]",
        "    return getattr(request, new) if hasattr(request, new) else getattr(request, name)",
        'if field("isInit"):',
        f"    words = {_table(registers.reset)}",
        "else:",
        '    at = field("offset") & ~3',
        '    shift = 8 * (field("offset") & 3)',
        '    lanes = ((1 << (8 * field("length"))) - 1) << shift',
        '    if field("isWrite"):',
        '        words[at] = (words.get(at, 0) & ~lanes) | ((field("value") << shift) & lanes)',
        '    elif field("isRead"):',
        "        seen = words.get(at, 0)",
        f"        for flag, source, mask, up, down in {follows}:",
        "            if flag == at:",
        "                seen = (seen & ~(mask << up >> down)) | ((words.get(source, 0) & mask) << up >> down)",
        f"        seen = ((seen | {_table(dict(registers.always))}.get(at, 0)) & lanes) >> shift",
        '        if hasattr(request, "Value"):',
        "            request.Value = seen",
        "        else:",
        "            request.value = seen",
    ]
    return "\n".join(lines) + "\n"


def _table(words: dict[int, int]) -> str:
    return "{" + ", ".join(f"{at:#x}: {value:#x}" for at, value in words.items()) + "}"

"""Platform descriptions: read, and refused where a version would refuse them."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field

from harness.testing.renode_double.quirks import Quirks

_ENTRY = re.compile(r"(\w+): ([\w.]+) @ (.+)")
_PLACE = re.compile(r"sysbus (?:<(0x[0-9A-Fa-f]+), \+(0x[0-9A-Fa-f]+)>|(0x[0-9A-Fa-f]+))")
_ARROW = re.compile(r"(\w*) ?-> (\w+)@(\d+)")
#: What each model must be told; * where its range's size belongs to its place.
_MODELS = {
    "Memory.MappedMemory": ("size",),
    "Memory.ArrayMemory": ("size",),
    "IRQControllers.NVIC": ("priorityMask", "systickFrequency"),
    "CPU.CortexM": ("cpuType", "nvic"),
    "Miscellaneous.DWT": ("frequency",),
    "Miscellaneous.BitBanding": ("*", "peripheralBase"),
    "UART.STM32_UART": ("*",),
    "UART.STM32F7_USART": ("frequency",),
    "GPIOPort.STM32_GPIOPort": ("*",),
}
_MAY_BE_TOLD = {
    "UART.STM32_UART": ("frequency",),
    "UART.STM32F7_USART": ("lowPowerMode",),
    "GPIOPort.STM32_GPIOPort": ("modeResetValue",),
}
_ONE_INTERRUPT = ("UART.STM32_UART",)  # a bare arrow will do
_CONSTRUCTOR = re.compile(r"public (Hil\w+)\((I?Machine) machine([^)]*)\)")
_ARGUMENT = re.compile(r"\w+ (\w+)( = )?")
_SPACE = re.compile(r"namespace Antmicro\.Renode\.(?:Peripherals\.)?(\w+)")
_PAGE = 0x1000


class Wrong(Exception):
    """The text is what Renode would say."""


@dataclass(frozen=True)
class Entry:
    """One peripheral. ``places`` are (base, size), the size 0 where the model knows it."""

    name: str
    model: str
    places: tuple[tuple[int, int], ...]
    told: dict[str, str] = field(default_factory=dict)
    irq: int | None = None

    def number(self, name: str, default: int = 0) -> int:
        """A property as a number."""
        return int(self.told[name], 0) if name in self.told else default


def included(text: str, quirks: Quirks) -> dict[str, tuple[str, ...]]:
    """The types that a C# file brings, as platform descriptions name them, and what each must or may be made with.

    An external is nothing for a platform: its name alone. ``Wrong`` where this version cannot compile the file.
    """
    types: dict[str, tuple[str, ...]] = {}
    for part in re.split(r"(?m)^(?=namespace )", text)[1:]:
        space, found = _SPACE.match(part), _CONSTRUCTOR.search(part)
        if space is None:
            raise Wrong("There were compilation errors: no namespace of ours in it")
        if space[1] == "Hil":
            types["Hil.HilBench"] = ()
            continue
        if found is None:
            raise Wrong("There were compilation errors: no peripheral in it")
        if (found[2] == "IMachine") is not quirks.machine_is_an_interface:
            raise Wrong(
                f"There were compilation errors: error CS0246: The type or namespace name `{found[2]}' could not be found"
            )
        types[f"{space[1]}.{found[1]}"] = tuple(name for name, _ in _ARGUMENT.findall(found[3]))
    return types


def parse(text: str, types: dict[str, tuple[str, ...]]) -> list[Entry]:
    """The entries. ``Wrong`` for what no version loads, and for what is not on record as loading."""
    entries: list[Entry] = []
    for block in re.split(r"(?m)^(?=\w+: [\w.]+ @ )", re.sub(r"(?m)^//.*\n", "", text)):
        if not block.strip():
            continue
        head, _, body = block.partition("\n")
        found = _ENTRY.fullmatch(head)
        if found is None:
            raise Wrong(f"Error E01: Syntax error: {head}")
        entries.append(_entry(found[1], found[2], found[3], body, types))
    names = [entry.name for entry in entries]
    if len(set(names)) != len(names):
        raise Wrong(f"Error E06: an entry is there twice: {names}")
    _no_overlap(entries)
    return entries


def _entry(name: str, model: str, place: str, body: str, types: dict[str, tuple[str, ...]]) -> Entry:
    if model not in _MODELS and model not in types:
        raise Wrong(f"Error E04: Could not resolve type: '{model}'.")
    places = tuple((int(a or c, 16), int(b, 16) if b else 0) for a, b, c in _PLACE.findall(place))
    told: dict[str, str] = {}
    irq, left = None, ""
    for line in filter(str.strip, body.splitlines()):
        arrow = _ARROW.fullmatch(line.strip())
        if not line.startswith("    "):
            raise Wrong(f"Error E01: Syntax error: {line}")
        if arrow is not None:
            left, irq = arrow[1], int(arrow[3])
        else:
            key, _, value = line.strip().partition(": ")
            told[key] = value
    must, may = _MODELS.get(model, ()), _MAY_BE_TOLD.get(model, types.get(model, ()))
    for key in must:
        if (key == "*" and not all(size for _, size in places)) or (key != "*" and key not in told):
            raise Wrong(f"Error E21: Could not find suitable constructor for type '{model}': {name} lacks {key}")
    if unknown := set(told) - set(must) - set(may):
        raise Wrong(f"Error E21: Could not find suitable constructor for type '{model}': {sorted(unknown)}")
    if model == "UART.STM32F7_USART" and irq is not None and left != "IRQ":
        raise Wrong("Error E15: Ambiguous choice of default interrupt.")
    if model == "CPU.CortexM" and told["cpuType"] != '"cortex-m4"':
        raise Wrong("the double has a Cortex-M4 only")
    entry = Entry(name, model, places, told, irq)
    if model == "Memory.MappedMemory" and any(
        part % _PAGE for part in (entry.number("size"), *(at for at, _ in places))
    ):
        raise Wrong(f"{name}: memory that does not begin or end with a page")
    return entry


def _no_overlap(entries: list[Entry]) -> None:
    spans = sorted(
        (base, base + (size or entry.number("size", 4)), entry.name) for entry in entries for base, size in entry.places
    )
    for (_, end, one), (base, _, other) in itertools.pairwise(spans):
        if base < end:
            raise Wrong(f"Error E20: {other} overlaps {one}")

"""A chip's registers as its vendor describes them: the tables in fixtures/registers."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

TABLES = Path(__file__).parents[3] / "fixtures" / "registers"
SHARED = Path(__file__).parents[4] / "shared" / "registers"


@dataclass
class Register:
    """``name`` is PERIPHERAL.REGISTER; ``fields`` maps a name to the mask of its bits."""

    name: str
    address: int
    reset: int
    fields: dict[str, int] = field(default_factory=dict)

    @property
    def symbol(self) -> str:
        """How C says it."""
        return self.name.replace(".", "_")


def _runs(fields: dict[str, int]) -> dict[str, int]:
    """Fields that a description splits into numbered bits (PLLM0, PLLM1, ...) as a whole: PLLM."""
    stems: dict[str, dict[int, int]] = {}
    for name, mask in fields.items():
        match = re.fullmatch(r"(\w*[A-Z])(\d)", name)
        if match and mask.bit_count() == 1:
            stems.setdefault(match[1], {})[int(match[2])] = mask
    whole = {}
    for stem, bits in stems.items():
        if len(bits) > 1 and stem not in fields and all(bits.get(n) == bits.get(0, 0) << n for n in range(len(bits))):
            whole[stem] = sum(bits.values())
    return whole


class Description:
    """All registers of a device; more than one table may describe it (the chip's, the core's)."""

    def __init__(self, *devices: str) -> None:
        self.registers: dict[str, Register] = {}
        self.bases: dict[str, int] = {}
        self.interrupts: dict[str, int] = {}
        self.constants: dict[str, int] = {}
        self.unsaid: set[str] = set()  # registers whose value after a reset no description can say
        # Constants of the firmware's and the virtual chips' own, no registers and no fields.
        self.own_names: frozenset[str] = frozenset()
        self.own_python: frozenset[str] = frozenset()
        for device in devices:
            self._add(device)
        self.by_address = {register.address: register for register in reversed(self.registers.values())}
        self.symbols = {register.symbol: register for register in self.registers.values()}

    def _add(self, device: str) -> None:
        table = json.loads((TABLES / f"{device}.json").read_text())
        self.interrupts |= table["interrupts"]
        for peripheral, content in table["peripherals"].items():
            base = self.bases[peripheral] = int(content["base"], 0)
            for name, (offset, reset, fields) in content["registers"].items():
                masks = {n: (1 << width) - 1 << low for n, (low, width) in fields.items()}
                register = Register(f"{peripheral}.{name}", base + int(offset, 0), int(reset, 0), masks | _runs(masks))
                self.registers[register.name] = register
        own = tomllib.loads((TABLES / "own.toml").read_text())
        self.constants |= {name: value for name, (value, _source) in own.pop("constants").items()}
        listed = own.pop("own")
        self.own_names, self.own_python = frozenset(listed["names"]), frozenset(listed["python"])
        for key, fact in own.items():
            where, name = key.split(": ")
            if where != device:
                continue
            assert fact["source"], key
            if "address" in fact:
                self.registers[name] = Register(name, fact["address"], 0)
            register = self.registers[name]
            register.fields |= {n: (1 << width) - 1 << low for n, (low, width) in fact.get("fields", {}).items()}
            if fact.get("reset") == "any":
                self.unsaid.add(name)
            else:
                register.reset = fact.get("reset", register.reset)

    def register(self, symbol: str) -> Register | None:
        """The register whose name that is."""
        return self.symbols.get(symbol)

    def named(self, address: int) -> str:
        """What stands at an address, in words."""
        register = self.by_address.get(address)
        return register.name if register else "no register of the vendor's description"

    def field(self, symbol: str) -> tuple[Register, str, int] | None:
        """The register, field and mask that a name begins with: REGISTER_FIELD or REGISTER_FIELD_VALUE."""
        found = None
        for name, register in self.symbols.items():
            rest = symbol.removeprefix(f"{name}_")
            if rest == symbol:
                continue
            for field_name, mask in register.fields.items():
                longer = found is None or len(name) + len(field_name) > len(found[0].symbol) + len(found[1])
                if (rest == field_name or rest.startswith(f"{field_name}_")) and longer:
                    found = register, field_name, mask
        return found

    def objection(self, symbol: str, value: int) -> str:
        """Why ``symbol`` may not have that value, "" if it may: an address, a field's mask or a value in a field."""
        if symbol in self.constants:
            known = self.constants[symbol]
            return "" if value == known else f"{symbol} is {value:#x}, {known:#x} by its source (own.toml)"
        register = self.register(symbol)
        if register is not None:
            return "" if value == register.address else self.misplaced(value, register)
        found = self.field(symbol)
        if found is None:
            return f"{symbol} ({value:#x}) is no name of the vendor's: {self.named(value)} is at {value:#x}"
        register, name, mask = found
        exact = symbol == f"{register.symbol}_{name}"
        if value == mask or (not exact and value & ~mask == 0):
            return ""
        at = [n for n, m in register.fields.items() if m & value]
        return f"{value:#010x} is {register.name}.{'/'.join(at) or 'no field'}, used as {name} ({mask:#010x})"

    def misplaced(self, address: int, register: Register) -> str:
        """The two names of a wrong address."""
        place = f"{register.name} is at {register.address:#010x}"
        return f"{address:#010x} is {self.named(address)}, used as {register.symbol} ({place})"

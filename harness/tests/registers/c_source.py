"""What a board's C sources say about registers, and where they say it in a form that could hide a mistake.

The only forms for a register, a field or another fact of the chip are definitions with a name:

    #define RCC_CR REG32(0x40023800u)          a register: PERIPHERAL_REGISTER (REG32, REG16, REG8; ..._AT for its address alone)
    #define RCC_CR_HSION (1u << 0)             a field, all its bits: PERIPHERAL_REGISTER_FIELD
    #define RCC_CFGR_SW_PLL (3u << 0)          a value in its place: PERIPHERAL_REGISTER_FIELD_VALUE
    #define USART2_STATUS USART2_SR            another name

Everywhere else bits have names: no hexadecimal number, no shift by a number, no number beside & | ^ ~ or assigned to a register.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from vendor import Description

FIRMWARE = Path(__file__).parents[3] / "firmware"
_NUMBER = r"(?:0[xX][0-9a-fA-F]+|\d+)[uUlL]*"
_TOKEN = re.compile(
    rf'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|{_NUMBER}|\w+|<<=?|>>=?|[-+*/%&|^=!<>]=|&&|\|\||->|\+\+|--|\S'
)
_BITS = ("<<", ">>", "&", "|", "^", "~", "<<=", ">>=", "&=", "|=", "^=")
_CONTENT = ("=", "==", "!=", ",", "?", ":")
_FORMS = ("REG32", "REG16", "REG8", "PUT", "TEXT", "TEXT_", "WEAK_IRQ")
_UNITS = ("_HZ", "_IRQ", "_CYCLES")  # figures of the board, not of its registers


@dataclass
class Definition:
    """``#define name body`` in a file; the body without comments."""

    file: str
    line: int
    name: str
    arguments: str
    body: str


@dataclass
class Unit:
    """One board's sources, as the compiler sees them: definitions of all files, code of all files."""

    definitions: list[Definition] = field(default_factory=list)
    code: list[tuple[str, int, str]] = field(default_factory=list)  # file, line, text of a statement


def without_comments(text: str) -> str:
    """Comments become blanks, line numbers stay."""
    return re.sub(r"/\*.*?\*/|//[^\n]*", lambda m: re.sub(r"[^\n]", " ", m[0]), text, flags=re.S)


def read(files: dict[str, str]) -> Unit:
    """The unit of those files (name to content)."""
    unit = Unit()
    for name, content in files.items():
        text = without_comments(content).replace("\\\n", "  ")
        start, pending = 1, ""
        for number, line in enumerate(text.split("\n"), 1):
            stripped = line.strip()
            if stripped.startswith("#"):
                match = re.fullmatch(r"#\s*define\s+(\w+)(\([^)]*\))?\s*(.*)", stripped)
                if match:
                    unit.definitions.append(Definition(name, number, match[1], match[2] or "", match[3].strip()))
                continue
            pending = pending or ""
            if not pending.strip():
                start = number
            pending += line + " "
            if re.search(r"[;{}]\s*$", line):
                unit.code.append((name, start, pending))
                pending = ""
        if pending.strip():
            unit.code.append((name, start, pending))
    return unit


def _value(body: str, known: dict[str, int]) -> int | None:
    """A constant expression's value, None if it is not one."""
    text = re.sub(r"\((?:u?int\d+_t|unsigned|uintptr_t)\)", "", body)
    text = re.sub(r"\b(\d+|0[xX][0-9a-fA-F]+)[uUlL]+\b", r"\1", text)
    text = re.sub(r"[A-Za-z_]\w*", lambda m: str(known.get(m[0], m[0])), text)
    if not re.fullmatch(r"[\s0-9a-fA-FxX()|&<>~+*/-]+", text) or not text.strip():
        return None
    try:
        return int(eval(text, {"__builtins__": {}})) & 0xFFFFFFFF
    except (SyntaxError, NameError, TypeError):
        return None


def _expanded(name: str, aliases: dict[str, str]) -> str:
    """A name with the alias that it begins with replaced: USART2_STATUS_ORE is USART2_SR_ORE."""
    for alias in sorted(aliases, key=len, reverse=True):
        if name == alias or name.startswith(f"{alias}_"):
            return _expanded(aliases[alias] + name[len(alias) :], {a: t for a, t in aliases.items() if a != alias})
    return name


def check(unit: Unit, vendor: Description) -> list[str]:
    """Every objection, each with file and line."""
    problems: list[str] = []
    known: dict[str, int] = {}
    aliases: dict[str, str] = {}
    registers: set[str] = set()
    for d in unit.definitions:
        if re.fullmatch(r"[A-Za-z_]\w*", d.body) and not d.arguments:
            aliases[d.name] = d.body
    for d in unit.definitions:
        where = f"{d.file}:{d.line}: "
        access = re.fullmatch(rf"(?:REG32|REG16|REG8)\(({_NUMBER})(.*)\)", d.body)
        if access:
            registers.add(d.name)
            address = _value(access[1], {})
            if d.arguments and not access[2]:
                problems.append(f"{where}{d.name} takes an argument and does not use it")
            register = vendor.register(d.name)
            if register is None:
                problems.append(
                    f"{where}{d.name} ({address:#010x}) is no register of the vendor's: {vendor.named(address)} is there"
                )
            elif address != register.address:
                problems.append(where + vendor.misplaced(address, register))
        elif "REG32(" in d.body or re.search(r"\bvolatile\b", d.body):
            if d.name not in _FORMS:
                problems.append(f"{where}{d.name} is a register in a form that cannot be checked: {d.body}")
        elif d.name in aliases:
            if aliases[d.name] in registers or any(x.startswith(f"{d.name}_") for x in registers):
                registers.add(d.name)
        elif not d.arguments:
            value = _value(d.body, known)
            if value is None:
                continue
            known[d.name] = value
            if not re.search(r"(?<!\w)\d", d.body):
                continue  # made of names alone
            if d.name.endswith(_UNITS) or d.name in vendor.own_names:
                if d.name.endswith("_IRQ"):
                    problems += [where + p for p in _interrupt(d.name, value, vendor)]
                continue
            if d.name.endswith("_AT"):
                register = vendor.register(d.name.removesuffix("_AT"))
                if register is None or register.address != value:
                    problems.append(
                        where + (vendor.misplaced(value, register) if register else f"{d.name}: no such register")
                    )
                continue
            objection = vendor.objection(_expanded(d.name, aliases), value)
            if objection:
                problems.append(where + objection)
    for d in unit.definitions:
        if d.arguments and d.name not in _FORMS and not re.fullmatch(r"(?:REG32|REG16|REG8)\(.*", d.body):
            problems += [f"{d.file}:{d.line}: {p}" for p in _naked(d.body, registers)]
    registers |= {alias for alias, target in aliases.items() if target in registers}
    for file, line, text in unit.code:
        problems += [f"{file}:{line}: {p}" for p in _naked(text, registers)]
    return problems


def _interrupt(name: str, number: int, vendor: Description) -> Iterator[str]:
    peripheral = name.removesuffix("_IRQ").lower()
    numbers = {n.lower().replace("_", "").removesuffix("interrupt"): v for n, v in vendor.interrupts.items()}
    if numbers.get(peripheral) != number:
        yield f"{name} is {number}, the vendor's number is {numbers.get(peripheral)}"


def _naked(text: str, registers: set[str]) -> Iterator[str]:
    """Numbers in a statement that could be an address, a field's place or a register's content without a name."""
    shown = " ".join(text.split())[:80]
    if re.search(r"\(\s*(?:const\s+)?(?:volatile|u?int(?:8|16|32)_t)\b[^)]*\*\s*\)\s*\(?\s*\d", text):
        yield f"a pointer made of a number: {shown}"
    if re.search(r"\benum\b[^{]*\{[^}]*=[^}]*(<<|0[xX])", text):
        yield f"an enumerator is no form for registers and fields: {shown}"
    tokens = ["", *_TOKEN.findall(text), "", ""]
    touches = any(token in registers for token in tokens)
    inside: list[str] = []
    for i, token in enumerate(tokens):
        before = tokens[i - 1] if i else ""
        if token == "(":
            inside.append(before)
        elif token == ")" and inside:
            inside.pop()
        elif token.startswith('"') and re.search(r"0[xX][0-9a-fA-F]{3,}", token):
            yield f"a number in assembly: {token}"
        elif re.fullmatch(_NUMBER, token) and int(token.rstrip("uUlL"), 0) != 0:
            after = tokens[i + 1]
            if token[:2].lower() == "0x":
                yield f"a hexadecimal number without a name, {token}: {shown}"
            elif before in _BITS or after in _BITS:
                if (token, after, tokens[i + 2]) != ("1u", "<<", "("):  # one bit whose place is computed
                    yield f"bits without a name, {token}: {shown}"
            elif touches and before in _CONTENT and "PUT" not in inside:
                yield f"a register's content without a name, {token}: {shown}"

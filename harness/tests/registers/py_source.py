"""What a module of a virtual peripheral says about registers, and where it says it in a form that could hide a mistake.

The forms are those of the firmware: module constants with the vendor's names, a register's offset as ``CR``, a field's mask as
``CR_HSION``, a value in its place as ``CFGR_SW_PLL``. Everywhere else: no hexadecimal number, no shift by a number, no number
beside & or |, no number as a case of ``match``. The keys of ``reset_values`` are names; their values are compared by running.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from vendor import Description

_UNITS = ("_HZ", "_US")  # figures that stand in no register
_SMALL = (0, 1, -1)


def constants(module: ModuleType) -> dict[str, int]:
    """Names that the module itself binds to whole numbers, but for private ones that are made of other names alone."""
    names: set[str] = set()
    for statement in _tree(module).body:
        if isinstance(statement, ast.Assign | ast.AugAssign):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            here = {n.id for target in targets for n in ast.walk(target) if isinstance(n, ast.Name)}
            literal = any(isinstance(n, ast.Constant) and type(n.value) is int for n in ast.walk(statement.value))
            names |= {name for name in here if literal or not name.startswith("_")}
    return {name: value for name in names if type(value := getattr(module, name)) is int}


def _tree(module: ModuleType) -> ast.Module:
    return ast.parse(_source(module))


def _source(module: ModuleType) -> str:
    assert module.__file__ is not None
    return Path(module.__file__).read_text()


def objections(module: ModuleType, peripheral: str, vendors: list[Description]) -> list[str]:
    """``vendors`` are the descriptions of the chips that have the module's peripheral: a name must hold for one at least."""
    short, found = module.__name__.rpartition(".")[2], []
    for name, value in sorted(constants(module).items()):
        plain = name.lstrip("_")
        if plain.endswith(_UNITS) or f"{short}.{name}" in vendors[0].own_python:
            continue
        symbol, known = f"{peripheral}_{plain}", []
        for vendor in vendors:
            register = vendor.register(symbol)
            if register is not None:
                known.append(vendor.objection(symbol, vendor.bases[peripheral] + value))
            elif vendor.field(symbol) is not None:
                known.append(vendor.objection(symbol, value))
        if not known:
            found.append(f"{short}: {name} ({value:#x}) is no register and no field of {peripheral}")
        elif all(known):
            found += [f"{short}: {text}" for text in known]
    return found + [f"{short}:{line}: {text}" for line, text in naked(module)]


def naked(module: ModuleType) -> Iterator[tuple[int, str]]:
    """Numbers in the code that could be an offset or a field's place without a name."""
    source = _source(module)
    for node in _tree(module).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            for inner in ast.walk(node):
                yield from _in_code(inner, source)
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict):
            yield from _keys(node.value)


def _keys(node: ast.Dict) -> Iterator[tuple[int, str]]:
    for key in node.keys:
        if isinstance(key, ast.Constant) and type(key.value) is int:
            yield key.lineno, f"a register's offset without a name: {key.value:#x}"


def _in_code(node: ast.AST, source: str) -> Iterator[tuple[int, str]]:
    if isinstance(node, ast.BinOp):
        literal = [s for s in (node.left, node.right) if isinstance(s, ast.Constant) and type(s.value) is int]
        if isinstance(node.op, ast.LShift | ast.RShift):
            literal = [s for s in literal if s is node.right]
        elif not isinstance(node.op, ast.BitAnd | ast.BitOr | ast.BitXor):
            literal = []
        for constant in literal:
            if constant.value not in _SMALL and not _width(node):
                yield node.lineno, f"bits without a name: {ast.get_source_segment(source, node)}"
    elif isinstance(node, ast.MatchValue) and isinstance(node.value, ast.Constant):
        yield node.lineno, f"a register's offset without a name: case {node.value.value}"
    elif isinstance(node, ast.Compare) and ast.get_source_segment(source, node.left) == "offset":
        if any(isinstance(c, ast.Constant) for c in node.comparators):
            yield node.lineno, f"a register's offset without a name: {ast.get_source_segment(source, node)}"
    elif isinstance(node, ast.Dict):
        yield from _keys(node)


def _width(node: ast.BinOp) -> bool:
    """``offset & 3``: the place of a byte in its word."""
    return isinstance(node.left, ast.Name) and node.left.id == "offset" and isinstance(node.op, ast.BitAnd)

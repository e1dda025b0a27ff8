"""The messages of our errors, read from the code: what each says, and the next step that it tells."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HARNESS = Path(__file__).resolve().parents[2]
#: The probe's worker has no errors of ours: it sends what they are made of over a pipe.
_ROOTS = {"HilError", "_Failure"}
_GAP = "..."
#: What stands for a next step that is computed from start to end.
COMPUTED = "the message says it"


@dataclass(frozen=True)
class Message:
    """``where``: the module, as a path below ``harness/``. ``next_step`` "" where the message has none."""

    where: str
    line: int
    what: str
    next_step: str


@cache
def messages() -> tuple[Message, ...]:
    """All of them, module by module. What is computed stands as ``...``."""
    trees = {
        path.relative_to(HARNESS).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(HARNESS.rglob("*.py"))
        if "tests" not in path.parts
    }
    kinds = _kinds(list(trees.values()))
    return tuple(message for where, tree in trees.items() for message in _in(where, tree, kinds))


def _kinds(trees: list[ast.Module]) -> set[str]:
    """The names of our errors' classes."""
    bases = {
        node.name: {base.id for base in node.bases if isinstance(base, ast.Name)}
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    kinds = set(_ROOTS)
    while more := {name for name, over in bases.items() if over & kinds} - kinds:
        kinds |= more
    return kinds


def _in(where: str, tree: ast.Module, kinds: set[str]) -> Iterator[Message]:
    values = _values(tree)
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        names = [argument.arg for argument in function.args.posonlyargs + function.args.args]
        for call in _calls(function, kinds):
            what = call.args[0] if call.args else None
            if isinstance(what, ast.Name) and what.id in names:
                # A function that makes the error of what it is given: its callers have the words.
                step = _step(call, values)
                place = names.index(what.id) - (names[0] == "self")
                for caller in _calls(tree, {function.name}):
                    if place < len(caller.args):
                        yield from _told(where, caller, caller.args[place], step)
            elif what is not None:
                yield from _told(where, call, what, _step(call, values))


def _calls(inside: ast.AST, names: set[str]) -> Iterator[ast.Call]:
    for node in ast.walk(inside):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in names:
                yield node


def _step(call: ast.Call, values: dict[str, ast.expr]) -> str:
    found = next((word.value for word in call.keywords if word.arg == "next_step"), None)
    if isinstance(found, ast.Name):
        found = values.get(found.id, found)
    if found is None or (isinstance(found, ast.Constant) and not found.value):
        return ""
    return " / ".join(text for text in _texts(found) if re.search(r"\w", text)) or COMPUTED


def _values(tree: ast.Module) -> dict[str, ast.expr]:
    """What the names of a module are given where they are given something once."""
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            found.setdefault(node.targets[0].id, []).append(node.value)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            found.setdefault(node.target.id, []).append(node.value)
    return {name: given[0] for name, given in found.items() if len(given) == 1}


def _told(where: str, call: ast.Call, what: ast.expr, step: str) -> Iterator[Message]:
    for text in _texts(what):
        if text.strip(". ") and any(c.isalpha() for c in text):
            yield Message(where, call.lineno, text, step)


def _texts(node: ast.expr) -> list[str]:
    """What an expression may say."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.JoinedStr):
        parts = [str(part.value) if isinstance(part, ast.Constant) else _GAP for part in node.values]
        return ["".join(parts)]
    if isinstance(node, ast.IfExp):
        return _texts(node.body) + _texts(node.orelse)
    if isinstance(node, ast.BoolOp):
        return [text for value in node.values for text in _texts(value)]
    if isinstance(node, ast.BinOp):
        return [left + right for left in _texts(node.left) for right in _texts(node.right)]
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "suggestion":
        return ["the near name, if there is one", *_texts(node.args[-1])]
    return [_GAP]

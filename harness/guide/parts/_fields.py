"""The fields of a class with the words that stand beside them in the code: a comment on the field's own lines."""

from __future__ import annotations

import ast
import inspect
import io
import tokenize
from dataclasses import dataclass


@dataclass(frozen=True)
class Field:
    """``text`` is "" where the code says nothing. ``default`` as the code has it, "" where the field is needed."""

    name: str
    annotation: str
    default: str
    text: str


def fields(kind: type) -> list[Field]:
    """In the order of the code; those of the class itself alone."""
    source = inspect.cleandoc("\n" + inspect.getsource(kind))
    body = ast.parse(source).body[0]
    assert isinstance(body, ast.ClassDef)
    comments = {
        token.start[0]: token.string.lstrip("# ")
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    found = []
    for node in body.body:
        if (
            not isinstance(node, ast.AnnAssign)
            or not isinstance(node.target, ast.Name)
            or node.target.id.startswith("_")
        ):
            continue
        lines = range(node.lineno, (node.end_lineno or node.lineno) + 1)
        text = " ".join(comments[line] for line in lines if line in comments)
        default = ast.unparse(node.value) if node.value else ""
        found.append(Field(node.target.id, ast.unparse(node.annotation), default, text))
    return found

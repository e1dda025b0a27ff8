"""YAML text to plain values, with the line of every key. Knows nothing of plans.

YAML 1.2's scalars, not 1.1's: ``yes``, ``no``, ``on`` and ``off`` are words here (two of them are keywords that people
train networks on), and ``1e-6`` is a number. Anchors, tags and several documents are refused: a plan reads top to
bottom.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import yaml

from harness.errors import PlanError

Key = str | int
# A plan is a page. The bound keeps a wrong file (a log, a data set) from being parsed for minutes.
MAX_BYTES = 256 * 1024
_MAX_DEPTH = 32
_TAGS = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("map", "seq", "str", "bool", "null", "int", "float"))


class _Loader(yaml.SafeLoader):
    """SafeLoader with the scalars of YAML 1.2's core schema."""


_Loader.yaml_implicit_resolvers = {}
# PyYAML matches from the start only, hence \Z. The second part: the first characters that make the pattern worth a try.
for _tag, _pattern, _first in (
    ("bool", r"(true|True|TRUE|false|False|FALSE)\Z", "tTfF"),
    ("null", r"(~|null|Null|NULL|)\Z", ["~", "n", "N", ""]),
    ("int", r"[-+]?(0|[1-9][0-9]*)\Z", "-+0123456789"),
    ("float", r"([-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf)|\.(nan|NaN))\Z", "-+0123456789."),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first))


class _WordsLoader(_Loader):
    """Every scalar is the text that stands there: ids of probes look like numbers."""

    yaml_implicit_resolvers = {}  # noqa: RUF012 - PyYAML's own way


@dataclass
class Tree:
    """A YAML document as plain values; ``lines`` maps a path of keys and indices to its line (from 1)."""

    file: str
    value: object = None
    lines: dict[tuple[Key, ...], int] = field(default_factory=dict)
    what: str = "plan"  # that the document should be, for messages

    def where(self, path: tuple[Key, ...]) -> str:
        """``file:line:key`` of a path; of its nearest parent when the path itself is not in the file. No key for the document."""
        known = path
        while known and known not in self.lines:
            known = known[:-1]
        return f"{self.file}:{self.lines.get(known, 1)}" + (f":{dotted(path)}" if path else "")


def dotted(path: tuple[Key, ...]) -> str:
    """``gates[2].limit``; "" for the document itself."""
    text = ""
    for key in path:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else key
    return text


def parse(text: str, file: str, what: str = "plan", *, words: bool = False) -> Tree:
    """Parse one document, a ``what``. Raises ``PlanError`` naming file and line for whatever is not plain, unambiguous YAML.

    ``words``: every scalar comes as its text, ``true`` and ``0123`` too.
    """
    if len(text) > MAX_BYTES:
        raise PlanError(
            f"the {what} is too long", where=f"{file}:1", expected=f"at most {MAX_BYTES} characters", found=len(text)
        )
    tree = Tree(file, what=what)
    try:
        loader = _WordsLoader(text) if words else _Loader(text)
    except yaml.reader.ReaderError as error:
        raise _unreadable(tree, error) from error
    try:
        _check_events(text, tree)
        node = loader.get_single_node()
        if node is not None:
            tree.value = _plain(loader, node, (), tree)
    except (yaml.YAMLError, ValueError) as error:
        raise _unreadable(tree, error) from error
    finally:
        loader.dispose()
    return tree


def _check_events(text: str, tree: Tree) -> None:
    """Refuse anchors, and what nests too deep at the level that does: a scanner's time grows with the square of the depth."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        anchor = getattr(event, "anchor", None)
        if anchor is not None:
            raise PlanError(
                f"a {tree.what} has no anchors or aliases",
                where=f"{tree.file}:{_line(event)}",
                found=f"{'*' if isinstance(event, yaml.AliasEvent) else '&'}{anchor}",
                next_step="write the value out where it is used, or put text that holds & or * in quotes",
            )
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH:
            raise PlanError(
                f"the {tree.what} nests too deep",
                where=f"{tree.file}:{_line(event)}",
                expected=f"at most {_MAX_DEPTH} levels",
            )


def _plain(loader: _Loader, node: yaml.Node, path: tuple[Key, ...], tree: Tree) -> object:
    line = node.start_mark.line + 1
    tree.lines.setdefault(path, line)
    if node.tag not in _TAGS:
        raise PlanError(
            f"a {tree.what} has no tags", where=tree.where(path), found=node.tag, next_step="remove the tag"
        )
    if isinstance(node, yaml.MappingNode):
        return _mapping(loader, node, path, tree)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(loader, item, (*path, index), tree) for index, item in enumerate(node.value)]
    return loader.construct_object(node, deep=True)


def _mapping(loader: _Loader, node: yaml.MappingNode, path: tuple[Key, ...], tree: Tree) -> dict[str, object]:
    values: dict[str, object] = {}
    for key_node, value_node in node.value:
        key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
        line = key_node.start_mark.line + 1
        if not isinstance(key, str):
            raise PlanError(
                "a key must be a word",
                where=f"{tree.file}:{line}" + (f":{dotted(path)}" if path else ""),
                expected="key: value",
            )
        if key in values:
            raise PlanError(
                f"the key {key!r} is given twice",
                where=f"{tree.file}:{line}:{dotted((*path, key))}",
                expected="each key once",
                found=f"first on line {tree.lines[(*path, key)]}, again on line {line}",
                next_step="remove one of the two",
            )
        tree.lines[(*path, key)] = line
        values[key] = _plain(loader, value_node, (*path, key), tree)
    return values


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark is not None else 1


def _unreadable(tree: Tree, error: Exception) -> PlanError:
    mark = getattr(error, "problem_mark", None)
    line = mark.line + 1 if mark is not None else 1
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    return PlanError(
        f"the {tree.what} is not readable YAML",
        where=f"{tree.file}:{line}",
        expected="one YAML document",
        found=problem,
        next_step="correct the line; indentation and ': ' are the usual causes",
    )

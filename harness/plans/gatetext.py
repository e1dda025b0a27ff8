"""The one-line form of a gate: ``latency_us.p99 <= 30000 needs hardware``."""

from __future__ import annotations

import re

# Every part is anchored and none overlaps the next, so matching is linear in the length of the text.
_GATE = re.compile(
    r"\s*(?P<metric>[A-Za-z_][\w.\-]*)\s*(?P<op>>=|<=|==|>|<)\s*(?P<limit>[+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)"
    r"(?:\s+needs\s+(?P<needs>\w+))?(?:\s+confidence\s+(?P<confidence>[0-9.]+))?\s*"
)

#: The same for a reader that does not know Python's named groups, such as an editor.
PATTERN = re.sub(r"\(\?P<\w+>", "(?:", _GATE.pattern)

FORM = "METRIC OP NUMBER [needs hardware] [confidence 0.95], OP one of >= <= > < =="


def parse_gate(text: str) -> dict[str, object]:
    """The mapping form of a gate written as text; the schema judges the values.

    Raises ``ValueError`` with the accepted form when the text is not one.
    """
    match = _GATE.fullmatch(text)
    if match is None:
        raise ValueError(f"not a gate: {text!r}; write {FORM}")
    parts: dict[str, object] = {"metric": match["metric"], "op": match["op"]}
    for key in ("limit", "confidence"):
        if match[key] is not None:
            try:
                parts[key] = float(match[key])
            except ValueError:
                raise ValueError(f"not a number: {match[key]!r} in gate {text!r}") from None
    if match["needs"] is not None:
        parts["needs"] = match["needs"]
    return parts

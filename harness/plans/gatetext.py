"""The one-line form of a gate: ``latency_us.p99 <= 30000 needs hardware``, ``cycles.p50 rise <= 0.5 %``."""

from __future__ import annotations

import re

# Every part is anchored and none overlaps the next, so matching is linear in the length of the text.
_GATE = re.compile(
    r"\s*(?P<metric>[A-Za-z_][\w.\-]*)(?:\s+(?P<change>drop|rise))?\s*(?P<op>>=|<=|==|>|<)"
    r"\s*(?P<limit>[+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)(?:\s*(?P<percent>%))?"
    r"(?:\s+needs\s+(?P<needs>\w+))?(?:\s+confidence\s+(?P<confidence>[0-9.]+))?(?:\s+severity\s+(?P<severity>\w+))?\s*"
)

#: The same for a reader that does not know Python's named groups, such as an editor.
PATTERN = re.sub(r"\(\?P<\w+>", "(?:", _GATE.pattern)

FORM = (
    "METRIC OP NUMBER [needs hardware] [confidence 0.95] [severity warn], OP one of >= <= > < ==;"
    " against a baseline: METRIC drop|rise <= NUMBER [%]"
)


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
    parts |= {key: match[key] for key in ("needs", "change", "severity") if match[key] is not None}
    if match["percent"] is not None:
        parts["percent"] = True
    return parts

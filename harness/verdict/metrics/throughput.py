"""``samples_per_s``, ``line_use``, ``overlap``: what board and line got through. Hardware only.

- ``samples_per_s``: answered samples by the wall time of streaming, on the harness's clock.
- ``line_use``, ``overlap``: see ``LinkFacts``.

How fast an emulator streams says something of the host that it runs on, and nothing of the product.
"""

from __future__ import annotations

from harness.records import Measurement
from harness.verdict.metrics import Family
from harness.verdict.view import View

FAMILY = Family(
    ("line_use", "overlap", "samples_per_s", "wall_s"),
    ratios=("line_use", "overlap"),
    only="hardware",
    meanings={
        "line_use": "bits of payload by the bits that the line could carry meanwhile",
        "overlap": "bytes that reached the board while its engine ran, of all that it received",
        "samples_per_s": "answered samples by the time of streaming",
        "wall_s": "the time of streaming: all samples there, all answers back",
    },
    units={"samples_per_s": "1/s", "wall_s": "s"},
)


def measure(view: View) -> tuple[Measurement, ...]:
    """Those that are known."""
    link = view.link
    if view.evidence != "hardware" or link is None:
        return ()
    found = []
    if link.overlap is not None:
        found.append(Measurement(name="overlap", value=link.overlap, unit="ratio", n=view.n))
    if link.wall_s > 0:
        answered = int(view.samples.answered.sum())
        found.append(Measurement(name="samples_per_s", value=answered / link.wall_s, unit="1/s", n=answered))
        found.append(Measurement(name="wall_s", value=link.wall_s, unit="s", n=answered))
        if link.line_use is not None:
            found.append(Measurement(name="line_use", value=link.line_use, unit="ratio", n=view.n))
    return tuple(found)

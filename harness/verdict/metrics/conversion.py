"""``accuracy_drop.conversion``, ``.board``, ``.total``, and ``accuracy.origin``, ``accuracy.tflite``.

The network as it was trained, its .tflite on this host and the board answer the same samples. A drop is the accuracy of the
one before minus that of the one after, so a loss is above 0 and a gain below. Interval: Tango's score interval of a paired
difference (``verdict.paired``), 95 %. Absent where nobody names what the network was converted from, or it was not run.
"""

from __future__ import annotations

from harness.records import ByGroup, Measurement
from harness.verdict.clustered import clustered_difference
from harness.verdict.conversion import STEPS, Row, pairs
from harness.verdict.metrics import Family
from harness.verdict.metrics._common import by_group, ends_by_group, groups_of, share_of
from harness.verdict.view import View

_HOSTS = ("accuracy.origin", "accuracy.tflite")
_DROPS = ("accuracy_drop.conversion", "accuracy_drop.board", "accuracy_drop.total")
FAMILY = Family(
    (*_HOSTS, *_DROPS),
    shares=_HOSTS,
    interval=_DROPS,
    grouped=(*_HOSTS, *_DROPS),
    signed=_DROPS,
    meanings={
        "accuracy.origin": "top-1 of what the network was converted from, on the host",
        "accuracy.tflite": "top-1 of the .tflite on the host",
        "accuracy_drop.conversion": "accuracy lost from the origin to the .tflite, both on the host; a gain is below 0",
        "accuracy_drop.board": "accuracy lost from the .tflite on the host to the board",
        "accuracy_drop.total": "accuracy lost from the origin to the board",
    },
    tasks=("classification",),
    absent="needs what the network was converted from: name its 'origin' beside its file",
)


def measure(view: View) -> tuple[Measurement, ...]:
    """Two shares and three drops; nothing without an origin."""
    found = [share_of(view, f"accuracy.{name}", right) for name, right in view.right.items() if name != "board"]
    for step, pair in pairs(view).items():
        low, high = pair.interval()
        name = f"accuracy_drop.{step}"
        # 0.0 - x: of no difference it is 0, and never -0.
        drop = Measurement(name=name, value=0.0 - pair.difference, unit="ratio", n=view.n, low=-high, high=-low)
        found.append(drop.model_copy(update={"by_group": _by_group(view, *STEPS[step])}))
    return tuple(found)


def _by_group(view: View, before: Row, after: Row) -> ByGroup | None:
    groups = groups_of(view)
    if groups is None:
        return None
    right = view.right[after], view.right[before]  # a drop: what was right and is no more counts up
    return by_group(groups, lambda: ends_by_group(groups, *clustered_difference(*right, groups)))

"""What it came to: decisions, measurements, gates, verdict. Pure: arrays and facts in, frozen types out.

    view        one case's arrays, read once        decide      raw outputs -> classes
    metrics/    families of measurements            gates       limits on them
    statistics  intervals                           assess      all of it -> verdict with reasons
    alike       what counts as equal outputs        units       several units against each other
    check       gates that cannot decide            remarks     what a reader must know beside the figures

No file, clock, board or process in here. Whose fault it was when a run broke off is decided in ``run.blame``. A new
measurement is one file in ``metrics/``.
"""

from harness.verdict.assess import Assessment, assess
from harness.verdict.check import check_gates, check_rule, gate_mistakes
from harness.verdict.gates import Extent, judge
from harness.verdict.metrics import measure_all
from harness.verdict.view import View

__all__ = [
    "Assessment",
    "Extent",
    "View",
    "assess",
    "check_gates",
    "check_rule",
    "gate_mistakes",
    "judge",
    "measure_all",
]

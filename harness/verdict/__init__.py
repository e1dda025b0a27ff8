"""What it came to: decisions, measurements, gates, verdict. Pure: arrays and facts in, frozen types out."""

from harness.verdict.assess import Assessment, assess
from harness.verdict.check import check_gates, check_rule
from harness.verdict.gates import Extent, judge
from harness.verdict.metrics import measure_all
from harness.verdict.view import View

__all__ = ["Assessment", "Extent", "View", "assess", "check_gates", "check_rule", "judge", "measure_all"]

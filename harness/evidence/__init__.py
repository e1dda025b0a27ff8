"""What is left behind: the record, its arrays, and reports for people and for CI.

``write`` puts them into the report directory, whole or not at all. Reports read the record and its samples alone: what one
wants to say, the record must hold. A new form of report is one file in ``reports/``.
"""

from harness.evidence.reports.json_ import read_record
from harness.evidence.reports.npz import read_samples
from harness.evidence.write import clear_reports, write_reports

__all__ = ["clear_reports", "read_record", "read_samples", "write_reports"]

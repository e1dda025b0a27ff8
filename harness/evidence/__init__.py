"""What is left behind: the record, its arrays, and reports for people and for CI."""

from harness.evidence.reports.json_ import read_record
from harness.evidence.reports.npz import read_samples
from harness.evidence.write import clear_reports, write_reports

__all__ = ["clear_reports", "read_record", "read_samples", "write_reports"]

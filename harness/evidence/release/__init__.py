"""A release judged: its file and plans read, the runs gathered, the baseline compared with. Nothing is run.

gather   the runs that are at hand: in the history, or below folders
judge    from the release file to what was found
write    the folder with its reports and its attestation
"""

from harness.evidence.release.gather import Gathered, at_hand, gathered, of_baseline
from harness.evidence.release.judge import judged, read
from harness.evidence.release.write import ATTESTATION, write

__all__ = ["ATTESTATION", "Gathered", "at_hand", "gathered", "judged", "of_baseline", "read", "write"]

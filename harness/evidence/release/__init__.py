"""A release judged: its file and plans read, the runs gathered, the baseline compared with. Nothing is run.

gather   the runs that are at hand: folders
judge    from the release file to what was found
"""

from harness.evidence.release.gather import Gathered, gathered
from harness.evidence.release.judge import judged
from harness.evidence.release.write import ATTESTATION, write

__all__ = ["ATTESTATION", "Gathered", "gathered", "judged", "write"]

"""Whether what was run is enough for a release. Pure.

facts      what was found, cell by cell: the types of ``release.json``
asked      which cells a release asks for
choosing   which run speaks for a cell, and why none does
alarms     how many releases with nothing wrong would fail by chance, and what is done about it
judging    all of it -> one verdict with reasons
"""

from harness.verdict.release.asked import Asked, Cell
from harness.verdict.release.choosing import Chosen, Run, choose
from harness.verdict.release.facts import CellFacts, CellStatus, Document, ReleaseFacts
from harness.verdict.release.judging import judge_release

__all__ = [
    "Asked",
    "Cell",
    "CellFacts",
    "CellStatus",
    "Chosen",
    "Document",
    "ReleaseFacts",
    "Run",
    "choose",
    "judge_release",
]

"""No fault of a rig ends as the product's fail, whenever it comes: each kind of the virtual board, at any moment of a case.

Each moment is a case of its own, and a board that is silent is waited for: with HIL_FULL=1 (``fault_moments`` plays more, by hand).
The session's part of it, at many moments, is always held by test_session_cut.
"""

import os

import pytest
from fault_moments import KINDS, Moment, Played, moments

from harness.virtual.debug import registry
from harness.virtual.host.control import Control

full = pytest.mark.skipif(os.environ.get("HIL_FULL") != "1", reason="waits for silent boards; with HIL_FULL=1")
#: What tests look with, or what ends another.
NO_FAULTS = {"close", "state", "findings", "instruction_count", "join_line", "thaw", "corrupt_next_byte"}


def test_each_fault_that_a_virtual_board_can_be_given_is_played_and_none_may_fail():
    kinds = {name for name in vars(Control) if not name.startswith("_")} - NO_FAULTS
    played = {name.partition(" ")[0] for name in KINDS} - {"sparks"} | {
        f"{how}_byte" for how in ("corrupt", "drop", "insert")
    }
    assert played == kinds
    assert all(set(kind.verdicts) <= {"pass", "error"} for kind in KINDS.values())


@pytest.fixture(scope="module")
def n_bytes():
    """Of a whole case, on the line."""
    whole = Played(None, lambda uid: None)
    assert whole.record.verdict == "pass", whole.record.reasons
    return whole.n_bytes


@full
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", KINDS)
def test_at_any_moment_it_is_survived_or_the_rigs_error(name, n_bytes):
    drawn = [Moment(flash=0.0), *moments(4, name, n_bytes), Moment(byte=n_bytes - 40)]
    for moment in drawn:
        seen = Played(moment, KINDS[name].inject)
        told = f"{name} at {moment} ({seen.at}): {seen.record.reasons}"
        allowed = KINDS[name].verdicts
        # What comes with the last words may come too late to be noticed.
        late = ("pass",) if moment == drawn[-1] else ()
        assert seen.record.verdict in (*allowed, *late), told
        assert (seen.record.rig is None) is (seen.record.verdict == "pass"), told
        assert registry.running() == []

"""A unit of another host, claimed for a run of this one."""

import pytest

from harness.bench import lease, rackstate
from harness.bench.places import Place
from harness.bench.rackstate import State
from harness.bench.sources.local import Local

FAR = Place("nucleo_f446re", "far-1", "", via="rack2")


@pytest.fixture(autouse=True)
def _own_states(tmp_path, monkeypatch):
    monkeypatch.setenv("HIL_STATE_DIR", str(tmp_path))


def test_two_runs_of_this_host_do_not_claim_one_unit_and_its_server_may_have_it_all_the_same():
    claim = Local(None).acquire(FAR, what="a run")
    try:
        with pytest.raises(lease.InUse):
            Local(None).acquire(FAR, what="another run")
        lease.acquire(FAR.uid, what="its server, where that host is this one").release()
    finally:
        claim.release()


def test_one_that_is_out_of_service_here_is_not_claimed():
    rackstate.move(FAR.uid, State.QUARANTINED, reason="3 rig faults", by="hil")
    with pytest.raises(lease.OutOfService):
        Local(None).acquire(FAR, what="a run")

"""What a unit's host says of it, asked as over ssh; what a run hands down to its processes; and a Python that is not labgrid's."""

import json
import os
import subprocess
import sys

import pytest

from harness.bench import lease, rackstate
from harness.bench.labgrid import handed, hosts
from harness.bench.labgrid.address import parse
from harness.bench.labgrid.hosts import Stand
from harness.bench.labgrid.session import Session
from harness.bench.places import Place
from harness.errors import BenchError
from harness.farm.unitserver import stdio

NEAR = f"{sys.executable} -m harness.testing.far_host"
SERVER = f"{sys.executable} -m harness unit-server"


@pytest.fixture(autouse=True)
def near(tmp_path, monkeypatch):
    for name in ("RUNTIME", "STATE"):
        monkeypatch.setenv(f"HIL_{name}_DIR", str(tmp_path / name))
    monkeypatch.setenv("HIL_SSH", NEAR)
    monkeypatch.setenv("HIL_UNIT_SERVER", SERVER)


def test_a_host_says_who_uses_its_units_and_which_take_no_work_and_holds_nothing():
    rackstate.move("U2", rackstate.State.QUARANTINED, reason="it is worn", by="ann")
    with lease.acquire("U1", what="a night"):
        stands = hosts.look({"near": ["U0", "U1", "U2"]})
    assert stands["near", "U0"] == Stand()
    assert f"process {os.getpid()}" in stands["near", "U1"].holder
    assert "a night" in stands["near", "U1"].holder
    assert "quarantined" in stands["near", "U2"].refusal
    assert "it is worn" in stands["near", "U2"].refusal
    assert lease.holder("U0") is None


@pytest.mark.parametrize(
    ("ssh", "server", "why"),
    [
        ("false", "x", "does not start on that host"),
        ("/no/such/ssh", "x", "ssh cannot be started"),
        ("sh -c 'echo hello; exit 0'", "x", "does not start on that host"),
        ("sh -c 'echo no such host: Could not resolve hostname >&2; exit 255'", "x", "there is no host of this name"),
        ("""sh -c 'echo "{\\"hil-unit-look\\": {}}"'""", "x", "of another version"),
    ],
)
def test_a_host_that_cannot_be_asked_is_why_its_units_take_no_work_and_the_others_are_told(
    monkeypatch, ssh, server, why
):
    monkeypatch.setenv("HIL_SSH", ssh)
    monkeypatch.setenv("HIL_UNIT_SERVER", server)
    stands = hosts.look({"near": ["U0"], "far": ["U1"]})
    assert set(stands) == {("near", "U0"), ("far", "U1")}
    assert all(why in stand.refusal for stand in stands.values()), stands
    assert "its host far" in stands["far", "U1"].refusal


@pytest.mark.parametrize(
    ("asked", "seen"),
    [
        ("hil unit-server --look U1", ("U1",)),
        ("hil unit-server --bench b.yaml --look U1 --look U2", ("U1", "U2")),
        ("hil unit-server U1", ()),
        ("hil unit-server --look", ()),
        ("hil unit-server --look U1 ; rm -r /", ()),
        ("rm --look U1", ()),
        ("'", ()),
        ("", ()),
    ],
)
def test_a_key_for_units_alone_may_look_and_nothing_that_it_says_is_run(asked, seen):
    assert stdio.looked_at({"SSH_ORIGINAL_COMMAND": asked}) == seen


def test_a_run_hands_its_list_down_to_those_that_work_for_it_and_to_no_one_else(monkeypatch):
    places = (
        Place("nucleo_f446re", "U0", "", name="r-u0", tags=("a", "b=c"), via="rack1", skip="", chip_id="00"),
        Place("nucleo_f446re", "U1", "", name="r-u1", via="rack1", skip="it is worn"),
    )
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    monkeypatch.delenv(lease.RESERVED_BY, raising=False)
    handed.hand_down("labgrid://h/", places)
    ask = (
        "import json, sys; from harness.bench.labgrid.handed import handed; found = handed(sys.argv[1]);"
        "print(json.dumps(None if found is None else [[p.uid, p.via, p.tags, p.skip, p.name, p.chip_id] for p in found]))"
    )

    def heard(url="labgrid://h/", **environment):
        command = [sys.executable, "-c", ask, url]
        run = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=True)
        return json.loads(run.stdout)

    listed = [["U0", "rack1", ["a", "b=c"], "", "r-u0", "00"], ["U1", "rack1", [], "it is worn", "r-u1", ""]]
    assert heard(**lease.environment()) == listed
    assert heard(PYTEST_XDIST_WORKER="gw0") == listed
    assert heard() is None
    assert heard("labgrid://other/", **lease.environment()) is None
    assert handed.handed("labgrid://h/") is None  # who has listed looks again


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ('echo \'{"labgrid": "25.0.1"}\'; exec cat', "was never tried"),
        ("echo no module named labgrid >&2", "ended"),
    ],
)
def test_a_python_that_cannot_speak_with_the_coordinator_is_told_at_once(tmp_path, monkeypatch, script, why):
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    monkeypatch.setenv("HIL_LABGRID", str(python))
    session = Session(parse("labgrid://h/"))
    with pytest.raises(BenchError, match=why) as caught:
        session.seen()
    assert caught.value.next_step
    session.close()

"""labgrid over hosts: its coordinator, an exporter and sshd on each of two racks with four virtual units, each host a network
namespace. What others do to a run, and what is left of one that is killed. With HIL_FULL=1, as root (for the namespaces alone).
"""

import json
import os
import re
import signal
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import net_client
import netlab
import pytest
from netlab import NetLab, until

from harness.testing.labgrid_lab import Lab, commands

pytestmark = [
    pytest.mark.skipif(os.environ.get("HIL_FULL") != "1", reason="takes a quarter of an hour; with HIL_FULL=1"),
    pytest.mark.skipif(bool(netlab.missing()), reason=netlab.missing() or "nothing is missing"),
    pytest.mark.skipif(commands() is None, reason="labgrid is not installed: HIL_LABGRID names its environment"),
    pytest.mark.timeout(1200),
]


@pytest.fixture(scope="module")
def net(tmp_path_factory):
    with NetLab(tmp_path_factory.mktemp("net")) as made:
        yield made


@pytest.fixture(scope="module")
def lab(net, tmp_path_factory):
    with Lab(tmp_path_factory.mktemp("lab"), netlab.COORDINATOR, net.client.within) as made:
        for name, host in net.racks.items():
            made.exporter(name, net.exporter_file(name), within=host.within, host=host.address)
        made.places(net.labgrid_places())
        yield made


@pytest.fixture(autouse=True)
def nothing_is_left(net, lab):
    yield
    for host in net.hosts:
        net.cut(host, False)
    for daemon in lab.exporters.values():
        if not daemon.running:
            daemon.start()
    until(lambda: lab.who() == {}, 90)
    until(lambda: not any(net.locks(rack) for rack in net.racks), 90)


class Run:
    """``net_client`` on the client. ``said`` is what it has said so far."""

    def __init__(self, net, lab, name="any"):
        self._file = net.folder / f"run-{time.monotonic_ns()}"
        # Both ends of a delay are measured here: what it says is stamped when it is seen.
        self.process = net.client.popen(
            [sys.executable, net_client.__file__, f"{lab.url}?lab=net", name],
            self._file,
            net.client_environment(),
        )

    def said(self, key):
        lines = self._file.read_text().splitlines()
        told = [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]
        return [line for line in told if key in line]

    def wait(self, key, within_s=90.0):
        def found():
            assert self.process.poll() is None or self.said(key), self._file.read_text()[-3000:]
            return self.said(key)

        return until(found, within_s)[-1]

    def goes_on(self, within_s=60.0):
        """Several more answers of the unit from now."""
        before = len(self.said("state"))
        until(lambda: len(self.said("state")) > before + 3 or self.process.poll() is not None, within_s)
        assert self.process.poll() is None, self._file.read_text()[-3000:]
        return True

    def end(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)


@pytest.fixture
def run(net, lab):
    made = Run(net, lab)
    made.wait("open")
    yield made
    if made.process.poll() is None:
        made.end()


def seconds_until(condition, within_s=120.0):
    began_s = time.monotonic()
    until(condition, within_s, every_s=0.1)
    return round(time.monotonic() - began_s, 1)


def free(lab, place):
    return place not in lab.who()


def test_a_client_that_is_killed_frees_place_unit_and_processes_in_seconds(net, lab, run, record_property):
    told = run.said("open")[0]
    rack = told["open"].partition("-")[0]
    assert told["evidence"] == "emulated"
    os.kill(told["pid"], signal.SIGKILL)
    run.process.wait()
    unit_s = seconds_until(lambda: not net.locks(rack))
    place_s = seconds_until(lambda: free(lab, told["open"]))
    assert max(unit_s, place_s) < 30
    until(lambda: not Path(f"/proc/{told['worker']}").exists())
    record_property("unit free after s", unit_s)
    record_property("place free after s", place_s)
    print(f"killed: unit free after {unit_s} s, place free (labgrid-client who) {place_s} s later")


def test_a_stranger_who_takes_the_place_does_not_disturb_the_run_and_finds_it_taken_again(net, lab, run):
    told = run.said("open")[0]
    lab.client("-p", told["open"], "release", "--kick", user="mallory")
    run.goes_on()
    until(lambda: lab.who() == {told["open"]: told["by"]})
    assert "told so by a stranger" in run.wait("told")["told"]
    os.kill(told["worker"], signal.SIGSTOP)  # now nobody takes it again
    try:
        lab.client("-p", told["open"], "release", "--kick", user="mallory")
        lab.client("-p", told["open"], "acquire", user="mallory")
    finally:
        os.kill(told["worker"], signal.SIGCONT)
    run.goes_on()
    assert lab.who() == {told["open"]: "desk/mallory"}
    run.end()
    assert lab.who() == {told["open"]: "desk/mallory"}  # our release leaves it theirs
    lab.client("-p", told["open"], "release", user="mallory")


def test_a_second_run_that_labgrid_gives_the_place_is_told_by_the_host_who_uses_the_unit_and_takes_another(
    net, lab, run
):
    told = run.said("open")[0]
    os.kill(told["worker"], signal.SIGSTOP)
    try:
        lab.client("-p", told["open"], "release", "--kick", user="mallory")
        refused = Run(net, lab, told["open"]).wait("refused")
        assert refused["kind"] == "InUse"
        assert "though the coordinator says it is free" in refused["refused"]
        assert re.search(r"process \d+ .*a run", refused["found"]), refused
        second = Run(net, lab)
        assert second.wait("open")["open"] != told["open"]
        second.goes_on()
        second.end()
    finally:
        os.kill(told["worker"], signal.SIGCONT)
    run.goes_on()


def test_the_coordinator_and_the_exporters_may_be_restarted_under_a_run(net, lab, run):
    told = run.said("open")[0]
    lab.coordinator.stop()
    run.goes_on()
    lab.coordinator.start()
    for exporter in lab.exporters.values():
        until(lambda exporter=exporter: not exporter.running)
        exporter.start()
    taken_s = seconds_until(lambda: lab.who() == {told["open"]: told["by"]})
    lab.exporters[told["open"].partition("-")[0]].stop(signal.SIGKILL)
    run.goes_on()
    lab.exporters[told["open"].partition("-")[0]].start()
    run.goes_on()
    print(f"coordinator restarted: the place is the run's again {taken_s} s after the exporters are up")


@pytest.mark.parametrize("cut_s", [5, 30, 120])
def test_a_network_that_is_cut_between_run_and_rack_is_borne_or_told_as_the_hosts_fault(net, lab, run, cut_s):
    told = run.said("open")[0]
    rack = net.racks[told["open"].partition("-")[0]]
    net.cut(rack, True)
    began_s = time.monotonic()
    if cut_s > 15:
        lost = run.wait("lost", 60)
        lost_s = round(time.monotonic() - began_s, 1)
        assert lost["kind"] == "HostError", lost
        unit_s = seconds_until(lambda: not net.locks(rack.name), 60)
        print(f"cut of {cut_s} s: the run was told after {lost_s} s, the unit free {unit_s} s later: {lost['lost']}")
    until(lambda: time.monotonic() - began_s >= cut_s, cut_s + 1)
    net.cut(rack, False)
    if cut_s <= 15:
        run.goes_on()
        assert not run.said("lost")
        assert lab.who() == {told["open"]: told["by"]}
    # What was cut off is there again: its exporter is restarted by whoever watches over it.
    if not lab.exporters[rack.name].running:
        lab.exporters[rack.name].start()
    again = Run(net, lab, told["open"]) if cut_s > 15 else run
    again.wait("open", 120)
    again.goes_on()
    again.end()


def test_a_host_that_vanishes_is_told_as_such_and_a_run_takes_a_unit_of_another(net, lab):
    net.cut(net.racks["rack1"], True)
    began_s = time.monotonic()
    second = Run(net, lab)
    assert second.wait("open", 120)["open"].startswith("rack2-")
    print(f"a run beside a dead host begins after {time.monotonic() - began_s:.1f} s")
    second.end()
    named = Run(net, lab, "rack1-rack1-1").wait("refused", 120)
    assert named["refused"], named


# -- whole runs of pytest, a worker on each of the eight units ---------------------------------------------------------

MANY = """
import pytest

@pytest.mark.parametrize("n", range({n}))
@pytest.mark.model("digits_cnn_int8")
def test_many(dut, dataset, n):
    dut.classify(dataset("digits").test[:20]).gate("accuracy >= 0.5")
"""


class Pytest:
    """``pytest -n auto`` on the client, on every unit that the coordinator has."""

    def __init__(self, net, lab, folder, n=8):
        self._net, self.folder = net, folder
        (folder / "test_many.py").write_text(MANY.format(n=n))
        self.process = net.client.popen(
            [
                *(
                    "env",
                    "-C",
                    folder,
                    sys.executable,
                    "-m",
                    "pytest",
                    "-p",
                    "harness.plugin",
                    "-p",
                    "no:cacheprovider",
                ),
                *("--board", "nucleo_f446re", "--board", "cy8cproto_062_4343w", "--bench", f"{lab.url}?lab=net"),
                *("-n", "auto", "--report-dir", "out", "--junitxml", "out.xml", "-v", "test_many.py"),
            ],
            folder / "said",
            net.client_environment(),
        )

    @property
    def said(self):
        return (self.folder / "said").read_text()

    def passed(self, n, within_s=400):
        """Wait until that many have."""
        until(lambda: self.said.count(" PASSED ") >= n or self.process.poll() is not None, within_s)
        assert self.said.count(" PASSED ") >= n, self.said[-3000:]

    def end(self, within_s=900):
        """How it ended: each test's outcome, and what the records say of it."""
        assert self.process.wait(within_s) is not None
        cases = list(ElementTree.parse(self.folder / "out.xml").iter("testcase"))
        outcome = {
            case.get("name"): next((part.tag for part in case if part.tag in ("failure", "error", "skipped")), "passed")
            for case in cases
        }
        tries = [
            p.get("value") for case in cases for p in case.iter("property") if p.get("name") in ("flaky", "first_try")
        ]
        records = [
            json.loads(path.read_text()) for path in self.folder.rglob("record.json") if "try1" not in path.parts
        ]
        return outcome, tries, records


@pytest.fixture
def many(net, lab, tmp_path):
    made = Pytest(net, lab, tmp_path)
    until(lambda: len(lab.who()) == 8 or made.process.poll() is not None, 120)
    assert made.process.poll() is None, made.said[-3000:]
    return made


def left_on_the_client(net):
    return netlab._words(["ip", "netns", "pids", net.client.space])


def test_a_run_with_a_worker_on_each_of_eight_units_of_two_hosts_passes_and_gives_all_back(net, lab, many):
    who = lab.who()
    assert len(set(who.values())) == 8, who
    outcome, tries, records = many.end()
    assert many.process.returncode == 0, many.said[-3000:]
    assert set(outcome.values()) == {"passed"}
    assert len(outcome) == 16
    assert tries == []
    used = {record["unit"]["uid"] for record in records}
    assert {uid.partition("-")[0] for uid in used} == {"rack1", "rack2"}
    print(f"{len(outcome)} tests on {len(used)} units of two hosts, in {_last_line(many)}")


def test_pytest_that_is_killed_leaves_no_place_no_unit_and_no_process(net, lab, many):
    many.passed(1)
    before = len(left_on_the_client(net))
    assert any(net.locks(rack) for rack in net.racks)
    os.kill(many.process.pid, signal.SIGKILL)
    many.process.wait()
    began_s = time.monotonic()
    place_s = seconds_until(lambda: lab.who() == {})
    unit_s = seconds_until(lambda: not any(net.locks(rack) for rack in net.racks)) + time.monotonic() - began_s
    assert place_s < 30
    assert unit_s < 60
    coordinator = str(lab.coordinator._popen.pid)
    until(lambda: set(left_on_the_client(net)) <= {coordinator}, 60)
    print(f"pytest killed: 8 places free (labgrid-client who) after {place_s} s, units after {unit_s:.0f} s")
    print(f"of {before} processes on the client only the coordinator is left")


def test_a_coordinator_and_exporters_that_are_restarted_do_not_disturb_a_run(net, lab, many):
    who = lab.who()
    many.passed(1)
    lab.coordinator.stop()
    lab.coordinator.start()
    for exporter in lab.exporters.values():
        until(lambda exporter=exporter: not exporter.running)
        exporter.start()
    until(lambda: lab.who() == who or many.process.poll() is not None)
    outcome, tries, _ = many.end()
    assert set(outcome.values()) == {"passed"}
    assert tries == []


@pytest.mark.parametrize("cut_s", [5, 30, 120])
def test_a_network_that_is_cut_under_a_run_is_never_the_products_failure(net, lab, many, cut_s):
    many.passed(1)
    net.cut(net.racks["rack1"], True)
    began_s = time.monotonic()
    until(lambda: time.monotonic() - began_s >= cut_s, cut_s + 1)
    net.cut(net.racks["rack1"], False)
    outcome, tries, records = many.end()
    assert set(outcome.values()) == {"passed"}, (outcome, many.said[-3000:])
    assert len(records) == len(outcome) == 16
    assert {record["verdict"] for record in records} == {"pass"}
    if cut_s == 5:
        assert tries == []
    else:
        assert tries
        assert all(" on rack1-" in line and "ended as error" in line for line in tries), tries
    print(f"cut of {cut_s} s: {len(tries)} first tries ended as error, all 16 tests passed, in {_last_line(many)}")


def _last_line(many):
    return many.said.strip().splitlines()[-1].strip("= ").rpartition(" in ")[2]

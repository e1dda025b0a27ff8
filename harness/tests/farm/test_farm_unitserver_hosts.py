"""Units of another host as a run meets them: real processes, a real (virtual) unit; the host is a stand-in for ssh, or sshd."""

import contextlib
import json
import os
import pwd
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness.bench import lease, rackstate
from harness.bench.boards import load_board
from harness.bench.places import Place
from harness.bench.rackstate import State
from harness.bench.remote import rack as remote_rack
from harness.bench.sources.local import Local
from harness.bench.unit import open_unit
from harness.clock import SystemClock
from harness.errors import BenchError, HostError, MisuseError
from harness.exits import Exit
from harness.farm import aftercare
from harness.farm.unitserver import stdio
from harness.testing.rack import VirtualRack

FULL = os.environ.get("HIL_FULL") == "1"
LONG = pytest.mark.skipif(not FULL, reason="one more of a kind; with HIL_FULL=1")
BOARD = load_board("nucleo_f446re")
HIL = f"{shlex.quote(sys.executable)} -m harness"
FAR_HOST = f"{shlex.quote(sys.executable)} -m harness.testing.far_host"
SSHD = shutil.which("sshd") or "/usr/sbin/sshd"


@pytest.fixture(scope="module")
def rack(tmp_path_factory):
    with VirtualRack({BOARD.name: 1}, tmp_path_factory.mktemp("rack") / "bench.yaml") as rack:
        yield rack


@pytest.fixture
def far(rack, monkeypatch):
    """The place of the rack's unit as another host has it."""
    monkeypatch.setenv("HIL_SSH", FAR_HOST)
    monkeypatch.setenv("HIL_UNIT_SERVER", f"{HIL} unit-server --bench {rack.bench}")
    return Place(BOARD.name, rack.uids[0], "", via="rack2")


def opened(place, **options):
    return open_unit(
        BOARD, backend="probe", places=[place], uid=place.uid, what="a test", clock=SystemClock(), **options
    )


def eventually(holds, within_s=30.0):
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, "it does not come about"
        time.sleep(0.05)


def servers(uid):
    """The processes that serve that unit, and those that lead to them."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            words = path.read_bytes().split(b"\0")
            if any(b"unit-server" in word for word in words) and any(uid.encode() in word for word in words):
                found.append((int(path.parent.name), b" ".join(words).decode()))
    return found


def server_of(uid):
    """The server itself."""
    (pid,) = [pid for pid, words in servers(uid) if "far_host" not in words and "sh -c" not in words]
    return pid


def assert_free(uid):
    """The unit is free at once, and no process is left of whoever had it."""
    eventually(lambda: lease.holder(uid) is None)
    eventually(lambda: servers(uid) == [])


def for_ever(ask):
    while True:
        ask()


def assert_lost(unit):
    with pytest.raises(HostError, match="the connection to the unit's host is lost"):
        for_ever(unit.core)


def refused(place, kind, what):
    """What is said when it cannot be opened."""
    with pytest.raises(kind, match=what) as told, opened(place, wait_s=0.0):
        pass
    return told.value


def hil_run(far, folder, *words):
    """A run of digits on the far unit into ``folder``/out."""
    bench = folder / "far.yaml"
    bench.write_text(f"units: [{{board: {BOARD.name}, uid: {far.uid}, via: rack2}}]\n")
    words = ["run", "digits", "--board", BOARD.name, "--bench", str(bench), "--report-dir", str(folder / "out"), *words]
    return subprocess.Popen(
        [sys.executable, "-m", "harness", *words, "--no-history"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=folder,
    )


def assert_passes(run):
    said = run.communicate(timeout=250)[0]
    assert run.returncode == 0, said


def record_in(folder):
    (path,) = (folder / "out").rglob("record.json")
    return json.loads(path.read_text())


def test_a_run_over_50_ms_of_round_trip_is_a_run_whose_record_says_where_and_what_it_was(
    far, rack, tmp_path, monkeypatch
):
    monkeypatch.setenv("HIL_SSH", f"{FAR_HOST} --delay-ms 25")
    run = hil_run(far, tmp_path, *([] if FULL else ["--samples", "60"]))
    said = run.communicate(timeout=250)[0]
    # Sixty samples prove no accuracy with confidence.
    assert run.returncode == (Exit.PASS if FULL else Exit.INCONCLUSIVE), said
    record = record_in(tmp_path)
    assert record["verdict"] == ("pass" if FULL else "inconclusive")
    assert record["link"]["lost"] == 0
    assert (record["backend"], record["evidence"]) == ("probe", "emulated")
    unit = record["unit"]
    assert (unit["uid"], unit["host"]) == (far.uid, "rack2")
    assert unit["port"].startswith("rack2:/")
    assert unit["chip_id"] == unit["chip_id_hello"] != ""
    assert_free(far.uid)


def test_a_unit_that_somebody_has_there_is_told_with_its_holder_and_one_that_nobody_knows_with_those_there_are(far):
    with lease.acquire(far.uid, what="hil run elsewhere"):
        taken = refused(far, lease.InUse, "is in use")
    assert "hil run elsewhere" in taken.found
    nobody = Place(BOARD.name, "nobody", "", via="rack2")
    unknown = refused(nobody, BenchError, "no nucleo_f446re with the id nobody is attached")
    assert far.uid in unknown.found
    assert unknown.where == "rack2"
    assert_free(far.uid)


def test_whoever_looks_there_sees_who_has_the_unit_and_from_where(far):
    with opened(far) as unit:
        who = lease.holder(far.uid)
        assert who.pid == server_of(far.uid)
        assert f"a test, from {socket.gethostname()}, process {os.getpid()}" in who.describe()
        assert unit.evidence == "emulated"
        assert unit.own_s() is not None
        assert unit.power_switch().is_on() is True
        assert unit.sharers() == ()
    assert_free(far.uid)


@pytest.mark.parametrize("killed", ["the server", pytest.param("what leads to it", marks=LONG), "the client"])
def test_whoever_is_killed_the_unit_is_free_and_no_process_is_left(far, killed):
    script = (
        "import sys, time\n"
        "from harness.bench.unit import open_unit\n"
        "from harness.bench.boards import load_board\n"
        "from harness.bench.places import Place\n"
        "from harness.clock import SystemClock\n"
        f"place = Place({BOARD.name!r}, {far.uid!r}, '', via='rack2')\n"
        f"with open_unit(load_board({BOARD.name!r}), backend='probe', places=[place], what='w', clock=SystemClock()) as unit:\n"
        "    print('open', flush=True)\n"
        "    try:\n"
        "        while True:\n"
        "            unit.core()\n"
        "            time.sleep(0.05)\n"
        "    except Exception as error:\n"
        "        print(type(error).__name__, error.what)\n"
    )
    client = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    try:
        assert client.stdout.readline() == "open\n"
        server = server_of(far.uid)
        leads = next(pid for pid, words in servers(far.uid) if "far_host" in words)
        os.kill({"the server": server, "what leads to it": leads, "the client": client.pid}[killed], signal.SIGKILL)
        assert_free(far.uid)
        said = client.stdout.read()
        assert client.wait(30) == (-signal.SIGKILL if killed == "the client" else 0)
        if killed != "the client":
            assert said == "HostError the connection to the unit's host is lost\n"
    finally:
        client.kill()
        client.wait()
        client.stdout.close()


@LONG
def test_a_run_whose_connection_is_lost_is_the_rigs_error_and_resume_goes_on_with_it(far, tmp_path):
    run = hil_run(far, tmp_path)

    def answered():
        return sum(path.stat().st_size for path in (tmp_path / "out").rglob("journal*"))

    eventually(lambda: answered() > 3000, 250)
    os.kill(next(pid for pid, words in servers(far.uid) if "far_host" in words), signal.SIGKILL)
    said = run.communicate(timeout=250)[0]
    assert run.returncode == Exit.RIG, said
    record = record_in(tmp_path)
    assert record["verdict"] == "error"
    assert "the connection to the unit's host is lost" in " ".join(record["reasons"])
    before = record["run_id"]
    assert_passes(hil_run(far, tmp_path, "--resume", str(tmp_path / "out")))
    record = record_in(tmp_path)
    assert (record["verdict"], record["run_id"]) == ("pass", before)
    assert_free(far.uid)


@pytest.mark.parametrize("number", [pytest.param(signal.SIGTERM, marks=LONG), signal.SIGHUP])
def test_a_server_that_is_told_to_end_gives_the_unit_back(far, number):
    with opened(far) as unit:
        os.kill(server_of(far.uid), number)
        assert_lost(unit)
    assert_free(far.uid)


@pytest.mark.skipif(not FULL, reason="waits for networks that are cut; with HIL_FULL=1")
@pytest.mark.parametrize(("cut_s", "goes_on"), [(5, True), (30, False)])
def test_a_network_that_is_cut_for_a_while_costs_nothing_and_for_long_ends_as_the_rigs_error(
    far, tmp_path, monkeypatch, cut_s, goes_on
):
    cut = tmp_path / "cut"
    monkeypatch.setenv("HIL_SSH", f"{FAR_HOST} --delay-ms 10 --cut {cut}")
    with contextlib.ExitStack() as stack:
        unit = stack.enter_context(opened(far))
        assert unit.probe.chip_id()
        began_s = time.monotonic()
        cut.touch()
        heal = subprocess.Popen(["sh", "-c", f"sleep {cut_s}; rm {cut}"])
        try:
            if goes_on:
                assert unit.probe.chip_id()
                assert time.monotonic() - began_s >= cut_s
            else:
                with pytest.raises(HostError, match="is lost") as lost:
                    unit.probe.chip_id()
                assert "nothing was heard from the other end for 15 s" in lost.value.found
                # The server noticed by itself: nobody could tell it.
                eventually(lambda: lease.holder(far.uid) is None, 10)
                assert time.monotonic() - began_s < cut_s
        finally:
            heal.wait()
    assert_free(far.uid)


@pytest.mark.skipif(not FULL, reason="waits until it hears nothing; with HIL_FULL=1")
def test_a_server_whose_client_says_nothing_more_ends_by_itself(far, rack):
    command = [sys.executable, "-m", "harness", "unit-server", far.uid, "--bench", str(rack.bench)]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        assert server.stdout.readline().startswith(b"hil-unit-server ")
        assert server.wait(40) == 0
        assert b"nothing was heard from the other end for 15 s" in server.stderr.read()
    finally:
        server.kill()
        server.wait()
        for stream in (server.stdin, server.stdout, server.stderr):
            stream.close()


def test_what_is_learnt_of_a_unit_is_written_down_on_its_own_host_which_then_refuses_it(
    far, rack, tmp_path, monkeypatch
):
    there = tmp_path / "state of that host"
    command = f"env HIL_STATE_DIR={shlex.quote(str(there))} {HIL} unit-server --bench {rack.bench}"
    monkeypatch.setenv("HIL_UNIT_SERVER", command)
    monkeypatch.setenv("HIL_STATE_DIR", str(tmp_path / "state of this host"))
    (told,) = aftercare.worker_died(far.uid, "run1", board=BOARD.name, rack=(far,))
    assert "is suspect" in told
    assert rackstate.state_of(far.uid).state is State.SUSPECT
    monkeypatch.setenv("HIL_STATE_DIR", str(tmp_path / "state of a third host"))
    assert rackstate.state_of(far.uid).state is State.GOOD
    with opened(far):
        stands = rackstate.state_of(far.uid)
        assert (stands.state, stands.reason) == (State.SUSPECT, "the process that used it died")
    there = remote_rack.move(
        "rack2", stands, State.QUARANTINED, reason="3 rig faults in a row", by="hil", evidence="run2", rig_faults=3
    )
    assert (there.beneath, there.rig_faults) == (State.QUARANTINED, 3)
    assert "3 rig faults in a row" in refused(far, lease.OutOfService, "is quarantined").found
    assert_free(far.uid)


def test_a_unit_that_was_mended_on_its_own_host_takes_work_from_here_again_but_not_what_a_person_here_has_put_away(
    far, tmp_path, monkeypatch
):
    monkeypatch.setenv("HIL_UNIT_SERVER", f"env HIL_STATE_DIR={tmp_path}/there {os.environ['HIL_UNIT_SERVER']}")
    monkeypatch.setenv("HIL_STATE_DIR", str(tmp_path / "here"))
    bench = tmp_path / "far.yaml"
    bench.write_text(f"units: [{{board: {BOARD.name}, uid: {far.uid}, via: rack2}}]\n")

    def skip():
        return Local(bench).list()[0].skip

    rackstate.move(far.uid, State.QUARANTINED, reason="3 rig faults in a row", by="hil", rig_faults=3)
    assert skip() == ""
    rackstate.move(far.uid, State.QUARANTINED, reason="my desk is on fire", by="ann")
    assert "my desk is on fire" in skip()
    rackstate.move(far.uid, State.QUARANTINED, reason="3 rig faults in a row", by="hil", rig_faults=3)
    monkeypatch.setenv("HIL_SSH", "false")
    assert "3 rig faults in a row" in skip(), "nobody there can be asked"


# -- sshd ------------------------------------------------------------------------------------------------------------------


class Sshd:
    """A private sshd on this host, with keys of its own."""

    def __init__(self, folder):
        self.folder = folder
        for name in ("host", "user", "stranger"):
            subprocess.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)],
                check=True,
                stdin=subprocess.DEVNULL,
            )
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        host_key = (folder / "host.pub").read_text().split()[:2]
        (folder / "known_hosts").write_text(f"[127.0.0.1]:{self.port} {' '.join(host_key)}\n")
        (folder / "sshd_config").write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nPidFile none\nUsePAM no\nStrictModes no\n"
            f"AuthorizedKeysFile {folder}/authorized_keys\nPasswordAuthentication no\nPermitRootLogin yes\n"
            f"KbdInteractiveAuthentication no\nPrintMotd yes\nBanner {folder}/banner\n"
        )
        (folder / "banner").write_text("*** rack2: Permission denied to all but the lab ***\n")
        (folder / "odd").write_text(
            "Host *\n  RemoteCommand tmux new -A\n  RequestTTY force\n  ForwardAgent yes\n  ControlMaster auto\n"
            f"  ControlPath {folder}/shared\n  ControlPersist 60\n  PermitLocalCommand yes\n  LocalCommand echo hello\n"
        )
        self.authorize("")
        self.log = (folder / "log").open("wb")
        self.process = subprocess.Popen(
            [SSHD, "-D", "-e", "-f", str(folder / "sshd_config")], stderr=self.log, stdin=subprocess.DEVNULL
        )

    def authorize(self, options):
        key = (self.folder / "user.pub").read_text()
        (self.folder / "authorized_keys").write_text(f"{options} {key}".lstrip())

    def ssh(self, key="user", known="known_hosts", config="none"):
        """``config`` "odd": a person's own, with what must not come between."""
        config = str(self.folder / config) if config != "none" else config
        options = [
            "BatchMode=yes",
            f"UserKnownHostsFile={self.folder / known}",
            "IdentitiesOnly=yes",
            "ConnectTimeout=10",
        ]
        return shlex.join(
            ["ssh", "-F", config, "-T", "-i", str(self.folder / key), *(f"-o{option}" for option in options)]
        )

    @property
    def via(self):
        return f"ssh://{pwd.getpwuid(os.getuid()).pw_name}@127.0.0.1:{self.port}"

    def answers(self):
        if self.process.poll() is not None:
            return None
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as caller:
                return caller.recv(4) == b"SSH-"
        except OSError:
            return False

    def close(self):
        self.process.terminate()
        self.process.wait()
        self.log.close()


@pytest.fixture(scope="module")
def sshd(tmp_path_factory):
    if not Path(SSHD).exists() or shutil.which("ssh-keygen") is None or shutil.which("ssh") is None:
        pytest.skip("needs OpenSSH's ssh, ssh-keygen and sshd")
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where sshd, as root, wants to be apart
    made = Sshd(tmp_path_factory.mktemp("sshd"))
    try:
        eventually(lambda: made.answers() is not False, 10)
        if made.answers() is None:
            pytest.skip(f"sshd does not start here: {(made.folder / 'log').read_text().strip()}")
        yield made
    finally:
        made.close()


@pytest.fixture
def over_ssh(sshd, rack, monkeypatch):
    sshd.authorize("")
    runtime = f"HIL_RUNTIME_DIR={os.environ['HIL_RUNTIME_DIR']}"
    monkeypatch.setenv("HIL_SSH", sshd.ssh())
    monkeypatch.setenv("HIL_UNIT_SERVER", f"env {runtime} {HIL} unit-server --bench {rack.bench}")
    return Place(BOARD.name, rack.uids[0], "", via=sshd.via)


def test_over_a_real_ssh_the_unit_is_reached_and_given_back_whatever_a_persons_own_settings_are(
    over_ssh, sshd, monkeypatch
):
    monkeypatch.setenv("HIL_SSH", sshd.ssh(config="odd"))
    with opened(over_ssh) as unit:
        assert unit.read_chip_id()
        assert unit.facts().host == over_ssh.via
    assert_free(over_ssh.uid)
    assert not (sshd.folder / "shared").exists(), "no connection outlives the run"


@pytest.mark.parametrize("killed", ["ssh", pytest.param("sshd's process", marks=LONG)])
def test_when_ssh_or_sshd_is_killed_the_unit_is_free_and_no_process_is_left(over_ssh, killed):
    with opened(over_ssh) as unit:
        server = server_of_ssh(over_ssh.uid)
        if killed == "ssh":
            (pid,) = [pid for pid, words in servers(over_ssh.uid) if words.startswith("ssh ")]
        else:
            pid = parent(server, "sshd")
        os.kill(pid, signal.SIGKILL)
        assert_lost(unit)
    assert_free(over_ssh.uid)


def server_of_ssh(uid):
    return next(pid for pid, words in servers(uid) if words.startswith(sys.executable))


def parent(pid, name):
    """The nearest process above ``pid`` of that name."""
    while pid > 1:
        stat = Path(f"/proc/{pid}/stat").read_text()
        pid = int(stat[stat.rindex(")") + 2 :].split()[1])
        if Path(f"/proc/{pid}/comm").read_text().startswith(name):
            return pid
    raise AssertionError(f"no {name} above")


def test_of_what_a_client_asks_for_the_unit_alone_is_taken():
    asked = stdio.asked_for({"SSH_ORIGINAL_COMMAND": "HIL_X=1 /opt/hil --odd unit-server 'u 1'"})
    assert asked == "u 1"
    for command in ("id", "", "hil unit-server --bench=/etc/shadow", "sh -c 'hil unit-server u1; id'", "'"):
        with pytest.raises(MisuseError, match="this key may reach units, and nothing else"):
            stdio.asked_for({"SSH_ORIGINAL_COMMAND": command})


def test_a_key_that_may_reach_units_alone_reaches_them_and_nothing_else(over_ssh, sshd, rack, monkeypatch):
    runtime = f"HIL_RUNTIME_DIR={os.environ['HIL_RUNTIME_DIR']}"
    sshd.authorize(f'restrict,command="env {runtime} {HIL} unit-server --restricted --bench {rack.bench}"')
    monkeypatch.delenv("HIL_UNIT_SERVER")
    with opened(over_ssh) as unit:
        assert unit.read_chip_id()
    ran = subprocess.run(
        [*shlex.split(sshd.ssh()), over_ssh.via, "id"], capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    assert "uid=" not in ran.stdout
    assert "this key may reach units, and nothing else" in ran.stderr
    assert_free(over_ssh.uid)


def test_what_ssh_refuses_is_told_as_what_it_is(over_ssh, sshd, monkeypatch):
    (sshd.folder / "nobody").write_text("")
    for ssh, what in (
        (sshd.ssh(key="stranger"), "does not accept this account's key"),
        (sshd.ssh(known="nobody"), "host's key is not the one that is known, or none is"),
    ):
        monkeypatch.setenv("HIL_SSH", ssh)
        refused(over_ssh, HostError, what)
    monkeypatch.setenv("HIL_SSH", sshd.ssh())
    monkeypatch.setenv("HIL_UNIT_SERVER", "/nowhere/hil unit-server")
    refused(over_ssh, HostError, "no hil on that host's PATH")
    sshd.authorize('command="echo Welcome to rack2; cat"')
    assert "Welcome to rack2" in refused(over_ssh, HostError, "prints something before").found

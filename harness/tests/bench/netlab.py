"""Hosts as network namespaces of this one: a bridge between them, sshd and a rack of virtual units on each but the first.

Needs root, for the namespaces alone; what is tested needs none. What two real hosts do not share is apart: the runtime and the
state folder, so locks and units. The cache of firmware is shared.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from harness.bench.labgrid import export
from harness.bench.places import places_of
from harness.disk import folders
from harness.plans.bench import load_bench

NET = "10.213.7"
COORDINATOR = f"{NET}.1:20408"


def missing():
    """What this machine lacks for it; "" when nothing."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    return ", ".join(tool for tool in ("ip", "sshd", "ssh", "ssh-keygen") if not shutil.which(tool, path=_path()))


def _path():
    return f"{os.environ['PATH']}:/usr/sbin:/sbin"


def until(condition, within_s=60.0, every_s=0.2):
    """Poll; what came of it."""
    end_s = time.monotonic() + within_s
    while not (found := condition()):
        assert time.monotonic() < end_s, f"it did not come to that within {within_s:g} s"
        time.sleep(every_s)
    return found


class Host:
    """One of them."""

    def __init__(self, folder, number, name):
        self.name, self.address = name, f"{NET}.{number}"
        self.space = f"hil{os.getpid() % 100000}-{name}"
        self.folder = folder / name
        for part in ("runtime", "state"):
            (self.folder / part).mkdir(parents=True, mode=0o700)
        self.within = ("ip", "netns", "exec", self.space)
        self.environment = {
            "PATH": f"{Path(sys.executable).parent}:{_path()}",
            "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
            "HIL_RUNTIME_DIR": str(self.folder / "runtime"),
            "HIL_STATE_DIR": str(self.folder / "state"),
            "HIL_CACHE_DIR": str(folders.cache_path("")),
            "HIL_BENCH_HERE": str(self.folder / f"{name}.yaml"),
        }
        self._running = []

    def popen(self, command, log, env=None):
        """Start it there; what it says goes to the file."""
        with log.open("wb") as said:
            made = subprocess.Popen(
                [*self.within, *map(str, command)],
                env=os.environ | self.environment | (env or {}),
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )
        self._running.append(made)
        return made

    def run(self, *command, check=True):
        """Its output."""
        done = subprocess.run(
            [*self.within, *map(str, command)],
            env=os.environ | self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def end(self):
        for process in self._running:
            if process.poll() is None:
                process.terminate()
        for process in self._running:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


class NetLab:
    """``client``, with the coordinator's address, and ``racks``; the latter by name, with ``units`` each."""

    def __init__(self, folder, units="nucleo_f446re=2,cy8cproto_062_4343w=2", racks=("rack1", "rack2")):
        self.folder = folder
        self._units = units
        self._switch = f"hil{os.getpid() % 100000}-sw"
        self.client = Host(folder, 1, "desk")
        self.racks = {name: Host(folder, 11 + n, name) for n, name in enumerate(racks)}
        self.hosts = (self.client, *self.racks.values())

    def __enter__(self):
        try:
            self._network()
            self._keys()
            for rack in self.racks.values():
                self._sshd(rack)
                rack.popen(
                    ["hil", "virtual", "--rack", self._units, "--write", rack.environment["HIL_BENCH_HERE"]],
                    rack.folder / "virtual.log",
                )
            for rack in self.racks.values():
                until(lambda rack=rack: "Ctrl-C" in (rack.folder / "virtual.log").read_text(), 240)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error):
        for host in self.hosts:
            host.end()
        for space in (*(host.space for host in self.hosts), self._switch):
            for pid in _words(["ip", "netns", "pids", space]):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
            subprocess.run(["ip", "netns", "delete", space], capture_output=True)

    def places(self, rack):
        """The units of that rack, by its bench file."""
        return places_of(load_bench(Path(self.racks[rack].environment["HIL_BENCH_HERE"])))

    def exporter_file(self, rack):
        """As ``hil rack export`` writes it there."""
        return export.exporter_file(self.places(rack), f"root@{self.racks[rack].address}")

    def labgrid_places(self):
        """As ``Lab.places`` takes them."""
        return {
            f"{rack}-{place.title}": (
                f"{rack}/{place.title}/HilUnit",
                {"board": place.board, "rack": rack, "lab": "net"},
            )
            for rack in self.racks
            for place in self.places(rack)
        }

    def cut(self, host, is_cut):
        """Pull its network cable, or plug it in again."""
        subprocess.run(
            ["ip", "-n", self._switch, "link", "set", f"to-{host.name}", "down" if is_cut else "up"], check=True
        )

    def client_environment(self):
        """What a run on the client needs to reach the racks."""
        return self.client.environment | {
            "HIL_SSH": f"ssh -F {self.folder}/ssh_config",
            "HIL_UNIT_SERVER": "hil unit-server --bench $HIL_BENCH_HERE",
        }

    def holders(self, rack):
        """The processes that hold a unit there, by unit."""
        found = {}
        for place in self.places(rack):
            told = self.racks[rack].run("hil", "unit-server", "--look", place.uid)
            if '"holder": ""' not in told:
                found[place.uid] = told
        return found

    def locks(self, rack):
        """The units of that rack whose lock somebody has, by the files beside the locks: quick, for polling."""
        return sorted(path.stem for path in (self.racks[rack].folder / "runtime" / "leases").glob("*.lock"))

    def _network(self):
        for space in (self._switch, *(host.space for host in self.hosts)):
            _do("ip", "netns", "add", space)
            _do("ip", "-n", space, "link", "set", "lo", "up")
        _do("ip", "-n", self._switch, "link", "add", "br0", "type", "bridge")
        _do("ip", "-n", self._switch, "link", "set", "br0", "up")
        for host in self.hosts:
            port = f"to-{host.name}"
            _do(
                "ip",
                "-n",
                self._switch,
                "link",
                "add",
                port,
                "type",
                "veth",
                "peer",
                "name",
                "eth0",
                "netns",
                host.space,
            )
            _do("ip", "-n", self._switch, "link", "set", port, "master", "br0", "up")
            _do("ip", "-n", host.space, "address", "add", f"{host.address}/24", "dev", "eth0")
            _do("ip", "-n", host.space, "link", "set", "eth0", "up")

    def _keys(self):
        for name in ("host_key", "user_key"):
            _do("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.folder / name))
        public = (self.folder / "host_key.pub").read_text()
        known = "".join(f"{rack.address} {public}" for rack in self.racks.values())
        (self.folder / "known_hosts").write_text(known)
        from harness.bench.remote import ssh

        options = "".join(f"    {word[2:].replace('=', ' ', 1)}\n" for word in ssh.OPTIONS if word.startswith("-o"))
        (self.folder / "ssh_config").write_text(
            f"Host *\n{options}    IdentityFile {self.folder}/user_key\n    IdentitiesOnly yes\n"
            f"    UserKnownHostsFile {self.folder}/known_hosts\n    StrictHostKeyChecking yes\n"
        )

    def _sshd(self, rack):
        Path("/run/sshd").mkdir(exist_ok=True)  # where it puts itself before a login; it starts nowhere without
        settings = " ".join(f'{key}="{value}"' for key, value in rack.environment.items())
        (rack.folder / "sshd_config").write_text(
            f"Port 22\nListenAddress {rack.address}\nHostKey {self.folder}/host_key\n"
            f"AuthorizedKeysFile {self.folder}/user_key.pub\nStrictModes no\nUsePAM no\nPidFile none\n"
            f"PermitRootLogin prohibit-password\nPasswordAuthentication no\nMaxStartups 100\nMaxSessions 100\n"
            f"SetEnv {settings}\n"
        )
        sshd = shutil.which("sshd", path=_path())
        rack.popen([sshd, "-D", "-e", "-f", rack.folder / "sshd_config"], rack.folder / "sshd.log")
        until(lambda: "Server listening" in (rack.folder / "sshd.log").read_text())


def _do(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"


def _words(command):
    return subprocess.run(command, capture_output=True, text=True).stdout.split()

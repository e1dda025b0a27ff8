"""How the server of a unit on another host is started, and what is said when it does not come up. No host, no Python there."""

import shutil
import subprocess
import sys

import pytest

from harness import __version__
from harness.bench.remote import LINK, MAGIC, process, ssh
from harness.bench.remote.connection import Connection
from harness.bench.remote.process import ServerProcess
from harness.errors import HostError, MisuseError


@pytest.fixture
def through(tmp_path, monkeypatch):
    """Stands in for ssh: runs a script of the test's with the destination and the command as $1 and $2."""

    def go(script):
        path = tmp_path / "stands-in"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        monkeypatch.setenv("HIL_SSH", str(path))
        monkeypatch.delenv("HIL_UNIT_SERVER", raising=False)

    return go


def failure():
    with pytest.raises(HostError) as told:
        ServerProcess("rack2", "u1")
    return told.value


def test_usually_it_is_ssh_that_asks_nothing_and_notices_a_dead_network():
    command = ssh.command("me@rack2", "066EFF 48", environment={})
    assert command[0] == "ssh"
    assert command[-2:] == ["me@rack2", "hil unit-server '066EFF 48'"]
    assert {"-oBatchMode=yes", "-oServerAliveInterval=5", "-oConnectTimeout=10", "-T"} <= set(command)


def test_ssh_and_the_server_may_be_named():
    named = {"HIL_SSH": "ssh -p 2222 -i '/a key'", "HIL_UNIT_SERVER": "/opt/hil/bin/hil unit-server --bench b.yaml"}
    assert ssh.command("ssh://rack2:2222", "u1", environment=named) == [
        "ssh", "-p", "2222", "-i", "/a key", *ssh.OPTIONS, "ssh://rack2:2222",
        "/opt/hil/bin/hil unit-server --bench b.yaml u1",
    ]  # fmt: skip
    other = ssh.command("rack2", "u1", environment={"HIL_SSH": "plink -batch"})
    assert other == ["plink", "-batch", "rack2", "hil unit-server u1"]
    with pytest.raises(MisuseError, match="HIL_SSH is no command"):
        ssh.command("rack2", "u1", environment={"HIL_SSH": "ssh 'unfinished"})


@pytest.mark.parametrize("via", [
    "", "-oProxyCommand=touch /tmp/x", "ssh://-oProxyCommand=x/y", "me@-oProxyCommand=x", "rack2 rm", "a\nb", "`id`", "$(id)",
    "a;id", "x'y", "me|id@rack2",
])  # fmt: skip
def test_what_ssh_or_a_shell_would_take_for_something_else_is_no_host(via):
    with pytest.raises(MisuseError, match="names no host for ssh"):
        ssh.check(via)


@pytest.mark.parametrize(
    ("said", "status", "what", "next_step"),
    [
        ("me@rack2: Permission denied (publickey).", 255, "does not accept this account's key", "ssh-copy-id rack2"),
        ("Host key verification failed.", 255, "host's key is not the one that is known", "ssh rack2"),
        ("ssh: Could not resolve hostname rack2: Name or service not known", 255, "no host of this name", "via"),
        ("ssh: connect to host rack2 port 22: Connection refused", 255, "does not answer", "sshd"),
        ("ssh: connect to host rack2 port 22: Connection timed out", 255, "does not answer", "sshd"),
        ("bash: line 1: hil: command not found", 127, "no hil on that host's PATH", "HIL_UNIT_SERVER"),
        ("sh: 1: hil: not found", 127, "no hil on that host's PATH", "HIL_UNIT_SERVER"),
        (
            "bash: /opt/hil: /opt/python3: bad interpreter: No such file or directory",
            126,
            "is gone",
            "install hil there anew",
        ),
        ("/usr/bin/env: 'python3': No such file or directory", 127, "is gone", "install hil there anew"),
        ("ModuleNotFoundError: No module named 'harness'", 1, "is gone", "install hil there anew"),
        ("the dog ate it", 3, "does not start on that host", "ssh rack2 hil --version"),
    ],
)
def test_it_is_said_why_no_server_came_up(through, said, status, what, next_step):
    through(f'echo "{said}" >&2; exit {status}')
    error = failure()
    assert what in error.what
    assert next_step in error.next_step
    assert said in error.found
    assert str(status) in error.found


def test_without_ssh_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setenv("HIL_SSH", "/nowhere/ssh")
    error = failure()
    assert error.what == "ssh cannot be started"
    assert error.where == "/nowhere/ssh"


@pytest.mark.parametrize("banner", ["Welcome to rack2!", "** maintenance at 6 pm **\\nbye", "no line's end"])
def test_a_host_that_prints_first_is_told_with_the_text(through, banner, monkeypatch):
    monkeypatch.setattr(process, "_LAST_WORDS_S", 0.1)
    through(f'printf "%b\\n" "{banner}"; echo "{MAGIC} {LINK} 1.0"; cat > /dev/null')
    error = failure()
    assert error.what == "the unit's host prints something before its unit server speaks"
    assert banner.partition("\\n")[0] in error.found
    assert "start-up files" in error.next_step


def test_an_account_that_logs_nobody_in_is_told_in_its_own_words(through):
    through("echo 'This account is currently not available.'; exit 1")
    error = failure()
    assert "does not start on that host" in error.what
    assert "This account is currently not available." in error.found


def test_a_greeting_that_would_drive_a_terminal_does_not(through):
    through(f'printf "{MAGIC} 99 \\033]0;pwned\\007\\n"; cat > /dev/null')
    assert "\x1b" not in str(failure())


def test_what_peoples_own_settings_ask_of_ssh_does_not_come_between(tmp_path):
    """As ssh itself reads a ~/.ssh/config such as people have; nothing is connected."""
    if shutil.which("ssh") is None:
        pytest.skip("needs OpenSSH's client")
    config = tmp_path / "config"
    config.write_text(
        "Host *\n  RemoteCommand tmux new -A\n  RequestTTY force\n  ForwardAgent yes\n  ForwardX11 yes\n  ControlMaster auto\n"
        "  ControlPath ~/.ssh/%C\n  ControlPersist yes\n  PermitLocalCommand yes\n  LocalCommand echo hello\n  BatchMode no\n"
    )
    words = ssh.command("rack2", "u1", environment={"HIL_SSH": f"ssh -F {config}"})
    asked = subprocess.run([words[0], "-G", *words[1:]], capture_output=True, text=True, check=True).stdout.splitlines()
    for line in ("forwardagent no", "forwardx11 no", "controlmaster false", "permitlocalcommand no", "batchmode yes"):
        assert line in asked
    assert "requesttty false" in asked
    assert not any(line.startswith("remotecommand") for line in asked)


def test_another_version_is_refused_with_both_told(through):
    through(f'echo "{MAGIC} {LINK + 1} 99.1"; cat > /dev/null')
    error = failure()
    assert "another version" in error.what
    assert (error.expected, error.found) == (
        f"link {LINK}, as of hil {__version__} here",
        f"link {LINK + 1}, of hil 99.1 there",
    )


def test_a_server_that_ends_before_the_unit_is_open_is_told_with_its_last_words(through):
    through(f'echo "{MAGIC} {LINK} 1.0"; echo "out of memory" >&2; exit 137')
    with pytest.raises(HostError, match="the connection to the unit's host is lost") as lost:
        Connection.open("rack2", "u1", board="b", what="w")
    assert "out of memory" in lost.value.found


def test_noise_behind_the_greeting_is_told_with_its_text(through):
    through(f'echo "{MAGIC} {LINK} 1.0"; echo "DEBUG: here we are"; cat > /dev/null')
    with pytest.raises(HostError, match="the connection to the unit's host is lost") as lost:
        Connection.open("rack2", "u1", board="b", what="w")
    assert "DEBUG: here we are" in lost.value.found


def test_the_shell_of_the_far_side_gets_one_word_for_the_unit(through, tmp_path):
    through(f'echo "$2" > {tmp_path}/asked; exit 1')
    with pytest.raises(HostError):
        ServerProcess("rack2", "$(touch x)'\"; u1")
    words = (tmp_path / "asked").read_text().strip()
    assert words == """hil unit-server '$(touch x)'"'"'"; u1'"""
    assert sys.platform != "win32"

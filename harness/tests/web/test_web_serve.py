"""The life of the server: where it is bound, what it says, what it needs."""

import importlib.util
import socket

import pytest
from typer.testing import CliRunner

from harness.cli import serve_commands
from harness.cli.app import app
from harness.errors import BenchError
from harness.evidence.database import VARIABLE
from harness.web import serve
from harness.web.serve import Where, listening, url_of
from harness.web.settings import TOKEN


class Ended:
    """A server that ends at once."""

    def run(self, sockets):
        assert len(sockets) == 1


@pytest.fixture
def said(monkeypatch, tmp_path):
    """What is said when it is served at a place."""
    monkeypatch.setattr(serve, "server", lambda app: Ended())
    monkeypatch.delenv(TOKEN, raising=False)
    monkeypatch.setenv(VARIABLE, "")

    def at(host):
        lines = []
        serve.serve(tmp_path / "hil-reports", Where(host, 0), lines.append)
        return lines

    return at


def test_on_this_host_it_says_its_address_and_no_token(said):
    lines = said("127.0.0.1")
    assert lines[0].startswith("hil serve: http://127.0.0.1:")
    assert not any("token" in line for line in lines)


def test_bound_elsewhere_it_says_its_token_and_that_nothing_is_encrypted(said, monkeypatch):
    lines = said("0.0.0.0")
    assert f"http://{socket.gethostname()}:" in lines[0]
    assert "not encrypted" in "".join(lines)
    monkeypatch.setenv(TOKEN, "the lab's own token")
    assert "  token: the lab's own token" in said("0.0.0.0")
    assert "  token: the lab's own token" in said("127.0.0.1"), "asked for on this host too where one is set"


def test_a_token_that_is_set_to_nothing_is_none(said, monkeypatch):
    monkeypatch.setenv(TOKEN, "")
    assert not any("token" in line for line in said("127.0.0.1"))
    (line,) = (line for line in said("0.0.0.0") if "token:" in line)
    assert len(line.partition("token: ")[2]) > 30, "beyond this host one is made"


def test_a_history_that_is_off_is_said(said, monkeypatch):
    monkeypatch.setenv(VARIABLE, "off")
    assert any("HIL_DB is off" in line for line in said("127.0.0.1"))


def test_a_port_that_is_taken_is_the_rigs_fault_and_says_which():
    with listening(Where(port=0)) as taken:
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(BenchError) as caught:
            listening(Where(port=port))
    assert str(port) in str(caught.value)
    assert "--port" in str(caught.value)


@pytest.mark.skipif(not socket.has_ipv6, reason="this host has no IPv6")
def test_an_address_of_ipv6_is_one_that_a_browser_takes():
    try:
        bound = listening(Where("::1", 0))
    except BenchError:
        pytest.skip("no IPv6 loopback here")
    with bound:
        assert url_of(bound) == f"http://[::1]:{bound.getsockname()[1]}/"


def test_without_its_packages_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(serve_commands.importlib.util, "find_spec", lambda name: None)
    assert importlib.util.find_spec("fastapi") is None
    result = CliRunner().invoke(app, ["serve"])
    assert "pip install 'hil[web]'" in str(result.exception)
